"""Periodic duties: the obligations of each period, raised when it begins and settled by counting records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from app.catalog.catalog import adopted
from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.models.among import among
from app.models.bulk import insert_new
from app.models.ledger import obligation
from app.rules.calendar import BeyondCalendar
from app.rules.deadlines import limit_in_force
from app.rules.periods import Cycle, cycle_at, following
from app.services import (
    adoption,
    calendars,
    duties,
    editions,
    go_live,
    keeping,
    limits,
    numbering,
    rows,
    tallying,
)
from app.services.conditions import with_references
from app.services.duties import Settled
from app.services.editions import Era
from app.services.limits import Again
from app.services.panel import Work
from app.services.tallying import Owed, Row

OPEN_TO_CHANGE = timedelta(days=400)
"""How far before a fact a period that it counts for may have begun, and how long its record is watched for changes."""


def raise_begun(work: Work, spec: RegisterSpec, duty: Duty) -> Settled:
    """Add the obligations of every period that has begun by ``work.now`` and has none yet, and settle them.

    A duty with a limit counted back from its period is owed one period ahead. After a standstill the periods since the last
    one raised are made up; a record that never owed begins with the period that it was there for from the first day. A period
    is bound by the definitions of its first day: of one in which they did not say this rhythm, nothing is owed.
    """
    result = Settled()
    for ids, cycles in _missing(work, spec, duty):
        whole = rows.read(work, spec, ids)
        first_days = {c.first for some in cycles.values() for c in some}
        bound = {day: editions.edition_on(work, day, spec.code) for day in first_days}
        for revision in sorted(set(bound.values())):
            then = editions.bound(work, revision)
            said = then.catalog.duties.get((spec.code, duty.code))
            if said is None or said.every != duty.every:
                continue
            era = then.catalog.registers[spec.code]
            found = with_references(then, era, editions.whole(then, era, list(whole.values())), duties.looked_at(era))
            mine = [(row, c) for row in found for c in cycles[row["id"]] if bound[c.first] == revision]
            owed = [x for row, cycle in mine if (x := _owes(then, era, said, row, cycle)) is not None]
            result.add(_raised(then, era, said, owed))
    return result


def _raised(work: Work, spec: RegisterSpec, duty: Duty, owed: Sequence[Owed]) -> Settled:
    """Insert obligations, each once whoever else raised it, and return those that are new."""
    if not owed:
        return Settled()
    done = tallying.done(work, duty, owed)
    first = numbering.take(work, "obligation.id", len(owed))
    drafts = [
        _state(done, x) | {
            "id": first + n, "register": spec.code, "record_id": x.row["id"], "duty": duty.code, "cycle": x.cycle.number,
            "revision": work.catalog.revision,
        }
        for n, x in enumerate(owed)
    ]  # fmt: skip
    insert_new(work.connection, obligation, drafts)
    o = obligation.c.id
    kept = set(work.connection.execute(select(o).where(o.between(first, first + len(owed) - 1))).scalars())
    return Settled([(d, duty, x.row) for d, x in zip(drafts, owed, strict=True) if d["id"] in kept])


def settle(
    work: Work,
    spec: RegisterSpec,
    written: Sequence[Row],
    by: RegisterSpec | None = None,
    facts: Sequence[Row] = (),
    *,
    again: Again | None = None,
) -> Settled:
    """Bring what records owe for their periods in line with the facts, each by the definitions that bind it.

    ``by`` and ``facts``: only what these records elsewhere may fulfil, as they were and are. ``again``: which limits are dated anew; to rebind
    a period is to bind it to the definitions of its first day, and where those do not say its rhythm it is owed no more.
    Who leaves before a limit owes that period no more; what was missed before stays missed.
    """
    result = Settled()
    for era in editions.eras(work, spec.code) if written else ():
        recurring = [d for d in era.spec.duties if d.every and (by is None or d.done.register_code == by.code)]
        if not recurring:
            continue
        then = editions.bound(work, era.revision)
        whole = with_references(then, era.spec, editions.whole(then, era.spec, written), duties.looked_at(era.spec))
        for duty in recurring:
            days = tallying.days(then, by, duty, facts) if by else None
            known = _known(then, era, duty, [r["id"] for r in written], days, again)
            _settle_duty(then, era.spec, duty, {r["id"]: r for r in whole}, known, again, result)
    if again is not None and again.rebind:
        _release(work, spec, written, again, result)
    return result


def _release(work: Work, spec: RegisterSpec, written: Sequence[Row], again: Again, result: Settled) -> None:
    """Void what the definitions of its first day do not demand any more."""
    o, by_id = obligation.c, {r["id"]: r for r in written}
    query = select(obligation).where(
        o.register == spec.code, o.cycle > 1, o.state != "void", among(o.record_id, list(by_id))
    )
    for old in map(dict, work.rows(query)):
        if old["id"] in again.ids and old["id"] not in again.claimed:
            duty = editions.catalog_of(work, old["revision"]).duties[spec.code, old["duty"]]
            _keep(work, duty, by_id[old["record_id"]], old, {"state": "void", "done_at": None}, result)


def _settle_duty(
    work: Work,
    spec: RegisterSpec,
    duty: Duty,
    whole: Mapping[int, Row],
    known: Mapping[tuple[int, int], dict[str, Any]],
    again: Again | None,
    result: Settled,
) -> None:
    owing: list[Owed] = []
    for (record_id, _), old in known.items():
        row = whole[record_id]
        cycle = cycle_of(work, duty, row, old["started_on"])
        anew = again is not None and old["id"] in again.ids
        owed = _owes(work, spec, duty, row, cycle, old, again if anew else None) if cycle is not None else None
        if again is not None and again.rebind and anew:
            if owed is None:
                continue  # released in the end
            again.claimed.add(old["id"])
            owed.terms["revision"] = work.catalog.revision
        if owed is not None:
            owing.append(owed)
        elif old["state"] == "open" and (row.get("archived_at") is not None or work.now < old["due_at"]):
            _keep(work, duty, row, old, {"state": "void", "done_at": None}, result)
    done = tallying.done(work, duty, owing)
    for x in owing:
        _keep(work, duty, x.row, known[x.row["id"], x.cycle.number], _state(done, x), result)


def _known(
    work: Work, era: Era, duty: Duty, ids: Sequence[int], days: set[date] | None, again: Again | None
) -> dict[tuple[int, int], dict[str, Any]]:
    """Return the obligations of records by (record, cycle): for the periods that ``days`` lie in, or that may still change."""
    o = obligation.c
    mine = [o.register == era.spec.code, o.duty == duty.code, o.cycle > 1]
    if again is None or not again.rebind:
        mine.append(o.revision.in_(era.revisions))
    if again is not None:
        query = select(obligation).where(*mine, o.state != "void", among(o.record_id, ids))
        found = [dict(r) for r in work.rows(query) if r["id"] in again.ids]
        return {(r["record_id"], r["cycle"]): r for r in found if not again.rebind or era.covers(r["started_on"])}
    if days is None:
        mine.append(or_(o.state == "open", o.started_on >= work.today - OPEN_TO_CHANGE))
    elif days:
        mine.append(o.started_on.between(min(days) - OPEN_TO_CHANGE, max(days)))
    else:
        return {}
    query = select(obligation).where(*mine, among(o.record_id, ids))
    return {(r["record_id"], r["cycle"]): dict(r) for r in work.rows(query)}


def _keep(work: Work, duty: Duty, row: Row, old: dict[str, Any], now: Mapping[str, Any], result: Settled) -> None:
    if any(old[k] != v for k, v in now.items()):
        if old["state"] == "open" and now["state"] == "done":
            result.fulfilled.append(old["id"])
        keeping.store(work, old, now)
        result.changed.append((old, duty, row))


def _missing(work: Work, spec: RegisterSpec, duty: Duty) -> Iterator[tuple[list[int], dict[int, list[Cycle]]]]:
    """Yield, in batches, the records that lack periods which have begun, with those periods."""
    every, table = duty.every, work.tables[spec.code]
    if every is None:
        return
    ahead = any(limit.before for limit in duty.within)
    named = [table.c[n] for n in (every.since, every.until) if n]
    last = func.max(obligation.c.cycle).label("last")
    of = (
        (obligation.c.record_id == table.c.id) & (obligation.c.register == spec.code) & (obligation.c.duty == duty.code)
    )
    query = (
        select(table.c.id, table.c.created_at, *named, last)
        .select_from(table.outerjoin(obligation, of))
        .where(table.c.archived_at.is_(None))
        .group_by(table.c.id, table.c.created_at, *named)
    )
    newest = None if every.months is not None else _newest(work, duty, ahead)
    if newest is not None:
        query = query.having(or_(last.is_(None), last < newest.number))
    elif every.months is None:
        return
    cycles: dict[int, list[Cycle]] = {}
    for r in work.rows(query.order_by(table.c.id)):
        try:
            if begun := list(_begun(work, duty, r, ahead)):
                cycles[r["id"]] = begun
        except BeyondCalendar:
            continue
        if len(cycles) == 500:
            yield list(cycles), cycles
            cycles = {}
    if cycles:
        yield list(cycles), cycles


def _newest(work: Work, duty: Duty, ahead: bool) -> Cycle | None:
    """Return the last period to raise where it is the same for all records."""
    if duty.every is None:
        return None
    calendar = work.panel.calendar
    try:
        current = cycle_at(duty.every, work.today, calendar)
        return following(duty.every, current, calendar) if current is not None and ahead else current
    except BeyondCalendar:
        return None


def _begun(work: Work, duty: Duty, r: Row, ahead: bool) -> Iterator[Cycle]:
    """Yield the periods of a record that have begun and come after its last one; of one without any, the present one."""
    every, calendar = duty.every, work.panel.calendar
    if every is None:
        return
    origin = r[every.since] if every.since else work.local_day(r["created_at"])
    current = cycle_at(every, work.today, calendar, origin)
    cycle = current
    if current is not None and r["last"] is not None:
        previous = cycle_at(every, date.fromordinal(r["last"]), calendar, origin)
        cycle = following(every, previous, calendar, origin) if previous is not None else current
    extra = int(ahead)
    while cycle is not None and current is not None:
        if cycle.first > current.first:
            if not extra:
                return
            extra -= 1
        until = r[every.until] if every.until else None
        if origin is not None and origin <= cycle.first and (until is None or cycle.last <= until):
            yield cycle
        cycle = following(every, cycle, calendar, origin)


def cycle_of(work: Work, duty: Duty, row: Row, first: date) -> Cycle | None:
    """Return the period of a record that began on a day; None where that is no first day of its periods any more."""
    if duty.every is None:
        return None
    origin = row.get(duty.every.since) if duty.every.since else None
    try:
        found = cycle_at(duty.every, first, work.panel.calendar, origin)
    except BeyondCalendar:
        return None
    return found if found is not None and found.first == first else None


def _owes(
    work: Work,
    spec: RegisterSpec,
    duty: Duty,
    row: Row,
    cycle: Cycle,
    old: Mapping[str, Any] | None = None,
    again: Again | None = None,
) -> Owed | None:
    """Return what a record owes for a period, or None if nothing; an obligation that stands keeps its limit."""
    if row.get("archived_at") is not None or (duty.when is not None and not duty.when.holds(row)) or duty.every is None:
        return None
    until = row.get(duty.every.until) if duty.every.until else None
    if until is not None and until < cycle.last:
        return None
    unit = row["id"] if spec.code == "unit" else row.get("unit")
    who = limits.owed_by(work, spec, duty.owed_by.within(spec.codes), {**row, "unit": unit})
    if old is not None and again is None:
        return Owed(row, cycle, dict(who))
    if go_live.before(work, spec.code, cycle.first):
        return None
    record = {**row, "period_start": cycle.first, "period_end": cycle.last}
    bound = adoption.policies(work, unit, cycle.first)
    limit = limit_in_force([x for x in duty.within if adopted(x, bound)], cycle.first, record)
    calendar = calendars.of(work, unit)
    if old is not None and again is not None and again.rebind and "calendar" not in work.memo:
        calendar = calendars.named(work, old["calendar"])  # other definitions, but the calendar that it was counted by
    ends = limits.ends_of(calendar, limit, cycle.last, cycle.last, record) if limit is not None else None
    if limit is None or ends is None:
        return None
    started = {"started_at": work.panel.calendar.start_of(cycle.first), "started_on": cycle.first}
    return Owed(row, cycle, who | limits.copied(work, limit, ends, calendar) | started)


def _state(done: Mapping[tuple[int, int], datetime], x: Owed) -> dict[str, Any]:
    at = done.get((x.row["id"], x.cycle.number))
    return x.terms | {"state": "open" if at is None else "done", "done_at": at}
