"""Definitions back to YAML: in the order and the short forms that a person would write."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import yaml
from pydantic import BaseModel

from app.catalog.base import Cited, Party, one_or_more
from app.catalog.duty import Done, Start
from app.catalog.register import RegisterSpec
from app.fields.base import Field
from app.fields.label import Label
from app.fields.texts import Choices, Option

WIDTH = 110
"""A mapping or list that is shorter stands on one line."""


def short(part: Any) -> Any:
    """Return a part of a definition as plain values in its shortest form that loads back to an equal part."""
    match part:
        case Label() if type(part) is Label and not part.en:
            return part.zh
        case Party() if part.word:
            return part.word
        case Start() | Done():
            written = _mapping(part)
            if written == {"created": True}:
                return "created"
            return written["field"] if set(written) == {"field"} and part.field != "created" else written
        case BaseModel():
            return _mapping(part)
        case dict():
            return {k: short(v) for k, v in part.items()}
        case tuple() | list():
            return [short(v) for v in part]
    return part


def _mapping(part: BaseModel) -> dict[str, Any]:
    written: dict[str, Any] = {}
    for name, declared in type(part).model_fields.items():
        value = getattr(part, name)
        if value == declared.get_default(call_default_factory=True) and not (
            isinstance(part, Field) and name == "type"
        ):
            continue
        key = declared.alias or name
        if isinstance(part, Choices) and name == "choices":
            written[key] = _options(part.choices)
        elif one_or_more(type(part), key) and isinstance(value, tuple) and len(value) == 1:
            written[key] = short(value[0])
        else:
            written[key] = short(value)
    return _in_order(part, written)


def _options(options: tuple[Option, ...]) -> Any:
    """Return options as names, as names with their English, or in full."""
    if any(o.en for o in options) and all(o == Option(code=o.code, zh=o.code, en=o.en) for o in options):
        return {o.code: o.en for o in options}
    return [o.code if o == Option(code=o.code, zh=o.code) else short(o) for o in options]


def _in_order(part: BaseModel, written: dict[str, Any]) -> dict[str, Any]:
    """Return the keys with what something is called first and, in small parts, its citation last."""
    order = ["code", "label"]
    if isinstance(part, Cited) and "cite" in written and not isinstance(part, RegisterSpec):
        written["cite"] = written.pop("cite")
    return {k: written[k] for k in order if k in written} | written


class _Dumper(yaml.SafeDumper):  # type: ignore[misc]
    """Writes short mappings and lists on one line, decimals exactly, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)

    def represent(self, data: Any) -> None:
        node = self.represent_data(data)
        node.flow_style = False  # the top level always has one key to a line
        self.serialize(node)

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        node = super().represent_sequence(tag, sequence, flow_style=False)
        node.flow_style = _size(node) <= WIDTH
        return node

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        node = super().represent_mapping(tag, mapping, flow_style=False)
        node.flow_style = _size(node) <= WIDTH
        return node


def _size(node: Any) -> int:
    """Return about how many columns a node takes on one line; a Chinese character takes two."""
    if isinstance(node, yaml.ScalarNode):
        long = WIDTH if "\n" in node.value else 0
        return long + sum(1 + (ord(c) > 0x2E7F) for c in node.value)
    pairs = (part for pair in node.value for part in pair) if isinstance(node, yaml.MappingNode) else node.value
    return 2 + sum(_size(part) + 2 for part in pairs)


def _decimal(dumper: yaml.SafeDumper, value: Decimal) -> Any:
    text = f"{value:f}"
    return dumper.represent_scalar("tag:yaml.org,2002:float" if "." in text else "tag:yaml.org,2002:int", text)


def _text(dumper: yaml.SafeDumper, value: str) -> Any:
    # the writer quotes what it would read as a boolean itself, yes and no; others, and our reader, take y and n for one too
    quoted = "'" if value.lower() in {"y", "n"} else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=quoted)


_Dumper.add_representer(Decimal, _decimal)
_Dumper.add_representer(str, _text)
_Dumper.add_representer(date, lambda d, v: d.represent_scalar("tag:yaml.org,2002:timestamp", v.isoformat()))


class _LineDumper(_Dumper):
    """Writes everything on one line."""

    def represent(self, data: Any) -> None:
        self.serialize(self.represent_data(data))

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> Any:
        node = super().represent_sequence(tag, sequence)
        node.flow_style = True
        return node

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> Any:
        node = super().represent_mapping(tag, mapping)
        node.flow_style = True
        return node


def in_lines(value: Any) -> str:
    """Return plain values as YAML, one key or element of the top level to a line, ending in a line break."""
    return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6))


def in_line(value: Any) -> str:
    """Return a plain mapping or list as YAML in braces or brackets."""
    return str(yaml.dump(value, Dumper=_LineDumper, allow_unicode=True, sort_keys=False, width=10**6)).rstrip("\n")


def dump(part: BaseModel) -> str:
    """Return a register, a policy, an indicator or an extension as the YAML document that loads back to an equal one."""
    return in_lines(short(part))
