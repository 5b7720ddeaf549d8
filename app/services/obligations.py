"""Obligations as people meet them: who owes what, why it is due when it is, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select

from app.catalog.duty import Duty, Limit
from app.catalog.register import RegisterSpec
from app.errors import Missing
from app.models.dating import calendar_revision
from app.models.fixed import publication
from app.models.ledger import breach, notice, obligation, obligation_move
from app.rules.agenda import Event, events
from app.rules.calendar import BeyondCalendar
from app.rules.deadlines import Due
from app.rules.periods import Cycle
from app.services import calendars, counting, ledger, limits, related, scope
from app.services.panel import Work

AHEAD = 12
"""How many coming events are told: what repeats has no end."""


@dataclass(frozen=True)
class Explanation:
    """Why an obligation is due when it is: all that its limit can be counted from again, and all that followed."""

    obligation: Mapping[str, Any]
    duty: Duty | None
    row: Mapping[str, Any]
    limit: Limit
    due: Due
    cycle: Cycle | None
    by_day: bool
    calendar: Mapping[str, Any] | None
    letters: Sequence[Mapping[str, Any]]
    ahead: Sequence[Event]
    moves: Sequence[Mapping[str, Any]]
    tickets: Sequence[Mapping[str, Any]]


def owed(work: Work, *, person: int | None = None, roles: Iterable[str] = (), limit: int = 200) -> list[dict[str, Any]]:
    """Return the open obligations of a person, or of holders of roles, soonest first; only of records that the actor may see."""
    o = obligation.c
    mine = _of(person, roles)
    query = select(obligation).where(o.state == "open", mine, _seen(work)).order_by(o.due_at, o.id).limit(limit)
    return [dict(r) for r in work.rows(query)]


def overdue(work: Work) -> int:
    """Return how many obligations are overdue of those that the actor owes, by name or role, himself or for whom he stands."""
    o, me = obligation.c, work.actor
    owing = or_(_of(me.person_id, me.roles), *(_of(a.person_id if a.named else None, a.roles) for a in me.deputises))
    query = (
        select(func.count()).select_from(obligation).where(o.state == "open", o.due_at <= work.now, owing, _seen(work))
    )
    return int(work.connection.execute(query).scalar_one())


def _of(person: int | None, roles: Iterable[str]) -> ColumnElement[bool]:
    o = obligation.c
    return or_(o.role.in_(list(roles)), *([o.person == person] if person is not None else []))


def _seen(work: Work) -> ColumnElement[bool]:
    specs = (s for s in work.catalog.tables() if s.duties and scope.may(work, s.code, "read"))
    return or_(false(), *(_on_visible(work, spec) for spec in specs))


def owed_by_absent(work: Work, limit: int = 200) -> list[tuple[str, dict[str, Any]]]:
    """Return the open obligations of those for whom the actor stands, each with that person's name, soonest first."""
    found = [
        (absent.name, o)
        for absent in work.actor.deputises
        for o in owed(work, person=absent.person_id if absent.named else None, roles=absent.roles, limit=limit)
    ]
    return sorted(found, key=lambda one: (one[1]["due_at"], one[1]["id"]))


def _on_visible(work: Work, spec: RegisterSpec) -> ColumnElement[bool]:
    table = work.tables[spec.code]
    rows = select(table.c.id).where(scope.visible(work, spec.code))
    return and_(obligation.c.register == spec.code, obligation.c.record_id.in_(rows))


def of_record(work: Work, register: str, record_id: int) -> list[dict[str, Any]]:
    """Return all obligations of one record, in the order they began."""
    o = obligation.c
    query = (
        select(obligation)
        .where(o.register == register, o.record_id == record_id, o.state != "void")
        .order_by(o.started_at, o.id)
    )
    return [dict(r) for r in work.rows(query)]


def get(work: Work, number: int) -> dict[str, Any]:
    """Return one obligation of a record that the actor may see.

    Raises Missing, alike for one that is not there and for one of a record that the actor may not see.
    """
    found = work.rows(select(obligation).where(obligation.c.id == number)).first()
    if found is None or found["register"] not in work.catalog.registers:
        raise Missing
    if not related.seen(work, {found["register"]: [found["record_id"]]}):
        raise Missing
    return dict(found)


def why(work: Work, number: int) -> Explanation:
    """Return everything that a due date comes from. Raises Missing."""
    o = get(work, number)
    duty, row = counting.duty_of(work, o), counting.facts(work, o)
    named = select(calendar_revision).where(calendar_revision.c.name == o["calendar"])
    moves = select(obligation_move).where(obligation_move.c.obligation == number).order_by(obligation_move.c.id)
    return Explanation(
        obligation=o, duty=duty, row=row,
        limit=Limit.model_validate_json(o["limit"]),
        due=counting.recount(work, o, row),
        cycle=counting.cycle_of(work, o, duty, row),
        by_day=counting.by_day(work, o, duty),
        calendar=work.rows(named.order_by(calendar_revision.c.revision)).first(),
        letters=_letters(work, o),
        ahead=list(islice(_ahead(work, o, duty), AHEAD)),
        moves=work.rows(moves).all(),
        tickets=_tickets(work, o),
    )  # fmt: skip


def publication_of(work: Work, revision: int) -> Mapping[str, Any] | None:
    """Return when, by whom and from which day on a revision of the definitions was published."""
    p = publication.c
    query = select(p.at, p.person, p.in_force_from).where(p.revision == revision)
    return work.rows(query).first()


def _letters(work: Work, o: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the reminders and escalations that have gone out for an obligation, oldest first."""
    n = notice.c
    mine = or_(*(n.key.startswith(f"{kind}:{o['id']}:") for kind in ("remind", "escalate")))
    query = select(notice).where(n.register == o["register"], n.record_id == o["record_id"], mine)
    return list(work.rows(query.order_by(n.at, n.id)))


def _ahead(work: Work, o: Mapping[str, Any], duty: Duty | None) -> Iterator[Event]:
    """Yield what is in store for an open obligation; of what repeats without end the next time only."""
    if o["state"] != "open" or duty is None or o["due_at"] == limits.PARKED:
        return
    breached = False
    with suppress(BeyondCalendar):
        for event in events(duty, limits.due_of(o), o["started_at"], calendars.named(work, o["calendar"])):
            if event.fire_at <= work.now:
                continue
            if event.kind == "breach":
                if breached:
                    return
                breached = True
            yield event


def _tickets(work: Work, o: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tickets that missing an obligation has led to, as far as the actor may see them, oldest first."""
    b = breach.c
    mine = set(work.connection.execute(select(b.id).where(b.obligation == o["id"])).scalars())
    if not mine:
        return []
    there = ledger.tickets(work, register=o["register"], record_id=o["record_id"])
    return [t for t in reversed(there) if t["breach"] in mine]
