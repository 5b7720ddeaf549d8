"""Functions of numbers: exact decimals of at most ten places, rounded half away from zero as spreadsheets do."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, ROUND_UP, Context, Decimal
from typing import Any

from app.catalog.formula.functions.function import NUMBER, ORDERED, PLACES, TEXT, Function, param, says
from app.catalog.formula.kinds import Kind

DIGITS = 10
"""Decimal places that a number keeps."""
WIDE = Context(prec=5_000)
"""No product of a formula's length is rounded by it."""
LAST = Decimal(1).scaleb(-DIGITS)


def exact(value: Decimal) -> Decimal:
    """Return a number with the places that it keeps, and no zero with a sign."""
    kept = value.quantize(LAST, ROUND_HALF_UP, WIDE) if _places(value) > DIGITS else value
    return kept or Decimal(0)


def _places(value: Decimal) -> int:
    return -int(value.as_tuple().exponent)


def times(a: Decimal, b: Decimal) -> Decimal:
    """Return a product."""
    return exact(WIDE.multiply(a, b))


def over(a: Decimal, b: Decimal) -> Decimal | None:
    """Return a quotient; blank for a division by zero."""
    if not b:
        return None
    top, bottom = (int(x.scaleb(DIGITS, WIDE)) for x in (a, b))
    whole, rest = divmod(abs(top) * 10**DIGITS, abs(bottom))
    scaled = whole + (2 * rest >= abs(bottom))
    return Decimal(scaled if (top < 0) == (bottom < 0) else -scaled).scaleb(-DIGITS, WIDE)


def power(base: Decimal, exponent: Decimal) -> Decimal | None:
    """Return a whole power of a number by repeated multiplication, each product kept as any is; below zero the quotient of 1 by it."""
    found = Decimal(1)
    for _ in range(abs(int(exponent))):
        found = times(found, base)
    return over(Decimal(1), found) if exponent < 0 else found


def rounded(rounding: str) -> Callable[..., Decimal]:
    """Return the rounding of a number to decimal places, which may be negative."""

    def run(value: Decimal, places: Decimal = Decimal(0)) -> Decimal:
        return value.quantize(Decimal(1).scaleb(-int(places)), rounding, WIDE) + 0

    return run


def _steps(rounding: str) -> Callable[..., Decimal | None]:
    def run(value: Decimal, step: Decimal = Decimal(1)) -> Decimal | None:
        return times(whole_quotient(value, step, rounding), step) if step else None

    return run


