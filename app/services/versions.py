"""The versions of a record as people read them: who changed what, when, by which door and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from app.models.fixed import record_version
from app.services import listing, people, scope
from app.services.panel import Work


@dataclass(frozen=True)
class RecordVersion:
    """One change of a record: who, when, by which door, and each field's old and new value as JSON carries them."""

    version: int
    at: datetime
    person: int | None
    name: str
    source: str
    transition: str | None
    reason: str | None
    on_behalf: str
    """The name of whom the person stood for; empty where he acted for himself."""
    changes: Mapping[str, tuple[Any, Any]]


def of_record(work: Work, register: str, record_id: int) -> list[RecordVersion]:
    """Return the changes of a record that the actor may see, latest first, without fields hidden from the actor."""
    listing.row(work, register, record_id)
    seen = {f.code for f in scope.fields_for(work, register)}
    hidden = {f.code for f in work.spec(register).fields} - seen
    v = record_version.c
    found = work.rows(
        select(record_version).where(v.register == register, v.record_id == record_id).order_by(v.version.desc())
    ).all()  # fmt: skip
    names = people.names(work, [p for r in found for p in (r["person"], r["on_behalf"])])
    return [
        RecordVersion(
            r["version"], r["at"], r["person"], names.get(r["person"], "系统"), r["source"], r["transition"], r["reason"],
            names.get(r["on_behalf"], ""),
            {k: tuple(c) for k, c in orjson.loads(r["changes"]).items() if k not in hidden and k.removesuffix("_at") not in hidden},
        )
        for r in found
    ]  # fmt: skip
