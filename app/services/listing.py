"""Rows of a register as the actor may see them: filtered, searched, sorted, paged, streamed, counted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, and_, func, or_, select

from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Missing, Refused, say
from app.fields.base import Field, Storage
from app.models.registers import columns_of
from app.services import scope
from app.services.panel import Work

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


@dataclass(frozen=True)
class Filter:
    """One comparison on a field: eq ne lt le gt ge, contains starts (text), in (several values), has (several choices), empty, filled."""

    field: str
    op: str
    value: Any = None


def select_rows(
    work: Work,
    register: str,
    *,
    filters: Sequence[Filter] = (),
    search: str = "",
    order: str = "",
    limit: int | None = None,
    offset: int = 0,
    columns: Sequence[str] | None = None,
    ids: Iterable[int] | None = None,
    verb: str = "read",
) -> list[dict[str, Any]]:
    """Return the rows that the actor may see, as field code → value with the system fields; several links as tuples.

    ``order`` is a field code, ``-`` before it for descending; ties go by id. ``columns`` limits the fields read.
    Raises Forbidden, Missing, and Refused for a filter that cannot be.
    """
    scope.demand(work, register, verb if verb == "export" else "read")
    fields = _wanted(work, register, columns)
    table = work.tables[register]
    matching = _matching(work, register, filters, search, verb)
    if ids is not None:
        matching = matching.where(table.c.id.in_(list(ids)))
    ordered = _ordered(work, register, matching, order)
    if limit is not None:
        # the page's keys first, then its rows: skipped rows are never read whole
        page = ordered.limit(limit).offset(offset).subquery()
        query = _ordered(work, register, select(*_cells(table, fields)).where(table.c.id.in_(select(page.c.id))), order)
    else:
        query = _ordered(work, register, select(*_cells(table, fields)).where(table.c.id.in_(matching)), order)
    rows = [dict(r) for r in work.connection.execute(query).mappings()]
    _attach_links(work, register, fields, rows)
    return rows


def stream_rows(
    work: Work,
    register: str,
    *,
    filters: Sequence[Filter] = (),
    search: str = "",
    order: str = "",
    columns: Sequence[str] | None = None,
    batch: int = 2_000,
    verb: str = "export",
) -> Iterator[list[dict[str, Any]]]:
    """Yield all visible rows in batches, with flat memory; like ``select_rows``."""
    scope.demand(work, register, verb)
    fields = _wanted(work, register, columns)
    table = work.tables[register]
    matching = _ordered(work, register, _matching(work, register, filters, search, verb), order)
    query = _ordered(
        work, register, select(*_cells(table, fields)).where(table.c.id.in_(matching.order_by(None))), order
    )
    result = work.connection.execution_options(stream_results=True, max_row_buffer=batch).execute(query)
    for part in result.mappings().partitions(batch):
        rows = [dict(r) for r in part]
        _attach_links(work, register, fields, rows)
        yield rows


def count_rows(
    work: Work, register: str, *, filters: Sequence[Filter] = (), search: str = "", verb: str = "read"
) -> int:
    """Return how many rows ``select_rows`` would find; counts keys only."""
    scope.demand(work, register, verb)
    matching = _matching(work, register, filters, search, verb).subquery()
    return int(work.connection.execute(select(func.count()).select_from(matching)).scalar_one())


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


def _matching(work: Work, register: str, filters: Sequence[Filter], search: str, verb: str) -> Select[Any]:
    table, spec = work.tables[register], work.spec(register)
    query = select(table.c.id).where(scope.visible(work, register, verb))
    if verb != "read":
        query = query.where(scope.visible(work, register, "read"))
    for f in filters:
        query = query.where(_compare(work, spec, table, f))
    return query.where(_search(work, spec, table, search)) if search.strip() else query


def _ordered(work: Work, register: str, query: Select[Any], order: str) -> Select[Any]:
    table, spec = work.tables[register], work.spec(register)
    order = order or spec.order
    name = order.lstrip("-")
    if name not in table.c or not _known(work, spec, name):
        raise Refused(say("不能按“{field}”排序", field=name))
    down = order.startswith("-")
    keys = [table.c[name]] if name == "id" else [table.c[name], table.c.id]
    return query.order_by(*(k.desc() if down else k.asc() for k in keys))


def _known(work: Work, spec: RegisterSpec, name: str) -> bool:
    return name in PLAIN or any(name in columns_of(f) for f in scope.fields_for(work, spec.code))


def _search(work: Work, spec: RegisterSpec, table: Table, text: str) -> ColumnElement[bool]:
    pattern = f"%{escape(text.strip())}%"
    texts = [f.code for f in scope.fields_for(work, spec.code) if f.searchable]
    return or_(*(table.c[n].like(pattern, escape="\\") for n in ("record_no", *texts)))


def escape(text: str) -> str:
    """Return text that LIKE takes literally, with a backslash as the escape."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _compare(work: Work, spec: RegisterSpec, table: Table, f: Filter) -> ColumnElement[bool]:
    field = next((x for x in scope.fields_for(work, spec.code) if x.code == f.field), None) or SYSTEM.get(f.field)
    if field is None and f.field != "id":
        raise Refused(say("没有名为“{field}”的列可供筛选", field=f.field))
    if field is not None and field.many:
        link = work.links[spec.code, field.code]
        values = f.value if isinstance(f.value, list | tuple) else (f.value,)
        some = table.c.id.in_(select(link.c.record_id).where(link.c.target.in_(values)))
        return {
            "empty": table.c.id.not_in(select(link.c.record_id)),
            "filled": table.c.id.in_(select(link.c.record_id)),
        }.get(f.op, some)
    column = table.c[f.field]
    match f.op:
        case "empty":
            return column.is_(None)
        case "filled":
            return column.is_not(None)
        case "contains":
            return column.cast(Text).like(f"%{escape(str(f.value))}%", escape="\\")
        case "starts":
            return column.cast(Text).like(f"{escape(str(f.value))}%", escape="\\")
        case "in":
            return column.in_(list(f.value))
        case "has":
            return column.cast(Text).like(f"%;{escape(str(f.value))};%", escape="\\")
        case "ne":
            return or_(column.is_(None), column != f.value)
        case "eq" if field is not None and field.storage is Storage.WORDS:
            return column.cast(Text).like(f"%;{escape(str(f.value))};%", escape="\\")
        case "eq" | "lt" | "le" | "gt" | "ge":
            compared: ColumnElement[bool] = getattr(column, f"__{f.op}__")(f.value)
            return and_(column.is_not(None), compared)
    raise Refused(say("不认识的筛选方式“{op}”", op=f.op))


def _attach_links(work: Work, register: str, fields: Iterable[Field], rows: list[dict[str, Any]]) -> None:
    many = [f for f in fields if f.many]
    if not many or not rows:
        return
    by_id = {r["id"]: r for r in rows}
    for f in many:
        link = work.links[register, f.code]
        held: dict[int, list[int]] = {}
        query = (
            select(link.c.record_id, link.c.target)
            .where(link.c.record_id.in_(by_id))
            .order_by(link.c.record_id, link.c.place)
        )
        for record_id, target in work.connection.execute(query):
            held.setdefault(record_id, []).append(target)
        for record_id, r in by_id.items():
            r[f.code] = tuple(held[record_id]) if record_id in held else None
