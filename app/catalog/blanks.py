"""The blanks of each part of a definition, read from its class: what may be filled in, and of which kind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.catalog.base import Citation, Party
from app.catalog.condition import Condition
from app.catalog.duty import LENGTHS, Span, Term
from app.catalog.indicator import Indicator
from app.catalog.policy import Domain, Policy, RoleSpec
from app.catalog.register import RegisterSpec
from app.catalog.sentences import IMPOSED, SENTENCES
from app.fields.base import Field as Column
from app.fields.kinds import FIELD_TYPES
from app.fields.label import Label
from app.fields.texts import Option

NAMES: dict[str, str] = {
    "field": "field", "fields": "fields", "times": "field", "since": "field", "until": "field", "matches": "field", "payer": "field",
    "quantity": "field", "same_as": "field", "balance": "field", "percent_field": "field", "sign": "field", "starts": "field",
    "needs": "fields", "asks": "fields", "not_by": "fields", "columns": "fields", "title": "fields", "excluded": "fields",
    "rows": "fields", "named_in": "fields", "follows": "field", "of": "field",
    "through": "there", "dated": "there", "each": "there", "corrected": "there", "paid_on": "there", "target": "there", "person": "there",
    "register": "register", "breach": "breach", "joins": "breach", "counter": "counter", "tickets_of": "counters",
    "transition": "transitions", "closed_by": "transition_there", "state": "states", "from": "states", "to": "state",
    "role": "role", "confirmed_by": "role", "decided_by": "role", "reported_by": "roles", "by": "roles",
    "required_from": "state", "edited_by": "roles", "seen_by": "roles", "can": "verbs", "overdue": "duty_there", "domain": "domain",
    "formula": "formula", "indicator": "indicator", "receives": "roles", "default": "default",
}  # fmt: skip
"""What a text names, by its key: a field here or ``there`` (in the register that the part names), a role, a state …"""

OTHERWISE: dict[tuple[str, str], str] = {
    ("Access", "rows"): "word", ("Prolongation", "by"): "there", ("Sublist", "columns"): "theirs", ("Grant", "until"): "there",
    ("Payments", "amount"): "there", ("Share", "of"): "register", ("Share", "through"): "theirs_of", ("Limit", "before"): "field",
    ("Term", "before"): "field", ("Bound", "before"): "field", ("Band", "up_to"): "up_to", ("Counter", "per"): "per",
    ("Done", "field"): "there", ("Amount", "of"): "number_field", ("Destruction", "through"): "there",
    ("Report", "from"): "field", ("Report", "to"): "field", ("Report", "name"): "field", ("Sublist", "order"): "order_there",
    ("Measure", "duties"): "duties_there", ("Measure", "of"): "there", ("Measure", "by"): "day_there", ("Measure", "until"): "there",
    ("Measure", "per"): "split", ("Indicator", "per"): "split", ("Measure", "scores"): "scores",
    ("RegisterSpec", "unique_together"): "groups", ("RegisterSpec", "order"): "order",
    ("Domain", "icon"): "icon", ("Option", "into"): "option", ("Indicator", "indicator"): "text", ("Policy", "policy"): "text",
}  # fmt: skip
"""Keys that name something else in one part than in the others."""


DOCUMENTS: dict[str, type[BaseModel]] = {
    "registers": RegisterSpec, "policies": Policy, "indicators": Indicator, "roles": RoleSpec, "domains": Domain,
}  # fmt: skip
"""What a definition of each group is."""

KEPT = frozenset({"kept_in", "original_of"})
"""Keys that the panel writes itself when a field's type changes."""


@dataclass(frozen=True)
class Blank:
    """One key of a part: ``kind`` says how it is filled in, ``of`` which part it holds, ``options`` which words it may be."""

    key: str
    kind: str
    of: str = ""
    options: tuple[str, ...] = ()
    required: bool = False
    holds: bool = False
    """A tick that is set where nothing is written."""
    preset: str = ""
    """The word that holds where nothing is written."""


@dataclass(frozen=True)
class Part:
    """A part of a definition with its blanks; ``units`` are those of a length of time that it can be."""

    name: str
    model: type[BaseModel]
    blanks: tuple[Blank, ...]
    units: tuple[str, ...] = ()


