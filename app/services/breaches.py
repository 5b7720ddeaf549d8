"""Breaches: the fact that something was missed, found wrong or reported; kept in line with the facts as these change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import and_, or_, select, update

from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.errors import CellError, Forbidden, Invalid, say
from app.models.among import among
from app.models.ledger import breach, breach_line
from app.rules.judge import Occurrence, occurrences
from app.services import (
    calendars,
    charging,
    committing,
    editions,
    go_live,
    limits,
    people,
    recording,
)
from app.services.panel import Work

Seen = tuple[Work, Mapping[str, Any], Mapping[str, Any]]
"""The moment at which a breach was found, its obligation and its record as they were then."""


def settle(
    work: Work,
    changed: Iterable[tuple[Mapping[str, Any], Duty, Mapping[str, Any]]],
    *,
    fresh: bool = False,
    seen: Callable[[Duty, Seen, Occurrence], Seen] = lambda _duty, now, _occurrence: now,
) -> set[int]:
    """Bring the breaches of obligations in line with their facts and return the ids of those that changed.

    Missing occurrences up to ``work.now`` are added; those that were not late after all become void, and live again if they were.
    ``fresh``: the obligations have just begun and have no breaches yet. ``seen`` says how things stood when an occurrence was found,
    which is now unless it is found anew.
    """
    changed = list(changed)
    there = {} if fresh else _of_obligations(work, [o["id"] for o, _, _ in changed])
    touched: set[int] = set()
    drafts: list[committing.Draft] = []
    done: dict[datetime | None, list[int]] = {}
    for o, duty, row in changed:
        known = there.get(o["id"], {})
        if (
            o["state"] != "void"
            and o["due_at"] > work.now
            and (o["done_at"] is None or o["done_at"] < o["due_at"])
            and not known
        ):
            continue
        late = (
            ()
            if o["state"] == "void"
            else occurrences(duty, limits.due_of(o), o["done_at"], work.now, calendars.named(work, o["calendar"]))
        )
        for occurrence in late:
            if (old := known.get(committing.numbered(o, occurrence.no))) is None:
                then, owed, was = seen(duty, (work, o, row), occurrence)
                new = committing.missed(then, owed, duty, was, occurrence.no, occurrence.occurred_at, occurrence.day)
                drafts += [_put_right(draft, o["done_at"]) if draft[0]["obligation"] else draft for draft in new]
            else:
                if old["state"] == "void":
                    touched |= _turn(work, old, "live")
                touched |= _charge(work, old, row, _named(work, o, duty, row))
                if old["occurred_at"] != occurrence.occurred_at:
                    touched |= _redate(work, old, occurrence.occurred_at, occurrence.day)
        numbers = {committing.numbered(o, occurrence.no) for occurrence in late}
        for no, old in known.items():
            if no not in numbers and old["state"] == "live":
                touched |= _turn(work, old, "void")
        done.setdefault(o["done_at"], []).extend(old["id"] for old in known.values())
    for at, ids in done.items():
        touched |= _correct(work, ids, at)
    return touched | recording.keep(work, drafts)


def _named(work: Work, o: Mapping[str, Any], duty: Duty, row: Mapping[str, Any]) -> int | None:
    """Return to whom the record says that missing an obligation is charged; None where only a role owes it."""
    then = editions.bound(work, o["revision"])
    spec = then.catalog.registers[o["register"]]
    rule = then.catalog.breaches.get((spec.code, duty.breach))
    return committing.charged(then, spec, rule, row, o["person"])


def _charge(work: Work, old: Mapping[str, Any], row: Mapping[str, Any], person: int | None) -> set[int]:
    """Charge a breach to the person that the corrected record names; whose role alone owes it stays whoever held it then."""
    if person is None or old["person"] == person:
        return set()
    then = editions.catalog_of(work, old["revision"])
    register, rule = then.registers[old["register"]], then.breaches.get((old["register"], old["rule"]))
    facts = {"person": person, **charging.payer(register, rule, row)}
    if facts["payer_id"] is not None:  # somebody outside pays, nobody of the staff
        return set()
    now = {
        "person": person, "roles": people.role_codes(work, person),
        "subject": charging.subject(then.counters.get(old["counter"]), row, old["register"], facts),
    }  # fmt: skip
    work.connection.execute(update(breach).where(breach.c.id == old["id"]).values(**now))
    return {old["id"]}


def on_transition(work: Work, spec: RegisterSpec, row: Mapping[str, Any], transition: str) -> set[int]:
    """Record the breaches that a transition brings to light."""
    then = editions.on(work, work.today, spec.code)
    if (bound := then.catalog.registers.get(spec.code)) is None or go_live.before(work, spec.code, work.today):
        return set()
    due_now = [b for b in bound.breaches if b.trigger is not None and transition in b.trigger.transition]
    rows = editions.whole(then, bound, [row]) if due_now else []
    return recording.keep(
        work, [d for r in rows for rule in due_now for d in committing.find(then, bound, r, rule, work.now, work.today)]
    )


def on_entry(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Record the breaches that records show as soon as they are entered."""
    then = editions.on(work, work.today, spec.code)
    if (bound := then.catalog.registers.get(spec.code)) is None or go_live.before(work, spec.code, work.today):
        return set()
    due_now = [b for b in bound.breaches if b.trigger is not None and b.trigger.created]
    rows = editions.whole(then, bound, rows) if due_now else []
    return recording.keep(
        work, [d for rule in due_now for r in rows for d in committing.find(then, bound, r, rule, work.now, work.today)]
    )


