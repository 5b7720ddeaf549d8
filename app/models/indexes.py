"""The indexes of a register's table, from what its definition says is listed, sorted, compared and referenced."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Index, Table

from app.catalog.register import RegisterSpec
from app.fields.links import File, Link, Person
from app.fields.texts import LongText
from app.models.order import blanks_first

LONGEST_NAME = 63
"""Characters that PostgreSQL keeps of a name."""

UNCHOSEN = 12
"""Columns of a list that get an index where the definition does not name its columns: each index makes every write dearer."""


def add_indexes(table: Table, spec: RegisterSpec) -> None:
    """Give a register's table its indexes.

    Archived rows keep neither unique values nor a place in the list. The index of the list holds, behind the keys, all that
    scopes compare, so that skipping and counting rows reads no row. Every listed column is followed by the register's own order:
    the same index gives rows of one kind by date, rows of a span of dates, and all rows sorted by the column.
    """
    kept = table.c.archived_at.is_(None)
    unique = [*spec.unique_together, *((f.code,) for f in spec.fields if f.unique and not f.many)]
    for fields in unique:
        _index(
            table, "uq", "_".join(c.name for c in _of(table, fields)), [table.c[c] for c in fields], kept, unique=True
        )
    ties = [c for c in (spec.order.lstrip("-"), "id") if c in table.c]
    ties = ties[: ties.index("id") + 1]
    scoped = [c for c in _scoped(spec) if c in table.c and c not in ties]
    # archived_at is empty in every entry; without it SQLite reads each row again to be sure
    _index(table, "ix", "list", [*map(blanks_first, _of(table, ties)), *_of(table, [*scoped, "archived_at"])], kept)
    listed = [c for c in ("state", *_listed(spec)) if c in table.c and c not in ties]
    for code in dict.fromkeys(listed):
        _index(table, "ix", f"{table.c[code].name}_listed", list(map(blanks_first, _of(table, [code, *ties]))))
    for code in dict.fromkeys(_compared(spec)):
        if code in table.c and code not in {*listed, *ties} and (code,) not in unique:
            _index(table, "ix", table.c[code].name, [table.c[code]], table.c[code].is_not(None))


def _of(table: Table, codes: Sequence[str]) -> list[Column[Any]]:
    return [table.c[c] for c in codes]


def _index(
    table: Table, kind: str, name: str, columns: Sequence[Any], where: Any = None, *, unique: bool = False
) -> None:
    full = f"{kind}_{table.name}_{name}"
    if len(full) > LONGEST_NAME:
        digest = hashlib.sha256(full.encode()).hexdigest()[:8]
        full = f"{full[: LONGEST_NAME - 9]}_{digest}"
    Index(full, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def _listed(spec: RegisterSpec) -> list[str]:
    """Return the columns of the list that one sorts and filters by; where nobody chose them, the first of them."""
    fields = [spec.field(c) for c in (spec.columns or spec.listed[:UNCHOSEN])]
    return [f.code for f in fields if f is not None and not f.many and not isinstance(f, LongText | File)]


def _scoped(spec: RegisterSpec) -> list[str]:
    """Return the columns that decide who may see a row."""
    names = [*spec.excluded, *([spec.follows] if spec.follows else [])]
    for a in spec.access:
        if a.rows == "own":
            names += ["created_by", *(a.named_in or [f.code for f in spec.fields if isinstance(f, Person)])]
        elif a.rows in ("unit", "below", "company"):
            names.append("unit")
        if a.when is not None:
            names += [f for f in a.when.fields() if "." not in f]
    return list(dict.fromkeys(names))


def _compared(spec: RegisterSpec) -> list[str]:
    """Return the columns that scopes and duties compare, or that point to other records; most rows leave many of them empty."""
    names = ["unit", *spec.excluded, *(f.code for f in spec.fields if isinstance(f, Link) and f.target)]
    names += [d.owed_by.field or d.owed_by.word for d in spec.duties]
    for a in spec.access:
        if a.rows == "own":
            names += a.named_in or [f.code for f in spec.fields if isinstance(f, Person)]
    return [n for n in names if n]
