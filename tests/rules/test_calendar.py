from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fields.label import Label
from app.rules.calendar import BeyondCalendar, WorkCalendar, calendar_from
from app.rules.yearbook import read_yearbook
from tests.rules.site import CALENDAR, SHANGHAI, at, day

ONE_DAY = timedelta(days=1)
EVERY_DAY = [CALENDAR.first_day + n * ONE_DAY for n in range((CALENDAR.last_day - CALENDAR.first_day).days + 1)]
inside = st.dates(date(2023, 3, 1), date(2027, 9, 30))


def one_year(**options: object) -> WorkCalendar:
    """Return the calendar of a plain 2025 without holidays."""
    data = {"calendar": "site", "label": "本店", "years": [{"year": 2025, "announced": True, "holidays": []}]}
    return calendar_from(data, SHANGHAI, **options)  # type: ignore[arg-type]


def test_every_day_is_a_working_day_exactly_when_the_holidays_package_says_so() -> None:
    theirs = holidays.country_holidays("CN", years=range(2023, 2028))
    assert [d for d in EVERY_DAY if CALENDAR.is_working(d) != theirs.is_working_day(d)] == []
    assert len(EVERY_DAY) == 5 * 365 + 1


@pytest.mark.parametrize("text", ["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"])
def test_a_make_up_weekend_day_of_2026_is_worked_and_named(text: str) -> None:
    assert day(text).weekday() >= 5
    assert CALENDAR.is_working(day(text))
    name = CALENDAR.name(day(text))
    assert name is not None and name.zh.endswith("补班")


@pytest.mark.parametrize(
    ("first", "last", "name"),
    [
        ("2026-01-01", "2026-01-03", "元旦"),
        ("2026-02-15", "2026-02-23", "春节"),
        ("2026-04-04", "2026-04-06", "清明节"),
        ("2026-05-01", "2026-05-05", "劳动节"),
        ("2026-06-19", "2026-06-21", "端午节"),
        ("2026-09-25", "2026-09-27", "中秋节"),
        ("2026-10-01", "2026-10-07", "国庆节"),
    ],
)
def test_the_holidays_of_2026_are_days_off_with_their_names(first: str, last: str, name: str) -> None:
    days = [d for d in EVERY_DAY if day(first) <= d <= day(last)]
    assert [(CALENDAR.is_working(d), str(CALENDAR.name(d))) for d in days] == [(False, name)] * len(days)


def test_an_ordinary_day_and_an_ordinary_weekend_have_no_name() -> None:
    assert CALENDAR.name(day("2026-03-04")) is None
    assert CALENDAR.name(day("2026-03-07")) is None


def test_working_days_are_numbered_from_one_without_gaps() -> None:
    assert [CALENDAR.work_no(d) for d in CALENDAR.days] == list(range(1, len(CALENDAR.days) + 1))
    assert CALENDAR.work_no(day("2026-03-07")) == CALENDAR.work_no(day("2026-03-06"))
    assert CALENDAR.work_no(day("2023-01-01")) == 0


def test_a_working_day_is_its_own_next_working_day_and_a_rest_day_is_not() -> None:
    assert CALENDAR.next_working(day("2026-10-10")) == day("2026-10-10")
    assert CALENDAR.next_working(day("2026-10-01")) == day("2026-10-08")
    assert CALENDAR.next_working(day("2026-10-11")) == day("2026-10-12")


@given(inside, st.integers(1, 60))
def test_the_nth_working_day_after_is_the_one_found_by_walking(start: date, n: int) -> None:
    walked, left = start, n
    while left:
        walked += ONE_DAY
        left -= CALENDAR.is_working(walked)
    assert CALENDAR.nth_after(start, n) == walked
    assert CALENDAR.working_days_between(start, walked) == n


@given(inside, st.integers(1, 30))
def test_the_nth_working_day_before_is_the_one_found_by_walking(start: date, n: int) -> None:
    walked, left = start, n
    while left:
        walked -= ONE_DAY
        left -= CALENDAR.is_working(walked)
    assert CALENDAR.nth_before(start, n) == walked


@given(inside, inside)
def test_working_days_between_two_days_are_those_found_by_counting(a: date, b: date) -> None:
    a, b = min(a, b), max(a, b)
    counted = sum(CALENDAR.is_working(a + n * ONE_DAY) for n in range(1, (b - a).days + 1))
    assert CALENDAR.working_days_between(a, b) == counted
    assert CALENDAR.working_days_between(b, a) == -counted


