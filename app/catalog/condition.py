"""Conditions as data: what must hold about a record, with no text to evaluate."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from pydantic import ConfigDict, Field, model_validator

from app.catalog.base import Spec

_COMPARISONS = ("is_", "in_", "not_in", "has", "filled", "ge", "gt", "le", "lt")
_ORDERED: dict[str, Callable[[Any, Any], Any]] = {
    "is_": operator.eq,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}

Test = Callable[[Mapping[str, Any]], bool]
"""Tells something about a record."""


class Condition(Spec):
    """``{field: secrecy, in: [机密, 绝密]}``, or ``{all: […]}``, ``{any: […]}``, ``{not: …}``.

    ``field`` may go through one reference: ``archive.kind``. A comparison may name another field as ``{field: other}``.
    A comparison with an empty value never holds, except ``filled: false`` and ``not_in``.
    """

    model_config = ConfigDict(ignored_types=(cached_property,))

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

    @cached_property
    def holds(self) -> Test:
        """Tell whether the condition holds for a record: field code (or ``reference.field``) → value.

        Made once for each condition, as it is asked about every row of a file.
        """
        if self.all_ is not None:
            return _every([c.holds for c in self.all_])
        if self.any_ is not None:
            none = _every([_opposite(c.holds) for c in self.any_])
            return _opposite(none)
        if self.not_ is not None:
            return _opposite(self.not_.holds)
        return _comparison(self)

    def fields(self) -> Iterator[str]:
        """Yield every field that the condition looks at."""
        for part in (*(self.all_ or ()), *(self.any_ or ()), *((self.not_,) if self.not_ else ())):
            yield from part.fields()
        if self.field:
            yield self.field
            for name in _COMPARISONS:
                if isinstance(other := getattr(self, name), dict):
                    yield other["field"]


def _every(tests: Sequence[Test]) -> Test:
    def holds(record: Mapping[str, Any]) -> bool:
        for test in tests:  # noqa: SIM110  # a generator would cost more than the tests
            if not test(record):
                return False
        return True

    return holds


def _opposite(test: Test) -> Test:
    return lambda record: not test(record)


def _comparison(c: Condition) -> Test:
    field = c.field
    if (others := c.not_in) is not None:
        return lambda record: record.get(field) not in others
    if c.filled is not None:
        filled = _filled(field, lambda _value, _record: True)
        return filled if c.filled else _opposite(filled)
    if (among := c.in_) is not None:
        return _filled(field, lambda value, _record: value in among)
    if (part := c.has) is not None:
        return _filled(field, lambda value, _record: part in value)
    name = next(n for n in _ORDERED if getattr(c, n) is not None)
    compare, other = _ORDERED[name], getattr(c, name)
    if not isinstance(other, dict):
        return _filled(field, lambda value, _record: bool(compare(value, other)))
    code = other["field"]
    return _filled(field, lambda value, record: (held := record.get(code)) is not None and bool(compare(value, held)))


def _filled(field: str, compare: Callable[[Any, Mapping[str, Any]], bool]) -> Test:
    """Return a test that an empty value never passes."""

    def holds(record: Mapping[str, Any]) -> bool:
        value = record.get(field)
        return value is not None and value != "" and value != () and compare(value, record)

    return holds
