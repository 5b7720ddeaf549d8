"""Choosing the policies that a unit is to apply: what each brings, and which of them speak about one and the same record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select

from app.catalog.base import Cited
from app.catalog.duty import Duty
from app.catalog.policy import Policy
from app.catalog.register import RegisterSpec, Transition
from app.errors import CellError, Invalid, Missing, say
from app.models.fixed import adoption as table
from app.services import administration, adopting, adoption
from app.services.panel import Work


@dataclass(frozen=True)
class Offer:
    """A policy with the registers and duties that cite it, and whether the unit applies it on the day asked for."""

    policy: Policy
    registers: Sequence[RegisterSpec]
    duties: Sequence[Duty]
    applies: bool


@dataclass(frozen=True)
class Overlap:
    """A register to which several policies of one unit speak: policy → what it demands there, duties and steps."""

    register: RegisterSpec
    demands: Mapping[str, Sequence[Duty | Transition]]


def nothing_yet(work: Work) -> bool:
    """Return whether nobody has ever adopted a policy: the site waits for its administrator."""
    return not work.connection.execute(select(exists(select(table.c.id)))).scalar_one()


def offers(work: Work, unit: int | None, day: date) -> list[Offer]:
    """Return every policy with what it would bring a unit (None: everybody) from a day. Raises Forbidden."""
    administration.demand(work)
    bound = _bound(work, unit, day)
    return [
        Offer(
            policy,
            [r for r in work.catalog.registers.values() if code in r.policies],
            [d for r in work.catalog.registers.values() for d in r.duties if _cites(code, (d, *d.within))],
            code in bound,
        )
        for code, policy in sorted(work.catalog.policies.items())
    ]


def overlaps(work: Work, unit: int | None, codes: Iterable[str], day: date) -> list[Overlap]:
    """Return the registers for which policies, with those that the unit applies already, each demand something of their own.

    Raises Forbidden.
    """
    administration.demand(work)
    chosen = set(codes)
    together = chosen | _bound(work, unit, day)
    found = []
    for spec in work.catalog.tables():
        parts: list[Duty | Transition] = [*spec.duties, *(spec.workflow.transitions if spec.workflow else ())]
        demands = {code: [p for p in parts if _only(code, p, together)] for code in sorted(together)}
        demands = {code: said for code, said in demands.items() if said}
        if len(demands) > 1 and chosen & demands.keys():
            found.append(Overlap(spec, demands))
    return found


def begin(work: Work, unit: int | None, codes: Collection[str], day: date, reason: str) -> list[str]:
    """Let a unit apply several policies from a day, but those that it applies already, and return the codes of the new ones.

    Raises Forbidden, Missing, and Invalid for none, for a day that has passed or without a reason.
    """
    administration.demand(work)
    if not codes:
        raise Invalid([CellError("policies", say("请至少选择一项制度"), label="制度")])
    if strange := sorted(set(codes) - work.catalog.policies.keys()):
        raise Missing(say("没有制度 {code}", code=strange[0]))
    new = sorted(set(codes) - _bound(work, unit, day))
    for code in new:
        adopting.begin(work, unit, code, day, reason)
    return new


def _bound(work: Work, unit: int | None, day: date) -> frozenset[str]:
    """Return what binds a unit on a day; for everybody only what everybody has adopted."""
    if unit is not None:
        return adoption.policies(work, unit, day)
    return frozenset(policy for of, policy in adoption.in_force(work, day) if of is None)


def _cites(code: str, parts: Iterable[Cited]) -> bool:
    return any(code in p.policies for p in parts)


def _only(code: str, part: Cited, together: Collection[str]) -> bool:
    """Return whether a policy demands something that none of the others does."""
    return bool(part.cite) and part.policies.intersection(together) == {code}
