"""What the names in a formula mean: fields of the register, of what it points to, and of what points to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from app.catalog.formula.functions.numbers import DIGITS
from app.catalog.formula.kinds import Kind, Shape
from app.catalog.formula.syntax import Name
from app.catalog.formula.tokens import Faulty
from app.catalog.formula.tree import Looked, Own
from app.catalog.misfits import choose
from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Sentence, say
from app.fields.base import Field
from app.fields.links import Link, Person, Signature
from app.fields.numbers import Integer, Percent, Scaled, YesNo
from app.fields.texts import AutoNumber, Choice, LongText, Text
from app.fields.times import Date, Moment

_MOVING = frozenset({"updated_at", "updated_by"})
"""Fields of every register that tell of the change itself, and would change with what a formula gives."""


class Registers(Protocol):
    """What formulas ask of the definitions; the catalog is one."""

    @property
    def registers(self) -> Mapping[str, RegisterSpec]:
        """Registers by code."""

    @property
    def pointing_at(self) -> Mapping[str, Sequence[tuple[RegisterSpec, Link]]]:
        """For each register: the fields of registers that point to it."""


@dataclass(frozen=True)
class Rows:
    """Records of ``register`` whose field ``through`` points here, and the field of theirs that is meant; None: the records themselves."""

    register: RegisterSpec
    through: str
    field: Field | None


def shape_of(spec: RegisterSpec, field: Field) -> Shape | None:
    """Return how the values of a field read in a formula; None for what no formula can look at."""
    if field.many:
        return None
    if field.code == "state":
        states = spec.workflow.states if spec.workflow else ()
        return Shape(Kind.TEXT, words=tuple((s.code, s.label.zh) for s in states))
    match field:
        case Choice():
            return Shape(Kind.TEXT, words=tuple((o.code, o.zh) for o in field.choices))
        case Text() | LongText():
            return Shape(Kind.TEXT, longest=field.max_length)
        case AutoNumber():
            return Shape(Kind.TEXT)
        case Integer():
            return Shape(Kind.NUMBER)
        case Scaled() if field.places <= DIGITS:
            return Shape(Kind.NUMBER, field.places, isinstance(field, Percent))
        case Date():
            return Shape(Kind.DATE)
        case Moment():
            return Shape(Kind.MOMENT)
        case YesNo():
            return Shape(Kind.BOOLEAN)
        case Link():
            return Shape(Kind.LINK, target="person" if isinstance(field, Person | Signature) else field.target)
    return None


@dataclass(frozen=True)
class Names:
    """The names that a formula of one register may use."""

    catalog: Registers
    spec: RegisterSpec

    def value(self, name: Name) -> Own | Looked:
        """Return the field that a name means, of this record or of one that it points to. Raises Faulty."""
        first = self._own(name)
        if len(name.parts) == 1:
            return Own(first.code, self._shape(name, self.spec, first))
        target = self.catalog.registers.get(first.target) if isinstance(first, Link) else None
        if first.many or target is None or target.tickets_of:
            single = say("“{field}”不是指向一条登记簿记录的字段，不能取它的字段", field=first.label.zh)
            raise Faulty(single, name.start, name.end)
        if len(name.parts) > 2:
            far = say("一个公式只能取隔一层的字段；请先在《{register}》里定义中间的公式字段", register=target.label.zh)
            raise Faulty(far, name.start, name.end)
        found = _field(target, name.parts[1], name)
        return Looked(first.code, target.code, found.code, self._shape(name, target, found))

    def rows(self, name: Name) -> Rows | None:
        """Return the records pointing here that a name means; None where it is a field of this record. Raises Faulty."""
        if _find(self.spec, name.parts[0]):
            return None
        head, _, through = name.parts[0].replace("：", ":").partition(":")
        spec = self._pointing(head.strip())
        if spec is None:
            return None
        links = [f for s, f in self.catalog.pointing_at.get(self.spec.code, ()) if s is spec and not f.many]
        if through.strip():
            wanted = _field(spec, through.strip(), name)
            links = [f for f in links if f is wanted]
        if not links:
            none = say("《{register}》没有指向《{own}》的引用字段", register=spec.label.zh, own=self.spec.label.zh)
            raise Faulty(none, name.start, name.end)
        if len(links) > 1:
            which = say(
                "《{register}》有几个字段指向这里（{fields}），请写成 [{register}:字段]",
                register=spec.label.zh, fields="、".join(f.label.zh for f in links),
            )  # fmt: skip
            raise Faulty(which, name.start, name.end)
        if len(name.parts) > 2:
            raise Faulty(say("这里只能写 [登记簿].[字段]"), name.start, name.end)
        field = _field(spec, name.parts[1], name) if len(name.parts) == 2 else None
        return Rows(spec, links[0].code, field)

    def _own(self, name: Name) -> Field:
        found = _find(self.spec, name.parts[0])
        if not found and self._pointing(name.parts[0].replace("：", ":").partition(":")[0].strip()) is not None:
            many = say("“{name}”是指向这里的多条记录，请用 SUM、COUNT、AVERAGE、MIN、MAX 等汇总", name=name.parts[0])
            raise Faulty(many, name.start, name.end)
        return _only(self.spec, name.parts[0], found, name)

    def _pointing(self, name: str) -> RegisterSpec | None:
        """Return the register of that code or label which has a field that points here."""
        pointing = {s.code: s for s, _ in self.catalog.pointing_at.get(self.spec.code, ()) if not s.tickets_of}
        if name in pointing:
            return pointing[name]
        return next((s for s in pointing.values() if name in (s.label.zh, s.label.en)), None)

    def _shape(self, name: Name, spec: RegisterSpec, field: Field) -> Shape:
        shape = shape_of(spec, field)
        if shape is None or field.code in _MOVING:
            raise Faulty(say("公式不能使用“{field}”", field=field.label.zh), name.start, name.end)
        return shape


def _field(spec: RegisterSpec, text: str, name: Name) -> Field:
    return _only(spec, text, _find(spec, text), name)


def _find(spec: RegisterSpec, text: str) -> list[Field]:
    """Return the field of that code, else those of that label."""
    if (found := spec.column(text)) is not None:
        return [found]
    wanted = _folded(text)
    every = [*spec.fields, *SYSTEM.values()]
    return [f for f in every if wanted in (_folded(f.label.zh), _folded(f.label.en))]


def _only(spec: RegisterSpec, text: str, found: list[Field], name: Name) -> Field:
    if len(found) == 1:
        return found[0]
    if found:
        several: Sentence = say(
            "《{register}》有几个字段叫“{name}”，请写编码：{codes}",
            register=spec.label.zh, name=text, codes="、".join(f.code for f in found),
        )  # fmt: skip
        raise Faulty(several, name.start, name.end)
    hint = choose(text, [*(f.label.zh for f in spec.fields), *spec.by_code])
    absent = say("《{register}》没有字段“{code}”，{hint}", register=spec.label.zh, code=text, hint=hint)
    raise Faulty(absent, name.start, name.end)


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", text).casefold()
