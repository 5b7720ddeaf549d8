"""Functions of days and moments, from 1900 to 9999; a moment counts as its day on the site's clocks."""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta
from decimal import Decimal

from app.catalog.formula.functions.function import DATE, TEXT, Function, param, says
from app.catalog.formula.functions.numbers import over
from app.catalog.formula.functions.operators import bounded, seconds
from app.catalog.formula.kinds import Kind
from app.fields.times import Moment

_END = param("结束", "end", Kind.DATE)
_START = param("开始", "start", Kind.DATE)
_LATER = param("结束", "end", Kind.MOMENT)
_EARLIER = param("开始", "start", Kind.MOMENT)
_MOMENT = param("时刻", "moment", Kind.MOMENT)
_MONTHS = param("月数", "months", Kind.NUMBER)
_DAYS = param("工作日数", "working days", Kind.NUMBER)
FURTHEST = 120_000
"""Months or days by which a day is moved at most."""


def within(n: Decimal) -> int:
    """Return a whole number of days or months. Raises ValueError for one that leads nowhere."""
    if abs(n) > FURTHEST:
        raise ValueError(n)
    return int(n)


def months_later(day: date, months: int) -> date:
    """Return the same day of a later month, or its last where it is shorter. Raises ValueError beyond the years that formulas know."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1900 <= year <= 9999:
        raise ValueError(year)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _date(year: Decimal, month: Decimal, day: Decimal) -> date:
    if not 1900 <= year <= 9999:
        raise ValueError(year)
    return bounded(months_later(date(int(year), 1, 1), within(month) - 1) + timedelta(within(day) - 1))


def _end_of_month(day: date, months: Decimal) -> date:
    first = months_later(day.replace(day=1), within(months))
    return first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _dated(start: date, end: date, unit: str) -> Decimal | None:
    if start > end:
        return None
    months = (end.year - start.year) * 12 + end.month - start.month - (end.day < start.day)
    return Decimal({"D": (end - start).days, "M": months, "Y": months // 12}[unit])


def _weekday(day: date, first: Decimal = Decimal(1)) -> Decimal:
    return Decimal(day.isoweekday() if first == 2 else day.isoweekday() % 7 + 1)


def _read(text: str) -> date | None:
    found = re.fullmatch(r"([0-9]{4})-([0-9]{2})-([0-9]{2})", text)
    return bounded(date(*map(int, found.groups()))) if found else None


def unknown(*_: object) -> None:
    """Stand for what only the moment or the calendar of the reading tells; see ``evaluate``."""


TODAY = Function(
    "TODAY", (), Kind.DATE, unknown, help=says("今天，每天自动更新", "The day of today; renewed every day")
)
DATE_OF = Function(
    "DATE", (param("年", "year", Kind.NUMBER), param("月", "month", Kind.NUMBER), param("日", "day", Kind.NUMBER)), Kind.DATE, _date,
    help=says("由年月日得到日期", "The day of a year, month and day"),
)  # fmt: skip
YEAR = Function("YEAR", (DATE,), Kind.NUMBER, lambda d: Decimal(d.year), help=says("年份", "The year"))
MONTH = Function("MONTH", (DATE,), Kind.NUMBER, lambda d: Decimal(d.month), help=says("月份", "The month"))
DAY = Function("DAY", (DATE,), Kind.NUMBER, lambda d: Decimal(d.day), help=says("日", "The day of the month"))
QUARTER = Function(
    "QUARTER", (DATE,), Kind.NUMBER, lambda d: Decimal((d.month + 2) // 3), help=says("季度", "The quarter")
)
WEEKDAY = Function(
    "WEEKDAY", (DATE, param("类型", "type", Kind.NUMBER, fixed=True)), Kind.NUMBER, _weekday, optional=1,
    help=says("星期几：默认星期日为 1；类型为 2 时星期一为 1", "The day of the week: Sunday is 1; with type 2 Monday is 1"),
)  # fmt: skip
ISOWEEKNUM = Function(
    "ISOWEEKNUM",
    (DATE,),
    Kind.NUMBER,
    lambda d: Decimal(d.isocalendar().week),
    help=says("一年中的第几周", "The week of the year"),
)
HOUR = Function(
    "HOUR", (_MOMENT,), Kind.NUMBER, lambda m: Decimal(m.astimezone(Moment.zone).hour), help=says("几点", "The hour")
)
MINUTE = Function(
    "MINUTE",
    (_MOMENT,),
    Kind.NUMBER,
    lambda m: Decimal(m.astimezone(Moment.zone).minute),
    help=says("几分", "The minute"),
)
DAYS = Function(
    "DAYS",
    (_END, _START),
    Kind.NUMBER,
    lambda a, b: Decimal((a - b).days),
    help=says("相差天数", "Days from the start to the end"),
)
HOURS = Function(
    "HOURS", (_LATER, _EARLIER), Kind.NUMBER, lambda a, b: over(seconds(a, b), Decimal(3600)),
    help=says("相差小时数", "Hours from the start to the end")
)  # fmt: skip
MINUTES = Function(
    "MINUTES", (_LATER, _EARLIER), Kind.NUMBER, lambda a, b: over(seconds(a, b), Decimal(60)),
    help=says("相差分钟数", "Minutes from the start to the end")
)  # fmt: skip
EDATE = Function(
    "EDATE",
    (DATE, _MONTHS),
    Kind.DATE,
    lambda d, n: months_later(d, within(n)),
    help=says("几个月之后的同一天", "The same day of a later month"),
)
EOMONTH = Function(
    "EOMONTH", (DATE, _MONTHS), Kind.DATE, _end_of_month, help=says("几个月之后的月末", "The last day of a later month")
)
DATEDIF = Function(
    "DATEDIF", (_START, _END, param("单位", "unit", Kind.TEXT, fixed=True)), Kind.NUMBER, _dated, choices=("Y", "M", "D"),
    help=says('满多少年、月、日：单位为 "Y"、"M"、"D"', 'Full years, months or days: unit "Y", "M" or "D"'),
)  # fmt: skip
DATEVALUE = Function(
    "DATEVALUE",
    (TEXT,),
    Kind.DATE,
    _read,
    help=says("把 2026-03-05 样的文字变成日期", "The day that a text such as 2026-03-05 is"),
)
WORKDAY = Function(
    "WORKDAY", (_START, _DAYS), Kind.DATE, unknown,
    help=says("几个工作日之后，按本单位的工作日历", "So many working days later, by the site's calendar"),
)  # fmt: skip
NETWORKDAYS = Function(
    "NETWORKDAYS", (_START, _END), Kind.NUMBER, unknown,
    help=says("从开始到结束（含首尾）的工作日数，按本单位的工作日历", "Working days from the start to the end, both counted, by the site's calendar"),
)  # fmt: skip
