"""A group of child processes that start together, are heard together, and never outlive their parent.

Of the supervisors on offer, honcho has no order of stopping and leaves its children behind when it is killed;
circus restarts what dies, where we want to know why it died, and brings a message queue of its own.
"""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import IO

#: Ends the group as soon as nobody holds the other end of its standard input: when its parent died, however it died.
_LEASH = 'trap "" HUP INT TERM; read -r _; kill -TERM 0; sleep "$1"; kill -KILL 0'


_STOP = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AlreadyRunning(Exception):
    """Another start of the same folder is at work; `pid` is its process."""

    def __init__(self, pid: int) -> None:
        super().__init__(pid)
        self.pid = pid


class Interrupted(Exception):
    """Somebody asked us to stop."""


@dataclass
class Child:
    """One process of the group: its name, its last lines, and, once it ended, its exit code (minus the signal)."""

    name: str
    process: subprocess.Popen[bytes]
    answer: list[str] = field(default_factory=list)
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=15))
    readers: list[threading.Thread] = field(default_factory=list)

    def ended(self) -> int | None:
        """Return the exit code, or None while it runs."""
        return self.process.poll()


class Group:
    """The children of one instance folder; use as a context: leaving it leaves nothing running.

    Raises:
        AlreadyRunning: on entering, when another start holds the folder.
    """

    def __init__(self, folder: Path, out: IO[str] = sys.stdout, *, grace: int = 20) -> None:
        """Take the folder for the locks, where lines are written, and the seconds a child has to end by itself."""
        self._folder = folder
        self._grace = grace
        self._out = out
        self._locks: list[int] = []
        self._children: list[Child] = []
        self._happened: SimpleQueue[Child | None] = SimpleQueue()
        self._write = threading.Lock()

    def __enter__(self) -> Group:
        self._take_over()
        command = ["/bin/sh", "-c", _LEASH, "leash", str(self._grace)]
        self._leash = subprocess.Popen(command, stdin=subprocess.PIPE, process_group=0)
        for lock, number in zip(self._locks, (os.getpid(), self._leash.pid), strict=True):
            os.pwrite(lock, f"{number:<20}\n".encode(), 0)
        self._before = {each: signal.signal(each, self._stop_asked) for each in _STOP}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The broker was started first, and goes last: the others say goodbye to it.
        self.stop(self._children[1:])
        self.stop(self._children[:1])
        os.killpg(self._leash.pid, signal.SIGKILL)
        self._leash.communicate()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        for child in self._children:
            child.process.wait()
            for reader in child.readers:
                reader.join(1)
        for lock in self._locks:
            os.close(lock)

    def start(self, name: str, command: Sequence[str], environ: Mapping[str, str], *, asked: bool = False) -> Child:
        """Start a program; its output is shown line by line under `name`, except what it answers when `asked`."""
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environ},
            process_group=self._leash.pid,
            # Whoever still lives holds this lock, so the next start knows that it is not alone.
            pass_fds=self._locks[1:],
        )
        child = Child(name, process)
        for pipe, shown in ((process.stdout, not asked), (process.stderr, True)):
            reader = threading.Thread(target=self._read, args=(child, pipe, shown), daemon=True)
            reader.start()
            child.readers.append(reader)
        threading.Thread(target=self._await, args=(child,), daemon=True).start()
        self._children.append(child)
        return child

    def wait(self) -> Child:
        """Wait until a child ends, and return it with its last words complete.

        Raises:
            Interrupted: by Ctrl-C or a signal to stop.
        """
        child = self._happened.get()
        if child is None:
            raise Interrupted
        for reader in child.readers:
            reader.join(1)
        return child

    def stop(self, children: Sequence[Child]) -> None:
        """Ask `children` to end, and return when they did; kill what did not in time, or when asked a second time."""
        for child in children:
            if child.ended() is None:
                child.process.terminate()
        for _ in range(self._grace * 10):
            if all(child.ended() is not None for child in children):
                return
            with suppress(Empty):
                if self._happened.get(timeout=0.1) is None:
                    break
        for child in children:
            child.process.kill()

    def say(self, line: str) -> None:
        """Write one line; the children's readers write to the same place."""
        with self._write:
            self._out.write(f"{line}\n")
            self._out.flush()

    def _read(self, child: Child, pipe: IO[bytes], shown: bool) -> None:
        with pipe:
            for raw in pipe:
                line = raw.decode(errors="replace").rstrip("\n")
                if not shown:
                    child.answer.append(line)
                    continue
                child.tail.append(line)
                self.say(f"{child.name:7}| {line}")

    def _await(self, child: Child) -> None:
        child.process.wait()
        self._happened.put(child)

    def _stop_asked(self, number: int, frame: object) -> None:
        self._happened.put(None)

    def _take_over(self) -> None:
        """Take the folder's locks: the parent's own, and the one that children share; hurry leftovers along."""
        parent = os.open(self._folder / "running.lock", os.O_RDWR | os.O_CREAT, 0o600)
        if not _take(parent, tenths=10):
            number = _number_in(parent)
            os.close(parent)
            raise AlreadyRunning(number)
        children = os.open(self._folder / "children.lock", os.O_RDWR | os.O_CREAT, 0o600)
        # A killed parent's children were asked to end the moment it died; the deaf among them are killed.
        if not _take(children, tenths=50):
            if left := _number_in(children):
                with suppress(ProcessLookupError):
                    os.killpg(left, signal.SIGKILL)
            if not _take(children, tenths=50):
                raise AlreadyRunning(_number_in(children))
        self._locks = [parent, children]


def _take(lock: int, tenths: int) -> bool:
    """Take the lock of an open file; False when its holder kept it for so many tenths of a second."""
    for _ in range(tenths):
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.1)
    return False


def _number_in(lock: int) -> int:
    """Return the process or group number that the holder of a lock wrote into its file."""
    return int(os.pread(lock, 21, 0) or b"0")
