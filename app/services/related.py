"""Records that others point to, and that point to others: which of them the actor may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Select, exists, func, literal, select, union_all

from app.catalog.register import RegisterSpec
from app.fields.links import Link
from app.services import lookup, scope
from app.services.panel import Work


def children(work: Work, register: str, record_id: int) -> list[tuple[RegisterSpec, Link, int]]:
    """Return (register, its field that points here, number of visible records) for every register with at least one; one query."""
    pointing = {
        (spec.code, field.code): (spec, field)
        for spec, field in work.catalog.pointing_at.get(register, ())
        if scope.may(work, spec.code, "read") and field in scope.fields_for(work, spec.code)
    }
    if not pointing:
        return []
    counts = [_count(work, spec, field, record_id) for spec, field in pointing.values()]
    found = {(r[0], r[1]): r[2] for r in work.connection.execute(union_all(*counts))}
    return [(*pointing[key], found[key]) for key in pointing if found[key]]


def seen(work: Work, wanted: Mapping[str, Iterable[int]]) -> set[tuple[str, int]]:
    """Return which of these records (register → ids) the actor may see, as (register, id).

    One query for all of them; none for those that have just been named.
    """
    parts = []
    found: set[tuple[str, int]] = set()
    for register, ids in wanted.items():
        asked, known = set(ids), lookup.open_rows(work, register)
        found |= {(register, i) for i in asked if known.get(i)}
        if (some := sorted(asked - known.keys())) and scope.may(work, register, "read"):
            table = work.tables[register]
            parts.append(
                select(literal(register), table.c.id).where(table.c.id.in_(some), scope.visible(work, register))
            )
    if parts:
        found |= {(r[0], r[1]) for r in work.connection.execute(union_all(*parts))}
    return found


def _count(work: Work, spec: RegisterSpec, field: Link, record_id: int) -> Select[str, str, int]:
    table = work.tables[spec.code]
    if field.many:
        link = work.links[spec.code, field.code]
        here: ColumnElement[bool] = exists().where(link.c.record_id == table.c.id, link.c.target == record_id)
    else:
        here = table.c[field.code] == record_id
    return (
        select(literal(spec.code), literal(field.code), func.count())
        .select_from(table)
        .where(here, scope.visible(work, spec.code))
    )
