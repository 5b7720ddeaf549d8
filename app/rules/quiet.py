"""When a person wants to be told: quiet hours, rest days, and the hour of the daily digest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.rules.calendar import BeyondCalendar, WorkCalendar

LONGEST = 40
"""Days after which even a calendar that has no working day left keeps nobody waiting."""


@dataclass(frozen=True)
class Hours:
    """A person's hours on the site's clocks; quiet from ``quiet_from`` until ``quiet_to``, over midnight where that is earlier.

    ``rest_days``: the days on which nobody works are quiet as a whole.
    """

    quiet_from: time = time(20)
    quiet_to: time = time(8)
    rest_days: bool = True
    digest_at: time = time(8, 30)


def opens(hours: Hours, moment: datetime, calendar: WorkCalendar) -> datetime:
    """Return the first instant from ``moment`` on, in UTC, that is not quiet: ``moment`` itself where it is not."""
    first, at = calendar.day_of(moment), moment.astimezone(calendar.zone).time()
    for n in range(LONGEST):
        day = first + timedelta(days=n)
        since = at if n == 0 else time()
        if hours.rest_days and _rests(day, calendar):
            continue
        ready = _ready(hours, since)
        if ready is None:
            continue
        return moment if n == 0 and ready == at else calendar.moment(day, ready)
    return moment


def next_digest(hours: Hours, moment: datetime, calendar: WorkCalendar) -> datetime:
    """Return when the digest goes out that tells what happened at ``moment``, in UTC."""
    first = calendar.day_of(moment)
    for n in range(LONGEST):
        day = first + timedelta(days=n)
        at = calendar.moment(day, hours.digest_at)
        if at >= moment and not (hours.rest_days and _rests(day, calendar)):
            return opens(hours, at, calendar)
    return moment


def _ready(hours: Hours, since: time) -> time | None:
    """Return the first time of a day from ``since`` on that is not quiet; None: the rest of the day is."""
    begin, end = hours.quiet_from, hours.quiet_to
    if begin <= end:
        return end if begin <= since < end else since
    if since >= begin:
        return None
    return max(since, end)


def _rests(day: date, calendar: WorkCalendar) -> bool:
    try:
        return not calendar.is_working(day)
    except BeyondCalendar:
        return day.weekday() >= 5
