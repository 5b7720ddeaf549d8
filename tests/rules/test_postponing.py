from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.duty import Limit, Prolongation
from app.rules.deadlines import Due, due
from app.rules.postponing import Interval, Postponement, postponed
from tests.rules.site import CALENDAR, at, day

BEGAN = "2025-03-03 09:00"
GRANTED = Prolongation(register="longer", through="of", state=("approved",), by="n", unit="days")  # type: ignore[call-arg]


def stood(*spans: tuple[str, str | None]) -> list[Interval]:
    return [(at(a), at(b) if b else None) for a, b in spans]


def moved(
    limit: Limit, pauses: list[Interval], granted: list[int] | None = None, extension: Prolongation | None = None
) -> tuple[Due | None, tuple[Postponement, ...]]:
    return postponed(due(limit, at(BEGAN), CALENDAR), limit, at(BEGAN), pauses, granted or [], extension, CALENDAR)


def ends(limit: Limit, pauses: list[Interval]) -> datetime | None:
    found = moved(limit, pauses)[0]
    return found.late_at if found else None


@pytest.mark.parametrize(
    ("limit", "pauses", "end"),
    [
        ({"working_days": 3}, [("2025-03-04 10:00", "2025-03-06 09:00")], "2025-03-10 24:00"),
        ({"working_days": 3}, [("2025-03-04 10:00", "2025-03-04 15:00")], "2025-03-06 24:00"),
        ({"working_days": 4}, [("2025-03-07 10:00", "2025-03-08 09:00")], "2025-03-10 24:00"),
        ({"working_days": 5}, [("2025-03-07 10:00", "2025-03-08 09:00")], "2025-03-10 24:00"),
        ({"half_working_days": 3}, [("2025-03-04 10:00", "2025-03-05 09:00")], "2025-03-05 24:00"),
        ({"days": 7}, [("2025-03-04 10:00", "2025-03-06 09:00")], "2025-03-12 24:00"),
        ({"days": 5}, [("2025-03-04 10:00", "2025-03-06 09:00")], "2025-03-10 24:00"),
        ({"days": 5, "on_rest_day": "stay"}, [("2025-03-04 10:00", "2025-03-05 09:00")], "2025-03-09 24:00"),
        ({"days": 7}, [("2025-03-04 10:00", "2025-03-06 09:00"), ("2025-03-05 10:00", "2025-03-07 09:00")], "2025-03-13 24:00"),
        ({"days": 7}, [("2025-03-01 10:00", "2025-03-04 09:00")], "2025-03-11 24:00"),
        ({"days": 7}, [("2025-03-11 00:00", "2025-03-14 09:00")], "2025-03-10 24:00"),
        ({"days": 1, "at": "10:00"}, [("2025-03-03 10:00", "2025-03-05 09:00")], "2025-03-06 10:00"),
        ({"days": 1, "at": "10:00"}, [("2025-03-04 09:00", "2025-03-05 11:00")], "2025-03-06 10:00"),
        ({"months": 1}, [("2025-03-04 09:00", "2025-03-05 11:00")], "2025-04-07 24:00"),
    ],
)  # fmt: skip
def test_days_that_the_clock_stood_come_after_the_limit(
    limit: dict[str, Any], pauses: list[tuple[str, str]], end: str
) -> None:
    assert ends(Limit(**limit), stood(*pauses)) == at(end)


def test_hours_stand_as_long_as_the_pause_lasted() -> None:
    limit = Limit(hours=24)
    found, _ = moved(limit, stood(("2025-03-03 20:00", "2025-03-04 02:30")))
    assert found is not None
    assert found.late_at == at("2025-03-04 15:30") + timedelta(seconds=1)
    assert found.day == day("2025-03-04")


def test_while_the_clock_stands_there_is_no_limit_unless_it_had_passed() -> None:
    assert moved(Limit(days=7), stood(("2025-03-04 10:00", None))) == (
        None,
        (Postponement(begin=at("2025-03-04 10:00")),),
    )
    assert ends(Limit(days=7), stood(("2025-03-11 00:00", None))) == at("2025-03-10 24:00")


@pytest.mark.parametrize(
    ("by", "counted", "end"),
    [
        ([], None, "2025-03-10 24:00"),
        ([3], (3,), "2025-03-13 24:00"),
        ([3, 4, 9], (3, 2), "2025-03-17 24:00"),
        ([9, 1], (5,), "2025-03-17 24:00"),
        ([-2, 0, 1], (1,), "2025-03-11 24:00"),
    ],
)
def test_extensions_prolong_a_limit_up_to_their_number_and_length(
    by: list[int], counted: tuple[int, ...] | None, end: str
) -> None:
    found, steps = moved(Limit(days=7), [], by, GRANTED.model_copy(update={"times": 2, "at_most": 5}))
    assert found is not None
    assert found.late_at == at(end)
    assert [s.by for s in steps] == ([counted] if counted else [])


def test_a_pause_within_the_time_granted_counts_and_each_step_tells_the_day_after_it() -> None:
    found, steps = moved(Limit(days=7), stood(("2025-03-12 09:00", "2025-03-13 09:00")), [3], GRANTED)
    assert found is not None
    assert found.late_at == at("2025-03-14 24:00")
    assert [s.day for s in steps] == [day("2025-03-13"), day("2025-03-14")]


def test_an_extension_by_months_ends_on_the_same_day_of_the_month() -> None:
    found, _ = moved(Limit(days=7), [], [1, 1], GRANTED.model_copy(update={"unit": "months"}))
    assert found is not None
    assert found.day == day("2025-05-12")  # the tenth is a Saturday


SPANS = st.lists(st.tuples(st.integers(-10, 300), st.integers(0, 100)), max_size=5)


def pauses_of(spans: list[tuple[int, int]]) -> list[Interval]:
    return [(at(BEGAN) + timedelta(hours=a), at(BEGAN) + timedelta(hours=a + n)) for a, n in spans]


@given(SPANS, st.integers(1, 200))
def test_hours_end_after_exactly_so_many_in_which_the_clock_ran(spans: list[tuple[int, int]], hours: int) -> None:
    running = (h for h in range(10_000) if not any(a <= h < a + n for a, n in spans))
    last = [next(running) for _ in range(hours)][-1]
    over = at(BEGAN) + timedelta(hours=last + 1)
    end = ends(Limit(hours=hours), pauses_of(spans))
    assert end is not None
    # a pause that begins at the very last second of the limit still stops the clock
    stops = next((n for a, n in sorted(spans) if a == last + 1 and n), None)
    assert end == over + timedelta(seconds=1) if stops is None else end > over


@given(
    SPANS,
    st.sampled_from(
        [{"days": 9}, {"working_days": 4}, {"hours": 60}, {"half_working_days": 5}, {"days": 2, "at": "10:00"}]
    ),
)
def test_a_limit_never_ends_earlier_for_a_pause_nor_before_the_clock_runs_again(
    spans: list[tuple[int, int]], length: dict[str, Any]
) -> None:
    limit, pauses = Limit(**length), pauses_of(spans)
    plain, (found, steps) = due(limit, at(BEGAN), CALENDAR), moved(limit, pauses)
    assert found is not None
    assert found.late_at >= plain.late_at
    assert all(s.end is not None and s.end < found.late_at for s in steps)
    split = [x for a, b in pauses if b for x in ((a, a + (b - a) / 2), (a + (b - a) / 2, b))]
    assert moved(limit, split)[0] == found  # a pause in two parts is the same pause
