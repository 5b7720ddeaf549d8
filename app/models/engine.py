"""Opening the database: SQLite with WAL and immediate write transactions, or PostgreSQL."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.util import LRUCache

from app.models import turns
from app.models.formulas.sqlite import work_out

BATCH = {"sqlite": 2_000, "postgresql": 5_000}
"""Rows of one sweep or import batch: larger ones stall SQLite's writers, and flip PostgreSQL's plans to full scans."""


IDLE = 1.0
"""Seconds for which a connection that answered is taken to be alive."""
MAPPED = 1 << 28
"""Bytes of an SQLite database that readers see without copying them; they count as memory of the process."""
CACHE = 65_536
"""Kilobytes of a database that a connection of SQLite keeps for itself."""
PATIENCE = 30
"""Seconds that a writer waits for SQLite's write lock."""
LOOK = 40
"""Milliseconds after which SQLite, which waits longer from look to look, is asked anew for it."""
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
        engine = create_engine(url, pool_use_lifo=True, **options)
        event.listen(engine, "checkout", partial(_ask_whether_alive, engine.dialect))
        event.listen(engine, "checkin", _remember_alive)
        return engine
    # Each connection keeps the schema of the whole database, 4 MB with all registers: those that are open are used before another is.
    options = {"pool_use_lifo": True} | options
    engine = create_engine(url, connect_args={"timeout": PATIENCE, "check_same_thread": False}, **options)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _ask_whether_alive(dialect: Dialect, connection: Any, entry: ConnectionPoolEntry, _proxy: Any) -> None:
    """Ask a server for a sign of life before a connection is used that has not been for a while; a dead one is opened anew.

    To ask each time, as the pool would by itself, is one question more for each transaction.
    """
    if time.monotonic() - entry.info.get("alive", float("-inf")) > IDLE:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error


def _remember_alive(connection: Any, entry: ConnectionPoolEntry) -> None:
    if connection is not None:
        entry.info["alive"] = time.monotonic()


def one_by_one(connection: Connection) -> Connection:
    """Let each question of a connection that only reads stand by itself, without begin and commit around them all.

    On PostgreSQL, where each sees what is committed at its own moment anyway; on SQLite all see the same moment, and it stays so.
    """
    if connection.dialect.name == "sqlite":
        return connection
    return connection.execution_options(isolation_level="AUTOCOMMIT")


def streamed(connection: Connection) -> dict[str, Any]:
    """Return the options for a statement whose rows are to come little by little; PostgreSQL can do so within a transaction alone."""
    alone = connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"
    return {} if alone else {"stream_results": True}


def _prepare_sqlite(connection: Any, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # the driver must not begin by itself; _begin_sqlite does
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"cache_size=-{CACHE}",
        f"mmap_size={MAPPED}",
        "temp_store=FILE",  # what a savepoint would bring back lies in memory otherwise, and imports are of any length
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    connection.create_function("formula", -1, work_out)


@contextmanager
def unmapped(connection: Connection, cache: int = CACHE) -> Iterator[None]:
    """Keep what a long piece of work reads of an SQLite database from counting as its memory; of that ``cache`` KB are kept."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        connection.exec_driver_sql("PRAGMA mmap_size=0")
        connection.exec_driver_sql(f"PRAGMA cache_size=-{cache}")
    try:
        yield
    finally:
        if sqlite:
            connection.exec_driver_sql(f"PRAGMA mmap_size={MAPPED}")
            connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE}")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get("immediate", False):
        _wait_for_turn(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _wait_for_turn(connection: Connection) -> None:
    """Begin with the write lock, and look often whether it is free.

    SQLite itself looks less and less often, in the end ten times a second: whoever saves a cell beside an import, which leaves it free
    for some milliseconds between two batches, would mostly look at the wrong moment.
    """
    sqlite: Any = connection.connection.driver_connection
    database = connection.engine.url.database
    if database and connection.get_execution_options().get("gives_way", False):
        turns.give_way(database)
    sqlite.execute("PRAGMA busy_timeout=0")
    try:
        if _begun(connection, sqlite):
            return
        sqlite.execute(f"PRAGMA busy_timeout={LOOK}")
        with turns.waiting(database) if database else nullcontext():
            end = time.monotonic() + PATIENCE
            while time.monotonic() < end:
                if _begun(connection, sqlite):
                    return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more, so that its error is told as every other
    finally:
        sqlite.execute(f"PRAGMA busy_timeout={1000 * PATIENCE}")


def _begun(connection: Connection, sqlite: Any) -> bool:
    """Return whether the write lock was there to be taken."""
    try:
        sqlite.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
            return False
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # for its error
    return True
