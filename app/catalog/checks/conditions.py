"""Conditions: the fields they look at exist, and what they compare can be compared."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from app.catalog.blank_words import in_words
from app.catalog.checks.subject import Subject, worked_out
from app.catalog.condition import Condition
from app.catalog.marked import Loc
from app.catalog.misfits import choose, misfits
from app.catalog.register import RegisterSpec
from app.catalog.words import TYPES
from app.errors import say
from app.fields.base import Field, Storage
from app.fields.links import Link
from app.fields.links import Role as RoleField
from app.fields.numbers import Number, YesNo
from app.fields.texts import Choices, SeveralChoices
from app.fields.times import Date, Moment

_ORDERED = ("ge", "gt", "le", "lt")
_COMPARISONS = {"is_": "is", "in_": "in", "not_in": "not_in", "has": "has"} | {name: name for name in _ORDERED}


def check_condition(
    s: Subject, loc: Loc, condition: Condition, of: RegisterSpec | None = None, *, hop: bool = True
) -> None:
    """Note what cannot hold in a condition on records of a register; ``hop``: it may go through one reference."""
    spec = of or s.spec
    for key, group in (("all", condition.all_), ("any", condition.any_)):
        for i, part in enumerate(group or ()):
            check_condition(s, (*loc, key, i), part, spec, hop=hop)
    if condition.not_ is not None:
        check_condition(s, (*loc, "not"), condition.not_, spec, hop=hop)
    if condition.field and (found := _field(s, (*loc, "field"), condition.field, spec, hop=hop)):
        _comparison(s, loc, condition, found[0], found[1], spec)


def check_written(s: Subject, loc: Loc, written: dict[str, Any]) -> None:
    """Note what is wrong with a condition that a field carries as it was written."""
    try:
        condition = Condition.model_validate(written)
    except ValidationError as error:
        s.found += misfits(error, Condition, s.below(loc))
        return
    check_condition(s, loc, condition, hop=False)


def _field(s: Subject, loc: Loc, path: str, spec: RegisterSpec, *, hop: bool) -> tuple[Field, RegisterSpec] | None:
    """Return the field that a condition looks at, with its register."""
    head, dot, rest = path.partition(".")
    if dot:
        link = spec.column(head)
        if not hop or "." in rest:
            s.wrong(
                "D501",
                loc,
                say("“{path}”：这里只能用本登记簿的字段" if not hop else "“{path}”：最多经过一个引用", path=path),
            )
            return None
        if not isinstance(link, Link) or not link.target:
            s.wrong("D501", loc, say("“{path}”：“{field}”不是引用其他登记簿的字段", path=path, field=head))
            return None
        if link.many:
            s.wrong("D501", loc, say("“{path}”：“{field}”可有多个值，不能经它取一个值", path=path, field=head))
            return None
        target = s.catalog.registers.get(link.target)
        return _field(s, loc, rest, target, hop=False) if target else None
    if (found := spec.column(head)) is None:
        hint = choose(head, spec.by_code)
        s.wrong(
            "D501", loc, say("《{register}》没有字段“{code}”，{hint}", register=spec.label.zh, code=head, hint=hint)
        )
        return None
    if found.formula:
        s.wrong("D432", loc, worked_out(found))
        return None
    return found, spec


def _comparison(
    s: Subject, loc: Loc, condition: Condition, found: Field, owner: RegisterSpec, spec: RegisterSpec
) -> None:
    """Note comparisons that do not fit ``found``, a field of ``owner``; other fields are those of ``spec``."""
    if condition.filled is not None:
        return
    many = found.many or isinstance(found, SeveralChoices)
    for name, alias in _COMPARISONS.items():
        value = getattr(condition, name)
        if value is None:
            continue
        at: Loc = (*loc, alias)
        if many and alias in ("is", "in", "not_in"):
            s.wrong("D503", at, in_words("Condition", say("“{field}”可有多个值，请用“{has}”", field=found.label.zh)))
        elif alias == "has" and not many:
            s.wrong(
                "D503", at, in_words("Condition", say("“{field}”只有一个值，请用“{is}”或“{in}”", field=found.label.zh))
            )
        elif alias in _ORDERED and not isinstance(found, Number | Date | Moment):
            unordered = say("“{field}”是{type}，不能比较大小", field=found.label.zh, type=TYPES[found.type])
            s.wrong("D503", at, unordered)
        elif isinstance(value, tuple):
            for i, one in enumerate(value):
                _value(s, (*at, i), found, owner, one, spec)
        else:
            _value(s, at, found, owner, value, spec)


_COMPARABLE = {Storage.SCALED: Storage.INTEGER}


def _value(s: Subject, loc: Loc, found: Field, owner: RegisterSpec, value: Any, spec: RegisterSpec) -> None:
    """Note a value that ``found``, a field of ``owner``, can never have."""
    if isinstance(value, dict):
        _other_field(s, loc, found, value, spec)
        return
    if found.code == "state" and owner.workflow:
        s.state(loc, str(value), owner)
        return
    if isinstance(found, Choices):
        if found.option(str(value)) is None or not isinstance(value, str):
            hint = choose(str(value), [o.code for o in found.choices])
            s.wrong(
                "D502", loc, say("“{field}”没有选项“{value}”，{hint}", field=found.label.zh, value=value, hint=hint)
            )
        return
    if isinstance(found, RoleField):
        s.role(loc, str(value))
        return
    if not _same_kind(found, value):
        unlike = say(
            "“{field}”是{type}，不能与“{value}”比较", field=found.label.zh, type=TYPES[found.type], value=value
        )
        s.wrong("D503", loc, unlike)


def _same_kind(found: Field, value: Any) -> bool:
    match found:
        case YesNo():
            return isinstance(value, bool)
        case Number():
            return isinstance(value, int | Decimal) and not isinstance(value, bool)
        case Date():
            return isinstance(value, date)
        case Moment() | Link():
            return False
    return isinstance(value, str)


def _other_field(s: Subject, loc: Loc, found: Field, value: dict[str, Any], spec: RegisterSpec) -> None:
    if set(value) != {"field"} or not isinstance(value["field"], str):
        s.wrong("D504", loc, say("与另一字段比较请写成 {{field: 字段}}"))
        return
    other = _field(s, (*loc, "field"), value["field"], spec, hop=True)
    if other is None:
        return
    kinds = {_COMPARABLE.get(f.storage, f.storage) for f in (found, other[0])}
    if len(kinds) > 1 or found.many != other[0].many:
        unlike = say(
            "“{a}”是{type_a}，“{b}”是{type_b}，不能相比",
            a=found.label.zh, b=other[0].label.zh, type_a=TYPES[found.type], type_b=TYPES[other[0].type],
        )  # fmt: skip
        s.wrong("D503", loc, unlike)
