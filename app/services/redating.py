"""What a calendar that is announced at last moves: open obligations counted through a year that was provisional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from app.models.ledger import obligation
from app.services import (
    administration,
    breaches,
    calendars,
    consequences,
    duties,
    editions,
    keeping,
    limits,
    notices,
    periods,
    rows,
)
from app.services.calendars import Facts, Revision
from app.services.panel import Actor, Work

BATCH = 500


@dataclass(frozen=True)
class Moved:
    """An obligation whose limit another calendar moved; both instants are the first that are too late."""

    register: str
    record_id: int
    duty: str
    person: int | None
    before: datetime
    after: datetime


def save(work: Work, unit: int | None, facts: Facts, note: str) -> tuple[Revision, Sequence[Moved]]:
    """Keep a calendar revision and date anew what stood on a year that had not been announced; tell administrators what moved.

    All else that is owed keeps its day: only a recalculation moves it. Raises Forbidden, Invalid.
    """
    made = calendars.save(work, unit, facts, note)
    moved = redate(work)
    told = [
        {
            "register": editions.newest_with(work, m.register).spec(m.register).label,
            "number": _number(work, m),
            "before": f"{_shown(work, m.before)}",
            "after": f"{_shown(work, m.after)}",
        }
        for m in moved[:1]
    ]
    for words in told:
        key = f"calendar:{made.number}"
        letters = notices.tell(
            work,
            administration.administrators(work),
            "redated",
            key,
            words | {"n": len(moved), "revision": made.number},
            {},
        )
        notices.send(work, letters)
    return made, moved


def _number(work: Work, moved: Moved) -> str:
    """Return a record's number: its title may name a customer, and notices leave the panel (P08 §26)."""
    table = work.tables[moved.register]
    return str(work.connection.execute(select(table.c.record_no).where(table.c.id == moved.record_id)).scalar() or "")


def redate(work: Work) -> list[Moved]:
    """Date open obligations that are marked provisional by the calendar of today, and return those whose limit moved."""
    o = obligation.c
    moved: list[Moved] = []
    last = 0
    while True:
        query = (
            select(obligation)
            .where(o.provisional.is_(True), o.state == "open", o.id > last)
            .order_by(o.id)
            .limit(BATCH)
        )
        found = [dict(r) for r in work.rows(query)]
        if not found:
            return moved
        last = found[-1]["id"]
        moved += _batch(work.acting(Actor.system(), "system"), found)


def _batch(work: Work, found: Sequence[Mapping[str, Any]]) -> list[Moved]:
    before = {o["id"]: o["due_at"] for o in found}
    stale = [o for o in found if calendars.of(work, o["unit"]).revision != o["calendar"]]
    moved: list[Moved] = []
    for register in sorted({o["register"] for o in stale}):
        mine = {o["id"]: o for o in stale if o["register"] == register}
        then = editions.newest_with(work, register)
        spec = then.spec(register)
        records = list(rows.read(then, spec, sorted({o["record_id"] for o in mine.values()})).values())
        again = limits.Again(set(mine))
        settled = duties.settle(then, spec, records, again=again).add(periods.settle(then, spec, records, again=again))
        touched = breaches.settle(work, settled.changed)
        keeping.arm(work, settled.changed)
        consequences.of_breaches(work, touched)
        moved += [
            Moved(register, o["record_id"], o["duty"], o["person"], before[o["id"]], o["due_at"])
            for o, _, _ in settled.changed
            if o["id"] in before and before[o["id"]] != o["due_at"]
        ]
    return moved


def _shown(work: Work, late_at: datetime) -> str:
    """Return the limit as people say it; what no calendar could date has none."""
    if late_at == limits.PARKED:
        return "—"
    local = late_at.astimezone(work.panel.zone)
    if local.time() == time():
        return f"{local.date() - timedelta(days=1)} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"
