"""One register under check: what it may name, and what was found wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel

from app.catalog.base import Cited, Party
from app.catalog.blank_words import aside
from app.catalog.catalog import Catalog
from app.catalog.findings import Finding, Level
from app.catalog.marked import Loc, Source
from app.catalog.misfits import choose
from app.catalog.register import RegisterSpec
from app.catalog.rights import EVERYONE
from app.catalog.words import TYPES
from app.errors import Sentence, say
from app.fields.base import Field
from app.fields.links import Person, Reference, Signature, Unit
from app.fields.numbers import Integer, Money, Number
from app.fields.texts import AutoNumber, Choice, LongText, Text
from app.fields.times import Date, Moment


@dataclass(frozen=True)
class Fit:
    """What a field must be for some use, and how that is said."""

    kinds: tuple[type[Field], ...]
    name: Sentence


PEOPLE = Fit((Person, Signature), say("人员或签字字段"))
PERSON = Fit((Person,), say("人员字段"))
SIGNATURE = Fit((Signature,), say("签字字段"))
TIME = Fit((Date, Moment), say("日期或日期时间字段"))
DATE = Fit((Date,), say("日期字段"))
START = Fit((Date, Moment, Signature), say("日期、日期时间或签字字段"))
MOMENT = Fit((Moment,), say("日期时间字段"))
WHOLE = Fit((Integer,), say("整数字段"))
NUMBER = Fit((Number,), say("数字、金额或百分比字段"))
MONEY = Fit((Money,), say("金额字段"))
LINK = Fit((Reference, Unit), say("引用或部门字段"))
REFERENCE = Fit((Reference,), say("引用字段"))
TEXT = Fit((Text, LongText), say("文字字段"))
NAME = Fit(
    (Text, LongText, AutoNumber, Choice, Date, Moment, Integer, Person, Unit, Reference),
    say("能作名称的字段：文字、编号、单选、日期、整数、人员、部门、引用"),
)


@dataclass
class Subject:
    """A register under check, with everything it may name.

    What ``broken`` names as (group, code) is there but could not be read: nothing is said about it.
    """

    catalog: Catalog
    spec: RegisterSpec
    source: Source
    broken: frozenset[tuple[str, str]] = frozenset()
    found: list[Finding] = field(default_factory=list)

    def wrong(self, check: str, loc: Loc, sentence: Sentence, level: Level = "error") -> None:
        """Note that something is wrong at ``loc``."""
        self.found.append(self.source.finding(check, loc, sentence, level))

    def below(self, loc: Loc) -> Source:
        """Return the source of the part at ``loc``."""
        return replace(self.source, base=(*self.source.base, *loc))

    def known(self, group: str, code: str) -> bool:
        """Return whether ``code`` is defined in a group of the catalog, be it one that could not be read."""
        return code in getattr(self.catalog, group) or (group, code) in self.broken

    def register(self, loc: Loc, code: str) -> RegisterSpec | None:
        """Return a register that is named at ``loc``."""
        if not self.known("registers", code):
            hint = choose(code, self.catalog.registers)
            self.wrong("D406", loc, say("没有登记簿“{code}”，{hint}", code=code, hint=hint))
        return self.catalog.registers.get(code)

    def field(
        self, loc: Loc, code: str, fit: Fit | None = None, of: RegisterSpec | None = None, *, shown: bool = False
    ) -> Field | None:
        """Return a field that is named at ``loc``: of this register or another, fit for its use; a formula's where it is only ``shown``."""
        spec = of or self.spec
        if (found := spec.column(code)) is None:
            hint = choose(code, spec.by_code)
            self.wrong(
                "D407", loc, say("《{register}》没有字段“{code}”，{hint}", register=spec.label.zh, code=code, hint=hint)
            )
            return None
        if found.formula and not shown:
            self.wrong("D432", loc, worked_out(found))
            return None
        if fit and not isinstance(found, fit.kinds):
            unfit = say(
                "“{field}”是{type}，这里需要{wanted}", field=found.label.zh, type=TYPES[found.type], wanted=fit.name
            )
            self.wrong("D413", loc, unfit)
            return None
        return found

    def single(
        self, loc: Loc, code: str, fit: Fit | None = None, of: RegisterSpec | None = None, *, shown: bool = False
    ) -> Field | None:
        """Return a field that is named at ``loc``, as ``field`` does, and that holds one value: only such a one has a column."""
        found = self.field(loc, code, fit, of, shown=shown)
        if found is not None and found.many:
            self.wrong("D413", loc, say("“{field}”可有多个值，这里需要只有一个值的字段", field=found.label.zh))
            return None
        return found

    def role(self, loc: Loc, code: str, *, everyone: bool = False) -> None:
        """Note a role that is named at ``loc`` and is not there."""
        if not (everyone and code == EVERYONE) and not self.known("roles", code):
            self.wrong("D405", loc, say("没有角色“{code}”，{hint}", code=code, hint=choose(code, self.catalog.roles)))

    def roles(self, loc: Loc, codes: tuple[str, ...]) -> None:
        """Note roles of a list of those who may that are not there."""
        for i, code in enumerate(codes):
            self.role((*loc, i), code, everyone=True)

    def party(self, loc: Loc, party: Party, *, everyone: bool = False) -> None:
        """Note a party that is nobody, or might be two."""
        if word := party.word:
            is_field = self.spec.column(word) is not None
            is_role = self.known("roles", word) or (everyone and word == EVERYONE)
            if is_field and is_role:
                self.wrong("D412", loc, say("“{word}”既是字段又是角色，请写成 {{field: …}} 或 {{role: …}}", word=word))
            elif is_field:
                self.field(loc, word, PEOPLE)
            elif not is_role:
                hint = choose(word, [*self.spec.by_code, *self.catalog.roles])
                self.wrong("D411", loc, say("“{word}”既不是本登记簿的字段，也不是角色，{hint}", word=word, hint=hint))
        elif party.role:
            self.role((*loc, "role"), party.role, everyone=everyone)
        elif party.field:
            self.field((*loc, "field"), party.field, PEOPLE)
        else:
            self.field((*loc, "superior_of"), party.superior_of, PEOPLE)

    def parties(self, loc: Loc, parties: tuple[Party, ...], *, everyone: bool = False) -> None:
        """Note each party of a list that is nobody."""
        for i, party in enumerate(parties):
            self.party((*loc, i), party, everyone=everyone)

    def state(self, loc: Loc, code: str, of: RegisterSpec | None = None) -> None:
        """Note a state that is named at ``loc`` and is not there."""
        spec = of or self.spec
        states = [s.code for s in spec.workflow.states] if spec.workflow else []
        if code not in states:
            hint = choose(code, states)
            self.wrong(
                "D601", loc, say("《{register}》没有状态“{code}”，{hint}", register=spec.label.zh, code=code, hint=hint)
            )

    def states(self, loc: Loc, codes: tuple[str, ...], of: RegisterSpec | None = None) -> None:
        """Note each state of a list that is not there."""
        for i, code in enumerate(codes):
            self.state((*loc, i), code, of)

    def transition(self, loc: Loc, code: str, of: RegisterSpec | None = None) -> None:
        """Note a transition that is named at ``loc`` and is not there."""
        spec = of or self.spec
        codes = [t.code for t in spec.workflow.transitions] if spec.workflow else []
        if code not in codes:
            hint = choose(code, codes)
            self.wrong(
                "D606", loc, say("《{register}》没有流转“{code}”，{hint}", register=spec.label.zh, code=code, hint=hint)
            )

    def points_at(self, loc: Loc, code: str, register: RegisterSpec, target: str, *, several: bool = False) -> None:
        """Note a field of ``register`` that is no reference to ``target``, or to several where one is needed."""
        link = (self.field if several else self.single)(loc, code, LINK, register)
        if isinstance(link, Reference | Unit) and link.target != target:
            self.wrong("D413", loc, say("“{field}”没有引用“{register}”", field=link.label.zh, register=target))

    def cited(self, loc: Loc, part: Cited, what: Sentence) -> None:
        """Note a part that must cite an article and does not."""
        if not part.cite:
            self.wrong("D410", loc, say("{what}必须写明依据{cite}", what=what, cite=aside("cite")))


def worked_out(field: Field) -> Sentence:
    """Return that a field which a formula gives cannot stand where facts decide."""
    return say("“{field}”由公式得出，只能显示、筛选和汇总；规则请直接使用填写的字段", field=field.label.zh)


def parts(node: BaseModel, loc: Loc = ()) -> Iterator[tuple[Loc, BaseModel]]:
    """Yield every part of a definition with where it stands in the words of the definition."""
    yield loc, node
    for name, key in made_of(type(node)):
        value = getattr(node, name)
        if isinstance(value, BaseModel):
            yield from parts(value, (*loc, key))
        elif isinstance(value, tuple):
            for at, part in enumerate(value):
                if isinstance(part, BaseModel):
                    yield from parts(part, (*loc, key, at))


@cache
def made_of(kind: type[BaseModel]) -> tuple[tuple[str, str], ...]:
    """Return the attributes of a class that may hold parts, each with the key under which it is written."""
    return tuple((name, f.alias or name) for name, f in kind.model_fields.items() if _may_hold_parts(f.annotation))


def _may_hold_parts(annotation: Any) -> bool:
    inside = get_args(annotation)
    return any(map(_may_hold_parts, inside)) if inside else annotation is Any or _is_model(annotation)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
