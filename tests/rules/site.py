"""The site that the arithmetic is tested for: Shanghai, the shipped calendar, closing at six."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from app.rules.calendar import calendar_from
from app.rules.yearbook import read_yearbook

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = calendar_from(read_yearbook(), SHANGHAI)


def day(text: str) -> date:
    """Return the day ``2025-03-03``."""
    return date.fromisoformat(text)


def at(text: str) -> datetime:
    """Return the instant at which clocks in Shanghai show ``2025-03-03 15:20``; 24:00 is the end of that day."""
    if text.endswith(" 24:00"):
        return CALENDAR.end_of(day(text[:10]))
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)
