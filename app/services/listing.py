"""Rows of a register as the actor may see them: filtered, searched, sorted, paged, streamed, counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Table, func, literal, select

from app.errors import Missing
from app.fields.base import Field
from app.models.among import among, among_given
from app.models.bulk import read_columns
from app.models.registers import columns_of
from app.services import access_log, filtering, scope
from app.services.filtering import Filter, Part, escape
from app.services.ordering import Order, Sort, order_of
from app.services.panel import Work
from app.services.rows import attach

__all__ = [
    "Filter",
    "Page",
    "Sort",
    "count_rows",
    "escape",
    "in_order",
    "matching",
    "page",
    "row",
    "rows_of",
    "select_rows",
    "stream_columns",
    "stream_ids",
]

PLAIN = (
    "id",
    "record_no",
    "state",
    "state_at",
    "unit",
    "created_by",
    "created_at",
    "updated_by",
    "updated_at",
    "version",
    "remark",
)


def select_rows(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    order: str | Sequence[Sort] = "",
    limit: int | None = None,
    offset: int = 0,
    columns: Sequence[str] | None = None,
    ids: Iterable[int] | None = None,
    verb: str = "read",
    logged_as: str = "read",
) -> list[dict[str, Any]]:
    """Return the rows that the actor may see, as field code → value with the system fields; several links as tuples.

    ``order`` is a field code, ``-`` before it for descending, or several keys; ties go by id. ``columns`` limits the fields read;
    ``logged_as`` is what the access log calls it. Raises Forbidden, Missing, and Refused for a filter that cannot be.
    """
    scope.demand(work, register, verb if verb == "export" else "read")
    fields = _wanted(work, register, columns)
    table = work.tables[register]
    found = matching(work, register, filters, search, verb)
    if ids is not None:
        found = found.where(table.c.id.in_(list(ids)))
    wanted = order_of(work, register, order)
    if limit is not None:
        # the page's keys first, then its rows: skipped rows are never read whole
        found = select(wanted.apply(found).limit(limit).offset(offset).subquery().c.id)
    cells = [*_cells(table, fields), *access_log.columns(work, register, fields)]
    query = wanted.apply(select(*cells).where(table.c.id.in_(found)))
    rows = [dict(r) for r in work.connection.execute(query).mappings()]
    access_log.note(work, register, rows, logged_as)
    attach(work, register, fields, rows)
    return rows


def stream_ids(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    order: str | Sequence[Sort] = "",
    batch: int = 2_000,
    verb: str = "export",
) -> Iterator[Sequence[int]]:
    """Yield the ids of all visible rows in their order, in batches, with flat memory. Raises Forbidden, Missing, Refused."""
    scope.demand(work, register, verb)
    keys = order_of(work, register, order).apply(matching(work, register, filters, search, verb))
    with work.connection.execute(keys.execution_options(stream_results=True)) as found:
        first = found.fetchone()  # SQLAlchemy has read it already
        if first is None:
            return
        # all others as the driver brings them: as rows of SQLAlchemy's they would take a tenth of an export's time
        yield [first[0], *(i for (i,) in found.cursor.fetchmany(batch - 1))]
        while rows := found.cursor.fetchmany(batch):
            yield [i for (i,) in rows]


def in_order(
    work: Work, register: str, cells: Sequence[Any], order: str | Sequence[Sort] = "", verb: str = "export"
) -> Select[Any]:
    """Return the query for ``cells`` of the rows that the actor may see; which of them is still to be said."""
    whole = select(*cells).where(scope.visible(work, register, verb), scope.visible(work, register))
    return order_of(work, register, order).apply(whole)


def stream_columns(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    order: str | Sequence[Sort] = "",
    columns: Sequence[str] | None = None,
    batch: int = 2_000,
    verb: str = "export",
) -> Iterator[dict[str, Sequence[Any]]]:
    """Yield all visible rows in batches, with flat memory; like ``select_rows``, but each batch as its columns."""
    fields = _wanted(work, register, columns)
    table = work.tables[register]
    cells = [*_cells(table, fields), *access_log.columns(work, register, fields)]
    whole = in_order(work, register, cells, order, verb)
    # the keys first, which an index gives in their order, then their rows: nothing is sorted before the first batch leaves
    found = stream_ids(work, register, filters=filters, search=search, order=order, batch=batch, verb=verb)
    for ids in found:
        part = read_columns(work.connection, whole.where(among(table.c.id, ids)))
        rows = [{"id": i} for i in part.get("id", ())]
        for name in [n for n in part if n not in table.c]:  # the access log's questions
            for row, answer in zip(rows, part.pop(name), strict=True):
                row[name] = answer
        access_log.note(work, register, rows, verb)
        attach(work, register, fields, rows)
        if rows:
            yield part | {f.code: [r[f.code] for r in rows] for f in fields if f.many}


def count_rows(work: Work, register: str, *, filters: Sequence[Part] = (), search: str = "", verb: str = "read") -> int:
    """Return how many rows ``select_rows`` would find; counts keys only."""
    scope.demand(work, register, verb)
    found = matching(work, register, filters, search, verb).subquery()
    return int(work.connection.execute(select(func.count()).select_from(found)).scalar_one())


def row(work: Work, register: str, record_id: int, verb: str = "read") -> dict[str, Any]:
    """Return one visible row.

    Raises Missing for a row that is not there and for one that the actor may not see, alike.
    """
    if not scope.may(work, register, "read"):
        raise Missing
    found = select_rows(work, register, ids=[record_id], verb=verb)
    if not found:
        raise Missing
    return found[0]


def _wanted(work: Work, register: str, columns: Sequence[str] | None) -> tuple[Field, ...]:
    fields = scope.fields_for(work, register)
    return fields if columns is None else tuple(f for f in fields if f.code in columns)


def _cells(table: Table, fields: Iterable[Field]) -> list[Any]:
    names = dict.fromkeys([*PLAIN, *(n for f in fields for n in columns_of(f))])
    return [table.c[n] for n in names if n in table.c]


def matching(
    work: Work,
    register: str,
    filters: Sequence[Part] = (),
    search: str = "",
    verb: str = "read",
    *,
    whole: bool = False,
    walked: bool = False,
) -> Select[Any]:
    """Return the query for the ids of the rows that the actor may see (and do ``verb`` with) and that are meant, in no order.

    ``whole``: all of them are wanted rather than a page; ``walked``: a page of them, in the register's own order.
    """
    query = select(work.tables[register].c.id).where(scope.visible(work, register, verb))
    if verb != "read":
        query = query.where(scope.visible(work, register, "read"))
    if filters:
        query = query.where(filtering.clause(work, register, filters))
    if not search.strip():
        return query
    return query.where(filtering.searched(work, register, search, whole=whole, walked=walked and not filters))


@dataclass(frozen=True)
class Page:
    """One window of a list: the ids in their order, where the rows behind and before them begin, whether it is the end."""

    ids: list[int]
    after: str | None
    before: str | None
    end: bool


def page(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    sort: Sequence[Sort] = (),
    limit: int = 100,
    offset: int = 0,
    after: str | None = None,
    before: str | None = None,
) -> Page:
    """Return which rows stand in a window of a list; nothing is counted.

    With ``after`` or ``before`` (from the neighbouring page) it continues there, equally fast at any depth; else it skips
    ``offset`` rows. Raises Forbidden, Missing, Refused.
    """
    scope.demand(work, register, "read")
    order = order_of(work, register, sort)
    found = keyed(order, matching(work, register, filters, search, walked=not sort))
    if after is not None:
        rows = beyond(work, order, found, after, limit + 1)
    elif before is not None:
        rows = beyond(work, order, found, before, limit, back=True)[::-1]
        return page_of(order, rows, ahead=True)
    else:
        query = order.apply(found).limit(limit + 1).offset(offset)
        rows = [dict(r) for r in work.connection.execute(query).mappings()]
    return page_of(order, rows[:limit], ahead=len(rows) > limit)


def keyed(order: Order, found: Select[Any]) -> Select[Any]:
    """Return a query for what an order compares of each row."""
    return found.with_only_columns(*(k.column for k in order.keys))


def page_of(order: Order, rows: Sequence[Mapping[str, Any]], *, ahead: bool) -> Page:
    """Return the page that these rows make up; ``ahead``: more follow them."""
    last, first = (order.mark(rows[-1]), order.mark(rows[0])) if rows else (None, None)
    return Page([r["id"] for r in rows], last, first, not ahead)


def beyond(
    work: Work, order: Order, found: Select[Any], cursor: str, limit: int, *, back: bool = False, skip: int = 0
) -> list[dict[str, Any]]:
    """Return the rows behind the one that ``cursor`` marks (``back``: before it, nearest first), ``skip`` of them left out."""
    rows: list[dict[str, Any]] = []
    for stretch in order.beyond(order.place(cursor), back=back):
        here = found.where(*stretch)
        query = order.apply(here, back=back).limit(limit - len(rows)).offset(skip)
        part = [dict(r) for r in work.connection.execute(query).mappings()]
        if part:
            skip = 0
        elif skip:
            size = select(func.count()).select_from(here.limit(skip).subquery())
            skip -= work.connection.execute(size).scalar_one()
        rows += part
        if len(rows) >= limit:
            break
    return rows


def rows_of(
    work: Work,
    register: str,
    ids: Sequence[int],
    *,
    columns: Sequence[str] | None = None,
    verbs: Sequence[str] = (),
    logged_as: str = "read",
) -> list[dict[str, Any]]:
    """Return visible rows in the order of their ids; ``may_<verb>`` says of each whether the actor may do that with it.

    ``logged_as``: what the access log calls it. Raises Forbidden, Missing.
    """
    scope.demand(work, register, "read")
    fields = _wanted(work, register, columns)
    key = scope.rows_rules(work, register, ("read", *verbs), *(f.code for f in fields))
    query = work.panel.once("rows by id", key, lambda: _by_ids(work, register, fields, verbs))
    found = work.connection.execute(query, {"ids": list(ids)})
    names = list(found.keys())
    by_id = {r.id: dict(zip(names, r, strict=True)) for r in found}
    rows = [by_id[i] for i in dict.fromkeys(ids) if i in by_id]
    access_log.note(work, register, rows, logged_as)
    attach(work, register, fields, rows)
    return rows


def _by_ids(work: Work, register: str, fields: Sequence[Field], verbs: Sequence[str]) -> Select[Any]:
    """Return the query for the visible ones of rows by ``ids``, with whether the actor may do each of ``verbs`` with them."""
    table = work.tables[register]
    may = [
        (scope.visible(work, register, v) if scope.may(work, register, v) else literal(False)).label(f"may_{v}")
        for v in verbs
    ]
    cells = [*_cells(table, fields), *access_log.columns(work, register, fields)]
    return select(*cells, *may).where(among_given(table.c.id, "ids"), scope.visible(work, register))
