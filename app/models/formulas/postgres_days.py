"""Functions of days and moments in PostgreSQL's words."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, DateTime, Integer, Numeric, bindparam, case, cast, extract, func, literal, literal_column
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from app.catalog.formula.evaluate import Circumstances
from app.fields.times import Moment
from app.models.formulas.arithmetic import number, over, whole


class _Nth(FunctionElement[int]):
    """One of an array, counted from 1; NULL beyond its ends."""

    inherit_cache = True
    type = Integer()


@compiles(_Nth)
def _nth(element: _Nth, compiler: Any, **options: Any) -> str:
    array, place = (compiler.process(part, **options) for part in element.clauses)
    return f"({array})[{place}]"


_FIRST, _LAST = literal(date(1900, 1, 1), Date), literal(date(9999, 12, 31), Date)
_FAR = 4_000_000
_PARTS = {"yyyy": "YYYY", "mm": "MM", "dd": "DD", "m": "FMMM", "d": "FMDD"}
_DAY = r"^(19|[2-9][0-9])[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


def _bounded(day: Any) -> Any:
    return case((day.between(_FIRST, _LAST), day))


def _local(moment: Any) -> Any:
    return func.timezone(Moment.zone.key, moment, type_=DateTime())


def _part(name: str, when: Any) -> Any:
    return cast(extract(name, when), Numeric)


def _months(n: Any) -> Any:
    return func.make_interval(0, n)


def _later(day: Any, months: Any) -> Any:
    return _bounded(cast(cast(day, DateTime) + _months(months), Date))


def _moved(day: Any, days: Any) -> Any:
    return _bounded(cast(day + whole(days, _FAR), Date))


def _date(year: Any, month: Any, day: Any) -> Any:
    first = func.make_date(cast(func.trunc(year), Integer), 1, 1, type_=Date())
    begun = _later(first, whole(month) - 1)
    return case((year.between(number(1900), number(9999)), _bounded(cast(begun + (whole(day) - 1), Date))))


def _end_of_month(day: Any, months: Any) -> Any:
    first = func.date_trunc("month", cast(day, DateTime), type_=DateTime())
    return _bounded(cast(first + _months(whole(months) + 1) - literal_column("interval '1 day'"), Date))


def _dated(start: Any, end: Any, unit: str) -> Any:
    if unit == "D":
        found: Any = end - start
    else:
        before = case((extract("day", end) < extract("day", start), 1), else_=0)
        years, months = (extract(p, end) - extract(p, start) for p in ("year", "month"))
        found = years * 12 + months - before
        if unit == "Y":
            found = func.trunc(cast(found, Numeric) / 12)
    return case((start <= end, cast(found, Numeric)))


def _weekday(day: Any, first: Decimal = Decimal(1)) -> Any:
    monday = _part("isodow", day)
    return monday if first == 2 else func.mod(monday, number(7)) + number(1)


def _seconds(later: Any, earlier: Any) -> Any:
    return func.trunc(cast(extract("epoch", later - earlier), Numeric))


def _read(text: Any) -> Any:
    year, month, day = (cast(func.substr(text, at, n), Integer) for at, n in ((1, 4), (6, 2), (9, 2)))
    found = cast(func.make_date(year, month, 1, type_=Date()) + (day - 1), Date)
    same = case((func.to_char(found, "YYYY-MM-DD") == text, found))
    return case((text.op("~")(_DAY), same))


def shown_day(day: Any, form: str) -> Any:
    """Return a day in one of the formats of dates."""
    pattern = re.sub("yyyy|mm|dd|m|d|[年月日]", lambda p: _PARTS.get(p.group(), f'"{p.group()}"'), form)
    return func.to_char(day, pattern)


def _working(at: Circumstances) -> Any:
    """Return the working days of the calendar, as days counted from its first one; one parameter, however often it is named."""
    offsets = [(d - at.calendar.first_day).days for d in at.calendar.days]
    return cast(bindparam("formula_working_days", offsets, type_=ARRAY(Integer)), ARRAY(Integer))


def _number(at: Circumstances, day: Any) -> Any:
    """Return how many working days have begun by a day; NULL beyond the calendar."""
    first = literal(at.calendar.first_day, Date)
    inside = day.between(first, literal(at.calendar.last_day, Date))
    return case((inside, func.width_bucket(cast(day - first, Integer), _working(at))))


def _is_working(at: Circumstances, day: Any) -> Any:
    return cast(day - literal(at.calendar.first_day, Date), Integer) == func.any(_working(at))


def _workday(at: Circumstances, start: Any, days: Any) -> Any:
    n = whole(days)
    wanted = _number(at, start) + n + case((n > 0, 0), (_is_working(at, start), 0), else_=1)
    found = literal(at.calendar.first_day, Date) + _Nth(_working(at), wanted)
    return case((n == 0, start), else_=cast(found, Date))


def _networkdays(at: Circumstances, start: Any, end: Any) -> Any:
    def counted(a: Any, b: Any) -> Any:
        return _number(at, b) - _number(at, a) + case((_is_working(at, a), 1), else_=0)

    return cast(case((start <= end, counted(start, end)), else_=-counted(end, start)), Numeric)


PLACED: dict[str, Any] = {
    "TODAY": lambda at: literal(at.today, Date),
    "WORKDAY": _workday,
    "NETWORKDAYS": _networkdays,
}
"""What depends on the day or the calendar."""
BUILT: dict[str, Any] = {
    "date+": _moved,
    "date-": lambda day, days: _moved(day, -days),
    "days": lambda a, b: cast(a - b, Numeric),
    "span": lambda a, b: over(_seconds(a, b), number(86_400)),
    "day of": lambda m: _bounded(cast(_local(m), Date)),
    "date text": lambda d: func.to_char(d, "YYYY-MM-DD"),
    "moment text": lambda m: func.to_char(_local(m), "YYYY-MM-DD HH24:MI"),
    "DATE": _date,
    "YEAR": lambda d: _part("year", d),
    "MONTH": lambda d: _part("month", d),
    "DAY": lambda d: _part("day", d),
    "QUARTER": lambda d: _part("quarter", d),
    "WEEKDAY": _weekday,
    "ISOWEEKNUM": lambda d: _part("week", d),
    "HOUR": lambda m: _part("hour", _local(m)),
    "MINUTE": lambda m: _part("minute", _local(m)),
    "DAYS": lambda a, b: cast(a - b, Numeric),
    "HOURS": lambda a, b: over(_seconds(a, b), number(3_600)),
    "MINUTES": lambda a, b: over(_seconds(a, b), number(60)),
    "EDATE": lambda d, n: _later(d, whole(n)),
    "EOMONTH": _end_of_month,
    "DATEDIF": _dated,
    "DATEVALUE": _read,
}
"""Functions of days by name."""
