"""Measuring in a process of its own, so that peak memory belongs to what is measured."""

from __future__ import annotations

import multiprocessing
import os
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from tests.servers import libpq

EVERY = 0.1
"""Seconds between two looks at the memory of the processes that a block has started."""


@dataclass
class Stopwatch:
    """Seconds that a block took, on the clock and of CPU; by how much it raised peak memory (MB).

    Processes that it started and that have ended count as its own; ``helped`` is the CPU that they had of it.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    helped: float = 0.0
    megabytes: float = 0.0
    peak: float = field(default=0.0)

    def figures(self, rows: int) -> dict[str, Any]:
        """Return what every benchmark says of a block that did so many rows: seconds, CPU seconds, rows a second, peak memory in MB."""
        return {
            "rows": rows, "seconds": self.seconds, "cpu_seconds": self.cpu_seconds,
            "rows_per_second": rows / self.seconds, "peak_mb": self.peak,
        }  # fmt: skip


@contextmanager
def measured() -> Iterator[Stopwatch]:
    """Measure a block."""
    watch, done, beside = Stopwatch(), threading.Event(), [0.0]

    def look() -> None:
        while not done.wait(EVERY):
            beside[0] = max(beside[0], sum(_private(child) for child in _children()))

    before, start, cpu, theirs = peak(), time.perf_counter(), time.process_time(), _reaped()
    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    try:
        yield watch
    finally:
        watch.seconds, watch.helped = time.perf_counter() - start, _reaped() - theirs
        watch.cpu_seconds = time.process_time() - cpu + watch.helped
        done.set()
        looking.join()
    watch.peak = peak() + beside[0]
    watch.megabytes = watch.peak - before


def server_cpu(url: str) -> float:
    """Return the CPU seconds that the PostgreSQL server of a database has had, with all of its processes; 0 for SQLite, which has none."""
    if make_url(url).get_backend_name() == "sqlite":
        return 0.0
    with psycopg.connect(libpq(url)) as wire:
        server = _stat(wire.info.backend_pid)[1]
        processes = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()
        return sum(map(_used, [server, *processes])) / os.sysconf("SC_CLK_TCK")


def _used(process: str) -> int:
    """Return the ticks of a process and of those that it has started and seen the end of; 0 for one that has ended."""
    with suppress(OSError):
        return sum(map(int, _stat(process)[11:15]))
    return 0


def _stat(process: str | int) -> list[str]:
    """Return what the system says of a process, from its state on."""
    return Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()


def _reaped() -> float:
    """Return the CPU seconds of all processes that this one has started and seen the end of."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _children() -> list[str]:
    """Return the numbers of the processes that this one has started and that run."""
    found: list[str] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            found += task.read_text(encoding="ascii").split()
    return found


def _private(process: str) -> float:
    """Return the memory (MB) that a process shares with no other; 0 for one that has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024
    return 0.0


def peak() -> float:
    """Return the largest resident memory that this process has had, in MB; getrusage would count that of its parent, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def own() -> float:
    """Return the memory that this process holds for itself now, in MB; pages of a database's file that it maps are the system's."""
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    return int(status.split("RssAnon:")[1].split()[0]) / 1024


def apart(task: Callable[..., dict[str, Any]], *given: Any) -> dict[str, Any]:
    """Return what ``task`` returns in a new process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(task, given)
