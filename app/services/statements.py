"""Statements of a closed month: what it took from each person and in each unit, as it was settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select

from app.errors import Missing
from app.models.ledger import closing_line, closing_pay, pay_decision, ticket
from app.services import closing, ledger, lookup, people
from app.services.panel import Work

NOTHING = Decimal(0)
NOBODY = 0
"""The number that stands for no unit."""


@dataclass(frozen=True)
class Statement:
    """What one person owes by a month: tickets, each with what it takes now, and shares of pay; yuan and points."""

    month: str
    person: int
    name: str
    staff_no: str
    unit: int
    unit_name: str
    lines: Sequence[Mapping[str, Any]]
    pays: Sequence[Mapping[str, Any]]

    @property
    def fines(self) -> Decimal:
        """What the tickets of the month itself take."""
        return sum((x["due"] for x in self.lines if x["month"] == self.month), NOTHING)

    @property
    def corrections(self) -> Decimal:
        """What tickets of earlier months take now, or give back."""
        return sum((x["due"] for x in self.lines if x["month"] != self.month), NOTHING)

    @property
    def share(self) -> Decimal:
        """What is taken of the performance pay."""
        return sum((d["amount"] for d in self.pays), NOTHING)

    @property
    def total(self) -> Decimal:
        return self.fines + self.corrections + self.share

    @property
    def points(self) -> Decimal:
        return sum((x["due_points"] for x in self.lines), NOTHING)


def draft(work: Work, month: str) -> list[Statement]:
    """Return the statements as they would be if the month were closed now. Raises Missing for whom closings do not concern."""
    if not closing.concern(work):
        raise Missing
    lines = [t | {"ticket": t["id"], "unit": people.unit_of(work, t["person"])} for t in closing.owed(work, month)]
    pays = [dict(d) | {"unit": people.unit_of(work, d["person"])} for d in closing.shares(work, month)]
    return _statements(work, month, ledger.labelled(work, lines), pays)


def everybody(work: Work, number: int) -> list[Statement]:
    """Return all statements of a closing, by unit and name. Raises Missing for whom closings do not concern."""
    if not closing.concern(work):
        raise Missing
    return _read(work, number)


def of_person(work: Work, number: int, person: int) -> Statement:
    """Return a person's statement: one's own, or where the actor may see every ticket on it. Raises Missing."""
    if person != work.actor.person_id and not closing.may(work):
        _demand(work, number, closing_line.c.person == person)
    found = _read(work, number, person=person)
    if not found:
        raise Missing
    return found[0]


def of_unit(work: Work, number: int, unit: int) -> list[Statement]:
    """Return the statements of a unit's people, where the actor may see every ticket on them. Raises Missing."""
    if not closing.may(work):
        mine = closing_line.c.unit == unit if unit else closing_line.c.unit.is_(None)
        _demand(work, number, mine)
    found = _read(work, number, unit=unit)
    if not found:
        raise Missing
    return found


def _demand(work: Work, number: int, those: Any) -> None:
    """Raise Missing unless there are such lines, and the actor may see the ticket of each."""
    lines = select(func.count()).select_from(closing_line).where(closing_line.c.closing == number, those)
    seen = lines.join(ticket, ticket.c.id == closing_line.c.ticket).where(ledger.visible(work))
    there, shown = (work.connection.execute(q).scalar_one() for q in (lines, seen))
    if not there or there != shown:
        raise Missing


def _read(work: Work, number: int, *, person: int | None = None, unit: int | None = None) -> list[Statement]:
    month = closing.get(work, number)["month"]
    x, p, d, t = closing_line.c, closing_pay.c, pay_decision.c, ticket.c
    told = (t.record_no, t.register, t.rule, t.revision, t.record_id, t.record_title, t.citation, t.occurred_at)
    lines = select(closing_line, *told).join(ticket, t.id == x.ticket).where(x.closing == number)
    pays = select(pay_decision, p.unit).join(closing_pay, p.decision == d.id).where(p.closing == number)
    if person is not None:
        lines, pays = lines.where(x.person == person), pays.where(d.person == person)
    if unit is not None:
        lines, pays = (q.where(of == unit if unit else of.is_(None)) for q, of in ((lines, x.unit), (pays, p.unit)))
    if not closing.concern(work):  # what somebody earns is nobody else's business
        pays = pays.where(d.person == work.actor.person_id)
    rows = [dict(r) for r in work.rows(lines.order_by(t.occurred_at, t.id))]
    decided = [dict(r) for r in work.rows(pays.order_by(d.id))]
    return _statements(work, month, ledger.labelled(work, rows), decided)


def _statements(
    work: Work, month: str, lines: Sequence[Mapping[str, Any]], pays: Sequence[Mapping[str, Any]]
) -> list[Statement]:
    ids = {r["person"] for r in (*lines, *pays)}
    names, numbers = people.names(work, ids), _staff_numbers(work)
    units = {r["person"]: r["unit"] or NOBODY for r in (*pays, *lines)}
    titles = lookup.titles(work, "unit", sorted({u for u in units.values() if u})) if "unit" in work.tables else {}
    mine: dict[int, tuple[list[Any], list[Any]]] = {i: ([], []) for i in ids}
    for side, rows in enumerate((lines, pays)):
        for r in rows:
            mine[r["person"]][side].append(r)
    found = [
        Statement(
            month, i, names.get(i, f"#{i}"), numbers.get(i, ""), units[i], titles.get(units[i], ""), *mine[i]
        )
        for i in ids
    ]  # fmt: skip
    return sorted(found, key=lambda s: (s.unit_name, s.unit, s.staff_no, s.name, s.person))


def _staff_numbers(work: Work) -> dict[int, str]:
    staff = work.tables.get("employee")
    if staff is None or "staff_no" not in staff.c:
        return {}
    query = select(staff.c.person, staff.c.staff_no).where(staff.c.archived_at.is_(None), staff.c.staff_no.is_not(None))
    return {person: number for person, number in work.connection.execute(query)}
