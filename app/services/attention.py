"""How much waits for a person: the two numbers on every page, in one query."""

from __future__ import annotations

from sqlalchemy import func, select

from app.models.ledger import notice, obligation
from app.services.panel import Work


def counts(work: Work) -> tuple[int, int]:
    """Return how many notices the actor has not read, and how many of the actor's own obligations are overdue."""
    me, n, o = work.actor.person_id, notice.c, obligation.c
    unread = select(func.count()).select_from(notice).where(n.person == me, n.read_at.is_(None))
    overdue = (
        select(func.count()).select_from(obligation).where(o.person == me, o.state == "open", o.due_at <= work.now)
    )
    row = work.connection.execute(select(unread.scalar_subquery(), overdue.scalar_subquery())).one()
    return int(row[0]), int(row[1])
