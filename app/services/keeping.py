"""Obligations as they stand in their table, each limit that moves with its reason, and the timers by which the sweep finds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, select, update

from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.models.bulk import insert_columns, insert_rows
from app.models.ledger import obligation, obligation_move, timer
from app.rules.agenda import Ahead, Event
from app.services import calendars, limits, numbering
from app.services.panel import Work

COLUMNS = (
    "id", "register", "record_id", "duty", "cycle", "person", "role", "unit", "started_at", "started_on", "due_at", "due_on",
    "limit", "postponed", "citation", "revision", "calendar", "provisional", "state", "done_at",
)  # fmt: skip
TIMER = ("obligation", "fire_at", "kind", "seq")
"""The columns of a timer, in the order in which several are written at once."""
There = dict[str, dict[int, dict[str, Any]]]
"""The obligations that records have, by duty and record."""


def existing(work: Work, register: str, ids: Sequence[int]) -> There:
    """Return the obligations of records, without those of periods."""
    found: There = {}
    for start in range(0, len(ids), 500):
        query = select(obligation).where(
            obligation.c.register == register,
            obligation.c.record_id.in_(list(ids[start : start + 500])),
            obligation.c.cycle == 1,
        )
        for o in work.rows(query):
            found.setdefault(o["duty"], {})[o["record_id"]] = dict(o)
    return found


def store(work: Work, old: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Write what changes of an obligation, into the table and into ``old``; a limit that moves is remembered with its reason."""
    store_all(work, [(old, new)])


def store_all(work: Work, changes: Sequence[tuple[dict[str, Any], Mapping[str, Any]]]) -> None:
    """Write what changes of several obligations, as ``store`` does of one."""
    insert_rows(work.connection, obligation_move, [
        {
            "obligation": old["id"], "at": work.now, "person": work.actor.person_id, "source": work.source, "reason": work.reason,
            "due_before": old["due_at"], "due_after": new["due_at"],
            "calendar_before": old["calendar"], "calendar_after": new.get("calendar", old["calendar"]),
        }
        for old, new in changes
        if old["state"] != "void" and new.get("due_at", old["due_at"]) != old["due_at"]
    ])  # fmt: skip
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for old, new in changes:
        alike.setdefault(tuple(new), []).append({"_id": old["id"], **{f"_{k}": v for k, v in new.items()}})
        old.update(new)
    for names, given in alike.items():
        query = update(obligation).where(obligation.c.id == bindparam("_id"))
        work.connection.execute(query.values({n: bindparam(f"_{n}") for n in names}), given)


def insert(work: Work, spec: RegisterSpec, new: Sequence[New]) -> list[dict[str, Any]]:
    """Write obligations that records of a register owe once, give each its number, and return them."""
    if not new:
        return []
    first = numbering.take(work, "obligation.id", len(new))
    for number, (o, duty, row) in enumerate(new, first):
        o.update(id=number, register=spec.code, record_id=row["id"], duty=duty.code, cycle=1)
    rows = [o for o, _, _ in new]
    insert_rows(work.connection, obligation, rows, COLUMNS)
    return rows


def arm(
    work: Work, changed: Iterable[tuple[Mapping[str, Any], Duty, Mapping[str, Any]]], *, fresh: bool = False
) -> None:
    """Set each obligation's timer to the first event that has not happened yet; none where nothing is left.

    Breaches up to now have been recorded by then; reminders whose moment has passed are due at once.
    """
    changed = list(changed)
    if not fresh:
        ids = [o["id"] for o, _, _ in changed]
        for start in range(0, len(ids), 500):
            work.connection.execute(delete(timer).where(timer.c.obligation.in_(ids[start : start + 500])))
    ahead: dict[Any, Ahead] = {}
    numbers: list[int] = []
    first: list[Event] = []
    for o, duty, _ in changed:
        if o["state"] != "open" or o["due_at"] == limits.PARKED:
            continue
        key = (id(duty), o["calendar"])
        if (events := ahead.get(key)) is None:
            events = ahead[key] = Ahead(duty, calendars.named(work, o["calendar"]))
        numbers.append(o["id"])
        first.append(events.first(limits.due_of(o), o["started_at"]))
    if numbers:
        fire_at, kinds, seqs = zip(*first, strict=True)
        insert_columns(work.connection, timer, {"obligation": numbers, "fire_at": fire_at, "kind": kinds, "seq": seqs})


New = tuple[dict[str, Any], Duty, Mapping[str, Any]]
"""An obligation without id that is about to be written, its duty and its record."""
