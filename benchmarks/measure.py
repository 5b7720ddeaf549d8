"""Measuring in a process of its own, so that peak memory belongs to what is measured."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Stopwatch:
    """Seconds that a block took, on the clock and of this process's CPU; by how much it raised peak memory (MB)."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    megabytes: float = 0.0
    peak: float = field(default=0.0)


@contextmanager
def measured() -> Iterator[Stopwatch]:
    """Measure a block."""
    watch = Stopwatch()
    before, start, cpu = peak(), time.perf_counter(), time.process_time()
    yield watch
    watch.seconds, watch.cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    watch.peak = peak()
    watch.megabytes = watch.peak - before


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
