"""What of a shipped definition a site's adjustment may not change or take away, and the articles that demand it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.catalog.adjustable import May, Members
from app.catalog.editing import same
from app.catalog.kinds import Kind
from app.catalog.overlay import articles, demanding, listed, member


@dataclass(frozen=True)
class Lock:
    """Something that stays: ``at`` leads there, a member of a list that has a code named by it; ``articles`` such as ``P05-C1``.

    Of what stands there ``anew`` may be said anew all the same, ``more`` be added to, and ``tighter`` be tightened.
    """

    at: tuple[str | int, ...]
    articles: tuple[str, ...]
    anew: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    tighter: tuple[str, ...] = ()


def locks(kind: Kind, shipped: Mapping[str, Any], adjusted: Mapping[str, Any]) -> list[Lock]:
    """Return what of a shipped definition stays, at its places in the ``adjusted`` one; both plain.

    Each entry of a list, the parts in it that cite articles of their own, and what a definition alone says of itself or leaves out.
    """
    locking = _Locking(shipped)
    found = list(locking.within(shipped, adjusted, (), kind.may, demanding(shipped)))
    for key in sorted(kind.fixed):
        found.append(Lock((key,), _each(articles({key: shipped.get(key)}) or demanding(shipped))))
        found += _inside(shipped.get(key), (key,))
    return found


@dataclass(frozen=True)
class _Locking:
    """The looking for locks in one shipped definition."""

    shipped: Mapping[str, Any]

    def within(
        self, old: Mapping[str, Any], new: Mapping[str, Any], at: tuple[str | int, ...], may: May, cited: str
    ) -> Iterator[Lock]:
        """Yield the locks within a part of which some may be changed."""
        for key, members in may.lists.items():
            yield from self.members((*at, key), old.get(key) or [], new.get(key) or [], members)
        for key, inner in may.inside.items():
            if isinstance(old.get(key), dict) and isinstance(new.get(key), dict):
                demanded = articles(old[key]) or cited
                yield _lock((*at, key), demanded, old[key], inner)
                yield from self.within(old[key], new[key], (*at, key), inner, demanded)
                yield from _inside(old[key], (*at, key)) if not inner.lists else ()
        for key in sorted(may.more):
            for i, value in enumerate(listed(old.get(key))):
                if any(same(value, v) for v in listed(new.get(key))):
                    yield Lock((*at, key, i), _each(articles({"cite": value}) or cited))
        for key in sorted(may.stricter):
            if old.get(key) is True and new.get(key) is True and (cited or may.firm):
                yield Lock((*at, key), _each(cited))

    def members(self, at: tuple[str | int, ...], old: list[Any], new: list[Any], members: Members) -> Iterator[Lock]:
        """Yield the locks of a list whose members are found by their codes."""
        for entry in old:
            code = member(entry, members.by)
            index = next((i for i, e in enumerate(new) if same(e, entry)), None) if code is None else code
            if index is None:
                continue
            demanded = demanding(self.shipped, entry)
            yield _lock((*at, index), demanded, entry, members.may)
            there = next((e for e in new if member(e, members.by) == code), None) if code is not None else None
            if isinstance(there, dict):
                yield from self.within(entry, there, (*at, index), members.may, demanded)
            yield from _inside(entry, (*at, index))


def _lock(at: tuple[str | int, ...], cited: str, part: Any, may: May) -> Lock:
    """Return the lock of a part of which some may be changed: ticks that are set already are not among it."""
    ticks = (
        may.stricter
        if not isinstance(part, dict)
        else frozenset(k for k in may.stricter if part.get(k) is not True or not (cited or may.firm))
    )
    tighter = tuple(sorted(ticks | may.rising | may.falling))
    return Lock(at, _each(cited), tuple(sorted(may.anew)), tuple(sorted(may.more)), tighter)


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
        yield Lock(at, _each(cited))
    yield from _inside(value, at)


def _each(cited: str) -> tuple[str, ...]:
    return tuple(filter(None, cited.split("、")))
