"""Rows that another thread writes while their owner works out the next ones: the database and Python each have a core.

Only what ``bulk`` inserts is written behind. Whatever else the owner asks of the connection waits until all of it is written,
so that nobody sees the difference, except that a refused row is told of at that next question.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection, event

KEY = "rulebook.behind"
QUICK = 0.0005
"""Seconds after which a thread that has done its statement may go on; the usual 5 ms are as long as the statement."""
T = TypeVar("T")
Write = Callable[[Connection], None]


class Later(Protocol):
    """What takes the rows that are inserted on a connection and has them written later."""

    def add(self, table: str, write: Write) -> None:
        """Have rows of a table written once all before them are."""

    def wait(self) -> None:
        """Wait until all is written that is being written by now. Raises the first error."""

    def pause(self) -> None:
        """Make the database ready for what is written at once; raises where that cannot be."""

    def mark(self) -> Any:
        """Return where this is now, for ``back``."""

    def back(self, mark: Any) -> None:
        """Take back what was added since, as the savepoint does with what is written."""


class Behind:
    """What is still to be written on one connection, in its order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "behind")
        self._waiting: list[Future[None]] = []

    def add(self, table: str, write: Write) -> None:
        self._waiting.append(self._thread.submit(write, self._connection))

    def pause(self) -> None:
        self.wait()

    def mark(self) -> None:
        return None

    def back(self, mark: None) -> None:
        """The savepoint takes it back."""

    def wait(self) -> None:
        """Wait until all is written. Raises the first error; what came behind it is not written."""
        waiting, self._waiting = self._waiting, []
        for n, future in enumerate(waiting):
            try:
                future.result()
            except BaseException:
                for rest in waiting[n + 1 :]:
                    if not rest.cancel():
                        rest.exception()
                raise

    def close(self) -> None:
        """End the thread, once it has finished what it is at."""
        self._thread.shutdown(cancel_futures=True)


@contextmanager
def writing_behind(connection: Connection) -> Iterator[None]:
    """Let a thread of this connection's own write what ``bulk`` inserts; all is written, or refused, at the end."""
    behind = Behind(connection)

    def before(*_: Any) -> None:
        behind.wait()

    connection.info[KEY] = behind
    event.listen(connection, "before_cursor_execute", before)
    try:
        with quick_turns():
            yield
            behind.wait()
    finally:
        behind.close()
        event.remove(connection, "before_cursor_execute", before)
        del connection.info[KEY]


@contextmanager
def quick_turns() -> Iterator[None]:
    """Let a thread go on soon whose statement is done, while another computes."""
    patience = sys.getswitchinterval()
    sys.setswitchinterval(min(QUICK, patience))
    try:
        yield
    finally:
        sys.setswitchinterval(patience)


def of(connection: Connection) -> Later | None:
    """Return what writes later what is inserted on a connection, if anything does."""
    return connection.info.get(KEY)


def pause(connection: Connection) -> None:
    """Wait until all that was inserted is written, for something else is written at once. Raises the error of what was refused."""
    if (later := of(connection)) is not None:
        later.pause()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items (never None), each of which a thread has made while the one before it was used."""
    with ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
