"""What a formula is given, as the database holds it: columns of the row, of the row it points to, figures of the rows that point to it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, FromClause, Table, and_, func, select, type_coerce

from app.catalog.formula.kinds import Kind
from app.catalog.formula.tree import Gathered, Looked, Only, Own, Source
from app.models.registers import Models
from app.models.types import ScaledNumber


def source_of(models: Models, table: Table, source: Source) -> ColumnElement[Any]:
    """Return what a source holds in a row of ``table``, as the column keeps it: numbers in their smallest units."""
    match source:
        case Own(field, _):
            return _raw(table.c[field])
        case Looked(through, register, field, _):
            other = models.tables[register].alias()
            return select(_raw(other.c[field])).where(other.c.id == table.c[through]).correlate(table).scalar_subquery()
        case Gathered():
            return _gathered(models, table, source)
    raise TypeError(source)


def _gathered(models: Models, table: Table, source: Gathered) -> ColumnElement[Any]:
    other = models.tables[source.register].alias()
    here = [other.c[source.through] == table.c.id, other.c.archived_at.is_(None)]
    if source.only is not None:
        here.append(_met(other, source.only))
    figure: Any
    match source.how:
        case "count":
            figure = func.count(other.c[source.field]) if source.field else func.count()
        case "sum":
            figure = func.coalesce(func.sum(_raw(other.c[source.field])), 0)
        case how:
            figure = getattr(func, how)(_raw(other.c[source.field]))
    if source.shape.kind is Kind.NUMBER:
        figure = type_coerce(figure, BigInteger)
    return select(figure).select_from(other).where(and_(*here)).correlate(table).scalar_subquery()


def _met(other: FromClause, only: Only) -> ColumnElement[bool]:
    column = other.c[only.field]
    match only.sign:
        case "=":
            return column.is_(None) if only.value is None else column == only.value
        case "<>":
            return column.is_not(None) if only.value is None else column.is_distinct_from(only.value)
        case "<":
            return column < only.value
        case "<=":
            return column <= only.value
        case ">":
            return column > only.value
    return column >= only.value


def _raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return a decimal's column as the whole number that it keeps."""
    return type_coerce(column, BigInteger) if isinstance(column.type, ScaledNumber) else column
