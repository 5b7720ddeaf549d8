"""One batch of sorted rows into its register, or only checked against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from sqlalchemy.exc import IntegrityError

from app.errors import CellError, Invalid
from app.exchange.parsing import Parsed
from app.exchange.plan import Plan
from app.exchange.sorting import Changed, Sorted
from app.services import records, rows
from app.services.checking import check_rows
from app.services.panel import Work

T = TypeVar("T", Parsed, Changed)


def write(work: Work, plan: Plan, found: Sorted, run_id: int) -> None:
    """Write what may be written; rows that the register does not accept move to ``found.refused`` with their errors."""
    register = plan.spec.code

    def create(new: Sequence[Parsed]) -> None:
        records.create_many(work, register, [one.values for one in new], import_run=run_id)

    def change(changed: Sequence[Changed]) -> None:
        records.update_many(work, register, {c.before["id"]: c.changes for c in changed}, import_run=run_id)

    found.new = _those_accepted(work, plan, found, found.new, create)
    found.changed = _those_accepted(work, plan, found, found.changed, change)


def check(work: Work, plan: Plan, found: Sorted) -> None:
    """Do everything that ``write`` does, except writing."""
    register = plan.spec.code
    errors = records.check_many(work, register, [one.values for one in found.new], importing=True)
    found.new = _without_bad(plan, found, found.new, errors)
    ids = [c.before["id"] for c in found.changed]
    whole = rows.read(work, plan.spec, ids)
    errors = check_rows(work, plan.spec, [{**whole[c.before["id"]], **c.changes} for c in found.changed], ids)
    found.changed = _without_bad(plan, found, found.changed, errors)


def _those_accepted(
    work: Work, plan: Plan, found: Sorted, wanted: list[T], act: Callable[[Sequence[T]], None]
) -> list[T]:
    """Write as many rows as are acceptable and return them: bad ones are taken out and the rest is tried again."""
    raced = False
    while wanted:
        try:
            with work.apart():
                act(wanted)
        except Invalid as invalid:
            wanted = _without_bad(plan, found, wanted, invalid.errors)
        except IntegrityError:
            # somebody else entered the same unique value since it was checked: the next check sees it
            if raced:
                raise
            raced = True
        else:
            break
    return wanted


def _without_bad(plan: Plan, found: Sorted, wanted: list[T], errors: Sequence[CellError]) -> list[T]:
    by_row: dict[int, list[CellError]] = {}
    for e in errors:
        by_row.setdefault(e.row or 1, []).append(e)
    for n, those in by_row.items():
        one = wanted[n - 1]
        parsed = one if isinstance(one, Parsed) else one.parsed
        plan.blame(parsed, those)
        found.refused.append(parsed)
    return [one for n, one in enumerate(wanted, 1) if n not in by_row]
