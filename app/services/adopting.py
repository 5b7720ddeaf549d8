"""Putting a policy in force for a unit, and out of force; what each switches on and off. What began in between stays owed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, insert, select, update

from app.catalog.base import Cited
from app.catalog.breach import Breach
from app.catalog.catalog import adopted
from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.errors import CellError, Invalid, Missing, Refused, say
from app.fields.links import Signature
from app.fields.times import Date
from app.models.fixed import adoption as table
from app.models.ledger import obligation
from app.services import administration, adoption, consequences, people, rows
from app.services.panel import Actor, Work

ONE_DAY = timedelta(days=1)
BATCH = 500


@dataclass(frozen=True)
class Effect:
    """What a policy alone brings a unit: registers, duties and breaches that no other policy in force demands.

    ``records``: records entered already that would owe one of the duties from the day on; ``owed``: what is open under the policy now.
    """

    registers: Sequence[RegisterSpec]
    duties: Sequence[Duty]
    breaches: Sequence[Breach]
    records: int
    owed: int


def listed(work: Work) -> list[dict[str, Any]]:
    """Return every adoption, those in force first, with who recorded it when and why. Raises Forbidden."""
    administration.demand(work)
    query = select(table).order_by(table.c.policy, table.c.from_day)
    found = [dict(r) for r in work.connection.execute(query).mappings()]
    names = people.names(work, [p for r in found for p in (r["recorded_by"], r["ended_by"]) if p is not None])
    named = [r | {"recorder": names.get(r["recorded_by"], ""), "ender": names.get(r["ended_by"], "")} for r in found]
    return sorted(named, key=lambda r: r["to_day"] is not None and r["to_day"] <= work.today)


def effect(work: Work, unit: int | None, policy: str, day: date) -> Effect:
    """Return what applying a policy from a day switches on for a unit (None: everybody), or ending it switches off. Raises Forbidden."""
    administration.demand(work)
    others = adoption.policies(work, unit, day) - {policy}

    def alone(part: Cited) -> bool:
        return policy in part.policies and not adopted(part, others)

    specs = list(work.catalog.tables())
    owing = [(spec, d) for spec in specs for d in spec.duties if any(alone(p) for p in (d, *d.within))]
    records = sum(len(ids) for _, ids in _beginning(work, owing, unit, day))
    o = obligation.c
    mine = [o.state == "open", o.citation.like(f"%{policy}-%")]
    if unit is not None:
        mine.append(o.unit.in_(people.below(work, unit)))
    owed = work.connection.execute(select(func.count()).select_from(obligation).where(*mine)).scalar_one()
    return Effect(
        [spec for spec in specs if alone(spec)], [d for _, d in owing],
        [b for spec in specs for b in spec.breaches if any(alone(p) for p in (b, *b.amount))], records, owed,
    )  # fmt: skip


def begin(work: Work, unit: int | None, policy: str, day: date, reason: str) -> None:
    """Let a unit (None: everybody) apply a policy from a day; what begins then is owed, nothing that began before.

    Raises Forbidden, Missing, Refused where it applies already, Invalid for a day that has passed or without a reason.
    """
    administration.demand(work)
    if policy not in work.catalog.policies:
        raise Missing(say("没有制度 {code}", code=policy))
    _check(work, day, reason)
    same = [r for r in listed(work) if r["policy"] == policy and r["unit"] == unit]
    if any(r["to_day"] is None or r["to_day"] > day for r in same):
        raise Refused(say("该部门自 {day} 起已经施行 {policy}", day=same[-1]["from_day"], policy=policy))
    row = {
        "unit": unit,
        "policy": policy,
        "from_day": day,
        "reason": reason.strip(),
        "recorded_by": work.actor.person_id,
        "recorded_at": work.now,
    }
    work.connection.execute(insert(table).values(**row))
    _follow(work, policy, unit, day)


def end(work: Work, number: int, last: date, reason: str) -> None:
    """Let an adoption end with a day, the last on which it holds; what began until then stays owed.

    Raises Forbidden, Missing, Refused where it has ended, Invalid for a day that has passed or without a reason.
    """
    administration.demand(work)
    _check(work, last, reason)
    row = work.connection.execute(select(table).where(table.c.id == number).with_for_update()).mappings().first()
    if row is None:
        raise Missing
    if row["to_day"] is not None:
        raise Refused(say("该项施行已于 {day} 终止", day=row["to_day"] - ONE_DAY))
    if last < row["from_day"]:
        raise Invalid([CellError("last", say("末日不能早于施行之日 {day}", day=row["from_day"]), label="末日")])
    ended = {
        "to_day": last + ONE_DAY,
        "ended_by": work.actor.person_id,
        "ended_at": work.now,
        "end_reason": reason.strip(),
    }
    work.connection.execute(update(table).where(table.c.id == number).values(**ended))
    _follow(work, row["policy"], row["unit"], last + ONE_DAY)


def _check(work: Work, day: date, reason: str) -> None:
    errors = [] if reason.strip() else [CellError("reason", say("请写明理由"), label="理由")]
    if day < work.today:
        errors.append(CellError("day", say("日期不能早于今天；已经产生的待办与处罚只能通过重算更正"), label="日期"))
    if errors:
        raise Invalid(errors)


def _follow(work: Work, policy: str, unit: int | None, day: date) -> None:
    """Settle the records that begin to owe, or cease to, because a policy binds a unit otherwise from a day on."""
    adoption.forget(work)
    owing = [
        (spec, d)
        for spec in work.catalog.tables()
        for d in spec.duties
        if any(policy in p.policies for p in (d, *d.within))
    ]
    settle_from(work, owing, unit, day)


def settle_from(work: Work, owing: Iterable[tuple[RegisterSpec, Duty]], unit: int | None, day: date) -> None:
    """Settle the records of a unit (None: of all) for which one of some duties begins on a day or later."""
    panel = work.acting(Actor.system(), "system")
    for spec, ids in _beginning(work, owing, unit, day):
        for start in range(0, len(ids), BATCH):
            consequences.of_rows(panel, spec, list(rows.read(panel, spec, ids[start : start + BATCH]).values()))


def _beginning(
    work: Work, owing: Iterable[tuple[RegisterSpec, Duty]], unit: int | None, day: date
) -> list[tuple[RegisterSpec, list[int]]]:
    """Return the records of a unit for which one of some duties begins on a day or later, by register."""
    found: dict[str, tuple[RegisterSpec, set[int]]] = {}
    for spec, duty in owing:
        t = work.tables[spec.code]
        within = [t.c.archived_at.is_(None), _begins(work, spec, duty, day)]
        if unit is not None:
            within.append(t.c.unit.in_(people.below(work, unit)))
        found.setdefault(spec.code, (spec, set()))[1].update(
            work.connection.execute(select(t.c.id).where(*within)).scalars()
        )
    return [(spec, sorted(ids)) for spec, ids in found.values()]


def _begins(work: Work, spec: RegisterSpec, duty: Duty, day: date) -> ColumnElement[bool]:
    column, first = beginning_of(work, spec, duty, day)
    return column >= first


def beginning_of(work: Work, spec: RegisterSpec, duty: Duty, day: date) -> tuple[ColumnElement[Any], date | datetime]:
    """Return the column of the day or moment at which a duty begins, and the first one of a day as that column holds it."""
    t, field = work.tables[spec.code].c, spec.field(duty.starts.field)
    if isinstance(field, Date):
        return t[field.code], day
    column = f"{field.code}_at" if isinstance(field, Signature) else field.code if field is not None else ""
    return t[column or ("created_at" if duty.starts.created else "state_at")], work.panel.calendar.start_of(day)
