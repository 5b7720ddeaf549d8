"""What a person may do and why, told to that person, to who stands above, and to who looks after the site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from app.catalog import rights
from app.catalog.rights import Power, Rights
from app.errors import Forbidden, Missing, say
from app.services import administration, adoption, people, scope
from app.services.panel import Actor, Work


@dataclass(frozen=True)
class Opened:
    """An approval that lets a person see rows of a register until a moment: its register and number."""

    register: str
    number: str
    until: datetime


@dataclass(frozen=True)
class Held:
    """Everything that a person may do; ``opened`` are the approvals that stand now, by the register that they open."""

    actor: Actor
    registers: Sequence[Rights]
    powers: Sequence[Power]
    opened: dict[str, list[Opened]]


def of(work: Work, person_id: int) -> Held:
    """Return what a person may do.

    Raises Missing for nobody, Forbidden unless it is the actor, somebody below the actor, or the actor looks after the site.
    """
    if person_id != work.actor.person_id and not administration.may(work) and not people.leads(work, person_id):
        raise Forbidden(say("您只能查看本人和下属的权限"))
    if person_id not in people.names(work, [person_id]):
        raise Missing
    return held(work, people.actor(work, person_id))


def held(work: Work, actor: Actor) -> Held:
    """Return what somebody who acts may do."""
    bound = adoption.anywhere(work)
    found = rights.rights(work.catalog, actor.roles, bound, lent=actor.lent is not None)
    theirs = work.acting(actor)
    opened = {r.spec.code: [Opened(*o) for a in r.access for o in scope.approvals(theirs, a)] for r in found}
    return Held(actor, found, rights.powers(work.catalog, actor.roles, bound), {k: v for k, v in opened.items() if v})
