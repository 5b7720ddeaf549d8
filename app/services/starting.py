"""When a duty begins for a record: with its entry, with a moment that a field carries, or with a state that it enters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.catalog.duty import Duty, Start
from app.catalog.register import RegisterSpec
from app.fields.links import Signature
from app.services import history
from app.services.panel import Work

ENTERED = "entered_state_at"
"""Where a row carries the moment at which it entered the state that starts a duty."""


def entered(
    work: Work,
    spec: RegisterSpec,
    starts: Start,
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[int, Mapping[str, Any]],
) -> Sequence[Mapping[str, Any]]:
    """Return the rows with the moment at which a duty that a state starts began: when that was entered for the first time.

    The state may have been left since; what an obligation that stands says of it is taken from there.
    """
    if not starts.state:
        return rows
    asked = [r for r in rows if (old := known.get(r["id"])) is None or old["state"] == "void"]
    entered = history.first(work, spec, asked, lambda r: r["state"] in starts.state)
    return [{**r, ENTERED: entered[r["id"]]} if r["id"] in entered else r for r in rows]


def begun(
    spec: RegisterSpec, duty: Duty, rows: Sequence[Mapping[str, Any]], known: Mapping[int, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the rows that may owe a duty: of the others it need not be asked whether they have fulfilled it."""
    if column := column_of(spec, duty.starts):
        begun = [row for row in rows if row.get(column) is not None]
    else:
        begun = [row for row in rows if started(duty.starts, "", row, known.get(row["id"])) is not None]
    if duty.when is None:
        return begun
    holds = duty.when.holds
    return [row for row in begun if holds(row)]


def started(
    starts: Start, column: str, row: Mapping[str, Any], old: Mapping[str, Any] | None
) -> date | datetime | None:
    """Return when a duty began for a row; ``column`` is where the moment of its field lies."""
    if column:
        return row.get(column)
    if starts.created:
        return row["created_at"]
    if old is not None and old["state"] != "void":
        return old["started_at"]
    return row.get(ENTERED) or (row["state_at"] if row["state"] in starts.state else None)


def column_of(spec: RegisterSpec, starts: Start) -> str:
    """Return the column of the field that starts a duty; empty where it is the entry or a state."""
    return f"{starts.field}_at" if isinstance(spec.field(starts.field), Signature) else starts.field
