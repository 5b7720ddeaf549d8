"""Quiet hours and the daily digest, counted on the site's calendar."""

from __future__ import annotations

from datetime import time

import pytest

from app.rules.quiet import Hours, next_digest, opens
from tests.site import CALENDAR, at


@pytest.mark.parametrize(
    ("moment", "opened"),
    [
        ("2025-03-05 12:00", "2025-03-05 12:00"),  # a Wednesday
        ("2025-03-05 19:59", "2025-03-05 19:59"),
        ("2025-03-05 20:00", "2025-03-06 08:00"),
        ("2025-03-06 00:30", "2025-03-06 08:00"),
        ("2025-03-06 08:00", "2025-03-06 08:00"),
        ("2025-03-07 21:00", "2025-03-10 08:00"),  # over a weekend
        ("2025-03-08 11:00", "2025-03-10 08:00"),
        ("2025-02-07 21:00", "2025-02-08 08:00"),  # the Saturday is made up for the Spring Festival
        ("2025-02-08 10:00", "2025-02-08 10:00"),
        ("2025-02-08 20:30", "2025-02-10 08:00"),
        ("2025-01-27 20:30", "2025-02-05 08:00"),  # eight days of the Spring Festival
    ],
)
def test_nobody_is_disturbed_at_night_or_on_a_rest_day(moment: str, opened: str) -> None:
    assert opens(Hours(), at(moment), CALENDAR) == at(opened)


@pytest.mark.parametrize(
    ("hours", "moment", "opened"),
    [
        (Hours(rest_days=False), "2025-03-08 11:00", "2025-03-08 11:00"),
        (Hours(rest_days=False), "2025-03-07 21:00", "2025-03-08 08:00"),
        (Hours(time(12), time(13, 30)), "2025-03-05 12:15", "2025-03-05 13:30"),
        (Hours(time(12), time(13, 30)), "2025-03-05 23:00", "2025-03-05 23:00"),
        (Hours(time(8), time(8)), "2025-03-05 03:00", "2025-03-05 03:00"),
        (Hours(time(0), time(7)), "2025-03-07 23:59", "2025-03-07 23:59"),
    ],
)
def test_everybody_sets_hours_of_his_own(hours: Hours, moment: str, opened: str) -> None:
    assert opens(hours, at(moment), CALENDAR) == at(opened)


@pytest.mark.parametrize(
    ("hours", "moment", "told"),
    [
        (Hours(), "2025-03-05 08:30", "2025-03-05 08:30"),
        (Hours(), "2025-03-05 08:31", "2025-03-06 08:30"),
        (Hours(), "2025-03-07 10:00", "2025-03-10 08:30"),
        (Hours(), "2025-02-07 10:00", "2025-02-08 08:30"),
        (Hours(digest_at=time(17)), "2025-03-07 10:00", "2025-03-07 17:00"),
        (Hours(digest_at=time(6)), "2025-03-05 10:00", "2025-03-06 08:00"),
    ],
)
def test_the_digest_goes_out_once_a_working_day(hours: Hours, moment: str, told: str) -> None:
    assert next_digest(hours, at(moment), CALENDAR) == at(told)


def test_beyond_the_calendar_saturday_and_sunday_are_quiet() -> None:
    friday = at("2060-01-02 21:00")
    assert opens(Hours(), friday, CALENDAR) == at("2060-01-05 08:00")