@given(inside)
def test_a_day_ends_where_the_next_begins(d: date) -> None:
    assert CALENDAR.end_of(d) == CALENDAR.start_of(d + ONE_DAY)
    assert CALENDAR.day_of(CALENDAR.end_of(d)) == d + ONE_DAY
    assert CALENDAR.day_of(CALENDAR.end_of(d) - timedelta(seconds=1)) == d


def test_a_day_in_shanghai_ends_at_four_in_the_afternoon_in_utc() -> None:
    assert CALENDAR.end_of(day("2026-10-10")) == datetime(2026, 10, 10, 16, tzinfo=UTC)
    assert CALENDAR.closing_of(day("2026-10-10")) == at("2026-10-10 18:00")


def test_the_last_of_october_in_utc_is_november_in_shanghai() -> None:
    assert CALENDAR.day_of(datetime(2026, 10, 31, 16, tzinfo=UTC)) == day("2026-11-01")
    assert CALENDAR.day_of(datetime(2026, 10, 31, 15, 59, 59, tzinfo=UTC)) == day("2026-10-31")


def test_a_day_on_which_the_clocks_change_ends_at_local_midnight() -> None:
    berlin = calendar_from(read_yearbook(), ZoneInfo("Europe/Berlin"))
    assert berlin.end_of(day("2026-03-29")) - berlin.start_of(day("2026-03-29")) == timedelta(hours=23)
    assert berlin.end_of(day("2026-10-25")) - berlin.start_of(day("2026-10-25")) == timedelta(hours=25)


def test_summer_time_of_1988_in_shanghai_is_known() -> None:
    assert CALENDAR.end_of(day("1988-07-01")) == datetime(1988, 7, 1, 15, tzinfo=UTC)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        CALENDAR.day_of(datetime(2026, 3, 4, 12))  # noqa: DTZ001


@pytest.mark.parametrize("text", ["2022-12-31", "2028-01-01"])
def test_a_day_outside_the_calendar_is_not_guessed_at(text: str) -> None:
    with pytest.raises(BeyondCalendar, match="2023-01-01 至 2027-12-31") as raised:
        CALENDAR.is_working(day(text))
    assert raised.value.day == day(text)


def test_a_count_that_runs_out_of_the_calendar_is_not_guessed_at() -> None:
    last = CALENDAR.days[-1]
    assert CALENDAR.nth_after(last - ONE_DAY, 1) == last
    with pytest.raises(BeyondCalendar):
        CALENDAR.nth_after(last, 1)
    with pytest.raises(BeyondCalendar):
        CALENDAR.nth_before(CALENDAR.days[0], 1)


def test_days_are_provisional_from_the_first_year_that_is_not_announced() -> None:
    assert CALENDAR.provisional_from == day("2027-01-01")
    assert not CALENDAR.provisional(day("2026-12-31"))
    assert CALENDAR.provisional(day("2027-01-01"))
    assert not one_year().provisional(day("2025-12-31"))


def test_a_site_closes_and_opens_on_days_of_its_own() -> None:
    stocktake, opened = Label(zh="盘点"), Label(zh="加班")
    own = calendar_from(
        read_yearbook(),
        SHANGHAI,
        closed={day("2026-03-04"): stocktake, day("2026-10-10"): stocktake},
        opened={day("2026-10-01"): opened},
    )
    assert not own.is_working(day("2026-03-04")) and own.name(day("2026-03-04")) == stocktake
    assert not own.is_working(day("2026-10-10")) and own.name(day("2026-10-10")) == stocktake
    assert own.is_working(day("2026-10-01")) and own.name(day("2026-10-01")) == opened
    assert len(own.days) == len(CALENDAR.days) - 1


def test_a_calendar_without_a_working_day_is_refused() -> None:
    always = {date(2025, 1, 1) + n * ONE_DAY: Label(zh="歇业") for n in range(365)}
    with pytest.raises(ValueError, match="no working day"):
        one_year(closed=always)


def test_the_revision_changes_with_days_zone_and_closing_time_and_with_nothing_else() -> None:
    assert one_year().revision == one_year().revision
    others = {
        one_year(closing=time(17, 30)).revision,
        one_year(closed={day("2025-03-04"): Label(zh="盘点")}).revision,
        CALENDAR.revision,
    }
    assert len(others | {one_year().revision}) == 4
    assert one_year().revision.startswith("site-")
