"""Every key of the language of definitions, and where the keys of a document stand in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from app.catalog.blanks import KEPT, Part, field_parts, parts
from app.catalog.kinds import KINDS, LISTS, kind_of
from app.catalog.reference import models
from app.fields.kinds import FIELD_TYPES

WHOLE = {
    "Label": "two inputs, one for each language",
    "Citation": "chosen from the articles of all policies",
    "Condition": "a blank of its own: a field, a comparison, a value; joined by and, or, not",
    "Party": "chosen from people, their superiors and roles",
}
"""Classes that one blank fills in as a whole, and how."""

ELSEWHERE = {kind.extension.__name__: "written by the panel where something shipped is changed" for kind in KINDS} | {
    "Charge": "what amounts, bands and rungs share; drawn with each of them",
}
"""Classes without a place of their own."""

SHOWN = {"code", "Policy.policy", "Indicator.indicator"}
"""Codes: made from the name, shown beside it, and fixed once they are in force."""

PARTS: dict[str, Part] = {p.name: p for p in parts()}
FIELDS: dict[str, Part] = {p.name: p for p in field_parts()}


def language() -> dict[str, list[str]]:
    """Return the keys of every class of the language that the designer must have a place for."""
    own = {m.__name__: m for m in models() if m not in FIELD_TYPES.values()} | dict(FIELD_TYPES)
    known = PARTS | FIELDS
    found = {}
    for name, model in own.items():
        if name in WHOLE or name in ELSEWHERE:
            continue
        declared = {f.alias or key for key, f in model.model_fields.items()} - KEPT
        part = known[name]
        assert declared == {b.key for b in part.blanks} | set(part.units)
        found[name] = [b.key for b in part.blanks if not _shown(part, b.key)]
    return found


def _shown(part: Part, key: str) -> bool:
    return not SHOWN.isdisjoint((key, f"{part.name}.{key}"))


def defined(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the definitions of a document with their groups."""
    kind = kind_of(document) if isinstance(document, dict) and "extend" not in document else None
    if kind is not None:
        yield from ((kind.group, row) for row in (document[kind.group] if kind.group in LISTS else [document]))


def keys(document: dict[str, Any], name: str, everything: bool) -> list[tuple[str, tuple[str, str]]]:
    """Return the place of each key of a plain document of the part ``name``, with the part and the key.

    Those that are written; with ``everything`` all that might be.
    """
    return list(_keys(document, PARTS[name], "", everything))


def _keys(value: dict[str, Any], part: Part, at: str, everything: bool) -> Iterator[tuple[str, tuple[str, str]]]:
    for b in part.blanks:
        path = f"{at}.{b.key}".removeprefix(".")
        if not _shown(part, b.key) and (everything or b.key in value):
            yield path, (part.name, b.key)
        inner = value.get(b.key)
        listed = inner if isinstance(inner, list) else [inner] if b.kind == "parts" else []
        if b.kind == "part" and isinstance(inner, dict):
            yield from _keys(inner, PARTS[b.of], path, everything)
        if b.kind == "keyed" and isinstance(inner, dict):
            for key, each in inner.items():
                yield from _keys(each, PARTS[b.of], f"{path}.{key}", everything)
        for i, each in enumerate(listed if b.kind in ("parts", "choices") else ()):
            if isinstance(each, dict):
                kind = FIELDS[each["type"]] if b.key == "fields" and at == "" else PARTS[b.of or "Option"]
                yield from _keys(each, kind, f"{path}[{i}]", everything)
