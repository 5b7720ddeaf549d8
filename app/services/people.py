"""Who is who: names, roles, units, superiors; and the people that a definition's party means."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Date,
    Integer,
    Row,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    false,
    func,
    not_,
    null,
    or_,
    select,
    true,
)

from app.catalog.base import Party
from app.catalog.register import RegisterSpec
from app.models.among import among, among_given
from app.models.fixed import person, person_role, role
from app.services.panel import Actor, Panel, Work

APART = "\x1f"
"""Stands between texts that the database puts together into one: a unit separator, which no name contains."""
COMPANIES = frozenset({"公司", "集团"})
"""Kinds of units that are a company of their own."""


def full_name(first: str | None, last: str | None) -> str:
    """Return a name as it is said: 张伟 without a space, John Smith with one."""
    first, last = first or "", last or ""
    return f"{last}{first}" if any(ord(c) > 0x2E80 for c in last + first) else f"{first} {last}".strip()


def names(work: Work, ids: Iterable[int | None]) -> dict[int, str]:
    """Return people's names by id; where nobody is named there is none."""
    wanted = {i for i in ids if i is not None}
    known: dict[int, str] = work.memo.setdefault("names", _own(work.actor))
    if missing := wanted - known.keys():
        rows = work.connection.execute(_NAMES, {"ids": list(missing)})
        known.update({r.id: full_name(r.first_name, r.last_name) for r in rows})
    return {i: known[i] for i in wanted if i in known}


_NAMES = select(person.c.id, person.c.first_name, person.c.last_name).where(among_given(person.c.id, "ids"))


def _own(actor: Actor) -> dict[int, str]:
    """Return what is known of names without asking: the actor's."""
    return {actor.person_id: actor.name} if actor.person_id else {}


def _roles(work: Work) -> dict[int, frozenset[str]]:
    if "roles" not in work.memo:
        query = select(person_role.c.user_id, role.c.name).join(role, role.c.id == person_role.c.role_id)
        held: dict[int, set[str]] = {}
        for user_id, name in work.connection.execute(query):
            held.setdefault(user_id, set()).add(name)
        work.memo["roles"] = {k: frozenset(v) for k, v in held.items()}
    return work.memo["roles"]


def roles_of(work: Work, person_id: int) -> frozenset[str]:
    """Return the codes of the roles that a person holds."""
    return _roles(work).get(person_id, frozenset())


def role_codes(work: Work, person_id: int) -> tuple[str, ...]:
    """Return the same in the order in which they are kept."""
    known: dict[int, tuple[str, ...]] = work.memo.setdefault("role codes", {})
    if person_id not in known:
        known[person_id] = tuple(sorted(roles_of(work, person_id)))
    return known[person_id]


def profiles(work: Work) -> dict[int, Mapping[str, Any]]:
    """Return the staff file (register ``employee``) of everybody who has one, by person."""
    if "profiles" not in work.memo:
        found: dict[int, Mapping[str, Any]] = {}
        if "employee" in work.tables:
            t = work.tables["employee"]
            wanted = [t.c[n] for n in ("person", "unit", "superior", "rank", "performance_pay") if n in t.c]
            for row in work.rows(select(*wanted).where(t.c.archived_at.is_(None))):
                found[row["person"]] = row
        work.memo["profiles"] = found
    return work.memo["profiles"]


def unit_of(work: Work, person_id: int | None) -> int | None:
    """Return the unit that a person belongs to."""
    profile = profiles(work).get(person_id) if person_id is not None else None
    return profile["unit"] if profile else None


