"""Many rows at once, as fast as each database can: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

FEW = 50
"""Below this COPY costs more than it saves."""


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> None:
    """Insert rows given as mappings of column name → Python value; columns that a row lacks are empty.

    All rows share ``columns`` (by default every column that the first row names). Raises IntegrityError like any other insert.
    """
    if not rows:
        return
    names = list(columns or rows[0])
    binds = _binds(table, tuple(names), connection.dialect)
    values = (_bound(row, binds) for row in rows)
    cursor = connection.connection.cursor()
    quoted = ", ".join(f'"{n}"' for n in names)
    try:
        if connection.dialect.name == "postgresql" and len(rows) >= FEW:
            with cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:  # type: ignore[attr-defined]
                for v in values:
                    copy.write_row(v)
        else:
            mark = "%s" if connection.dialect.name == "postgresql" else "?"
            sql = f'INSERT INTO "{table.name}" ({quoted}) VALUES ({", ".join([mark] * len(names))})'  # noqa: S608  # names come from our own tables
            cursor.executemany(sql, values)
    except connection.dialect.loaded_dbapi.IntegrityError as error:
        # the driver's own cursor raises the driver's own error; callers know one of SQLAlchemy
        raise IntegrityError(f"INSERT INTO {table.name}", None, error) from error
    finally:
        cursor.close()


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows whose natural key is not there yet; return how many were."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing()
    if len(rows) == 1:
        return connection.execute(statement, rows[0]).rowcount
    return connection.execute(statement, list(rows)).rowcount


def insert_one(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    """Insert one row and return the number the database gave it."""
    return int(connection.execute(insert(table).values(**row)).inserted_primary_key[0])


def _bound(row: Mapping[str, Any], binds: Sequence[tuple[str, Callable[[Any], Any] | None]]) -> tuple[Any, ...]:
    get = row.get
    return tuple(get(n) if b is None else b(get(n)) for n, b in binds)


@lru_cache(maxsize=2048)
def _binds(
    table: Table, names: tuple[str, ...], dialect: Dialect
) -> tuple[tuple[str, Callable[[Any], Any] | None], ...]:
    return tuple((n, table.c[n].type.dialect_impl(dialect).bind_processor(dialect)) for n in names)
