"""Setting the day on which a register goes live: who did it when and why, and what the day makes history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, select

from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.errors import CellError, Invalid, Refused, say
from app.models.bulk import insert_one
from app.models.fixed import go_live as table
from app.models.ledger import breach, obligation
from app.services import administration, adopting, editions, go_live, people
from app.services.panel import Work


@dataclass(frozen=True)
class Effect:
    """What a day would make history: records by duty that began before it, and what stands already and forbids it."""

    history: Sequence[tuple[Duty, int]]
    standing: int


def listed(work: Work) -> list[dict[str, Any]]:
    """Return every day that was set, the latest first, with who set it; ``holds`` marks those that hold. Raises Forbidden."""
    administration.demand(work)
    query = select(table).order_by(table.c.id.desc())
    found = [dict(r) for r in work.rows(query)]
    names = people.names(work, [r["person"] for r in found if r["person"] is not None])
    newest: dict[str, int] = {}
    for r in found:
        newest.setdefault(r["register"], r["id"])
    return [r | {"who": names.get(r["person"], ""), "holds": newest[r["register"]] == r["id"]} for r in found]


def effect(work: Work, register: str, day: date) -> Effect:
    """Return what a register's going live on a day makes history. Raises Forbidden, Missing."""
    administration.demand(work)
    spec = work.spec(register)
    counts = []
    t = work.tables[register]
    alive = t.c.archived_at.is_(None)
    for duty in (d for d in spec.duties if d.every is None):
        column, first = adopting.beginning_of(work, spec, duty, day)
        query = select(func.count()).select_from(t).where(alive, column < first)
        counts.append((duty, work.connection.execute(query).scalar_one()))
    return Effect(counts, _standing(work, spec, day))


def set_day(work: Work, register: str, day: date, reason: str) -> None:
    """Let a register go live on a day: what began before it owes nothing from now on, what began since owes as ever.

    Nothing that is owed or fined goes away by it. Raises Forbidden, Missing, Invalid without a reason, and Refused where
    something stands that began before the day.
    """
    administration.demand(work)
    spec = work.spec(register)
    if not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    earlier = go_live.day(work, register)
    if n := _standing(work, spec, day):
        raise Refused(
            say(
                "有 {n} 项待办或违规起于此日以前，不能就此作废；请先撤销带来它们的导入，设定上线日后再重做那次导入",
                n=n,
            )
        )
    row = {"register": register, "day": day, "reason": reason.strip(), "person": work.actor.person_id, "at": work.now}
    insert_one(work.connection, table, row)
    go_live.forget(work)
    if earlier is not None and day < earlier:
        adopting.settle_from(work, [(spec, d) for d in spec.duties], None, day)


def _standing(work: Work, spec: RegisterSpec, day: date) -> int:
    """Return how many obligations, and breaches that records showed by themselves, began before a day and stand."""
    found = {
        code for c in editions.catalogs(work) for (register, code), rule in c.breaches.items()
        if register == spec.code and rule.trigger is not None
    }  # fmt: skip
    o, b = obligation.c, breach.c
    owed = _count(work, o.register == spec.code, o.started_on < day, o.state != "void")
    shown = _count(
        work, b.register == spec.code, b.day < day, b.state == "live", b.obligation.is_(None), b.rule.in_(found)
    )
    return owed + shown


def _count(work: Work, *such: ColumnElement[bool]) -> int:
    return work.connection.execute(select(func.count()).where(*such)).scalar_one()