@cache
def parts() -> tuple[Part, ...]:
    """Return every part that definitions are made of, themselves included, but for the fields of registers."""
    found: dict[str, Part] = {}

    def visit(model: type[BaseModel]) -> None:
        if model.__name__ in found or model in (Label, Citation, Party, Condition) or issubclass(model, Column):
            return
        found[model.__name__] = _part(model)
        for info in model.model_fields.values():
            for inner in _models(info.annotation):
                visit(inner)

    for document in DOCUMENTS.values():
        visit(document)
    visit(Option)
    return tuple(found.values())


@cache
def field_parts() -> tuple[Part, ...]:
    """Return every field type as a part, named as in ``type``."""
    return tuple(Part(name, kind, _part(kind).blanks) for name, kind in FIELD_TYPES.items())


def _part(model: type[BaseModel]) -> Part:
    units = tuple(u for u in (*LENGTHS, "field") if u in model.model_fields) if issubclass(model, Span | Term) else ()
    own = ((i.alias or k, i) for k, i in model.model_fields.items() if k not in units and k not in KEPT)
    blanks = tuple(_blank(model, key, info) for key, info in own)
    return Part(model.__name__, model, blanks, units)


def _blank(model: type[BaseModel], key: str, info: FieldInfo) -> Blank:
    kind, of, options = _kind(model.__name__, key, info.annotation)
    preset = info.default if kind == "word" and info.default in options else ""
    return Blank(key, kind, of, options, info.is_required() or key == "cite", info.default is True, preset)


def _kind(part: str, key: str, annotation: Any) -> tuple[str, str, tuple[str, ...]]:
    """Return how a key is filled in, which part it holds, and the words it may be."""
    bare = _bare(annotation)
    inner = _bare(next((a for a in get_args(bare) if a is not Ellipsis), None)) if get_origin(bare) is tuple else None
    held = inner or bare
    if get_origin(held) is Literal:
        return ("words" if inner else "word"), "", tuple(str(a) for a in get_args(held) if a)
    if (part, key) in OTHERWISE:
        return OTHERWISE[part, key], "", ()
    if inner is None and isinstance(bare, type) and bare in _SIMPLE:
        return _SIMPLE[bare], "", ()
    several = {Party: "parties", Citation: "cite", Label: "labels", Option: "choices"}
    single = {Party: "party", Label: "label", Condition: "condition"}
    known = (several if inner else single).get(held)
    if known:
        return known, "", ()
    if isinstance(held, type) and issubclass(held, BaseModel):
        return ("parts" if inner else "part"), held.__name__, ()
    if get_origin(bare) is dict:
        inner = get_args(bare)[1]
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            return "keyed", inner.__name__, ()
        return {"match": "match", "required_when": "condition"}.get(key, "sets"), "", ()
    return NAMES.get(key, "texts" if inner else "text"), "", ()


_SIMPLE: dict[type, str] = {bool: "tick", int: "number", Decimal: "decimal", date: "day"}


def _bare(annotation: Any) -> Any:
    """Return an annotation without None and without constraints."""
    while hasattr(annotation, "__metadata__"):
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        rest = [a for a in get_args(annotation) if a is not NoneType]
        return _bare(rest[0])
    return annotation


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)


Piece = str | dict[str, Any]
"""Text, ``{"blank": key}``, or ``{"optional": [pieces]}``."""

_TOKEN = re.compile(r"\{(\w+)\}|\[|\]")


def sentence_of(model: type[BaseModel]) -> str:
    """Return the template of a part's sentence; empty where it has none."""
    said = SENTENCES.get(model)
    return said.template if said is not None else ""


def pieces(template: str, imposed: str = IMPOSED.template) -> list[Piece]:
    """Return a sentence's template, in whatever language, as the pieces that it is drawn from."""
    found: list[Piece] = []
    into, at = found, 0
    template = template.replace("{charge}", imposed)
    for token in _TOKEN.finditer(template):
        if token.start() > at:
            into.append(template[at : token.start()])
        at = token.end()
        if token[0] == "[":
            into = []
        elif token[0] == "]":
            found.append({"optional": into})
            into = found
        else:
            into.append({"blank": token[1]})
    if at < len(template):
        found.append(template[at:])
    return found
