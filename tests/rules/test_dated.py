from __future__ import annotations

from decimal import Decimal

from app.catalog.amount import Amount
from app.rules.dated import in_force
from tests.rules.site import day

ALWAYS = Amount(money=Decimal(50))
LATER = Amount.model_validate({"money": "80", "from": "2026-11-15"})


def test_a_value_holds_from_its_day_on() -> None:
    assert in_force([ALWAYS, LATER], day("2026-11-14")) is ALWAYS
    assert in_force([ALWAYS, LATER], day("2026-11-15")) is LATER
    assert in_force([LATER, ALWAYS], day("2026-11-15")) is LATER


def test_before_the_first_value_there_is_none() -> None:
    assert in_force([LATER], day("2026-11-14")) is None
    assert in_force([], day("2026-11-14")) is None


def test_of_several_values_of_one_day_the_first_holds() -> None:
    assert in_force([ALWAYS, Amount(money=Decimal(20))], day("2026-11-14")) is ALWAYS