def units(work: Work) -> dict[int, tuple[int | None, int | None]]:
    """Return every unit's (parent, head)."""
    if "units" not in work.memo:
        found: dict[int, tuple[int | None, int | None]] = {}
        if "unit" in work.tables:
            t = work.tables["unit"]
            wanted = [t.c[n] for n in ("id", "parent", "head", "kind") if n in t.c]
            rows = work.rows(select(*wanted).where(t.c.archived_at.is_(None))).all()
            found = {r["id"]: (r["parent"], r["head"]) for r in rows}
            work.memo["companies"] = {r["id"] for r in rows if r.get("kind") in COMPANIES}
        work.memo["units"] = found
    return work.memo["units"]


def chain(work: Work, unit: int | None) -> list[int]:
    """Return a unit and the units above it, nearest first."""
    found: list[int] = []
    while unit is not None and unit not in found:
        found.append(unit)
        unit = units(work).get(unit, (None, None))[0]
    return found


def below(work: Work, unit: int | None) -> list[int]:
    """Return a unit and all units under it."""
    return [] if unit is None else [u for u in units(work) if unit in chain(work, u)] or [unit]


def company(work: Work, unit: int | None) -> list[int]:
    """Return the units of the company that a unit belongs to: the nearest one around that is a company or a group, and all under it.

    Where no unit around is either, it is the topmost.
    """
    around = chain(work, unit)
    companies: set[int] = work.memo.get("companies", set())
    return below(work, next((u for u in around if u in companies), around[-1] if around else None))


def superior(work: Work, person_id: int) -> int | None:
    """Return a person's superior: the one in the staff file, else the nearest head of a unit above who is somebody else."""
    profile = profiles(work).get(person_id)
    if profile is not None and profile.get("superior"):
        return int(profile["superior"])
    for unit in chain(work, unit_of(work, person_id)):
        head = units(work).get(unit, (None, None))[1]
        if head is not None and head != person_id:
            return head
    return None


def leads(work: Work, person_id: int) -> bool:
    """Return whether the actor stands above a person: his superior, that one's superior, and so on."""
    passed, up = {person_id}, superior(work, person_id)
    while up is not None and up not in passed:
        if up == work.actor.person_id:
            return True
        passed.add(up)
        up = superior(work, up)
    return False


def led(work: Work) -> list[int]:
    """Return everybody whom the actor stands above."""
    return [p for p in profiles(work) if p != work.actor.person_id and leads(work, p)]


def _above(work: Work, person_id: int, steps: int) -> int | None:
    """Return who stands so many steps above a person, or at the head of the chain where it is shorter; None: nobody does."""
    passed = [person_id]
    while len(passed) <= steps and (up := superior(work, passed[-1])) is not None and up not in passed:
        passed.append(up)
    return passed[-1] if len(passed) > 1 else None


def may(work: Work, power: str) -> bool:
    """Return whether a role of the actor gives a power over the whole site (``may`` of a role)."""
    held = (work.catalog.roles.get(code) for code in work.actor.roles)
    return work.actor.is_system or any(power in r.may for r in held if r is not None)


def holders(work: Work, role_code: str, unit: int | None) -> list[int]:
    """Return who holds a role for a unit: its holders in the nearest company around the unit, else all holders.

    Of a group they are those of its head office; where nobody there holds it, those of its companies.
    """
    within = _holders(work, role_code)
    return next((within[around] for around in chain(work, unit) if around in within), within[None])


def _holders(work: Work, role_code: str) -> dict[int | None, list[int]]:
    """Return who holds a role in each unit or below it, a company's own before those of companies under it; under None everybody."""
    known: dict[str, dict[int | None, list[int]]] = work.memo.setdefault("holders", {})
    if role_code not in known:
        everybody = sorted(p for p, held in _roles(work).items() if role_code in held)
        companies: set[int] = work.memo["companies"] if units(work) else set()
        own: dict[int | None, list[int]] = {}
        under: dict[int | None, list[int]] = {}
        for p in everybody:
            found = own
            for around in chain(work, unit_of(work, p)):
                found.setdefault(around, []).append(p)
                found = under if around in companies else found
        known[role_code] = {None: everybody, **under, **own}
    return known[role_code]