def report(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    code: str,
    person: int,
    quantity: int,
    at: datetime,
    note: str,
) -> set[int]:
    """Record a breach that an officer found by hand, for a person he names; return its id.

    Raises Forbidden for somebody whose role may not report it, Invalid for a quantity below 1 or a moment to come.
    """
    day = work.local_day(at)
    then = editions.on(work, day, spec.code)
    rule = then.catalog.breaches.get((spec.code, code))
    if rule is None or not work.actor.roles.intersection(rule.reported_by):
        raise Forbidden(say("您的岗位不能登记此项违规"))
    errors = [CellError("quantity", say("数量至少为 1"), str(quantity))] if quantity < 1 else []
    errors += [CellError("at", say("违规时间不能在将来"))] if at > work.now else []
    if errors:
        raise Invalid(errors)
    return recording.keep(work, committing.reported(work, spec, row, rule, person, quantity, at, note))


def corrected(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Carry what has been corrected in records into the breaches found on them: whom they name, how many, when a line was put right."""
    fields = {
        b.lines.corrected for c in editions.catalogs(work) for b in c.breaches.values()
        if b.lines is not None and b.lines.register_code == spec.code and b.lines.corrected
    }  # fmt: skip
    touched = _renamed(work, spec, rows)
    for code in fields:
        for row in rows:
            at = charging.corrected_at(work, row.get(code))
            line = breach_line.c
            query = (
                update(breach_line)
                .where(line.register == spec.code, line.record_id == row["id"])
                .values(corrected_at=at)
            )
            touched |= set(work.connection.execute(query.returning(line.breach)).scalars())
    return touched


def _renamed(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Charge the breaches that records themselves showed to the people that the records name now."""
    b, by_id = breach.c, {r["id"]: r for r in rows}
    codes = {
        rule.code for c in editions.catalogs(work) for (register, _), rule in c.breaches.items()
        if register == spec.code and rule.trigger is not None and rule.charged_to is not None and not rule.reported_by
    }  # fmt: skip
    if not codes:
        return set()
    mine = select(breach).where(b.register == spec.code, b.rule.in_(codes), b.state == "live", b.obligation.is_(None))
    touched: set[int] = set()
    for old in work.rows(mine.where(b.record_id.in_(list(by_id)))).all():
        then = editions.bound(work, old["revision"])
        row, bound = by_id[old["record_id"]], then.catalog.registers[spec.code]
        touched |= _charge(
            work,
            old,
            row,
            committing.charged(then, bound, then.catalog.breaches.get((spec.code, old["rule"])), row, None),
        )
    return touched


def _of_obligations(work: Work, ids: Sequence[int]) -> dict[int, dict[int, Mapping[str, Any]]]:
    found: dict[int, dict[int, Mapping[str, Any]]] = {}
    b = breach.c
    for start in range(0, len(ids), 500):
        query = select(
            b.id,
            b.obligation,
            b.occurrence,
            b.state,
            b.register,
            b.record_id,
            b.rule,
            b.occurred_at,
            b.revision,
            b.person,
            b.counter,
        )
        query = query.where(b.obligation.in_(ids[start : start + 500]))
        for r in work.rows(query):
            found.setdefault(r["obligation"], {})[r["occurrence"]] = r
    return found


def _turn(work: Work, fact: Mapping[str, Any], state: str) -> set[int]:
    """Void or revive a breach, with those that it brought about; return their ids."""
    b, rules = breach.c, editions.catalog_of(work, fact["revision"]).registers[fact["register"]].breaches
    codes: set[str] = set()
    reached = {fact["rule"]}
    while reached:
        reached = {r.code for r in rules if r.trigger is not None and r.trigger.breach in reached} - codes
        codes |= reached
    own = b.id == fact["id"]
    if codes:
        mine = b.register == fact["register"], b.record_id == fact["record_id"], b.occurred_at == fact["occurred_at"]
        own = or_(own, and_(*mine, b.rule.in_(codes)))
    return set(work.connection.execute(update(breach).where(own).values(state=state).returning(b.id)).scalars())


def _redate(work: Work, fact: Mapping[str, Any], at: datetime, day: date) -> set[int]:
    """Move a breach whose limit has moved; its ticket still tells in which window it was counted."""
    work.connection.execute(update(breach).where(breach.c.id == fact["id"]).values(occurred_at=at, day=day))
    charging.measure(work, [fact["id"]])
    return {fact["id"]}


def _put_right(draft: committing.Draft, at: datetime | None) -> committing.Draft:
    return draft[0], [x | {"corrected_at": at} for x in draft[1]]


def _correct(work: Work, ids: Sequence[int], at: datetime | None) -> set[int]:
    """Carry the moment at which a missed duty was fulfilled into what its breaches are charged for."""
    line = breach_line.c
    if not ids:
        return set()
    moved = (
        update(breach_line)
        .where(among(line.breach, ids), line.register.is_(None), line.corrected_at.is_distinct_from(at))
        .values(corrected_at=at)
    )
    return set(work.connection.execute(moved.returning(line.breach)).scalars())
