"""What rules look at of a record: most registers are wide, and most of their fields no rule names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from app.catalog.register import RegisterSpec
from app.services import rows
from app.services.panel import Work


def named(rules: Iterable[BaseModel]) -> set[str]:
    """Return every word of rules that may be the code of a field; of a path behind a reference, the reference."""
    return {w.split(".")[0] for r in rules for w in _words(r.model_dump())}


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


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for k, v in part.items():
            yield from (str(k), *_words(v))
    elif isinstance(part, list | tuple):
        for v in part:
            yield from _words(v)
