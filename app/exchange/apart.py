"""What a process of its own makes ahead: a file is read on one core while another writes what was read before."""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Generator, Iterable
from contextlib import suppress
from typing import Any, BinaryIO, NoReturn, TypeVar

T = TypeVar("T")
POSSIBLE = sys.platform == "linux"
"""Elsewhere a process that has threads must not be forked."""
_SIZE = 8
"""Bytes that say how long the next item is; no item is of length 0: that is the end."""


class _Failed:
    """What is sent in the place of an item that could not be made."""

    def __init__(self, error: BaseException) -> None:
        self.error = error


def made_apart(items: Iterable[T]) -> Generator[T, None, None]:
    """Yield items that a forked process makes: while one is used the next is made, and no more than that.

    The process has this one's memory as it is now and nothing that is open; so the items must need no database, and be picklable.
    It is gone when the last item is taken, when this generator is closed, and when this process dies in whatever way.
    Raises what making an item raised, and EOFError where the process was killed.
    """
    here, there = os.pipe()
    with warnings.catch_warnings():
        # of threads that may hold a lock: this thread holds none, and the fork uses nothing of theirs
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _make(items, there)
    os.close(there)
    try:
        with os.fdopen(here, "rb") as stream:
            while size := int.from_bytes(_exactly(stream, _SIZE), "big"):
                item = pickle.loads(_exactly(stream, size))  # noqa: S301  # written by our own fork
                if isinstance(item, _Failed):
                    raise item.error
                yield item
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)
    if len(found) < size:
        raise EOFError("the process that reads the file has ended")
    return found


def _make(items: Iterable[Any], there: int) -> NoReturn:
    """Send all items and end this process, without anything that ending Python does: it is the other one's to do."""
    try:
        gc.freeze()  # what was there before is shared as long as nobody looks at it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        os.closerange(3, there)
        os.closerange(there + 1, os.sysconf("SC_OPEN_MAX"))
        with suppress(BrokenPipeError), os.fdopen(there, "wb") as stream:  # broken where nobody wants more
            _send_all(stream, items)
    finally:
        os._exit(0)


def _send_all(stream: BinaryIO, items: Iterable[Any]) -> None:
    try:
        for item in items:
            _send(stream, item)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  # it is raised where the item is asked for
        _send(stream, _Failed(error))
    stream.write(bytes(_SIZE))


def _send(stream: BinaryIO, item: Any) -> None:
    packed = pickle.dumps(item, pickle.HIGHEST_PROTOCOL)
    stream.write(len(packed).to_bytes(_SIZE, "big"))
    stream.write(packed)
    stream.flush()
