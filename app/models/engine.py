"""Opening the database: SQLite with WAL and immediate write transactions, or PostgreSQL."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from app.models.formulas.sqlite import work_out

BATCH = {"sqlite": 2_000, "postgresql": 5_000}
"""Rows of one sweep or import batch: larger ones stall SQLite's writers, and flip PostgreSQL's plans to full scans."""


STATEMENTS = 2_000
"""Compiled statements that a panel remembers: a whole catalog has more kinds of them than the 500 that are usual."""


def statements() -> MutableMapping[Any, Any]:
    """Return an empty memory of compiled statements for the option ``compiled_cache``; the least used go when it is full."""
    return LRUCache(STATEMENTS)


def open_engine(url: str, **options: Any) -> Engine:
    """Return an engine for ``url``; on SQLite a connection with the option ``immediate`` begins with the write lock.

    A deferred transaction that reads and then writes fails at once when another writer came between, whatever the timeout;
    one that takes the lock first waits its turn.
    """
    sqlite = make_url(url).get_backend_name() == "sqlite"
    if not sqlite:
        return create_engine(url, pool_pre_ping=True, **options)
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin by itself; _begin_sqlite does
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "mmap_size=268435456",
        "temp_store=MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("formula", -1, work_out)


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("immediate", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")
