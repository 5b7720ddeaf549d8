"""What postpones a limit after it has begun: extensions that were granted, and the clock standing still."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app.catalog.duty import Limit, Prolongation, Span
from app.rules.calendar import WorkCalendar
from app.rules.deadlines import Due, after

Interval = tuple[datetime, datetime | None]
"""From when to when the clock stood; None: it still does."""
_FAR = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Postponement:
    """One thing that postponed a limit: extensions of these lengths, together, or the clock standing from a moment to another.

    ``day`` is the last day of the limit after it; None while the clock stands.
    """

    by: tuple[int, ...] = ()
    begin: datetime | None = None
    end: datetime | None = None
    day: date | None = None


def postponed(
    due: Due,
    limit: Limit,
    started: datetime,
    stood: Iterable[Interval],
    granted: Sequence[int],
    extension: Prolongation | None,
    calendar: WorkCalendar,
) -> tuple[Due | None, tuple[Postponement, ...]]:
    """Return when ``limit`` ends that would end ``due``, None while the clock stands, and what postponed it.

    Extensions (``granted``: their lengths, first entered first) come after the limit as it was. A stand that began before the limit had
    passed puts as many days, working days or seconds after it as it lasted; the limit then ends after the clock runs again. What
    overlaps counts once, and rest days move the new last day as they moved the first. Raises BeyondCalendar.
    """
    steps: list[Postponement] = []
    reached = max((c.day for c in due.counted if c.number is not None and c.day <= due.day), default=due.day)
    if extension is not None and (lengths := _counting(extension, granted)):
        reached, _ = after(Span.model_validate({extension.unit: sum(lengths)}), due.day, calendar)
        due = _ending(due, reached, limit, calendar)
        steps.append(Postponement(lengths, day=due.day))
    for begin, end in _merged(stood, started):
        if begin >= due.late_at:
            break
        if end is None:
            return None, (*steps, Postponement(begin=begin))
        if limit.minutes is not None or limit.hours is not None:
            due = due._replace(late_at=due.late_at + (end - begin))
            due = due._replace(day=calendar.day_of(due.ends_at))
        else:
            reached = _stood(reached, begin, end, limit, calendar)
            due = _ending(due, reached, limit, calendar)
            while due.late_at <= end:  # what ends at an hour of the day would be over before anybody could go on
                reached, _ = after(_days(limit, 1), max(reached, due.day), calendar)
                due = _ending(due, reached, limit, calendar)
        steps.append(Postponement((), begin, end, due.day))
    return due, tuple(steps)


def _counting(extension: Prolongation, granted: Sequence[int]) -> tuple[int, ...]:
    """Return by how much each extension prolongs a limit that counts, within their number and length."""
    found: list[int] = []
    for n in (n for n in granted if n > 0):
        left = n if extension.at_most is None else min(n, extension.at_most - sum(found))
        if left <= 0 or len(found) == extension.times:
            break
        found.append(left)
    return tuple(found)


def _merged(stood: Iterable[Interval], started: datetime) -> Iterator[Interval]:
    """Yield the stretches of time from the start on in which the clock stood, in order and apart from one another."""
    begin: datetime | None = None
    end = started
    for one, other in sorted((max(a, started), b or _FAR) for a, b in stood):
        if other <= one:
            continue
        if begin is None or one > end:
            if begin is not None:
                yield begin, end
            begin, end = one, other
        end = max(end, other)
    if begin is not None:
        yield begin, None if end == _FAR else end


def _days(limit: Limit, n: int) -> Span:
    working = limit.working_days is not None or limit.half_working_days is not None
    return Span(working_days=n) if working else Span(days=n)


def _stood(reached: date, begin: datetime, end: datetime, limit: Limit, calendar: WorkCalendar) -> date:
    first, last = calendar.day_of(begin), calendar.day_of(end)
    working = limit.working_days is not None or limit.half_working_days is not None
    days = calendar.working_days_between(first, last) if working else (last - first).days
    return after(_days(limit, days), reached, calendar)[0]


def _ending(due: Due, reached: date, limit: Limit, calendar: WorkCalendar) -> Due:
    """Return a limit that ends on the day reached instead, at the same time of the day."""
    working = limit.working_days is not None or limit.half_working_days is not None
    moves = working or (
        limit.on_rest_day == "next_working_day" and (limit.days is not None or limit.months is not None)
    )
    day = calendar.next_working(reached) if moves else reached
    shift: timedelta = calendar.start_of(day) - calendar.start_of(due.day)
    return due._replace(
        day=day, late_at=due.late_at + shift, provisional=due.provisional or (moves and calendar.provisional(day))
    )
