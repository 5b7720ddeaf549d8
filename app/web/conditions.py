"""Conditions of definitions as people read them, with fields and options by their names."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext

from app.catalog.condition import Condition
from app.catalog.register import RegisterSpec
from app.fields.texts import Choices
from app.web.counted import field_name
from app.web.language import label, language, language_comma


def words(spec: RegisterSpec, c: Condition) -> str:
    """Return what must hold about a record of a register, in one clause."""
    if c.all_ is not None:
        return gettext("且").join(_inner(spec, x) for x in c.all_)
    if c.any_ is not None:
        return gettext("或").join(_inner(spec, x) for x in c.any_)
    if c.not_ is not None:
        return gettext("不符合（%(condition)s）", condition=words(spec, c.not_))
    name = field_name(spec, c.field)
    if c.filled is not None:
        return gettext("“%(field)s”已填", field=name) if c.filled else gettext("“%(field)s”未填", field=name)
    if c.in_ is not None:
        return gettext("“%(field)s”为%(value)s", field=name, value=_values(spec, c, c.in_))
    if c.not_in is not None:
        return gettext("“%(field)s”不为%(value)s", field=name, value=_values(spec, c, c.not_in))
    for value, text in (
        (c.is_, gettext("“%(field)s”为%(value)s")), (c.has, gettext("“%(field)s”含%(value)s")),
        (c.ge, gettext("“%(field)s”不小于%(value)s")), (c.gt, gettext("“%(field)s”大于%(value)s")),
        (c.le, gettext("“%(field)s”不大于%(value)s")), (c.lt, gettext("“%(field)s”小于%(value)s")),
    ):  # fmt: skip
        if value is not None:
            return text % {"field": name, "value": _value(spec, c, value)}
    return ""


def _inner(spec: RegisterSpec, c: Condition) -> str:
    grouped = c.all_ is not None or c.any_ is not None
    return gettext("（%(condition)s）", condition=words(spec, c)) if grouped else words(spec, c)


def _values(spec: RegisterSpec, c: Condition, values: Any) -> str:
    return language_comma().join(_value(spec, c, v) for v in values)


def _value(spec: RegisterSpec, c: Condition, value: Any) -> str:
    if isinstance(value, dict):
        return gettext("“%(field)s”", field=field_name(spec, value["field"]))
    if isinstance(value, bool):
        return gettext("是") if value else gettext("否")
    if c.field == "state" and spec.workflow and (state := spec.workflow.state(str(value))):
        return label(state.label)
    field = spec.column(c.field)
    option = field.option(value) if isinstance(field, Choices) else None
    return option.text(language()) if option is not None else str(value)
