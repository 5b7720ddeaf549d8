"""What of a shipped register a site's adjustment may not change or take away, and the articles that demand it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.catalog.editing import same
from app.catalog.overlay import ADDED, FIXED, FLOW, articles

Leaves = Literal["field", "entry", "nothing"]
"""What may be done all the same: a field is renamed, made required and given synonyms; another entry is renamed; or nothing."""


@dataclass(frozen=True)
class Lock:
    """Something that stays: ``at`` leads there, a member of a list that has a code named by it; ``articles`` such as ``P05-C1``."""

    at: tuple[str | int, ...]
    articles: tuple[str, ...]
    leaves: Leaves


def locks(shipped: Mapping[str, Any], adjusted: Mapping[str, Any]) -> list[Lock]:
    """Return what of a shipped register stays, at its places in the ``adjusted`` one; both plain.

    Each entry of a list, the parts in it that cite articles of their own, and what a register says of itself alone.
    """
    whole = articles({"cite": shipped.get("cite")})
    flow, there = shipped.get("workflow") or {}, adjusted.get("workflow") or {}
    lists: list[tuple[tuple[str, ...], Any, Any]] = [((key,), shipped.get(key), adjusted.get(key)) for key in ADDED]
    lists += [(("workflow", key), flow.get(key), there.get(key)) for key in FLOW]
    found = [lock for at, old, new in lists for lock in _in_list(at, old or [], new or [], whole)]
    for key in sorted(FIXED & shipped.keys() & adjusted.keys()):
        found.append(Lock((key,), _each(articles({key: shipped[key]}) or whole), "nothing"))
        found += _inside(shipped[key], (key,))
    return found


def _in_list(at: tuple[str, ...], old: list[Any], new: list[Any], whole: str) -> Iterator[Lock]:
    for entry in old:
        code = entry.get("code") if isinstance(entry, dict) else None
        index = next((i for i, e in enumerate(new) if same(e, entry)), None) if code is None else code
        if index is not None:
            yield Lock((*at, index), _each(articles(entry) or whole), "field" if at == ("fields",) else "entry")
            yield from _inside(entry, (*at, index))


def _inside(node: Any, at: tuple[str | int, ...]) -> Iterator[Lock]:
    """Yield the parts within ``node`` that cite articles of their own."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key != "cite":
                yield from _part(value, (*at, key))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            named = value.get("code") if isinstance(value, dict) else None
            yield from _part(value, (*at, named or i))


def _part(value: Any, at: tuple[str | int, ...]) -> Iterator[Lock]:
    if isinstance(value, dict) and (cited := articles({"cite": value.get("cite")})):
        yield Lock(at, _each(cited), "nothing")
    yield from _inside(value, at)


def _each(cited: str) -> tuple[str, ...]:
    return tuple(filter(None, cited.split("、")))