def charged_near(work: Work, charge: Mapping[str, Any]) -> int | None:
    """Return the unit near which a charge is decided on: that of its record, else that of the person charged."""
    return charge["unit"] if charge["unit"] is not None else unit_of(work, charge["person"])


def falls_to(
    work: Work,
    role_codes: Iterable[str],
    unit: int | None,
    apart: Set[int | None],
    persons: Set[int | None],
) -> bool:
    """Return whether what holders of roles decide about a unit is for one of ``persons`` to decide: they hold one near it.

    Who stands ``apart``, because it concerns him, is not counted; where that leaves nobody near, it is for every holder.
    """
    near = {p for r in role_codes for p in holders(work, r, unit)}.difference(apart)
    return not near or not near.isdisjoint(persons)


def falling(
    work: Work, role_code: str, persons: Set[int | None], unit: ColumnElement[Any], apart: Sequence[ColumnElement[Any]]
) -> ColumnElement[bool]:
    """Return ``falls_to`` as a condition on rows with a unit; ``apart`` are their columns with people whom they concern."""
    near = {u: holders(work, role_code, u) for u in units(work)}
    far = {u: found for u, found in near.items() if persons.isdisjoint(found)}
    if not far:
        return true()
    alone: dict[int, list[int]] = {}  # of whom it may concern, so that it falls to every holder
    for u, found in far.items():
        if len(found) == 1:
            alone.setdefault(found[0], []).append(u)
    concerned = [and_(among(unit, us), or_(*(c == p for c in apart))) for p, us in alone.items() if apart]
    return or_(unit.is_(None), not_(among(unit, list(far))), *concerned)


def led_by(work: Work, person_id: int | None, steps: int = 1) -> list[int]:
    """Return those above whom a person stands so many steps, as ``party`` counts them."""
    key = ("led by", person_id, steps)
    if key not in work.memo:
        work.memo[key] = [p for p in profiles(work) if _above(work, p, steps) == person_id]
    return work.memo[key]


def party(work: Work, who: Party, spec: RegisterSpec, row: Mapping[str, Any]) -> list[int]:
    """Return the people that a definition's party means for one record, without repetition.

    Whoever the record excludes is never among them: the person complained about takes no part and is told nothing (P15 2.2).
    """
    if who.word:
        who = who.within(spec.codes)
    if who.role:
        found = holders(work, who.role, row.get("unit"))
    else:
        named = row.get(who.field or who.superior_of)
        found = [p for p in (named if isinstance(named, tuple) else (named,)) if p is not None]
    if who.superior_of:
        found = [s for p in found if (s := _above(work, p, who.steps)) is not None]
    apart = {row.get(f) for f in spec.excluded}
    return [p for p in dict.fromkeys(found) if p not in apart]


def actor(work: Work, person_id: int) -> Actor:
    """Return a person as one who acts, with roles, unit and those for whom he stands; reads these people alone, however many there are."""
    me, stands_in = _alone(work, person_id)
    absent: list[Actor] = []
    for d in _delegations(work, person_id) if stands_in else ():
        p, _ = _alone(work, d["principal"])
        roles = frozenset(r for r in p.roles if lendable(work, r) and d["role"] in (None, r))
        absent.append(replace(p, roles=roles, lent=d["until_on"], named=d["role"] is None))
    return replace(me, deputises=tuple(absent)) if absent else me


def lendable(work: Work, role_code: str) -> bool:
    """Return whether a deputy may stand for who holds a role; of a role that no definition names, never."""
    found = work.catalog.roles.get(role_code)
    return found is not None and not found.in_person


