"""What one breach is charged with: worked examples of requirements 4.3 and laws that hold for any amounts."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.amount import Amount
from app.catalog.breach import Counter
from app.rules.charge import Charged, Late, Payment, charge, interest, started
from app.rules.price import BreachFact, PricedLine, price, window
from tests.rules.site import CALENDAR, at, day


def late(until: str, since: str = "2025-03-08 00:00") -> Late:
    """Return something that was too late from a moment on and lasted until another."""
    return Late(at(since), CALENDAR.day_of(at(since)), at(until))


def charged(amount: dict[str, Any], record: dict[str, Any] | None = None, **more: Any) -> list[Charged]:
    return list(charge(Amount.model_validate(amount), record or {}, CALENDAR, **more))


def cost(amount: dict[str, Any], until: str) -> tuple[int, str]:
    """Return fen and formula of what is charged for lateness since Saturday 8 March 2025."""
    (line,) = charged(amount, late=late(until))
    return line.unit_fen * line.quantity, line.formula


@pytest.mark.parametrize(
    ("unit", "until", "units"),
    [
        ("day", "2025-03-08 00:00", 1),
        ("day", "2025-03-08 23:59", 1),
        ("day", "2025-03-09 00:00", 2),
        ("working_day", "2025-03-08 09:00", 1),  # a Saturday: the first has begun
        ("working_day", "2025-03-10 09:00", 1),
        ("working_day", "2025-03-11 09:00", 2),
        ("hour", "2025-03-08 00:59", 1),
        ("hour", "2025-03-08 01:00", 2),
        ("minute", "2025-03-08 00:10", 11),
    ],
)
def test_each_unit_of_lateness_counts_once_it_has_begun(unit: str, until: str, units: int) -> None:
    assert started(unit, late(until), CALENDAR) == units


def test_an_hour_after_a_limit_that_includes_its_last_moment_is_one_hour() -> None:
    assert started("hour", late("2025-03-07 16:20", since="2025-03-07 15:20:01"), CALENDAR) == 1
    assert started("hour", late("2025-03-07 16:20:01", since="2025-03-07 15:20:01"), CALENDAR) == 2


def test_an_amount_per_day_stops_at_its_limit() -> None:
    per_day = {"money": 10, "per": "day", "at_most": 35}
    assert cost(per_day, "2025-03-10 10:00") == (3000, "3×10（逾期 3 天）")
    assert cost(per_day, "2025-03-11 10:00") == (3500, "4×10（逾期 4 天），最高 35")


@pytest.mark.parametrize(
    ("until", "fen"), [("2025-03-10 23:59", 5000), ("2025-03-11 00:00", 8000), ("2025-03-17 23:59", 8000), ("2025-03-18 00:00", 20000)]
)  # fmt: skip
def test_a_band_holds_up_to_and_including_its_last_day(until: str, fen: int) -> None:
    bands = [{"up_to": {"days": 3}, "money": 50}, {"up_to": {"days": 10}, "money": 80}, {"money": 200}]
    assert cost({"bands": bands}, until)[0] == fen


@pytest.mark.parametrize(
    ("loss", "fen", "said"),
    [(0, 0, "警告"), (None, 0, "警告"), (800, 8000, ""), ("999.99", 10000, ""), (1000, 10000, ""), (1001, 0, "总经理")],
)
def test_bands_of_a_value_take_their_share(loss: Any, fen: int, said: str) -> None:
    bands = [{"up_to": 0, "sanction": "警告"}, {"up_to": 1000, "percent": 10}, {"sanction": "总经理"}]
    (line,) = charged({"of": "loss", "bands": bands}, {"loss": None if loss is None else Decimal(loss)})
    assert (line.unit_fen, line.sanction) == (fen, said)


def test_a_share_is_rounded_half_up_and_explains_itself() -> None:
    (line,) = charged({"money": 5, "percent": "12.5", "of": "price"}, {"price": Decimal("100.20")})
    assert (line.unit_fen, line.formula) == (1753, "5 + 100.2×12.5%")


def test_what_was_not_late_costs_nothing_by_lateness() -> None:
    assert charged({"money": 10, "per": "hour"}) == []


def test_interest_on_10000_unpaid_for_12_days_is_60() -> None:
    assert interest(1_000_000, Decimal("0.05"), day("2025-03-02"), day("2025-03-13")) == (6000, "10000×0.05%×12 天")


def test_interest_after_a_part_payment_on_day_5_is_46() -> None:
    paid = [Payment(day("2025-03-13"), 600_000), Payment(day("2025-03-06"), 400_000)]
    fen, said = interest(1_000_000, Decimal("0.05"), day("2025-03-02"), day("2025-03-20"), paid)
    assert (fen, said) == (4600, "10000×0.05%×5 天 + 6000×0.05%×7 天")


def test_interest_never_exceeds_its_share_of_the_balance() -> None:
    fen, said = interest(10_000, Decimal(1), day("2025-01-01"), day("2025-12-31"), (), Decimal(30))
    assert (fen, said) == (3000, "100×1%×365 天，最高 100×30%")


payments = st.lists(
    st.builds(Payment, st.dates(date(2025, 2, 20), date(2025, 4, 20)), st.integers(0, 300_000)), max_size=5
)


@given(st.integers(0, 1_000_000), st.decimals(0, 2, places=3), st.integers(0, 60), payments)
def test_interest_is_what_counting_each_day_gives(
    balance: int, percent: Decimal, days: int, paid: list[Payment]
) -> None:
    first = date(2025, 3, 2)
    total = Decimal(0)
    for n in range(days):
        today = first + timedelta(days=n)
        total += max(balance - sum(p.fen for p in paid if p.day < today), 0) * percent / 100
    expected = int(total.to_integral_value(ROUND_HALF_UP))
    last = first + timedelta(days=days - 1)
    assert interest(balance, percent, first, last, paid)[0] == expected
    assert interest(balance, percent, first, last, paid[::-1])[0] == expected


def fact(n: int, when: date, **more: Any) -> BreachFact[int]:
    return BreachFact(n, CALENDAR.start_of(when), when, "A", n, **more)


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("calendar_month", "2024-02-01", "2024-02-29"),
        ("week", "2024-02-26", "2024-03-03"),
        ("quarter", "2024-01-01", "2024-03-31"),
        ("half_year", "2024-01-01", "2024-06-30"),
        ("year", "2024-01-01", "2024-12-31"),
    ],
)
def test_a_window_reaches_from_its_first_day_to_its_last(kind: str, first: str, last: str) -> None:
    counter = Counter.model_validate({"code": "c", "label": "计", "window": kind})
    assert window(counter, day("2024-02-29")) == (day(first), day(last))
    assert window(counter, day(first)) == window(counter, day(last)) == (day(first), day(last))


def test_the_windows_of_a_year_end_with_december() -> None:
    for kind, first in (("calendar_month", "2025-12-01"), ("quarter", "2025-10-01"), ("half_year", "2025-07-01")):
        counter = Counter.model_validate({"code": "c", "label": "计", "window": kind})
        assert window(counter, day("2025-12-31")) == (day(first), day("2025-12-31"))


@given(st.lists(st.integers(0, 120), max_size=12), st.integers(1, 40))
def test_a_rolling_window_counts_those_of_the_days_it_looks_back_on(offsets: list[int], days: int) -> None:
    counter = Counter.model_validate({"code": "c", "label": "计", "window": "rolling", "days": days})
    facts = [fact(n, date(2025, 1, 1) + timedelta(days=o)) for n, o in enumerate(offsets)]
    for f in facts:
        before = [g for g in facts if (g.day, g.number) <= (f.day, f.number) and (f.day - g.day).days < days]
        assert price(counter, facts)[f.key].ordinal == len(before)


def test_only_confirmed_breaches_count_against_later_ones_where_the_counter_says_so() -> None:
    counter = Counter.model_validate({"code": "c", "label": "计", "only_confirmed": True})
    facts = [
        fact(1, date(2025, 3, 1)),
        fact(2, date(2025, 3, 2), confirmed=True),
        fact(3, date(2025, 3, 3)),
        fact(4, date(2025, 3, 4)),
    ]
    assert [price(counter, facts)[n].ordinal for n in (1, 2, 3, 4)] == [1, 1, 2, 2]


def test_breaches_of_other_clauses_neither_count_nor_are_multiplied() -> None:
    rule = {"code": "c", "label": "计", "clauses": ["B"], "multiply": [{"from_nth": 1, "by": 2}]}
    line = (PricedLine("k", 1000),)
    facts = [
        fact(1, date(2025, 3, 1), lines=line),
        BreachFact(2, at("2025-03-02 00:00"), day("2025-03-02"), "B", 2, lines=line),
    ]
    assert [(p.ordinal, p.amount_fen) for p in price(Counter.model_validate(rule), facts).values()] == [
        (0, 1000),
        (1, 2000),
    ]


def test_a_ladder_climbs_with_the_ordinal_and_stays_on_its_last_rung() -> None:
    rungs = (
        PricedLine("k", 0, sanction="口头警告"),
        PricedLine("k", 0, sanction="书面警告", from_nth=2),
        PricedLine("k", 10000, from_nth=3),
    )
    facts = [fact(n, date(2025, 3, n), lines=rungs) for n in (1, 2, 3, 4)]
    counter = Counter.model_validate({"code": "c", "label": "计"})
    assert [p.arithmetic for p in price(counter, facts).values()] == ["口头警告", "书面警告", "100 元", "100 元"]


@given(
    st.lists(st.tuples(st.integers(1, 28), st.integers(0, 900), st.integers(0, 700)), max_size=10), st.integers(1, 20)
)
def test_all_of_a_month_together_never_exceed_the_limits(drawn: list[tuple[int, int, int]], most: int) -> None:
    counter = Counter.model_validate({"code": "c", "label": "计", "at_most": {"money": most, "points": most}})
    facts = [
        fact(n, date(2025, 3, d), lines=(PricedLine("k", fen, unit_points=points),))
        for n, (d, fen, points) in enumerate(drawn)
    ]
    priced = price(counter, facts).values()
    for total, free in (
        (sum(p.amount_fen for p in priced), sum(fen for _, fen, _ in drawn)),
        (sum(p.points for p in priced), sum(points for *_, points in drawn)),
    ):
        assert total == min(free, most * 100)
