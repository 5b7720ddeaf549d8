"""What an open obligation still has in store: reminders, breaches and escalations, in time order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Literal, NamedTuple

from app.catalog.duty import Duty, Escalation, Reminder, Span
from app.rules.calendar import BeyondCalendar, WorkCalendar
from app.rules.deadlines import Due, after, months_after

Kind = Literal["remind", "breach", "escalate"]
_REMIND: Kind = "remind"
_BREACH: Kind = "breach"
_RANK: dict[Kind, int] = {"remind": 0, "breach": 1, "escalate": 2}


class Event(NamedTuple):
    """Something that happens to an obligation at an instant if it is still open then.

    ``seq`` counts from 1: the place of the reminder or escalation in the duty, or the occurrence of the breach.
    """

    fire_at: datetime
    kind: Kind
    seq: int

    @property
    def rank(self) -> tuple[datetime, int, int]:
        """What events are ordered by; at one instant a reminder precedes a breach, and a breach an escalation."""
        return _rank(self)


def events(
    duty: Duty, due: Due, started: date | datetime, calendar: WorkCalendar, *, since: datetime | None = None
) -> Iterator[Event]:
    """Yield the events of an obligation in order; without end when the duty repeats.

    A reminder that would lie before the start is due at the start, unless the time was over by then. Events that the
    calendar cannot date are left to the end, where they raise BeyondCalendar: what comes before them still happens.
    From the limit on, ``since``, there are no reminders.
    """
    undated: BeyondCalendar | None = None
    ahead: list[Event] = []
    for n, reminder in enumerate(duty.remind if since is None or since < due.late_at else (), 1):
        try:
            at = _reminded_at(reminder, due, _instant(started, calendar), calendar)
        except BeyondCalendar as beyond:
            undated = beyond
        else:
            if at < due.late_at:
                ahead.append(Event(at, "remind", n))
    for n, escalation in enumerate(duty.escalate, 1):
        try:
            ahead.append(Event(_escalated_at(escalation, due, calendar), "escalate", n))
        except BeyondCalendar as beyond:
            undated = beyond
    if len(ahead) > 1:
        ahead.sort(key=_rank, reverse=True)
    try:
        for no, late_at in enumerate(limits(duty.repeat, due, calendar), 1):
            breach = Event(late_at, "breach", no)
            while ahead and _rank(ahead[-1]) < _rank(breach):
                yield ahead.pop()
            yield breach
    except BeyondCalendar as beyond:
        undated = beyond
    yield from reversed(ahead)
    if undated:
        raise undated


def following(duty: Duty, due: Due, started: date | datetime, past: Event, calendar: WorkCalendar) -> Iterator[Event]:
    """Yield the events that come after one that has happened, in order; raises like ``events``."""
    rank = past.rank
    return (event for event in events(duty, due, started, calendar, since=past.fire_at) if _rank(event) > rank)


class Ahead:
    """The first of ``events`` of many obligations of one duty, without the others; as a file is imported thousands are asked for.

    No escalation comes before the breach, and the breach is always dated.
    """

    def __init__(self, duty: Duty, calendar: WorkCalendar) -> None:
        self._reminders, self._calendar = duty.remind, calendar
        self._before: dict[tuple[int, datetime], datetime | None] = {}
        self._parts: dict[tuple[int, timedelta], timedelta] = {}
        """How far on a reminder comes, by its number and the length of the limit."""

    def first(self, due: Due, start: datetime) -> Event:
        """Return the first event of an obligation that began at an instant."""
        first, kind, seq = due.late_at, _BREACH, 1
        for n, reminder in enumerate(self._reminders, 1):
            at = (
                start + self._part(n, reminder, due, start)
                if reminder.before is None
                else self._at(n, reminder.before, due)
            )
            if at is not None and (at := max(start, at)) < first:
                first, kind, seq = at, _REMIND, n
        return Event(first, kind, seq)

    def _part(self, n: int, reminder: Reminder, due: Due, start: datetime) -> timedelta:
        key = n, due.ends_at - start
        if (part := self._parts.get(key)) is None:
            part = self._parts[key] = _at_percent(reminder, due, start) - start
        return part

    def _at(self, n: int, before: Span, due: Due) -> datetime | None:
        key = (n, due.ends_at)
        if key not in self._before:
            try:
                self._before[key] = _before(before, due.ends_at, self._calendar)
            except BeyondCalendar:
                self._before[key] = None
        return self._before[key]


def _rank(event: Event) -> tuple[datetime, int, int]:
    return event.fire_at, _RANK[event.kind], event.seq


def limits(repeat: Span | None, due: Due, calendar: WorkCalendar) -> Iterator[datetime]:
    """Yield the instant of each occurrence of a breach: the limit's, then the end of each further span.

    Raises BeyondCalendar at the first that the calendar cannot date, and ValueError for a span of no length.
    """
    yield due.late_at
    times, last = 0, due.late_at
    while repeat:
        times += 1
        _, late_at = after(repeat, due, calendar, times)
        if late_at <= last:
            raise ValueError(f"a duty cannot repeat after {repeat}")
        yield (last := late_at)


def _reminded_at(reminder: Reminder, due: Due, start: datetime, calendar: WorkCalendar) -> datetime:
    if reminder.before is None:
        return max(start, _at_percent(reminder, due, start))
    return max(start, _before(reminder.before, due.ends_at, calendar))


def _at_percent(reminder: Reminder, due: Due, start: datetime) -> datetime:
    seconds = int((due.ends_at - start).total_seconds()) * (reminder.at_percent or 0) // 100
    return start + timedelta(seconds=seconds)


def _instant(started: date | datetime, calendar: WorkCalendar) -> datetime:
    return started.astimezone(UTC) if isinstance(started, datetime) else calendar.start_of(started)


def _before(span: Span, moment: datetime, calendar: WorkCalendar) -> datetime:
    """Return the instant a span before ``moment``; days keep the time of day, so that n of them are left to work in."""
    if span.minutes is not None or span.hours is not None:
        return moment - timedelta(minutes=span.minutes or 0, hours=span.hours or 0)
    local = moment.astimezone(calendar.zone)
    day = local.date()
    if span.working_days:
        day = calendar.nth_before(day, span.working_days)
    elif span.months:
        day = months_after(day, -span.months)
    else:
        day -= timedelta(days=span.days or 0)
    return calendar.moment(day, local.time())


def _escalated_at(escalation: Escalation, due: Due, calendar: WorkCalendar) -> datetime:
    return due.late_at if escalation.after is None else after(escalation.after, due, calendar)[1]