def _delegations(work: Work, deputy: int | None = None) -> list[Mapping[str, Any]]:
    """Return the delegations that stand today (register ``delegation``), all or those to one person."""
    key = ("delegations", deputy)
    if key not in work.memo:
        found: list[Mapping[str, Any]] = []
        if (t := work.tables.get("delegation")) is not None:
            query = select(t.c.principal, t.c.deputy, t.c.role, t.c.until_on).where(_standing(t, work.today))
            query = query if deputy is None else query.where(t.c.deputy == deputy)
            found = list(work.rows(query.order_by(t.c.id)))
        work.memo[key] = found
    return work.memo[key]


def _standing(delegation: Table, day: date | BindParameter[date]) -> ColumnElement[bool]:
    t = delegation.c
    return and_(t.state == "standing", t.archived_at.is_(None), t.from_on <= day, t.until_on >= day)


def deputies(work: Work, person_id: int | None, role_code: str = "") -> dict[int, date]:
    """Return who stands for a person today, and until when: in a role, or without one in what names the person."""
    return {
        d["deputy"]: d["until_on"]
        for d in _delegations(work)
        if d["principal"] == person_id
        and (
            d["role"] in (None, role_code)
            if role_code and lendable(work, role_code)
            else not role_code and d["role"] is None
        )
    }


def told(work: Work, who: Party, spec: RegisterSpec, row: Mapping[str, Any]) -> list[int]:
    """Return whom to tell of a record: the people a party means, and who stands for them; never whom the record excludes."""
    settled = who.within(spec.by_code)
    found = party(work, who, spec, row)
    apart = {row.get(f) for f in spec.excluded}
    standing = [d for p in found for d in deputies(work, p, settled.role) if d not in apart]
    return list(dict.fromkeys([*found, *standing]))


def _alone(work: Work, person_id: int) -> tuple[Actor, bool]:
    """Return a person as one who acts for himself, and whether he stands for anybody today."""
    known: dict[int, tuple[Actor, bool]] = work.memo.get("alone", {})
    if person_id in known:
        return known[person_id]
    query = work.panel.once("person alone", "", lambda: alone_query(work))
    row = work.connection.execute(query, {"whose": person_id, "today": work.today}).first()
    return (Actor(person_id, f"#{person_id}"), False) if row is None else alone(person_id, row)


def alone(person_id: int, row: Row[Any]) -> tuple[Actor, bool]:
    """Return what ``alone_query`` found of a person: as one who acts for himself, and whether he stands for anybody today."""
    roles = frozenset(row.roles.split(APART)) if row.roles is not None else frozenset()
    return Actor(person_id, full_name(row.first_name, row.last_name), roles, row.unit), bool(row.stands_in)


def alone_query(work: Work) -> Select[Any]:
    """Return the query for a person, ``whose``, with the roles, the unit, and whether he stands for anybody ``today``."""
    whose = bindparam("whose", type_=Integer)
    held = select(func.aggregate_strings(role.c.name, APART)).where(
        person_role.c.user_id == whose, role.c.id == person_role.c.role_id
    )
    unit: ColumnElement[Any] = null()
    if (staff := work.tables.get("employee")) is not None and "unit" in staff.c:
        mine = select(staff.c.unit).where(staff.c.person == whose, staff.c.archived_at.is_(None)).limit(1)
        unit = mine.scalar_subquery()
    stands_in: ColumnElement[Any] = false()
    if (t := work.tables.get("delegation")) is not None:
        stands_in = exists().where(t.c.deputy == whose, _standing(t, bindparam("today", type_=Date)))
    more = held.scalar_subquery().label("roles"), unit.label("unit"), stands_in.label("stands_in")
    return select(person.c.first_name, person.c.last_name, *more).where(person.c.id == whose)


def actor_named(panel: Panel, username: str) -> Actor | None:
    """Return the active person of that user name as one who acts; None where there is none."""
    with panel.reading(Actor.system()) as work:
        found = _id_of(work.connection, username)
        return None if found is None else actor(work, found)


def _id_of(connection: Connection, username: str) -> int | None:
    return connection.execute(
        select(person.c.id).where(person.c.username == username, person.c.active.is_(True))
    ).scalar()
