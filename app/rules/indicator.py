"""Arithmetic of indicators: periods, exact values, grades. A figure without a denominator is none, never zero."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from app.catalog.duty import Span
from app.catalog.indicator import Grade, Indicator, Target
from app.catalog.report import ReportPeriod
from app.fields.label import Label
from app.rules.calendar import WorkCalendar
from app.rules.deadlines import months_after

_MONTHS: dict[ReportPeriod, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
REACHED = Grade(label=Label(zh="达标", en="Reached"), tone="success")
TOLERATED = Grade(label=Label(zh="在允许上浮范围内", en="Within tolerance"), tone="warning")
MISSED = Grade(label=Label(zh="未达标", en="Missed"), tone="danger")


@dataclass(frozen=True, order=True)
class Period:
    """A week from Monday on, or a month, quarter, half-year or year; days from ``first`` to ``last``, both included."""

    first: date
    kind: ReportPeriod

    @property
    def after(self) -> date:
        """The first day that no longer belongs to it."""
        return self.before(-1).first

    @property
    def last(self) -> date:
        return self.after - timedelta(days=1)

    @property
    def key(self) -> str:
        """Its name: ``2025-W19``, ``2025-05``, ``2025-Q2``, ``2025-H1``, ``2025``."""
        if self.kind == "week":
            return f"{self.first:%G-W%V}"
        year, part = self.first.year, (self.first.month - 1) // _MONTHS[self.kind] + 1
        return {
            "month": f"{self.first:%Y-%m}",
            "quarter": f"{year}-Q{part}",
            "half_year": f"{year}-H{part}",
            "year": f"{year}",
        }[self.kind]

    def next(self) -> Period:
        """Return the period after it."""
        return Period(self.after, self.kind)

    def before(self, n: int = 1) -> Period:
        """Return the period ``n`` before it."""
        if self.kind == "week":
            return Period(self.first - n * timedelta(weeks=1), self.kind)
        return Period(months_after(self.first, -n * _MONTHS[self.kind]), self.kind)

    def ready_on(self, span: Span | None, calendar: WorkCalendar) -> date:
        """Return the first day on which its figures are complete: after ``span`` from its end.

        Raises BeyondCalendar for working days that the calendar does not reach.
        """
        if span is None:
            return self.after
        if span.working_days is not None:
            return calendar.nth_after(self.last, span.working_days) + timedelta(days=1)
        if span.months is not None:
            return months_after(self.after, span.months)
        return self.after + timedelta(days=span.days or 0)


def period_of(kind: ReportPeriod, day: date) -> Period:
    """Return the period of a kind in which a day lies."""
    if kind == "week":
        return Period(day - timedelta(days=day.weekday()), kind)
    size = _MONTHS[kind]
    return Period(date(day.year, (day.month - 1) // size * size + 1, 1), kind)


def value(indicator: Indicator, numerator: Decimal, denominator: Decimal | None) -> Fraction | None:
    """Return the exact value of a figure; None where there is nothing to divide by.

    ``denominator`` None: the numerator is the figure. Per cents are given as such: 1 of 2 is 50.
    """
    if denominator is None:
        return _within(indicator, Fraction(numerator))
    if denominator == 0:
        return None
    scale = 100 if indicator.unit == "percent" else 1
    return _within(indicator, Fraction(numerator) * scale / Fraction(denominator))


def composite(indicator: Indicator, parts: Iterable[tuple[Fraction | None, Decimal]]) -> Fraction | None:
    """Return the mean of values by their weights; parts without a figure are left out, and of none there is none."""
    known = [(v, Fraction(w)) for v, w in parts if v is not None]
    if not known:
        return None
    return _within(indicator, sum((v * w for v, w in known), Fraction(0)) / sum(w for _, w in known))


def _within(indicator: Indicator, exact: Fraction) -> Fraction:
    if indicator.min is not None:
        exact = max(exact, Fraction(indicator.min))
    return exact if indicator.max is None else min(exact, Fraction(indicator.max))


def rounded(exact: Fraction, places: int) -> Decimal:
    """Return a value with so many decimal places, halves rounded away from zero."""
    scaled = abs(exact) * 10**places
    whole = scaled.numerator // scaled.denominator + (1 if scaled % 1 >= Fraction(1, 2) else 0)
    return Decimal(whole if exact >= 0 else -whole).scaleb(-places)


def grade(indicator: Indicator, exact: Fraction | None) -> Grade | None:
    """Return the grade of an exact value: its band, else whether it reaches the target; None without either, or without a figure."""
    if exact is None:
        return None
    if indicator.bands:
        return band(indicator.bands, exact)
    if (target := indicator.goal) is None:
        return None
    if target.ge is not None and exact < target.ge:
        return MISSED
    if target.le is None or exact <= target.le:
        return REACHED
    return TOLERATED if exact <= _ceiling(target) else MISSED


def band(bands: Iterable[Grade], exact: Fraction) -> Grade | None:
    """Return the band in which a value lies."""
    return next(
        (b for b in bands if (b.ge is None or exact >= b.ge) and (b.lt is None or exact < b.lt)),
        None,
    )


def _ceiling(target: Target) -> Fraction:
    return Fraction(target.le or 0) * (100 + Fraction(target.tolerance)) / 100
