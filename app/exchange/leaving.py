"""Every file that leaves the panel: noted with who, when and what before its first byte, and marked with the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import RowMapping, select, update

from app import clock
from app.catalog.register import SYSTEM, RegisterSpec
from app.exchange.exporting import Wanted, chosen, parts
from app.fields.base import Field
from app.fields.label import Label
from app.fields.times import Moment
from app.models.bulk import insert_one
from app.models.fixed import export_log
from app.services import administration, listing, lookup, scope
from app.services.filtering import Filter, Part
from app.services.panel import Actor, Panel, Work

TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_NAMES = {
    "register": Label(zh="登记簿", en="Register"), "who": Label(zh="导出人", en="Exported by"), "when": Label(zh="导出时间", en="Exported at"),
    "number": Label(zh="导出编号", en="Export no."), "what": Label(zh="条件", en="Which"),
}  # fmt: skip
_SIGNS = {
    "eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", "in": "∈", "contains": "∋", "starts": "^", "has": "∋",
    "within": "∈", "empty": "= ∅", "filled": "≠ ∅", "overdue": "!",
}  # fmt: skip


@dataclass(frozen=True)
class Leaving:
    """A file on its way: its name, its type, its bytes. Only with the last of them the log says that it is whole."""

    number: int
    name: str
    type: str
    parts: Iterator[bytes]


def issue(panel: Panel, actor: Actor, register: str, wanted: Wanted, *, now: datetime, source: str) -> Leaving:
    """Note that somebody takes a file of a register's rows, and return it.

    Raises Forbidden, Missing, and Refused for what cannot be a column, a filter or an order, before anything is noted.
    """
    with panel.reading(actor, now=now) as work:
        spec = scope.demand(work, register, "export")
        codes = [f.code for f in chosen(work, spec, wanted)]
        order = wanted.order
        sort = order if not isinstance(order, str) else ()
        listing.page(work, register, filters=wanted.filters, search=wanted.search, sort=sort, limit=1)
        criteria = _told(work, spec, wanted)
    row = {
        "register": register, "person": actor.person_id, "at": now, "source": source,
        "form": wanted.form if wanted.form != "csv" or wanted.encoding == "utf-8-sig" else f"csv {wanted.encoding}",
        "columns": orjson.dumps(codes).decode(), "criteria": criteria,
    }  # fmt: skip
    with panel.work(actor, now=now, source=source) as work:
        number = insert_one(work.connection, export_log, row)
    label, at = spec.label.text(wanted.language), Moment(code="at", label=_NAMES["when"]).format(now)
    texts = {"register": label, "who": actor.name, "when": at, "number": str(number), "what": criteria}
    marked = replace(
        wanted, mark=[(_NAMES[k].text(wanted.language), t) for k, t in texts.items() if t and k != "register"]
    )
    stamp = at.replace("-", "").replace(":", "").replace(" ", "-")[:13]
    name = f"{label}_{actor.name}_{stamp}_{number}.{wanted.form}"
    return Leaving(number, name, TYPES[wanted.form], _counted(panel, actor, register, marked, number))


def _counted(panel: Panel, actor: Actor, register: str, wanted: Wanted, number: int) -> Iterator[bytes]:
    """Yield the file in a reading of its own, for it goes on after the request has ended; then note how many rows it held."""
    rows = 0

    def told(more: int) -> None:
        nonlocal rows
        rows += more

    finished = None
    try:
        with panel.reading(actor) as work:
            yield from parts(work, register, wanted, told)
        finished = clock.now()
    finally:
        with panel.work(Actor.system(), source="system") as work:
            noted = update(export_log).where(export_log.c.id == number)
            work.connection.execute(noted.values(rows=rows, finished_at=finished))


def log(work: Work, *, register: str = "", person: int | None = None, limit: int = 200) -> Sequence[RowMapping]:
    """Return the latest exports that the actor may know of: everybody's for who looks after the site, else one's own."""
    e = export_log.c
    query = select(export_log).order_by(e.id.desc()).limit(limit)
    if not administration.may(work):
        query = query.where(e.person == work.actor.person_id)
    if register:
        query = query.where(e.register == register)
    if person is not None:
        query = query.where(e.person == person)
    return work.connection.execute(query).mappings().all()


def rows_of(work: Work, number: int) -> int:
    """Return how many rows an export held."""
    return work.connection.execute(select(export_log.c.rows).where(export_log.c.id == number)).scalar() or 0


def _told(work: Work, spec: RegisterSpec, wanted: Wanted) -> str:
    """Return in a line which rows were asked for; empty for all of them."""
    said = [_part(work, spec, p) for p in wanted.filters]
    return "；".join([*said, *([f"“{wanted.search.strip()}”"] if wanted.search.strip() else [])])[:2_000]


def _part(work: Work, spec: RegisterSpec, part: Part) -> str:
    if not isinstance(part, Filter):
        inner = [_part(work, spec, p) for p in part.parts]
        return f"¬({inner[0]})" if part.how == "not" else f"({(' ∧ ' if part.how == 'all' else ' ∨ ').join(inner)})"
    field = spec.column(part.field) or SYSTEM.get(part.field)
    name, sign = field.label.zh if field else part.field, _SIGNS.get(part.op, part.op)
    if part.op in ("empty", "filled", "overdue"):
        return f"{name} {sign}"
    values = part.value if isinstance(part.value, list | tuple) else [part.value]
    told = "、".join(_text(work, field, part.op, v) for v in values[:20])
    return f"{name} {sign} {told}{'…' if len(values) > 20 else ''}"


def _text(work: Work, field: Field | None, op: str, value: Any) -> str:
    if value is None or field is None or isinstance(value, str) or op in ("contains", "starts", "within"):
        return "∅" if value is None else str(value)
    return lookup.cell_texts(work, field, [value]).get(value, str(value))
