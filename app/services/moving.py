"""The life of a ticket: proposed, confirmed or waived, appealed against, upheld or cancelled, executed; who takes each step, and when.

Whoever confirms does not decide on the appeal, and nobody decides on a fine of his own. Every step is a line of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from app.catalog.duty import Limit
from app.errors import CellError, Forbidden, Invalid, Refused, Sentence, say
from app.models.ledger import breach, ledger_entry, ticket
from app.rules.calendar import BeyondCalendar
from app.rules.deadlines import due
from app.services import assessing, consequences, editions, notices, people
from app.services.panel import Actor, Work

STATES = {
    "proposed": say("待确认"), "confirmed": say("已确认"), "waived": say("已免罚"), "appealed": say("申诉中"), "upheld": say("申诉维持"),
    "cancelled": say("已撤销"), "void": say("已作废"), "executed": say("已执行"),
}  # fmt: skip


@dataclass(frozen=True)
class Move:
    """A step: from which states, to which."""

    sources: frozenset[str]
    target: str
    kind: str = ""
    """The kind of its line in the ledger; the target by default."""
    fined: bool = False
    """The person fined takes it, not an officer."""
    reason: bool = False


MOVES: dict[str, Move] = {
    "confirm": Move(frozenset({"proposed"}), "confirmed"),
    "waive": Move(frozenset({"proposed", "confirmed", "appealed"}), "waived", reason=True),
    "cancel": Move(frozenset({"proposed", "confirmed", "upheld", "executed", "appealed"}), "cancelled", reason=True),
    "appeal": Move(frozenset({"confirmed", "executed"}), "appealed", fined=True, reason=True),
    "withdraw": Move(frozenset({"appealed"}), "", kind="withdrawn", fined=True),
    "uphold": Move(frozenset({"appealed"}), "upheld", reason=True),
    "execute": Move(frozenset({"confirmed", "upheld"}), "executed"),
    "reinstate": Move(frozenset({"waived", "cancelled"}), "proposed", kind="revived", reason=True),
}  # fmt: skip


def confirmation(column: Any) -> Any:
    """Return the scalar subquery for a column of the line that last confirmed a ticket of the query around it."""
    e = ledger_entry.alias()
    mine = select(e.c[column]).where(e.c.ticket == ticket.c.id, e.c.kind == "confirmed")
    return mine.order_by(e.c.seq.desc()).limit(1).scalar_subquery().label(f"confirmed_{column}")


def obstacle(work: Work, t: Mapping[str, Any], code: str) -> Sentence | None:
    """Return why the actor may not take a step with a ticket (with its ``confirmation``) now, or None."""
    move = MOVES[code]
    if t["state"] not in move.sources:
        return say("处罚单 {ticket} 现为“{state}”，不能这样办理", ticket=t["record_no"], state=STATES[t["state"]])
    if work.actor.is_system:
        return None
    mine = t["person"] == work.actor.person_id
    if move.fined:
        if not mine:
            return say("只有被处罚的本人可以申诉或撤回申诉")
        return _too_late(work, t) if code == "appeal" else None
    found = capacity(work, t, code)
    return found if isinstance(found, Sentence) else None


def capacity(work: Work, t: Mapping[str, Any], code: str) -> Actor | Sentence:
    """Return as whom the actor takes an officer's step, himself or one for whom he stands; else why he may not."""
    if work.actor.is_system or MOVES[code].fined or (why := _refusal(work, t, code)) is None:
        return work.actor
    if work.actor.person_id not in (t["person"], t["confirmed_person"] if t["state"] == "appealed" else None):
        for absent in work.actor.deputises:
            if _refusal(work.acting(absent), t, code) is None:
                return absent
    return why


def _refusal(work: Work, t: Mapping[str, Any], code: str) -> Sentence | None:
    me = work.actor.person_id
    judged = t["state"] == "appealed" or (code == "reinstate" and _judged(work, t))
    roles = judges(work, t) if judged else (t["confirmed_by"],)
    names = "、".join(role_name(work, r) for r in roles)
    if not work.actor.roles.intersection(roles):
        return say("申诉由{role}裁定", role=names) if judged else say("处罚单由{role}办理", role=names)
    if judged and t["confirmed_person"] == me:
        return say("您确认了这张处罚单，申诉须由他人裁定")
    if t["person"] == me:
        return say("不能办理对本人的处罚")
    apart = {t["person"], t["confirmed_person"] if judged else None}
    if not people.falls_to(work, roles, people.charged_near(work, t), apart, {me}):
        return say("处罚单由其所属公司的{role}办理", role=names)
    return None


