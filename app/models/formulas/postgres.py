"""Formulas on PostgreSQL, in its own words: exact numerics, days, and text compared by code point.

A text is never NULL, blank is the empty one; of every other type NULL is blank. Nothing that a row holds makes an expression fail:
what would is asked for only inside a CASE that has looked first.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    Numeric,
    Table,
    Text,
    case,
    cast,
    false,
    func,
    literal,
    null,
    true,
)

from app.catalog.formula.evaluate import Circumstances, largest
from app.catalog.formula.functions import FUNCTIONS
from app.catalog.formula.graph import Formula
from app.catalog.formula.kinds import Kind, Shape
from app.catalog.formula.tree import Call, Fixed, Given, Tree
from app.models.formulas import postgres_days, postgres_words
from app.models.formulas.arithmetic import kept, number
from app.models.formulas.sources import source_of
from app.models.registers import Models
from app.models.types import UtcMoment

_TYPES: dict[Kind, Any] = {
    Kind.TEXT: Text(), Kind.NUMBER: Numeric(), Kind.DATE: Date(), Kind.MOMENT: UtcMoment(), Kind.BOOLEAN: Boolean(), Kind.LINK: BigInteger(),
}  # fmt: skip
_BUILT = {**postgres_words.BUILT, **postgres_days.BUILT}


def expression(models: Models, table: Table, formula: Formula, at: Circumstances) -> ColumnElement[Any]:
    """Return what a formula gives in a row of ``table``, as its column keeps it."""
    tree, shape = formula.tree, formula.shape
    if isinstance(tree, Given) and shape.kind is Kind.NUMBER and _same_unit(tree.source.shape, shape):
        return cast(source_of(models, table, tree.source), BigInteger)  # asked for once, with nothing to round
    return _column(shape, _Writer(models, table, at).sql(tree))


def _same_unit(one: Shape, other: Shape) -> bool:
    return (one.kind, one.places, one.percent) == (other.kind, other.places, other.percent)


def _column(shape: Shape, value: Any) -> ColumnElement[Any]:
    match shape.kind:
        case Kind.TEXT:
            return func.nullif(func.left(value, shape.longest) if shape.longest else value, "")
        case Kind.NUMBER:
            whole = value * number(100) if shape.percent else value
            units = func.round(whole * number(Decimal(10) ** shape.places))
            return case((func.abs(whole) < number(largest(shape)), cast(units, BigInteger)))
    return value  # type: ignore[no-any-return]


class _Writer:
    """Writes trees over one table."""

    def __init__(self, models: Models, table: Table, at: Circumstances) -> None:
        self._models, self._table, self._at = models, table, at

    def sql(self, tree: Tree) -> Any:
        """Return a part of a formula as an expression."""
        match tree:
            case Fixed(value, kind):
                return _fixed(value, kind)
            case Given(source):
                return _given(source.shape, source_of(self._models, self._table, source))
            case Call():
                return self._call(tree)
        raise TypeError(tree)

    def _call(self, call: Call) -> Any:
        function = FUNCTIONS[call.name]
        params = function.arranged(len(call.parts)) or ()
        values: list[Any] = []
        for param, part in zip(params, call.parts, strict=True):
            fixed = param.fixed and isinstance(part, Fixed)
            values.append(part.value if fixed and isinstance(part, Fixed) else self.sql(part))
        if call.name in postgres_days.PLACED:
            return postgres_days.PLACED[call.name](self._at, *values)
        if call.name in _BY_KIND:
            return _BY_KIND[call.name]([p.kind for p in call.parts], call.kind, *values)
        found = _BUILT[call.name](*values)
        return func.coalesce(found, literal("", Text)) if call.kind is Kind.TEXT else found


def _fixed(value: Any, kind: Kind) -> Any:
    if value is None:
        return cast(null(), _TYPES[kind])
    if kind is Kind.BOOLEAN:
        return true() if value else false()
    return number(value) if kind is Kind.NUMBER else literal(value, Text if kind is Kind.BLANK else _TYPES[kind])


def _given(shape: Shape, raw: Any) -> Any:
    match shape.kind:
        case Kind.TEXT if shape.words:
            return func.coalesce(case(dict(shape.words), value=raw, else_=raw), "")
        case Kind.TEXT:
            return func.coalesce(cast(raw, Text), "")
        case Kind.NUMBER:
            places = shape.places + (2 if shape.percent else 0)
            return kept(cast(raw, Numeric) * number(Decimal(1).scaleb(-places))) if places else cast(raw, Numeric)
    return raw


def _blank(kind: Kind, value: Any) -> Any:
    return value == "" if kind in (Kind.TEXT, Kind.BLANK) else value.is_(None)


def _nothing(kind: Kind) -> Any:
    return literal("", Text) if kind is Kind.TEXT else cast(null(), _TYPES[kind])


def _held(condition: Any) -> Any:
    return func.coalesce(condition, false())


def _if(_: list[Kind], kind: Kind, condition: Any, then: Any, otherwise: Any = None) -> Any:
    return case((_held(condition), then), else_=_nothing(kind) if otherwise is None else otherwise)


def _ifs(_: list[Kind], kind: Kind, *parts: Any) -> Any:
    pairs = zip(parts[::2], parts[1::2], strict=True)
    return case(*((_held(c), then) for c, then in pairs), else_=_nothing(kind))


def _switch(_: list[Kind], kind: Kind, value: Any, *parts: Any) -> Any:
    pairs, rest = (parts[:-1], parts[-1]) if len(parts) % 2 else (parts, _nothing(kind))
    same = ((value.is_not_distinct_from(w), then) for w, then in zip(pairs[::2], pairs[1::2], strict=True))
    return case(*same, else_=rest)


def _choose(_: list[Kind], kind: Kind, n: Any, *parts: Any) -> Any:
    return case(*((func.trunc(n) == i, part) for i, part in enumerate(parts, 1)), else_=_nothing(kind))


def _coalesce(_: list[Kind], kind: Kind, *parts: Any) -> Any:
    return func.coalesce(*(func.nullif(p, "") for p in parts), "") if kind is Kind.TEXT else func.coalesce(*parts)


def _count(kinds: list[Kind], _: Kind, *parts: Any) -> Any:
    ones = [case((_blank(k, p), number(0)), else_=number(1)) for k, p in zip(kinds, parts, strict=True)]
    return sum(ones[1:], ones[0])


def _ordered(sign: str) -> Any:
    def compare(kinds: list[Kind], _: Kind, a: Any, b: Any) -> Any:
        left, right = (a.collate("C"), b.collate("C")) if Kind.TEXT in kinds else (a, b)
        return func.coalesce(left.op(sign, is_comparison=True, return_type=Boolean())(right), false())

    return compare


_BY_KIND: dict[str, Any] = {
    "IF": _if,
    "IFS": _ifs,
    "SWITCH": _switch,
    "CHOOSE": _choose,
    "COALESCE": _coalesce,
    "IFBLANK": _coalesce,
    "IFERROR": _coalesce,
    "COUNT": _count,
    "ISBLANK": lambda kinds, _, a: _blank(kinds[0], a),
    "<": _ordered("<"),
    "<=": _ordered("<="),
    ">": _ordered(">"),
    ">=": _ordered(">="),
}
"""What depends on the types of its arguments or of its value."""
