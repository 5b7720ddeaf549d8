"""Likely values for the fields of a register, the likeliest first; what must be unlike everything before it is counted up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from app.catalog.register import RegisterSpec
from app.fields.base import Field
from app.fields.links import File, Person, Reference, Role, Unit
from app.fields.numbers import Number, Scaled, YesNo
from app.fields.texts import Choice, LongText, SeveralChoices, Text
from app.fields.times import Date, Moment
from tests.definitions.rounds.company import OWN_UNIT, Company
from tests.definitions.rounds.solving import New


@dataclass(eq=False)
class Paper:
    """A file that is still to be uploaded, by whoever names it."""

    field: File


class Values:
    """Makes values; ``around`` are records made just now (register → id) that new ones had better point to."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.numbers = count(1)
        self.around: dict[str, int] = {}
        self.turn = 0
        """Which of several people is the likeliest: another one is tried where the first does not get through."""

    def of(self, spec: RegisterSpec, f: Field, row: Mapping[str, Any]) -> Iterator[Any]:
        """Yield acceptable values for a field of a register."""
        for value in self._raw(spec, f, row, alone(spec, f)):
            if isinstance(value, New | Paper | tuple) or f.check(value) is None:
                yield value

    def _raw(self, spec: RegisterSpec, f: Field, row: Mapping[str, Any], single: bool) -> Iterable[Any]:
        n = next(self.numbers) if single or isinstance(f, Text) else 0
        match f:
            case Person():
                people = self.company.spare[:1] if f.unique else self.people(spec, f, row)
                return ((p,) for p in people) if f.many else people
            case Unit():
                units = [self.company.units[OWN_UNIT], *self.company.units.values()]
                return ((u,) for u in units) if f.many else units
            case Reference():
                there = [self.around[f.target]] if f.target in self.around and f.target != spec.code else []
                found: list[Any] = [*there, New(f.target, single)]
                if self.turn % 2:
                    found.reverse()
                return ((v,) for v in found) if f.many else found
            case File():
                return [(Paper(f),)] if f.many else [Paper(f)]
            case Role():
                return ["gm"]
            case SeveralChoices():
                return ((o.code,) for o in f.choices if not o.retired)
            case Choice():
                return (o.code for o in f.choices if not o.retired)
            case YesNo():
                return (True, False)
            case Date():
                day = self.company.now.date() + timedelta(days=n if single else 0)
                return (day, day + timedelta(days=30), day - timedelta(days=30))
            case Moment():
                now = self.company.now + timedelta(minutes=n if single else 0)
                return (now, now + timedelta(days=2), now - timedelta(days=2))
            case Number():
                return self._number(f, n)
            case Text() if f.pattern:
                return (p for p in _patterned(n) if re.fullmatch(f.pattern, p))
            case Text() | LongText():
                return [f"{f.label.zh}{n or ''}"[-f.max_length :]]
        return ()

    @staticmethod
    def _number(f: Number, n: int) -> Iterator[Any]:
        low = f.min if f.min is not None else Decimal(0)
        for more in (n or 1, 10, 100, 0, 2, 3, 2025):
            yield (low + more).quantize(Decimal(1).scaleb(-f.places)) if isinstance(f, Scaled) else int(low + more)
        if f.max is not None:
            yield f.max if isinstance(f, Scaled) else int(f.max)

    def people(self, spec: RegisterSpec, f: Field, row: Mapping[str, Any]) -> list[int]:
        """Return who may be named in a field: those first who must act on the record, and nobody who stands in it already."""
        signing = [
            by
            for t in (spec.workflow.transitions if spec.workflow else ())
            if any(p.within(spec.codes).field == f.code for p in t.by)
            for by in getattr(spec.field(t.sign), "by", ())
        ]
        named = [a.role for a in spec.access if "read" in a.can and a.rows == "own" and f.code in a.named_in]
        reading = [a.role for a in spec.access if "read" in a.can and a.rows in ("all", "company", "unit", "below")]
        own = [a.role for a in spec.access if "read" in a.can and a.rows == "own"]
        roles = list(dict.fromkeys([*signing, *named, *own, *reading, "service_staff"]))
        roles.sort(key=lambda r: -2 * (r in signing) - (r in named))
        found = [a.person_id for r in roles for a in self.company.holders(r)]
        found = [p for p in dict.fromkeys(found) if p is not None]
        there = {v for v in row.values() if isinstance(v, int)}
        first = [p for p in found if p not in there]
        found = [*first, *(p for p in found if p in there)]
        shift = self.turn % len(found)
        return found[shift:] + found[:shift]


def alone(spec: RegisterSpec, f: Field) -> bool:
    """Return whether a field's values must differ from record to record."""
    return f.unique or any(f.code in group for group in spec.unique_together)


def _patterned(n: int) -> Iterator[str]:
    """Yield months, quarters, half-years, telephone and vehicle numbers, as patterns ask for them."""
    yield f"{2000 + n // 12}-{n % 12 + 1:02}"
    yield f"{2000 + n // 4}Q{n % 4 + 1}"
    yield f"{2000 + n // 4}-Q{n % 4 + 1}"
    yield f"{2000 + n // 2}-H{n % 2 + 1}"
    yield f"021-5555{n:04}"
    yield f"LSV{n:014}"
