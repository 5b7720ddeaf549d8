"""The ledger anew from the facts, beside the one that is kept: the same judgement, into tables of its own that end with it.

Nothing here judges. Obligations, breaches and tickets are made by the very functions that settling and sweeping call; what differs is
where they write. On a connection of its own, empty temporary tables take the names of the ledger's, so that whatever those functions
read or write of it is theirs; the kept ledger is read under its schema's name. Records stream through in batches, then the breaches
of one person under one counter after another: memory grows with neither.

Facts that no record tells are taken from the kept ledger: breaches reported by hand, decisions on tickets, when a breach was found, the
roles that somebody held then and who stood for a role, the calendar something was counted by, and what is owed for periods.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)

from app.catalog.catalog import Catalog
from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.models.engine import BATCH
from app.models.fixed import record_version
from app.models.ledger import breach, breach_line, obligation, ticket, timer
from app.rules.calendar import WorkCalendar
from app.rules.judge import Occurrence
from app.services import assessing, breaches, charging, committing, duties, editions, history, recording, rows, shadow
from app.services.breaches import Seen
from app.services.panel import Actor, Panel, Work
from app.services.shadow import NATURAL, Replayed

DERIVED = ("proposed", "void")
"""States of tickets that follow from the facts; every other one was decided by somebody."""
GROUP = 5_000
"""Breaches that no counter ties together are judged so many at a time."""

Progress = Callable[[int, int], None]
"""Told how many records of how many have been read; raises to stop the replay."""


@dataclass(frozen=True)
class Draft:
    """Definitions or a calendar that are not in force: tried from the first day to the last."""

    first: date
    last: date
    catalog: Catalog | None = None
    calendar: WorkCalendar | None = None


@contextmanager
def replayed(
    panel: Panel, now: datetime, progress: Progress | None = None, draft: Draft | None = None
) -> Iterator[Replayed]:
    """Give the ledger as the facts of this moment make it, as of ``now``; with a draft, as they would have made it under that.

    Each obligation and breach is judged by the definitions of its day. All is read in one snapshot. Nothing is written that outlasts
    the block.
    """
    if draft is not None:
        panel = replace(panel)  # with a memory of its own
    with panel.engine.connect() as connection:
        connection = connection.execution_options(compiled_cache=panel.statements)
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        connection.detach()  # temporary tables end with their connection, which must not go back to the others
        kept = shadow.lay(connection)
        with connection.begin() as transaction:
            found = Replayed(Work(panel, connection, Actor.system(), now, "replay"), kept)
            found.work.memo["counted_by"] = {}
            if draft is not None:
                end = draft.last + timedelta(days=1)
                editions.draft(found.work, draft.catalog, draft.calendar, draft.first, end)
            _replay(found, progress or (lambda _done, _of: None))
            yield found
            transaction.rollback()


def swept_until(work: Work) -> datetime:
    """Return the moment up to which the kept ledger has been brought: now, or just before what the sweep has not come to yet."""
    pending = work.connection.execute(select(func.min(timer.c.fire_at)).where(timer.c.fire_at <= work.now)).scalar()
    return pending - timedelta(seconds=1) if pending is not None else work.now


def _replay(found: Replayed, progress: Progress) -> None:
    work = found.work
    judged = _judged(work)
    total = sum(
        then.connection.execute(select(func.count()).select_from(then.tables[code])).scalar_one()
        for code, then in judged
    )
    _carry_periods(found)
    done = 0
    for later, some in groupby(judged, key=lambda j: _names_tickets(work, j[0])):
        if later:
            _measure(found)
            _assess(found)
            _name_tickets(found)
        for code, then in some:
            for batch in _batches(then, then.catalog.registers[code]):
                _settle(found, then.catalog.registers[code], batch)
                done += len(batch)
                progress(done, total)
    _measure(found)
    _assess(found)
    _decide(found)


def _carry_periods(found: Replayed) -> None:
    """Take over what is owed for periods, and was missed of it, as it is kept: which periods had begun is told by no record."""
    o, b, x = (found.kept[t.name] for t in (obligation, breach, breach_line))
    periods = select(o.c.id).where(o.c.cycle > 1)
    missed = select(b.c.id).where(b.c.obligation.in_(periods))
    rows_of = {
        obligation: select(o).where(o.c.cycle > 1),
        breach: select(b).where(b.c.id.in_(missed)),
        breach_line: select(x).where(x.c.breach.in_(missed)),
    }
    for table, kept in rows_of.items():
        found.work.connection.execute(insert(table).from_select([c.name for c in table.c], kept))


def _judged(work: Work) -> list[tuple[str, Work]]:
    """Return the registers that any definitions judge, each under the newest that have it; those whose records name tickets last."""
    codes = {r.code for catalog in editions.catalogs(work) for r in catalog.tables() if r.duties or r.breaches}
    return [(c, editions.newest_with(work, c)) for c in sorted(codes, key=lambda c: (_names_tickets(work, c), c))]


def _names_tickets(work: Work, register: str) -> bool:
    """Return whether records name tickets, such as orders to correct: those must be there before."""
    specs = [era.spec for era in editions.eras(work, register)]
    return any(a.same_as for spec in specs for b in spec.breaches for a in b.amount)


def _batches(work: Work, spec: RegisterSpec) -> Iterator[list[dict[str, Any]]]:
    id_ = work.tables[spec.code].c.id
    last = 0
    size = BATCH[work.connection.dialect.name]
    while ids := work.connection.execute(select(id_).where(id_ > last).order_by(id_).limit(size)).scalars().all():
        yield list(rows.read(work, spec, ids).values())
        last = ids[-1]


def _settle(found: Replayed, spec: RegisterSpec, batch: Sequence[Mapping[str, Any]]) -> None:
    """Bring about what a batch of records owes, and its breaches."""
    work = found.work
    known = _known(found, spec, batch)
    work.memo["counted_by"].clear()
    work.memo["counted_by"].update(_counted_by(found, spec, batch))

    def seen(duty: Duty, now: Seen, occurrence: Occurrence) -> Seen:
        _, o, row = now
        kept = known.get((row["id"], duty.breach or duty.code, occurrence.no))
        moment = kept["recorded_at"] if kept is not None else occurrence.occurred_at
        if o["role"] and kept is not None:
            o = {**o, "person": kept["person"]}
        return _at(work, max(moment, occurrence.occurred_at)), o, row

    breaches.settle(work, duties.settle(work, spec, batch).changed, seen=seen)
    came_to_light = (f for f in _found(found, spec, batch, known) if f[0] <= work.now)
    for at, row, transition, kept in sorted(came_to_light, key=lambda f: (f[1]["id"], f[0])):
        then, was = _at(work, at), history.as_of(work, spec, row, at)
        if kept is not None:
            _report(found, then, spec, was, kept)
        elif transition:
            breaches.on_transition(then, spec, was, transition)
        else:
            breaches.on_entry(then, spec, [was])


def _report(found: Replayed, work: Work, spec: RegisterSpec, row: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Report again what was reported by hand, as often and of whom it was."""
    rule = editions.on(work, kept["day"], spec.code).catalog.breaches.get((spec.code, kept["rule"]))
    if rule is not None:
        lines = found.kept["breach_line"].c
        query = select(func.sum(lines.quantity)).where(lines.breach == kept["id"])
        count = work.connection.execute(query).scalar() or 1
        at, note = kept["occurred_at"], kept["note"] or ""
        recording.keep(work, committing.reported(work, spec, row, rule, kept["person"], int(count), at, note))


