"""Sorting that puts blanks first in every database, so that a page means the same rows everywhere."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import InternalTraversal


class BlanksFirst(ColumnElement[Any]):
    """A column sorted with blanks before everything else, last when turned round: SQLite's own way, asked for on PostgreSQL."""

    inherit_cache = True
    _traverse_internals = [("element", InternalTraversal.dp_clauseelement), ("down", InternalTraversal.dp_boolean)]  # noqa: RUF012  # SQLAlchemy's way

    def __init__(self, element: ColumnElement[Any], down: bool = False) -> None:
        self.element, self.down = element, down


def blanks_first(column: Column[Any], down: bool = False) -> ColumnElement[Any]:
    """Return how to sort by a column, in a query or in an index; the two must say the same for one to serve the other."""
    if column.nullable:
        return BlanksFirst(column, down)
    return column.desc() if down else column.asc()


@compiles(BlanksFirst)
def _plain(sort: BlanksFirst, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(sort.element, **options) + (" DESC" if sort.down else "")


@compiles(BlanksFirst, "postgresql")
def _postgresql(sort: BlanksFirst, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(sort.element, **options) + (" DESC NULLS LAST" if sort.down else " NULLS FIRST")