def judges(work: Work, t: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the roles that decide on an appeal against a ticket: the one its breach names, else those that decide on all.

    Where there are none it is another holder of the role that confirms.
    """
    rule = editions.catalog_of(work, t["revision"]).breaches.get((t["register"], t["rule"]))
    if rule is not None and rule.appeal is not None:
        return (rule.appeal.decided_by,)
    return tuple(r.code for r in work.catalog.roles.values() if "decide_appeals" in r.may) or (t["confirmed_by"],)


def appeal_until(work: Work, t: Mapping[str, Any]) -> datetime | None:
    """Return the moment from which an appeal against a confirmed ticket is late; None where the calendar does not reach that far."""
    rule = editions.catalog_of(work, t["revision"]).breaches.get((t["register"], t["rule"]))
    limit = Limit(working_days=work.panel.appeal_days) if rule is None or rule.appeal is None else rule.appeal.within
    try:
        return due(limit, t["confirmed_at"], work.panel.calendar).late_at
    except BeyondCalendar:
        return None


def _too_late(work: Work, t: Mapping[str, Any]) -> Sentence | None:
    ended = appeal_until(work, t)
    if ended is None or work.now < ended:
        return None
    return say("申诉期限已过（截止 {day}）", day=f"{ended.astimezone(work.panel.zone):%Y-%m-%d %H:%M}")


def role_name(work: Work, code: str) -> str:
    """Return the Chinese name of a role."""
    found = work.catalog.roles.get(code)
    return found.label.zh if found else code


def take(work: Work, t: Mapping[str, Any], code: str, reason: str) -> None:
    """Take a step with a ticket that the actor may see, and let follow what does: the others of its window, notices.

    Raises Forbidden, Invalid without a reason where one is needed, Refused where somebody else was faster.
    """
    move = MOVES[code]
    if (why := obstacle(work, t, code)) is not None:
        raise Forbidden(why)
    if move.reason and not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    assessing.lock(work, [(t["counter"], t["subject"])])
    target = move.target or _before_appeal(work, t)
    signer = capacity(work, t, code)
    if isinstance(signer, Actor) and signer.lent is not None:
        reason = f"{reason.strip()}（代{signer.name}）"
    post(
        work,
        t,
        move.kind or target,
        target,
        reason.strip(),
        paid=t["amount"] - t["paid"] if code == "execute" else Decimal(0),
    )
    if code != "execute":  # whether it is confirmed may decide whether it counts
        consequences.of_breaches(work, [t["breach"], *_tied(work, t["breach"])])
    notices.send(work, _letters(work, t, code, target))


def post(work: Work, t: Mapping[str, Any], kind: str, target: str, reason: str, *, paid: Decimal = Decimal(0)) -> None:
    """Bring a ticket into a state by a line of the ledger; ``paid`` yuan are taken by it. Raises Refused where it changed meanwhile."""
    stamp = {"updated_by": work.actor.person_id, "updated_at": work.now, "version": t["version"] + 1}
    stamp |= {
        "state": target,
        "state_at": work.now if target != t["state"] else t["state_at"],
        "paid": t["paid"] + paid,
    }
    one = update(ticket).where(ticket.c.id == t["id"], ticket.c.state == t["state"], ticket.c.version == t["version"])
    if work.connection.execute(one.values(**stamp)).rowcount != 1:
        raise Refused(say("处罚单 {ticket} 刚被他人办理，请刷新后再看", ticket=t["record_no"]))
    assessing.add_entry(work, t, kind, Decimal(0), reason, "", paid=paid)


def _judged(work: Work, t: Mapping[str, Any]) -> bool:
    """Return whether a ticket was waived or cancelled on appeal: only who decides on appeals may take that back."""
    e = ledger_entry.c
    query = select(e.kind).where(e.ticket == t["id"], e.kind.in_(("appealed", "waived", "cancelled")))
    kinds = list(work.connection.execute(query.order_by(e.seq)).scalars())
    return kinds[-2:-1] == ["appealed"]


def _before_appeal(work: Work, t: Mapping[str, Any]) -> str:
    e = ledger_entry.c
    state, settled = "", []
    for kind in work.connection.execute(select(e.kind).where(e.ticket == t["id"]).order_by(e.seq)).scalars():
        if kind in {"confirmed", "upheld", "executed"}:
            state = kind
        elif kind == "settled":
            settled.append(state)
            state = "executed"
        elif kind == "reopened":
            state = settled.pop()
    return state


def _tied(work: Work, breach_id: int) -> list[int]:
    return list(work.connection.execute(select(breach.c.id).where(breach.c.root == breach_id)).scalars())


def _letters(work: Work, t: Mapping[str, Any], code: str, target: str) -> list[notices.Told]:
    """Return the notices of a step: of an appeal to those who may decide on it, of every other to the person fined."""
    rule = editions.catalog_of(work, t["revision"]).breaches.get((t["register"], t["rule"]))
    words = {
        "ticket": t["record_no"],
        "rule": rule.label if rule else t["rule"],
        "amount": t["amount"],
        "points": t["points"],
        "sanction": t["sanction"],
        "state": STATES[target],
    }
    key = f"{code}:{t['id']}:{t['version']}"
    told = [t["person"]]
    if code in {"appeal", "withdraw"}:
        told = [p for role in judges(work, t) for p in people.holders(work, role, people.charged_near(work, t))]
    kind = {"confirm": "confirmed", "appeal": "appealed"}.get(code, "decided")
    return notices.tell(work, told, kind, key, words | {"who": work.actor.name}, {"ticket": t["id"]})
