"""Which rows are meant: comparisons joined by and, or, not; and words to search. All of it only on what the actor may see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, Text, and_, false, not_, or_, select, true

from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Refused, say
from app.fields.base import Field, Storage
from app.fields.links import Person, Signature
from app.fields.texts import LongText
from app.models.ledger import obligation
from app.services import scope, searching
from app.services.panel import Work

DUE = "due"
"""Stands for the earliest open obligation of a record, where a field is named."""
ME = "@me"
"""Stands for the actor in a comparison with a person, so that a shared list means each reader's own rows."""


@dataclass(frozen=True)
class Filter:
    """One comparison on a field: eq ne lt le gt ge, contains starts (text), in (several values), has (several choices), within
    (``PERIODS``), empty, filled; on ``DUE`` also overdue."""

    field: str
    op: str
    value: Any = None


@dataclass(frozen=True)
class Tree:
    """Filters that must all hold, of which any must, or of which none may."""

    how: Literal["all", "any", "not"]
    parts: tuple[Filter | Tree, ...]


Part = Filter | Tree


def clause(work: Work, register: str, parts: Sequence[Part]) -> ColumnElement[bool]:
    """Return the condition that all ``parts`` hold. Raises Refused for a comparison that cannot be."""
    return and_(true(), *(_part(work, register, p) for p in parts))


def _part(work: Work, register: str, part: Part) -> ColumnElement[bool]:
    if isinstance(part, Filter):
        return _compare(work, register, part)
    parts = [_part(work, register, p) for p in part.parts]
    match part.how:
        case "all":
            return and_(true(), *parts)
        case "any":
            return or_(false(), *parts)
    return not_(or_(false(), *parts))


def searched(work: Work, register: str, text: str, *, whole: bool = False, walked: bool = False) -> ColumnElement[bool]:
    """Return the condition that the record's number or a text that the actor may see contains ``text``.

    ``whole``: all such rows are wanted, however many, rather than a page of them; ``walked``: a page of the list in its own order.
    """
    table, text = work.tables[register], text.strip()
    fields = [f for f in scope.fields_for(work, register) if f.searchable]
    # long texts first: what is found is mostly found there, and the database stops looking at once
    names = [*(f.code for f in sorted(fields, key=lambda f: not isinstance(f, LongText))), "record_no"]
    if walked and searching.common(work, register, text):
        # the list's index tells all but the texts, which are looked at in a place of their own: so no other row is read whole
        there = table.alias()
        held = select(or_(*(contains(work, there.c[n], text) for n in names))).where(there.c.id == table.c.id)
        near = searching.proposed(work, register, text, walked=True)
        return and_(true() if near is None else near, held.correlate(table).scalar_subquery())
    found = or_(*(contains(work, table.c[n], text) for n in names))
    near = searching.proposed(work, register, text, whole=whole)
    return found if near is None else and_(near, found)


