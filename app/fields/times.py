"""Fields that hold days and moments."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from app.errors import say
from app.fields.base import Field, Storage, unreadable

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_YEARLESS = re.compile(r"(\d{1,2})\s*[-/月]\s*(\d{1,2})(?![-/.\d年月])(?:\s*日)?")
_TIME = re.compile(
    r"(上午|下午|中午|晚上|凌晨|am|pm)?\s*(\d{1,2})\s*[:时点]\s*(\d{1,2})?\s*分?(?::?\s*(\d{1,2})(?:\.\d+)?\s*秒?)?\s*(am|pm)?",
    re.I,
)
_PLAIN = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(:[0-9]{2})?")
"""What ``Moment.format`` writes; read without a detour, for files bring it a hundred thousand times."""
_OFFSET = re.compile(r"(Z|[+-]\d{2}:?\d{2})$", re.I)
_SERIAL = re.compile(r"\d{5}(\.\d+)?")
EXCEL_EPOCH = date(1899, 12, 30)
_NO_YEAR = say("没有写年份；请写成 2026-03-05")


def read_day(text: str) -> date | None:
    """Return the day in ``2026-03-05``, ``2026/3/5``, ``2026年3月5日``, ``20260305`` or an Excel serial; None if it is none.

    Raises ValueError for a day that no calendar has, such as 30 February.
    """
    t = unicodedata.normalize("NFKC", text).strip()
    if m := _DAY.fullmatch(t) or _COMPACT.fullmatch(t):
        return date(*map(int, m.groups()))
    if _SERIAL.fullmatch(t):
        return EXCEL_EPOCH + timedelta(days=int(t.split(".")[0]))
    return None


def yearless(text: str) -> bool:
    """Return whether a text begins with a day without its year, such as ``3月5日`` or ``3/5 9:30``."""
    return _YEARLESS.match(unicodedata.normalize("NFKC", text).strip()) is not None


def with_year(text: str, year: int) -> str:
    """Return a text with ``year`` before its day where that has none; any other text as it is."""
    t = unicodedata.normalize("NFKC", text).strip()
    m = _YEARLESS.match(t)
    return f"{year}-{m[1]}-{m[2]}{t[m.end() :]}" if m else text


def read_time(text: str) -> time | None:
    """Return the time of day in ``9:30``, ``09:30:00``, ``上午9:30``, ``下午3点``; None if it is none.

    Raises ValueError for an hour or minute that no clock has.
    """
    m = _TIME.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if not m:
        return None
    half = (m[1] or m[5] or "").lower()
    hour = int(m[2])
    if half in {"下午", "晚上", "pm"} and hour < 12:
        hour += 12
    elif half in {"凌晨", "上午", "am"} and hour == 12:
        hour = 0
    return time(hour, int(m[3] or 0), int(m[4] or 0))


class Date(Field):
    """A day, in the site's zone."""

    type: Literal["date"] = "date"
    storage: ClassVar[Storage] = Storage.DATE

    def parse(self, text: str) -> date | None:
        if not text.strip():
            return None
        try:
            found = read_day(text) or (
                read_day(parts[0]) if (parts := re.split(r"[ T]", text.strip(), maxsplit=1)) else None
            )
        except ValueError:
            raise unreadable("日期", text, say("日历上没有这一天")) from None
        if found is None:
            raise unreadable("日期", text, _NO_YEAR if yearless(text) else say("请写成 2026-03-05"))
        return found

    def format(self, value: date | None) -> str:
        return "" if value is None else value.isoformat()

    def to_json(self, value: date | None) -> str | None:
        return None if value is None else value.isoformat()


class Moment(Field):
    """A day and time; typed and shown in the site's zone, kept in UTC to the second.

    A day alone is read as its first moment.
    """

    type: Literal["moment"] = "moment"
    storage: ClassVar[Storage] = Storage.MOMENT
    zone: ClassVar[ZoneInfo] = ZoneInfo("Asia/Shanghai")
    """The site's zone; set once when the panel opens."""

    def parse(self, text: str) -> datetime | None:
        plain = _PLAIN.fullmatch(text) is not None
        t = text if plain else unicodedata.normalize("NFKC", text).strip()
        if not t:
            return None
        try:
            if plain:
                return datetime.fromisoformat(t).replace(tzinfo=Moment.zone).astimezone(UTC)
            if _OFFSET.search(t) and "T" in t.upper():
                return datetime.fromisoformat(t).astimezone(UTC).replace(microsecond=0)
            if _SERIAL.fullmatch(t):
                seconds = round(float(t) % 1 * 86_400)
                at = datetime.combine(EXCEL_EPOCH + timedelta(days=int(float(t))), time()) + timedelta(seconds=seconds)
                return at.replace(tzinfo=Moment.zone).astimezone(UTC)
            m = _DAY.match(t) or _COMPACT.match(t)
            rest = t[m.end() :].lstrip("T ").strip() if m else ""
            if m and (at_time := read_time(rest) if rest else time()) is not None:
                return datetime.combine(date(*map(int, m.groups())), at_time, Moment.zone).astimezone(UTC)
        except ValueError:
            raise unreadable("日期时间", text, say("日历或钟表上没有这一时刻")) from None
        raise unreadable("日期时间", text, _NO_YEAR if yearless(text) else say("请写成 2026-03-05 14:30"))

    def format(self, value: datetime | None) -> str:
        if value is None:
            return ""
        local = value.astimezone(Moment.zone)
        return local.isoformat(" ")[: 19 if local.second else 16]

    @classmethod
    def until(cls, late_at: datetime) -> str:
        """Return the first instant that is too late as people say a limit: 24:00 of the day before, or a second earlier."""
        local = late_at.astimezone(cls.zone)
        if (local.hour, local.minute, local.second) == (0, 0, 0):
            return f"{local - timedelta(days=1):%Y-%m-%d} 24:00"
        said = local - timedelta(seconds=1) if local.second == 1 else local
        return said.isoformat(" ")[: 19 if said.second else 16]

    def to_json(self, value: datetime | None) -> str | None:
        return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def from_json(self, value: Any) -> datetime | None:
        return value if isinstance(value, datetime) or value is None else self.parse(str(value))
