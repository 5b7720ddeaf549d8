"""What rules look at of a record: most registers are wide, and most of their fields no rule names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel

from app.catalog.base import texts_in
from app.catalog.register import RegisterSpec
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
    return rows.read(work, spec, ids, fields=work.panel.memory[key])
