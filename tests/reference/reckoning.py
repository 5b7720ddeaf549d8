"""An independent reference for deadlines and tickets: its own calendar, its own arithmetic, day by day, nothing of app.rules.

Sources: requirements 3.1 (counting), 4.2 (ordinals, doubling, repetition), references/deadlines.md, decisions taken.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import yaml  # type: ignore[import-untyped]

YEARBOOK = Path(__file__).resolve().parents[2] / "app" / "definitions" / "calendars" / "cn.yaml"
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


@cache
def _exceptions() -> tuple[frozenset[date], frozenset[date]]:
    """Return the days off of the notices, and the weekend days worked in exchange."""
    off: set[date] = set()
    worked: set[date] = set()
    for year in yaml.safe_load(YEARBOOK.read_text(encoding="utf-8"))["years"]:
        for holiday in year["holidays"]:
            day, last = holiday["from"], holiday.get("to", holiday["from"])
            while day <= last:
                off.add(day)
                day += DAY
            worked |= set(holiday.get("work", ()))
    return frozenset(off), frozenset(worked)


def works(day: date) -> bool:
    """Return whether a day is worked: made up for, or neither weekend nor holiday."""
    off, worked = _exceptions()
    return day in worked or (day.weekday() < 5 and day not in off)


def next_worked(day: date) -> date:
    """Return a day, or the first worked one after it."""
    while not works(day):
        day += DAY
    return day


def worked_after(day: date, count: int) -> date:
    """Return the ``count``-th worked day after a day, counting one by one."""
    while count:
        day += DAY
        count -= works(day)
    return day


def a_month_later(day: date, months: int) -> date:
    """Return the same day number some months later, or the last there is."""
    year, month = day.year, day.month
    for _ in range(months):
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a day begins where clocks show ``zone``."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def too_late(
    unit: str, count: int, began: date | datetime, zone: ZoneInfo, *, clock: str = "", stays: bool = False
) -> datetime:
    """Return the first instant that is too late for ``count`` units (minutes, hours, days, working_days, months).

    ``clock`` ends the last day at a time of day, which itself is too late; ``close`` at 18:00, which is not.
    """
    first = began.astimezone(zone).date() if isinstance(began, datetime) else began
    if unit in {"minutes", "hours"}:
        start = began if isinstance(began, datetime) else midnight(first + DAY, zone)
        return start.astimezone(UTC) + count * timedelta(**{unit: 1}) + SECOND
    if unit == "working_days":
        last = worked_after(first, count) if count else next_worked(first)
    else:
        last = a_month_later(first, count) if unit == "months" else first + count * DAY
        last = last if stays else next_worked(last)
    if not clock:
        return midnight(last + DAY, zone)
    hour, minute = (18, 0) if clock == "close" else map(int, clock.split(":"))
    end = datetime(last.year, last.month, last.day, hour, minute, tzinfo=zone).astimezone(UTC)
    return end + SECOND if clock == "close" else end


def repeats(first: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
    """Return the instants of a violation and its repetitions at each further worked day, none after ``until``."""
    found: list[datetime] = []
    last = first.astimezone(zone).date() - DAY
    while (instant := midnight(last + DAY, zone)) <= until:
        found.append(instant)
        last = worked_after(last, 1)
    return found


@dataclass(frozen=True)
class Violation:
    """One violation: who, when, what settles a tie, what it costs in yuan, what was decided, and of which one it is a repeat."""

    who: str
    instant: datetime
    tie: tuple[int, ...]
    cost: int = 50
    decided: str = ""
    repeat_of: int | None = None


@dataclass(frozen=True)
class Fine:
    """What a violation comes to: its place in the month (0: it does not count) and yuan."""

    place: int
    yuan: int


def fines(
    violations: Sequence[Violation], zone: ZoneInfo, from_nth: Mapping[str, int], *, waived_counts: bool
) -> list[Fine]:
    """Return what each violation comes to, in the order given: doubled, never more, from the n-th of the person's month on.

    A repeat counts and costs what its root came to; it falls with its root.
    """
    placed: dict[tuple[str, int, int], int] = {}
    places: dict[int, int] = {}
    yuan: dict[int, int] = {}
    for n in sorted(range(len(violations)), key=lambda n: (violations[n].instant, violations[n].tie)):
        v = violations[n]
        root = violations[v.repeat_of] if v.repeat_of is not None else v
        local = v.instant.astimezone(zone)
        counts = v.decided != "cancelled" and (v.decided != "waived" or waived_counts)
        if v.repeat_of is not None and root.decided:
            counts = False
        if counts:
            month = v.who, local.year, local.month
            placed[month] = placed.get(month, 0) + 1
            places[n] = placed[month]
        doubled = places.get(n, 0) >= from_nth.get(v.who, 10**9)
        full = yuan[v.repeat_of] if v.repeat_of is not None else v.cost * (2 if doubled else 1)
        yuan[n] = full
        if v.decided or root.decided:
            yuan[n] = 0
    return [Fine(places.get(n, 0), yuan[n]) for n in range(len(violations))]


def tied(found: Iterable[tuple[datetime, tuple[int, ...], Fine]]) -> list[tuple[datetime, tuple[int, ...], int, int]]:
    """Return fines in the order of violations, as plain values to compare."""
    return sorted((i, t, f.place, f.yuan) for i, t, f in found)
