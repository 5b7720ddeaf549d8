from __future__ import annotations

from datetime import date, datetime
from itertools import islice
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.duty import Duty, Limit
from app.rules.agenda import Ahead, Event, events, following
from app.rules.calendar import BeyondCalendar
from app.rules.deadlines import Due, due
from app.rules.judge import occurrences
from tests.rules.site import CALENDAR, at, day

WITHIN_3 = {"working_days": 3}


def duty(within: dict[str, Any] = WITHIN_3, **more: Any) -> Duty:
    """Return a duty of a limit with reminders, repetition and escalation."""
    for step in (*more.get("remind", ()), *more.get("escalate", ())):
        step["tell"] = ["advisor"]
    return Duty.model_validate(
        {
            "code": "d",
            "label": "时限",
            "owed_by": "advisor",
            "starts": "began",
            "done": "ended",
            "within": [within],
            **more,
        }
    )


def agenda(d: Duty, started: date | datetime, count: int = 9) -> list[tuple[str, str, int]]:
    """Return the first events as (moment in Shanghai, kind, seq)."""
    found = islice(events(d, due(d.within[0], started, CALENDAR), started, CALENDAR), count)
    return [(f"{e.fire_at.astimezone(CALENDAR.zone):%Y-%m-%d %H:%M:%S}", e.kind, e.seq) for e in found]


def test_a_missed_limit_is_the_only_event_of_a_plain_duty() -> None:
    assert agenda(duty(), day("2025-03-03")) == [("2025-03-07 00:00:00", "breach", 1)]


def test_one_working_day_before_is_when_one_working_day_is_left() -> None:
    remind = [{"before": {"working_days": 1}}]
    assert agenda(duty(remind=remind), day("2025-03-05"))[0] == ("2025-03-10 00:00:00", "remind", 1)


def test_a_reminder_keeps_the_time_of_day_of_the_limit() -> None:
    remind = [
        {"before": {"working_days": 1}},
        {"before": {"days": 1}},
        {"before": {"hours": 2}},
        {"before": {"months": 1}},
    ]
    found = agenda(duty({"days": 60, "at": "10:00"}, remind=remind), day("2025-05-08"))
    assert found == [
        ("2025-06-07 10:00:00", "remind", 4),
        ("2025-07-04 10:00:00", "remind", 1),
        ("2025-07-06 10:00:00", "remind", 2),
        ("2025-07-07 08:00:00", "remind", 3),
        ("2025-07-07 10:00:00", "breach", 1),
    ]


def test_a_reminder_counts_back_over_a_holiday() -> None:
    remind = [{"before": {"working_days": 2}}]
    assert agenda(duty(remind=remind), day("2026-09-28"))[0][0] == "2026-09-30 00:00:00"


def test_half_and_four_fifths_of_a_clock_limit_are_reminders() -> None:
    remind = [{"at_percent": 50}, {"at_percent": 80}]
    assert agenda(duty({"hours": 24}, remind=remind), at("2025-03-07 10:00")) == [
        ("2025-03-07 22:00:00", "remind", 1),
        ("2025-03-08 05:12:00", "remind", 2),
        ("2025-03-08 10:00:01", "breach", 1),
    ]


def test_a_reminder_that_would_lie_before_the_start_is_due_at_once_and_once() -> None:
    remind = [{"before": {"working_days": 2}}]
    d = duty({"working_days": 1}, remind=remind)
    assert agenda(d, at("2025-03-04 15:20")) == [
        ("2025-03-04 15:20:00", "remind", 1),
        ("2025-03-06 00:00:00", "breach", 1),
    ]
    assert agenda(d, day("2025-03-04"))[0] == ("2025-03-04 00:00:00", "remind", 1)


def test_nobody_is_reminded_of_a_limit_that_was_over_before_the_start() -> None:
    d = duty({"field": "agreed"}, remind=[{"at_percent": 50}, {"before": {"days": 1}}])
    found = due(d.within[0], day("2025-03-04"), CALENDAR, {"agreed": day("2025-03-01")})
    assert list(events(d, found, day("2025-03-04"), CALENDAR)) == [Event(at("2025-03-02 00:00"), "breach", 1)]


def test_a_duty_that_repeats_is_missed_again_each_working_day() -> None:
    d = duty({"working_days": 1}, repeat={"working_days": 1})
    assert agenda(d, at("2025-03-07 09:00"), 5) == [
        ("2025-03-11 00:00:00", "breach", 1),
        ("2025-03-12 00:00:00", "breach", 2),
        ("2025-03-13 00:00:00", "breach", 3),
        ("2025-03-14 00:00:00", "breach", 4),
        ("2025-03-15 00:00:00", "breach", 5),
    ]
    assert agenda(d, at("2025-03-07 09:00"), 6)[-1] == ("2025-03-18 00:00:00", "breach", 6)


def test_an_overdue_loan_is_escalated_on_the_first_and_the_third_day() -> None:
    d = duty({"days": 3}, escalate=[{}, {"after": {"days": 2}}])
    assert agenda(d, at("2025-03-07 10:00")) == [
        ("2025-03-11 00:00:00", "breach", 1),
        ("2025-03-11 00:00:00", "escalate", 1),
        ("2025-03-13 00:00:00", "escalate", 2),
    ]


