"""Rates to the last digit: the worked numbers of the policies, rounding, grades, periods."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.duty import Span
from app.catalog.indicator import Indicator
from app.fields.label import Label
from app.rules.indicator import Period, band, composite, grade, period_of, rounded, value
from tests.rules.site import CALENDAR

MEASURE = {"register": "any", "by": "day"}


def indicator(**more: Any) -> Indicator:
    """Return an indicator of which only the arithmetic matters."""
    return Indicator.model_validate({"indicator": "any", "label": "任意", "domain": "any", "numerator": MEASURE} | more)


def shown(i: Indicator, numerator: int, denominator: int | None) -> tuple[str, str]:
    """Return a figure as it is shown: value and grade."""
    exact = value(i, Decimal(numerator), None if denominator is None else Decimal(denominator))
    found = grade(i, exact)
    return ("无数据" if exact is None else str(rounded(exact, i.places))), found.label.zh if found else ""


@pytest.mark.parametrize(
    ("target", "numerator", "denominator", "expected"),
    [
        (50, 9, 17, ("52.9", "达标")),  # K-01: of 20 complaints 2 were anonymous and 1 merged
        (50, 8, 17, ("47.1", "未达标")),
        (10, 12, 120, ("10.0", "达标")),  # K-03
        (10, 11, 120, ("9.2", "未达标")),
        (90, 36, 40, ("90.0", "达标")),  # K-05
        (100, 0, 0, ("无数据", "")),
    ],
)
def test_rates_of_the_policies_are_reached_or_missed_as_they_say(
    target: int, numerator: int, denominator: int, expected: tuple[str, str]
) -> None:
    assert shown(indicator(target={"ge": target}), numerator, denominator) == expected


@pytest.mark.parametrize(
    ("cap", "tolerance", "guests", "expected"),
    [
        (300, 10, 4, (1200, 1320)),  # K-07, class B
        (200, 10, 5, (1000, 1100)),  # class C
        (150, 0, 10, (1500, 1500)),  # class D
        (500, 0, 11, (5500, 5500)),  # class A
    ],
)
def test_a_reception_may_cost_so_much_for_its_guests(
    cap: int, tolerance: int, guests: int, expected: tuple[int, int]
) -> None:
    per_guest = indicator(unit="yuan", denominator=MEASURE, target={"le": cap, "tolerance": tolerance})
    goal, most = expected
    assert shown(per_guest, goal, guests)[1] == "达标"
    assert shown(per_guest, most, guests)[1] != "未达标"
    assert shown(per_guest, most + 1, guests)[1] == "未达标"


def test_a_cost_within_the_tolerance_is_said_to_be_so() -> None:
    class_b = indicator(unit="yuan", target={"le": 300, "tolerance": 10})
    assert [shown(class_b, n, 4)[1] for n in (1200, 1201, 1320, 1321)] == [
        "达标", "在允许上浮范围内", "在允许上浮范围内", "未达标",
    ]  # fmt: skip


@pytest.mark.parametrize(("guests", "expected"), [(4, "1 人"), (5, "2 人"), (10, "2 人"), (11, "3 人以上")])
def test_companions_go_by_the_number_of_guests(guests: int, expected: str) -> None:
    companions = indicator(
        unit="count",
        bands=[{"lt": 5, "label": "1 人"}, {"ge": 5, "lt": 11, "label": "2 人"}, {"ge": 11, "label": "3 人以上"}],
    )  # K-08
    assert shown(companions, guests, None)[1] == expected


def test_a_value_that_only_rounding_lifts_to_the_target_has_not_reached_it() -> None:
    assert shown(indicator(target={"ge": 50}), 4999, 10000) == ("50.0", "未达标")


def test_an_indicator_with_neither_target_nor_bands_has_no_grade() -> None:
    assert shown(indicator(unit="count", places=0), 7, None) == ("7", "")


def test_values_stay_within_the_limits_of_the_scale() -> None:
    score = indicator(unit="points", min=0, max=100, places=0)
    assert [shown(score, n, None)[0] for n in (-5, 50, 120)] == ["0", "50", "100"]


def test_a_composite_score_leaves_out_parts_without_a_figure() -> None:
    score = indicator(numerator=None, parts=[{"indicator": "a", "weight": 2}, {"indicator": "b", "weight": 1}])
    parts = [(Fraction(90), Decimal(2)), (Fraction(60), Decimal(1)), (None, Decimal(7))]
    assert composite(score, parts) == 80
    assert composite(score, [(None, Decimal(1))]) is None


@given(st.fractions(min_value=-(10**6), max_value=10**6), st.integers(0, 4))
def test_rounding_takes_the_nearest_and_halves_away_from_zero(exact: Fraction, places: int) -> None:
    found = rounded(exact, places)
    away = abs(Fraction(found) - exact) * 10**places
    assert away <= Fraction(1, 2)
    assert away < Fraction(1, 2) or abs(Fraction(found)) > abs(exact)
    assert rounded(-exact, places) == -found


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=8, unique=True), st.fractions(-1001, 1001))
def test_each_value_lies_in_exactly_one_of_bands_without_holes(ends: list[int], exact: Fraction) -> None:
    edges = [None, *sorted(ends), None]
    i = indicator(bands=[{"ge": a, "lt": b, "label": str(n)} for n, (a, b) in enumerate(pairwise(edges))])
    found = band(i.bands, exact)
    assert found is not None and found.label == Label(zh=str(sum(e <= exact for e in ends)))
    assert [b for b in i.bands if band([b], exact)] == [found]


@given(st.integers(0, 10**6), st.integers(1, 10**6), st.integers(0, 100))
def test_reaching_a_rate_is_the_same_as_having_enough_for_it(numerator: int, denominator: int, target: int) -> None:
    reached = shown(indicator(target={"ge": target}), numerator, denominator)[1] == "达标"
    assert reached is (numerator * 100 >= target * denominator)


@pytest.mark.parametrize(
    ("kind", "day", "key", "first", "last"),
    [
        ("month", "2024-02-29", "2024-02", "2024-02-01", "2024-02-29"),
        ("month", "2025-12-31", "2025-12", "2025-12-01", "2025-12-31"),
        ("quarter", "2025-05-31", "2025-Q2", "2025-04-01", "2025-06-30"),
        ("half_year", "2025-07-01", "2025-H2", "2025-07-01", "2025-12-31"),
        ("year", "2025-07-01", "2025", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_day_lies_in_its_period(kind: Any, day: str, key: str, first: str, last: str) -> None:
    found = period_of(kind, date.fromisoformat(day))
    assert (found.key, found.first.isoformat(), found.last.isoformat()) == (key, first, last)


@given(st.dates(date(1970, 1, 1), date(2100, 1, 1)), st.sampled_from(["month", "quarter", "half_year", "year"]))
def test_periods_follow_each_other_without_a_gap(day: date, kind: Any) -> None:
    period = period_of(kind, day)
    assert period.first <= day <= period.last
    assert period.next().first == period.after and period.next().before() == period
    assert period.next().key > period.key


@pytest.mark.parametrize(
    ("span", "ready"),
    [
        (None, "2025-06-01"),
        (Span(days=3), "2025-06-04"),
        (Span(working_days=1), "2025-06-04"),  # 1 and 2 June are a Sunday and the Dragon Boat holiday
        (Span(months=1), "2025-07-01"),
    ],
)
def test_figures_are_complete_some_time_after_their_period(span: Span | None, ready: str) -> None:
    assert Period(date(2025, 5, 1), "month").ready_on(span, CALENDAR).isoformat() == ready
