from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.duty import Limit, Span
from app.rules.calendar import BeyondCalendar
from app.rules.deadlines import ONE_SECOND, after, due, limit_in_force, months_after
from tests.rules.site import CALENDAR, at, day

inside = st.dates(date(2023, 3, 1), date(2027, 9, 30))


def ends(start: str, record: dict[str, Any] | None = None, **limit: Any) -> str:
    """Return the last moment of a limit in Shanghai, ``2025-03-06 24:00``; ``start`` is a day or a moment."""
    found = due(Limit(**limit), at(start) if " " in start else day(start), CALENDAR, record)
    if found.late_at == CALENDAR.end_of(found.day):
        return f"{found.day} 24:00"
    return f"{found.ends_at.astimezone(CALENDAR.zone):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        pytest.param("2025-03-03", {"working_days": 3}, "2025-03-06 24:00", id="delivered on a Monday"),
        pytest.param("2025-03-07", {"working_days": 1}, "2025-03-10 24:00", id="delivered on a Friday"),
        pytest.param("2025-03-03 15:20", {"days": 7}, "2025-03-10 24:00", id="complaint received"),
        pytest.param("2025-03-07 10:00", {"days": 3}, "2025-03-10 24:00", id="archive borrowed"),
        pytest.param("2025-03-04 09:00", {"days": 3}, "2025-03-07 24:00", id="complaint handled"),
        pytest.param("2025-01-31", {"months": 1}, "2025-02-28 24:00", id="repair finished"),
        pytest.param("2025-02-28", {"working_days": 5}, "2025-03-07 24:00", id="first contact"),
    ],
)
def test_the_worked_dates_of_the_requirements_hold(start: str, limit: dict[str, Any], end: str) -> None:
    assert ends(start, **limit) == end


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        pytest.param("2026-09-30", {"working_days": 3}, "2026-10-10 24:00", id="make-up Saturday after National Day"),
        pytest.param("2026-02-14", {"working_days": 3}, "2026-02-26 24:00", id="begun on a make-up Saturday"),
        pytest.param("2026-02-18", {"working_days": 1}, "2026-02-24 24:00", id="begun on a rest day"),
        pytest.param("2026-03-07", {"working_days": 1}, "2026-03-09 24:00", id="begun on a Saturday"),
        pytest.param("2026-09-24", {"days": 7}, "2026-10-08 24:00", id="seven days end on National Day"),
        pytest.param("2026-09-20", {"days": 7}, "2026-09-28 24:00", id="seven days end on Mid-Autumn"),
        pytest.param("2026-03-06", {"days": 1}, "2026-03-09 24:00", id="one day ends on a Saturday"),
        pytest.param("2026-02-21", {"days": 7}, "2026-02-28 24:00", id="seven days end on a make-up Saturday"),
        pytest.param("2026-09-24", {"days": 7, "on_rest_day": "stay"}, "2026-10-01 24:00", id="stays on a rest day"),
        pytest.param("2026-09-01", {"months": 1}, "2026-10-08 24:00", id="one month ends on National Day"),
        pytest.param("2026-09-01", {"months": 1, "on_rest_day": "stay"}, "2026-10-01 24:00", id="month that stays"),
        pytest.param("2024-01-31", {"months": 1}, "2024-02-29 24:00", id="clamped in a leap year"),
        pytest.param("2025-08-31", {"months": 6}, "2026-02-28 24:00", id="clamped over the new year"),
        pytest.param("2025-12-31", {"months": 2}, "2026-02-28 24:00", id="a month's last day that is worked"),
    ],
)
def test_rest_days_and_make_up_days_move_a_limit(start: str, limit: dict[str, Any], end: str) -> None:
    assert ends(start, **limit) == end


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        pytest.param("2025-03-07 15:20", {"hours": 24}, "2025-03-08 15:20", id="hours run through a weekend"),
        pytest.param("2025-03-07 23:55", {"minutes": 10}, "2025-03-08 00:05", id="minutes run past midnight"),
        pytest.param("2025-03-07", {"hours": 24}, "2025-03-09 00:00", id="hours of a day run from its end"),
        pytest.param("2025-03-04 08:00", {"days": 0, "at": "close"}, "2025-03-04 18:00", id="same day before closing"),
        pytest.param("2025-03-04", {"days": 1, "at": "10:00"}, "2025-03-05 10:00", id="next day before ten"),
        pytest.param("2025-03-07", {"days": 1, "at": "10:00"}, "2025-03-10 10:00", id="next day is a Saturday"),
        pytest.param(
            "2025-03-07", {"days": 1, "at": "10:00", "on_rest_day": "stay"}, "2025-03-08 10:00", id="next calendar day"
        ),
        pytest.param(
            "2025-03-07", {"working_days": 1, "at": "10:00"}, "2025-03-10 10:00", id="next working day at ten"
        ),
        pytest.param("2025-03-04 09:00", {"days": 0}, "2025-03-04 24:00", id="same day"),
        pytest.param("2025-03-08", {"days": 0, "on_rest_day": "stay"}, "2025-03-08 24:00", id="same day, a Saturday"),
        pytest.param("2025-03-04", {"working_days": 0}, "2025-03-04 24:00", id="no working days"),
        pytest.param("2025-03-08", {"working_days": 0}, "2025-03-10 24:00", id="no working days from a Saturday"),
        pytest.param("2025-03-03 23:30", {"working_days": 1}, "2025-03-04 24:00", id="late evening is still that day"),
    ],
)
def test_hours_and_times_of_day_are_counted(start: str, limit: dict[str, Any], end: str) -> None:
    assert ends(start, **limit) == end


