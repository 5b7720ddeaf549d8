"""The meaning of a formula on plain values: what every other way of working it out must agree with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Any, Protocol

from app.catalog.formula.functions import FUNCTIONS
from app.catalog.formula.functions.dates import within
from app.catalog.formula.functions.numbers import WIDE, exact
from app.catalog.formula.kinds import Kind, Shape, Value
from app.catalog.formula.tree import Call, Fixed, Given, Source, Tree


class Calendar(Protocol):
    """What formulas ask of the site's calendar; ``app.rules.calendar.WorkCalendar`` is one."""

    @property
    def revision(self) -> str: ...
    @property
    def first_day(self) -> date: ...
    @property
    def last_day(self) -> date: ...
    @property
    def days(self) -> tuple[date, ...]: ...
    @property
    def numbers(self) -> tuple[int, ...]: ...


@dataclass(frozen=True)
class Circumstances:
    """The day on which a formula is worked out, and the calendar of the site."""

    today: date
    calendar: Calendar


def evaluate(tree: Tree, value_of: Callable[[Source], Value], at: Circumstances) -> Value:
    """Return the value of a formula; None or "" is blank. Nothing that a record holds makes it fail.

    ``value_of`` gives what a source holds as ``from_column`` returns it.
    """
    with localcontext(WIDE):
        return _value(tree, value_of, at)


def _value(tree: Tree, value_of: Callable[[Source], Value], at: Circumstances) -> Value:
    match tree:
        case Fixed(value, _):
            return value
        case Given(source):
            return value_of(source)
        case Call(name, parts, kind):
            found = _called(name, [_value(p, value_of, at) for p in parts], at)
            return "" if found is None and kind is Kind.TEXT else found
    raise TypeError(tree)


def _called(name: str, values: list[Any], at: Circumstances) -> Any:
    function = FUNCTIONS[name]
    if not function.takes_blanks and any(v is None for v in values):
        return None
    try:
        match name:
            case "TODAY":
                return at.today
            case "WORKDAY":
                return workday(at.calendar, values[0], within(values[1]))
            case "NETWORKDAYS":
                return networkdays(at.calendar, values[0], values[1])
        return function.run(*values)
    except (ArithmeticError, ValueError):
        return None


def workday(calendar: Calendar, start: date, days: int) -> date | None:
    """Return the day so many working days after ``start`` (before it for a negative number); blank beyond the calendar."""
    if not days:
        return start
    number = _number(calendar, start)
    if number is None:
        return None
    working = number > 0 and calendar.days[number - 1] == start
    wanted = number + days + (0 if days > 0 or working else 1)
    return calendar.days[wanted - 1] if 0 < wanted <= len(calendar.days) else None


def networkdays(calendar: Calendar, start: date, end: date) -> Decimal | None:
    """Return the working days from ``start`` to ``end``, both counted, negative where it ends before; blank beyond the calendar."""
    if start > end:
        turned = networkdays(calendar, end, start)
        return None if turned is None else 0 - turned
    first, last = _number(calendar, start), _number(calendar, end)
    if first is None or last is None:
        return None
    return Decimal(last - first + (first > 0 and calendar.days[first - 1] == start))


def _number(calendar: Calendar, day: date) -> int | None:
    inside = calendar.first_day <= day <= calendar.last_day
    return calendar.numbers[(day - calendar.first_day).days] if inside else None


def from_column(shape: Shape, value: Any) -> Value:
    """Return what a value of a column, as the tables give it, is in a formula."""
    match shape.kind:
        case Kind.TEXT:
            return dict(shape.words).get(value, value) if value is not None and shape.words else value or ""
        case Kind.NUMBER:
            number = None if value is None else Decimal(value)
            return exact(number.scaleb(-2)) if number is not None and shape.percent else number
    return value  # type: ignore[no-any-return]


def largest(shape: Shape) -> Decimal:
    """Return the size from which a number is kept by no column of such a shape, and is blank."""
    return Decimal(10) ** min(15, 17 - shape.places)


def to_column(shape: Shape, value: Value) -> Any:
    """Return what a formula's value is in a column: rounded to its places, None for blank and for what no column can hold."""
    match value:
        case None | "":
            return None
        case str():
            return value[: shape.longest] if shape.longest else value
        case Decimal():
            number = WIDE.scaleb(value, 2) if shape.percent else value
            if abs(number) >= largest(shape):
                return None
            kept = number.quantize(Decimal(1).scaleb(-shape.places), ROUND_HALF_UP, WIDE) + 0
            return kept if shape.places else int(kept)
    return value
