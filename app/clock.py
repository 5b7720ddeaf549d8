"""The only module that asks what time it is; everything else is told."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Reading:
    """The wall clock and a stopwatch read together: a wall clock can be set, a stopwatch only runs.

    ``elapsed`` is in whole seconds, and comparable with readings of the same ``stopwatch`` only.
    """

    now: datetime
    elapsed: int
    stopwatch: str


def reading() -> Reading:
    """Return both clocks now.

    On Linux the stopwatch is the machine's own since its start and counts its sleep; elsewhere it is this process's.
    """
    if hasattr(time, "CLOCK_BOOTTIME") and _BOOT.is_file():
        return Reading(now(), int(time.clock_gettime(time.CLOCK_BOOTTIME)), _BOOT.read_text("ascii").strip())
    return Reading(now(), int(time.monotonic()), f"process-{os.getpid()}")


def now() -> datetime:
    """Return the present moment, aware, in UTC, without microseconds.

    Records keep whole seconds: a moment typed back from a spreadsheet must equal the one exported.
    """
    return datetime.now(UTC).replace(microsecond=0)


def today(zone: ZoneInfo) -> date:
    """Return the present day in a site's zone."""
    return now().astimezone(zone).date()
