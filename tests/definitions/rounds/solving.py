"""Finds values under which a record's conditions hold: tries, sees what is broken, and repairs it, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from app.catalog.condition import Condition
from app.catalog.register import RegisterSpec
from app.fields.base import Field
from app.fields.links import Link, Reference, Signature
from app.fields.numbers import Number, Scaled, YesNo
from app.fields.texts import Choice, SeveralChoices
from app.fields.times import Date

EMPTY = (None, "", ())
SIGNED = "signed"
"""Wanted of a signature elsewhere: that somebody has given it."""
STEPS = 400
"""So many rows are tried before a set of conditions is given up."""


@dataclass(eq=False)
class New:
    """A record that is still to be made for a reference to point to."""

    register: str
    alone: bool = False
    """Whether nothing else may point to it."""


class Row(dict[str, Any]):
    """A record's values, and under ``reference.field`` what is wanted of the records it points to.

    ``look`` reads a field of a record that is there: (register, id, field) → value.
    """

    def __init__(
        self, values: Mapping[str, Any], links: Mapping[str, str], look: Callable[[str, int, str], Any]
    ) -> None:
        super().__init__(values)
        self.links, self.look = links, look

    def get(self, key: str, default: Any = None) -> Any:
        if key in self or "." not in key:
            return super().get(key, default)
        reference, name = key.split(".", 1)
        to = super().get(reference)
        return (
            self.look(self.links[reference], to, name) if isinstance(to, int) and reference in self.links else default
        )

    def having(self, changes: Mapping[str, Any]) -> Row:
        """Return the row with some values changed; what was wanted of a record pointed to before is forgotten."""
        new = Row(self, self.links, self.look)
        for code in changes.keys() & self.links.keys():
            if super().get(code) is not changes[code]:
                for wanted in [k for k in new if k.startswith(f"{code}.")]:
                    del new[wanted]
        new.update(changes)
        return new


@dataclass
class Task:
    """What must hold: every value in ``free`` may be chosen; ``sample`` yields values for a field, the likeliest first."""

    spec: RegisterSpec
    free: frozenset[str]
    sample: Callable[[Field, Row], Iterable[Any]]
    column: Callable[[str], Field | None]
    states: Callable[[str], Iterable[str]]
    """The states of the register behind ``reference.state``."""
    needs: Sequence[str] = ()
    goals: Sequence[Condition] = ()
    drive: bool = False
    """Whether records that are pointed to already may be moved on."""
    tried: int = field(default=0, init=False)

    def solve(self, row: Row) -> Row | None:
        """Return the row with every condition holding; None where no way was found."""
        self.tried = 0
        found = self._solve(row, frozenset())
        return found if isinstance(found, Row) else None

    def _solve(self, row: Row, been: frozenset[tuple[str, str]]) -> Row | frozenset[str]:
        """Return the row put right, or the fields on which it fails: a choice of any other field is not tried again."""
        self.tried += 1
        broken = self._broken(row)
        if broken is None:
            return row
        failing, ways = frozenset(map(_head, broken[0])), broken[1]
        for changes in ways:
            marks = {(k, str(id(v)) if isinstance(v, New) else repr(v)) for k, v in changes.items()}
            if marks <= been or self.tried > STEPS:
                continue
            found = self._solve(row.having(changes), been | marks)
            if isinstance(found, Row):
                return found
            if found.isdisjoint(map(_head, changes)):
                return found
            failing |= found
        return failing

    def _broken(self, row: Row) -> tuple[Iterable[str], Iterator[dict[str, Any]]] | None:
        """Return the first thing that is wrong, as the fields it looks at and the ways to repair it; None where nothing is."""
        for code in self.needs:
            if row.get(code) in EMPTY:
                return (code,), self._fill(code, row)
        for f in self.spec.fields:
            if row.get(f.code) not in EMPTY or isinstance(f, Signature):
                continue
            if f.required and f.typed:
                return (f.code,), self._fill(f.code, row)
            if f.required_when and (when := written(f)).holds(row):
                return (f.code, *when.fields()), self._first(self._fill(f.code, row), self._ways(when, row, False))
        for c in self.spec.checks:
            if (c.when is None or c.when.holds(row)) and complete(c.require, row) and not c.require.holds(row):
                otherwise = self._ways(c.when, row, False) if c.when is not None else iter(())
                looked = (*c.require.fields(), *(c.when.fields() if c.when is not None else ()))
                return looked, self._first(self._ways(c.require, row, True), otherwise)
        for goal in self.goals:
            if not goal.holds(row):
                return tuple(goal.fields()), self._ways(goal, row, True)
        return None

    @staticmethod
    def _first(*several: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for ways in several:
            yield from ways

    def _fill(self, code: str, row: Row) -> Iterator[dict[str, Any]]:
        f = self.column(code)
        if f is None or code not in self.free:
            return
        for value in self.sample(f, row):
            yield {code: value}

    def _ways(self, c: Condition, row: Row, wanted: bool) -> Iterator[dict[str, Any]]:
        """Yield changes that bring a condition nearer to holding, or to not holding."""
        if c.not_ is not None:
            yield from self._ways(c.not_, row, not wanted)
            return
        parts = c.all_ if c.all_ is not None else c.any_
        if parts is not None:
            wrong = [p for p in parts if p.holds(row) is not wanted]
            one_by_one = (c.all_ is not None) is wanted  # all must change: begin with the first
            for part in wrong[:1] if one_by_one else wrong:
                yield from self._ways(part, row, wanted)
            return
        yield from self._leaf(c, row, wanted)

    def _leaf(self, c: Condition, row: Row, wanted: bool) -> Iterator[dict[str, Any]]:
        other = next(
            (o["field"] for n in ("is_", "ge", "gt", "le", "lt") if isinstance(o := getattr(c, n), dict)), None
        )
        if other is not None:
            if row.get(other) in EMPTY and wanted:
                alike = [row.get(c.field)] if c.is_ is not None and row.get(c.field) not in EMPTY else []
                for value in (*alike, *self._options(other, row)):
                    yield from self._set(other, value, row)
                return
            here, there = row.get(c.field), row.get(other)
            for value in self._compared(c, c.field, there, wanted):
                yield from self._set(c.field, value, row)
            for value in self._compared(c, other, here, wanted, turned=True):
                yield from self._set(other, value, row)
            return
        for value in self._values(c, row, wanted):
            yield from self._set(c.field, value, row)

    def _values(self, c: Condition, row: Row, wanted: bool) -> Iterator[Any]:
        held = row.get(c.field)
        if c.filled is not None:
            if c.filled is wanted:
                yield from self._options(c.field, row)
            else:
                yield None
        elif c.in_ is not None or c.not_in is not None:
            listed = c.in_ if c.in_ is not None else c.not_in or ()
            if (c.in_ is not None) is wanted:
                yield from listed
            else:
                yield from (v for v in self._options(c.field, row) if v not in listed)
                yield None
        elif c.has is not None:
            kept = tuple(v for v in held or () if v != c.has)
            yield (*kept, c.has) if wanted else (kept or None)
        else:
            bound = next(getattr(c, n) for n in ("is_", "ge", "gt", "le", "lt") if getattr(c, n) is not None)
            yield from self._compared(c, c.field, bound, wanted)
            if not wanted:
                yield None

    def _compared(self, c: Condition, code: str, bound: Any, wanted: bool, *, turned: bool = False) -> Iterator[Any]:
        """Yield values of a field on the right side of a bound."""
        if bound in EMPTY:
            return
        if c.is_ is not None:
            if wanted:
                yield bound
            else:
                yield from (v for v in self._options(code, None) if v != bound)
            return
        above, strict = (c.ge is not None or c.gt is not None), (c.gt is not None or c.lt is not None)
        if turned:
            above = not above
        if not wanted:
            above, strict = not above, not strict
        f = self.column(code)
        step: Any = timedelta(days=1) if isinstance(f, Date) else timedelta(hours=1)
        if isinstance(f, Number):
            step = Decimal(1).scaleb(-f.places) if isinstance(f, Scaled) else 1
            bound = Decimal(bound) if isinstance(f, Scaled) else int(bound)
        elif not isinstance(bound, date | datetime):
            return
        near = bound + (step if above else -step)
        yield near if strict else bound
        if not strict:
            yield near

    def _options(self, code: str, row: Row | None) -> Iterator[Any]:
        f = self.column(code)
        if f is None:
            return
        if "." in code and f.code == "state":
            yield from self.states(code)
        elif isinstance(f, Signature):
            yield SIGNED
        elif isinstance(f, SeveralChoices):
            yield from ((o.code,) for o in f.choices if not o.retired)
        elif isinstance(f, Choice):
            yield from (o.code for o in f.choices if not o.retired)
        elif isinstance(f, YesNo):
            yield from (True, False)
        else:
            yield from self.sample(f, row if row is not None else Row({}, {}, lambda *_: None))

    def _set(self, code: str, value: Any, row: Row) -> Iterator[dict[str, Any]]:
        f = self.column(code)
        if f is not None and value not in EMPTY and not isinstance(f, Link) and f.check(value) is not None:
            return
        reference, dot, _ = code.partition(".")
        if not dot:
            if code in self.free:
                yield {code: value}
            return
        link = self.spec.field(reference)
        if not isinstance(link, Reference):
            return
        to = row.get(reference)
        if isinstance(to, New):
            yield {code: value}
        elif reference in self.free:
            yield {reference: New(link.target), code: value}
        if isinstance(to, int) and self.drive and value not in EMPTY:
            yield {code: value}


def _head(code: str) -> str:
    return code.partition(".")[0]


def written(f: Field) -> Condition:
    """Return the condition under which a field must be filled."""
    key = (f.code, repr(f.required_when))
    if key not in _WRITTEN:
        _WRITTEN[key] = Condition.model_validate(f.required_when)
    return _WRITTEN[key]


_WRITTEN: dict[tuple[str, str], Condition] = {}


def complete(condition: Condition, row: Row) -> bool:
    """Return whether a check can be judged: an empty value is the business of ``required``."""
    if any(c.filled is not None for c in parts(condition)):
        return True
    return all(row.get(f) is not None or isinstance(row.get(f.split(".")[0]), New) for f in condition.fields())


def parts(condition: Condition) -> Iterator[Condition]:
    """Yield a condition and everything in it."""
    yield condition
    for part in (*(condition.all_ or ()), *(condition.any_ or ()), *((condition.not_,) if condition.not_ else ())):
        yield from parts(part)
