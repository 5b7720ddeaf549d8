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
    """Return rows by id with the fields that duties, breaches and counters look at; no scope, no archived rows left out.

    ``work`` is under the definitions of ``spec``.
    """
    key = ("judged", spec.code)
    if key not in work.panel.memory:
        rules = (*spec.duties, *spec.breaches, *work.catalog.counters.values())
        words = named(rules) | set(spec.excluded)
        work.panel.memory[key] = frozenset(
            f.code for f in spec.fields if not words.isdisjoint((f.code, f"{f.code}_at"))
        )
    return rows.read(work, spec, ids, work.panel.memory[key])


def _words(part: Any) -> Iterator[str]:
    if isinstance(part, str):
        yield part
    elif isinstance(part, Mapping):
        for k, v in part.items():
            yield from (str(k), *_words(v))
    elif isinstance(part, list | tuple):
        for v in part:
            yield from _words(v)
