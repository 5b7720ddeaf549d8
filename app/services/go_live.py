"""The day on which a register went live: what began before it is history, owes nothing and fines nobody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from app.models.fixed import go_live
from app.services.panel import Work


def day(work: Work, register: str) -> date | None:
    """Return the day on which a register went live, as it was set last; None where none was: then nothing is history."""
    return _days(work).get(register)


def before(work: Work, register: str, began: date) -> bool:
    """Return whether what began on a day is history of a register."""
    first = day(work, register)
    return first is not None and began < first


def forget(work: Work, registers: Iterable[str] = ()) -> None:
    """Ask again for the days, for one has just been set; of ``registers`` leave them out in this unit of work alone."""
    work.memo.pop("go_live", None)
    for key in [k for k in work.memo if isinstance(k, tuple) and k[0] == "bound"]:
        del work.memo[key]
    for register in registers:
        _days(work).pop(register, None)


def _days(work: Work) -> dict[str, date]:
    if "go_live" not in work.memo:
        query = select(go_live.c.register, go_live.c.day).order_by(go_live.c.id)
        work.memo["go_live"] = {r.register: r.day for r in work.connection.execute(query)}
    return work.memo["go_live"]
