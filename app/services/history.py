"""What records were before: since when something has held of them, read back from their versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from app.catalog.register import RegisterSpec
from app.fields.base import Unreadable
from app.fields.links import Signature
from app.models.fixed import record_version
from app.services.panel import Work

Row = Mapping[str, Any]
Holds = Callable[[Row], bool]


def since(work: Work, spec: RegisterSpec, rows: Iterable[Row], holds: Holds) -> dict[int, datetime]:
    """Return since when, without a break, ``holds`` has been true of each record of which it is true now."""
    found: dict[int, datetime] = {}
    for record_id, states in _backwards(work, spec, [r for r in rows if holds(r)]):
        for at, row in states:
            if not holds(row):
                break
            found[record_id] = at
    return found


def first(work: Work, spec: RegisterSpec, rows: Iterable[Row], holds: Holds) -> dict[int, datetime]:
    """Return when ``holds`` became true of each record for the first time; of those of which it never was, nothing."""
    found: dict[int, datetime] = {}
    for record_id, states in _backwards(work, spec, rows):
        if held := [at for at, row in states if holds(row)]:
            found[record_id] = held[-1]
    return found


def intervals(
    work: Work, spec: RegisterSpec, rows: Iterable[Row], holds: Holds
) -> dict[int, list[tuple[datetime, datetime | None]]]:
    """Return from when to when ``holds`` was true of each record, the last first; the end of what still holds is None."""
    found: dict[int, list[tuple[datetime, datetime | None]]] = {}
    for record_id, states in _backwards(work, spec, rows):
        until: datetime | None = None
        for at, row in states:
            if holds(row):
                found.setdefault(record_id, []).append((at, until))
            until = at
    return found


def as_of(work: Work, spec: RegisterSpec, row: Row, moment: datetime) -> Row:
    """Return a record as it was at a moment; as it was entered, where that was later."""
    if row["updated_at"] <= moment:
        return row
    for _, states in _backwards(work, spec, [row]):
        for at, was in states:
            row = was
            if at <= moment:
                break
    return row


def _backwards(
    work: Work, spec: RegisterSpec, rows: Iterable[Row]
) -> Iterator[tuple[int, Iterator[tuple[datetime, Row]]]]:
    """Yield each record's id with what it was, newest first, and since when; one that never changed costs no query."""
    changed = []
    for row in rows:
        if row["version"] > 1:
            changed.append(row)
        else:
            yield row["id"], iter([(row["created_at"], row)])
    v = record_version.c
    for start in range(0, len(changed), 500):
        part = {r["id"]: r for r in changed[start : start + 500]}
        kept: dict[int, list[tuple[datetime, str]]] = {}
        query = select(v.record_id, v.at, v.changes).where(v.register == spec.code, v.record_id.in_(part))
        for record_id, at, changes in work.connection.execute(query.order_by(v.version.desc())):
            kept.setdefault(record_id, []).append((at, changes))
        for record_id, row in part.items():
            yield record_id, _undone(spec, row, kept.get(record_id, [(row["created_at"], "{}")]))


def _undone(spec: RegisterSpec, row: Row, versions: Sequence[tuple[datetime, str]]) -> Iterator[tuple[datetime, Row]]:
    now = row
    for at, changes in versions:
        yield at, now
        now = {**now, **{code: _value(spec, code, old) for code, (old, _) in orjson.loads(changes).items()}}


def _value(spec: RegisterSpec, code: str, kept: Any) -> Any:
    """Return a value of a version as the record held it."""
    field = spec.column(code)
    if kept is None:
        return None
    if field is None or isinstance(field, Signature):
        return datetime.fromisoformat(kept) if code.endswith("_at") else kept
    try:
        return field.from_json(kept)
    except (Unreadable, ValueError, TypeError):  # of another type then: as a value of this field there was none
        return None
