"""Tickets as people meet them: who sees which, what may be done with them, and why each amount is what it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, func, or_, select

from app.catalog.breach import Breach, Offer
from app.catalog.catalog import Catalog, adopted
from app.catalog.policy import Article
from app.errors import CellError, Forbidden, Invalid, Missing, Refused, Sentence, say
from app.models.among import among
from app.models.bulk import insert_one, insert_rows
from app.models.fixed import attachment
from app.models.ledger import breach, breach_line, ledger_entry, obligation, pay_decision, ticket, ticket_file
from app.rules.deadlines import Due
from app.rules.judge import share
from app.rules.price import window
from app.services import (
    adoption,
    assessing,
    breaches,
    chain,
    consequences,
    counting,
    editions,
    listing,
    lookup,
    moving,
    people,
    rows,
    scope,
)
from app.services import files as attachments
from app.services.files import Attachment
from app.services.panel import Work

SHOWN = (ticket, moving.confirmation("at"), moving.confirmation("person"))
"""A ticket with who confirmed it, and when."""


@dataclass(frozen=True)
class Explanation:
    """Why a ticket is what it is: everything its amount can be recomputed from."""

    ticket: Mapping[str, Any]
    rule: Breach | None
    articles: Sequence[tuple[str, Article | None]]
    due: Due | None
    obligation: Mapping[str, Any] | None
    members: Sequence[Mapping[str, Any]]
    lines: Sequence[Mapping[str, Any]]
    entries: Sequence[Mapping[str, Any]]
    note: str


def visible(work: Work) -> ColumnElement[bool]:
    """Return the WHERE clause on tickets for those the actor may see.

    They are one's own, those that fall to one to confirm or decide on, those of a register one reads, and those of everybody for who
    closes months.
    """
    t = ticket.c
    if work.actor.is_system:
        return t.id.is_not(None)
    seen: list[ColumnElement[bool]] = [t.person == work.actor.person_id]
    seen += [and_(t.confirmed_by == role, _near(work, role)) for role in sorted(work.actor.signing)]
    if people.may(work, "close_months"):
        seen.append(t.person.is_not(None))
    if people.may(work, "decide_appeals"):
        seen.append(t.id.in_(_appealed()))
    judged = [
        k
        for k, b in work.catalog.breaches.items()
        if b.appeal is not None and b.appeal.decided_by in work.actor.signing
    ]
    if judged:
        mine = or_(*(and_(t.register == register, t.rule == rule) for register, rule in judged))
        seen.append(and_(mine, t.id.in_(_appealed())))
    for spec in work.catalog.registers.values():
        if spec.tickets_of and scope.may(work, spec.code, "read"):
            seen.append(t.id.in_(select(t.id).where(scope.visible(work, spec.code))))
    return or_(*seen)


def _near(work: Work, role: str) -> ColumnElement[bool]:
    """Return the WHERE clause on tickets for those that fall to the actor as a holder of a role; see ``people.falls_to``."""
    persons = {work.actor.person_id, *(a.person_id for a in work.actor.deputises)}
    unit: ColumnElement[Any] = ticket.c.unit
    if (staff := work.tables.get("employee")) is not None:
        mine = select(staff.c.unit).where(staff.c.person == ticket.c.person, staff.c.archived_at.is_(None)).limit(1)
        unit = func.coalesce(unit, mine.scalar_subquery())  # as people.charged_near
    return people.falling(work, role, persons, unit, [ticket.c.person])


def _appealed() -> Select[int]:
    """Return the query for the tickets that were ever appealed against: who decides sees them before and after."""
    return select(ledger_entry.c.ticket).where(ledger_entry.c.kind == "appealed")


def tickets(
    work: Work, *, person: int | None = None, month: str | None = None, states: Sequence[str] = (), counter: str | None = None,
    register: str | None = None, record_id: int | None = None, limit: int = 500,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the tickets that the actor may see, latest violation first."""
    t = ticket.c
    query = select(*SHOWN).where(visible(work))
    for column, value in (
        (t.person, person),
        (t.month, month),
        (t.counter, counter),
        (t.register, register),
        (t.record_id, record_id),
    ):
        if value is not None:
            query = query.where(column == value)
    if states:
        query = query.where(t.state.in_(states))
    found = [dict(r) for r in work.rows(query.order_by(t.occurred_at.desc(), t.id.desc()).limit(limit))]
    return _named(work, found)


