"""Fields and what names them: codes, targets, defaults, patterns, titles, columns, checks between fields."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from app.catalog.blank_words import aside
from app.catalog.checks.conditions import check_condition, check_written
from app.catalog.checks.subject import NAME, PEOPLE, REFERENCE, Subject
from app.catalog.marked import Loc
from app.catalog.misfits import choose, misfits
from app.catalog.register import RESERVED, RegisterSpec
from app.errors import Sentence, say
from app.fields.base import Field, Unreadable
from app.fields.label import Label
from app.fields.links import Link, Person, Reference, Signature
from app.fields.links import Role as RoleField
from app.fields.numbers import Number
from app.fields.texts import AutoNumber, Choices, Text
from app.fields.times import Date, Moment


def check_fields(s: Subject) -> None:
    """Note what is wrong with the fields of a register, one by one."""
    stamps = {f"{f.code}_at": f for f in s.spec.fields if isinstance(f, Signature)}
    for i, f in enumerate(s.spec.fields):
        loc: Loc = ("fields", i)
        if f.code in RESERVED:
            s.wrong("D403", (*loc, "code"), say("“{code}”是每个登记簿都有的字段，请换一个编码", code=f.code))
        elif f.code in stamps:
            taken = say("“{code}”是签字“{field}”的时间，请换一个编码", code=f.code, field=stamps[f.code].label.zh)
            s.wrong("D403", (*loc, "code"), taken)
        _places(s, loc, f)
        _names(s, loc, f)
        _limits(s, loc, f)
        if f.default is not None and (reason := _refused_default(s, f)):
            s.wrong("D421", (*loc, "default"), say("默认值不可用：{reason}", reason=reason))


def _names(s: Subject, loc: Loc, f: Field) -> None:
    """Check what a field names: a register, roles, a state, other fields."""
    if isinstance(f, Reference):
        s.register((*loc, "register"), f.target)
    s.roles((*loc, "edited_by"), f.edited_by)
    s.roles((*loc, "seen_by"), f.seen_by)
    if isinstance(f, Signature):
        s.roles((*loc, "by"), f.by)
    if f.required_from:
        s.state((*loc, "required_from"), f.required_from)
    if f.required_when is not None:
        check_written(s, (*loc, "required_when"), f.required_when)


def _limits(s: Subject, loc: Loc, f: Field) -> None:
    """Check what a field accepts."""
    if f.unique and f.many:
        s.wrong("D413", (*loc, "unique"), say("“{field}”可有多个值，不能要求唯一", field=f.label.zh))
    if isinstance(f, Signature) and f.many:
        s.wrong(
            "D413",
            (*loc, "several"),
            say("“{field}”是签字，只能由一人签一次；多人签字请各写一个字段", field=f.label.zh),
        )
    if isinstance(f, Choices) and not f.choices:
        s.wrong("D422", (*loc, "choices"), say("没有可选的值"))
    for n, o in enumerate(f.choices if isinstance(f, Choices) else ()):
        offered = [x.code for x in f.choices if not x.retired and x is not o] if isinstance(f, Choices) else []
        if o.into and (not o.retired or o.into not in offered):
            hint = choose(o.into, offered)
            s.wrong(
                "D427",
                (*loc, "choices", n, "into"),
                say("并入的选项须仍可选，自己则停用{retired}；{hint}", hint=hint, retired=aside("retired")),
            )
    if isinstance(f, Number) and f.min is not None and f.max is not None and f.min > f.max:
        s.wrong("D424", (*loc, "min"), say("下限 {min} 大于上限 {max}", min=f.min, max=f.max))
    if isinstance(f, Text) and f.pattern:
        try:
            re.compile(f.pattern)
        except re.error:
            s.wrong("D423", (*loc, "pattern"), say("“{pattern}”不是有效的正则表达式", pattern=f.pattern))


def _places(s: Subject, loc: Loc, f: Field) -> None:
    """Note a column that is another field's, and former values of no field."""
    others = {o.code: o for o in s.spec.fields if o is not f}
    if f.kept_in and (f.kept_in in RESERVED or any(f.kept_in in (o.code, o.kept_in) for o in others.values())):
        s.wrong("D426", (*loc, "kept_in"), say("“{column}”是别的字段的列", column=f.kept_in))
    if f.original_of and f.original_of not in others:
        hint = choose(f.original_of, sorted(others))
        s.wrong(
            "D426",
            (*loc, "original_of"),
            say("《{register}》没有字段“{code}”，{hint}", register=s.spec.label.zh, code=f.original_of, hint=hint),
        )


