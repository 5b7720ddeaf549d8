"""Many rows at once, as fast as each database can: COPY on PostgreSQL, executemany on SQLite."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import lru_cache, partial
from itertools import repeat
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Select, Table, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.types import TypeEngine

from app.models import behind
from app.models.types import UtcMoment

FEW = 50
"""Below this COPY costs more than it saves."""
TOGETHER = 100
"""Rows that one statement of SQLite inserts."""
MOST_VALUES = 32_000
"""Values that one statement of SQLite takes, and some to spare."""


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python look for garbage in cycles less often: a batch is many small objects and no cycles.

    Looking through them again and again took an eighth of an import's time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(100_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None
) -> None:
    """Insert rows given as mappings of column key → Python value; columns that a row lacks are empty.

    All rows share ``columns`` (by default every column that the first row names). Raises IntegrityError like any other insert.
    """
    if rows:
        insert_columns(connection, table, by_column(rows, list(columns or rows[0])))


def by_column(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return rows as columns by name; what a row lacks is None."""
    if rows:
        with suppress(KeyError):  # as a rule every row has them all
            return _whole(rows, names)
    return {n: [row.get(n) for row in rows] for n in names}


def _whole(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, Sequence[Any]]:
    """Return rows that have all of ``names`` as columns; each row is asked once. Raises KeyError."""
    if len(names) < 2:
        return {n: [row[n] for row in rows] for n in names}
    return dict(zip(names, zip(*map(itemgetter(*names), rows), strict=True), strict=True))


def insert_columns(
    connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any] | None = None
) -> None:
    """Insert rows given column by column: name → the Python value in each row; ``same`` are values that all rows share.

    Raises IntegrityError like any other insert.
    """
    rows = len(next(iter(columns.values())))
    names: list[str] = []
    cells: list[Sequence[Any]] = []
    for name, values in columns.items():
        if values.count(None) < rows:  # most registers are wide, and most of their fields come later
            names.append(name)
            cells.append(_bound(values, _bind(table.c[name].type, connection.dialect)))
    given = {n: v for n, v in (same or {}).items() if v is not None}
    shared = [_bound([v], _bind(table.c[n].type, connection.dialect))[0] for n, v in given.items()]
    later = behind.of(connection)
    # behind, Python goes on in another thread for as long as a statement takes: the longer the better
    together = rows // -(-rows * len([*given, *names]) // MOST_VALUES) if later and rows >= FEW else TOGETHER
    write = partial(_insert, table, [*given, *names], shared, cells, rows, together)
    if later is not None:
        later.add(table.name, write)
    else:
        write(connection)


def _insert(
    table: Table,
    names: Sequence[str],
    shared: Sequence[Any],
    cells: Sequence[Sequence[Any]],
    rows: int,
    together: int,
    connection: Connection,
) -> None:
    """Insert rows given as columns of what the driver takes, after values that all of them share; so many ``together``."""
    cursor = connection.connection.cursor()
    quoted = ", ".join(f'"{table.c[n].name}"' for n in names)
    try:
        everything = [*(repeat(v, rows) for v in shared), *cells]
        if connection.dialect.name == "postgresql" and rows >= FEW:
            _copy(cursor, table, quoted, everything)
            return
        head = f'INSERT INTO "{table.name}" ({quoted})'  # names come from our own tables
        if connection.dialect.name == "postgresql":
            cursor.executemany(f"{head} VALUES ({', '.join(['%s'] * len(names))})", list(zip(*everything, strict=True)))
        else:
            _in_statements(cursor, head, "", shared, cells, together)
    except connection.dialect.loaded_dbapi.IntegrityError as error:
        # the driver's own cursor raises the driver's own error; callers know one of SQLAlchemy
        raise IntegrityError(f"INSERT INTO {table.name}", None, error) from error
    finally:
        cursor.close()


def _in_statements(
    cursor: Any, head: str, tail: str, shared: Sequence[Any], cells: Sequence[Sequence[Any]], together: int
) -> int:
    """Insert rows on SQLite, so many ``together`` in one statement, and return how many were; what all share is given once for each.

    For each row that costs a quarter less than a statement of its own, once a statement of that size is known.
    """
    rows, wide, done = len(cells[0]), len(cells), 0
    values: list[Any] = [None] * (rows * wide)
    for n, column in enumerate(cells):
        values[n::wide] = column
    whole = rows - rows % together
    for start in range(0, whole, together):
        part = values[start * wide : (start + together) * wide]
        cursor.execute(f"{head} VALUES {_places(len(shared), wide, together)} {tail}", (*shared, *part))
        done += cursor.rowcount
    if whole < rows:
        left = [(*shared, *values[n * wide : (n + 1) * wide]) for n in range(whole, rows)]
        cursor.executemany(f"{head} VALUES {_places(len(shared), wide, 1)} {tail}", left)
        done += cursor.rowcount
    return done


