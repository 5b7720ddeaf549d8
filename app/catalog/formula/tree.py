"""What a formula means: a typed tree over what it is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.catalog.formula.kinds import Kind, Shape, Value

How = Literal["sum", "count", "min", "max"]


@dataclass(frozen=True)
class Own:
    """A field of the record itself."""

    field: str
    shape: Shape


@dataclass(frozen=True)
class Looked:
    """A field of the record that a reference of this one points to."""

    through: str
    register: str
    field: str
    shape: Shape


@dataclass(frozen=True)
class Only:
    """Which of the records that point here count: those whose ``field`` compares so with ``value``, as its column holds it."""

    field: str
    sign: Literal["=", "<>", "<", "<=", ">", ">="]
    value: Value


@dataclass(frozen=True)
class Gathered:
    """One figure over all records of a register whose field ``through`` points here; ``count`` without ``field`` counts them all."""

    register: str
    through: str
    how: How
    field: str
    only: Only | None
    shape: Shape


Source = Own | Looked | Gathered


@dataclass(frozen=True)
class Fixed:
    """A written value."""

    value: Value
    kind: Kind


@dataclass(frozen=True)
class Given:
    """A value that a formula is given: from its own record or from others; named from character ``start`` to ``end``."""

    source: Source
    start: int = dataclasses.field(default=0, compare=False, repr=False)
    end: int = dataclasses.field(default=0, compare=False, repr=False)

    @property
    def kind(self) -> Kind:
        """Its type."""
        return self.source.shape.kind


@dataclass(frozen=True)
class Call:
    """A function or operator of the registry with its arguments; those written as constants are Fixed."""

    name: str
    parts: tuple[Tree, ...]
    kind: Kind


Tree = Fixed | Given | Call


def given(tree: Tree) -> Iterator[Given]:
    """Yield everything a formula is given, as often as it is named."""
    match tree:
        case Given():
            yield tree
        case Call(_, parts, _):
            for part in parts:
                yield from given(part)


def calls(tree: Tree) -> Iterator[str]:
    """Yield the names of all functions and operators of a formula."""
    if isinstance(tree, Call):
        yield tree.name
        for part in tree.parts:
            yield from calls(part)
