"""Amounts in capital figures, as the rules for filling in bills and vouchers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.capitals import DIGITS, capitals

SMALL = {"拾": 10, "佰": 100, "仟": 1000}


@pytest.mark.parametrize(
    ("fen", "said"),
    [
        (0, "零元整"), (5, "伍分"), (50, "伍角整"), (55, "伍角伍分"), (5000, "伍拾元整"), (1000, "壹拾元整"), (5050, "伍拾元零伍角整"),
        (5005, "伍拾元零伍分"), (140950, "壹仟肆佰零玖元伍角整"), (600714, "陆仟零柒元壹角肆分"), (168032, "壹仟陆佰捌拾元零叁角贰分"),
        (1640902, "壹万陆仟肆佰零玖元零贰分"), (32504, "叁佰贰拾伍元零肆分"), (10000000, "壹拾万元整"), (10000100, "壹拾万零壹元整"),
        (1000500000, "壹仟万伍仟元整"), (10_0000_0001_00, "壹拾亿零壹元整"), (-2000, "负贰拾元整"),
        (1_0001_0000_0000_00, "壹万零壹亿元整"), (1_0000_0000_0000_00, "壹万亿元整"),
    ],
)  # fmt: skip
def test_amounts_are_written_as_on_a_voucher(fen: int, said: str) -> None:
    assert capitals(fen) == said


def test_what_has_no_customary_name_is_refused() -> None:
    with pytest.raises(ValueError, match="customary"):
        capitals(10**18)


@given(st.integers(min_value=0, max_value=10**14))
def test_reading_what_was_written_gives_the_amount(fen: int) -> None:
    said = capitals(fen).removesuffix("整")
    yuan, mark, rest = said.rpartition("元")
    total = (_read(yuan) if mark else 0) * 100
    for digit, unit in zip(rest.replace("零", "")[::2], rest.replace("零", "")[1::2], strict=True):
        total += DIGITS.index(digit) * {"角": 10, "分": 1}[unit]
    assert total == fen
    assert "零零" not in said


def _read(text: str) -> int:
    """Read a whole number by another way than it is written: adding places, multiplying by 万 and 亿."""
    total = section = digit = 0
    for c in text:
        if c in DIGITS:
            digit = DIGITS.index(c)
        elif c in SMALL:
            section, digit = section + digit * SMALL[c], 0
        elif c == "万":
            total, section, digit = total + (section + digit) * 10**4, 0, 0
        else:
            total, section, digit = (total + section + digit) * 10**8, 0, 0
    return total + section + digit
