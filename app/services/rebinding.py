"""Breaches bound to other definitions by a recalculation: what they are charged with, anew; the facts stay as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import and_, delete, or_, select, update

from app.models.among import among
from app.models.bulk import insert_rows
from app.models.ledger import breach, breach_line, obligation, ticket
from app.services import charging, committing, editions, history
from app.services.committing import Draft
from app.services.panel import Work

SAID = ("rule", "revision", "clause", "counter", "subject", "multiplied", "basis", "citation", "grows")
"""What definitions say of a breach."""


def rebind(work: Work, register: str, records: Mapping[int, Mapping[str, Any]], first: date, last: date) -> set[int]:
    """Bind the breaches of records to the definitions of their day, or of their obligation; return all that must be judged again.

    Those of obligations that began between two days (both included), and others committed then. A kind of breach that those
    definitions do not know is lifted.
    """
    b, o = breach.c, obligation.c
    within = or_(o.started_on.between(first, last), and_(b.obligation.is_(None), b.day.between(first, last)))
    query = select(breach).outerjoin(obligation, o.id == b.obligation)
    query = query.where(b.register == register, among(b.record_id, list(records)), b.state == "live", within)
    found = [dict(r) for r in work.rows(query.order_by(b.id))]
    ids = [r["obligation"] for r in found if r["obligation"] is not None]
    owed = {r["id"]: r for r in work.rows(select(obligation).where(among(o.id, ids)))}
    touched: set[int] = set()
    for fact in found:
        revision = (
            owed[fact["obligation"]]["revision"]
            if fact["obligation"]
            else editions.edition_on(work, fact["day"], register)
        )
        if revision == fact["revision"]:
            continue
        touched |= _group(work, fact)
        draft = _anew(work, fact, revision, owed.get(fact["obligation"]), records[fact["record_id"]])
        if draft is None:
            work.connection.execute(update(breach).where(b.id == fact["id"]).values(state="void"))
        else:
            _store(work, fact, draft)
        touched.add(fact["id"])
    return touched


def _anew(
    work: Work, fact: Mapping[str, Any], revision: int, owed: Mapping[str, Any] | None, row: Mapping[str, Any]
) -> Draft | None:
    then = editions.bound(work, revision)
    spec = then.catalog.registers.get(fact["register"])
    if spec is None:
        return None
    if owed is not None:
        duty = then.catalog.duties.get((fact["register"], owed["duty"]))
        if duty is None:
            return None
        whole = editions.whole(then, spec, [row])[0]
        return committing.missed(work, owed, duty, whole, fact["occurrence"], fact["occurred_at"], fact["day"])[0]
    rule = then.catalog.breaches.get((fact["register"], fact["rule"]))
    if rule is None:
        return None
    # what has been put right since was found all the same
    found = replace(then, now=max(fact["recorded_at"], fact["occurred_at"]))
    whole = editions.whole(found, spec, [history.as_of(found, spec, row, found.now)])[0]
    return committing.anew(found, spec, whole, rule, fact, _quantity(work, fact) if rule.reported_by else None)


def _quantity(work: Work, fact: Mapping[str, Any]) -> int | None:
    x = breach_line.c
    return work.connection.execute(select(x.quantity).where(x.breach == fact["id"]).order_by(x.seq).limit(1)).scalar()


def _store(work: Work, fact: Mapping[str, Any], draft: Draft) -> None:
    new, lines = draft
    then = editions.bound(work, new["revision"])
    counter = then.catalog.counters.get(new["counter"])
    said = {k: new[k] for k in SAID}
    # who was charged is a fact of then, and so stays
    said["subject"] = charging.subject(counter, {"id": fact["record_id"], "unit": fact["unit"]}, fact["register"], fact)
    work.connection.execute(update(breach).where(breach.c.id == fact["id"]).values(**said))
    x = breach_line.c
    old = work.rows(select(breach_line).where(x.breach == fact["id"])).all()
    corrected = {(r["register"], r["record_id"]): r["corrected_at"] for r in old}
    work.connection.execute(delete(breach_line).where(x.breach == fact["id"]))
    insert_rows(work.connection, breach_line, [
        {"breach": fact["id"], "seq": n, **line, "corrected_at": corrected.get((line["register"], line["record_id"]))}
        for n, line in enumerate(lines, 1)
    ])  # fmt: skip
    rule = then.catalog.breaches.get((fact["register"], new["rule"]))
    kept = {k: said[k] for k in ("rule", "revision", "clause", "counter", "subject", "citation")}
    kept["confirmed_by"] = rule.confirmed_by if rule is not None else ""
    work.connection.execute(update(ticket).where(ticket.c.breach == fact["id"]).values(**kept))


def _group(work: Work, fact: Mapping[str, Any]) -> set[int]:
    """Return the breaches that were counted together with one before it is bound anew."""
    b = breach.c
    if not fact["counter"] or not fact["subject"]:
        return set()
    query = select(b.id).where(b.counter == fact["counter"], b.subject == fact["subject"])
    return set(work.connection.execute(query).scalars())
