"""Reading the demo's people and its told cases from YAML, and letting the cases happen."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import File, Link, Person, Reference, Unit
from app.fields.times import Date, Moment
from app.services.demo.stage import Life, Stage

HERE = Path(__file__).parent
_RELATIVE = re.compile(r"(?P<days>[+-]?\d+)(?: (?P<clock>\d{2}:\d{2}))?")


def read(name: str) -> dict[str, Any]:
    """Return one of the demo's YAML files."""
    found: dict[str, Any] = YAML(typ="safe").load((HERE / name).read_text("utf-8"))
    return found


def told(stage: Stage, steps: Sequence[Mapping[str, Any]]) -> Life:
    """Let the steps of one case happen, each at its relative day and time."""
    for step in steps:
        yield _moment(stage, step["day"])
        _act(stage, step)


def _act(stage: Stage, step: Mapping[str, Any]) -> None:
    who = str(step["as"])
    if register := step.get("create"):
        values = _values(stage, who, register, step.get("values", {}))
        record = stage.create(who, register, **values)
        if name := step.get("ref"):
            stage.refs[f"{register}:{name}"] = record
        return
    register, name = step["record"].split(":")
    record = stage.refs[f"{register}:{name}"]
    values = _values(stage, who, register, step.get("values", {}))
    if "move" in step:
        stage.move(who, register, record, step["move"], step.get("reason", ""), **values)
    else:
        stage.update(who, register, record, **values)


def _values(stage: Stage, who: str, register: str, given: Mapping[str, Any]) -> dict[str, Any]:
    spec = stage.panel.catalog.registers[register]
    found = {}
    for code, value in given.items():
        field = Unit(code="unit", label=Label(zh="部门")) if code == "unit" else spec.field(code)
        if field is None:
            raise KeyError(f"{register}.{code}")
        found[code] = _value(stage, who, register, field, value)
    return found


def _value(stage: Stage, who: str, register: str, field: Field, value: Any) -> Any:
    """Return what a value of the story stands for: names become ids, relative days become days."""
    if isinstance(field, Link) and field.several:
        several = value if isinstance(value, list) else [value]
        return tuple(_link(stage, who, register, field, v) for v in several)
    if isinstance(field, Link):
        return _link(stage, who, register, field, value)
    if isinstance(field, Moment):
        return stage.acting(who).now if value == "now" else _moment(stage, value)
    if isinstance(field, Date):
        return _moment(stage, value).astimezone(stage.panel.zone).date()
    if isinstance(value, bool | int):
        return value
    return field.from_json(value)


def _link(stage: Stage, who: str, register: str, field: Link, value: Any) -> int:
    match field:
        case Person():
            return stage.people[value]
        case Unit():
            return stage.units[value]
        case File():
            return stage.file(who, register, field.code, value)
        case Reference():
            return stage.refs[f"{field.target}:{value}"]
    raise TypeError(f"{field.code} cannot be told")


def _moment(stage: Stage, text: Any) -> datetime:
    """Return the moment that ``-45 10:30`` means; a number alone is the beginning of that day."""
    found = _RELATIVE.fullmatch(str(text))
    if found is None:
        raise ValueError(f"not a relative moment: {text!r}")
    return stage.at(stage.today + timedelta(days=int(found["days"])), found["clock"] or "00:00")
