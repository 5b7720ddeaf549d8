"""What was counted over a list, remembered by this process until somebody changes a table that the list reads."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

from sqlalchemy import Select
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import TableClause

from app.services import watching
from app.services.panel import Work

T = TypeVar("T")
_KEPT = 500
"""Counts that one process remembers."""


@dataclass(frozen=True)
class Place:
    """Where counts over one list are kept: the statement with its values and the state of every table it reads; None: nowhere.

    ``running`` are the transactions that were writing then: the count holds until one of them ends.
    """

    key: Hashable
    running: frozenset[int] = frozenset()


@dataclass
class _Memory:
    kept: OrderedDict[Hashable, tuple[Any, frozenset[int]]] = field(default_factory=OrderedDict)


def place_of(work: Work, register: str, found: Select[Any]) -> Place:
    """Return where counts over a list are kept; nowhere for one that reads tables whose changes nobody counts."""
    codes = {t.name: code for code, t in work.tables.items()} | {t.name: code for (code, _), t in work.links.items()}
    read = {t.name for t in visitors.iterate(found) if isinstance(t, TableClause)}
    if work.spec(register).tickets_of or not all(name in codes for name in read):
        return Place(None)
    state, running = watching.state(work, {codes[name] for name in read})
    compiled = found.compile(work.connection)
    values = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in sorted(compiled.params.items()))
    return Place((register, str(compiled), values, state), running)


def recall(work: Work, place: Place, what: Hashable) -> Any:
    """Return what was counted at a place; None where it is not known, or somebody who was writing then has ended since."""
    if place.key is None:
        return None
    memory = _memory(work)
    found, running = memory.kept.get((place.key, what), (None, frozenset()))
    return found if running <= place.running else None


def keep(work: Work, place: Place, what: Hashable, counted: T) -> T:
    """Remember what was counted at a place, and return it."""
    if place.key is not None:
        memory = _memory(work)
        memory.kept[place.key, what] = counted, place.running
        while len(memory.kept) > _KEPT:
            memory.kept.popitem(last=False)
    return counted


def remembered(work: Work, register: str, found: Select[Any], what: Hashable, count: Callable[[], T]) -> T:
    """Return what ``count`` says about a list, counted once for each state of the tables."""
    place = place_of(work, register, found)
    known = recall(work, place, what)
    return keep(work, place, what, count()) if known is None else cast(T, known)


def _memory(work: Work) -> _Memory:
    memory: _Memory = work.panel.memory.setdefault("counts", _Memory())
    return memory