def contains(work: Work, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a text column contains ``text``, whatever the case of Latin letters."""
    return _like(work, column, f"%{escape(text)}%")


def _like(work: Work, column: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    # PostgreSQL compares without case at three times the cost, and Chinese has none; SQLite's LIKE never minds Latin case
    cased = work.connection.dialect.name == "postgresql" and pattern.lower() != pattern.upper()
    return and_(column.is_not(None), (column.ilike if cased else column.like)(pattern, escape="\\"))


def escape(text: str) -> str:
    """Return text that LIKE takes literally, with a backslash as the escape."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _compare(work: Work, register: str, f: Filter) -> ColumnElement[bool]:
    spec, table = work.spec(register), work.tables[register]
    if f.field == DUE and spec.field(DUE) is None:
        return _due(work, spec, table, f)
    field = next((x for x in scope.fields_for(work, register) if x.code == f.field), None) or SYSTEM.get(f.field)
    if field is None and f.field != "id":
        raise Refused(say("没有名为“{field}”的列可供筛选", field=f.field))
    values = [_who(work, field, v) for v in (f.value if isinstance(f.value, list | tuple) else (f.value,))]
    if field is not None and field.many:
        return _among_links(work, register, field, f.op, values)
    column: ColumnElement[Any] = table.c[f.field]
    filled, value = column.is_not(None), values[0] if values else None
    match f.op:
        case "empty":
            return column.is_(None)
        case "filled":
            return filled
        case "within" if field is not None and field.storage in (Storage.DATE, Storage.MOMENT):
            start, end = _period(work, field, value)
            return and_(filled, column >= start, column < end)
        case "in" if field is None or field.storage is not Storage.WORDS:
            known = [v for v in values if v is not None]
            some = and_(filled, column.in_(known))
            return or_(column.is_(None), some) if len(known) < len(values) else some
        case "has" | "eq" | "ne" | "in" if field is not None and field.storage is Storage.WORDS:
            words = column.cast(Text)
            some = or_(false(), *(_like(work, words, f"%;{escape(str(v))};%") for v in values if v is not None))
            return not_(and_(filled, some)) if f.op == "ne" else and_(filled, some)
        case "ne":
            return filled if value is None else or_(column.is_(None), column != value)
        case "contains":
            return _containing(work, register, field, column, str(value))
        case "starts":
            return _like(work, column.cast(Text), f"{escape(str(value))}%")
        case "eq" if value is None:
            return column.is_(None)
        case "eq" | "lt" | "le" | "gt" | "ge" if value is not None:
            compared: ColumnElement[bool] = getattr(column, f"__{f.op}__")(value)
            return and_(filled, compared)
    raise Refused(say("不认识的筛选方式“{op}”", op=f.op))


def _containing(
    work: Work, register: str, field: Field | None, column: ColumnElement[Any], text: str
) -> ColumnElement[bool]:
    if field is None or not field.searchable:
        return _like(work, column.cast(Text), f"%{escape(text)}%")
    found = contains(work, column, text)
    near = searching.proposed(work, register, text) if field.code in searching.indexed(work.spec(register)) else None
    return found if near is None else and_(near, found)


def _who(work: Work, field: Field | None, value: Any) -> Any:
    return work.actor.person_id if value == ME and isinstance(field, Person | Signature) else value


def _among_links(work: Work, register: str, field: Field, op: str, values: list[Any]) -> ColumnElement[bool]:
    table, link = work.tables[register], work.links[register, field.code]
    any_at_all = table.c.id.in_(select(link.c.record_id))
    some = table.c.id.in_(select(link.c.record_id).where(link.c.target.in_([v for v in values if v is not None])))
    match op:
        case "empty":
            return not_(any_at_all)
        case "filled":
            return any_at_all
        case "ne":
            return not_(some)
        case "in" if None in values:
            return or_(not_(any_at_all), some)
        case "eq" | "in" | "has":
            return some
    raise Refused(say("不认识的筛选方式“{op}”", op=op))


def _due(work: Work, spec: RegisterSpec, table: Table, f: Filter) -> ColumnElement[bool]:
    o = obligation.c
    owing = select(o.record_id).where(o.register == spec.code, o.state == "open")
    match f.op:
        case "empty":
            return table.c.id.not_in(owing)
        case "filled":
            return table.c.id.in_(owing)
        case "overdue":
            return table.c.id.in_(owing.where(o.due_at <= work.now))
        case "within":
            start, end = period(work, str(f.value))
            return table.c.id.in_(owing.where(o.due_at >= _midnight(work, start), o.due_at < _midnight(work, end)))
        case "lt" | "le" | "gt" | "ge" if isinstance(f.value, datetime):
            return table.c.id.in_(owing.where(getattr(o.due_at, f"__{f.op}__")(f.value)))
    raise Refused(say("不认识的筛选方式“{op}”", op=f.op))


def _period(work: Work, field: Field, name: Any) -> tuple[Any, Any]:
    start, end = period(work, str(name))
    return (start, end) if field.storage is Storage.DATE else (_midnight(work, start), _midnight(work, end))


def _midnight(work: Work, day: date) -> datetime:
    return datetime.combine(day, time(), work.panel.zone)


def period(work: Work, name: str) -> tuple[date, date]:
    """Return the first day of a period named in ``PERIODS`` and the first after it, as of today. Raises Refused."""
    if name not in PERIODS:
        raise Refused(say("不认识的时间范围“{name}”", name=name[:40]))
    return PERIODS[name](work.today)


def _days(first: int, count: int) -> Callable[[date], tuple[date, date]]:
    return lambda d: (d + timedelta(first), d + timedelta(first + count))


def _weeks(shift: int) -> Callable[[date], tuple[date, date]]:
    def week(d: date) -> tuple[date, date]:
        monday = d - timedelta(d.weekday()) + timedelta(7 * shift)
        return monday, monday + timedelta(7)

    return week


def _months(shift: int) -> Callable[[date], tuple[date, date]]:
    return lambda d: (_first_of_month(d, shift), _first_of_month(d, shift + 1))


def _first_of_month(d: date, shift: int) -> date:
    months = d.year * 12 + d.month - 1 + shift
    return date(months // 12, months % 12 + 1, 1)


PERIODS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": _days(0, 1), "yesterday": _days(-1, 1), "tomorrow": _days(1, 1),
    "this_week": _weeks(0), "last_week": _weeks(-1), "next_week": _weeks(1),
    "this_month": _months(0), "last_month": _months(-1), "next_month": _months(1),
    "this_year": lambda d: (date(d.year, 1, 1), date(d.year + 1, 1, 1)),
    "last_30_days": _days(-29, 30), "next_7_days": _days(0, 7),
}  # fmt: skip
"""Stretches of days that move with today; weeks begin on Monday."""
