"""What the access rules of a register give a person, reckoned row by row from their words: a second reading of ``services.scope``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.catalog.catalog import Catalog
from app.catalog.register import Access, RegisterSpec
from app.fields.links import Person, Reference, Signature
from app.services import people, rows
from app.services.panel import Actor, Panel, Work

Row = Mapping[str, Any]


def ids(work: Work, spec: RegisterSpec) -> list[int]:
    """Return every record of a register that is not archived."""
    table = work.tables[spec.code]
    query = select(table.c.id).where(table.c.archived_at.is_(None)).order_by(table.c.id)
    if spec.tickets_of:
        query = query.where(table.c.counter.in_(spec.tickets_of))
    return list(work.connection.execute(query).scalars())


def may(catalog: Catalog, spec: RegisterSpec, actor: Actor, verb: str) -> bool:
    """Return whether a rule of a register, or of the one that it follows, lets somebody do ``verb`` at all."""
    if any(verb in rule.can and rule.role in {*actor.roles, "everyone"} for rule in spec.access):
        return True
    link = spec.field(spec.follows)
    return verb == "read" and isinstance(link, Reference) and may(catalog, catalog.registers[link.target], actor, verb)


def open_to(panel: Panel, register: str, actor: Actor, verb: str) -> set[int]:
    """Return the records with which somebody may do ``verb``."""
    with panel.reading(Actor.system()) as work:
        spec = work.spec(register)
        below = [u for u, (parent, _) in people.units(work).items() if actor.unit_id in (u, parent)]
        every = rows.read(work, spec, ids(work, spec)).values()
        return {r["id"] for r in every if _may(work, spec, r, actor, verb, below)}


def _may(work: Work, spec: RegisterSpec, row: Row, actor: Actor, verb: str, below: Sequence[int]) -> bool:
    if any(row.get(f) == actor.person_id for f in spec.excluded):
        return False
    link = spec.field(spec.follows)
    above = None
    if isinstance(link, Reference) and row.get(link.code) is not None:
        parent = work.spec(link.target)
        above = rows.read(work, parent, [row[link.code]])[row[link.code]]
        if any(above.get(f) == actor.person_id for f in parent.excluded):
            return False
    if any(_gives(work, spec, row, actor, rule, below) for rule in spec.access if verb in rule.can):
        return True
    if (
        verb == "read"
        and above is not None
        and _own(spec, row, actor, ())
        and not any("read" in a.can and a.role in {*actor.roles, "everyone"} for a in spec.access)
    ):
        return may(work.catalog, work.spec(link.target), actor, "read") if isinstance(link, Reference) else False
    return (
        verb == "read"
        and above is not None
        and isinstance(link, Reference)
        and _may(work, work.spec(link.target), above, actor, verb, below)
    )


def _gives(work: Work, spec: RegisterSpec, row: Row, actor: Actor, rule: Access, below: Sequence[int]) -> bool:
    if rule.role != "everyone" and rule.role not in actor.roles:
        return False
    if rule.when is not None and not rule.when.holds(row):
        return False
    match rule.rows:
        case "all":
            return True
        case "own":
            return _own(spec, row, actor, rule.named_in)
        case "unit":
            return bool(row["unit"] == actor.unit_id)
        case "below":
            return row["unit"] in below
        case "company":
            return row["unit"] is None or _company(work, row["unit"]) == _company(work, actor.unit_id)
    grant = rule.grant
    assert grant is not None
    other = work.spec(grant.register_code)
    approvals = rows.read(work, other, ids(work, other)).values()
    return any(
        a[grant.person] == actor.person_id
        and a["state"] in grant.state
        and a[grant.until] is not None
        and a[grant.until] > work.now
        and row["id"] in (t if isinstance(t := a[grant.target], tuple) else (t,))
        for a in approvals
    )


def _company(work: Work, unit: int | None) -> int | None:
    """Return the nearest unit from one upwards that is a company or a group."""
    kinds = {u["id"]: u["kind"] for u in rows.read(work, work.spec("unit"), ids(work, work.spec("unit"))).values()}
    while unit is not None and kinds[unit] not in ("公司", "集团"):
        unit = people.units(work)[unit][0]
    return unit


def _own(spec: RegisterSpec, row: Row, actor: Actor, named_in: Sequence[str]) -> bool:
    named = [f.code for f in spec.fields if isinstance(f, Person | Signature) and (not named_in or f.code in named_in)]
    held = [row.get(f) for f in named if f not in spec.excluded]
    return row["created_by"] == actor.person_id or any(
        actor.person_id in v if isinstance(v, tuple) else v == actor.person_id for v in held
    )
