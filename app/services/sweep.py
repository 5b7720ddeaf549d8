"""The sweep: a function of (now, tables). Whoever calls it, however often and at once, each effect happens once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, delete, not_, select
from sqlalchemy.exc import DBAPIError, OperationalError

from app.catalog.duty import Duty
from app.models.among import among
from app.models.bulk import as_rows, insert_rows, read_columns, seldom_collected
from app.models.ledger import obligation, timer
from app.rules.agenda import Event, following
from app.rules.calendar import BeyondCalendar
from app.services import (
    breaches,
    calendars,
    charging,
    committing,
    consequences,
    editions,
    judged,
    keeping,
    limits,
    notices,
    periods,
    recording,
    telling,
)
from app.services.panel import Actor, Panel, Work

LOG = logging.getLogger(__name__)
BATCH = {"sqlite": 4_000, "postgresql": 5_000}
"""Obligations of one batch at most: SQLite's other writers wait for about a fifth of a second where nothing is fined."""
FIRST, FEWEST = 1_000, 500
"""Obligations of the first batch, and of one on the slowest machine."""
LONG = 1.0
"""Seconds that a batch is to take at most: so long others wait, and so much is lost with a worker that is killed."""
RETRIES = 5
PATIENCE = timedelta(hours=1)
"""How long what could not be judged is left before it is tried again."""


OWED = [c for c in obligation.c if c.key not in {"limit", "postponed"}]
"""What is asked of an obligation; how its limit was reckoned only Why? tells."""


_Owed = dict[tuple[int, str, str], list[dict[str, Any]]]
"""Obligations by the revision, register and duty that they are of."""


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
    most = BATCH[panel.engine.dialect.name]
    with seldom_collected():
        _raise_periods(panel, now, report)
        for step in (_guarded, _grown):
            size, begun = min(FIRST, most), time.monotonic()
            while step(panel, now, report, size):
                report.batches += 1
                size, begun = _paced(size, most, time.monotonic() - begun), time.monotonic()
    return report


