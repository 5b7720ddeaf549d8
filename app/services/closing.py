"""Monthly closing: what the fines of a month take from whom, settled at once and never changed after; what comes later goes into the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Select, and_, func, or_, select, update

from app.errors import CellError, Forbidden, Invalid, Missing, Refused, say
from app.models.bulk import insert_new, insert_rows
from app.models.ledger import carried_over, closing, closing_line, closing_pay, pay_decision, ticket
from app.services import assessing, chain, consequences, ledger, moving, people
from app.services.panel import Work

STATES = {"closed": say("已结账"), "asked": say("申请重开"), "reopened": say("已重开")}
UNDECIDED = ("proposed", "appealed")
DECIDED = ("confirmed", "upheld")
"""States of tickets that a closing executes."""
NOTHING = Decimal(0)


def may(work: Work) -> bool:
    """Return whether the actor closes months."""
    return people.may(work, "close_months")


def concern(work: Work) -> bool:
    """Return whether closings are the actor's business: he closes months, or lets them be reopened."""
    return may(work) or people.may(work, "reopen_months")


def open_month(work: Work) -> str | None:
    """Return the month to be closed next, such as ``2025-03``: the one after the last closed; at first that of the earliest ticket."""
    c = closing.c
    last = work.connection.execute(select(func.max(c.month)).where(c.state != "reopened")).scalar()
    if last is not None:
        return f"{_after(last):%Y-%m}"
    return work.connection.execute(select(func.min(ticket.c.month)).where(ticket.c.person.is_not(None))).scalar()


def over(work: Work, month: str) -> bool:
    """Return whether a month has ended."""
    return _after(month) <= work.today


def _after(month: str) -> date:
    """Return the first day after a month."""
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)


def undecided(work: Work, month: str) -> list[dict[str, Any]]:
    """Return the tickets of people up to a month that nobody has decided on, the actor may see; ``carried``: why it is closed without."""
    t, o = ticket.c, carried_over.c
    query = (
        select(t.id, t.version, o.reason.label("carried"))
        .outerjoin(carried_over, and_(o.ticket == t.id, o.month == month))
        .where(t.person.is_not(None), t.month <= month, t.state.in_(UNDECIDED), ledger.visible(work))
    )
    carried = {r.id: r.carried for r in work.connection.execute(query)}
    return [t | {"carried": carried[t["id"]]} for t in ledger.those(work, carried)]


def carry_over(work: Work, month: str, tickets: Iterable[int], reason: str) -> int:
    """Decide that the open month is closed without some undecided tickets, and return how many. Raises Forbidden, Refused, Invalid."""
    _demand(work)
    if month != open_month(work):
        raise Refused(say("{month} 不是待结的月份", month=month))
    wanted = set(tickets)
    found = [t["id"] for t in undecided(work, month) if t["id"] in wanted and t["carried"] is None]
    errors = [] if reason.strip() else [CellError("reason", say("请写明理由"), label="理由")]
    if not found:
        errors.append(CellError("ticket", say("请勾选未决的处罚单"), label="处罚单"))
    if errors:
        raise Invalid(errors)
    by = {"month": month, "reason": reason.strip(), "person": work.actor.person_id, "at": work.now}
    return insert_new(work.connection, carried_over, [by | {"ticket": n} for n in found])


def close(work: Work, month: str) -> int:
    """Close the open month and return the closing's number: what is owed is settled and the decided tickets are executed.

    A month that is closed already stays as it is. Raises Forbidden, and Refused for a month that is not to be closed now.
    """
    _demand(work)
    _lock(work)
    if (done := work.connection.execute(_standing(month)).scalar()) is not None:
        return int(done)
    if month != open_month(work):
        raise Refused(say("{month} 不是待结的月份", month=month))
    if not over(work, month):
        raise Refused(say("{month} 尚未结束，不能结账", month=month))
    if waiting := [t for t in undecided(work, month) if t["carried"] is None]:
        raise Refused(say("还有 {n} 张处罚单未决：请先办理，或写明理由转入下月", n=len(waiting)))
    nth = work.connection.execute(select(func.count()).where(closing.c.month == month)).scalar_one() + 1
    place, last = chain.head(work.connection)
    row = {"month": month, "nth": nth, "state": "closed", "closed_by": work.actor.person_id, "closed_at": work.now}
    mine = insert_new(work.connection, closing, [row | {"place": place, "hash": last}])
    number = int(work.connection.execute(_standing(month)).scalar_one())
    if mine:  # else another officer was faster
        _settle(work, number, month)
    return number


def _settle(work: Work, number: int, month: str) -> None:
    """Take what is owed for the tickets up to a month, and keep each as it is now."""
    before = owed(work, month)
    assessing.lock(work, [(t["counter"], t["subject"]) for t in before])
    known = {t["id"] for t in before}
    found = [t for t in owed(work, month) if t["id"] in known]
    for t in found:
        if t["due"] or t["state"] in DECIDED:
            target = "executed" if t["state"] in DECIDED else t["state"]
            moving.post(work, t, "settled", target, f"{month} 月结", paid=t["due"])
    columns = ("person", "month", "ordinal", "factor", "amount", "due", "points", "due_points", "state")
    insert_rows(work.connection, closing_line, [
        {"closing": number, "ticket": t["id"], "unit": people.unit_of(work, t["person"])} | {c: t[c] for c in columns} for t in found
    ])  # fmt: skip
    insert_rows(work.connection, closing_pay, [
        {"closing": number, "decision": d["id"], "unit": people.unit_of(work, d["person"])} for d in shares(work, month)
    ])  # fmt: skip
    chain.append(work.connection, work.entries)
    place, last = chain.head(work.connection)
    work.connection.execute(update(closing).where(closing.c.id == number).values(place=place, hash=last))


