"""The only module that asks what time it is; everything else is told."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present moment, aware, in UTC, without microseconds.

    Records keep whole seconds: a moment typed back from a spreadsheet must equal the one exported.
    """
    return datetime.now(UTC).replace(microsecond=0)


def today(zone: ZoneInfo) -> date:
    """Return the present day in a site's zone."""
    return now().astimezone(zone).date()
