"""A clock is believed as long as nothing speaks against it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from app.clock import Reading, reading
from app.rules.calendar import calendar_from
from app.rules.clock_doubt import doubt
from app.rules.yearbook import read_yearbook

CALENDAR = calendar_from(
    read_yearbook(Path(__file__).parents[2] / "app/definitions/calendars/cn.yaml"), ZoneInfo("Asia/Shanghai")
)
LAST = Reading(datetime(2026, 3, 5, 2, 0, tzinfo=UTC), 1_000, "one")


def later(wall: timedelta, stopwatch: timedelta, of: str = "one") -> Reading:
    return Reading(LAST.now + wall, LAST.elapsed + int(stopwatch.total_seconds()), of)


def said(now: Reading, last: Reading | None = LAST, database: datetime | None = None) -> str:
    found = doubt(now, last, database, CALENDAR)
    return "" if found is None else str(found)


@pytest.mark.parametrize("hours", [0, 1, 72, 24 * 60])
def test_a_wall_clock_that_runs_with_the_stopwatch_is_believed_however_long_the_silence(hours: int) -> None:
    passed = timedelta(hours=hours)
    assert said(later(passed, passed)) == ""


def test_a_jump_ahead_of_the_stopwatch_is_doubted_beyond_five_minutes() -> None:
    minute = timedelta(minutes=1)
    assert said(later(minute + timedelta(minutes=5), minute)) == ""
    assert said(later(minute + timedelta(minutes=5, seconds=1), minute)) == "本机时间向前跳了 5 分钟"
    assert said(later(timedelta(days=365), minute)) == "本机时间向前跳了 525599 分钟"


def test_a_small_step_back_is_harmless_and_a_large_one_is_doubted() -> None:
    assert said(later(-timedelta(minutes=60), timedelta(minutes=1))) == ""
    assert said(later(-timedelta(minutes=61), timedelta(minutes=1))) == "本机时间比上次检查时倒退了 61 分钟"


def test_after_a_restart_of_the_machine_a_silence_of_days_is_believed_and_one_of_months_is_not() -> None:
    assert said(later(timedelta(days=3), timedelta(0), "two")) == ""
    assert said(later(timedelta(days=32), timedelta(0), "two")) == "距上次检查已过 32 天，请先确认本机时间无误"


def test_the_clock_of_a_database_on_another_machine_is_a_witness() -> None:
    now = later(timedelta(minutes=1), timedelta(minutes=1))
    assert said(now, database=now.now + timedelta(minutes=2)) == ""
    assert said(now, database=now.now - timedelta(minutes=3)) == "本机时间与数据库的时间相差 3 分钟"


def test_a_clock_beyond_the_working_calendar_is_doubted_even_at_the_first_tick() -> None:
    beyond = Reading(CALENDAR.end_of(CALENDAR.last_day) + timedelta(seconds=1), 0, "one")
    assert said(beyond, None).startswith("本机时间已超出工作日历的最后一天")
    assert said(LAST, None) == ""


def test_both_clocks_are_read_together() -> None:
    first, second = reading(), reading()
    assert first.stopwatch == second.stopwatch
    assert second.elapsed >= first.elapsed
    assert first.now.tzinfo is not None
