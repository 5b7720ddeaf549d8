"""Turns at SQLite's one write lock: who writes one batch after another lets those go first who wait for it.

SQLite keeps no queue, and a lock that is free between two batches is mostly gone before anybody looks. So who waits holds a file beside
the database, together with all others who do; the system lets go of it when their process ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine

MOST = 1.0
"""Seconds for which others go first at most: whoever writes batches is not to wait forever either."""
LATELY = 2.0
"""Seconds for which it is remembered that somebody has waited."""
_LOOK = 0.002
_asked: dict[str, float] = {}
"""When somebody was last found waiting, by database."""


@contextmanager
def waiting(database: str) -> Iterator[None]:
    """Let it be seen that somebody waits for the write lock of a database."""
    mark = os.open(_file(database), os.O_RDWR | os.O_CREAT, 0o660)
    try:
        fcntl.flock(mark, fcntl.LOCK_SH)
        yield
    finally:
        os.close(mark)


def give_way(database: str) -> None:
    """Wait until nobody waits for the write lock of a database who was there before, and no longer than ``MOST``."""
    if not os.path.exists(_file(database)):
        return
    mark = os.open(_file(database), os.O_RDWR)
    try:
        end = time.monotonic() + MOST
        while time.monotonic() < end:
            try:
                return fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _asked[database] = time.monotonic()
                time.sleep(_LOOK)
    finally:
        os.close(mark)


def wanted(engine: Engine) -> bool:
    """Return whether this process has lately found somebody waiting for the write lock; on PostgreSQL nobody waits for one."""
    asked = _asked.get(engine.url.database or "")
    return asked is not None and time.monotonic() - asked < LATELY


def _file(database: str) -> str:
    return f"{database}-turn"