def test_a_moment_before_midnight_in_utc_counts_for_the_day_in_shanghai() -> None:
    started = datetime(2025, 3, 3, 16, 30, tzinfo=UTC)
    assert due(Limit(working_days=1), started, CALENDAR).day == day("2025-03-05")


def test_a_date_of_the_record_is_itself_the_limit_even_on_a_rest_day() -> None:
    assert ends("2025-03-03", {"promised_on": day("2025-03-08")}, field="promised_on") == "2025-03-08 24:00"
    closing = ends("2025-03-03", {"promised_on": day("2025-03-07")}, field="promised_on", at="close")
    assert closing == "2025-03-07 18:00"


def test_a_moment_of_the_record_is_itself_the_limit() -> None:
    promised = {"promised_at": at("2025-03-08 09:30")}
    assert ends("2025-03-03", promised, field="promised_at") == "2025-03-08 09:30"
    assert due(Limit(field="promised_at"), day("2025-03-03"), CALENDAR, promised).day == day("2025-03-08")


def test_a_limit_by_a_field_that_the_record_lacks_is_an_error() -> None:
    with pytest.raises(KeyError, match="promised_at"):
        due(Limit(field="promised_at"), day("2025-03-03"), CALENDAR, {})


@pytest.mark.parametrize(
    ("limit", "in_time", "late"),
    [
        pytest.param({"working_days": 1}, "2025-03-04 23:59:59", "2025-03-05 00:00:00", id="24:00 is late"),
        pytest.param({"days": 1, "at": "10:00"}, "2025-03-04 09:59:59", "2025-03-04 10:00:00", id="ten sharp is late"),
        pytest.param({"days": 0, "at": "close"}, "2025-03-03 18:00:00", "2025-03-03 18:00:01", id="closing is in time"),
        pytest.param({"minutes": 10}, "2025-03-03 15:30:00", "2025-03-03 15:30:01", id="ten minutes are in time"),
        pytest.param({"hours": 24}, "2025-03-04 15:20:00", "2025-03-04 15:20:01", id="24 hours are in time"),
    ],
)
def test_the_second_that_is_late_is_known(limit: dict[str, Any], in_time: str, late: str) -> None:
    found = due(Limit(**limit), at("2025-03-03 15:20"), CALENDAR)
    assert at(in_time) < found.late_at == at(late)
    assert found.ends_at == (at(in_time) if found.inclusive else at(late))


def test_the_days_of_a_limit_in_working_days_are_counted_one_by_one() -> None:
    counted = due(Limit(working_days=3), day("2026-09-30"), CALENDAR).counted
    holiday = [(f"2026-10-0{n}", None, "国庆节") for n in range(1, 8)]
    assert [(str(c.day), c.number, c.name and c.name.zh) for c in counted] == [
        ("2026-09-30", 0, None),
        *holiday,
        ("2026-10-08", 1, None),
        ("2026-10-09", 2, None),
        ("2026-10-10", 3, "国庆节补班"),
    ]


