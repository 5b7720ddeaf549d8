"""The periods of a recurring duty: where each begins and ends."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date

from app.catalog.duty import Every
from app.rules.calendar import WorkCalendar
from app.rules.deadlines import ONE_DAY, months_after

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Cycle:
    """One period, from its first to its last day, both included."""

    first: date
    last: date

    @property
    def number(self) -> int:
        """What distinguishes it among the periods of one duty: the ordinal of its first day."""
        return self.first.toordinal()


def cycle_at(every: Every, day: date, calendar: WorkCalendar, origin: date | None = None) -> Cycle | None:
    """Return the latest period that began on ``day`` or before it; None where none did.

    ``origin`` is the value of the field that ``every.months`` are counted from. Raises BeyondCalendar for working days and
    holidays that the calendar does not reach.
    """
    if every.months is not None:
        return None if origin is None or day < origin else _counted(every.months, origin, day)
    if every.between:
        this_year = _between(every.between, day.year)
        return this_year if this_year.first <= day else _between(every.between, day.year - 1)
    match every.period:
        case "day":
            return Cycle(day, day)
        case "working_day":
            last = day if calendar.is_working(day) else calendar.nth_before(day, 1)
            return Cycle(last, last)
        case "week":
            first = day - day.weekday() * ONE_DAY
            return Cycle(first, first + 6 * ONE_DAY)
        case "holiday":
            return _holiday(day, calendar, -1)
    months = MONTHS[every.period]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    return Cycle(first, months_after(first, months) - ONE_DAY)


def following(every: Every, cycle: Cycle, calendar: WorkCalendar, origin: date | None = None) -> Cycle | None:
    """Return the period after another one; None where the calendar knows of no further holiday. Raises as ``cycle_at``."""
    if every.months is not None and origin is not None:
        return _counted(every.months, origin, cycle.last + ONE_DAY)
    if every.between:
        return _between(every.between, cycle.first.year + 1)
    if every.period == "holiday":
        return _holiday(cycle.last + ONE_DAY, calendar, 1)
    if every.period == "working_day":
        day = calendar.nth_after(cycle.last, 1)
        return Cycle(day, day)
    return cycle_at(every, cycle.last + ONE_DAY, calendar)


def _counted(months: int, origin: date, day: date) -> Cycle:
    """Return the period of ``months`` from ``origin`` on that ``day`` lies in."""
    n = ((day.year - origin.year) * 12 + day.month - origin.month) // months
    if months_after(origin, n * months) > day:
        n -= 1
    return Cycle(months_after(origin, n * months), months_after(origin, (n + 1) * months) - ONE_DAY)


def _between(days: tuple[str, str], year: int) -> Cycle:
    first, last = (_day(year, d) for d in days)
    return Cycle(first, last if last >= first else _day(year + 1, days[1]))


def _day(year: int, text: str) -> date:
    month, day = int(text[:2]), int(text[3:])
    return date(year, month, min(day, monthrange(year, month)[1]))


def _holiday(day: date, calendar: WorkCalendar, step: int) -> Cycle | None:
    """Return the nearest holiday from ``day`` on in a direction: a run of rest days of one name."""

    def rests(d: date) -> bool:
        return calendar.first_day <= d <= calendar.last_day and d in calendar.names and not calendar.is_working(d)

    while calendar.first_day <= day <= calendar.last_day and not rests(day):
        day += step * ONE_DAY
    if not rests(day):
        return None
    first = last = day
    while rests(first - ONE_DAY) and calendar.name(first - ONE_DAY) == calendar.name(day):
        first -= ONE_DAY
    while rests(last + ONE_DAY) and calendar.name(last + ONE_DAY) == calendar.name(day):
        last += ONE_DAY
    return Cycle(first, last)
