"""Options of a choice that become one: the records that hold the one are rewritten to the other, as one change with a reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, select

from app.catalog.register import RegisterSpec
from app.errors import CellError, Invalid, Missing, Refused, say
from app.fields.texts import Choice, Choices
from app.models.holding import held
from app.services import blocks, rows, scope, workflow
from app.services.blocks import Done
from app.services.panel import Work

_PART = 2_000


def merge(work: Work, register: str, field: str, source: str, target: str, reason: str) -> tuple[Done, int]:
    """Let every record that holds option ``source`` hold ``target`` instead; return the change and how many records stay as they are.

    Those stay that the actor may not change, or that are locked in their state. The change can be taken back like any other.
    Raises Forbidden, Missing where the field has no such options, Refused where the actor may not write it, Invalid without a reason.
    """
    spec = scope.demand(work, register, "edit")
    f = spec.field(field)
    if not isinstance(f, Choices) or f.option(source) is None or f.option(target) is None or source == target:
        raise Missing
    if f.code not in {x.code for x in scope.fields_for(work, register, "edit")}:
        raise Refused(say("您无权填写这一列，保持原样"))
    if not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    work.reason = reason.strip()
    label = str(say("合并选项：{source} → {target}", source=f.option(source), target=f.option(target)))
    done = blocks.change_all(work, register, _changes(work, spec, f, source, target), label)
    left = select(func.count()).select_from(work.tables[register]).where(holding(work.tables[register], f, source))
    return done, int(work.connection.execute(left).scalar_one())


def holding(table: Table, f: Choices, option: str) -> ColumnElement[bool]:
    """Return the condition that a record which is not archived holds an option of a field."""
    return and_(table.c.archived_at.is_(None), held(table.c[f.code], f, option))


def _changes(
    work: Work, spec: RegisterSpec, f: Choices, source: str, target: str
) -> Iterator[Mapping[int, Mapping[str, Any]]]:
    """Yield the changes of the records that may be changed, in parts."""
    table, last = work.tables[spec.code], 0
    may = scope.visible(work, spec.code) & scope.visible(work, spec.code, "edit")
    while True:
        query = select(table.c.id).where(table.c.id > last, holding(table, f, source), may).order_by(table.c.id)
        ids = list(work.connection.execute(query.limit(_PART)).scalars())
        if not ids:
            return
        last = ids[-1]
        found = rows.read(work, spec, ids)
        open_rows = {i: r for i, r in found.items() if work.actor.is_system or not workflow.locked(spec, r)}
        part = {i: {f.code: _instead(f, r[f.code], source, target)} for i, r in open_rows.items()}
        if part:
            yield part


def _instead(f: Choices, value: Any, source: str, target: str) -> Any:
    if isinstance(f, Choice):
        return target
    held = {target if v == source else v for v in value}
    return tuple(o.code for o in f.choices if o.code in held)
