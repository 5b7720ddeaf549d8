"""What the amount of a ticket is composed of: the lines that hold, how often, within which limit, and who else is liable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, func, or_, select

from app.catalog.breach import Ceiling
from app.models.ledger import breach, breach_line, ticket
from app.rules.price import window
from app.services import assessing, editions, ledger
from app.services.panel import Work

DROPPED = frozenset({"waived", "cancelled", "void"})


@dataclass(frozen=True)
class Composition:
    """All that an amount is reckoned from: yuan and points of ``lines`` × ``factor``, at most ``limit`` less ``earlier``.

    ``dropped``: it costs nothing, whatever the lines say. ``root``: the ticket that a repeat costs again. ``joint``: the tickets of others
    for the same event.
    """

    lines: Sequence[Mapping[str, Any]]
    factor: Decimal
    dropped: bool
    limit: Ceiling | None
    earlier: tuple[Decimal, Decimal]
    root: Mapping[str, Any] | None
    joint: Sequence[Mapping[str, Any]]


def of(work: Work, t: Mapping[str, Any]) -> Composition:
    """Return what the amount of a ticket is composed of; the actor may see it."""
    b = work.rows(select(breach).where(breach.c.id == t["breach"])).one()
    root = _root(work, b)
    apart = root is not None and (root["counter"], root["subject"]) != (t["counter"], t["subject"])
    tied = root is not None and not apart
    revision = root["revision"] if root is not None and tied else t["revision"]
    counter = assessing.counter_of(work, revision, t["counter"])
    gone = b["state"] == "void" or t["state"] in DROPPED or b["person"] != t["person"]
    limit = counter.at_most if counter is not None else None
    return Composition(
        lines=_lines(work, b, t, root, apart=apart),
        factor=t["factor"],
        dropped=gone or bool(tied and root is not None and root["state"] in DROPPED),
        limit=limit,
        earlier=_earlier(work, t, *window(counter, t["day"])) if counter and limit else (Decimal(0), Decimal(0)),
        root=root,
        joint=_joint(work, t),
    )


def _root(work: Work, b: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if b["root"] is None:
        return None
    query = select(ticket).where(ticket.c.breach == b["root"]).order_by(ticket.c.id.desc()).limit(1)
    return work.rows(query).first()


def _lines(
    work: Work, b: Mapping[str, Any], t: Mapping[str, Any], root: Mapping[str, Any] | None, *, apart: bool
) -> list[dict[str, Any]]:
    """Return the lines that hold for a breach of its place; a repeat has those of its root that were still open."""
    x = breach_line.c
    query = select(breach_line).where(x.breach == (b["root"] or b["id"])).order_by(x.seq)
    lines = [dict(r) for r in work.rows(query)]
    place = max((root or t)["ordinal"], 1)
    rungs = {k: max(r["from_nth"] for r in lines if r["kind"] == k and r["from_nth"] <= place)
             for k in {r["kind"] for r in lines if r["from_nth"] <= place}}  # fmt: skip
    held = [r for r in lines if r["from_nth"] == rungs.get(r["kind"])]
    if root is not None and b["basis"] == "remaining":
        held = [r for r in held if r["corrected_at"] is None or r["corrected_at"] >= b["occurred_at"]]
    if root is not None and apart:  # charged to somebody else: at the price that the root came to
        f = root["factor"]
        held = [
            r | {"unit_amount": r["unit_amount"] * f, "unit_points": r["unit_points"] * f, "formula": None}
            for r in held
        ]
    return held


def _earlier(work: Work, t: Mapping[str, Any], first: Any, last: Any) -> tuple[Decimal, Decimal]:
    """Return what the breaches of a window before this one came to, in yuan and points."""
    c = ticket.c
    before = or_(c.occurred_at < t["occurred_at"], and_(c.occurred_at == t["occurred_at"], c.ordinal < t["ordinal"]))
    query = select(func.sum(c.amount), func.sum(c.points)).where(
        c.counter == t["counter"], c.subject == t["subject"], c.day.between(first, last), before
    )
    money, points = work.connection.execute(query).one()
    return money or Decimal(0), points or Decimal(0)


def _joint(work: Work, t: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tickets of others for what brought this one about, or was brought about by it, as far as the actor may see them."""
    rules = editions.catalog_of(work, t["revision"]).breaches

    def brings(one: str, other: str) -> bool:
        rule = rules.get((t["register"], other))
        return rule is not None and rule.trigger is not None and rule.trigger.breach == one

    there = ledger.tickets(work, register=t["register"], record_id=t["record_id"])
    return [
        x
        for x in there
        if x["id"] != t["id"]
        and x["occurred_at"] == t["occurred_at"]
        and (brings(x["rule"], t["rule"]) or brings(t["rule"], x["rule"]))
    ]
