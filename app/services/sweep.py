"""The sweep: a function of (now, tables). Whoever calls it, however often and at once, each effect happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.models.among import among
from app.models.bulk import insert_rows, seldom_collected
from app.models.engine import BATCH
from app.models.ledger import obligation, timer
from app.rules.agenda import Event, events
from app.rules.calendar import BeyondCalendar
from app.services import breaches, calendars, charging, consequences, duties, editions, judged, notices, people, periods
from app.services.audience import audience
from app.services.panel import Actor, Panel, Work

RETRIES = 5


@dataclass
class SweepReport:
    """How much one run did."""

    timers: int = 0
    breaches: int = 0
    tickets: int = 0
    notices: int = 0
    batches: int = 0


def run(panel: Panel, now: datetime) -> SweepReport:
    """Do everything that has fallen due by ``now``: reminders, breaches with their tickets, escalations.

    Works in batches, each one transaction: due timers are claimed, their effects inserted under natural keys, and the timers moved on.
    Killed anywhere, the next run continues; of two at once neither does what the other did.
    """
    report = SweepReport()
    with seldom_collected():
        _raise_periods(panel, now, report)
        for step in (_batch, _grown):
            while _retried(panel, now, step, report):
                report.batches += 1
    return report


def _retried(panel: Panel, now: datetime, step: Callable[[Work, SweepReport], int], report: SweepReport) -> int:
    """Run one batch, again if the database chose it as the victim of a deadlock."""
    for attempt in range(RETRIES):
        try:
            with panel.work(Actor.system(), now=now, source="sweep") as work:
                return step(work, report)
        except OperationalError as failure:
            if attempt == RETRIES - 1 or getattr(failure.orig, "sqlstate", "") not in {"40P01", "40001"}:
                raise
    return 0


def _raise_periods(panel: Panel, now: datetime, report: SweepReport) -> None:
    """Add what is owed for the periods that have begun; each duty is looked at once a day."""
    for (register, code), duty in panel.catalog.duties.items():
        day = now.astimezone(panel.zone).date()
        if duty.every is None or panel.memory.get(("raised", register, code)) == day:
            continue
        with panel.work(Actor.system(), now=now, source="sweep") as work:
            settled = periods.raise_begun(work, work.catalog.registers[register], duty)
            touched = breaches.settle(work, settled.changed, fresh=True)
            duties.arm(work, settled.changed, fresh=True)
            followed = consequences.of_breaches(work, touched)
        report.breaches += len(touched)
        report.tickets += len(followed.tickets)
        report.notices += followed.notices
        panel.memory["raised", register, code] = day


def _batch(work: Work, report: SweepReport) -> int:
    size = BATCH[work.connection.dialect.name]
    due = select(timer).where(timer.c.fire_at <= work.now).order_by(timer.c.fire_at, timer.c.obligation).limit(size)
    claimed = {t["obligation"]: t for t in work.connection.execute(due.with_for_update(skip_locked=True)).mappings()}
    if not claimed:
        return 0
    ids = sorted(claimed)
    owed = _obligations(work, ids)
    facts = _facts(work, owed)
    drafts: list[breaches.Draft] = []
    missed: list[tuple[Mapping[str, Any], Duty, Mapping[str, Any]]] = []
    letters: list[dict[str, Any]] = []
    ahead: list[dict[str, Any]] = []
    for o in owed:
        then = editions.bound(work, o["revision"])
        duty = then.catalog.duties.get((o["register"], o["duty"]))
        row = facts.get((o["revision"], o["register"], o["record_id"]))
        if duty is None or row is None or o["state"] != "open":
            continue  # its definition or its record is gone: nothing more will happen to it
        t = claimed[o["id"]]
        event: Event | None = Event(t["fire_at"], t["kind"], t["seq"])
        coming = _after(work, o, duty, event)
        while event is not None and event.fire_at <= work.now:
            if event.kind == "breach":
                missed.append((o, duty, row))
                drafts += breaches.missed(
                    work, o, duty, row, event.seq, event.fire_at, work.panel.calendar.day_of(event.fire_at)
                )
            else:
                letters += _letters(then, o, duty, row, event)
            event = next(coming, None)
        if event is not None:
            ahead.append({"obligation": o["id"], "fire_at": event.fire_at, "kind": event.kind, "seq": event.seq})
    new = breaches.keep(work, drafts)
    if len(new) < len(drafts):  # one that was lifted when its limit moved, and is missed again
        new |= breaches.settle(work, missed)
    work.connection.execute(delete(timer).where(among(timer.c.obligation, ids)))
    insert_rows(work.connection, timer, ahead, duties.TIMER)
    followed = consequences.of_breaches(work, new)
    report.timers += len(claimed)
    report.breaches += len(new)
    report.tickets += len(followed.tickets)
    report.notices += notices.send(work, letters) + followed.notices
    return len(claimed)


def _grown(work: Work, report: SweepReport) -> int:
    """Bring what still grows with each day late up to today, once a day, and post what it has grown by."""
    size = BATCH[work.connection.dialect.name]
    ids = charging.growing(work, work.panel.calendar.start_of(work.today), size)
    touched = charging.measure(work, ids)
    report.notices += consequences.of_breaches(work, touched, growing=True).notices
    return len(ids)


def _after(work: Work, o: Mapping[str, Any], duty: Duty, done: Event) -> Iterator[Event]:
    """Yield what is in store for an obligation after an event, as far as the calendar can date it."""
    past = done.rank
    with suppress(BeyondCalendar):
        for event in events(duty, duties.due_of(o), o["started_at"], calendars.named(work, o["calendar"])):
            if event.rank > past:
                yield event


def _obligations(work: Work, ids: Sequence[int]) -> list[dict[str, Any]]:
    rows = work.connection.execute(select(obligation).where(among(obligation.c.id, ids)))
    names = list(rows.keys())
    return [dict(zip(names, r, strict=True)) for r in rows.all()]


def _facts(work: Work, owed: Sequence[Mapping[str, Any]]) -> dict[tuple[int, str, int], dict[str, Any]]:
    """Return the records of obligations, as the definitions that bind them know them: by revision, register and id."""
    found: dict[tuple[int, str, int], dict[str, Any]] = {}
    wanted: dict[tuple[int, str], set[int]] = {}
    for o in owed:
        wanted.setdefault((o["revision"], o["register"]), set()).add(o["record_id"])
    for (revision, register), ids in wanted.items():
        then = editions.bound(work, revision)
        if spec := then.catalog.registers.get(register):
            found |= {(revision, register, i): r for i, r in judged.facts(then, spec, sorted(ids)).items()}
    return found


def _letters(
    work: Work, o: Mapping[str, Any], duty: Duty, row: Mapping[str, Any], event: Event
) -> list[dict[str, Any]]:
    """Return the notices of a reminder or an escalation; a reminder after the limit has passed is pointless."""
    if event.kind == "remind" and work.now >= o["due_at"]:
        return []
    spec = work.catalog.registers[o["register"]]
    rule = duty.remind[event.seq - 1] if event.kind == "remind" else duty.escalate[event.seq - 1]
    told = audience(work, spec, rule.tell)(row)
    kind = "remind" if event.kind == "remind" else "overdue"
    key = notices.limit_key(event.kind, o, event.seq)
    return notices.tell(
        work, told, kind, key, _words(work, spec, o, duty, row), {"register": spec.code, "record_id": row["id"]}
    )


def _words(work: Work, spec: RegisterSpec, o: Mapping[str, Any], duty: Duty, row: Mapping[str, Any]) -> dict[str, Any]:
    due = (o["due_at"] - timedelta(seconds=1)).astimezone(work.panel.zone)  # the last second in time, as people say it
    role = work.catalog.roles.get(o["role"] or "")
    who = (
        people.names(work, [o["person"]]).get(o["person"], "")
        if o["person"] is not None
        else role.label
        if role
        else ""
    )
    return {
        "register": spec.label,
        "number": row["record_no"],
        "duty": duty.label,
        "due": f"{due:%Y-%m-%d %H:%M}",
        "who": who,
    }