def test_the_days_that_a_limit_in_days_is_moved_over_have_no_number() -> None:
    counted = due(Limit(days=3), day("2026-09-30"), CALENDAR).counted
    assert [c.number for c in counted] == [0, 1, 2, 3, None, None, None, None, None]
    assert counted[-1].day == day("2026-10-08")


def test_months_show_their_two_ends_and_the_days_they_are_moved_over() -> None:
    counted = due(Limit(months=2), day("2026-08-02"), CALENDAR).counted
    assert [(str(c.day), c.number) for c in counted[:2]] == [("2026-08-02", 0), ("2026-10-02", 2)]
    assert [c.number for c in counted[2:]] == [None] * 6


def test_a_limit_by_the_clock_counts_no_days() -> None:
    assert due(Limit(hours=48), at("2026-09-30 10:00"), CALENDAR).counted == ()


def test_a_limit_that_needs_a_year_not_yet_announced_is_provisional() -> None:
    assert due(Limit(working_days=3), day("2026-12-30"), CALENDAR).provisional
    assert not due(Limit(working_days=1), day("2026-12-30"), CALENDAR).provisional
    assert due(Limit(days=3), day("2026-12-30"), CALENDAR).provisional
    assert not due(Limit(days=3, on_rest_day="stay"), day("2026-12-30"), CALENDAR).provisional
    assert not due(Limit(hours=72), at("2026-12-30 10:00"), CALENDAR).provisional


def test_a_limit_beyond_the_calendar_is_refused_only_if_it_asks_for_working_days() -> None:
    with pytest.raises(BeyondCalendar):
        due(Limit(working_days=3), day("2027-12-30"), CALENDAR)
    with pytest.raises(BeyondCalendar):
        due(Limit(days=3), day("2027-12-30"), CALENDAR)
    assert ends("2027-12-30", months=120, on_rest_day="stay") == "2037-12-30 24:00"
    assert ends("2027-12-31 20:00", hours=24) == "2028-01-01 20:00"


def test_the_limit_of_the_day_on_which_a_duty_began_holds() -> None:
    old, new = Limit(working_days=3), Limit.model_validate({"working_days": 2, "from": "2026-11-01"})
    assert limit_in_force([old, new], day("2026-10-31"), {}) is old
    assert limit_in_force([old, new], day("2026-11-01"), {}) is new
    assert limit_in_force([new], day("2026-10-31"), {}) is None


def test_the_first_limit_that_fits_the_record_holds() -> None:
    urgent = Limit.model_validate({"hours": 4, "when": {"field": "urgent", "is": True}})
    other = Limit(hours=24)
    assert limit_in_force([urgent, other], day("2026-10-31"), {"urgent": True}) is urgent
    assert limit_in_force([urgent, other], day("2026-10-31"), {"urgent": False}) is other
    assert limit_in_force([urgent], day("2026-10-31"), {"urgent": False}) is None


def test_a_limit_by_a_field_holds_only_when_the_field_is_filled() -> None:
    promised, other = Limit(field="promised_on"), Limit(days=7)
    assert limit_in_force([promised, other], day("2026-10-31"), {"promised_on": day("2026-11-02")}) is promised
    assert limit_in_force([promised, other], day("2026-10-31"), {"promised_on": None}) is other


@pytest.mark.parametrize(
    ("span", "times", "end"),
    [
        ({"working_days": 1}, 1, "2025-03-11"),
        ({"working_days": 1}, 5, "2025-03-17"),
        ({"working_days": 2}, 3, "2025-03-18"),
        ({"days": 3}, 1, "2025-03-13"),
        ({"days": 5}, 1, "2025-03-15"),
        ({"months": 1}, 2, "2025-05-10"),
    ],
)
def test_a_further_span_ends_with_its_last_day(span: dict[str, int], times: int, end: str) -> None:
    limit = due(Limit(working_days=1), day("2025-03-07"), CALENDAR)
    assert after(Span(**span), limit, CALENDAR, times) == (day(end), CALENDAR.end_of(day(end)))
    assert after(Span(**span), limit.day, CALENDAR, times) == (day(end), CALENDAR.end_of(day(end)))


def test_further_hours_run_on_from_the_end_of_the_limit() -> None:
    limit = due(Limit(days=0, at="10:00"), day("2025-03-07"), CALENDAR)
    assert after(Span(hours=8), limit, CALENDAR, 2) == (day("2025-03-08"), at("2025-03-08 02:00"))
    assert after(Span(minutes=30), day("2025-03-07"), CALENDAR) == (day("2025-03-08"), at("2025-03-08 00:30"))