def _at(work: Work, moment: datetime) -> Work:
    return work if moment >= work.now else replace(work, now=moment)


def _known(
    found: Replayed, spec: RegisterSpec, batch: Sequence[Mapping[str, Any]]
) -> dict[tuple[int, str, int], Mapping[str, Any]]:
    """Return the kept breaches of records by record, rule and occurrence."""
    b = found.kept["breach"].c
    known: dict[tuple[int, str, int], Mapping[str, Any]] = {}
    ids = [r["id"] for r in batch]
    for start in range(0, len(ids), 500):
        query = select(
            b.id, b.record_id, b.rule, b.occurrence, b.person, b.note, b.obligation, b.occurred_at, b.day, b.recorded_at
        )
        mine = and_(b.register == spec.code, b.record_id.in_(ids[start : start + 500]))
        for r in found.work.rows(query.where(mine)):
            known[r["record_id"], r["rule"], r["occurrence"]] = r
    return known


def _counted_by(
    found: Replayed, spec: RegisterSpec, batch: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[tuple[str, int, str], str]]:
    """Yield the calendar that the kept ledger counted each duty of records by."""
    o, ids = found.kept["obligation"].c, [r["id"] for r in batch]
    for start in range(0, len(ids), 500):
        mine = and_(o.register == spec.code, o.record_id.in_(ids[start : start + 500]), o.state != "void")
        for record_id, duty, name in found.work.connection.execute(select(o.record_id, o.duty, o.calendar).where(mine)):
            yield (spec.code, record_id, duty), name


