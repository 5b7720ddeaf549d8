"""Looking at the panel as somebody else would see it: menu, screens and forms, while rows stay closed that one may not read oneself.

Only who looks after the site does so, with a reason, for an hour at most; each time is a line of the access log.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from app.errors import CellError, Invalid, Missing, Refused, say
from app.models.bulk import insert_one
from app.models.fixed import access_log, person
from app.services import administration, people
from app.services.panel import Actor, Work

LASTS = timedelta(hours=1)


def begin(work: Work, person_id: int, reason: str) -> int:
    """Begin to look as a person and return the line of the log.

    Raises Forbidden, Missing, Refused for oneself and for who looks after the site too, Invalid without a reason.
    """
    administration.demand(work)
    active = select(person.c.id).where(person.c.id == person_id, person.c.active.is_(True))
    if work.connection.execute(active).scalar() is None:
        raise Missing
    if not may(work, people.actor(work, person_id)):
        raise Refused(say("不能以系统管理员的身份查看"))
    if not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    line = {
        "at": work.now,
        "person": work.actor.person_id,
        "action": "begin",
        "subject": person_id,
        "reason": reason.strip(),
    }
    return insert_one(work.connection, access_log, line)


def end(work: Work, number: int) -> None:
    """End what a line of the log began, unless it has ended."""
    subject = _standing(work, number, work.actor)
    if subject is not None:
        line = {"at": work.now, "person": work.actor.person_id, "action": "end", "subject": subject, "began": number}
        insert_one(work.connection, access_log, line)


def through(work: Work, own: Actor, number: int) -> Actor:
    """Return whom ``own`` looks as by a line of the log; ``own`` where that has ended or is none of his."""
    subject = _standing(work, number, own)
    if subject is None:
        return own
    seen = people.actor(work, subject)
    return replace(seen, behind=own) if may(work.acting(own), seen) else own


def may(work: Work, whom: Actor) -> bool:
    """Return whether the actor may look as somebody: never as oneself, nor as who looks after the site too."""
    return (
        administration.may(work)
        and whom.person_id != work.actor.person_id
        and not administration.may(work.acting(whom))
    )


def _standing(work: Work, number: int, own: Actor) -> int | None:
    """Return as whom a person looks by a line of the log; None where that has ended."""
    a = access_log.c
    line = work.connection.execute(
        select(a.person, a.at, a.subject).where(a.id == number, a.action == "begin")
    ).first()  # fmt: skip
    if line is None or line.person != own.person_id or work.now - line.at > LASTS:
        return None
    ended = work.connection.execute(select(a.id).where(a.began == number).limit(1)).scalar()
    return int(line.subject) if ended is None else None
