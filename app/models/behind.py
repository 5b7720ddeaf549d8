"""Rows that another thread writes while their owner works out the next ones: the database and Python each have a core.

Only what ``bulk`` inserts is written behind. Whatever else the owner asks of the connection waits until all of it is written,
so that nobody sees the difference, except that a refused row is told of at that next question.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import Connection, event

_KEY = "rulebook.behind"
QUICK = 0.0005
"""Seconds after which a thread that has done its statement may go on; the usual 5 ms are as long as the statement."""
T = TypeVar("T")


class Behind:
    """What is still to be written on one connection, in its order."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "behind")
        self._waiting: list[Future[None]] = []

    def add(self, write: Callable[[], None]) -> None:
        """Write something once all before it is written."""
        self._waiting.append(self._thread.submit(write))

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
    behind = Behind()

    def before(*_: Any) -> None:
        behind.wait()

    patience = sys.getswitchinterval()
    sys.setswitchinterval(QUICK)
    connection.info[_KEY] = behind
    event.listen(connection, "before_cursor_execute", before)
    try:
        yield
        behind.wait()
    finally:
        behind.close()
        event.remove(connection, "before_cursor_execute", before)
        del connection.info[_KEY]
        sys.setswitchinterval(patience)


def of(connection: Connection) -> Behind | None:
    """Return what writes behind on a connection, if anything does."""
    return connection.info.get(_KEY)


def wait(connection: Connection) -> None:
    """Wait until all that was inserted is written. Raises the error of what was refused."""
    if (behind := of(connection)) is not None:
        behind.wait()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Yield items (never None), each of which a thread has made while the one before it was used."""
    with ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, items, None)
            yield item
