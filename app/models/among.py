"""One of many values, as a single parameter: the statement stays the same however many there are, and so does its plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, ColumnElement, Dialect, Integer, Text, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


class _Many(TypeDecorator[list[Any]]):
    """Numbers or texts: an array on PostgreSQL, a JSON list on SQLite.

    Numbers go to PostgreSQL as the text of an array, for its driver looks at each element of a list.
    """

    impl = Text
    cache_ok = True

    def __init__(self, element: type[TypeEngine[Any]]) -> None:
        super().__init__()
        self.element = element

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql" and self.element is Text:
            return dialect.type_descriptor(ARRAY(Text()))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: list[Any] | None, dialect: Dialect) -> Any:
        if dialect.name != "postgresql":
            return orjson.dumps(value or []).decode()
        return value if self.element is Text else f"{{{','.join(map(str, value or []))}}}"


class _Among(FunctionElement[bool]):
    inherit_cache = True
    type = Boolean()

    def self_group(self, against: Any = None) -> Any:
        return self  # it is a condition already; SQLite would compare it with 1


def among(column: ColumnElement[Any], values: Iterable[int] | Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that a column of whole numbers or texts is one of ``values``; of none of them it never holds."""
    return _Among(column, bindparam(None, list(values), type_=_many(column), unique=True))


def among_given(column: ColumnElement[Any], name: str) -> ColumnElement[bool]:
    """Return the condition that a column is one of the values, a list, that the statement is given as ``name``."""
    return _Among(column, bindparam(name, type_=_many(column)))


def _many(column: ColumnElement[Any]) -> _Many:
    return _Many(BigInteger if isinstance(column.type, Integer) else Text)


@compiles(_Among, "sqlite")
def _in_json(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608  # both are SQLAlchemy's own words


@compiles(_Among, "postgresql")
def _in_array(element: _Among, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in element.clauses)
    whole = isinstance(element.clauses.clauses[0].type, Integer)
    # not "= ANY": of a table without statistics PostgreSQL would read every row and look for it among all the values
    return f"{column} IN (SELECT unnest(CAST({values} AS BIGINT[])))" if whole else f"{column} = ANY({values})"