def _refused_default(s: Subject, f: Field) -> Sentence | None:
    """Return why the default of a field, which is not None, is no value of it."""
    return why_not(s, f, f.default)


def why_not(s: Subject, f: Field, value: Any) -> Sentence | None:
    """Return why a written value is none of field ``f``, or None; ``now`` is a time and ``actor`` a person."""
    if (value == "now" and isinstance(f, Date | Moment)) or (value == "actor" and isinstance(f, Person)):
        return None
    if isinstance(f, Link):
        return say("指向其他记录的字段不能写死一个值")
    if isinstance(f, RoleField):
        known = s.known("roles", str(value))
        return None if known else say("没有角色“{code}”，{hint}", code=value, hint=choose(str(value), s.catalog.roles))
    try:
        read = f.from_json(value)
        return f.check(read) if read is not None else None
    except Unreadable as error:
        return error.reason
    except re.error:
        return None  # reported as D423


def check_register(s: Subject) -> None:
    """Note what is wrong with a register as a whole: domain, number, title, columns, order, uniqueness."""
    spec = s.spec
    if not s.known("domains", spec.domain):
        hint = choose(spec.domain, s.catalog.domains)
        s.wrong("D404", ("domain",), say("没有领域“{code}”，{hint}", code=spec.domain, hint=hint))
    if spec.number:
        try:
            AutoNumber(code="number", label=Label(zh="编号"), pattern=spec.number)
        except ValidationError as error:
            for f in misfits(error, AutoNumber, s.source):
                s.wrong("D420", ("number",), f.sentence)
    for i, code in enumerate(spec.title):
        s.field(("title", i), code, NAME)
    for i, code in enumerate(spec.columns):
        if code not in RESERVED:
            s.field(("columns", i), code, shown=True)
    if (code := spec.order.removeprefix("-")) not in RESERVED:
        s.single(("order",), code, shown=True)
    for i, together in enumerate(spec.unique_together):
        for j, code in enumerate(together):
            s.single(("unique_together", i, j), code)
    if spec.follows:
        s.single(("follows",), spec.follows, REFERENCE)
    _circles(s)
    for i, code in enumerate(spec.excluded):
        s.field(("excluded", i), code, PEOPLE)
    for i, c in enumerate(spec.checks):
        s.field(("checks", i, "field"), c.field)
        check_condition(s, ("checks", i, "require"), c.require)
        if c.when is not None:
            check_condition(s, ("checks", i, "when"), c.when)


def _circles(s: Subject) -> None:
    """Note registers that rest on each other without end: for the right to be read, or for their titles."""
    if circle := _circle(s, lambda spec: (spec.follows,)):
        s.wrong("D904", ("follows",), say("查看权限循环：{registers}", registers=" → ".join(circle)))
    if circle := _circle(s, lambda spec: spec.title):
        s.wrong("D425", ("title",), say("名称循环引用：{registers}", registers=" → ".join(circle)))


def _circle(s: Subject, steps: Callable[[RegisterSpec], tuple[str, ...]]) -> list[str]:
    """Return the way back to this register along the fields that ``steps`` names of each; empty where there is none."""
    ahead, seen = [[s.spec.code]], {s.spec.code}
    while ahead:
        way = ahead.pop()
        spec = s.catalog.registers.get(way[-1])
        for code in steps(spec) if spec else ():
            link = spec.column(code) if spec else None
            target = link.target if isinstance(link, Link) else ""
            if target == s.spec.code:
                return [*way, target]
            if target and target not in seen:
                seen.add(target)
                ahead.append([*way, target])
    return []