@given(inside, st.integers(1, 40))
def test_a_limit_in_working_days_is_the_one_found_by_walking(start: date, n: int) -> None:
    walked, left = start, n
    while left:
        walked += timedelta(days=1)
        left -= CALENDAR.is_working(walked)
    found = due(Limit(working_days=n), start, CALENDAR)
    assert (found.day, found.late_at) == (walked, CALENDAR.end_of(walked))
    assert [c.number for c in found.counted if c.number is not None] == list(range(n + 1))


@given(inside, st.integers(0, 60))
def test_a_limit_in_days_never_ends_on_a_rest_day_or_before_its_days_are_over(start: date, n: int) -> None:
    found = due(Limit(days=n), start, CALENDAR)
    assert CALENDAR.is_working(found.day)
    skipped = [start + timedelta(days=k) for k in range(n, (found.day - start).days)]
    assert not any(CALENDAR.is_working(d) for d in skipped)
    assert [c.day for c in found.counted] == [start + timedelta(days=k) for k in range((found.day - start).days + 1)]


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.integers(-600, 600))
def test_months_later_keep_the_day_number_or_take_the_last_day(start: date, months: int) -> None:
    found = months_after(start, months)
    assert (found.year * 12 + found.month) - (start.year * 12 + start.month) == months
    assert found.day == start.day or (found.day < start.day and (found + timedelta(days=1)).day == 1)


@given(st.datetimes(datetime(2023, 3, 1), datetime(2027, 9, 1)), st.integers(1, 500))  # noqa: DTZ001
def test_hours_run_by_the_clock(naive: datetime, hours: int) -> None:
    started = naive.replace(tzinfo=UTC, microsecond=0)
    found = due(Limit(hours=hours), started, CALENDAR)
    assert found.ends_at - started == timedelta(hours=hours)
    assert found.late_at - found.ends_at == ONE_SECOND
    assert found.day == CALENDAR.day_of(found.ends_at)


@given(inside, st.integers(1, 20), st.integers(0, 86_399))
def test_the_time_of_day_of_a_start_does_not_matter_to_a_limit_in_days(start: date, n: int, second: int) -> None:
    moment = CALENDAR.start_of(start) + timedelta(seconds=second)
    assert due(Limit(working_days=n), moment, CALENDAR) == due(Limit(working_days=n), start, CALENDAR)
    assert due(Limit(days=n), moment, CALENDAR) == due(Limit(days=n), start, CALENDAR)


@pytest.mark.parametrize(
    ("start", "limit", "end"),
    [
        pytest.param("2025-03-03 09:00", {"half_working_days": 1}, "2025-03-03 24:00", id="of a morning: that afternoon"),
        pytest.param("2025-03-03 12:00", {"half_working_days": 1}, "2025-03-04 12:00", id="of noon: the next morning"),
        pytest.param("2025-03-07 15:00", {"half_working_days": 1}, "2025-03-10 12:00", id="over a weekend"),
        pytest.param("2025-03-08 09:00", {"half_working_days": 1}, "2025-03-10 12:00", id="of a rest day"),
        pytest.param("2025-03-03", {"half_working_days": 3}, "2025-03-05 12:00", id="of a day whose hour is not known"),
        pytest.param("2025-03-03", {"months": 1, "day": 5, "on_rest_day": "stay"}, "2025-04-05 24:00", id="the fifth"),
        pytest.param("2025-01-31", {"months": 1, "day": 31}, "2025-02-28 24:00", id="no such day: the last"),
        pytest.param("2025-03-03", {"months": 1, "working_day": 3}, "2025-04-03 24:00", id="the third working day"),
        pytest.param("2025-03-31 17:40", {"minutes": 30, "not_after": [{"days": 0, "at": "close"}]}, "2025-03-31 18:00", id="not after closing"),
        pytest.param("2025-03-31 17:00", {"minutes": 30, "not_after": [{"days": 0, "at": "close"}]}, "2025-03-31 17:30", id="before closing"),
        pytest.param("2025-03-26", {"days": 7, "not_after": [{"months": 1, "day": 1}]}, "2025-04-01 24:00", id="by the first of next month"),
        pytest.param("2025-03-03", {"days": 1, "not_before": [{"days": 3}, {"days": 2}]}, "2025-03-06 24:00", id="the latest of three"),
        pytest.param("2025-03-03", {"days": 1, "not_before": [{"days": 9}], "not_after": [{"days": 4}]}, "2025-03-07 24:00", id="the cap wins"),
    ],
)  # fmt: skip
def test_half_days_days_of_a_month_and_bounds_are_counted(start: str, limit: dict[str, Any], end: str) -> None:
    assert ends(start, **limit) == end


