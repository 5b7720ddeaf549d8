"""The refused rows of a run as a workbook: as they came, each bad cell coloured with its reason, to be corrected and brought again."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from app.errors import CellError
from app.exchange import runs
from app.exchange.cells import unguarded
from app.exchange.columns import REASON
from app.exchange.naming import folded
from app.exchange.plan import Plan
from app.exchange.workbook import MOST_ROWS, cell, heads
from app.services.panel import Actor, Panel

MOST_COMMENTS = 5_000
"""Comments lie in memory until the workbook is saved; colour and column of reasons have no end."""
_BAD = PatternFill("solid", fgColor="F8D7DA")


def write_refused(panel: Panel, run_id: int, plan: Plan) -> str | None:
    """Write every refused row with its reasons to a workbook and return its name among the panel's imports.

    None where no row was refused. The file can be imported again as it is: the column of reasons is known and left out.
    """
    folder = panel.files / "imports"
    name = f"{run_id}-{REASON.zh}.xlsx"
    book = Workbook(write_only=True)
    page = _Page(book, plan)
    with panel.reading(Actor.system()) as work:
        rows = plan.sheet.rows()
        for line, those in groupby(runs.errors(work.connection, run_id), key=lambda e: e.line):
            row = next((r for r in rows if r.line == line), None)
            if row is None:
                break
            page.add(row.cells, list(those))
    if not page.written:
        return None
    descriptor, part = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "wb") as out:
        book.save(out)
    os.replace(part, folder / name)
    return name


class _Page:
    """The sheet of refused rows, and those that follow it where Excel's rows do not suffice."""

    def __init__(self, book: Workbook, plan: Plan) -> None:
        self._book, self._plan = book, plan
        self.written = self._comments = 0
        reasons = {folded(REASON.zh), folded(REASON.en)}
        headers, fields = plan.sheet.shape.columns, plan.matching.columns
        self._kept = [
            n for n, (h, f) in enumerate(zip(headers, fields, strict=True)) if f is not None or folded(h) not in reasons
        ]
        self._places = {f.code: n for n, f in enumerate(fields) if f is not None}

    def add(self, cells: Sequence[str], errors: Sequence[CellError]) -> None:
        if self.written % MOST_ROWS == 0:
            self._begin()
        self.written += 1
        meant = str if self._plan.sheet.literal else unguarded
        width = len(self._plan.sheet.shape.columns)
        texts = [meant(c).replace("\0", "\ufffd") for c in cells]
        texts += [""] * (width - len(texts))
        bad: dict[int, list[CellError]] = {}
        for e in errors:
            if (place := self._places.get(e.field)) is not None:
                bad.setdefault(place, []).append(e)
        row = [self._cell(texts[n], bad.get(n, ())) for n in self._kept]
        reason = cell(self._sheet, "；".join(f"{e.label}：{e.reason}" if e.label else str(e.reason) for e in errors))
        reason.fill = _BAD
        self._sheet.append([*row, reason, *(cell(self._sheet, t) for t in texts[width:])])

    def _cell(self, text: str, errors: Iterable[CellError]) -> Any:
        made = cell(self._sheet, text)
        if errors:
            made.fill = _BAD
            self._comments += 1
            if self._comments <= MOST_COMMENTS:
                made.comment = Comment("；".join(str(e.reason) for e in errors), "Rulebook", height=80, width=280)
        return made

    def _begin(self) -> None:
        number = self.written // MOST_ROWS + 1
        self._sheet = self._book.create_sheet(REASON.zh if number == 1 else f"{REASON.zh} ({number})")
        self._sheet.freeze_panes = "A2"
        headers = self._plan.sheet.shape.columns
        heads(self._sheet, [*(headers[n] for n in self._kept), REASON.zh])
