"""Conditions as SQL, with the meaning they have in Python; and values reached through a reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Text, and_, false, not_, or_, select, true
from sqlalchemy.sql.operators import eq, ge, gt, le, lt

from app.catalog.condition import Condition
from app.catalog.duty import Term
from app.catalog.register import RegisterSpec
from app.fields.base import Field, Storage
from app.fields.links import Link
from app.services.panel import Work


def where(table: FromClause, spec: RegisterSpec, condition: Condition, work: Work | None = None) -> ColumnElement[bool]:
    """Return a condition on a register's columns as a WHERE clause equal to ``Condition.holds``.

    With ``work`` it may look at fields of records that a reference points to, too.
    """
    if condition.all_ is not None:
        return and_(true(), *(where(table, spec, c, work) for c in condition.all_))
    if condition.any_ is not None:
        return or_(false(), *(where(table, spec, c, work) for c in condition.any_))
    if condition.not_ is not None:
        return not_(where(table, spec, condition.not_, work))
    column, field = _reached(table, spec, condition.field, work)
    if condition.filled is not None:
        return column.is_not(None) if condition.filled else column.is_(None)
    if condition.not_in is not None:
        return or_(column.is_(None), column.not_in(condition.not_in))
    return and_(column.is_not(None), _compare(table, spec, condition, column, field, work))


def _reached(
    table: FromClause, spec: RegisterSpec, path: str, work: Work | None
) -> tuple[ColumnElement[Any], Field | None]:
    """Return the column that a path names, with its field; behind a reference it is looked up for each row."""
    reference, dot, name = path.partition(".")
    link = spec.column(reference)
    if not dot or work is None or not isinstance(link, Link):
        return table.c[path], spec.column(path)
    target = work.tables[link.target].alias()
    found = select(target.c[name]).where(target.c.id == table.c[reference]).scalar_subquery()
    return found, work.spec(link.target).column(name)


def _compare(
    table: FromClause,
    spec: RegisterSpec,
    c: Condition,
    column: ColumnElement[Any],
    field: Field | None,
    work: Work | None,
) -> ColumnElement[bool]:
    if c.in_ is not None:
        return column.in_(c.in_)
    if c.has is not None:
        words = field is not None and field.storage is Storage.WORDS
        return column.cast(Text).like(f"%;{c.has};%" if words else f"%{c.has}%")
    for other, operation in ((c.is_, eq), (c.ge, ge), (c.gt, gt), (c.le, le), (c.lt, lt)):
        if other is not None:
            than = _reached(table, spec, other["field"], work)[0] if isinstance(other, dict) else other
            return column.operate(operation, than)
    return false()


def with_references(
    work: Work,
    spec: RegisterSpec,
    rows: Iterable[Mapping[str, Any]],
    conditions: Iterable[Condition | Term | None],
    *,
    carried: bool = False,
) -> list[Mapping[str, Any]]:
    """Return the rows with every ``reference.field`` that the conditions and terms look at, read in one query for each reference.

    ``carried``: what the rows carry of it already is not read again.
    """
    rows = list(rows)
    paths = {p for c in conditions if c is not None for p in c.fields() if "." in p}
    if carried and rows:
        paths -= rows[0].keys()
    if not paths:
        return rows
    extra: dict[str, dict[int | None, Mapping[str, Any]]] = {}
    for ref in {p.split(".", 1)[0] for p in paths}:
        link = spec.field(ref)
        if not isinstance(link, Link) or not link.target:
            continue
        target = work.tables[link.target]
        wanted = {p.split(".", 1)[1] for p in paths if p.startswith(f"{ref}.")}
        ids = {r[ref] for r in rows if r.get(ref) is not None}
        query = select(target.c.id, *(target.c[w] for w in wanted if w != "id")).where(target.c.id.in_(ids))
        extra[ref] = {r["id"]: r for r in work.rows(query)} if ids else {}
    return [
        {
            **row,
            **{p: extra.get(ref, {}).get(row.get(ref), {}).get(name) for p in paths for ref, name in [p.split(".", 1)]},
        }
        for row in rows
    ]
