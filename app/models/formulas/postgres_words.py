"""Functions of numbers, text and conditions in PostgreSQL's words."""

from __future__ import annotations

import string
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, Numeric, Text, and_, case, cast, false, func, or_

from app.catalog.formula.functions.numbers import DIGITS
from app.catalog.formula.functions.texts import DATE_FORMATS, MOST, NUMBER_FORMATS, WIDEST
from app.models.formulas.arithmetic import number, over, power, quotient, size, times
from app.models.formulas.postgres_days import shown_day


def _up(value: Any, places: Decimal = Decimal(0)) -> Any:
    units = func.ceil(func.abs(value) * number(Decimal(10) ** int(places)))
    return func.sign(value) * units * number(Decimal(10) ** -int(places))


def _steps(rounding: Any) -> Any:
    return lambda a, step=None: times(
        rounding(quotient(a, number(1) if step is None else step)), number(1) if step is None else step
    )


def _sum(*parts: Any) -> Any:
    filled = [func.coalesce(p, number(0)) for p in parts]
    return sum(filled[1:], filled[0])


def _average(*parts: Any) -> Any:
    ones = [case((p.is_(None), number(0)), else_=number(1)) for p in parts]
    return over(_sum(*parts), sum(ones[1:], ones[0]))


def _product(*parts: Any) -> Any:
    found = func.coalesce(parts[0], number(1))
    for part in parts[1:]:
        found = times(found, func.coalesce(part, number(1)))
    return case((func.coalesce(*parts).is_not(None), found))


def _number(text: Any) -> Any:
    return cast(func.substring(text, rf"^ *([+-]?[0-9]{{1,15}}(?:\.[0-9]{{1,{DIGITS}}})?) *$"), Numeric)


def _placed(start: Any, found: Any) -> Any:
    return case((and_(func.trunc(start) >= 1, func.trunc(start) <= MOST), found))


def _mid(text: Any, start: Any, count: Any) -> Any:
    return _placed(start, func.substr(text, cast(func.trunc(start), Integer), size(count)))


def _replace(text: Any, start: Any, count: Any, new: Any) -> Any:
    first = cast(func.trunc(start), Integer)
    return _placed(start, func.left(text, first - 1).concat(new).concat(func.substr(text, first + size(count))))


def _joined(*parts: Any) -> Any:
    found = parts[0]
    for part in parts[1:]:
        found = found.concat(part)
    return found


def _shown(value: Any, form: str) -> Any:
    if form in DATE_FORMATS:
        return shown_day(value, form)
    places, percent = NUMBER_FORMATS[form], form.endswith("%")
    rounded = func.round(value * number(100) if percent else value, places)
    grouped = "FM" + ",".join(["999"] * 10) + ",990" + ("." + "0" * places if places else "")
    text = func.to_char(rounded, grouped) if "," in form else cast(rounded, Text)
    return case((func.abs(value) < number(WIDEST), text.concat("%") if percent else text))


def _held(condition: Any) -> Any:
    return func.coalesce(condition, false())


BUILT: dict[str, Any] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": times,
    "/": over,
    "^": power,
    "neg": lambda a: number(0) - a,
    "%": lambda a: over(a, number(100)),
    "=": lambda a, b: a.is_not_distinct_from(b),
    "<>": lambda a, b: a.is_distinct_from(b),
    "&": _joined,
    "number text": lambda a: cast(func.trim_scale(a), Text),
    "boolean text": lambda a: case((a.is_(True), "是"), (a.is_(False), "否")),
    "AND": lambda *c: and_(*map(_held, c)),
    "OR": lambda *c: or_(*map(_held, c)),
    "XOR": lambda a, b: _held(a).is_distinct_from(_held(b)),
    "NOT": lambda a: _held(a).is_(False),
    "ABS": func.abs,
    "SIGN": func.sign,
    "ROUND": lambda a, n=0: func.round(a, int(n)),
    "ROUNDUP": _up,
    "ROUNDDOWN": lambda a, n=0: func.trunc(a, int(n)),
    "TRUNC": lambda a, n=0: func.trunc(a, int(n)),
    "INT": func.floor,
    "CEILING": _steps(func.ceil),
    "FLOOR": _steps(func.floor),
    "MOD": lambda a, b: a - times(b, func.floor(quotient(a, b))),
    "QUOTIENT": lambda a, b: func.trunc(quotient(a, b)),
    "POWER": power,
    "MIN": func.least,
    "MAX": func.greatest,
    "SUM": _sum,
    "AVERAGE": _average,
    "PRODUCT": _product,
    "ISEVEN": lambda a: func.mod(func.trunc(a), number(2)) == 0,
    "ISODD": lambda a: func.mod(func.trunc(a), number(2)) != 0,
    "N": lambda a: case((a.is_(True), number(1)), else_=number(0)),
    "VALUE": _number,
    "LEFT": lambda t, n=None: func.left(t, 1 if n is None else size(n)),
    "RIGHT": lambda t, n=None: func.right(t, 1 if n is None else size(n)),
    "MID": _mid,
    "LEN": lambda t: cast(func.char_length(t), Numeric),
    "CONCAT": _joined,
    "TEXTJOIN": lambda between, *parts: func.concat_ws(between, *(func.nullif(p, "") for p in parts)),
    "TRIM": lambda t: func.regexp_replace(func.btrim(t, " "), " +", " ", "g"),
    "UPPER": lambda t: func.translate(t, string.ascii_lowercase, string.ascii_uppercase),
    "LOWER": lambda t: func.translate(t, string.ascii_uppercase, string.ascii_lowercase),
    "SUBSTITUTE": func.replace,
    "REPLACE": _replace,
    "REPT": lambda t, n: func.repeat(t, size(n, 100)),
    "FIND": lambda part, t: cast(func.nullif(func.strpos(t, part), 0), Numeric),
    "CONTAINS": lambda t, part: func.strpos(t, part) > 0,
    "BEGINS": lambda t, part: func.left(t, func.char_length(part)) == part,
    "EXACT": lambda a, b: a == b,
    "TEXT": _shown,
}
"""Functions and operators by name."""
