"""A catalog as one JSON text and back: read in milliseconds where the YAML behind it takes seconds; and what a plan said, so too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from json import JSONDecoder
from typing import Any
from weakref import WeakValueDictionary

import orjson
from pydantic import BaseModel, TypeAdapter

from app.catalog.base import Citation, Party
from app.catalog.catalog import Catalog
from app.catalog.condition import Condition
from app.catalog.indicator import Indicator
from app.catalog.policy import Domain, Policy, RoleSpec
from app.catalog.register import RegisterSpec
from app.errors import Sentence
from app.fields.label import Label

_KINDS: dict[str, TypeAdapter[Any]] = {
    "registers": TypeAdapter(RegisterSpec),
    "policies": TypeAdapter(Policy),
    "roles": TypeAdapter(RoleSpec),
    "domains": TypeAdapter(Domain),
    "indicators": TypeAdapter(Indicator),
}
_VALUES = (Label, Citation, Party, Condition)
"""Parts that are nothing but what they say, whoever has them."""
_WHOLE = TypeAdapter(dict[str, Any])
_DECODER = JSONDecoder()
_KIND = re.compile(r'"(\w+)":\[')
"""What stands before the definitions of one kind; it is looked for only where none of them stands."""
_known: WeakValueDictionary[tuple[str, bytes], Any] = WeakValueDictionary()
"""Definitions that some catalog of this process holds, by kind and SHA-256: catalogs share what they say alike, which is nearly all."""


def to_json(catalog: Catalog) -> str:
    """Return a checked catalog as JSON, without revision and digest."""
    parts = {
        name: [
            kind.dump_python(spec, mode="json", by_alias=True, exclude_unset=True)
            for spec in getattr(catalog, name).values()
        ]
        for name, kind in _KINDS.items()
    }
    return _WHOLE.dump_json(parts).decode()


def from_json(text: str, revision: int, digest: str) -> Catalog:
    """Return the catalog that ``to_json`` wrote.

    Raises pydantic's ValidationError where this version of the program reads definitions differently.
    """
    alike: dict[Any, Any] = {}
    read: dict[str, dict[str, Any]] = {name: {} for name in _KINDS}
    for name, said, part in _parts(text):
        if name in _KINDS:
            spec = _spec(name, said, part, alike)
            read[name][spec.code] = spec
    return Catalog(**read, revision=revision, digest=digest)


def _parts(text: str) -> Iterator[tuple[str, str, Any]]:
    """Yield each definition of a catalog: its kind, its JSON, and what that says.

    One after the other, for the whole is ten times as large as its text and is not needed at once; between two of them a process that
    reads a new catalog beside requests can answer one.
    """
    place = 0
    while (found := _KIND.search(text, place)) is not None:
        place = found.end()
        while text[place] != "]":
            begin = place + (text[place] == ",")
            part, place = _DECODER.raw_decode(text, begin)
            yield found[1], text[begin:place], part


def _spec(name: str, said: str, part: Any, alike: dict[Any, Any]) -> Any:
    """Return one definition, the same object as in another catalog that says the same."""
    key = name, sha256(said.encode()).digest()
    known = _known.get(key)
    if known is None:
        known = _known[key] = _KINDS[name].validate_python(part)
        _share(known, alike)
    return known


def _share(spec: BaseModel, alike: dict[Any, Any]) -> None:
    """Let the parts of a definition that say the same be one object: a third of a catalog is citations, labels and parties told again.

    ``alike`` holds, for one catalog, what was met so far.
    """
    for name, value in spec.__dict__.items():
        spec.__dict__[name] = _shared(value, alike)
    told = spec.model_fields_set
    object.__setattr__(spec, "__pydantic_fields_set__", alike.setdefault(frozenset(told), told))


def _shared(value: Any, alike: dict[Any, Any]) -> Any:
    if isinstance(value, str):
        return alike.setdefault(value, value)
    if isinstance(value, tuple):
        several = tuple(_shared(v, alike) for v in value)
        return alike.setdefault((tuple, *map(id, several)), several)
    if isinstance(value, BaseModel):
        _share(value, alike)
        if isinstance(value, _VALUES):
            parts = (id(v) for v in (value.model_fields_set, *value.__dict__.values()))
            return alike.setdefault((type(value), *parts), value)
    return value


def sentences_to_json(said: Iterable[Sentence]) -> str:
    """Return sentences as JSON, to be worded whenever they are read."""
    return orjson.dumps(list(said), default=str).decode()


def sentences_from_json(text: str) -> list[Sentence]:
    """Return the sentences that ``sentences_to_json`` wrote; what was kept as finished text stays as it is."""
    return [_said(one) if isinstance(one, dict) else Sentence("{text}", {"text": one}) for one in orjson.loads(text)]


def _said(kept: dict[str, Any]) -> Sentence:
    values = {k: _said(v) if isinstance(v, dict) else v for k, v in kept["values"].items()}
    return Sentence(kept["template"], values)
