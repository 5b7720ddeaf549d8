from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.breach import Offer, PayShare
from app.catalog.duty import Duty, Limit
from app.errors import Sentence
from app.rules.calendar import BeyondCalendar
from app.rules.deadlines import due
from app.rules.judge import BreachFact, occurrences, offer_open, share
from tests.rules.site import CALENDAR, at, day

PAY = PayShare(min=Decimal(10), max=Decimal(30))
PN_07 = Offer(
    code="share_of_pay",
    label="扣减绩效工资",
    role="service_advisor",
    from_nth=3,
    share_of_pay=PAY,
    decided_by="customer_director",
)


def missed(within: dict[str, Any], start: str, done: str | None, as_of: str, repeat: Any = None) -> list[str]:
    """Return the days on which occurrences of a breach arise."""
    duty = Duty.model_validate(
        {"code": "d", "label": "时限", "owed_by": "x", "starts": "a", "done": "b", "within": [within], "repeat": repeat}
    )
    limit = due(Limit.model_validate(within), at(start) if " " in start else day(start), CALENDAR)
    found = occurrences(duty, limit, done and at(done), at(as_of), CALENDAR)
    assert [o.no for o in found] == list(range(1, len(found) + 1))
    assert all(CALENDAR.day_of(o.occurred_at) == o.day for o in found)
    return [str(o.day) for o in found]


def test_a_limit_is_missed_from_the_first_instant_that_is_too_late() -> None:
    assert missed({"working_days": 3}, "2025-03-03", None, "2025-03-06 23:59:59") == []
    assert missed({"working_days": 3}, "2025-03-03", None, "2025-03-06 24:00") == ["2025-03-07"]


def test_what_was_done_in_the_last_second_is_not_missed() -> None:
    assert missed({"working_days": 3}, "2025-03-03", "2025-03-06 23:59:59", "2025-06-01 00:00") == []
    assert missed({"working_days": 3}, "2025-03-03", "2025-03-07 00:00:00", "2025-06-01 00:00") == ["2025-03-07"]


def test_a_breach_of_a_limit_of_31_march_belongs_to_april() -> None:
    assert missed({"working_days": 1}, "2025-03-28", None, "2025-04-02 00:00") == ["2025-04-01"]
    assert missed({"working_days": 1}, "2026-06-29", None, "2026-07-02 00:00") == ["2026-07-01"]


def test_a_breach_of_a_time_of_day_belongs_to_that_day() -> None:
    assert missed({"days": 1, "at": "10:00"}, "2025-03-30", None, "2025-04-02 00:00") == ["2025-03-31"]


def test_a_special_sheet_at_09_58_is_in_time_and_at_ten_sharp_is_late() -> None:
    special = {"days": 1, "at": "10:00"}
    assert missed(special, "2025-03-03", "2025-03-04 09:58", "2025-03-05 00:00") == []
    assert missed(special, "2025-03-03", "2025-03-04 10:00:00", "2025-03-05 00:00") == ["2025-03-04"]


def test_a_sheet_at_closing_time_is_in_time_and_a_second_later_is_late() -> None:
    same_day = {"days": 0, "at": "close"}
    assert missed(same_day, "2025-03-04 09:00", "2025-03-04 18:00:00", "2025-03-05 00:00") == []
    assert missed(same_day, "2025-03-04 09:00", "2025-03-04 18:00:01", "2025-03-05 00:00") == ["2025-03-04"]


def test_a_loan_returned_on_the_afternoon_of_its_last_day_is_in_time() -> None:
    assert missed({"days": 3}, "2025-03-07 10:00", "2025-03-10 17:00", "2025-06-01 00:00") == []
    assert missed({"days": 3}, "2025-03-07 10:00", "2025-03-11 09:00", "2025-06-01 00:00") == ["2025-03-11"]


def test_a_major_complaint_is_warned_of_after_20_hours_in_time_and_after_30_too_late() -> None:
    assert missed({"hours": 24}, "2025-03-07 10:00", "2025-03-08 06:00", "2025-06-01 00:00") == []
    assert missed({"hours": 24}, "2025-03-07 10:00", "2025-03-08 16:00", "2025-06-01 00:00") == ["2025-03-08"]


def test_a_repairer_ten_minutes_after_the_appointment_is_in_time() -> None:
    assert missed({"minutes": 10}, "2025-03-07 10:00", "2025-03-07 10:10", "2025-06-01 00:00") == []
    assert missed({"minutes": 10}, "2025-03-07 10:00", "2025-03-07 10:10:01", "2025-06-01 00:00") == ["2025-03-07"]


def test_an_order_is_missed_again_each_working_day_until_it_is_put_right() -> None:
    each_day = {"working_days": 1}
    found = missed(each_day, "2025-03-07 16:00", "2025-03-12 10:00", "2025-06-01 00:00", each_day)
    assert found == ["2025-03-11", "2025-03-12"]
    assert missed(each_day, "2025-03-07 16:00", "2025-03-07 17:00", "2025-06-01 00:00", each_day) == []