def _found(
    found: Replayed,
    spec: RegisterSpec,
    batch: Sequence[Mapping[str, Any]],
    known: Mapping[tuple[int, str, int], Mapping[str, Any]],
) -> Iterator[tuple[datetime, Mapping[str, Any], str, Mapping[str, Any] | None]]:
    """Yield what brought breaches to light other than a missed duty: when, of which record, by which transition or which report."""
    work = found.work
    rules = [rule for era in editions.eras(work, spec.code) for rule in era.spec.breaches]
    triggers = [rule.trigger for rule in rules if rule.trigger is not None]
    if any(t.created for t in triggers):
        yield from ((r["created_at"], r, "", None) for r in batch)
    by_id = {r["id"]: r for r in batch}
    by_hand = {rule.code for rule in rules if rule.reported_by and rule.trigger is None}
    for (record_id, code, _), kept in known.items():
        if code in by_hand and kept["obligation"] is None:
            yield kept["recorded_at"], by_id[record_id], "", kept
    v = record_version.c
    transitions = {t for trigger in triggers for t in trigger.transition}
    ids = [r["id"] for r in batch if r["version"] > 1] if transitions else []
    for start in range(0, len(ids), 500):
        mine = and_(v.register == spec.code, v.record_id.in_(ids[start : start + 500]), v.transition.in_(transitions))
        for record_id, at, transition in work.connection.execute(select(v.record_id, v.at, v.transition).where(mine)):
            yield at, by_id[record_id], transition, None


def _measure(found: Replayed) -> None:
    """Measure again what grows with lateness, as of the moment at which it was measured last."""
    work, b, k = found.work, breach.c, found.kept["breach"]
    same = and_(*(k.c[n] == b[n] for n in NATURAL))
    query = select(k.c.measured_at, b.id).select_from(breach.join(k, same)).where(k.c.measured_at > b.measured_at)
    for moment, part in groupby(work.connection.execute(query.order_by(k.c.measured_at, b.id)).all(), lambda r: r[0]):
        charging.measure(_at(work, moment), [id_ for _, id_ in part])
    new = select(b.id).where(b.grows, ~select(k.c.id).where(same).exists()).order_by(b.id)
    charging.measure(work, work.connection.execute(new).scalars().all())


def _assess(found: Replayed) -> None:
    """Judge the breaches of one subject, a person as a rule, under one counter after another."""
    work, b = found.work, breach.c
    k = found.kept["breach"].c
    same = and_(*(k[n] == b[n] for n in NATURAL), k.subject == b.subject)
    roles = select(k.roles).where(same).scalar_subquery()
    work.connection.execute(update(breach).where(select(k.id).where(same).exists()).values(roles=roles))
    judged = select(ticket.c.id).where(ticket.c.breach == b.id).exists()
    lines = select(breach_line.c.breach).where(breach_line.c.breach == b.id).exists()
    costs = or_(b.counter != "", b.root.is_not(None), lines)  # the others are facts without a ticket
    groups = (
        select(b.counter, b.subject).where(b.subject != "", ~judged, costs).distinct().order_by(b.counter, b.subject)
    )
    for counter, subject in work.connection.execute(groups).all():
        mine = select(b.id).where(b.counter == counter, b.subject == subject, costs).order_by(b.id)
        _in_parts(work, work.connection.execute(mine).scalars().all())


def _in_parts(work: Work, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), GROUP):
        assessing.assess(work, ids[start : start + GROUP])


def _of_ticket(found: Replayed) -> tuple[FromClause, ColumnElement[bool]]:
    """Return the kept tickets with their breaches, and what makes one of them that of a ticket made anew."""
    kb, kt = found.kept["breach"], found.kept["ticket"]
    mine = breach.alias("mine")
    same = and_(*(kb.c[n] == mine.c[n] for n in NATURAL))
    whose = kt.c.person.is_not_distinct_from(
        ticket.c.person
    )  # one that was corrected to somebody else has another for them
    return kt.join(kb, kb.c.id == kt.c.breach).join(mine, same), and_(mine.c.id == ticket.c.breach, whose)


def _name_tickets(found: Replayed) -> None:
    """Give tickets the ids of the kept ones, by which records name them."""
    kept, same = _of_ticket(found)
    theirs = select(found.kept["ticket"].c.id).select_from(kept).where(same).correlate(ticket)
    found.work.connection.execute(update(ticket).where(theirs.exists()).values(id=theirs.scalar_subquery()))


def _decide(found: Replayed) -> None:
    """Carry what people decided on tickets into those made anew, and judge again what decisions change."""
    work, k = found.work, found.kept["ticket"].c
    kept, same = _of_ticket(found)
    decided = select(k.state).select_from(kept).where(same, k.state.not_in(DERIVED)).correlate(ticket)
    work.connection.execute(update(ticket).where(decided.exists()).values(state=decided.scalar_subquery()))
    b = breach.c
    dropped = select(ticket.c.id).where(
        ticket.c.breach.in_((b.id, b.root)), ticket.c.state.in_(("waived", "cancelled"))
    )
    for counter, subject in work.connection.execute(
        select(b.counter, b.subject).where(dropped.exists()).distinct().order_by(b.counter, b.subject)
    ).all():
        mine = select(b.id).where(b.counter == counter, b.subject == subject, dropped.exists()).order_by(b.id)
        _in_parts(work, work.connection.execute(mine).scalars().all())