def test_a_length_is_multiplied_by_a_field_of_the_record() -> None:
    assert ends("2025-03-03", {"term": 3}, months=1, times="term") == "2025-06-03 24:00"
    assert ends("2025-03-03", {"contract.term": 2}, working_days=1, times="contract.term") == "2025-03-05 24:00"
    assert ends("2025-03-03", {"term": -3}, days=1, times="term") == "2025-03-03 24:00"
    assert limit_in_force([Limit(days=1, times="term")], day("2025-03-03"), {"term": None}) is None


@pytest.mark.parametrize(
    ("limit", "end"),
    [
        pytest.param({"days": 30}, "2025-05-30 24:00", id="days, off a rest day towards the start"),
        pytest.param({"days": 30, "on_rest_day": "stay"}, "2025-06-01 24:00", id="days that stay"),
        pytest.param({"working_days": 3}, "2025-06-26 24:00", id="working days"),
        pytest.param({"months": 1, "day": 25}, "2025-06-25 24:00", id="a day of the month before"),
        pytest.param({"working_days": 0}, "2025-07-01 24:00", id="the day itself"),
        pytest.param({"days": 1, "at": "close"}, "2025-06-30 18:00", id="closing of the day before"),
    ],
)
def test_a_limit_is_counted_back_from_a_date(limit: dict[str, Any], end: str) -> None:
    assert ends("2025-03-03", {"expires_on": day("2025-07-01")}, before="expires_on", **limit) == end


def test_what_must_be_done_before_a_moment_is_late_at_that_moment() -> None:
    record = {"arrives_at": at("2025-03-08 09:30")}
    assert due(Limit(minutes=0, before="arrives_at"), day("2025-03-03"), CALENDAR, record).late_at == at(
        "2025-03-08 09:30"
    )
    assert due(Limit(hours=2, before="arrives_at"), day("2025-03-03"), CALENDAR, record).late_at == at(
        "2025-03-08 07:30"
    )


def test_a_bound_may_be_counted_from_another_field_and_is_passed_over_where_that_is_empty() -> None:
    limit = Limit(working_days=2, not_after=[{"days": 7, "starts": "received_at"}])  # type: ignore[list-item]
    late = {"received_at": at("2025-03-03 15:20")}
    assert due(limit, at("2025-03-10 09:00"), CALENDAR, late).day == day("2025-03-10")
    assert due(limit, at("2025-03-10 09:00"), CALENDAR, {"received_at": None}).day == day("2025-03-12")


@given(st.datetimes(datetime(2023, 3, 1), datetime(2027, 9, 1)), st.integers(1, 60))  # noqa: DTZ001
def test_half_working_days_never_outrun_whole_ones(local: datetime, n: int) -> None:
    started = local.replace(tzinfo=CALENDAR.zone, microsecond=0)
    ends = [due(Limit(half_working_days=k), started, CALENDAR).late_at for k in (n, n + 1, 2 * n)]
    whole = due(Limit(working_days=n), started, CALENDAR).late_at
    assert started < ends[0] < ends[1] and ends[2] <= whole < ends[2] + timedelta(days=30)


@given(inside, st.integers(0, 60), st.integers(0, 60))
def test_bounds_are_the_earlier_and_the_later_of_two(began: date, a: int, b: int) -> None:
    one, other = (due(Limit(days=n), began, CALENDAR).late_at for n in (a, b))
    capped = Limit(days=a, not_after=[{"days": b}])  # type: ignore[list-item]
    raised = Limit(days=a, not_before=[{"days": b}])  # type: ignore[list-item]
    assert due(capped, began, CALENDAR).late_at == min(one, other)
    assert due(raised, began, CALENDAR).late_at == max(one, other)


@given(inside, st.integers(1, 60))
def test_counting_back_undoes_counting_on_between_working_days(began: date, n: int) -> None:
    first = CALENDAR.next_working(began)
    reached = due(Limit(working_days=n), first, CALENDAR).day
    assert due(Limit(working_days=n, before="until"), first, CALENDAR, {"until": reached}).day == first
