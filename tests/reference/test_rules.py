"""The pure rules agree with the reference on whatever hypothesis can think of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.breach import Counter
from app.catalog.duty import Limit
from app.rules.calendar import calendar_from
from app.rules.deadlines import due
from app.rules.price import BreachFact, PricedLine, price
from app.rules.yearbook import read_yearbook
from tests.reference.reckoning import Violation, fines, too_late

ZONES = {
    name: ZoneInfo(name)
    for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Auckland")
}
CALENDARS = {name: calendar_from(read_yearbook(), zone) for name, zone in ZONES.items()}
CITE = {"policy": "X01", "article": "1"}
SEARCH = settings(derandomize=True, deadline=None, max_examples=300)

days = st.dates(date(2023, 1, 1), date(2026, 6, 30)) | st.sampled_from(
    [date(2024, 2, 29), date(2024, 1, 31), date(2026, 2, 14), date(2026, 9, 30), date(2026, 10, 10), date(2025, 12, 31)]
)
clocks = st.times().map(lambda t: t.replace(microsecond=0)) | st.sampled_from(
    [datetime.min.time(), datetime.min.time().replace(hour=23, minute=59, second=59)]
)
lengths = st.one_of(
    st.tuples(st.just("working_days"), st.integers(0, 60)),
    st.tuples(st.just("days"), st.integers(0, 90)),
    st.tuples(st.just("months"), st.integers(0, 6)),
    st.tuples(st.just("hours"), st.integers(0, 200)),
    st.tuples(st.just("minutes"), st.integers(0, 5000)),
)


@SEARCH
@given(
    lengths,
    days,
    st.none() | clocks,
    st.sampled_from(sorted(ZONES)),
    st.sampled_from(["", "10:00", "close"]),
    st.booleans(),
)
def test_a_limit_ends_where_counting_by_hand_ends(length, day, clock, where, ends, stays) -> None:  # type: ignore[no-untyped-def]
    unit, count = length
    zone = ZONES[where]
    began = day if clock is None else datetime.combine(day, clock, zone).astimezone(UTC)
    limit = Limit.model_validate(
        {unit: count, "at": ends, "on_rest_day": "stay" if stays else "next_working_day", "cite": CITE}
    )
    expected = too_late(unit, count, began, zone, clock=ends, stays=stays)
    assert due(limit, began, CALENDARS[where]).late_at == expected


LEAP_WEEK = datetime(2024, 2, 26, tzinfo=UTC)
violations = st.lists(
    st.tuples(
        st.sampled_from(["甲", "乙"]),
        st.integers(0, 7 * 86400) | st.sampled_from([3 * 86400, 4 * 86400 - 1, 4 * 86400]),
        st.sampled_from(["", "", "", "waived", "cancelled"]),
        st.sampled_from([20, 50, 140]),
        st.booleans(),
    ),
    max_size=12,
)


@SEARCH
@given(violations, st.booleans(), st.integers(1, 4), st.sampled_from(sorted(ZONES)), st.randoms(use_true_random=False))
def test_tickets_come_to_the_same_in_any_order_of_arrival(drawn, waived_counts, nth, where, shuffle) -> None:  # type: ignore[no-untyped-def]
    zone = ZONES[where]
    given_: list[Violation] = []
    for n, (who, seconds, decided, cost, repeats) in enumerate(drawn):
        instant = LEAP_WEEK + timedelta(seconds=seconds)
        root = next(
            (m for m, v in enumerate(given_) if v.who == who and v.repeat_of is None and v.instant < instant), None
        )
        given_.append(Violation(who, instant, (n,), cost, decided, root if repeats else None))
    counter = Counter.model_validate({
        "code": "c", "label": {"zh": "计次", "en": "c"}, "waived_counts": waived_counts,
        "multiply": [{"from_nth": nth, "by": 2, "cite": CITE}],
    })  # fmt: skip
    expected = fines(given_, zone, {"甲": nth, "乙": nth}, waived_counts=waived_counts)
    for who in ("甲", "乙"):
        facts = [_fact(n, v, zone) for n, v in enumerate(given_) if v.who == who]
        shuffle.shuffle(facts)
        found = price(counter, facts)
        for fact in facts:
            assert (found[fact.key].ordinal, found[fact.key].amount_fen) == (
                expected[fact.key].place,
                expected[fact.key].yuan * 100,
            )


def _fact(n: int, v: Violation, zone: ZoneInfo) -> BreachFact[int]:
    return BreachFact(
        key=n, occurred_at=v.instant, day=v.instant.astimezone(zone).date(), clause="2", number=v.tie[0],
        state=v.decided or "live", lines=() if v.repeat_of is not None else (PricedLine("case", v.cost * 100),),  # type: ignore[arg-type]
        multiplied=v.repeat_of is None, root=v.repeat_of, basis="full",
    )  # fmt: skip


def test_the_reference_gives_the_worked_dates_of_the_requirements() -> None:
    zone = ZONES["Asia/Shanghai"]
    for unit, count, began, last in (
        ("working_days", 3, date(2025, 3, 3), date(2025, 3, 6)), ("working_days", 1, date(2025, 3, 7), date(2025, 3, 10)),
        ("days", 7, date(2025, 3, 3), date(2025, 3, 10)), ("months", 1, date(2025, 1, 31), date(2025, 2, 28)),
        ("working_days", 5, date(2025, 2, 28), date(2025, 3, 7)), ("working_days", 3, date(2026, 9, 30), date(2026, 10, 10)),
    ):  # fmt: skip
        end = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone)
        assert too_late(unit, count, began, zone) == end
