"""Operators, and what happens between types without being written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.catalog.formula.functions.function import ANYTHING, DATE, LOOSE, NUMBER, ORDERED, Function, param
from app.catalog.formula.functions.numbers import over, power, times
from app.catalog.formula.kinds import Kind
from app.fields.times import Moment

_MOMENT = param("时刻", "moment", Kind.MOMENT)
_ORDERED = param("值", "value", Kind.ANY, group="a", among=(*ORDERED, Kind.TEXT))
DAY_SECONDS = Decimal(86_400)


def compared(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    """Return a comparison that does not hold where either value is blank."""
    return lambda a, b: a is not None and b is not None and holds(a, b)


def plain(value: Decimal) -> str:
    """Return a number as text, without needless zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moved(day: date, days: Decimal) -> date:
    """Return a day so many whole days later."""
    return bounded(day + timedelta(int(days)))


def bounded(day: date) -> date:
    """Return a day that formulas know. Raises ValueError before 1900, OverflowError comes after 9999."""
    if day.year < 1900:
        raise ValueError(day)
    return day


def seconds(later: datetime, earlier: datetime) -> Decimal:
    """Return the seconds from one moment to another."""
    return Decimal(int((later - earlier).total_seconds()))


PLUS = Function("+", (NUMBER, NUMBER), Kind.NUMBER, lambda a, b: a + b)
MINUS = Function("-", (NUMBER, NUMBER), Kind.NUMBER, lambda a, b: a - b)
TIMES = Function("*", (NUMBER, NUMBER), Kind.NUMBER, times)
OVER = Function("/", (NUMBER, NUMBER), Kind.NUMBER, over)
TO_THE = Function("^", (NUMBER, param("次数", "exponent", Kind.NUMBER, fixed=True)), Kind.NUMBER, power)
NEGATIVE = Function("neg", (NUMBER,), Kind.NUMBER, lambda a: Decimal(0) - a)
PERCENT = Function("%", (NUMBER,), Kind.NUMBER, lambda a: over(a, Decimal(100)))
LATER = Function("date+", (DATE, NUMBER), Kind.DATE, moved)
EARLIER = Function("date-", (DATE, NUMBER), Kind.DATE, lambda a, n: moved(a, -n))
BETWEEN_DAYS = Function("days", (DATE, DATE), Kind.NUMBER, lambda a, b: Decimal((a - b).days))
BETWEEN = Function("span", (_MOMENT, _MOMENT), Kind.NUMBER, lambda a, b: over(seconds(a, b), DAY_SECONDS))
JOIN = Function("&", (LOOSE, LOOSE), Kind.TEXT, lambda a, b: a + b)
EQUAL = Function("=", (ANYTHING, ANYTHING), Kind.BOOLEAN, lambda a, b: a == b, takes_blanks=True)
UNEQUAL = Function("<>", (ANYTHING, ANYTHING), Kind.BOOLEAN, lambda a, b: a != b, takes_blanks=True)
LESS = Function("<", (_ORDERED, _ORDERED), Kind.BOOLEAN, compared(lambda a, b: a < b), takes_blanks=True)
AT_MOST = Function("<=", (_ORDERED, _ORDERED), Kind.BOOLEAN, compared(lambda a, b: a <= b), takes_blanks=True)
MORE = Function(">", (_ORDERED, _ORDERED), Kind.BOOLEAN, compared(lambda a, b: a > b), takes_blanks=True)
AT_LEAST = Function(">=", (_ORDERED, _ORDERED), Kind.BOOLEAN, compared(lambda a, b: a >= b), takes_blanks=True)

NUMBER_TEXT = Function("number text", (NUMBER,), Kind.TEXT, plain)
DATE_TEXT = Function("date text", (DATE,), Kind.TEXT, lambda d: d.isoformat())
MOMENT_TEXT = Function(
    "moment text", (_MOMENT,), Kind.TEXT, lambda m: f"{m.astimezone(Moment.zone):%Y-%m-%d %H:%M}"
)  # fmt: skip
BOOLEAN_TEXT = Function(
    "boolean text", (param("是否", "yes or no", Kind.BOOLEAN),), Kind.TEXT, lambda b: "是" if b else "否"
)
DAY_OF = Function("day of", (_MOMENT,), Kind.DATE, lambda m: bounded(m.astimezone(Moment.zone).date()))

AS_TEXT = {
    Kind.NUMBER: NUMBER_TEXT.name,
    Kind.DATE: DATE_TEXT.name,
    Kind.MOMENT: MOMENT_TEXT.name,
    Kind.BOOLEAN: BOOLEAN_TEXT.name,
}
"""By type: what makes a text of it."""