def test_at_one_instant_a_reminder_precedes_a_breach_and_a_breach_an_escalation() -> None:
    d = duty(
        {"hours": 0},
        remind=[{"before": {"hours": 1}}, {"at_percent": 50}],
        escalate=[{"after": {"hours": 0}}, {}],
        repeat={"hours": 1},
    )
    assert [(kind, seq) for _, kind, seq in agenda(d, at("2025-03-07 10:00"), 6)] == [
        ("remind", 1),
        ("remind", 2),
        ("breach", 1),
        ("escalate", 1),
        ("escalate", 2),
        ("breach", 2),
    ]


def next_event(d: Duty, found: Due, started: datetime, past: Event | None) -> Event | None:
    """Return the first event after one that has happened, as the sweep asks for it; the first of all as settling does."""
    if past is None:
        return Ahead(d, CALENDAR).first(found, started)
    return next(following(d, found, started, past, CALENDAR), None)


def test_after_the_last_event_there_is_none() -> None:
    d = duty()
    found = due(d.within[0], day("2025-03-03"), CALENDAR)
    started = CALENDAR.start_of(day("2025-03-03"))
    first = next_event(d, found, started, None)
    assert first == Event(at("2025-03-06 24:00"), "breach", 1)
    assert next_event(d, found, started, first) is None


def test_a_stored_limit_has_the_same_events_as_the_computed_one() -> None:
    d = duty(remind=[{"before": {"working_days": 1}}], repeat={"working_days": 1})
    computed = due(d.within[0], day("2025-03-03"), CALENDAR)
    stored = Due(computed.day, computed.late_at)
    for found in (computed, stored):
        assert len(list(islice(events(d, found, day("2025-03-03"), CALENDAR), 5))) == 5
    assert list(islice(events(d, stored, day("2025-03-03"), CALENDAR), 5)) == list(
        islice(events(d, computed, day("2025-03-03"), CALENDAR), 5)
    )


def test_events_that_the_calendar_cannot_date_do_not_hold_back_the_others() -> None:
    d = duty(
        {"hours": 1}, remind=[{"at_percent": 50}], escalate=[{"after": {"working_days": 9}}, {"after": {"hours": 5}}]
    )
    started = at("2027-12-30 10:00")
    found = due(d.within[0], started, CALENDAR)
    past, kinds = None, []
    for _ in range(3):
        event = next_event(d, found, started, past)
        assert event is not None
        kinds.append((event.kind, event.seq))
        past = event
    assert kinds == [("remind", 1), ("breach", 1), ("escalate", 2)]
    with pytest.raises(BeyondCalendar):
        next_event(d, found, started, past)


def test_a_duty_cannot_repeat_after_no_time() -> None:
    d = duty({"working_days": 1}, repeat={"days": 0})
    with pytest.raises(ValueError, match="cannot repeat"):
        agenda(d, day("2025-03-07"))


spans = st.sampled_from(["minutes", "hours", "days", "working_days", "months"]).flatmap(
    lambda unit: st.fixed_dictionaries({unit: st.integers(1, 3 if unit == "months" else 40)})
)
limits = spans.flatmap(lambda s: st.sampled_from([s, s | {"at": "10:00"}, s | {"at": "close"}])).map(
    Limit.model_validate
)


@st.composite
def duties(draw: st.DrawFn) -> Duty:
    """Return a duty with any limit, reminders, repetition and escalation."""
    return duty(
        draw(limits).model_dump(by_alias=True, exclude_defaults=True),
        remind=[{"before": s} for s in draw(st.lists(spans, max_size=2))] + [{"at_percent": draw(st.integers(1, 99))}],
        escalate=[{"after": s} for s in draw(st.lists(spans, max_size=2))] + [{}],
        repeat=draw(st.none() | spans),
    )


moments = st.datetimes(datetime(2023, 7, 1), datetime(2025, 12, 1)).map(  # noqa: DTZ001
    lambda d: d.replace(microsecond=0, tzinfo=CALENDAR.zone)
)


@given(duties(), moments)
def test_events_come_in_order_and_one_after_the_other(d: Duty, started: datetime) -> None:
    found = due(d.within[0], started, CALENDAR)
    listed = list(islice(events(d, found, started, CALENDAR), 12))
    assert [e.rank for e in listed] == sorted({e.rank for e in listed})
    assert all(e.fire_at >= started for e in listed)
    walked, past = [], None
    for _ in listed:
        event = next_event(d, found, started, past)
        assert event is not None
        walked.append(event)
        past = event
    assert walked == listed


@given(duties(), moments)
def test_breach_events_are_the_occurrences_that_a_judge_finds(d: Duty, started: datetime) -> None:
    found = due(d.within[0], started, CALENDAR)
    listed = [e for e in islice(events(d, found, started, CALENDAR), 12) if e.kind == "breach"]
    judged = occurrences(d, found, None, listed[-1].fire_at, CALENDAR) if listed else ()
    assert [(o.no, o.occurred_at) for o in judged] == [(e.seq, e.fire_at) for e in listed]
