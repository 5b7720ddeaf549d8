"""How much waits for a person: the numbers on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, false, func, select

from app.models.fixed import record_version
from app.models.ledger import ledger_entry, notice, obligation
from app.services import drafting, ledger, waiting
from app.services.panel import Work

FRESH, KEPT = timedelta(seconds=30), timedelta(minutes=10)
"""How long what was counted holds while others write, and while nobody does."""
_MANY = 1_000
"""People whose number one process remembers."""


@dataclass(frozen=True)
class Counts:
    """Notices not read, own obligations overdue, and what waits for one; None where that is not known without counting."""

    unread: int
    overdue: int
    waiting: int | None


@dataclass(frozen=True)
class _Counted:
    """How much waited for somebody at a moment, and how far the records' history and the ledger went by then."""

    n: int
    at: datetime
    mark: tuple[int, int]


def counts(work: Work) -> Counts:
    """Return the numbers that one query tells."""
    me, n, o = work.actor.person_id, notice.c, obligation.c
    histories = ((record_version.c.person, record_version.c.id), (ledger_entry.c.person, ledger_entry.c.place))
    known = _memory(work).get(me)
    unread = select(func.count()).select_from(notice).where(n.person == me, n.read_at.is_(None))
    overdue = (
        select(func.count()).select_from(obligation).where(o.person == me, o.state == "open", o.due_at <= work.now)
    )
    newest = [select(func.max(place)) for _, place in histories]
    mine = [
        select(func.count()).where(and_(person == me, place > seen) if known is not None else false())
        for (person, place), seen in zip(histories, known.mark if known is not None else (0, 0), strict=True)
    ]
    row = work.connection.execute(select(*(q.scalar_subquery() for q in (unread, overdue, *newest, *mine)))).one()
    mark = (int(row[2] or 0), int(row[3] or 0))
    if known is not None and (any(row[4:]) or work.now - known.at > (KEPT if mark == known.mark else FRESH)):
        known = None  # one's own acts are seen at once, others' soon
    work.memo["attention mark"] = mark
    return Counts(int(row[0]), int(row[1]), known.n if known is not None else None)


def counted(work: Work, records: int | None = None) -> Counts:
    """Return the numbers, what waits counted now where it is not known: records, fines to decide on, drafts to approve.

    ``records`` are how many records wait, where that has just been read.
    """
    found = counts(work)
    if found.waiting is not None and records is None:
        return found
    n = records if records is not None else waiting.count(work)
    n += len(ledger.to_confirm(work)) + len(ledger.to_judge(work)) + drafting.waiting(work)
    memory = _memory(work)
    if len(memory) >= _MANY:
        memory.clear()
    memory[work.actor.person_id] = _Counted(n, work.now, work.memo["attention mark"])
    return Counts(found.unread, found.overdue, n)


def _memory(work: Work) -> dict[int | None, _Counted]:
    memory: dict[int | None, _Counted] = work.panel.memory.setdefault("waiting", {})
    return memory
