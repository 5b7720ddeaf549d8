"""Fields that definitions show no more: since when, how many values they keep, and how a draft brings one back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import column, distinct, func, inspect, select, table

from app.catalog.register import RegisterSpec
from app.errors import Missing, Refused, say
from app.fields.base import Field
from app.fields.links import Signature
from app.models.fixed import publication
from app.models.registers import PREFIX
from app.services import administration, drafted, drafting, publishing
from app.services.panel import Work


@dataclass(frozen=True)
class Retired:
    """A field as it was when a register showed it last; ``revision`` left it out, ``kept`` records hold a value in it."""

    register: RegisterSpec
    field: Field
    revision: int
    since: date
    kept: int


def listed(work: Work) -> list[Retired]:
    """Return the retired fields of the registers in force, what retired last first. Raises Forbidden."""
    drafting.demand_sight(work)
    found = list(_found(work))
    p = publication.c
    query = select(p.revision, p.in_force_from).where(p.revision.in_({n for _, _, n in found}))
    days = {r.revision: r.in_force_from for r in work.connection.execute(query)} if found else {}
    return [Retired(spec, f, n, days[n], _kept(work, spec, f)) for spec, f, n in found]


def _found(work: Work) -> Iterator[tuple[RegisterSpec, Field, int]]:
    """Yield the retired fields with the revision that left each out; earlier definitions are read only as far as columns are left over."""
    left = _left_over(work)
    told: set[tuple[str, str]] = set()
    for n in range(work.catalog.revision - 1, 0, -1):
        if not left:
            return
        then = publishing.stored(work.connection, n)
        for code in [c for c in left if c in then.registers]:
            spec = work.catalog.registers[code]
            for f in then.registers[code].fields:
                mine = left[code] & _places(code, f)
                left[code] -= mine
                if mine and f.code not in spec.by_code and (code, f.code) not in told:
                    told.add((code, f.code))
                    yield spec, f, n + 1
            if not left[code]:
                del left[code]


def _left_over(work: Work) -> dict[str, set[str]]:
    """Return by register the columns, and the tables of links, that belong to no field any more."""
    seen = inspect(work.connection)
    there = set(seen.get_table_names())
    mine = {f"{PREFIX}{spec.code}": spec.code for spec in work.catalog.tables()}
    columns = seen.get_multi_columns(filter_names=sorted(there & mine.keys()))
    left = {}
    for (_, name), found in columns.items():
        code = mine[name]
        links = {t for t in there - mine.keys() if t.startswith(f"{name}__")}
        known = {c.name for c in work.tables[code].columns} | {t.name for (r, _), t in work.links.items() if r == code}
        left[code] = ({str(c["name"]) for c in found} | links) - known
    return {code: names for code, names in left.items() if names}


def _places(register: str, f: Field) -> set[str]:
    """Return where the values of a field lie: columns of the register's table, or a table of links."""
    if f.many:
        return {f"{PREFIX}{register}__{f.code}"}
    return {f.place, f"{f.place}_at"} if isinstance(f, Signature) else {f.place}


def _kept(work: Work, spec: RegisterSpec, f: Field) -> int:
    if f.many:
        (links,) = _places(spec.code, f)
        rows: Any = select(func.count(distinct(column("record_id")))).select_from(table(links))
    else:
        rows = select(func.count(column(f.place))).select_from(table(f"{PREFIX}{spec.code}"))
    return int(work.connection.execute(rows).scalar_one())


def bring_back(work: Work, number: int, register: str, code: str) -> None:
    """Let a draft show a retired field again, as it was; its values come with it. Raises Forbidden, Missing, Refused."""
    administration.demand(work)
    then = next((n - 1 for spec, f, n in _found(work) if (spec.code, f.code) == (register, code)), None)
    if then is None:
        raise Missing
    was = drafted.in_files(publishing.files_in(work.connection, then), "registers", register).document
    document = drafted.get(work, number, "registers", register).document
    if _entry(document, code) is not None:
        raise Refused(say("草稿里已经有字段“{code}”", code=code))
    fields = [*(document.get("fields") or []), _entry(was, code)]
    drafted.write(work, number, "registers", register, document | {"fields": fields})


def _entry(document: dict[str, Any], code: str) -> Any:
    return next((e for e in document.get("fields") or () if isinstance(e, dict) and e.get("code") == code), None)
