"""How many rows a list has, and the sums of its columns: counted once for each state of the tables, estimated where that takes long."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func
from sqlalchemy.sql import visitors
from sqlalchemy.sql.expression import TableClause

from app.errors import Refused, say
from app.fields.base import Storage
from app.fields.numbers import Percent
from app.models.explain import expected_rows
from app.services import listing, scope, watching
from app.services.filtering import Part
from app.services.panel import Work

SMALL = 20_000
"""Lists that PostgreSQL expects to be this long at most are counted at once."""
_KEPT = 500
"""Totals that one process remembers."""


@dataclass(frozen=True)
class Sum:
    """The sum of a column over the rows where it is filled, and how many those are."""

    sum: Decimal
    filled: int

    @property
    def average(self) -> Decimal | None:
        return self.sum / self.filled if self.filled else None


@dataclass(frozen=True)
class Total:
    """How many rows there are, whether that was counted or estimated, and the sums asked for by column."""

    count: int
    exact: bool
    sums: Mapping[str, Sum] = field(default_factory=dict)


@dataclass
class _Memory:
    """The totals counted last, each with the first transaction that had not begun when it was counted (0: nobody was writing)."""

    kept: OrderedDict[Hashable, tuple[Total, int]] = field(default_factory=OrderedDict)

    def find(self, key: Hashable, first: int) -> Total | None:
        found = self.kept.get(key)
        if found is None or 0 < found[1] <= first:
            return None  # those who were writing then have ended, and may have changed what was counted
        self.kept.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, total: Total, writer: int) -> None:
        self.kept[key] = total, writer
        while len(self.kept) > _KEPT:
            self.kept.popitem(last=False)


def total(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    sums: Sequence[str] = (),
    exact: bool = False,
) -> Total:
    """Return the total of a list; on PostgreSQL that of a long one is estimated by the planner unless ``exact`` is asked for.

    Raises Forbidden, Missing, and Refused for a column that cannot be added up or that the actor may not see.
    """
    scope.demand(work, register, "read")
    columns = [_summable(work, register, code) for code in dict.fromkeys(sums)]
    found = listing.matching(work, register, filters, search)
    key, first, writer = _key(work, register, found)
    memory: _Memory = work.panel.memory.setdefault("totals", _Memory())
    kept = memory.find((key, tuple(columns)), first) if key is not None else None
    if kept is not None:
        return kept
    if work.connection.dialect.name == "postgresql" and not exact:
        guess = expected_rows(work.connection, found)
        if guess > SMALL:
            return Total(guess, exact=False)
    counted = _count(work, register, found, columns)
    if key is not None:
        for asked in {(), tuple(columns)}:
            memory.keep((key, asked), counted, writer if first < writer else 0)
    return counted


def known(work: Work, register: str, filters: Sequence[Part] = (), search: str = "") -> int | None:
    """Return the exact number of rows if this process has just counted them; counts nothing."""
    found = listing.matching(work, register, filters, search)
    key, first, _ = _key(work, register, found)
    memory: _Memory = work.panel.memory.setdefault("totals", _Memory())
    total = memory.find((key, ()), first) if key is not None else None
    return total.count if total is not None else None


def _count(work: Work, register: str, found: Select[Any], columns: Sequence[str]) -> Total:
    table = work.tables[register]
    parts: list[Any] = [func.count()]
    for code in columns:
        parts += [func.sum(table.c[code]), func.count(table.c[code])]
    row = work.connection.execute(found.with_only_columns(*parts)).one()
    sums = {c: Sum(Decimal(row[1 + 2 * n] or 0), int(row[2 + 2 * n])) for n, c in enumerate(columns)}
    return Total(int(row[0]), exact=True, sums=sums)


def _key(work: Work, register: str, found: Select[Any]) -> tuple[Hashable | None, int, int]:
    """Return under what a total is remembered: the statement with its values, and the state of every table it reads.

    None where it reads one whose changes nobody counts.
    """
    codes = {t.name: code for code, t in work.tables.items()} | {t.name: code for (code, _), t in work.links.items()}
    read = {t.name for t in visitors.iterate(found) if isinstance(t, TableClause)}
    if work.spec(register).tickets_of or not all(name in codes for name in read):
        return None, 0, 0
    state, first, writer = watching.state(work, {codes[name] for name in read})
    compiled = found.compile(work.connection)
    values = tuple((k, _hashable(v)) for k, v in sorted(compiled.params.items()))
    return (str(compiled), values, state), first, writer


def _hashable(value: Any) -> Hashable:
    return tuple(value) if isinstance(value, list) else value


def _summable(work: Work, register: str, code: str) -> str:
    column = next((f for f in scope.fields_for(work, register) if f.code == code), None)
    if column is None or not summable(column):
        raise Refused(say("“{field}”不能求和", field=code))
    return code


def summable(column: Any) -> bool:
    """Return whether values of a field can be added up: numbers, but not shares."""
    return column.storage in (Storage.INTEGER, Storage.SCALED) and not isinstance(column, Percent)
