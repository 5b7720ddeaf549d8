"""Whether a duty is fulfilled, and since when: by a field, a state or a signature of the record, or by a record that points to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.catalog.duty import Done, Duty
from app.catalog.register import RegisterSpec
from app.fields.links import Signature
from app.fields.times import Date, Moment
from app.services import history
from app.services.conditions import where
from app.services.panel import Work


def done(
    work: Work, spec: RegisterSpec, duty: Duty, rows: Sequence[Mapping[str, Any]], fresh: bool
) -> dict[int, datetime]:
    """Return when the duty was fulfilled, for the records that have fulfilled it.

    A date, moment or signature says it itself; a state, or any other field, has been so since a version of the record said it.
    """
    d = duty.done
    if d.register_code:
        return {} if fresh else _done_elsewhere(work, d, [r["id"] for r in rows])
    holds = fulfils(spec, d)
    if (column := moment_column(spec, d)) is None:
        return history.since(work, spec, rows, holds)
    return {r["id"]: moment_of(work, r[column]) for r in rows if holds(r)}


def _done_elsewhere(work: Work, d: Done, ids: Sequence[int]) -> dict[int, datetime]:
    spec, table = work.catalog.registers[d.register_code], work.tables[d.register_code]
    pointing = table.c[d.through]
    column = moment_column(spec, d)
    there = table.c.state.in_(d.state) if d.state else table.c[column or d.field].is_not(None)
    fulfilling = [table.c.archived_at.is_(None), there, *([where(table, spec, d.where)] if d.where else [])]
    found: dict[int, datetime] = {}
    for start in range(0, len(ids), 500):
        mine = [*fulfilling, pointing.in_(list(ids[start : start + 500]))]
        if column is not None:
            query = select(pointing, func.min(table.c[column])).where(*mine).group_by(pointing)
            found |= {record_id: moment_of(work, first) for record_id, first in work.connection.execute(query)}
            continue
        children = {r["id"]: dict(r) for r in work.rows(select(table).where(*mine))}
        for child, moment in history.since(work, spec, children.values(), fulfils(spec, d)).items():
            record_id = children[child][d.through]
            found[record_id] = min(moment, found.get(record_id, moment))
    return found


def fulfils(spec: RegisterSpec, d: Done) -> Callable[[Mapping[str, Any]], bool]:
    """Return whether a record, as it is or was, fulfils a duty."""
    column = moment_column(spec, d) or d.field

    def holds(row: Mapping[str, Any]) -> bool:
        if row.get("archived_at") is not None or (d.where is not None and not d.where.holds(row)):
            return False
        return row["state"] in d.state if d.state else row.get(column) not in (None, "", (), False)

    return holds


def moment_column(spec: RegisterSpec, d: Done) -> str | None:
    """Return the column of the moment at which the duty was fulfilled; None where no field of the record says it."""
    field = spec.field(d.field)
    if isinstance(field, Signature):
        return f"{d.field}_at"
    return d.field if isinstance(field, Date | Moment) else None


def moment_of(work: Work, value: date | datetime) -> datetime:
    """Return a moment as it is, and of a day its first one on the site's calendar."""
    return value if isinstance(value, datetime) else work.panel.calendar.start_of(value)
