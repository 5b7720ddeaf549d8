"""The JSON Schema of definitions, for editors; run as a program it writes the language reference anew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from app.catalog.base import one_or_more
from app.catalog.kinds import BY_GROUP, KINDS, LISTS, Kind
from app.catalog.loader import read_folder
from app.catalog.reference import meanings, models, reference
from app.fields.kinds import FIELD_TYPES

DOCUMENTS: dict[str, type[BaseModel]] = {k.key: k.model for k in KINDS if k.group not in LISTS}
"""Kinds of documents by the key that tells them."""

_AS_TEXT = ("Label", "Party", "Start", "Done", "Option", "Sign")
"""Parts that may be written as one word."""


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a definition document of any kind, with its short forms."""
    kinds = [model for k in KINDS for model in (k.model, k.extension)]
    refs, shared = models_json_schema([(k, "validation") for k in kinds], by_alias=True)
    parts = shared["$defs"]
    for model in models():
        for name in (
            model.__name__,
            f"{model.__module__}.{model.__name__}".replace(".", "__"),
        ):  # the longer of two alike
            if name in parts:
                _describe(parts[name], model)
    for name in _AS_TEXT:
        parts[name] = {"anyOf": [{"type": "string"}, parts[name]]}
    choices = {"type": "object", "additionalProperties": {"type": ["string", "null"]}}
    for name in ("Choice", "SeveralChoices"):
        written = parts[name]["properties"]["choices"]
        parts[name]["properties"]["choices"] = {"anyOf": [written, choices], "title": "Choices"}
    rules = [_when(key, refs[model, "validation"]) for key, model in DOCUMENTS.items()]
    rules += [_when(key, _list(key, refs[BY_GROUP[key].model, "validation"])) for key in LISTS]
    rules += [_extending(k, refs[k.extension, "validation"]) for k in KINDS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rulebook definition",
        "type": "object",
        "allOf": rules,
        "$defs": parts,
    }


def _when(key: str, then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"required": [key]}, "then": then}


def _extending(kind: Kind, then: dict[str, Any]) -> dict[str, Any]:
    needed = ["extend"] if kind.word == "register" else ["extend", "kind"]
    return {"if": {"required": needed, "properties": {"kind": {"const": kind.word}}}, "then": then}


def _list(key: str, row: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {key: {"type": "array", "items": row}}, "additionalProperties": False}


def _describe(part: dict[str, Any], model: type[BaseModel]) -> None:
    """Add what each key means, and the short forms of lists."""
    properties = part.get("properties", {})
    for key, meaning in meanings(model).items():
        if key in properties:
            properties[key]["description"] = meaning
    for key in list(properties):
        if one_or_more(model, key):
            items = properties[key].pop("items")
            del properties[key]["type"]
            properties[key]["anyOf"] = [items, {"type": "array", "items": items}]
    if model in FIELD_TYPES.values():
        part["required"] = ["type", *(k for k in part["required"] if k != "type")]


def write(docs: Path) -> None:
    """Write ``definitions.md`` and ``definitions.schema.json`` into ``docs``, with the examples that lie there."""
    for name, text in written(docs).items():
        (docs / name).write_text(text, encoding="utf-8")


def written(docs: Path) -> dict[str, str]:
    """Return the text of each file that ``write`` writes, by its name."""
    schema = json.dumps(json_schema(), ensure_ascii=False, indent=1, sort_keys=True)
    return {"definitions.md": reference(read_folder(docs / "examples")), "definitions.schema.json": schema + "\n"}


if __name__ == "__main__":
    write(Path(__file__).parents[2] / "docs")
