"""The worked examples of the archive fines (requirements 4.3, PN-01 to PN-10), and other counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from app.catalog.breach import Counter
from app.catalog.duty import Duty
from app.rules.deadlines import due
from app.rules.judge import occurrences
from app.rules.price import PricedLine, price
from tests.rules.archive import ARCHIVE_MONTH, SALES, SERVICE, Fact
from tests.rules.site import CALENDAR, at, day

ORDER = Duty.model_validate(
    {
        "code": "correct",
        "label": "整改",
        "owed_by": "person",
        "starts": "ordered_at",
        "done": "corrected_at",
        "within": [{"working_days": 1}],
        "repeat": {"working_days": 1},
    }
)


def lines(*priced: tuple[int, int] | int) -> tuple[PricedLine, ...]:
    """Return lines written as (quantity, yuan) or yuan."""
    pairs = [(1, p) if isinstance(p, int) else p for p in priced]
    return tuple(PricedLine(f"k{n}", yuan * 100, quantity) for n, (quantity, yuan) in enumerate(pairs))


def breach(key: str, on: str, clause: str, *priced: tuple[int, int] | int, **more: Any) -> Fact:
    """Return a breach of a sales advisor (or ``roles``) that arises at the beginning of a day."""
    more = {"roles": SALES, "number": int(key.strip("abcdefghijklmnopqrstuvwxyz_") or ord(key[0])), **more}
    return Fact(key, CALENDAR.start_of(day(on)), day(on), clause, lines=lines(*priced), **more)


def repeats(root: Fact, ordered: str, corrected: str | None, as_of: str, **more: Any) -> list[Fact]:
    """Return the repeats of a breach whose correction was ordered at a moment and done at another."""
    limit = due(ORDER.within[0], at(ordered), CALENDAR)
    found = occurrences(ORDER, limit, corrected and at(corrected), at(as_of), CALENDAR)
    return [
        Fact(
            f"{root.key}_repeat{o.no}",
            o.occurred_at,
            o.day,
            root.clause,
            1000 + o.no,
            roles=root.roles,
            root=root.key,
            **more,
        )
        for o in found
    ]


def costs(breaches: Sequence[Fact], counter: Counter = ARCHIVE_MONTH) -> dict[str, float]:
    """Return yuan by breach."""
    return {k: p.amount_fen / 100 for k, p in price(counter, breaches).items()}


def places(breaches: Sequence[Fact]) -> dict[str, int]:
    """Return the ordinal by breach."""
    return {k: p.ordinal for k, p in price(ARCHIVE_MONTH, breaches).items()}


# PN-01 and PN-02 with PN-06: a sales advisor, doubled from the second breach of a month


def test_a_sales_advisor_pays_double_from_the_second_breach_of_a_month() -> None:
    march = [
        breach("a", "2025-03-07", "D1", 50),
        breach("b", "2025-03-14", "D2", (2, 20)),
        breach("c", "2025-03-25", "D1", 50),
    ]
    april = breach("d", "2025-04-01", "D1", 50)
    assert costs([*march, april]) == {"a": 50, "b": 80, "c": 100, "d": 50}
    assert sum(costs(march).values()) == 230
    assert places([*march, april]) == {"a": 1, "b": 2, "c": 3, "d": 1}


def test_two_clauses_of_one_handover_are_two_breaches_in_the_order_of_the_clauses() -> None:
    late, unsigned = breach("z", "2025-03-07", "D1", 50), breach("a", "2025-03-07", "D2", (2, 20))
    assert costs([unsigned, late]) == {"z": 50, "a": 80}


def test_the_counter_ranks_the_clauses_of_one_instant_and_what_it_does_not_name_comes_last() -> None:
    backwards = ARCHIVE_MONTH.model_copy(update={"order": ("D10", "D2")})
    found = price(backwards, [breach(c, "2025-03-07", c.upper(), 50) for c in ("d1", "d2", "d10")])
    assert {k: p.ordinal for k, p in found.items()} == {"d10": 1, "d2": 2, "d1": 3}
    alike = price(ARCHIVE_MONTH, [breach(k, "2025-03-07", "D1", 50) for k in ("b2", "b1")])
    assert {k: p.ordinal for k, p in alike.items()} == {"b1": 1, "b2": 2}


def test_a_breach_cancelled_on_appeal_makes_the_second_the_first() -> None:
    first, second = breach("a", "2025-03-07", "D1", 50), breach("b", "2025-03-14", "D2", (2, 20))
    assert costs([first, second]) == {"a": 50, "b": 80}
    assert costs([replace(first, state="cancelled"), second]) == {"a": 0, "b": 40}


def test_breaches_of_two_months_are_not_doubled() -> None:
    assert costs([breach("a", "2025-03-31", "D1", 50), breach("b", "2025-04-01", "D1", 50)]) == {"a": 50, "b": 50}


# PN-03, PN-04, PN-05 with PN-06: a service advisor, doubled from the third


def test_a_service_advisor_pays_double_from_the_third_breach_of_a_month() -> None:
    found = costs(
        [
            breach("a", "2025-03-03", "D3", 50, roles=SERVICE),
            breach("b", "2025-03-04", "D5", (2, 20), roles=SERVICE),
            breach("c", "2025-03-05", "D4", 50, roles=SERVICE),
            breach("d", "2025-03-06", "D5", 50, roles=SERVICE),
        ]
    )
    assert found == {"a": 50, "b": 40, "c": 100, "d": 100}
    assert sum(found.values()) == 290


def test_two_breaches_of_a_service_advisor_are_not_doubled() -> None:
    two = [breach("a", "2025-03-03", "D3", 50, roles=SERVICE), breach("b", "2025-03-04", "D4", 50, roles=SERVICE)]
    assert costs(two) == {"a": 50, "b": 50}


def test_the_defects_of_one_handover_are_lines_of_one_breach() -> None:
    earlier = [breach(k, "2025-03-03", "D3", 50, roles=SERVICE) for k in "ab"]
    handover = breach("c", "2025-03-04", "D5", 20, (2, 50), 20, roles=SERVICE)
    assert costs([handover]) == {"c": 140}
    found = price(ARCHIVE_MONTH, [*earlier, handover])["c"]
    assert (found.base_fen, found.factor, found.amount_fen) == (14_000, 2, 28_000)
    assert found.ordinal == 3
    assert found.arithmetic == "(20 + 2×50 + 20)×2 = 280 元"


def test_a_sheet_not_brought_in_time_is_late_and_incomplete() -> None:
    both = [breach("a", "2025-03-05", "D5", 20, roles=SERVICE), breach("b", "2025-03-05", "D4", 50, roles=SERVICE)]
    assert costs(both) == {"a": 20, "b": 50}
    assert places(both) == {"b": 1, "a": 2}


# PN-07 is decided on the same facts: tests/rules/test_judge.py


# PN-09: loss or damage


def test_an_archive_keeper_and_a_borrower_are_never_doubled() -> None:
    for roles in (frozenset({"archive_admin"}), frozenset({"borrower"})):
        lost = [breach(f"l{n}", f"2025-03-0{n}", "D7", (3, 20), roles=roles) for n in (3, 4, 5)]
        assert costs(lost) == {"l3": 60, "l4": 60, "l5": 60}
    assert costs([breach("a", "2025-03-03", "D7", 20, roles=frozenset({"borrower"}))]) == {"a": 20}


def test_the_third_breach_of_a_service_advisor_is_a_loss_of_two_at_double() -> None:
    earlier = [breach(k, "2025-03-03", "D3", 50, roles=SERVICE) for k in "ab"]
    assert costs([*earlier, breach("c", "2025-03-04", "D7", (2, 20), roles=SERVICE)])["c"] == 80


def test_an_archive_that_is_late_and_then_lost_is_paid_for_twice() -> None:
    late, lost = breach("a", "2025-03-07", "D1", 50), breach("b", "2025-03-20", "D7", (12, 20))
    assert costs([replace(late, roles=SERVICE), replace(lost, roles=SERVICE)]) == {"a": 50, "b": 240}
    assert costs([late, lost]) == {"a": 50, "b": 480}


# PN-10: repetition until corrected


def test_an_order_not_followed_repeats_the_fine_each_working_day() -> None:
    handover = Duty.model_validate(ORDER.model_dump(by_alias=True) | {"within": [{"working_days": 3}], "repeat": None})
    limit = due(handover.within[0], day("2025-03-03"), CALENDAR)
    (late,) = occurrences(handover, limit, at("2025-03-12 10:00"), at("2025-03-31 00:00"), CALENDAR)
    assert str(late.day) == "2025-03-07"
    root = breach("a", str(late.day), "D1", 50)
    again = repeats(root, "2025-03-07 09:00", "2025-03-12 10:00", "2025-03-31 00:00")
    assert [str(b.day) for b in again] == ["2025-03-11", "2025-03-12"]
    assert sum(costs([root, *again]).values()) == 150
    fresh = breach("b", "2025-03-20", "D2", 20)
    found = price(ARCHIVE_MONTH, [root, *again, fresh])
    assert found["a_repeat2"].ordinal == 3
    assert (found["b"].ordinal, found["b"].amount_fen) == (4, 4_000)


def test_a_repeat_of_a_doubled_breach_costs_the_same_and_is_not_doubled_again() -> None:
    earlier = [breach(k, "2025-03-03", "D3", 50, roles=SERVICE) for k in "ab"]
    root = breach("c", "2025-03-04", "D5", (2, 20), roles=SERVICE)
    again = repeats(root, "2025-03-04 09:00", "2025-03-07 09:00", "2025-03-31 00:00")
    found = costs([*earlier, root, *again])
    assert [found[k] for k in ("c", "c_repeat1", "c_repeat2")] == [80, 80, 80]


def test_a_repeat_costs_what_is_still_uncorrected_or_all_of_it() -> None:
    root = breach("a", "2025-03-04", "D5", 20, 20, 20, roles=SERVICE)
    put_right = [replace(x, corrected_at=at("2025-03-05 12:00")) for x in root.lines[:2]]
    root = replace(root, lines=(*put_right, replace(root.lines[2], corrected_at=at("2025-03-06 12:00"))))
    (again,) = repeats(root, "2025-03-04 09:00", "2025-03-06 12:00", "2025-03-31 00:00")
    assert costs([root, again]) == {"a": 60, "a_repeat1": 20}
    assert costs([root, replace(again, basis="full")]) == {"a": 60, "a_repeat1": 60}
    assert price(ARCHIVE_MONTH, [root, again])["a_repeat1"].arithmetic == "与原处罚同额：20 元"


def test_a_line_put_right_in_the_last_second_is_not_charged_again_and_one_second_later_is() -> None:
    root = breach("a", "2025-03-04", "D5", 20, roles=SERVICE)
    again = Fact("r", at("2025-03-06 00:00"), day("2025-03-06"), "D5", 1, roles=SERVICE, root="a")
    for corrected, fen in (("2025-03-05 23:59:59", 0), ("2025-03-06 00:00:00", 2_000)):
        line = replace(root.lines[0], corrected_at=at(corrected))
        assert price(ARCHIVE_MONTH, [replace(root, lines=(line,)), again])["r"].amount_fen == fen


@pytest.mark.parametrize("doubled", [False, True])
def test_a_repeat_in_april_keeps_the_amount_of_march_and_counts_in_april(doubled: bool) -> None:
    earlier = [breach("x", "2025-03-03", "D1", 50)] if doubled else []
    root = breach("a", "2025-03-28", "D1", 50)
    again = repeats(root, "2025-03-28 16:00", "2025-04-01 10:00", "2025-04-30 00:00")
    fresh = breach("b", "2025-04-08", "D2", 20)
    found = price(ARCHIVE_MONTH, [*earlier, root, *again, fresh])
    assert [str(b.day) for b in again] == ["2025-04-01"]
    assert found["a_repeat1"].amount_fen == found["a"].amount_fen == (10_000 if doubled else 5_000)
    assert (found["a_repeat1"].ordinal, found["b"].ordinal, found["b"].amount_fen) == (1, 2, 4_000)


def test_what_is_corrected_on_the_day_of_the_order_is_not_repeated() -> None:
    assert (
        repeats(breach("a", "2025-03-07", "D1", 50), "2025-03-07 09:00", "2025-03-07 17:00", "2025-03-31 00:00") == []
    )


# What appeals do


@pytest.mark.parametrize("state", ["waived", "cancelled"])
def test_repeats_fall_with_their_root_and_no_longer_count(state: str) -> None:
    root = breach("a", "2025-03-07", "D1", 50, state=state)
    again = repeats(replace(root, state="live"), "2025-03-07 09:00", None, "2025-03-14 00:00")
    fresh = breach("b", "2025-03-20", "D1", 50)
    found = price(ARCHIVE_MONTH, [root, *again, fresh])
    assert [found[b.key].amount_fen for b in again] == [0] * 4
    assert [found[b.key].ordinal for b in again] == [0] * 4
    assert (found["b"].ordinal, found["b"].amount_fen) == (1, 5_000)
    assert found["a_repeat1"].arithmetic == ("原处罚已免除，0 元" if state == "waived" else "原处罚已撤销，0 元")


def test_an_appeal_against_one_repeat_affects_only_that_one() -> None:
    root = breach("a", "2025-03-07", "D1", 50)
    one, two, three = repeats(root, "2025-03-07 09:00", "2025-03-13 09:00", "2025-03-31 00:00")
    found = price(ARCHIVE_MONTH, [root, one, replace(two, state="cancelled"), three])
    assert [found[b.key].amount_fen for b in (root, one, two, three)] == [5_000, 5_000, 0, 5_000]
    assert [found[b.key].ordinal for b in (root, one, two, three)] == [1, 2, 0, 3]


def test_a_root_priced_anew_prices_its_repeats_anew() -> None:
    first, root = breach("x", "2025-03-03", "D1", 50), breach("a", "2025-03-07", "D1", 50)
    again = repeats(root, "2025-03-07 09:00", "2025-03-12 10:00", "2025-03-31 00:00")
    assert list(costs([first, root, *again]).values()) == [50, 100, 100, 100]
    assert list(costs([replace(first, state="cancelled"), root, *again]).values()) == [0, 50, 50, 50]


def test_a_waived_breach_counts_only_where_the_counter_says_so() -> None:
    first, second = breach("a", "2025-03-07", "D1", 50, state="waived"), breach("b", "2025-03-14", "D1", 50)
    assert costs([first, second]) == {"a": 0, "b": 50}
    merciless = ARCHIVE_MONTH.model_copy(update={"waived_counts": True})
    assert costs([first, second], merciless) == {"a": 0, "b": 100}
    assert price(merciless, [first, second])["a"].arithmetic == "已免除，0 元"


# Other counters


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ("calendar_month", [50, 100, 50, 50]),
        ("year", [50, 100, 100, 50]),
        ("ever", [50, 100, 100, 100]),
    ],
)
def test_a_window_is_a_month_a_year_or_for_ever(window: str, expected: list[float]) -> None:
    days = ("2025-03-03", "2025-03-31", "2025-12-01", "2026-03-05")
    found = [breach(k, d, "D1", 50) for k, d in zip("abcd", days, strict=True)]
    assert list(costs(found, ARCHIVE_MONTH.model_copy(update={"window": window})).values()) == expected


def test_of_several_multipliers_the_largest_applies() -> None:
    counter = Counter.model_validate(
        {
            "code": "c",
            "label": "计次",
            "multiply": [
                {"from_nth": 2, "by": 2},
                {"role": "sales_advisor", "from_nth": 3, "by": "1.5"},
                {"from_nth": 4, "by": 3},
            ],
        }
    )
    assert list(costs([breach(k, "2025-03-03", "D1", 50) for k in "abcde"], counter).values()) == [
        50,
        100,
        100,
        150,
        150,
    ]


def test_a_fraction_of_a_fen_is_rounded_half_up() -> None:
    counter = Counter.model_validate({"code": "c", "label": "计次", "multiply": [{"from_nth": 1, "by": "1.5"}]})
    odd = Fact("a", at("2025-03-03 00:00"), day("2025-03-03"), "D1", 1, lines=(PricedLine("k", 3_333),))
    found = price(counter, [odd])["a"]
    assert found.amount_fen == 5_000
    assert found.arithmetic == "33.33×1.5 = 50 元"


def test_a_breach_that_is_not_multiplied_still_counts() -> None:
    first, second, third = (breach(k, "2025-03-03", "D1", 50) for k in "abc")
    assert costs([first, replace(second, multiplied=False), third]) == {"a": 50, "b": 50, "c": 100}


def test_without_a_counter_nothing_is_counted_or_multiplied() -> None:
    found = price(None, [breach(k, "2025-03-03", "D1", (2, 50)) for k in "ab"])
    assert [(p.ordinal, p.factor, p.amount_fen) for p in found.values()] == [(0, 1, 10_000)] * 2
    assert found["a"].arithmetic == "2×50 = 100 元"


def test_a_person_with_several_roles_is_judged_by_the_strictest() -> None:
    both = [breach(k, "2025-03-03", "D1", 50, roles=SALES | SERVICE) for k in "abc"]
    assert list(costs(both).values()) == [50, 100, 100]


def test_facts_that_make_no_sense_are_refused() -> None:
    one = breach("a", "2025-03-03", "D1", 50)
    with pytest.raises(ValueError, match="twice"):
        price(ARCHIVE_MONTH, [one, one])
    with pytest.raises(KeyError, match="gone"):
        price(ARCHIVE_MONTH, [replace(one, root="gone")])
    with pytest.raises(ValueError, match="its own root"):
        price(ARCHIVE_MONTH, [replace(one, root="b"), replace(one, key="b", root="a")])


def test_a_breach_without_lines_costs_nothing() -> None:
    found = price(ARCHIVE_MONTH, [breach("a", "2025-03-03", "D1")])["a"]
    assert (found.amount_fen, found.arithmetic) == (0, "0 元")
