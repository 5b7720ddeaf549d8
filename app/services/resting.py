"""Which records' formulas moved through changes of other records: they have no version of their own for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from app.catalog.formula.tree import Gathered, Looked, Own
from app.models.among import among
from app.services import formulas, scope
from app.services.panel import Work


@dataclass(frozen=True)
class Change:
    """One version of a record: its number, and each field's old and new value as JSON carries them."""

    register: str
    record: int
    version: int
    changes: str


def sources(work: Work, register: str) -> list[str]:
    """Return the other registers that the formulas rest on which the actor sees in a register."""
    key = ("resting on", register, work.actor)
    if key not in work.memo:
        seen = [f.code for f in scope.fields_for(work, register) if f.formula]
        parts = (part.source for code in seen for _, part in work.catalog.formulas.rests_on((register, code)))
        work.memo[key] = sorted({s.register for s in parts if not isinstance(s, Own)} - {register})
    return work.memo[key]


def moved(work: Work, register: str, told: Sequence[Change]) -> set[int]:
    """Return the records of a register whose formulas may have moved through changes of records of its ``sources``."""
    found: set[int] = set()
    for other in {c.register for c in told}:
        mine = [c for c in told if c.register == other]
        olds: dict[str, set[int]] = {}
        codes: set[str] = set()
        for c in mine:
            pairs: dict[str, Any] = orjson.loads(c.changes)
            codes |= pairs.keys() | (formulas.ENTERED if c.version == 1 else set())
            for code, pair in pairs.items():
                olds.setdefault(code, set()).update(v for v in pair if isinstance(v, int))
        _pass_on(work, register, other, {c.record for c in mine}, codes, olds, found)
    return found


def _pass_on(
    work: Work,
    register: str,
    here: str,
    ids: Collection[int],
    codes: set[str],
    olds: Mapping[str, set[int]],
    found: set[int],
) -> None:
    """Add the records of ``register`` that take something of changed fields of records of ``here``, however far down."""
    codes = codes | {f.field.code for f in formulas.touched_by(work, here, codes)}
    for formula, source in work.catalog.formulas.taking.get(here, ()):
        table = work.tables[here]
        if isinstance(source, Looked) and source.field in codes:
            taken = set(formulas.pointing(work, formula.register, source.through, sorted(ids)))
        elif isinstance(source, Gathered) and not formulas.moves(source).isdisjoint(codes):
            points_at = select(table.c[source.through]).where(among(table.c.id, sorted(ids)))
            taken = {i for i in work.connection.execute(points_at).scalars() if i is not None}
            taken |= olds.get(source.through, set())
        else:
            continue
        if formula.register == register:
            found |= taken
        elif taken:
            _pass_on(work, register, formula.register, taken, {formula.field.code}, {}, found)
