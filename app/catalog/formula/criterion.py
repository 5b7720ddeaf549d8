"""Criteria of COUNTIF and its kin: a value, or a text that begins with a comparison, as spreadsheets have them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from app.catalog.formula.kinds import NAMES, Kind
from app.catalog.formula.names import shape_of
from app.catalog.formula.syntax import Written
from app.catalog.formula.tokens import Faulty
from app.catalog.formula.tree import Fixed, Only, Tree
from app.catalog.misfits import choose
from app.catalog.register import RegisterSpec
from app.errors import say
from app.fields.base import Field, Unreadable

_COMPARISON = re.compile(r"\s*(<>|<=|>=|<|>|=)?\s*(.*)", re.DOTALL)


def criterion(spec: RegisterSpec, field: Field, wanted: Tree, at: Written) -> Only:
    """Return which records a written criterion on one of their fields means. Raises Faulty."""
    shape = shape_of(spec, field)
    if shape is None or shape.kind in (Kind.LINK, Kind.MOMENT):
        raise Faulty(say("不能按“{field}”设条件", field=field.label.zh), at.start, at.end)
    if not isinstance(wanted, Fixed):
        raise Faulty(say('条件须直接写出，如 "满意" 或 ">=60"'), at.start, at.end)
    sign: Any = "="
    value: Any = wanted.value
    if isinstance(value, str):
        found = _COMPARISON.fullmatch(value)
        sign, value = (found.group(1) or "=", found.group(2)) if found else ("=", value)
        value = _read(field, shape.words, value.strip(), at)
    elif wanted.kind is not shape.kind:
        unfit = say(
            "“{field}”是{wanted}，不能与{found}比较",
            field=field.label.zh,
            wanted=NAMES[shape.kind],
            found=NAMES[wanted.kind],
        )
        raise Faulty(unfit, at.start, at.end)
    elif shape.percent:
        value = value * 100
    if sign not in ("=", "<>") and (shape.kind in (Kind.TEXT, Kind.BOOLEAN) or value is None):
        raise Faulty(say("“{field}”只能用 = 或 <> 比较", field=field.label.zh), at.start, at.end)
    if isinstance(value, Decimal) and -int(value.as_tuple().exponent) > shape.places:
        raise Faulty(say("“{field}”最多 {n} 位小数", field=field.label.zh, n=shape.places), at.start, at.end)
    return Only(field.code, sign, value)


def _read(field: Field, words: tuple[tuple[str, str], ...], text: str, at: Written) -> Any:
    """Return the value of the field that a text is, None for blank."""
    if not text:
        return None
    if words:
        codes = {label: code for code, label in words} | {code: code for code, _ in words}
        if text not in codes:
            hint = choose(text, [label for _, label in words])
            raise Faulty(say("没有选项“{value}”，{hint}", value=text, hint=hint), at.start, at.end)
        return codes[text]
    try:
        return field.parse(text)
    except Unreadable as wrong:
        raise Faulty(wrong.reason, at.start, at.end) from None
