"""What rules look at of a record: most registers are wide, and most of their fields no rule names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from sqlalchemy import select

from app.catalog.base import texts_in
from app.catalog.register import RegisterSpec
from app.models.among import among
from app.models.bulk import as_rows, read_columns
from app.services import rows
from app.services.panel import Work


def named(rules: Iterable[BaseModel]) -> set[str]:
    """Return every word of rules that may be the code of a field; of a path behind a reference, the reference."""
    return {w.split(".")[0] for r in rules for w in texts_in(r.model_dump(), keys=True)}


def facts(work: Work, spec: RegisterSpec, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return rows by id with the fields that a missed limit looks at: what it costs, for whom, and who is told.

    ``work`` is under the definitions of ``spec``. No scope, no archived rows left out.
    """
    key = ("judged", spec.code)
    if key not in work.panel.memory:
        told = (x for d in spec.duties for x in (*d.remind, *d.escalate))
        words = named((*told, *spec.breaches, *work.catalog.counters.values()))
        work.panel.memory[key] = frozenset((*words, *spec.excluded))
    wanted = work.panel.memory[key]
    table = work.tables[spec.code]
    columns = [c for c in table.c if c.key in wanted or c.key in rows.ALWAYS]
    read = read_columns(work.connection, select(*columns).where(among(table.c.id, ids)))
    found = dict(zip(read.get("id", ()), as_rows(read), strict=True))
    rows.attach(work, spec.code, [f for f in spec.fields if f.code in wanted], found.values())
    return found
