"""Coverage: what of the definitions implements each article of each policy, and which articles nothing implements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from app.catalog.base import Citation
from app.catalog.breach import Breach, Counter
from app.catalog.catalog import Catalog
from app.catalog.duty import Duty
from app.catalog.policy import Article, Policy
from app.catalog.print import Print
from app.catalog.refusal import Refusal
from app.catalog.register import Access, Check, RegisterSpec, Transition
from app.catalog.report import Report
from app.catalog.retention import Retention
from app.errors import Sentence, say
from app.fields.base import Field
from app.fields.label import Label

Kind = Literal[
    "register", "field", "step", "duty", "penalty", "right", "refusal", "check", "retention", "report", "print", "indicator"
]  # fmt: skip
State = Literal["implemented", "manual", "parts", "open"]

NAMES: dict[Kind, Sentence] = {
    "register": say("登记簿"),
    "field": say("字段"),
    "step": say("流转"),
    "duty": say("时限责任"),
    "penalty": say("处罚"),
    "right": say("权限"),
    "refusal": say("拒绝办理"),
    "check": say("校验"),
    "retention": say("保存期限"),
    "report": say("自动报表"),
    "print": say("打印单"),
    "indicator": say("指标"),
}
"""The kinds of implementers, as people call them."""
STATES: dict[State, Sentence] = {
    "implemented": say("系统办理"),
    "manual": say("人工办理"),
    "parts": say("见其各项"),
    "open": say("尚未落实"),
}
"""How articles are carried out, as people call it."""

_KINDS: dict[type[BaseModel], Kind] = {
    Transition: "step", Duty: "duty", Breach: "penalty", Counter: "penalty", Refusal: "refusal", Check: "check",
    Report: "report",
}  # fmt: skip


@dataclass(frozen=True)
class Implementer:
    """A part of the definitions that an article is cited by.

    ``path`` names it: ``register:complaint``, ``complaint.close_in_time``, ``complaint.access.clerk``, ``indicator:revisit_rate``;
    ``register`` is the code of its register, empty for an indicator.
    """

    kind: Kind
    path: str
    label: Label
    register: str = ""


@dataclass(frozen=True)
class Covered:
    """An article with whatever implements it; ``parts`` are the numbers of the articles below it, such as 19.1 below 19."""

    policy: Policy
    article: Article
    by: tuple[Implementer, ...]
    parts: tuple[str, ...]

    @property
    def state(self) -> State:
        """How it is carried out: by the panel, by people alone, through the articles below it, or not at all."""
        if self.by:
            return "implemented"
        if self.article.manual is not None:
            return "manual"
        return "parts" if self.parts else "open"


def coverage(catalog: Catalog) -> dict[str, tuple[Covered, ...]]:
    """Return every article of every policy, by the code of the policy in its own order."""
    found: dict[str, dict[str, Implementer]] = {}
    for clause, one in _implementers(catalog):
        found.setdefault(clause, {}).setdefault(one.path, one)
    return {
        policy.code: tuple(
            Covered(policy, a, tuple(found.get(f"{policy.code}-{a.no}", {}).values()), _below(a.no, policy))
            for a in policy.articles
        )
        for policy in sorted(catalog.policies.values(), key=lambda p: p.code)
    }


def counts(articles: Sequence[Covered]) -> dict[State, int]:
    """Return how many articles stand in each state."""
    return {state: sum(a.state == state for a in articles) for state in STATES}


def _implementers(catalog: Catalog) -> Iterator[tuple[str, Implementer]]:
    """Yield each article that is cited, such as ``P05-D1``, with the part that cites it."""
    for spec in catalog.registers.values():
        for owners, clause in _cited(spec, ()):
            yield clause, _implementer(catalog, spec, owners)
    for indicator in catalog.indicators.values():
        one = Implementer("indicator", f"indicator:{indicator.code}", indicator.label)
        yield from ((clause, one) for _, clause in _cited(indicator, ()))


def _cited(node: BaseModel, owners: tuple[BaseModel, ...]) -> Iterator[tuple[tuple[BaseModel, ...], str]]:
    """Yield each clause that stands in a part of a definition, with the parts around it, outermost first."""
    if isinstance(node, Citation):
        yield owners, str(node)
        return
    inner = (*owners, node)
    if isinstance(node, Field):
        yield from ((inner, clause) for clause in node.clauses)
        return
    for name in type(node).model_fields:
        value = getattr(node, name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, BaseModel):
                yield from _cited(part, inner)


def _implementer(catalog: Catalog, spec: RegisterSpec, owners: tuple[BaseModel, ...]) -> Implementer:
    """Return the innermost of the parts around a citation that people have a word for."""
    for part in reversed(owners):
        match part:
            case Retention():
                return Implementer("retention", f"{spec.code}.retention", spec.label, spec.code)
            case Access(role=code):
                role = catalog.roles.get(code)
                name = role.label if role else Label(zh="每个人", en="Everyone")
                return Implementer("right", f"{spec.code}.access.{code}", name, spec.code)
            case Refusal(code=code, say=label) | Check(code=code, say=label):
                return Implementer(_KINDS[type(part)], f"{spec.code}.{code}", label, spec.code)
            case Print(code=code, label=label):
                return Implementer("print", f"{spec.code}.prints.{code}", label, spec.code)
            case Duty() | Breach() | Counter() | Transition() | Report():
                return Implementer(_KINDS[type(part)], f"{spec.code}.{part.code}", part.label, spec.code)
            case Field():
                return Implementer("field", f"{spec.code}.{part.code}", part.label, spec.code)
    return Implementer("register", f"register:{spec.code}", spec.label, spec.code)


def _below(number: str, policy: Policy) -> tuple[str, ...]:
    return tuple(a.no for a in policy.articles if _is_below(a.no, number))


def _is_below(number: str, above: str) -> bool:
    """Return whether an article is a part of another by its number: 19.1 of 19 and 二(一)1 of 二(一), but 191 not of 19."""
    if number == above or not number.startswith(above):
        return False
    return _sort(number[len(above)]) != _sort(above[-1])


def _sort(sign: str) -> str:
    if sign.isdecimal():
        return "digit"
    if sign in "一二三四五六七八九十":
        return "numeral"
    return "letter" if sign.isalpha() else sign