def _paced(size: int, most: int, seconds: float) -> int:
    """Return how many the next batch is of, after one of ``size`` that took so long."""
    if seconds > LONG:
        return max(size // 2, min(FEWEST, most))
    return min(2 * size, most) if seconds < LONG / 2 else size


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


def _guarded(panel: Panel, now: datetime, report: SweepReport, size: int) -> int:
    """Run one batch; where something in it cannot be judged, all the rest of it one by one."""
    aside = _aside(panel, now)
    try:
        return _retried(panel, now, lambda work, into: _batch(work, into, _due(work, aside, size)), report)
    except DBAPIError:
        raise  # the database is the matter
    except Exception as failure:
        LOG.exception("a batch of due obligations cannot be judged; they are judged one by one")
        with panel.reading(Actor.system(), now=now) as work:
            ids = [t.obligation for t in work.connection.execute(_due(work, aside, size)).all()]
        failed = [i for i in ids if not _alone(panel, now, i, report)]
        if failed == ids and len(ids) > 1:
            raise RuntimeError("no obligation at all can be judged") from failure
        _set_aside(panel, now, failed)
        return len(ids)


def _alone(panel: Panel, now: datetime, obligation_id: int, report: SweepReport) -> bool:
    try:
        one = select(timer).where(timer.c.obligation == obligation_id, timer.c.fire_at <= now)
        _retried(panel, now, lambda work, into: _batch(work, into, one), report)
    except DBAPIError:
        raise
    except Exception:
        LOG.exception("obligation %s cannot be judged", obligation_id)
        return False
    return True


def _aside(panel: Panel, now: datetime) -> list[int]:
    """Return what this process could not judge within the last hour."""
    known: dict[int, datetime] = panel.memory.setdefault("set aside", {})
    for i in [i for i, since in known.items() if not since <= now < since + PATIENCE]:
        del known[i]
    return sorted(known)


def _set_aside(panel: Panel, now: datetime, failed: Sequence[int]) -> None:
    """Let the others go on for an hour, and tell who looks after the site; its timer stays as it was, so it is dated truly in the end."""
    panel.memory["set aside"] |= dict.fromkeys(failed, now)
    with panel.work(Actor.system(), now=now, source="sweep") as work:
        owed = _obligations(work, failed).values()
        letters = [x for alike in owed for o in alike for x in telling.of_stuck(work, o)]
        notices.send(work, letters)


def _raise_periods(panel: Panel, now: datetime, report: SweepReport) -> None:
    """Add what is owed for the periods that have begun; each duty is looked at once a day."""
    for (register, code), duty in panel.catalog.duties.items():
        day = now.astimezone(panel.zone).date()
        if duty.every is None or panel.memory.get(("raised", register, code)) == day:
            continue
        with panel.work(Actor.system(), now=now, source="sweep") as work:
            settled = periods.raise_begun(work, work.catalog.registers[register], duty)
            touched = breaches.settle(work, settled.changed, fresh=True)
            keeping.arm(work, settled.changed, fresh=True)
            followed = consequences.of_breaches(work, touched)
        report.breaches += len(touched)
        report.tickets += len(followed.tickets)
        report.notices += followed.notices
        panel.memory["raised", register, code] = day


def _due(work: Work, aside: Sequence[int], size: int) -> Select[Any]:
    """Return the query of the timers of one batch."""
    due = select(timer).where(timer.c.fire_at <= work.now)
    due = due.where(not_(among(timer.c.obligation, aside))) if aside else due
    return due.order_by(timer.c.fire_at).limit(size)


def _batch(work: Work, report: SweepReport, due: Select[Any]) -> int:
    timers = read_columns(work.connection, due.with_for_update(skip_locked=True))
    if not timers:
        return 0
    claimed = dict(
        zip(timers["obligation"], zip(timers["fire_at"], timers["kind"], timers["seq"], strict=True), strict=True)
    )
    ids = sorted(claimed)
    owed = _obligations(work, ids)
    facts = _facts(work, owed)
    day_of = cache(work.panel.calendar.day_of)
    drafts: list[committing.Draft] = []
    plain: list[committing.Plain] = []
    missed: list[tuple[Mapping[str, Any], Duty, Mapping[str, Any]]] = []
    letters: list[notices.Told] = []
    ahead: list[dict[str, Any]] = []
    for kind, alike in owed.items():
        course = _Course(work, *kind, facts)
        then, duty = course.then, course.duty
        if duty is None:
            continue  # its definition is gone: nothing more will happen to it
        missing = committing.Missing.of(then, course.register, duty)
        for o in alike:
            i, row = o["id"], course.facts.get(o["record_id"])
            if row is None or o["state"] != "open":
                continue  # nor where its record is gone
            happened, coming = course.up_to_now(duty, o, claimed[i])
            for event in happened:
                at, what, no = event
                if what != "breach":
                    if (told := course.tell(duty, event)(o, row)) is not None:
                        letters.append(told)
                    continue
                missed.append((o, duty, row))
                if missing.plain:
                    own = row["id"], i, committing.numbered(o, no), at, day_of(at)
                    plain.append((missing.like(then, o, row), *own))
                else:
                    drafts += missing.drafts(then, o, row, no, at, day_of(at))
            if coming is not None:
                ahead.append({"obligation": i, "fire_at": coming.fire_at, "kind": coming.kind, "seq": coming.seq})
    added = recording.add(work, drafts, plain)
    touched = added.joined
    if added.there:  # it was entered late already, or was lifted when its limit moved and is missed again
        touched |= breaches.settle(work, [m for m in missed if m[0]["id"] in added.there])
    work.connection.execute(delete(timer).where(among(timer.c.obligation, ids)))
    insert_rows(work.connection, timer, ahead, keeping.TIMER)
    followed = consequences.of_breaches(work, touched, added=added, facts=facts)
    report.timers += len(claimed)
    report.breaches += len(added.ids) + len(touched)
    report.tickets += len(followed.tickets)
    report.notices += notices.send(work, letters) + followed.notices
    return len(claimed)


def _grown(panel: Panel, now: datetime, report: SweepReport, size: int) -> int:
    return _retried(panel, now, lambda work, into: _measured(work, into, size), report)


def _measured(work: Work, report: SweepReport, size: int) -> int:
    """Bring what still grows with each day late up to today, once a day, and post what it has grown by."""
    ids = charging.growing(work, work.panel.calendar.start_of(work.today), size)
    touched = charging.measure(work, ids)
    report.notices += consequences.of_breaches(work, touched, growing=True).notices
    return len(ids)


class _Course:
    """What the obligations of one duty have in common: worked out once for those of a batch that were alike when they began."""

    def __init__(self, work: Work, revision: int, register: str, duty: str, facts: telling.Known) -> None:
        self.then = editions.bound(work, revision)
        self.duty = self.then.catalog.duties.get((register, duty))
        self.now, self.register = self.then.now, register
        self.facts = facts.get((revision, register), {})
        self.known: dict[Any, tuple[list[Event], Event | None]] = {}
        self.tellers: dict[tuple[str, int], telling.Tell] = {}

    def tell(self, duty: Duty, event: Event) -> telling.Tell:
        """Return what gives the notices of a reminder or an escalation of its duty."""
        if (known := self.tellers.get((event.kind, event.seq))) is None:
            known = self.tellers[event.kind, event.seq] = telling.of_limit(self.then, self.register, duty, event)
        return known

    def up_to_now(self, duty: Duty, o: Mapping[str, Any], first: tuple[Any, ...]) -> tuple[list[Event], Event | None]:
        """Return what happens to an obligation from ``first`` on that is due, and the first after that, as far as the calendar dates it."""
        due_at, start = o["due_at"], None
        if first[1] == "remind" and due_at <= self.now:
            first = due_at, "remind", 0  # once the limit has passed no reminder matters, whenever it was due
        elif first[0] < due_at:
            start = o["started_at"]
        alike = due_at, o["due_on"], o["calendar"], first, start
        if (known := self.known.get(alike)) is None:
            known = self.known[alike] = self._up_to_now(duty, o, Event(*first))
        return known

    def _up_to_now(self, duty: Duty, o: Mapping[str, Any], first: Event) -> tuple[list[Event], Event | None]:
        happened = [first] if first.seq else []
        calendar = calendars.named(self.then, o["calendar"])
        with suppress(BeyondCalendar):
            for event in following(duty, limits.due_of(o), o["started_at"], first, calendar):
                if event.fire_at > self.now:
                    return happened, event
                happened.append(event)
        return happened, None


def _obligations(work: Work, ids: Sequence[int]) -> _Owed:
    columns = read_columns(work.connection, select(*OWED).where(among(obligation.c.id, ids)))
    found: _Owed = {}
    if columns:
        kinds = zip(columns["revision"], columns["register"], columns["duty"], strict=True)
        for kind, o in zip(kinds, as_rows(columns), strict=True):
            found.setdefault(kind, []).append(o)
    return found


def _facts(work: Work, owed: _Owed) -> telling.Known:
    """Return the records of obligations, as the definitions that bind them know them."""
    found: dict[tuple[int, str], Mapping[int, Mapping[str, Any]]] = {}
    wanted: dict[tuple[int, str], set[int]] = {}
    for (revision, register, _), alike in owed.items():
        wanted.setdefault((revision, register), set()).update(o["record_id"] for o in alike)
    for (revision, register), ids in wanted.items():
        then = editions.bound(work, revision)
        if spec := then.catalog.registers.get(register):
            found[revision, register] = judged.facts(then, spec, sorted(ids))
    return found
