"""What was counted over a list, remembered by this process until somebody changes what it was counted from."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import orjson
from sqlalchemy import Column, Select, select
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import TableClause

from app.catalog.formula.tree import Own
from app.models.fixed import record_version
from app.services import renewing, watching
from app.services.panel import Work

T = TypeVar("T")
_KEPT = 500
"""Counts that one process remembers."""
_FEW = 500
"""Changes since a count that are looked at one by one, to spare counting again."""


@dataclass(frozen=True)
class Place:
    """Where counts over one list are kept, and the state of the tables that the list reads; ``key`` None: nowhere.

    ``running`` are the transactions that are writing now: a count holds until one of them ends.
    """

    register: str
    key: Hashable
    state: tuple[tuple[str, int], ...] = ()
    running: frozenset[int] = frozenset()
    columns: frozenset[str] = frozenset()
    """The columns of the register that decide which rows are in the list."""


@dataclass
class _Memory:
    kept: OrderedDict[Hashable, tuple[Place, Any]] = field(default_factory=OrderedDict)
    counting: threading.Lock = field(default_factory=threading.Lock)
    """One counts at a time: whoever waited finds it counted."""


def place_of(work: Work, register: str, found: Select[Any]) -> Place:
    """Return where counts over a list are kept; nowhere for one that reads tables whose changes nobody counts."""
    codes = {t.name: code for code, t in work.tables.items()} | {t.name: code for (code, _), t in work.links.items()}
    parts = list(visitors.iterate(found))
    read = {t.name for t in parts if isinstance(t, TableClause)}
    if work.spec(register).tickets_of or not all(name in codes for name in read):
        return Place(register, None)
    own = work.tables[register]
    columns = {c.key for c in parts if isinstance(c, Column) and c.table is own}
    columns |= {f for (code, f), t in work.links.items() if code == register and t.name in read}
    if renewing.waiting(work, register):
        return Place(register, None)
    rest = {r for f in work.catalog.formulas.of.get(register, ()) for r in _registers(work, f.key)}
    state, running = watching.state(work, {codes[name] for name in read} | rest)
    compiled = found.compile(work.connection)
    values = tuple((k, tuple(v) if isinstance(v, list) else v) for k, v in sorted(compiled.params.items()))
    return Place(register, (register, str(compiled), values), state, running, frozenset(columns))


def _registers(work: Work, key: tuple[str, str]) -> set[str]:
    """Return the registers whose records a formula rests on."""
    sources = [part.source for _, part in work.catalog.formulas.rests_on(key)]
    return {s.register for s in sources if not isinstance(s, Own)}


def recall(work: Work, place: Place, what: Hashable) -> Any:
    """Return what was counted at a place and still holds; None where nothing does."""
    then, counted = _memory(work).kept.get((place.key, what), (None, None))
    holds = then is not None and then.running <= place.running and then.state == place.state
    return counted if holds else None


def remembered(
    work: Work,
    place: Place,
    what: Hashable,
    count: Callable[[], T],
    *,
    more: Callable[[T, Sequence[int]], T] | None = None,
    columns: Sequence[str] = (),
) -> T:
    """Return what ``count`` says about a list, counted once for each state of the tables.

    Where records were only added since, or changed in what the list does not look at, ``more`` adds those with the given ids
    to what was counted; ``columns`` are looked at besides those of the list.
    """
    if place.key is None:
        return count()
    if (known := recall(work, place, what)) is not None:
        return cast(T, known)
    memory = _memory(work)
    with memory.counting:
        if (known := recall(work, place, what)) is not None:
            return cast(T, known)
        then, counted = memory.kept.get((place.key, what), (None, None))
        added = _added(work, then, place, columns) if then is not None and more is not None else None
        counted = count() if added is None or more is None else more(cast(T, counted), added) if added else counted
        keep(work, place, what, counted)
    return cast(T, counted)


def keep(work: Work, place: Place, what: Hashable, counted: Any) -> None:
    """Remember what was counted at a place."""
    memory = _memory(work)
    memory.kept[place.key, what] = place, counted
    memory.kept.move_to_end((place.key, what))
    while len(memory.kept) > _KEPT:
        memory.kept.popitem(last=False)


def _added(work: Work, then: Place, now: Place, columns: Sequence[str]) -> list[int] | None:
    """Return the records entered between two states, if nothing else happened that could move one in or out of the list."""
    old, new = dict(then.state), dict(now.state)
    moved = [code for code in new if old.get(code) != new[code]]
    if moved != [now.register] or not then.running <= now.running:
        return None
    worked_from = (c for f in work.catalog.formulas.of.get(now.register, ()) for _, c in f.needs)
    v, watched = record_version.c, now.columns.union(columns, ("archived_at",), worked_from)
    query = select(v.record_id, v.version, v.changes).where(
        v.register == now.register, v.id > old[now.register], v.id <= new[now.register]
    )
    added: list[int] = []
    rows = work.connection.execute(query.limit(_FEW + 1)).all()
    for record_id, version, changes in rows:
        if version == 1:
            added.append(record_id)
        elif record_id not in added and not watched.isdisjoint(orjson.loads(changes)):
            return None
    return added if len(rows) <= _FEW else None


def _memory(work: Work) -> _Memory:
    memory: _Memory = work.panel.memory.setdefault("counts", _Memory())
    return memory