@lru_cache(maxsize=64)
def _places(shared: int, own: int, rows: int) -> str:
    """Return where a statement takes its values from: those that all rows share, then those of each row."""
    same = [f"?{n}" for n in range(1, shared + 1)]
    # a place without a number is the next one; SQLite would look for each number among all before it
    return ", ".join([f"({', '.join([*same, *['?'] * own])})"] * rows)


def read_columns(connection: Connection, query: Select[Any]) -> dict[str, Sequence[Any]]:
    """Return all that a query finds as its columns, by their keys."""
    result = connection.execute(query)
    # from the driver itself: SQLAlchemy would make every cell of every row by itself, empty or the same
    cells = zip(*result.cursor.fetchall(), strict=True)
    result.close()
    columns = [(key, _read(c.type, connection.dialect)) for key, c in query.selected_columns.items()]
    return {key: _bound(values, read) for (key, read), values in zip(columns, cells, strict=False)}


def as_rows(columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Return columns as their rows."""
    return map(dict, map(zip, repeat(tuple(columns)), zip(*columns.values(), strict=True)))


def insert_new(
    connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]], *, hardly_any_there: bool = False
) -> int:
    """Insert the rows whose natural key is not there yet; return how many were. All rows have the columns of the first."""
    if not rows:
        return 0
    return insert_new_columns(connection, table, _whole(rows, list(rows[0])), hardly_any_there=hardly_any_there)


def insert_new_columns(
    connection: Connection,
    table: Table,
    columns: Mapping[str, Sequence[Any]],
    same: Mapping[str, Any] | None = None,
    *,
    hardly_any_there: bool = False,
) -> int:
    """Do the same with rows that are given by columns, all of one length; ``same`` are values that all rows share.

    ``hardly_any_there``: as a rule none of the keys is there, so that PostgreSQL had better try COPY, which refuses such rows.
    """
    rows = len(next(iter(columns.values())))
    alike = {n: values[0] for n, values in columns.items() if values.count(values[0]) == rows}
    each = [n for n in columns if n not in alike] or [alike.popitem()[0]]
    alike = {n: v for n, v in {**(same or {}), **alike}.items() if v is not None}
    names = [*alike, *each]
    binds = {n: _bind(table.c[n].type, connection.dialect) for n in names}
    shared = [_bound([v], binds[n])[0] for n, v in alike.items()]
    own = [_bound(columns[n], binds[n]) for n in each]
    quoted = ", ".join(f'"{n}"' for n in names)
    # the names come from our own tables
    head, tail = f'INSERT INTO "{table.name}" ({quoted})', "ON CONFLICT DO NOTHING"
    behind.pause(connection)
    cursor = connection.connection.cursor()
    try:
        if connection.dialect.name == "postgresql" and hardly_any_there and rows >= FEW:
            with suppress(connection.dialect.loaded_dbapi.IntegrityError), connection.begin_nested():
                _copy(cursor, table, quoted, [*(repeat(v, rows) for v in shared), *own])
                return rows
        if connection.dialect.name == "postgresql":
            arrays = ", ".join(f"%s::{table.c[n].type.compile(connection.dialect)}[]" for n in names)
            given = [*([v] * rows for v in shared), *map(list, own)]
            cursor.execute(f"{head} SELECT * FROM unnest({arrays}) {tail}", given)  # noqa: S608
        else:
            return _in_statements(cursor, head, tail, shared, own, TOGETHER)
        return cursor.rowcount
    finally:
        cursor.close()


def _copy(cursor: Any, table: Table, quoted: str, cells: Sequence[Iterable[Any]]) -> None:
    with cursor.copy(f'COPY "{table.name}" ({quoted}) FROM STDIN') as copy:
        for row in zip(*cells, strict=True):
            copy.write_row(row)


def insert_one(connection: Connection, table: Table, row: Mapping[str, Any]) -> int:
    """Insert one row and return the number the database gave it. Raises LookupError for a table that numbers no rows."""
    key = connection.execute(insert(table), row).inserted_primary_key
    if key is None:
        raise LookupError(table.name)
    return int(key[0])


def _bound(values: Sequence[Any], bind: Callable[[Any], Any] | None) -> Sequence[Any]:
    """Return one column as the driver takes it, or gives it; each value is made once, as most stand in many rows."""
    if bind is None:
        return values
    distinct = set(values)
    if distinct == _NOTHING:
        return values
    ready = {v: None if v is None else bind(v) for v in distinct}
    return [ready[v] for v in values]


_NOTHING = {None}


@lru_cache(maxsize=256)
def _bind(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(kind, UtcMoment):
        # every moment is bound: PostgreSQL's driver takes any zone; on SQLite this is what DATETIME writes, in C
        return None if dialect.name == "postgresql" else _utc_text
    return kind.dialect_impl(dialect).bind_processor(dialect)


@lru_cache(maxsize=256)
def _read(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def _utc_text(value: datetime) -> str:
    utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return utc.isoformat(" ", "seconds")[:19]
