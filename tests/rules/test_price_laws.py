"""What must hold of any breaches of a person, whatever they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.catalog.breach import Counter
from app.rules.price import PricedLine, price, window
from tests.rules.archive import ARCHIVE_MONTH, SALES, SERVICE, Fact
from tests.rules.site import CALENDAR, at


@st.composite
def groups(draw: st.DrawFn) -> list[Fact]:
    """Return fresh breaches of one person within three months, and repeats of some of them."""
    roles = draw(st.sampled_from([SALES, SERVICE, SALES | SERVICE, frozenset()]))
    found: list[Fact] = []
    for n in range(draw(st.integers(0, 7))):
        moment = at("2025-03-01 00:00").replace(month=draw(st.integers(3, 5)), day=draw(st.integers(1, 5)))
        priced = st.builds(
            PricedLine,
            kind=st.just("k"),
            unit_fen=st.integers(0, 9_999),
            quantity=st.integers(0, 4),
            corrected_at=st.none() | st.just(at("2025-04-04 12:00")),
        )
        found.append(
            Fact(
                f"b{n}",
                moment,
                CALENDAR.day_of(moment),
                draw(st.sampled_from(["D1", "D2", "D7", "E9"])),
                n,
                roles,
                draw(st.sampled_from(["live", "live", "live", "waived", "cancelled"])),
                tuple(draw(st.lists(priced, max_size=3))),
                draw(st.booleans()),
            )
        )
    for n, root in enumerate([draw(st.sampled_from(found)) for _ in range(draw(st.integers(0, 5)))] if found else []):
        moment = at("2025-04-01 00:00").replace(month=draw(st.integers(4, 5)), day=draw(st.integers(1, 9)))
        state = draw(st.sampled_from(["live", "live", "waived", "cancelled"]))
        basis = draw(st.sampled_from(["remaining", "full"]))
        found.append(
            replace(
                root,
                key=f"r{n}",
                number=100 + n,
                occurred_at=moment,
                day=CALENDAR.day_of(moment),
                state=state,
                lines=(),
                root=root.key,
                basis=basis,
            )
        )
    return found


counters = st.builds(
    lambda waived, window: ARCHIVE_MONTH.model_copy(update={"waived_counts": waived, "window": window}),
    st.booleans(),
    st.sampled_from(["calendar_month", "year", "ever"]),
)


def priced_by_hand(counter: Counter, breaches: list[Fact]) -> dict[str, int]:
    """Return fen by breach, worked out one breach at a time in the words of requirements 4.2."""

    def counts(b: Fact) -> bool:
        stands = b.root is None or next(r for r in breaches if r.key == b.root).state == "live"
        return stands and b.state in (("live", "waived") if counter.waived_counts else ("live",))

    def before(a: Fact, b: Fact) -> bool:
        order = [*counter.order, "E9"]
        return (a.occurred_at, order.index(a.clause), a.number) < (b.occurred_at, order.index(b.clause), b.number)

    def together(a: Fact, b: Fact) -> bool:
        month, year = a.day.month == b.day.month, a.day.year == b.day.year
        return {"calendar_month": month and year, "year": year, "ever": True}[counter.window]

    def doubled(b: Fact) -> bool:
        nth = 1 + sum(counts(other) and together(other, b) and before(other, b) for other in breaches)
        threshold = 2 if "sales_advisor" in b.roles else 3 if "service_advisor" in b.roles else 10**9
        return b.multiplied and counts(b) and nth >= threshold

    def amount(b: Fact) -> int:
        root = next(r for r in breaches if r.key == b.root) if b.root else b
        if b.state != "live" or root.state != "live":
            return 0
        open_at = [x for x in root.lines if not x.corrected_at or x.corrected_at >= b.occurred_at]
        charged = open_at if b.root and b.basis == "remaining" else root.lines
        return sum(x.unit_fen * x.quantity for x in charged) * (2 if doubled(root) else 1)

    return {b.key: amount(b) for b in breaches}


@given(counters, groups())
def test_amounts_are_those_worked_out_one_by_one(counter: Counter, group: list[Fact]) -> None:
    assert {k: p.amount_fen for k, p in price(counter, group).items()} == priced_by_hand(counter, group)


@given(st.data(), counters, groups())
def test_the_order_in_which_facts_arrive_does_not_matter(
    data: st.DataObject, counter: Counter, group: list[Fact]
) -> None:
    assert price(counter, data.draw(st.permutations(group))) == price(counter, group)


@given(counters, groups(), groups())
def test_a_cancelled_breach_changes_nothing_for_the_others(
    counter: Counter, group: list[Fact], more: list[Fact]
) -> None:
    void = [
        replace(b, key=f"void_{b.key}", number=b.number + 500, state="cancelled", root=b.root and f"void_{b.root}")
        for b in more
    ]
    found = price(counter, [*group, *void])
    assert {k: p for k, p in found.items() if not k.startswith("void_")} == price(counter, group)
    assert all(found[b.key].amount_fen == 0 for b in void)


@given(counters, groups(), groups())
def test_one_more_breach_never_lowers_the_sum(counter: Counter, group: list[Fact], more: list[Fact]) -> None:
    fresh = [replace(b, key="more", number=-1, state="live") for b in more if b.root is None][:1]
    before, now = price(counter, group), price(counter, [*group, *fresh])
    assert all(now[k].amount_fen >= p.amount_fen for k, p in before.items())


@given(counters, groups())
def test_a_repeat_never_costs_more_than_its_root(counter: Counter, group: list[Fact]) -> None:
    found = price(counter, group)
    assert all(found[b.key].amount_fen <= found[b.root].amount_fen for b in group if b.root)
    assert all(found[b.key].factor == found[b.root].factor for b in group if b.root)


@given(counters, groups())
def test_nothing_is_multiplied_twice(counter: Counter, group: list[Fact]) -> None:
    for p in price(counter, group).values():
        assert p.factor in (Decimal(1), Decimal(2))
        assert p.amount_fen in (0, p.base_fen * int(p.factor))


@given(counters, groups())
def test_ordinals_run_without_gaps_through_a_window(counter: Counter, group: list[Fact]) -> None:
    found = price(counter, group)
    windows: dict[tuple[date, date], list[int]] = {}
    for b in group:
        if found[b.key].ordinal:
            windows.setdefault(window(counter, b.day), []).append(found[b.key].ordinal)
    assert all(sorted(places) == list(range(1, len(places) + 1)) for places in windows.values())
