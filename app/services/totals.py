"""How many rows a list has, and the sums of its columns: counted once for each state of the tables, estimated where that takes long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, func

from app.errors import Refused, say
from app.fields.base import Storage
from app.fields.numbers import Percent
from app.models.explain import expected_rows
from app.services import listing, scope, searching
from app.services.filtering import Part
from app.services.panel import Work
from app.services.remembering import keep, place_of, recall, remembered

SMALL = 20_000
"""Lists that are expected to be this long at most are counted at once."""


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

    def __add__(self, other: Total) -> Total:
        sums = {c: Sum(s.sum + other.sums[c].sum, s.filled + other.sums[c].filled) for c, s in self.sums.items()}
        return Total(self.count + other.count, self.exact and other.exact, sums)


def total(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    sums: Sequence[str] = (),
    exact: bool = False,
) -> Total:
    """Return the total of a list; that of a long one is estimated where counting takes long, unless ``exact`` is asked for.

    Raises Forbidden, Missing, and Refused for a column that cannot be added up or that the actor may not see.
    """
    scope.demand(work, register, "read")
    columns = [_summable(work, register, code) for code in dict.fromkeys(sums)]
    found = listing.matching(work, register, filters, search, whole=True)
    place = place_of(work, register, found)
    asked = ("total", *columns)
    if not exact and recall(work, place, asked) is None and (guess := _guess(work, register, found, search)) > SMALL:
        return Total(guess, exact=False)
    counted: Total = remembered(
        work, place, asked, lambda: _count(work, register, found, columns),
        more=lambda old, new: old + _count(work, register, found.where(work.tables[register].c.id.in_(new)), columns),
        columns=columns,
    )  # fmt: skip
    if columns and place.key is not None:
        keep(work, place, ("total",), counted)
    return counted


def known(work: Work, register: str, filters: Sequence[Part] = (), search: str = "") -> int | None:
    """Return the exact number of rows if this process has just counted them; counts nothing."""
    place = place_of(work, register, listing.matching(work, register, filters, search, whole=True))
    found = recall(work, place, ("total",))
    return found.count if found is not None else None


def _guess(work: Work, register: str, found: Select[Any], search: str) -> int:
    """Return how many rows there may be where finding out takes long, else 0.

    PostgreSQL has to look at every row to count; SQLite does so where a word stands in very many texts.
    """
    if work.connection.dialect.name == "postgresql":
        return expected_rows(work.connection, found)
    return searching.proposals(work, register, search) if search.strip() else 0


def _count(work: Work, register: str, found: Select[Any], columns: Sequence[str]) -> Total:
    table = work.tables[register]
    parts: list[Any] = [func.count()]
    for code in columns:
        parts += [func.sum(table.c[code]), func.count(table.c[code])]
    row = work.connection.execute(found.with_only_columns(*parts)).one()
    sums = {c: Sum(Decimal(row[1 + 2 * n] or 0), int(row[2 + 2 * n])) for n, c in enumerate(columns)}
    return Total(int(row[0]), exact=True, sums=sums)


def _summable(work: Work, register: str, code: str) -> str:
    column = next((f for f in scope.fields_for(work, register) if f.code == code), None)
    if column is None or not summable(column):
        raise Refused(say("“{field}”不能求和", field=code))
    return code


def summable(column: Any) -> bool:
    """Return whether values of a field can be added up: numbers, but not shares, nor what its definition says does not add up."""
    number = column.storage in (Storage.INTEGER, Storage.SCALED) and not isinstance(column, Percent)
    return number and getattr(column, "summed", True)
