"""What a formula says, as it is written: numbers, texts, names, operators and calls; nothing is known of fields yet."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Written:
    """Part of a formula, from character ``start`` to ``end``."""

    start: int
    end: int


@dataclass(frozen=True)
class Constant(Written):
    """A number, a text, or TRUE or FALSE."""

    value: Decimal | str | bool


@dataclass(frozen=True)
class Name(Written):
    """A field, or a field of what a field points to, or of what points here: ``[客户].[等级]``."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Apply(Written):
    """An operator or a function with its arguments; ``name`` is the sign, or the function's name in capitals."""

    name: str
    parts: tuple[Written, ...]
