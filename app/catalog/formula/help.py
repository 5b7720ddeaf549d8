"""What helps somebody who writes a formula: the names that it may use, the functions, and what is wrong with what is typed so far."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.catalog.formula.kinds import Kind
from app.catalog.formula.meaning import read, read_for
from app.catalog.formula.names import Registers, shape_of
from app.catalog.formula.secrecy import kept_back
from app.catalog.formula.tokens import Fault, Faulty
from app.catalog.formula.tree import Tree, given
from app.catalog.register import SYSTEM, RegisterSpec
from app.fields.base import Field
from app.fields.label import Label


@dataclass(frozen=True)
class Offer:
    """A name that a formula may use: how it is written, what it is called, and the type of its value; None for records."""

    written: str
    label: Label
    kind: Kind | None
    words: tuple[str, ...] = ()
    """The texts that a choice reads as."""


def offers(catalog: Registers, spec: RegisterSpec) -> Iterator[Offer]:
    """Yield the names that formulas of a register may use: its fields, those of what it points to, and of what points to it."""
    for f in _usable(spec):
        yield _offer(spec, f, "")
    for f in spec.fields:
        target = catalog.registers.get(getattr(f, "target", ""))
        if target is not None and not f.many and not target.tickets_of:
            for g in _usable(target):
                yield _offer(target, g, f"[{f.label.zh}].", f.label)
    seen: list[str] = []
    for other, link in catalog.pointing_at.get(spec.code, ()):
        if link.many or other.tickets_of:
            continue
        several = sum(s is other and not f.many for s, f in catalog.pointing_at[spec.code]) > 1
        head = f"{other.label.zh}:{link.label.zh}" if several else other.label.zh
        if head not in seen:
            seen.append(head)
            yield Offer(f"[{head}]", other.label, None)
            for g in _usable(other):
                yield _offer(other, g, f"[{head}].", other.label)


def check(catalog: Registers, spec: RegisterSpec, text: str, field: Field | None = None) -> Tree | Fault:
    """Return what a formula of a register means or what is wrong with it; with ``field``, as the value of that field."""
    try:
        tree = (
            read(text, catalog, spec)
            if field is None
            else read_for(field.model_copy(update={"formula": text}), catalog, spec)
        )
    except Faulty as wrong:
        return wrong.fault
    secret = ((kept_back(catalog, part.source), part) for part in given(tree))
    return next((Fault(why, part.start, part.end) for why, part in secret if why is not None), tree)


def _usable(spec: RegisterSpec) -> Iterator[Field]:
    system = [f for f in SYSTEM.values() if not f.code.startswith("updated") and (f.code != "state" or spec.workflow)]
    return (f for f in (*spec.fields, *system) if shape_of(spec, f) is not None)


def _offer(spec: RegisterSpec, field: Field, before: str, of: Label | None = None) -> Offer:
    shape = shape_of(spec, field)
    alike = sum(f.label.zh == field.label.zh for f in (*spec.fields, *SYSTEM.values()))
    name = field.label.zh if alike == 1 and not set("[]") & set(field.label.zh) else field.code
    label = field.label
    if of is not None:
        label = Label(zh=f"{of.zh} · {label.zh}", en=f"{of.en or of.zh} · {label.en or label.zh}")
    words = tuple(text for _, text in shape.words) if shape else ()
    return Offer(f"{before}[{name}]", label, shape.kind if shape else None, words)
