"""Conditions as data: what must hold about a record, with no text to evaluate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, model_validator

from app.catalog.base import Spec

_COMPARISONS = ("is_", "in_", "not_in", "has", "filled", "ge", "gt", "le", "lt")


class Condition(Spec):
    """``{field: secrecy, in: [机密, 绝密]}``, or ``{all: […]}``, ``{any: […]}``, ``{not: …}``.

    ``field`` may go through one reference: ``archive.kind``. A comparison may name another field as ``{field: other}``.
    A comparison with an empty value never holds, except ``filled: false`` and ``not_in``.
    """

    field: str = ""
    is_: Any = Field(default=None, alias="is")
    in_: tuple[Any, ...] | None = Field(default=None, alias="in")
    not_in: tuple[Any, ...] | None = None
    has: Any = None
    filled: bool | None = None
    ge: Any = None
    gt: Any = None
    le: Any = None
    lt: Any = None
    all_: tuple[Condition, ...] | None = Field(default=None, alias="all")
    any_: tuple[Condition, ...] | None = Field(default=None, alias="any")
    not_: Condition | None = Field(default=None, alias="not")

    @model_validator(mode="after")
    def _one_form(self) -> Condition:
        groups = sum(g is not None for g in (self.all_, self.any_, self.not_))
        compared = [c for c in _COMPARISONS if getattr(self, c) is not None]
        if bool(self.field) + groups != 1 or (self.field and len(compared) != 1) or (groups and compared):
            raise ValueError("a condition is one field with one comparison, or one of all, any, not")
        return self

    def holds(self, record: Mapping[str, Any]) -> bool:
        """Return whether the condition holds for ``record``: field code (or ``reference.field``) → value."""
        if self.all_ is not None:
            return all(c.holds(record) for c in self.all_)
        if self.any_ is not None:
            return any(c.holds(record) for c in self.any_)
        if self.not_ is not None:
            return not self.not_.holds(record)
        value = record.get(self.field)
        empty = value is None or value == () or value == ""
        if self.filled is not None:
            return self.filled is not empty
        if self.not_in is not None:
            return value not in self.not_in
        if empty:
            return False
        return self._compare(value, record)

    def _compare(self, value: Any, record: Mapping[str, Any]) -> bool:
        if self.in_ is not None:
            return value in self.in_
        if self.has is not None:
            return self.has in value
        name = next(c for c in _COMPARISONS if getattr(self, c) is not None)
        other = getattr(self, name)
        if isinstance(other, dict):
            other = record.get(other["field"])
            if other is None:
                return False
        match name:
            case "is_":
                return bool(value == other)
            case "ge":
                return bool(value >= other)
            case "gt":
                return bool(value > other)
            case "le":
                return bool(value <= other)
        return bool(value < other)

    def fields(self) -> Iterator[str]:
        """Yield every field that the condition looks at."""
        for part in (*(self.all_ or ()), *(self.any_ or ()), *((self.not_,) if self.not_ else ())):
            yield from part.fields()
        if self.field:
            yield self.field
            for name in _COMPARISONS:
                if isinstance(other := getattr(self, name), dict):
                    yield other["field"]