def test_each_missed_day_has_its_own_date_however_late_one_looks() -> None:
    each_day = {"working_days": 1}
    found = missed(each_day, "2026-09-28", None, "2026-10-12 00:00", each_day)
    assert found == ["2026-09-30", "2026-10-01", "2026-10-09", "2026-10-10", "2026-10-11"]


def test_a_repeat_beyond_the_calendar_cannot_have_been_missed_before_its_end() -> None:
    each_day = {"working_days": 1}
    assert missed(each_day, "2027-12-29", None, "2027-12-31 24:00", each_day) == ["2027-12-31", "2028-01-01"]
    assert missed(each_day, "2027-12-29", "2027-12-31 09:00", "2028-03-01 00:00", each_day) == ["2027-12-31"]
    with pytest.raises(BeyondCalendar):
        missed(each_day, "2027-12-29", None, "2028-01-02 00:00", each_day)


@given(st.integers(0, 40 * 86_400), st.integers(0, 40 * 86_400), st.booleans())
def test_one_second_more_never_makes_fewer_breaches(done: int, later: int, repeats: bool) -> None:
    duty = Duty.model_validate(
        {"code": "d", "label": "时限", "owed_by": "x", "starts": "a", "done": "b"}
        | {"within": [{"working_days": 3}], "repeat": {"working_days": 1} if repeats else None}
    )
    start, as_of = at("2026-09-21 12:00"), at("2026-12-01 00:00")
    limit = due(duty.within[0], start, CALENDAR)
    first = occurrences(duty, limit, start + timedelta(seconds=done), as_of, CALENDAR)
    second = occurrences(duty, limit, start + timedelta(seconds=done + later), as_of, CALENDAR)
    assert second[: len(first)] == first
    assert bool(first) == (start + timedelta(seconds=done) >= limit.late_at)
    assert all(o.occurred_at <= start + timedelta(seconds=done) for o in first)


def confirmed(n: int, **more: Any) -> BreachFact[str]:
    """Return a confirmed breach of a service advisor in March."""
    roles = frozenset({more.pop("role", "service_advisor")})
    more = {"confirmed": True, "roles": roles} | more
    moment: datetime = at(f"2025-03-{n:02} 00:00")
    return BreachFact(key=f"b{n}", occurred_at=moment, day=day(f"2025-03-{n:02}"), clause="D3", number=n, **more)


def test_a_share_of_pay_is_open_from_the_third_confirmed_breach_on() -> None:
    assert not offer_open(PN_07, [confirmed(3), confirmed(4)])
    assert offer_open(PN_07, [confirmed(3), confirmed(4), confirmed(5)])


@pytest.mark.parametrize(
    "third", [{"state": "waived"}, {"state": "cancelled"}, {"confirmed": False}, {"role": "archive_admin"}], ids=str
)
def test_a_breach_that_does_not_stand_does_not_open_a_share_of_pay(third: dict[str, Any]) -> None:
    assert not offer_open(PN_07, [confirmed(3), confirmed(4), confirmed(5, **third)])


def test_repeats_open_a_share_of_pay_unless_their_root_has_fallen() -> None:
    repeats = [confirmed(4, root="b3"), confirmed(5, root="b3")]
    assert offer_open(PN_07, [confirmed(3), *repeats])
    fallen = confirmed(3, state="cancelled")
    assert not offer_open(PN_07, [fallen, *repeats, confirmed(6), confirmed(7)])
    assert offer_open(PN_07, [*repeats, confirmed(6)])


def test_no_share_of_a_sales_advisors_pay_is_open_however_many_breaches_there_are() -> None:
    assert not offer_open(PN_07, [confirmed(n, role="sales_advisor") for n in range(3, 8)])


@pytest.mark.parametrize(("rate", "fen"), [("20", 60_000), ("10", 30_000), ("30", 90_000), ("12.5", 37_500)])
def test_a_share_of_3000_yuan_is_that_many_fen(rate: str, fen: int) -> None:
    assert share(300_000, Decimal(rate), PAY) == fen


@pytest.mark.parametrize("rate", ["35", "5", "9.99", "30.01"])
def test_a_share_outside_its_limits_is_refused_with_a_sentence(rate: str) -> None:
    refused = share(300_000, Decimal(rate), PAY)
    assert isinstance(refused, Sentence)
    assert str(refused) == "比例须在 10% 至 30% 之间"


def test_half_a_fen_is_rounded_up_and_less_is_dropped() -> None:
    assert share(5, Decimal(10), PAY) == 1
    assert share(4, Decimal(10), PAY) == 0
    assert share(333_333, Decimal("12.5"), PAY) == 41_667


def test_a_share_of_less_than_nothing_is_refused() -> None:
    assert str(share(-1, Decimal(10), PAY)) == "绩效工资不能为负数"
