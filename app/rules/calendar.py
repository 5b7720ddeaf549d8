"""The calendar that deadlines are counted with: working days, their numbers, and where a day ends."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import Refused, say
from app.fields.label import Label
from app.rules.yearbook import Yearbook

CLOSING = time(18)
"""Closing time of a site that has set none (requirements 3.1, 8)."""


class BeyondCalendar(Refused):
    """A working day was asked for that no notice covers yet; ``day`` is where the count began."""

    def __init__(self, day: date, first: date, last: date) -> None:
        reason = say("工作日历只有 {first} 至 {last}，从 {day} 推算超出了范围", first=first, last=last, day=day)
        super().__init__(reason)
        self.day = day


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Working days of a site from ``first_day`` to ``last_day``, both included.

    ``days[n - 1]`` is working day number n; ``numbers`` holds for every day, counted from ``first_day``, how many
    working days have begun by then. Days from ``provisional_from`` on stand on the statute alone and may change.
    """

    revision: str
    zone: ZoneInfo
    closing: time
    first_day: date
    last_day: date
    days: tuple[date, ...]
    numbers: tuple[int, ...]
    names: Mapping[date, Label]
    provisional_from: date | None = None

    def work_no(self, day: date) -> int:
        """Return the gap-free number of ``day``; a rest day has that of the working day before it.

        Raises BeyondCalendar.
        """
        if not self.first_day <= day <= self.last_day:
            raise BeyondCalendar(day, self.first_day, self.last_day)
        return self.numbers[(day - self.first_day).days]

    def is_working(self, day: date) -> bool:
        """Return whether ``day`` is a working day. Raises BeyondCalendar."""
        number = self.work_no(day)
        return number > 0 and self.days[number - 1] == day

    def name(self, day: date) -> Label | None:
        """Return the holiday or make-up day that ``day`` is; None for any other day."""
        return self.names.get(day)

    def nth_after(self, day: date, n: int) -> date:
        """Return the ``n``-th working day strictly after ``day`` (n ≥ 1). Raises BeyondCalendar."""
        return self._numbered(self.work_no(day) + n, day)

    def nth_before(self, day: date, n: int) -> date:
        """Return the ``n``-th working day strictly before ``day`` (n ≥ 1). Raises BeyondCalendar."""
        return self._numbered(self.work_no(day) + (not self.is_working(day)) - n, day)

    def next_working(self, day: date) -> date:
        """Return ``day`` if it is a working day, else the first one after it. Raises BeyondCalendar."""
        return day if self.is_working(day) else self.nth_after(day, 1)

    def working_days_between(self, a: date, b: date) -> int:
        """Return how many working days lie after ``a`` up to and including ``b``. Raises BeyondCalendar."""
        return self.work_no(b) - self.work_no(a)

    def provisional(self, day: date) -> bool:
        """Return whether ``day`` lies in a year that has not been announced."""
        return self.provisional_from is not None and day >= self.provisional_from

    def day_of(self, moment: datetime) -> date:
        """Return the day in the site's zone that ``moment`` falls on. Raises ValueError for a moment without a zone."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no zone")
        return moment.astimezone(self.zone).date()

    def moment(self, day: date, at: time) -> datetime:
        """Return the instant in UTC at which the site's clocks show ``at`` on ``day``."""
        return datetime.combine(day, at, self.zone).astimezone(UTC)

    def start_of(self, day: date) -> datetime:
        """Return the first instant of ``day``, in UTC."""
        return self.moment(day, time())

    def end_of(self, day: date) -> datetime:
        """Return 24:00 of ``day`` in UTC: the first instant that is too late for it."""
        return self.moment(day + timedelta(days=1), time())

    def closing_of(self, day: date) -> datetime:
        """Return the closing time of ``day`` in UTC; that very second still belongs to it."""
        return self.moment(day, self.closing)

    def _numbered(self, number: int, asked: date) -> date:
        if not 0 < number <= len(self.days):
            raise BeyondCalendar(asked, self.first_day, self.last_day)
        return self.days[number - 1]


def changed(calendar: WorkCalendar, closed: Mapping[date, Label], opened: Mapping[date, Label]) -> WorkCalendar:
    """Return a calendar with some of its days closed and some opened, under a revision of its own."""
    span = range((calendar.last_day - calendar.first_day).days + 1)
    every = [calendar.first_day + timedelta(days=n) for n in span]
    working = [d in opened or (calendar.is_working(d) and d not in closed) for d in every]
    says = "\n".join((calendar.revision, *(d.isoformat() for d, on in zip(every, working, strict=True) if on)))
    return replace(
        calendar,
        revision=f"draft-{hashlib.sha256(says.encode()).hexdigest()[:12]}",
        days=tuple(d for d, on in zip(every, working, strict=True) if on),
        numbers=tuple(accumulate(working)),
        names={**calendar.names, **closed, **opened},
    )


def calendar_from(
    data: Mapping[str, Any],
    zone: ZoneInfo,
    closing: time = CLOSING,
    *,
    closed: Mapping[date, Label] | None = None,
    opened: Mapping[date, Label] | None = None,
) -> WorkCalendar:
    """Return the calendar of a site: Monday to Friday, but for the rest and make-up days of ``data`` (a ``Yearbook``).

    ``closed`` and ``opened`` are the site's own days off and on; they win over the notices.
    Raises pydantic's ValidationError for data that is no yearbook, and ValueError when no working day remains.
    """
    book = Yearbook.model_validate(data)
    first, last = date(book.years[0].year, 1, 1), date(book.years[-1].year, 12, 31)
    rest: dict[date, Label] = {}
    work: dict[date, Label] = {}
    for holiday in (h for y in book.years for h in y.holidays):
        label = holiday.label
        made_up = Label(zh=f"{label.zh}补班", en=f"{label.en} (make-up working day)" if label.en else "")
        rest |= dict.fromkeys(holiday.rest, label)
        work |= dict.fromkeys(holiday.work, made_up)
    for own, winner, loser in ((closed, rest, work), (opened, work, rest)):
        for day, label in (own or {}).items():
            winner[day] = label
            loser.pop(day, None)
    every = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    working = [d in work or (d.weekday() < 5 and d not in rest) for d in every]
    days = tuple(d for d, on in zip(every, working, strict=True) if on)
    if not days:
        raise ValueError(f"calendar {book.calendar} has no working day")
    provisional = next((date(y.year, 1, 1) for y in book.years if not y.announced), None)
    said = (zone.key, closing.isoformat(), first.isoformat(), last.isoformat(), str(provisional))
    says = "\n".join((*said, *(d.isoformat() for d in days)))
    return WorkCalendar(
        revision=f"{book.calendar}-{hashlib.sha256(says.encode()).hexdigest()[:12]}",
        zone=zone,
        closing=closing,
        first_day=first,
        last_day=last,
        days=days,
        numbers=tuple(accumulate(working)),
        names={d: name for d, name in (rest | work).items() if first <= d <= last},
        provisional_from=provisional,
    )
