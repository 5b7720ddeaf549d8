"""What an import would do, shown before anything is written: counts, every error, and the first rows cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

from app.errors import CellError, Sentence
from app.exchange import applying
from app.exchange.columns import Matching
from app.exchange.parsing import Parsed
from app.exchange.plan import Plan, make_plan
from app.exchange.reading import FileShape
from app.exchange.runs import Options
from app.exchange.sorting import Sorted
from app.exchange.survey import batches
from app.fields import times
from app.fields.links import File, Link
from app.fields.times import Date, Moment
from app.services import lookup
from app.services.panel import Work

SHOWN_ROWS = 50
SHOWN_ERRORS = 1_000

CellStatus = Literal["new", "changed", "same", "bad", "left_out"]
RowStatus = Literal["new", "changed", "unchanged", "refused"]


@dataclass(frozen=True)
class PreviewCell:
    """One cell: as typed, what would become of it, what stands there now, why it cannot be taken."""

    text: str
    status: CellStatus
    before: str = ""
    reason: Sentence | None = None
    meant: tuple[tuple[str, str], ...] = ()
    """Whom or what the text may mean, where it fits several: what names it alone, and its name."""


@dataclass(frozen=True)
class PreviewRow:
    """One row: its line, what would become of it, its cells in the columns of the file, errors outside of these columns."""

    line: int
    status: RowStatus
    cells: tuple[PreviewCell, ...]
    errors: tuple[CellError, ...] = ()


@dataclass(frozen=True)
class Preview:
    """What an import would do; ``errors`` are the first thousand of ``error_count``.

    ``file_errors`` concern the whole file: as long as there is one, no row is looked at and none will be imported.
    """

    shape: FileShape
    matching: Matching
    total: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    errors: tuple[CellError, ...] = ()
    error_count: int = 0
    file_errors: tuple[CellError, ...] = ()
    rows: tuple[PreviewRow, ...] = ()
    yearless: bool = False
    """Some days have no year, or had none before a year was chosen for them."""


def dry_run(
    work: Work,
    register: str,
    file: Path | BinaryIO,
    **options: Any,
) -> Preview:
    """Return what an import with these options (``runs.Options``) would do, after every check of the whole file; writes nothing.

    Raises Forbidden, Missing, and Invalid where the file cannot even be opened as a table.
    """
    return look(work, make_plan(work, register, file, Options.given(options)))


def look(work: Work, plan: Plan, show: RowStatus | None = None, after: int = 0) -> Preview:
    """Return what an import by a plan would do; its rows are the first below line ``after`` of which ``show`` would become.

    Without ``show`` they are the first of all.
    """
    if plan.errors:
        return Preview(plan.sheet.shape, plan.matching, total=plan.survey.rows, file_errors=plan.errors)
    counts: dict[str, Any] = dict.fromkeys(("new", "changed", "unchanged", "refused"), 0)
    errors: list[CellError] = []
    error_count, first = 0, 1
    shown: list[PreviewRow] = []
    yearless = plan.options.year is not None
    for rows in batches(plan.sheet.rows(), plan.batch):
        found = plan.sort(work, rows, first)
        first += len(rows)
        applying.check(work, plan, found)
        for name in counts:
            counts[name] += len(getattr(found, name))
        for one in sorted(found.refused, key=lambda one: one.row):
            error_count += len(one.errors)
            errors += one.errors[: SHOWN_ERRORS - len(errors)]
        if len(shown) < SHOWN_ROWS and rows[-1].line > after:
            shown += _shown(work, plan, found, show, after, SHOWN_ROWS - len(shown))
        yearless = yearless or _yearless(plan, found)
    return Preview(
        plan.sheet.shape, plan.matching, plan.survey.rows, **counts,
        errors=tuple(errors), error_count=error_count, rows=tuple(shown), yearless=yearless,
    )  # fmt: skip


def _yearless(plan: Plan, found: Sorted) -> bool:
    """Return whether a row is refused for a day without its year."""
    fields = {f.code: f for f in plan.matching.columns if isinstance(f, Date | Moment)}
    return any(e.field in fields and times.yearless(e.text) for one in found.refused for e in one.errors)


def _shown(work: Work, plan: Plan, found: Sorted, show: RowStatus | None, after: int, most: int) -> list[PreviewRow]:
    wanted = [each for each in _statuses(found) if show in (None, each[1]) and each[0].line > after]
    every = sorted(wanted, key=lambda each: each[0].row)[:most]
    shown = []
    for one, status, changes, before in every:
        bad = {e.field: e.reason for e in one.errors}
        cells = []
        for f, text in zip(plan.matching.columns, one.cells, strict=False):
            if f is None:
                cells.append(PreviewCell(text, "left_out"))
            elif f.code in bad:
                meant: tuple[tuple[str, str], ...] = ()
                if isinstance(f, Link) and not f.many and not isinstance(f, File):
                    meant = tuple(lookup.meant_by(work, f, " ".join(text.split())))
                cells.append(PreviewCell(text, "bad", reason=bad[f.code], meant=meant if len(meant) > 1 else ()))
            elif f.code in changes:
                old = before.get(f.code)
                was = lookup.cell_texts(work, f, [old]).get(old, "") if old is not None else ""
                cells.append(PreviewCell(text, "changed", was))
            else:
                cells.append(PreviewCell(text, "new" if status == "new" else "same"))
        of_row = tuple(e for e in one.errors if e.field not in plan.matching.codes)
        shown.append(PreviewRow(one.line, status, tuple(cells), of_row))
    return shown


def _statuses(found: Sorted) -> Iterator[tuple[Parsed, RowStatus, dict[str, Any], Any]]:
    yield from ((one, "new", {}, {}) for one in found.new)
    yield from ((c.parsed, "changed", c.changes, c.before) for c in found.changed)
    yield from ((one, "unchanged", {}, {}) for one in found.unchanged)
    yield from ((one, "refused", {}, {}) for one in found.refused)
