"""What others have changed in a register since somebody last looked, told only of records the reader may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, literal, select, text

from app.errors import Refused, say
from app.models.fixed import record_version
from app.services import resting, scope
from app.services.panel import Work

MOST = 500
"""Changes told one by one; of more it is only said that there are many."""
AGAIN = 400
"""Changes told once more to who begins to look while others write."""


@dataclass(frozen=True)
class Mark:
    """How far somebody has looked: every version up to ``low`` is known.

    PostgreSQL gives numbers before it commits, so that a lower one may still appear after a higher one: ``seen`` is the highest
    yet, ``writer`` the first transaction that had not begun by then. When all before it have ended, ``seen`` becomes ``low``.
    """

    low: int
    seen: int
    writer: int

    @classmethod
    def read(cls, text: str) -> Mark:
        """Return the mark that ``str`` wrote. Raises Refused."""
        try:
            low, seen, writer = (int(part) for part in text.split("."))
        except ValueError:
            raise Refused(say("变更的位置已失效，请刷新")) from None
        return cls(low, seen, writer)

    def __str__(self) -> str:
        return f"{self.low}.{self.seen}.{self.writer}"


@dataclass(frozen=True)
class Changes:
    """Visible records that changed: (id, version, person); ids of visible ones archived; whether there are too many to tell; and those
    whose formulas moved through what others changed elsewhere.

    Tickets have no versions and are never told here; who watches them has the inbox.
    """

    changed: list[tuple[int, int, int | None]]
    gone: list[int]
    many: bool
    mark: Mark
    moved: list[int] = field(default_factory=list)


def now(work: Work, register: str) -> Mark:
    """Return the mark of this moment. Raises Forbidden, Missing."""
    scope.demand(work, register, "read")
    registers = [register, *resting.sources(work, register)]
    newest, snapshot = _newest(work, registers)
    low = highest = max(newest.values())
    if snapshot.running:
        # what is being written now may lie below; the last few are told once more rather than missed
        v = record_version.c
        older = select(v.id).where(v.register.in_(registers)).order_by(v.id.desc()).offset(AGAIN).limit(1)
        low = work.connection.execute(older).scalar() or 0
    return Mark(low, highest, snapshot.writer)


def since(work: Work, register: str, mark: Mark) -> Changes:
    """Return what changed after ``mark``; while others are writing the same may be told twice. Raises Forbidden, Missing."""
    scope.demand(work, register, "read")
    registers = [register, *resting.sources(work, register)]
    newest, snapshot = _newest(work, registers)
    seen = max(newest.values())
    low = seen if not snapshot.running else mark.seen if snapshot.first >= mark.writer else mark.low
    after = Mark(low, seen, snapshot.writer)
    v = record_version.c
    query = select(v.register, v.record_id, v.person, v.version, v.changes).where(
        v.register.in_(registers), v.id > mark.low, v.id <= after.seen
    )
    found = work.connection.execute(query.order_by(v.id).limit(MOST + 1)).all()
    if len(found) > MOST:
        return Changes([], [], True, after)
    who = {r.record_id: r.person for r in found if r.register == register}
    elsewhere = [resting.Change(r.register, r.record_id, r.version, r.changes) for r in found if r.register != register]
    moved = resting.moved(work, register, elsewhere) - who.keys() if elsewhere else set()
    if len(moved) > MOST:
        return Changes([], [], True, after)
    table = work.tables[register]
    there = select(table.c.id).where(table.c.id.in_(moved), scope.visible(work, register))
    resettled = list(work.connection.execute(there).scalars()) if moved else []
    if not who:
        return Changes([], [], False, after, resettled)
    there = select(table.c.id, table.c.version, literal(1)).where(table.c.id.in_(who), scope.visible(work, register))
    left = select(table.c.id, table.c.version, literal(0)).where(
        table.c.id.in_(who), scope.visible(work, register, archived=True)
    )
    rows = work.connection.execute(there.union_all(left)).all()
    changed = [(i, version, who[i]) for i, version, here in rows if here]
    return Changes(changed, [i for i, _, here in rows if not here], False, after, resettled)


def state(work: Work, registers: Iterable[str]) -> tuple[tuple[tuple[str, int], ...], frozenset[int]]:
    """Return a number for each register that rises with its changes, and the transactions that are writing now.

    One of those may add a change below the number when it ends. On SQLite, which has one writer at a time, there are none.
    """
    newest, snapshot = _newest(work, sorted(registers))
    return tuple(newest.items()), snapshot.running


@dataclass(frozen=True)
class _Snapshot:
    """PostgreSQL's view of the transactions: ``first`` still writing, ``writer`` not yet begun, those ``running``."""

    first: int
    writer: int
    running: frozenset[int]

    @classmethod
    def read(cls, text: str) -> _Snapshot:
        first, writer, running = text.split(":")
        return cls(int(first), int(writer), frozenset(int(x) for x in running.split(",") if x))


def _newest(work: Work, registers: list[str]) -> tuple[dict[str, int], _Snapshot]:
    v = record_version.c
    wanted: list[Any] = [select(func.max(v.id)).where(v.register == code).scalar_subquery() for code in registers]
    postgresql = work.connection.dialect.name == "postgresql"
    wanted.append(text("CAST(pg_current_snapshot() AS text)") if postgresql else literal("0:0:"))
    row = work.connection.execute(select(*wanted)).one()
    return {code: int(row[n] or 0) for n, code in enumerate(registers)}, _Snapshot.read(row[-1])
