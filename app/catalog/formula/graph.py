"""All formulas of the definitions together: what each rests on, in which order they are worked out, and what is wrong with them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from app.catalog.formula.kinds import Shape
from app.catalog.formula.meaning import read_for
from app.catalog.formula.names import Registers, shape_of
from app.catalog.formula.tokens import Fault, Faulty
from app.catalog.formula.tree import Gathered, Given, Looked, Own, Tree, calls, given
from app.errors import say
from app.fields.base import Field

Key = tuple[str, str]
"""A field: its register's code and its own."""


@dataclass(frozen=True)
class Formula:
    """The formula of one field, read."""

    register: str
    field: Field
    tree: Tree
    shape: Shape

    @property
    def key(self) -> Key:
        """The field that it gives."""
        return self.register, self.field.code

    @cached_property
    def needs(self) -> dict[Key, Given]:
        """The fields that it looks at, each with the first place in the formula that does."""
        found: dict[Key, Given] = {}
        for part in given(self.tree):
            for key in _looked_at(self.register, part):
                found.setdefault(key, part)
        return found

    @cached_property
    def far(self) -> tuple[Looked | Gathered, ...]:
        """What it takes from other records."""
        return tuple(dict.fromkeys(g.source for g in given(self.tree) if not isinstance(g.source, Own)))

    @cached_property
    def digest(self) -> str:
        """What tells it from any other formula; two of the same digest give the same of the same."""
        return hashlib.sha256(repr((self.tree, self.shape)).encode()).hexdigest()[:16]

    @cached_property
    def names(self) -> frozenset[str]:
        """The functions and operators that it uses."""
        return frozenset(calls(self.tree))


@dataclass(frozen=True)
class Formulas:
    """Every formula that can be read, in an order in which each stands behind those it rests on, and the faults of the others."""

    order: tuple[Formula, ...]
    faults: dict[Key, Fault]

    @cached_property
    def by_key(self) -> dict[Key, Formula]:
        """Formulas by their field."""
        return {f.key: f for f in self.order}

    @cached_property
    def of(self) -> dict[str, tuple[Formula, ...]]:
        """For each register its formulas, in that order."""
        found: dict[str, tuple[Formula, ...]] = {}
        for f in self.order:
            found[f.register] = (*found.get(f.register, ()), f)
        return found

    @cached_property
    def taking(self) -> dict[str, tuple[tuple[Formula, Looked | Gathered], ...]]:
        """For each register: the formulas that take something from its records through a reference, and what."""
        found: dict[str, tuple[tuple[Formula, Looked | Gathered], ...]] = {}
        for f in self.order:
            for source in f.far:
                found[source.register] = (*found.get(source.register, ()), (f, source))
        return found

    def rests_on(self, key: Key) -> Iterator[tuple[str, Given]]:
        """Yield everything that a field is worked out from, however far down, with the register whose formula names it."""
        ahead, seen = [key], {key}
        while ahead:
            formula = self.by_key.get(ahead.pop())
            if formula is None:
                continue
            for part in given(formula.tree):
                yield formula.register, part
            for below in formula.needs:
                if below not in seen:
                    seen.add(below)
                    ahead.append(below)


def formulas(catalog: Registers) -> Formulas:
    """Return all formulas of the definitions, read and put in order; never raises."""
    read: dict[Key, Formula] = {}
    faults: dict[Key, Fault] = {}
    for spec in catalog.registers.values():
        for f in spec.fields:
            if not f.formula:
                continue
            try:
                tree = read_for(f, catalog, spec)
            except Faulty as wrong:
                faults[spec.code, f.code] = wrong.fault
                continue
            shape = shape_of(spec, f)
            if shape is not None:
                read[spec.code, f.code] = Formula(spec.code, f, tree, shape)
    order, circles = _in_order(read)
    for way in circles:
        labels = " → ".join(catalog.registers[r].label.zh + "." + _label(read[r, c]) for r, c in way)
        for here, after in pairwise(way):
            place = read[here].needs[after]
            faults[here] = Fault(say("公式循环引用：{fields}", fields=labels), place.start, place.end)
    return Formulas(tuple(f for f in order if f.key not in faults), faults)


def _in_order(read: dict[Key, Formula]) -> tuple[list[Formula], list[list[Key]]]:
    """Return formulas behind those they rest on, and the circles, each from a field back to itself."""
    order: list[Formula] = []
    circles: list[list[Key]] = []
    done: set[Key] = set()

    def visit(key: Key, way: list[Key]) -> None:
        if key in way:
            circles.append([*way[way.index(key) :], key])
            return
        if key in done or key not in read:
            return
        for below in read[key].needs:
            visit(below, [*way, key])
        if key not in done:
            done.add(key)
            order.append(read[key])

    for key in read:
        visit(key, [])
    return order, circles


def _label(formula: Formula) -> str:
    return formula.field.label.zh


def _looked_at(register: str, part: Given) -> list[Key]:
    match part.source:
        case Own(field, _):
            return [(register, field)]
        case Looked(through, other, field, _):
            return [(register, through), (other, field)]
        case Gathered(other, through, _, field, only, _):
            return [(other, c) for c in (through, field, only.field if only else "") if c]
    raise TypeError(part)
