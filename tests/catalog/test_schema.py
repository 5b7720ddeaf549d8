"""What editors and people are told of the language is what the loader accepts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from app.catalog.findings import CHECKS
from app.catalog.loader import load, read_folder
from app.catalog.marked import plain, read_documents
from app.catalog.reference import models
from app.catalog.schema import json_schema, written
from app.fields.kinds import FIELD_TYPES
from tests.catalog.ground import GROUND

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = read_folder(DOCS / "examples")
VALIDATOR = Draft202012Validator(json_schema())


def complaints(text: str) -> list[str]:
    """Return what the JSON Schema objects to in each document of a file."""
    documents = [json.loads(json.dumps(plain(root), default=str)) for root, _ in read_documents("x.yaml", text)]
    return [e.json_path for d in documents for e in VALIDATOR.iter_errors(d)]


@pytest.mark.parametrize("name", ["definitions.md", "definitions.schema.json"])
def test_the_reference_is_not_stale(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == written(DOCS)[name], "run: python -m app.catalog.schema"


def test_the_worked_examples_load_without_a_finding() -> None:
    loaded, findings = load(EXAMPLES)
    assert (loaded is not None, [str(f) for f in findings]) == (True, [])


def test_the_worked_examples_use_every_key_of_the_language() -> None:
    used = {
        key for text in EXAMPLES.values() for root, _ in read_documents("x.yaml", text) for key in keys(plain(root))
    }
    every = {f.alias or name for m in models() for name, f in m.model_fields.items()}
    assert every - used == {"word"}, "a party's word is written without its key"


def keys(node: Any) -> set[str]:
    """Return every key in a document."""
    if isinstance(node, dict):
        return set(node) | {k for v in node.values() for k in keys(v)}
    return {k for v in node for k in keys(v)} if isinstance(node, list) else set()


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_schema_accepts_what_the_loader_accepts(name: str) -> None:
    assert complaints(EXAMPLES[name]) == []


def test_the_schema_accepts_the_short_forms() -> None:
    assert complaints(GROUND) == []


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("code: m\nlabel: 甲\ndomain: d\nfields: []\nlable: 乙\n", "$"),
        ("code: m\nlabel: 甲\ndomain: d\nfields: []\nfollows: 3\n", "$.follows"),
        ("roles: [{code: a}]\n", "$.roles[0]"),
        ("policy: p01\nlabel: 甲\n", "$.policy"),
        ("extend: m\nremove: [a]\n", "$"),
    ],
)
def test_the_schema_objects_to_what_the_loader_refuses(text: str, at: str) -> None:
    assert complaints(text) == [at]


def test_every_class_field_type_and_check_is_in_the_reference() -> None:
    text = (DOCS / "definitions.md").read_text(encoding="utf-8")
    assert [m.__name__ for m in models() if m not in FIELD_TYPES.values() and f"### {m.__name__}\n" not in text] == []
    assert [word for word in FIELD_TYPES if f"#### `{word}`" not in text] == []
    assert [check for check in CHECKS if f"| {check} |" not in text] == []
