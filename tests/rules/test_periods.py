from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.duty import Every
from app.rules.deadlines import ONE_DAY
from app.rules.periods import Cycle, cycle_at, following
from tests.rules.site import CALENDAR, day

RHYTHMS: list[dict[str, Any]] = [
    {"period": "day"}, {"period": "week"}, {"period": "month"}, {"period": "quarter"}, {"period": "half_year"}, {"period": "year"},
    {"months": 5, "since": "hired_on"}, {"between": ("03-25", "03-30")}, {"period": "working_day"}, {"period": "holiday"},
]  # fmt: skip
ORIGIN = date(2023, 1, 31)
inside = st.dates(date(2024, 3, 1), date(2026, 6, 30))


@pytest.mark.parametrize(
    ("on", "every", "first", "last"),
    [
        ("2025-03-05", {"period": "day"}, "2025-03-05", "2025-03-05"),
        ("2025-03-08", {"period": "working_day"}, "2025-03-07", "2025-03-07"),
        ("2025-03-05", {"period": "week"}, "2025-03-03", "2025-03-09"),
        ("2024-02-29", {"period": "month"}, "2024-02-01", "2024-02-29"),
        ("2025-05-31", {"period": "quarter"}, "2025-04-01", "2025-06-30"),
        ("2025-07-01", {"period": "half_year"}, "2025-07-01", "2025-12-31"),
        ("2025-12-31", {"period": "year"}, "2025-01-01", "2025-12-31"),
        ("2025-03-27", {"between": ("03-25", "03-30")}, "2025-03-25", "2025-03-30"),
        ("2025-03-24", {"between": ("03-25", "03-30")}, "2024-03-25", "2024-03-30"),
        ("2026-01-10", {"between": ("12-20", "02-29")}, "2025-12-20", "2026-02-28"),
        ("2025-02-28", {"months": 1, "since": "hired_on"}, "2025-02-28", "2025-03-30"),
        ("2025-10-09", {"period": "holiday"}, "2025-10-01", "2025-10-08"),
    ],
)
def test_a_period_is_the_latest_that_began(on: str, every: dict[str, Any], first: str, last: str) -> None:
    assert cycle_at(Every(**every), day(on), CALENDAR, ORIGIN) == Cycle(day(first), day(last))


def test_months_counted_from_a_field_begin_with_it() -> None:
    every = Every(months=6, since="hired_on")
    assert cycle_at(every, day("2023-01-30"), CALENDAR, ORIGIN) is None
    assert cycle_at(every, day("2023-01-31"), CALENDAR, None) is None
    assert cycle_at(every, day("2023-01-31"), CALENDAR, ORIGIN) == Cycle(ORIGIN, day("2023-07-30"))


@given(inside, st.sampled_from(RHYTHMS))
def test_periods_follow_each_other_in_order_and_hold_the_day_they_are_asked_for(
    on: date, rhythm: dict[str, Any]
) -> None:
    every = Every(**rhythm)
    now = cycle_at(every, on, CALENDAR, ORIGIN)
    assert now is not None and now.first <= on and now.first <= now.last
    after = following(every, now, CALENDAR, ORIGIN)
    assert after is not None and after.first > max(now.last, now.first)
    assert on < after.first
    assert cycle_at(every, after.first, CALENDAR, ORIGIN) == after
    assert cycle_at(every, after.first - ONE_DAY, CALENDAR, ORIGIN) == now
    gapless = rhythm.get("period", "month") not in ("working_day", "holiday") and "between" not in rhythm
    assert not gapless or after.first == now.last + ONE_DAY
