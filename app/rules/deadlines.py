"""When a duty's time is up.

Something is late if and only if it was done at ``late_at`` or after it. A limit that includes its last moment (a number
of hours, closing time, an agreed moment: Civil Code art. 1259, 以内 includes the number itself) is therefore late one
second after that moment, the shortest time that records keep; 24:00 and ``at: "10:00"`` ("before ten") are late at that
very second.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app.catalog.duty import Limit, Span
from app.fields.label import Label
from app.rules.calendar import WorkCalendar
from app.rules.dated import in_force

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """One day on the way to a limit: its number (0: the day it began, None: not counted), and the holiday it is."""

    day: date
    number: int | None
    name: Label | None


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a limit, and the first instant in UTC that is too late.

    ``inclusive``: the moment one second earlier is the limit as people say it. ``provisional``: a year that is not
    announced was counted through. ``limit`` is what was applied.
    """

    day: date
    late_at: datetime
    counted: tuple[Counted, ...] = ()
    provisional: bool = False
    limit: Limit | None = None
    inclusive: bool = False

    @property
    def ends_at(self) -> datetime:
        """The moment at which the time is up, as people say it: 24:00, 18:00, 15:20."""
        return self.late_at - ONE_SECOND if self.inclusive else self.late_at


def limit_in_force(limits: Iterable[Limit], on: date, record: Mapping[str, Any]) -> Limit | None:
    """Return the limit of a duty that began ``on`` a day, for ``record`` (field code → value).

    Of the limits that fit the record the one with the latest ``from`` not after ``on``; the first of several. A limit
    that is a field of the record fits only when that field is filled. None: nothing is owed.
    """
    fitting = (x for x in limits if x.when is None or x.when.holds(record))
    return in_force((x for x in fitting if not x.field or record.get(x.field) is not None), on)


def due(limit: Limit, started: date | datetime, calendar: WorkCalendar, record: Mapping[str, Any] | None = None) -> Due:
    """Return when ``limit`` ends for something that ``started`` on a day, or at a moment (requirements 3.1).

    The day of the start is day 0, even if it is a rest day; 0 working days end with it, or with the next working day.
    Hours and minutes run by the clock from the moment, from 24:00 where only the day is known.
    ``record`` (field code → value) is needed for a limit by ``field``.
    Raises BeyondCalendar, KeyError when the record has no such field, ValueError for a moment without a zone.
    """
    if limit.field:
        return _agreed(limit, (record or {})[limit.field], calendar)
    began = calendar.day_of(started) if isinstance(started, datetime) else started
    if limit.minutes is not None or limit.hours is not None:
        start = started if isinstance(started, datetime) else calendar.end_of(started)
        end = start.astimezone(UTC) + timedelta(minutes=limit.minutes or 0, hours=limit.hours or 0)
        return Due(calendar.day_of(end), end + ONE_SECOND, limit=limit, inclusive=True)
    reached = _reached(limit, began, calendar)
    moves = limit.working_days is not None or limit.on_rest_day == "next_working_day"
    day = calendar.next_working(reached) if moves else reached
    late_at, inclusive = _end(limit, day, calendar)
    counted = tuple(_counted(limit, began, reached, day, calendar))
    return Due(day, late_at, counted, moves and calendar.provisional(day), limit, inclusive)


def after(span: Span, last: Due | date, calendar: WorkCalendar, times: int = 1) -> tuple[date, datetime]:
    """Return the last day and the first too late instant of ``times`` further spans after a limit or its last day.

    Days, working days and months end at 24:00 and are counted from the limit's last day; hours and minutes run on from
    its end. Rest days do not move it. Raises BeyondCalendar.
    """
    day = last.day if isinstance(last, Due) else last
    if span.minutes is not None or span.hours is not None:
        end = last.late_at if isinstance(last, Due) else calendar.end_of(last)
        late_at = end + times * timedelta(minutes=span.minutes or 0, hours=span.hours or 0)
        return calendar.day_of(late_at - ONE_SECOND), late_at
    if span.working_days is not None:
        further = calendar.nth_after(day, times * span.working_days) if span.working_days else day
    elif span.months is not None:
        further = months_after(day, times * span.months)
    else:
        further = day + times * (span.days or 0) * ONE_DAY
    return further, calendar.end_of(further)


def months_after(day: date, months: int) -> date:
    """Return the same day number ``months`` later (or earlier), or that month's last day where it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _agreed(limit: Limit, agreed: date | datetime, calendar: WorkCalendar) -> Due:
    if isinstance(agreed, datetime):
        return Due(calendar.day_of(agreed), agreed.astimezone(UTC) + ONE_SECOND, limit=limit, inclusive=True)
    late_at, inclusive = _end(limit, agreed, calendar)
    return Due(agreed, late_at, (Counted(agreed, None, calendar.name(agreed)),), limit=limit, inclusive=inclusive)


def _reached(limit: Limit, began: date, calendar: WorkCalendar) -> date:
    """Return the last day counted, before rest days move it."""
    if limit.working_days is not None:
        return calendar.nth_after(began, limit.working_days) if limit.working_days else began
    if limit.months is not None:
        return months_after(began, limit.months)
    return began + (limit.days or 0) * ONE_DAY


def _counted(limit: Limit, began: date, reached: date, day: date, calendar: WorkCalendar) -> Iterator[Counted]:
    """Yield the days from the start to the limit; months show only their ends."""
    for d in (began + n * ONE_DAY for n in range((day - began).days + 1)):
        number: int | None = None
        if d == began:
            number = 0
        elif d <= reached and limit.working_days is not None:
            number = calendar.working_days_between(began, d) if calendar.is_working(d) else None
        elif d <= reached and limit.months is not None:
            if d < reached:
                continue
            number = limit.months
        elif d <= reached:
            number = (d - began).days
        yield Counted(d, number, calendar.name(d))


def _end(limit: Limit, day: date, calendar: WorkCalendar) -> tuple[datetime, bool]:
    """Return the first too late instant of the last day, and whether the second before it is the limit itself."""
    if limit.at == "close":
        return calendar.closing_of(day) + ONE_SECOND, True
    if limit.at:
        return calendar.moment(day, time.fromisoformat(limit.at)), False
    return calendar.end_of(day), False
