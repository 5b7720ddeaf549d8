"""What the definitions give to holders of roles: rows and verbs, fields, transitions, powers; each with the role and the articles.

Whoever decides about a right, and whoever tells of one, asks here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from app.catalog.base import Citation, Party
from app.catalog.catalog import Catalog, adopted
from app.catalog.register import Access, RegisterSpec, Transition
from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import Signature

EVERYONE = "everyone"
"""The role that each person holds who can sign in."""


@dataclass(frozen=True)
class Step:
    """A transition that a person may make: ``by`` are those of its parties that may mean this person."""

    transition: Transition
    by: tuple[Party, ...]


@dataclass(frozen=True)
class Rights:
    """What holders of some roles may do with one register."""

    spec: RegisterSpec
    access: tuple[Access, ...]
    above: RegisterSpec | None
    """The register whose readers read this one too, where they hold a right to read it."""
    hidden: tuple[Field, ...]
    closed: tuple[Field, ...]
    """Fields that others fill in: seen, never written."""
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Power:
    """Something that a role may do beside registers: ``kind`` is confirm, report, appeal, decide, figures, or a power of the whole site."""

    kind: str
    role: str
    about: Label | None = None
    cite: tuple[Citation, ...] = ()


def ruling(
    spec: RegisterSpec, roles: Collection[str], bound: Collection[str], *, lent: bool = False
) -> tuple[Access, ...]:
    """Return the access rules of a register that hold for ``roles`` where the policies ``bound`` are adopted.

    ``lent``: those of the roles alone, without what everyone may do.
    """
    return tuple(a for a in spec.access if (a.role in roles or (a.role == EVERYONE and not lent)) and adopted(a, bound))


def sees(field: Field, roles: Collection[str]) -> bool:
    """Return whether holders of ``roles`` see a field of the rows that they read."""
    return not field.seen_by or any(r in roles for r in field.seen_by)


def writes(spec: RegisterSpec, field: Field, roles: Collection[str]) -> bool:
    """Return whether holders of ``roles`` write a field of the rows of a register that they edit."""
    if not field.typed or field.code in spec.filled or not sees(field, roles):
        return False
    return not field.edited_by or any(r in roles for r in field.edited_by)


def signs(field: Field | None, roles: Collection[str]) -> bool:
    """Return whether holders of ``roles`` may give the signature that a transition asks for."""
    return not isinstance(field, Signature) or not field.by or any(r in roles for r in field.by)


def above(catalog: Catalog, spec: RegisterSpec) -> RegisterSpec | None:
    """Return the register whose readers read this one too."""
    link = spec.field(spec.follows)
    return catalog.registers.get(getattr(link, "target", ""))


def rights(catalog: Catalog, roles: Collection[str], bound: Collection[str], *, lent: bool = False) -> list[Rights]:
    """Return what holders of ``roles`` may do with each register, where that is anything; ``bound`` are the adopted policies.

    ``lent``: what a deputy gains by these roles: to read, and the transitions.
    """
    live = [s for s in catalog.registers.values() if adopted(s, bound)]
    return [r for s in live if (r := _of(catalog, s, roles, bound, lent)).access or r.above is not None]


def given(catalog: Catalog, role: str) -> list[Rights]:
    """Return what every register gives to a role by its name, whoever adopted its policy; not what it gives to everyone."""
    found = [_of(catalog, s, {role}, frozenset(catalog.policies), False) for s in catalog.registers.values()]
    named = [
        replace(
            r, access=tuple(a for a in r.access if a.role == role), above=None,
            steps=tuple(replace(s, by=by) for s in r.steps if (by := tuple(p for p in s.by if p.role == role))),
        )
        for r in found
    ]  # fmt: skip
    return [r for r in named if r.access or r.steps]


def _of(catalog: Catalog, spec: RegisterSpec, roles: Collection[str], bound: Collection[str], lent: bool) -> Rights:
    access = ruling(spec, roles, bound, lent=lent)
    if lent:
        access = tuple(a.model_copy(update={"can": ("read",)}) for a in access if "read" in a.can)
    parent = above(catalog, spec)
    if parent is not None and not _reads(catalog, parent, roles, bound):
        parent = None
    edits = any({"add", "edit", "import"}.intersection(a.can) for a in access)
    return Rights(
        spec,
        access,
        parent,
        hidden=tuple(f for f in spec.fields if not sees(f, roles)),
        closed=tuple(f for f in spec.fields if f.typed and sees(f, roles) and not writes(spec, f, roles))
        if edits
        else (),
        steps=tuple(steps(spec, roles, bound, lent=lent)),
    )


def _reads(catalog: Catalog, spec: RegisterSpec, roles: Collection[str], bound: Collection[str]) -> bool:
    if any("read" in a.can for a in ruling(spec, roles, bound)):
        return True
    parent = above(catalog, spec)
    return parent is not None and _reads(catalog, parent, roles, bound)


def steps(spec: RegisterSpec, roles: Collection[str], bound: Collection[str], *, lent: bool = False) -> Iterator[Step]:
    """Yield the transitions of a register that holders of ``roles`` may make, or that a record may name one of them for."""
    for t in spec.workflow.transitions if spec.workflow else ():
        if t.auto or not adopted(t, bound) or not signs(spec.field(t.sign), roles):
            continue
        parties = (p.within(spec.codes) for p in t.by)
        if by := tuple(p for p in parties if not p.role or p.role in roles or (p.role == EVERYONE and not lent)):
            yield Step(t, by)


def powers(catalog: Catalog, roles: Collection[str], bound: Collection[str]) -> list[Power]:
    """Return what holders of ``roles`` may do beside registers: decide on fines, receive figures, and powers of the whole site."""
    found = [Power(p, r.code) for r in catalog.roles.values() if r.code in roles for p in r.may]
    for spec in catalog.registers.values():
        for b in spec.breaches:
            if not adopted(spec, bound) or not adopted(b, bound):
                continue
            if b.confirmed_by in roles:
                found.append(Power("confirm", b.confirmed_by, b.label, b.cite))
            found += [Power("report", r, b.label, b.cite) for r in b.reported_by if r in roles]
            if b.appeal is not None and b.appeal.decided_by in roles:
                found.append(Power("appeal", b.appeal.decided_by, b.label, b.cite))
        for c in spec.counters:
            found += [Power("decide", o.decided_by, o.label, o.cite) for o in c.offers if o.decided_by in roles]
    for i in catalog.indicators.values():
        found += [Power("figures", r, i.label, i.cite) for r in i.receives if r in roles and adopted(i, bound)]
    return list(dict.fromkeys(found))