def owed(work: Work, month: str) -> list[dict[str, Any]]:
    """Return the decided tickets of people up to a month that no closing has stated as they are now; ``due``, ``due_points``: what is new.

    Not those charged to a customer or another record: they pay by invoice, not by payroll.
    """
    t = ticket.c
    query = (
        select(closing_line.c.ticket, func.sum(closing_line.c.due_points).label("points"))
        .join(closing, closing.c.id == closing_line.c.closing).where(closing.c.state != "reopened").group_by(closing_line.c.ticket)
    )  # fmt: skip
    stated = query.subquery()
    told = func.coalesce(stated.c.points, NOTHING)
    new = or_(
        t.amount != t.paid, told != t.points, t.state.in_(DECIDED), and_(t.state == "executed", stated.c.ticket.is_(None))
    )  # fmt: skip
    found = select(ticket, told.label("told")).outerjoin(stated, stated.c.ticket == t.id)
    found = found.where(t.person.is_not(None), t.month <= month, t.state.not_in(UNDECIDED), new).order_by(t.id)
    return [dict(r) | {"due": r["amount"] - r["paid"], "due_points": r["points"] - r["told"]} for r in work.rows(found)]


def shares(work: Work, month: str) -> list[Mapping[str, Any]]:
    """Return the decisions on shares of pay up to a month that no closing has taken."""
    d = pay_decision.c
    taken = select(closing_pay.c.decision).join(closing, closing.c.id == closing_pay.c.closing)
    taken = taken.where(closing.c.state != "reopened")
    query = select(pay_decision).where(d.month <= month, d.id.not_in(taken)).order_by(d.id)
    return list(work.rows(query))


def ask(work: Work, number: int, reason: str) -> None:
    """Ask that the last closed month be reopened. Raises Missing, Forbidden, Refused, Invalid."""
    _demand(work)
    _turn(work, number, "closed", "asked", reason)


def reopen(work: Work, number: int, reason: str) -> None:
    """Approve that a closing is taken back: what it took is given back, line by line, and its month is open again.

    Raises Missing; Forbidden for who asked for it or closed the month; Refused, Invalid.
    """
    if not people.may(work, "reopen_months"):
        raise Forbidden(say("您不能批准重开月结"))
    c = get(work, number)
    if work.actor.person_id in {c["asked_by"], c["closed_by"]} and not work.actor.is_system:
        raise Forbidden(say("结账的人和申请重开的人不能自己批准"))
    _turn(work, number, "asked", "reopened", reason)
    x, t = closing_line.c, ticket.c
    query = select(ticket, x.due, x.state.label("settled_from")).join(closing_line, x.ticket == t.id).order_by(t.id)
    query = query.where(x.closing == number)
    assessing.lock(work, [(r["counter"], r["subject"]) for r in work.rows(query)])
    found = work.rows(query).all()
    for r in found:
        if r["due"] or r["settled_from"] in DECIDED:
            back = r["state"] == "executed" and r["settled_from"] in DECIDED
            state = r["settled_from"] if back else r["state"]
            moving.post(work, r, "reopened", state, f"{c['month']} 月结重开：{reason.strip()}", paid=-r["due"])
    consequences.of_breaches(work, [r["breach"] for r in found])  # what is no longer carried out may be void


def get(work: Work, number: int) -> Mapping[str, Any]:
    """Return one closing; nothing in it is about a person fined. Raises Missing."""
    found = work.rows(select(closing).where(closing.c.id == number)).first()
    if found is None:
        raise Missing
    return found


def listed(work: Work) -> list[Mapping[str, Any]]:
    """Return the closings, latest first: all for whom they concern, else those that took something from the actor."""
    query: Select[Any] = select(closing).order_by(closing.c.id.desc())
    if not concern(work):
        x, p = closing_line.c, closing_pay.c
        mine = select(x.closing).where(x.person == work.actor.person_id)
        pay = select(p.closing).join(pay_decision, pay_decision.c.id == p.decision)
        pay = pay.where(pay_decision.c.person == work.actor.person_id)
        query = query.where(or_(closing.c.id.in_(mine), closing.c.id.in_(pay)))
    return list(work.rows(query))


def _turn(work: Work, number: int, source: str, target: str, reason: str) -> None:
    """Bring the last closing that stands from one state into another, with who, when and why."""
    _lock(work)
    c = get(work, number)
    if not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    if c["state"] != source:
        raise Refused(say("{month} 的月结现为“{state}”", month=c["month"], state=STATES[c["state"]]))
    later = select(closing.c.id).where(closing.c.month > c["month"], closing.c.state != "reopened").limit(1)
    if work.connection.execute(later).first() is not None:
        raise Refused(say("其后的月份已结账，须先重开最后一个月"))
    by = {"by": work.actor.person_id, "at": work.now, "reason": reason.strip()}
    stamp = {f"{target}_{k}": v for k, v in by.items()}
    work.connection.execute(update(closing).where(closing.c.id == number).values(state=target, **stamp))


def _lock(work: Work) -> None:
    """Wait for whoever closes or reopens a month just now.

    Not on the closings themselves: before the first there is none to hold, and what the other adds meanwhile would be seen halfway.
    """
    assessing.lock(work, [("", "closing")])


def _standing(month: str) -> Select[int]:
    return select(closing.c.id).where(closing.c.month == month, closing.c.state != "reopened")


def _demand(work: Work) -> None:
    if not may(work):
        raise Forbidden(say("您不能办理月结"))
