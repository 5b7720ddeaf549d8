"""What a list consists of: groups with their size, the values of a column, the rows of each state, what is due on each day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import ColumnElement, Text, cast, func, literal_column, select

from app.catalog.register import SYSTEM
from app.errors import Refused, say
from app.fields.base import Field, Storage
from app.fields.texts import LongText
from app.models.ledger import obligation
from app.models.order import BlanksFirst
from app.services import filtering, listing, scope
from app.services.filtering import Part
from app.services.ordering import Sort
from app.services.panel import Work
from app.services.remembering import place_of, remembered
from app.services.totals import Sum, summable

NEWEST = 50_000
"""Values of a column are counted over so many of the newest rows at most."""


Stretch = Literal["", "day", "month", "year"]
"""Of days and moments: what stands together; empty: only what is the same."""


@dataclass(frozen=True)
class Grouping:
    """One level of groups: a field; for days and moments by day, month or year."""

    field: str
    down: bool = False
    by: Stretch = ""


@dataclass
class Group:
    """Rows with the same values: how many, after how many others they stand, and sums of their columns."""

    values: tuple[Any, ...]
    count: int
    offset: int = 0
    sums: dict[str, Sum] = field(default_factory=dict)


def groups(
    work: Work,
    register: str,
    by: Sequence[Grouping],
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    sums: Sequence[str] = (),
    limit: int = 1_000,
) -> tuple[list[Group], bool]:
    """Return the groups of a list in the order of its rows, and whether there are more than ``limit``.

    Raises Forbidden, Missing, and Refused for a field that cannot be grouped by or that the actor may not see.
    """
    scope.demand(work, register, "read")
    table = work.tables[register]
    fields = [groupable(work, register, g.field) for g in by]
    added = [c for c in dict.fromkeys(sums) if _is_summable(work, register, c)]
    keys = [_stretch(work, table.c[g.field], f, g.by) for g, f in zip(by, fields, strict=True)]
    amounts = [a for c in added for a in (func.sum(table.c[c]), func.count(table.c[c]))]
    found = listing.matching(work, register, filters, search, whole=True)
    query = found.with_only_columns(*keys, func.count(), *amounts).group_by(*keys)
    query = query.order_by(*(BlanksFirst(k, g.down) for k, g in zip(keys, by, strict=True))).limit(_MOST)
    asked = ("groups", tuple(by), tuple(added))
    rows = remembered(work, place_of(work, register, found), asked, lambda: work.connection.execute(query).all())
    merged: dict[tuple[Any, ...], Group] = {}
    for row in rows:
        values = tuple(_named(work, g, v) for g, v in zip(by, row[: len(by)], strict=True))
        group = merged.setdefault(values, Group(values, 0))
        group.count += row[len(by)]
        for n, code in enumerate(added):
            amount, filled = row[len(by) + 1 + 2 * n], row[len(by) + 2 + 2 * n]
            old = group.sums.get(code, Sum(Decimal(0), 0))
            group.sums[code] = Sum(old.sum + Decimal(amount or 0), old.filled + filled)
    offset = 0
    for group in merged.values():
        group.offset, offset = offset, offset + group.count
    every = list(merged.values())
    return every[:limit], len(every) > limit


_MOST = 100_000


def groupable(work: Work, register: str, code: str) -> Field:
    """Return a field that rows can be grouped by: one value each, and not a long text.

    Raises Refused for others, and for one that the actor may not see.
    """
    seen = {f.code: f for f in scope.fields_for(work, register)}
    found = seen.get(code) or SYSTEM.get(code)
    if found is None or found.many or found.storage is Storage.WORDS or isinstance(found, LongText):
        raise Refused(say("不能按“{field}”分组", field=code))
    return found


def _is_summable(work: Work, register: str, code: str) -> bool:
    if any(f.code == code and summable(f) for f in scope.fields_for(work, register)):
        return True
    raise Refused(say("“{field}”不能求和", field=code))


def _stretch(work: Work, column: ColumnElement[Any], f: Field, by: str) -> ColumnElement[Any]:
    """Return what rows of one group share in the database; SQLite knows no zones, so hours of UTC are joined afterwards."""
    if not by:
        return column
    if f.storage not in (Storage.DATE, Storage.MOMENT):
        raise Refused(say("只有日期可以按日、月、年分组"))
    width = _WIDTH[by]
    if f.storage is Storage.DATE:
        return func.substr(cast(column, Text), 1, width)
    if work.connection.dialect.name == "sqlite":
        return func.substr(cast(column, Text), 1, 13)
    local = func.timezone(literal_column(f"'{work.panel.zone.key}'"), column)
    return func.substr(func.to_char(local, literal_column("'YYYY-MM-DD'")), 1, width)


_WIDTH = {"day": 10, "month": 7, "year": 4}


def _named(work: Work, by: Grouping, value: Any) -> Any:
    if not by.by or value is None or len(value) != 13:
        return value
    hour = datetime.strptime(value, "%Y-%m-%d %H").replace(tzinfo=UTC)
    return hour.astimezone(work.panel.zone).isoformat()[: _WIDTH[by.by]]


def sort_of(by: Sequence[Grouping], sort: Sequence[Sort]) -> list[Sort]:
    """Return the sort keys under which rows of one group stand together."""
    own = [Sort(g.field, g.down) for g in by]
    return [*own, *(s for s in sort if s.field not in {g.field for g in by})]


def values(
    work: Work,
    register: str,
    code: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    typed: str = "",
    limit: int = 100,
) -> tuple[list[tuple[Any, int]], bool, int | None]:
    """Return the values of a column in a list with their number, commonest first; whether there are more; over how many rows.

    ``typed`` keeps those that contain a text. A long list is counted over its newest rows only, which is then told.
    Raises Forbidden, Missing, and Refused for a field that the actor may not see.
    """
    scope.demand(work, register, "read")
    table = work.tables[register]
    f = next((x for x in scope.fields_for(work, register) if x.code == code), None) or SYSTEM.get(code)
    if f is None or isinstance(f, LongText):
        raise Refused(say("没有名为“{field}”的列可供筛选", field=code))
    found = listing.matching(work, register, filters, search)
    if typed.strip() and f.storage is Storage.TEXT:
        found = found.where(filtering.contains(work, table.c[code], typed.strip()))
    if not f.many:
        found = found.add_columns(table.c[code])
    newest = found.order_by(table.c.id.desc()).limit(NEWEST).subquery()
    if f.many:
        link = work.links[register, code]
        column: ColumnElement[Any] = link.c.target
        base = select(column).join_from(newest, link, link.c.record_id == newest.c.id)
    else:
        column = newest.c[code]
        base = select(column)
    counted = base.add_columns(func.count()).group_by(column).order_by(func.count().desc(), column).limit(limit + 1)

    def count() -> tuple[int, list[tuple[Any, int]]]:
        size = work.connection.execute(select(func.count()).select_from(newest)).scalar_one()
        return int(size), [(r[0], int(r[1])) for r in work.connection.execute(counted)]

    size, rows = remembered(work, place_of(work, register, found), ("values", code, limit), count)
    if f.storage is Storage.WORDS:
        rows = _apart(rows)
    return rows[:limit], len(rows) > limit, size if size >= NEWEST else None


def _apart(rows: Sequence[tuple[Any, int]]) -> list[tuple[Any, int]]:
    """Return several choices counted one by one."""
    found: dict[Any, int] = {}
    for words, count in rows:
        for word in words or (None,):
            found[word] = found.get(word, 0) + count
    return sorted(found.items(), key=lambda r: -r[1])


def by_state(
    work: Work, register: str, *, filters: Sequence[Part] = (), search: str = "", limit: int = 50
) -> dict[str, tuple[int, list[int]]]:
    """Return for each state of a register how many rows stand in it and the ids of the first of them in the register's order.

    Raises Forbidden, Missing, and Refused for a register without workflow.
    """
    spec = scope.demand(work, register, "read")
    if spec.workflow is None or spec.tickets_of:
        raise Refused(say("“{register}”没有流程，不能按状态排列", register=spec.label.zh))
    sizes = {
        g.values[0]: g.count for g in groups(work, register, [Grouping("state")], filters=filters, search=search)[0]
    }
    found: dict[str, tuple[int, list[int]]] = {}
    for state in spec.workflow.states:
        ids: list[int] = []
        if sizes.get(state.code):
            here = [*filters, filtering.Filter("state", "eq", state.code)]
            ids = listing.page(work, register, filters=here, search=search, limit=limit).ids
        found[state.code] = sizes.get(state.code, 0), ids
    return found


def due_in_month(
    work: Work,
    register: str,
    month: date,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    mine: bool = False,
    each: int = 20,
) -> dict[date, tuple[int, list[dict[str, Any]]]]:
    """Return the open obligations of visible records that are due on each day of a month: how many, and the first ``each``.

    ``month`` is its first day; ``mine`` leaves out what others owe. Raises Forbidden, Missing, Refused.
    """
    scope.demand(work, register, "read")
    o, after = obligation.c, date(month.year + month.month // 12, month.month % 12 + 1, 1)
    seen = listing.matching(work, register, filters, search)
    here = [o.register == register, o.state == "open", o.due_on >= month, o.due_on < after, o.record_id.in_(seen)]
    # due_on is a day of the site; the moment, which has the index, may lie a little beside it
    here += [o.due_at >= _midnight(work, month, -2), o.due_at < _midnight(work, after, 2)]
    if mine:
        here.append((o.person == work.actor.person_id) | o.role.in_(sorted(work.actor.roles)))
    sizes = select(o.due_on, func.count()).where(*here).group_by(o.due_on)
    found: dict[date, tuple[int, list[dict[str, Any]]]] = {
        r[0]: (int(r[1]), []) for r in work.connection.execute(sizes)
    }
    place = func.row_number().over(partition_by=o.due_on, order_by=(o.due_at, o.id)).label("place")
    ranked = select(obligation, place).where(*here).subquery()
    query = select(ranked).where(ranked.c.place <= each).order_by(ranked.c.due_on, ranked.c.place)
    for row in work.connection.execute(query).mappings():
        found[row["due_on"]][1].append(dict(row))
    return found


def _midnight(work: Work, day: date, shift: int) -> datetime:
    return datetime.combine(day, time(), work.panel.zone) + timedelta(shift)


def owed_first(work: Work, register: str, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Return the earliest open obligation of each record that has one, for whoever sees the records."""
    o = obligation.c
    query = select(o.record_id, o.due_at, o.due_on, o.person, o.role, o.duty).where(
        o.register == register, o.record_id.in_(list(ids)), o.state == "open"
    )
    found: dict[int, dict[str, Any]] = {}
    for row in work.connection.execute(query.order_by(o.due_at.desc())).mappings():
        found[row["record_id"]] = dict(row)
    return found