def those(work: Work, ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return the tickets of some numbers that the actor may see, earliest violation first."""
    query = select(*SHOWN).where(among(ticket.c.id, sorted(ids)), visible(work))
    found = work.rows(query.order_by(ticket.c.occurred_at, ticket.c.id))
    return _named(work, [dict(r) for r in found])


def labelled(work: Work, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of tickets with what their rule is called."""
    return [dict(r) | {"rule_label": _label(work, r)} for r in found]


def _named(work: Work, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    names = charged_names(work, found)
    return [r | {"person_name": names[r["id"]]} for r in labelled(work, found)]


def charged_names(work: Work, found: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return whom tickets are charged to, by ticket: the person's name, or the title of the record that pays."""
    names = people.names(work, [t["person"] for t in found if t["person"] is not None])
    said = {t["id"]: names.get(t["person"], "") for t in found}
    for register in {t["payer_register"] for t in found if t["payer_register"]}:
        mine = {t["id"]: t["payer_id"] for t in found if t["payer_register"] == register}
        titles = lookup.titles(work, register, list(mine.values()))
        said |= {ticket_id: titles.get(i, "") for ticket_id, i in mine.items()}
    return said


def confirms(work: Work) -> bool:
    """Return whether the actor holds a role that confirms some breach."""
    return not work.actor.signing.isdisjoint(b.confirmed_by for b in work.catalog.breaches.values())


def to_confirm(work: Work) -> list[dict[str, Any]]:
    """Return the proposed tickets that wait for the actor's decision, oldest violation first."""
    return [t for t in tickets(work, states=["proposed"]) if moving.obstacle(work, t, "confirm") is None][::-1]


def to_judge(work: Work) -> list[dict[str, Any]]:
    """Return the tickets on whose appeal the actor may decide, oldest violation first."""
    return [t for t in tickets(work, states=["appealed"]) if moving.obstacle(work, t, "uphold") is None][::-1]


def get(work: Work, ticket_id: int) -> dict[str, Any]:
    """Return one ticket.

    Raises Missing, alike for one that is not there and for one that the actor may not see.
    """
    found = work.rows(select(*SHOWN).where(ticket.c.id == ticket_id, visible(work))).first()
    if found is None:
        raise Missing
    return dict(found)


def find(work: Work, number: str) -> int:
    """Return the id of the ticket with a number such as CF2026-00012. Raises Missing."""
    found = work.connection.execute(select(ticket.c.id).where(ticket.c.record_no == number, visible(work))).scalar()
    if found is None:
        raise Missing
    return int(found)


def possible(work: Work, t: Mapping[str, Any]) -> list[str]:
    """Return the steps that the actor may take with a ticket now; see ``moving.MOVES``."""
    return [m for m in moving.MOVES if moving.obstacle(work, t, m) is None]


def act(work: Work, ticket_id: int, move: str, reason: str = "") -> None:
    """Take one of ``moving.MOVES`` with a ticket.

    Raises Missing, Forbidden, Refused where somebody else was faster, and Invalid without a reason where one is needed.
    """
    if move not in moving.MOVES:
        raise Missing
    moving.take(work, get(work, ticket_id), move, reason)


def confirm(work: Work, ticket_id: int, reason: str = "") -> None:
    """Confirm a proposed ticket. Raises like ``act``."""
    act(work, ticket_id, "confirm", reason)


def waive(work: Work, ticket_id: int, reason: str) -> None:
    """Waive a ticket out of mercy: the fact stands, the money does not; by the counter's rule it counts or not. Raises like ``act``."""
    act(work, ticket_id, "waive", reason)


def cancel(work: Work, ticket_id: int, reason: str) -> None:
    """Cancel a ticket whose fact was wrong: it never counts. Raises like ``act``."""
    act(work, ticket_id, "cancel", reason)


def execute(work: Work, ticket_id: int, reason: str = "") -> None:
    """Mark a confirmed ticket as paid otherwise than through a month's closing. Raises like ``act``."""
    act(work, ticket_id, "execute", reason)


def appeal(work: Work, ticket_id: int, reason: str, files: Sequence[int] = ()) -> None:
    """Appeal against a ticket of one's own, with files that the actor has uploaded. Raises like ``act``, and Invalid for other files."""
    act(work, ticket_id, "appeal", reason)
    if (wrong := attachments.unusable(work, files, ())) is not None:
        raise Invalid([CellError("file", wrong, label="附件")])
    insert_rows(work.connection, ticket_file, [{"ticket": ticket_id, "attachment": n} for n in files])


def files(work: Work, ticket_id: int) -> list[Mapping[str, Any]]:
    """Return the files given with appeals against a ticket that the actor may see: ``id`` and ``name``. Raises Missing."""
    get(work, ticket_id)
    query = select(attachment.c.id, attachment.c.name).join(ticket_file, ticket_file.c.attachment == attachment.c.id)
    query = query.where(ticket_file.c.ticket == ticket_id).order_by(attachment.c.id)
    return list(work.rows(query))


def file(work: Work, ticket_id: int, number: int) -> Attachment:
    """Return one file of an appeal. Raises Missing for everything else."""
    if number not in {f["id"] for f in files(work, ticket_id)}:
        raise Missing
    return attachments.kept(work, number)


def report(
    work: Work,
    register: str,
    record_id: int,
    code: str,
    person: int,
    *,
    quantity: int = 1,
    at: datetime | None = None,
    note: str = "",
) -> None:
    """Report by hand a breach of a record, for a person; its ticket waits for confirmation.

    Raises Missing, Forbidden, Invalid.
    """
    spec = work.spec(register)
    listing.row(work, register, record_id)
    row = rows.one(work, spec, record_id)
    consequences.of_breaches(work, breaches.report(work, spec, row, code, person, quantity, at or work.now, note))


def reportable(work: Work, register: str) -> list[Breach]:
    """Return the breaches of a register that the actor may report by hand."""
    bound = adoption.anywhere(work)
    return [
        b for b in work.spec(register).breaches if work.actor.roles.intersection(b.reported_by) and adopted(b, bound)
    ]


def _label(work: Work, t: Mapping[str, Any]) -> str:
    found = rule(work, t)
    return found.label.zh if found else t["rule"]


def rule(work: Work, t: Mapping[str, Any]) -> Breach | None:
    """Return the breach that a ticket is for, as the definitions that bind it say; None where they know it no more."""
    return editions.catalog_of(work, t["revision"]).breaches.get((t["register"], t["rule"]))


def why(work: Work, ticket_id: int) -> Explanation:
    """Return everything that a ticket's due date and amount come from. Raises Missing."""
    t = get(work, ticket_id)
    chain.append(work.connection, work.entries)
    b = work.rows(select(breach).where(breach.c.id == t["breach"])).one()
    o = work.rows(select(obligation).where(obligation.c.id == b["obligation"])).first()
    roots = [b["id"], b["root"]] if b["root"] else [b["id"]]
    lines = work.rows(
        select(breach_line).where(breach_line.c.breach.in_(roots)).order_by(breach_line.c.breach, breach_line.c.seq)
    )
    entries = work.rows(
        select(ledger_entry).where(ledger_entry.c.ticket == ticket_id).order_by(ledger_entry.c.seq)
    ).all()
    names = people.names(work, [e["person"] for e in entries])
    then = editions.bound(work, t["revision"])
    return Explanation(
        ticket=t | {"person_name": charged_names(work, [t])[t["id"]], "rule_label": _label(work, t)},
        rule=rule(work, t),
        articles=[
            (c, article(then, c))
            for c in dict.fromkeys((t["citation"] + ("、" + o["citation"] if o else "")).split("、"))
            if c
        ],
        due=counting.recount(work, o) if o is not None else None,
        obligation=o,
        members=_members(work, t),
        lines=lines.all(),
        entries=[dict(e) | {"name": names.get(e["person"], "系统")} for e in entries],
        note=b["note"] or "",
    )


def article(work: Work, citation: str) -> Article | None:
    """Return the article that a citation such as ``P05-D1`` names, if its policy lists it."""
    policy, _, number = citation.partition("-")
    found = work.catalog.policies.get(policy)
    return next((a for a in found.articles if a.no == number), None) if found else None


def _members(work: Work, t: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the tickets that count in the same window up to this one, in order."""
    if not t["counter"]:
        return []
    c, counter = ticket.c, assessing.counter_of(work, t["revision"], t["counter"])
    first, last = window(counter, t["day"]) if counter is not None else (t["day"], t["day"])
    query = select(ticket).where(
        c.counter == t["counter"], c.subject == t["subject"], c.ordinal > 0, c.day.between(first, last),
        or_(c.occurred_at < t["occurred_at"], and_(c.occurred_at == t["occurred_at"], c.ordinal <= t["ordinal"])),
    )  # fmt: skip
    return [dict(r) | {"rule_label": _label(work, r)} for r in work.rows(query.order_by(c.occurred_at, c.ordinal))]


@dataclass(frozen=True)
class OpenOffer:
    """A further decision that a counter opened for one person and month."""

    counter: str
    offer: Offer
    person: int
    name: str
    month: str
    count: int
    decision: Mapping[str, Any] | None


def offers(work: Work, month: str) -> list[OpenOffer]:
    """Return the decisions that counters open in a month (``2025-03``) and the actor may take, decided ones with their decision."""
    found = []
    for code, counter in _then(work, month).counters.items():
        for offer in counter.offers:
            if work.actor.is_system or offer.decided_by in work.actor.roles:
                found += [
                    _offer(work, code, offer, p, month, n)
                    for p, n in sorted(_standing(work, code, offer, month).items())
                    if n >= offer.from_nth and _decides(work, offer, p) is None
                ]
    return found


def _decides(work: Work, offer: Offer, person: int) -> Sentence | None:
    """Return why the actor may not decide on what a counter opens for a person, or None."""
    me, role = work.actor.person_id, moving.role_name(work, offer.decided_by)
    if work.actor.is_system:
        return None
    if offer.decided_by not in work.actor.roles:
        return say("此项由{role}决定", role=role)
    if person == me:
        return say("不能办理对本人的处罚")
    if not people.falls_to(work, [offer.decided_by], people.unit_of(work, person), {person}, {me}):
        return say("此项由其所属公司的{role}决定", role=role)
    return None


def _then(work: Work, month: str) -> Catalog:
    """Return the definitions that bind decisions about a month: those of its last day, or of today while it runs."""
    year, number = map(int, month.split("-"))
    last = date(year + number // 12, number % 12 + 1, 1) - date.resolution
    return editions.catalog_of(work, editions.edition_on(work, min(last, work.today)))


def _offer(work: Work, counter: str, offer: Offer, person: int, month: str, count: int) -> OpenOffer:
    d = pay_decision.c
    query = select(pay_decision).where(
        d.counter == counter, d.offer == offer.code, d.person == person, d.month == month
    )
    decision = work.rows(query).first()
    return OpenOffer(counter, offer, person, people.names(work, [person]).get(person, ""), month, count, decision)


def _standing(work: Work, counter: str, offer: Offer, month: str) -> dict[int, int]:
    """Return how many confirmed or executed breaches each person has in a month, committed in the offer's role."""
    t = ticket.c
    query = (
        select(t.person, func.count()).join(breach, breach.c.id == t.breach)
        .where(t.counter == counter, t.month == month, t.state.in_(assessing.SETTLED), t.ordinal > 0).group_by(t.person)
    )  # fmt: skip
    if offer.role:
        query = query.where(breach.c.roles.cast(Text).like(f"%;{offer.role};%"))
    return {person: count for person, count in work.connection.execute(query)}


def decide(
    work: Work, counter: str, code: str, person: int, month: str, *, pay: Decimal, rate: Decimal, reason: str
) -> Decimal:
    """Take a share of a person's performance pay of a month, once, and return the amount in yuan.

    ``month`` is written ``2026-03``, ``pay`` in yuan, ``rate`` in percent. Raises Missing where no counter offers it, Refused where the
    counter does not open the decision yet or it has been taken, Forbidden, and Invalid for a rate outside the limits or without a reason.
    """
    declared = _then(work, month).counters.get(counter)
    offer = next((o for o in declared.offers if o.code == code), None) if declared else None
    if offer is None:
        raise Missing
    if (why_not := _decides(work, offer, person)) is not None:
        raise Forbidden(why_not)
    count = _standing(work, counter, offer, month).get(person, 0)
    if count < offer.from_nth:
        raise Refused(say("当月已确认 {count} 次，不足 {n} 次，不能扣罚绩效", count=count, n=offer.from_nth))
    if _offer(work, counter, offer, person, month, count).decision is not None:
        raise Refused(say("该员工当月的绩效扣罚已决定"))
    taken = share(int(pay * 100), rate, offer.share_of_pay)
    errors = [CellError("rate", taken, str(rate), label="比例")] if isinstance(taken, Sentence) else []
    if not reason.strip():
        errors.append(CellError("reason", say("请写明理由"), label="理由"))
    if errors or isinstance(taken, Sentence):
        raise Invalid(errors)
    amount = Decimal(taken).scaleb(-2)
    insert_one(work.connection, pay_decision, {
        "counter": counter, "offer": code, "person": person, "month": month, "count": count, "pay": pay, "rate": rate, "amount": amount,
        "reason": reason.strip(), "citation": "、".join(map(str, offer.cite)), "decided_by": work.actor.person_id, "decided_at": work.now,
    })  # fmt: skip
    return amount
