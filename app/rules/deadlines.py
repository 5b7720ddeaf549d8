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
from typing import Any, NamedTuple

from app.catalog.duty import LENGTHS, Bound, Limit, Span, Term
from app.fields.label import Label
from app.rules.calendar import WorkCalendar
from app.rules.dated import in_force

ONE_DAY = timedelta(days=1)
ONE_SECOND = timedelta(seconds=1)
NOON = time(12)
"""Where a working day is halved (requirements 3.3, C-19)."""


@dataclass(frozen=True, slots=True)
class Counted:
    """One day on the way to a limit: its number (0: the day it began, None: not counted), and the holiday it is."""

    day: date
    number: int | None
    name: Label | None


class Due(NamedTuple):
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
    that names a field of the record fits only when that field is filled. None: nothing is owed.
    """
    fitting = (x for x in limits if x.when is None or x.when.holds(record))
    return in_force((x for x in fitting if _known(x, record)), on)


def due(limit: Limit, started: date | datetime, calendar: WorkCalendar, record: Mapping[str, Any] | None = None) -> Due:
    """Return when ``limit`` ends for something that ``started`` on a day, or at a moment (requirements 3.1).

    The day of the start is day 0, even if it is a rest day; 0 working days end with it, or with the next working day.
    Hours and minutes run by the clock from the moment, from 24:00 where only the day is known.
    Its bounds are laid on it, the later ones first: what is ``not_after`` holds in the end. What is told of the days
    counted is that of the term that decided. ``record`` (field code → value) is needed where a term names a field.
    Raises BeyondCalendar, KeyError when the record has no such field, ValueError for a moment without a zone.
    """
    record = record or {}
    found = _ends(limit, started, calendar, record)
    for bound in limit.not_before:
        if (other := _bound(bound, started, calendar, record)) is not None and other.late_at > found.late_at:
            found = other
    for bound in limit.not_after:
        if (other := _bound(bound, started, calendar, record)) is not None and other.late_at < found.late_at:
            found = other
    return Due(found.day, found.late_at, found.counted, found.provisional, limit, found.inclusive)


def _known(term: Term, record: Mapping[str, Any]) -> bool:
    return all(record.get(f) is not None for f in Term.fields(term))


def _bound(bound: Bound, started: date | datetime, calendar: WorkCalendar, record: Mapping[str, Any]) -> Due | None:
    """Return when a bound ends; None where a field that it names is empty."""
    start = record.get(f"{bound.starts}_at", record.get(bound.starts)) if bound.starts else started
    return None if start is None or not _known(bound, record) else _ends(bound, start, calendar, record)


def _ends(term: Term, started: date | datetime, calendar: WorkCalendar, record: Mapping[str, Any]) -> Due:
    """Return when one term ends, without its bounds."""
    if term.times:
        unit = next(u for u in LENGTHS if getattr(term, u) is not None)
        term = term.model_copy(update={unit: getattr(term, unit) * max(0, int(record[term.times])), "times": ""})
    if term.field:
        return _agreed(term, record[term.field], calendar)
    if term.before:
        return _ahead(term, record[term.before], calendar)
    if term.minutes is not None or term.hours is not None:
        start = started if isinstance(started, datetime) else calendar.end_of(started)
        end = start.astimezone(UTC) + timedelta(minutes=term.minutes or 0, hours=term.hours or 0)
        return Due(calendar.day_of(end), end + ONE_SECOND, inclusive=True)
    if term.half_working_days is not None:
        return _halves(term.half_working_days, started, calendar)
    began = calendar.day_of(started) if isinstance(started, datetime) else started
    reached = _reached(term, began, calendar)
    moves = term.working_days is not None or term.on_rest_day == "next_working_day"
    day = calendar.next_working(reached) if moves else reached
    late_at, inclusive = _end(term, day, calendar)
    counted = tuple(_counted(term, began, reached, day, calendar))
    return Due(day, late_at, counted, moves and calendar.provisional(day), inclusive=inclusive)


def _ahead(term: Term, event: date | datetime, calendar: WorkCalendar) -> Due:
    """Return the end of a term counted back from an event; hours and minutes must be over before that instant."""
    if term.minutes is not None or term.hours is not None:
        start = event.astimezone(UTC) if isinstance(event, datetime) else calendar.start_of(event)
        late_at = start - timedelta(minutes=term.minutes or 0, hours=term.hours or 0)
        return Due(calendar.day_of(late_at), late_at)
    last = calendar.day_of(event) if isinstance(event, datetime) else event
    if term.working_days is not None:
        day = calendar.nth_before(last, term.working_days) if term.working_days else last
    elif term.months is not None:
        day = _in_month(term, months_after(last, -term.months), calendar)
    else:
        day = last - (term.days or 0) * ONE_DAY
    moves = term.working_days is None and term.on_rest_day == "next_working_day"
    if moves and not calendar.is_working(day):
        day = calendar.nth_before(day, 1)
    late_at, inclusive = _end(term, day, calendar)
    counted = tuple(_counted_back(term, day, last, calendar))
    counts = moves or term.working_days is not None
    return Due(day, late_at, counted, counts and calendar.provisional(day), inclusive=inclusive)


def _counted_back(term: Term, day: date, last: date, calendar: WorkCalendar) -> Iterator[Counted]:
    """Yield the days from a limit to the event that it is counted back from, which is day 0; months show only their ends."""
    reached = day if term.days is None else last - term.days * ONE_DAY
    for d in (day + n * ONE_DAY for n in range((last - day).days + 1)):
        number: int | None = None
        if d == last:
            number = 0
        elif term.months is not None:
            if d > day:
                continue
            number = term.months
        elif term.working_days is not None:
            rests = not calendar.is_working(last)
            number = calendar.working_days_between(d, last) + rests if calendar.is_working(d) else None
        elif d >= reached:
            number = (last - d).days
        yield Counted(d, number, calendar.name(d))


def _halves(n: int, started: date | datetime, calendar: WorkCalendar) -> Due:
    """Return the end of the ``n``-th half working day after the one in which something started."""
    began = calendar.day_of(started) if isinstance(started, datetime) else started
    early = isinstance(started, datetime) and started < calendar.moment(began, NOON) and calendar.is_working(began)
    whole, morning = divmod(n - early, 2)
    day = calendar.nth_after(began, whole + morning) if whole + morning else began
    counted = []
    for d in (began + k * ONE_DAY for k in range((day - began).days + 1)):
        number = (
            None if d > began and not calendar.is_working(d) else early + 2 * calendar.working_days_between(began, d)
        )
        counted.append(Counted(d, None if number is None else min(n, number), calendar.name(d)))
    late_at = calendar.moment(day, NOON) if morning else calendar.end_of(day)
    return Due(day, late_at, tuple(counted), calendar.provisional(day))


def _in_month(term: Term, day: date, calendar: WorkCalendar) -> date:
    """Return the day of a term within the month that it reached."""
    first = day.replace(day=1)
    if term.working_day is not None:
        return calendar.nth_after(first - ONE_DAY, term.working_day)
    return day if term.day is None else first.replace(day=min(term.day, monthrange(day.year, day.month)[1]))


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


def _agreed(limit: Term, agreed: date | datetime, calendar: WorkCalendar) -> Due:
    if isinstance(agreed, datetime):
        return Due(calendar.day_of(agreed), agreed.astimezone(UTC) + ONE_SECOND, inclusive=True)
    late_at, inclusive = _end(limit, agreed, calendar)
    return Due(agreed, late_at, (Counted(agreed, None, calendar.name(agreed)),), inclusive=inclusive)


def _reached(limit: Term, began: date, calendar: WorkCalendar) -> date:
    """Return the last day counted, before rest days move it."""
    if limit.working_days is not None:
        return calendar.nth_after(began, limit.working_days) if limit.working_days else began
    if limit.months is not None:
        return _in_month(limit, months_after(began, limit.months), calendar)
    return began + (limit.days or 0) * ONE_DAY


def _counted(limit: Term, began: date, reached: date, day: date, calendar: WorkCalendar) -> Iterator[Counted]:
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


def _end(limit: Term, day: date, calendar: WorkCalendar) -> tuple[datetime, bool]:
    """Return the first too late instant of the last day, and whether the second before it is the limit itself."""
    if limit.at == "close":
        return calendar.closing_of(day) + ONE_SECOND, True
    if limit.at:
        return calendar.moment(day, time.fromisoformat(limit.at)), False
    return calendar.end_of(day), False
