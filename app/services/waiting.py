"""Which records wait for a person: those that he has to move on, by a role that he holds or as whom they name.

Nothing is kept of it: one query over the registers asks for the rows in states from which a transition leads on that is his to make. It
says in SQL what ``workflow.capacity`` says of one row, and only of rows that he may see.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    Text,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union_all,
)

from app.catalog import rights
from app.catalog.base import Cited, Party
from app.catalog.catalog import adopted
from app.catalog.register import RegisterSpec, Transition
from app.fields.base import Field
from app.models.among import among, among_given
from app.models.fixed import signature
from app.models.ledger import obligation
from app.services import adoption, people, scope
from app.services.conditions import where
from app.services.panel import Actor, Work


@dataclass(frozen=True)
class Waiting:
    """A record that waits for the actor, since when, by when what he owes of it is due, and his steps.

    ``steps`` are transitions, each with the name of whom the actor stands for; empty where he acts himself.
    """

    register: str
    id: int
    number: str
    state: str
    since: datetime
    due: datetime | None
    steps: tuple[tuple[Transition, str], ...]


def records(work: Work, limit: int) -> tuple[list[Waiting], int]:
    """Return the first records that wait for the actor, and how many do in all: the overdue first, then what has waited longest."""
    if (found := _found(work)) is None:
        return [], 0
    late = found.c.due <= work.now
    query = select(found, func.count().over().label("all")).order_by(
        case((late, 0), else_=1), case((late, found.c.due), else_=found.c.state_at), found.c.register, found.c.id
    )
    asked = _uncached(work).execute(query.limit(limit)).mappings().all()
    first = [
        Waiting(
            r["register"], r["id"], r["record_no"], r["state"], r["state_at"], r["due"],
            tuple(_steps_of(work, r["register"], r["steps"])),
        )
        for r in asked
    ]  # fmt: skip
    return first, asked[0]["all"] if asked else 0


def count(work: Work) -> int:
    """Return how many records wait for the actor."""
    found = _found(work, owed=False)
    return 0 if found is None else int(_uncached(work).execute(select(func.count()).select_from(found)).scalar_one())


def ready(work: Work) -> None:
    """Write out what is asked for everybody alike, so that nobody's page waits for it."""
    _naming(work)


def _uncached(work: Work) -> Any:
    """Return the connection without its memory of statements: this one is as long as the registers are many, and each role has its own."""
    return work.connection.execution_options(compiled_cache=None)


def _found(work: Work, *, owed: bool = True) -> Subquery | None:
    named = _naming(work)
    parts = [p for spec in work.catalog.tables() if (p := _of(work, spec, spec.code in named)) is not None]
    if not parts:
        return None
    found = union_all(*parts).subquery()
    columns: list[Any] = [*found.c]
    if owed:
        o, me = obligation.c, work.actor
        mine = or_(o.person == me.person_id, o.role.in_(sorted(me.roles)))
        open_here = and_(o.register == found.c.register, o.record_id == found.c.id, o.state == "open", mine)
        columns.append(select(func.min(o.due_at)).where(open_here).scalar_subquery().label("due"))
    return select(*columns).where(found.c.steps != "").subquery()


def _naming(work: Work) -> set[str]:
    """Return the registers with a row that waits for somebody whom it names and the actor may be; one query, the same for everybody."""
    if "who is waited for" not in work.panel.memory:
        parts = [p for spec in work.catalog.tables() if (p := _named_in(work, spec)) is not None]
        deep = {p.steps for s in work.catalog.tables() for t in _flow(s) for p in t.by if p.superior_of}
        work.panel.memory["who is waited for"] = (union_all(*parts) if parts else None, sorted(deep))
    query, deep = work.panel.memory["who is waited for"]
    if query is None:
        return set()
    persons = [a.person_id for a in _capacities(work) if a.named and a.person_id is not None]
    led = {f"led_{n}": [p for who in persons for p in people.led_by(work, who, n)] for n in deep}
    return set(work.connection.execute(query, {"persons": persons} | led).scalars())


def _named_in(work: Work, spec: RegisterSpec) -> Select[Any] | None:
    table = work.tables[spec.code]
    rows: list[ColumnElement[bool]] = []
    for t in _flow(spec):
        parties = [p for p in (who.within(spec.codes) for who in t.by) if not p.role]
        here = table.c.state.in_(t.source)
        for party in parties if t.awaited else ():
            code, given = party.field or party.superior_of, f"led_{party.steps}" if party.superior_of else "persons"
            field = spec.column(code)
            if field is not None and field.many:
                link = work.links[spec.code, code]
                rows.append(
                    and_(here, exists().where(link.c.record_id == table.c.id, among_given(link.c.target, given)))
                )
            else:
                rows.append(and_(here, among_given(table.c[code], given)))
    if not rows:
        return None
    return select(literal(spec.code, Text)).where(exists().where(table.c.archived_at.is_(None), or_(*rows)))


def _flow(spec: RegisterSpec) -> tuple[Transition, ...]:
    return spec.workflow.transitions if spec.workflow is not None and not spec.tickets_of else ()


