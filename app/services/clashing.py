"""Two who change one record at once: what the one did not see is merged, and where both changed the same field both are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select

from app.catalog.register import RegisterSpec
from app.errors import Clash, Conflict, Conflicts
from app.fields.base import Unreadable
from app.models.fixed import record_version
from app.services import people
from app.services.panel import Work


def refuse(work: Work, spec: RegisterSpec, old: Mapping[str, Any], wanted: Mapping[str, Any], base: int) -> None:
    """Raise Conflict where others have changed, since version ``base`` of a record, a field that is to be changed."""
    v = record_version.c
    since = (
        select(v.changes, v.person)
        .where(v.register == spec.code, v.record_id == old["id"], v.version > base)
        .order_by(v.version)
    )
    first: dict[str, Any] = {}
    who: int | None = None
    for changes, person in work.connection.execute(since):
        for code, (was, _) in orjson.loads(changes).items():
            if code in wanted:
                first.setdefault(code, was)
                who = person
    if first:
        clashes = [Clash(code, _value(spec, code, was), wanted[code], old.get(code)) for code, was in first.items()]
        name = people.names(work, [who]).get(who, "") if who is not None else "系统"
        raise Conflict(clashes, old["version"], name)


def refuse_all(
    work: Work,
    spec: RegisterSpec,
    old: Mapping[int, Mapping[str, Any]],
    wanted: Mapping[int, Mapping[str, Any]],
    base_versions: Mapping[int, int],
) -> None:
    """Raise Conflicts with all records of which ``refuse`` would raise Conflict, each by the version that was looked at."""
    found: dict[int, Conflict] = {}
    for record_id, base in base_versions.items():
        if record_id in old and wanted[record_id] and base != old[record_id]["version"]:
            try:
                refuse(work, spec, old[record_id], wanted[record_id], base)
            except Conflict as conflict:
                found[record_id] = conflict
    if found:
        raise Conflicts(found)


def _value(spec: RegisterSpec, code: str, kept: Any) -> Any:
    field = spec.column(code)
    try:
        return field.from_json(kept) if field is not None else kept
    except Unreadable:
        return kept
