"""The catalog: all definitions in force at a revision, immutable, with the indexes that services ask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from app.catalog.amount import Payments
from app.catalog.base import Cited
from app.catalog.breach import Breach, Counter
from app.catalog.duty import Duty, Pause, Prolongation
from app.catalog.formula.graph import Formulas, formulas
from app.catalog.indicator import Indicator
from app.catalog.policy import Domain, Policy, RoleSpec
from app.catalog.register import RegisterSpec
from app.fields.links import Link


@dataclass(frozen=True)
class Catalog:
    """All definitions in force at a revision.

    ``digest`` is the SHA-256 of the definitions' text; two catalogs of one digest say the same.
    """

    registers: dict[str, RegisterSpec] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    roles: dict[str, RoleSpec] = field(default_factory=dict)
    domains: dict[str, Domain] = field(default_factory=dict)
    indicators: dict[str, Indicator] = field(default_factory=dict)
    revision: int = 0
    digest: str = ""

    @cached_property
    def counters(self) -> dict[str, Counter]:
        """Counters by code, whichever register declares them."""
        return {c.code: c for r in self.registers.values() for c in r.counters}

    @cached_property
    def breaches(self) -> dict[tuple[str, str], Breach]:
        """Breaches by (register, code)."""
        return {(r.code, b.code): b for r in self.registers.values() for b in r.breaches}

    @cached_property
    def duties(self) -> dict[tuple[str, str], Duty]:
        """Duties by (register, code)."""
        return {(r.code, d.code): d for r in self.registers.values() for d in r.duties}

    @cached_property
    def fulfilled_by(self) -> dict[str, tuple[tuple[RegisterSpec, Duty], ...]]:
        """For each register: the duties of other registers that its records fulfil."""
        found: dict[str, list[tuple[RegisterSpec, Duty]]] = {}
        for r in self.registers.values():
            for d in r.duties:
                if d.done.register_code:
                    found.setdefault(d.done.register_code, []).append((r, d))
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def measured(self) -> dict[str, frozenset[str]]:
        """For each register: its breaches that cost what facts say that may still change, such as lateness or a value."""
        found = {
            r.code: frozenset(b.code for b in r.breaches if b.counted or any(a.measured for a in b.amount))
            for r in self.registers.values()
        }
        return {code: codes for code, codes in found.items() if codes}

    @cached_property
    def paid_by(self) -> dict[str, tuple[tuple[RegisterSpec, Payments], ...]]:
        """For each register of payments: the registers whose outstanding balances they reduce."""
        found: dict[str, list[tuple[RegisterSpec, Payments]]] = {}
        for r in self.registers.values():
            for paid in (a.interest.paid for b in r.breaches for a in b.amount if a.interest is not None):
                if paid is not None:
                    found.setdefault(paid.register_code, []).append((r, paid))
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def postponed_by(self) -> dict[str, tuple[tuple[RegisterSpec, Pause | Prolongation], ...]]:
        """For each register: the registers whose limits its records make stand or prolong, and how."""
        found: dict[str, list[tuple[RegisterSpec, Pause | Prolongation]]] = {}
        for r in self.registers.values():
            for x in (x for d in r.duties for x in d.postponed_by if x.register_code):
                found.setdefault(x.register_code, []).append((r, x))
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def pointing_at(self) -> dict[str, tuple[tuple[RegisterSpec, Link], ...]]:
        """For each register: the fields of registers that point to it."""
        found: dict[str, list[tuple[RegisterSpec, Link]]] = {}
        for r in self.registers.values():
            for f in r.fields:
                if isinstance(f, Link) and f.target:
                    found.setdefault(f.target, []).append((r, f))
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def formulas(self) -> Formulas:
        """All formulas of fields, read and in order."""
        return formulas(self)

    def tables(self) -> Iterator[RegisterSpec]:
        """Yield the registers that have a table of their own."""
        return (r for r in self.registers.values() if not r.tickets_of)

    def tickets_register(self, counter: str) -> RegisterSpec | None:
        """Return the register whose screen shows the tickets of ``counter``."""
        return next((r for r in self.registers.values() if counter in r.tickets_of), None)


_Placed = TypeVar("_Placed", Domain, RegisterSpec)


def in_order(specs: Iterable[_Placed]) -> list[_Placed]:
    """Return groups of the menu, or the registers of one, in their order: each that asks for a position there, the others around them."""
    each = list(specs)
    found = [s for s in each if s.position is None]
    for spec in sorted((s for s in each if s.position is not None), key=lambda s: s.position or 0):
        found.insert((spec.position or 1) - 1, spec)
    return found


def adopted(cited: Cited, policies: Iterable[str]) -> bool:
    """Return whether something holds where ``policies`` are adopted: it cites one of them, or none at all."""
    return not cited.cite or not cited.policies.isdisjoint(policies)