def _of(work: Work, spec: RegisterSpec, named: bool) -> Select[Any] | None:
    """Return the query for the rows of a register that may wait for the actor, with the steps that are his; None where none can.

    ``named``: it has rows that may name him.
    """
    if not _flow(spec):
        return None
    mine = [(n, actor, t, by) for n, actor in enumerate(_capacities(work)) for t, by in _awaited(work, spec, actor)]
    if not any(named or any(p.role for p in by) for _, _, _, by in mine) or not scope.may(work, spec.code, "read"):
        return None
    t = work.tables[spec.code].c
    steps: ColumnElement[str] = literal("", Text)
    for n, actor, step, by in mine:
        steps = steps + case((_is_his(work, spec, actor, step, by), f"{n}:{step.code};"), else_="")
    states = dict.fromkeys(s for _, _, step, _ in mine for s in step.source)
    return select(
        literal(spec.code, Text).label("register"), t.id, t.record_no, t.state, t.state_at, steps.label("steps")
    ).where(t.state.in_(states), scope.visible(work, spec.code))  # fmt: skip


def _capacities(work: Work) -> tuple[Actor, ...]:
    """Return as whom the actor may act: himself, then each for whom he stands."""
    return (work.actor, *work.actor.deputises)


def _steps_of(work: Work, register: str, told: str) -> Iterator[tuple[Transition, str]]:
    acting, flow, known = _capacities(work), work.spec(register).workflow, set[str]()
    for n, _, code in (step.partition(":") for step in told.split(";") if step):
        found = flow.transition(code) if flow is not None else None
        if found is not None and code not in known:
            known.add(code)
            yield found, acting[int(n)].name if int(n) else ""


def _awaited(work: Work, spec: RegisterSpec, actor: Actor) -> Iterator[tuple[Transition, list[Party]]]:
    """Yield the transitions that a record waits for and that a role names the actor for, or a field may; what everybody may do is neither."""
    lent = actor.lent is not None
    for step in rights.steps(spec, actor.roles, adoption.anywhere(work), lent=lent):
        by = [p for p in step.by if p.role != rights.EVERYONE and (p.role or actor.named)]
        if step.transition.awaited and by:
            yield step.transition, by


def _is_his(work: Work, spec: RegisterSpec, actor: Actor, t: Transition, by: Sequence[Party]) -> ColumnElement[bool]:
    """Return when a transition of a row is for an actor to make."""
    table = work.tables[spec.code]
    sources = [s for s in t.source if s != t.target]
    stands: ColumnElement[bool] = table.c.state.in_(sources)
    if t.sign and t.target in t.source:  # one that signs and leaves the state waits until it is signed
        stands = or_(stands, and_(table.c.state == t.target, table.c[t.sign].is_(None)))
    apart = (*t.not_by, *spec.excluded)
    clauses = [
        stands,
        _binding(work, t, table.c.unit),
        or_(*(_means(work, spec, actor, party, apart) for party in by)),
        *(_not_in(work, spec, code, who.person_id) for who in dict.fromkeys((work.actor, actor)) for code in apart),
    ]
    if t.when is not None:
        clauses.append(where(table, spec, t.when, work))
    if t.not_by and (stood_for := _signed_for(work, actor)):
        s = signature.c
        here = and_(s.register == spec.code, s.record_id == table.c.id, s.field.in_(t.not_by))
        clauses.append(not_(exists().where(here, s.on_behalf.in_(stood_for))))
    if actor.lent is not None:
        himself = Actor(actor.person_id, actor.name, actor.roles, actor.unit_id)
        clauses.append(scope.visible(work.acting(himself), spec.code))
    return and_(*clauses)


def _binding(work: Work, cited: Cited, unit: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return when what something cites binds the unit of a row."""
    if not cited.cite:
        return true()
    free = [u for u in people.units(work) if not adopted(cited, adoption.policies(work, u, work.today))]
    return true() if not free else or_(unit.is_(None), not_(among(unit, free)))


def _means(
    work: Work, spec: RegisterSpec, actor: Actor, party: Party, apart: Sequence[str]
) -> ColumnElement[bool]:  # fmt: skip
    table = work.tables[spec.code]
    if party.role:
        persons = {actor.person_id}
        singles = [table.c[f] for f in apart if f in table.c]
        return people.falling(work, party.role, persons, table.c.unit, singles)
    code = party.field or party.superior_of
    field = spec.column(code)
    if not party.superior_of:
        return _names(work, spec, field, code, [actor.person_id or 0])
    led = people.led_by(work, actor.person_id, party.steps)
    return _names(work, spec, field, code, led) if led else false()


def _names(
    work: Work, spec: RegisterSpec, field: Field | None, code: str, persons: Sequence[int]
) -> ColumnElement[bool]:
    """Return when a field of a row names one of some people."""
    table = work.tables[spec.code]
    if field is not None and field.many:
        link = work.links[spec.code, code]
        return exists().where(link.c.record_id == table.c.id, link.c.target.in_(persons))
    return table.c[code] == persons[0] if len(persons) == 1 else among(table.c[code], persons)


def _not_in(work: Work, spec: RegisterSpec, code: str, person: int | None) -> ColumnElement[bool]:
    field = spec.column(code)
    if person is None or field is None:
        return true()
    named = _names(work, spec, field, code, [person])
    return not_(named) if field.many else or_(work.tables[spec.code].c[code].is_(None), not_(named))


def _signed_for(work: Work, actor: Actor) -> list[int]:
    """Return those of the actor and whom he stands for in whose place somebody has ever signed."""
    if "delegation" not in work.tables:
        return []
    key = ("signed in the place of", work.actor.person_id, actor.person_id)
    if key not in work.memo:
        s = signature.c
        query = select(s.on_behalf).where(s.on_behalf.in_([work.actor.person_id, actor.person_id])).distinct()
        work.memo[key] = list(work.connection.execute(query).scalars())
    return work.memo[key]