def whole_quotient(a: Decimal, b: Decimal, rounding: str) -> Decimal:
    """Return the whole number that a quotient is rounded to, from the quotient itself and not from its ten places."""
    top, bottom = (int(x.scaleb(DIGITS, WIDE)) for x in (a, b))
    down = Decimal(top // bottom)
    if rounding == ROUND_FLOOR or not top % bottom:
        return down
    return down + 1 if rounding == ROUND_CEILING or down < 0 else down


def _mod(a: Decimal, b: Decimal) -> Decimal | None:
    return a - times(b, whole_quotient(a, b, ROUND_FLOOR)) if b else None


def _filled(parts: tuple[Any, ...]) -> list[Any]:
    return [p for p in parts if p is not None]


def _sum(*parts: Any) -> Decimal:
    return sum(_filled(parts), Decimal(0))


def _average(*parts: Any) -> Decimal | None:
    filled = _filled(parts)
    return over(sum(filled, Decimal(0)), Decimal(len(filled))) if filled else None


def _product(*parts: Any) -> Decimal | None:
    found = None
    for part in _filled(parts):
        found = part if found is None else times(found, part)
    return found


_VALUE = param("值", "value", Kind.ANY, group="a", among=ORDERED)
_STEP = param("倍数", "step", Kind.NUMBER)
_DIVISOR = param("除数", "divisor", Kind.NUMBER)

ABS = Function("ABS", (NUMBER,), Kind.NUMBER, abs, help=says("绝对值", "The number without its sign"))
SIGN = Function(
    "SIGN", (NUMBER,), Kind.NUMBER, lambda x: Decimal((x > 0) - (x < 0)),
    help=says("正数为 1，零为 0，负数为 -1", "1, 0 or -1 by the sign"),
)  # fmt: skip
ROUND = Function(
    "ROUND", (NUMBER, PLACES), Kind.NUMBER, rounded(ROUND_HALF_UP), optional=1,
    help=says("四舍五入到几位小数", "Rounded half away from zero to decimal places"),
)  # fmt: skip
ROUNDUP = Function(
    "ROUNDUP", (NUMBER, PLACES), Kind.NUMBER, rounded(ROUND_UP), optional=1,
    help=says("向远离零的方向取到几位小数", "Rounded away from zero"),
)  # fmt: skip
ROUNDDOWN = Function(
    "ROUNDDOWN", (NUMBER, PLACES), Kind.NUMBER, rounded(ROUND_DOWN), optional=1,
    help=says("向零的方向取到几位小数", "Rounded towards zero"),
)  # fmt: skip
TRUNC = Function(
    "TRUNC", (NUMBER, PLACES), Kind.NUMBER, rounded(ROUND_DOWN), optional=1,
    help=says("截去小数", "Cut off behind decimal places"),
)  # fmt: skip
INT = Function(
    "INT", (NUMBER,), Kind.NUMBER, rounded(ROUND_FLOOR), help=says("不大于它的最大整数", "The largest whole number not above it")
)  # fmt: skip
CEILING = Function(
    "CEILING", (NUMBER, _STEP), Kind.NUMBER, _steps(ROUND_CEILING), optional=1,
    help=says("向上取到倍数", "Up to a multiple of the step"),
)  # fmt: skip
FLOOR = Function(
    "FLOOR", (NUMBER, _STEP), Kind.NUMBER, _steps(ROUND_FLOOR), optional=1,
    help=says("向下取到倍数", "Down to a multiple of the step"),
)  # fmt: skip
MOD = Function(
    "MOD",
    (NUMBER, _DIVISOR),
    Kind.NUMBER,
    _mod,
    help=says("余数，符号随除数", "The remainder, with the divisor's sign"),
)
QUOTIENT = Function(
    "QUOTIENT", (NUMBER, _DIVISOR), Kind.NUMBER, lambda a, b: whole_quotient(a, b, ROUND_DOWN) if b else None,
    help=says("商的整数部分", "The whole part of a quotient"),
)  # fmt: skip
POWER = Function(
    "POWER", (NUMBER, param("次数", "exponent", Kind.NUMBER, fixed=True)), Kind.NUMBER, power,
    help=says("乘方，次数为 -9 至 9 的整数", "A whole power, from -9 to 9"),
)  # fmt: skip
MIN = Function(
    "MIN", (_VALUE,), "a", lambda *p: min(_filled(p), default=None), repeats=1, takes_blanks=True, linked=True,
    help=says("最小值，可以是指向本记录的各条：MIN([回访].[分数])", "The smallest, also over records that point here"),
)  # fmt: skip
MAX = Function(
    "MAX", (_VALUE,), "a", lambda *p: max(_filled(p), default=None), repeats=1, takes_blanks=True, linked=True,
    help=says("最大值，可以是指向本记录的各条", "The largest, also over records that point here"),
)  # fmt: skip
SUM = Function(
    "SUM", (NUMBER,), Kind.NUMBER, _sum, repeats=1, takes_blanks=True, linked=True,
    help=says("合计，可以是指向本记录的各条：SUM([回访].[分数])", "The sum, also over records that point here"),
)  # fmt: skip
AVERAGE = Function(
    "AVERAGE", (NUMBER,), Kind.NUMBER, _average, repeats=1, takes_blanks=True, linked=True,
    help=says("平均，空值不计，可以是指向本记录的各条", "The average without blanks, also over records that point here"),
)  # fmt: skip
PRODUCT = Function(
    "PRODUCT", (NUMBER,), Kind.NUMBER, _product, repeats=1, takes_blanks=True, help=says("乘积，空值不计", "The product without blanks")
)  # fmt: skip
ISEVEN = Function(
    "ISEVEN", (NUMBER,), Kind.BOOLEAN, lambda x: not int(x) % 2, help=says("是否偶数", "Whether it is even")
)
ISODD = Function(
    "ISODD", (NUMBER,), Kind.BOOLEAN, lambda x: bool(int(x) % 2), help=says("是否奇数", "Whether it is odd")
)
N = Function(
    "N", (param("是否", "yes or no", Kind.BOOLEAN),), Kind.NUMBER, lambda x: Decimal(1 if x else 0), takes_blanks=True,
    help=says("是为 1，否为 0", "1 for yes, 0 for no"),
)  # fmt: skip


def number(text: str) -> Decimal | None:
    """Return the number that a text of plain digits is; blank for any other."""
    plain = text.strip(" ")
    head, _, tail = plain.lstrip("+-").partition(".")
    fine = len(plain) - len(plain.lstrip("+-")) <= 1 and head.isascii() and head.isdigit() and len(head) <= 15
    whole = "." not in plain or (tail.isascii() and tail.isdigit() and len(tail) <= DIGITS)
    return Decimal(plain) + 0 if fine and whole else None


VALUE = Function(
    "VALUE", (TEXT,), Kind.NUMBER, number, help=says("把数字样的文字变成数字", "The number that a text of digits is")
)  # fmt: skip
