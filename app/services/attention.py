"""How much waits for a person: the numbers on every page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, false, func, select

from app.models.fixed import record_version
from app.models.ledger import ledger_entry, notice
from app.services import enacting, ledger, obligations, recalculation, waiting
from app.services.panel import Work

FRESH, KEPT = timedelta(seconds=30), timedelta(minutes=10)
"""How long what was counted holds while others write, and while nobody does."""
_MANY = 1_000
"""People whose number one process remembers."""


@dataclass(frozen=True)
class Counts:
    """Notices not read, what one owes that is overdue, and what waits for one; None where that is not known without counting."""

    unread: int
    overdue: int | None
    waiting: int | None


@dataclass(frozen=True)
class _Counted:
    """How much was overdue and waited for somebody at a moment, and how far the records' history and the ledger went by then."""

    overdue: int
    waiting: int
    at: datetime
    mark: tuple[int, int]


def counts(work: Work) -> Counts:
    """Return the numbers that one query tells."""
    me, n = work.actor.person_id, notice.c
    histories = ((record_version.c.person, record_version.c.id), (ledger_entry.c.person, ledger_entry.c.place))
    known = _memory(work).get(me)
    unread = select(func.count()).select_from(notice).where(n.person == me, n.read_at.is_(None))
    newest = [select(func.max(place)) for _, place in histories]
    mine = [
        select(func.count()).where(and_(person == me, place > seen) if known is not None else false())
        for (person, place), seen in zip(histories, known.mark if known is not None else (0, 0), strict=True)
    ]
    row = work.connection.execute(select(*(q.scalar_subquery() for q in (unread, *newest, *mine)))).one()
    mark = (int(row[1] or 0), int(row[2] or 0))
    if known is not None and (any(row[3:]) or work.now - known.at > (KEPT if mark == known.mark else FRESH)):
        known = None  # one's own acts are seen at once, others' soon
    work.memo["attention mark"] = mark
    return Counts(int(row[0]), *((known.overdue, known.waiting) if known is not None else (None, None)))


def counted(work: Work, records: int | None = None) -> Counts:
    """Return the numbers, counted now where they are not known. What waits is records, fines to decide on, drafts and recalculations.

    ``records`` are how many records wait, where that has just been read.
    """
    found = counts(work)
    if found.waiting is not None and records is None:
        return found
    decisions = (ledger.to_confirm, ledger.to_judge, enacting.to_decide, recalculation.to_decide)
    waits = records if records is not None else waiting.count(work)
    waits += sum(len(of(work)) for of in decisions)
    late = obligations.overdue(work)
    memory = _memory(work)
    if len(memory) >= _MANY:
        memory.clear()
    memory[work.actor.person_id] = _Counted(late, waits, work.now, work.memo["attention mark"])
    return Counts(found.unread, late, waits)


def _memory(work: Work) -> dict[int | None, _Counted]:
    memory: dict[int | None, _Counted] = work.panel.memory.setdefault("waiting", {})
    return memory
