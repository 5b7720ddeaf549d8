"""Moving a record from state to state: who may now, what it takes, and doing it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select

from app.catalog import rights
from app.catalog.catalog import adopted
from app.catalog.register import RegisterSpec, Transition
from app.errors import CellError, Forbidden, Invalid, Refused, Sentence, say
from app.fields.base import Field
from app.fields.links import Person
from app.fields.times import Date, Moment
from app.services import adoption, people, rows, scope
from app.services.checking import check_rows
from app.services.conditions import with_references
from app.services.panel import Actor, Work


@dataclass(frozen=True)
class Move:
    """A transition that a person may make now: its definition, the fields it needs or offers, and whether it signs."""

    transition: Transition
    needs: tuple[Field, ...]
    asks: tuple[Field, ...]


def moves(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> list[Move]:
    """Return the transitions that the actor may make with a row now."""
    if spec.workflow is None:
        return []
    whole = with_references(work, spec, [row], [t.when for t in spec.workflow.transitions])[0]
    return [
        Move(t, _fields(spec, t.needs), _fields(spec, t.asks))
        for t in spec.workflow.transitions
        if not t.auto and not isinstance(obstacle(work, spec, whole, t), Sentence)
    ]


@dataclass(frozen=True)
class Awaited:
    """A transition that a record waits for, and those who may make it, as far as the actor may know: roles and people."""

    transition: Transition
    roles: tuple[str, ...]
    people: tuple[int, ...]


def awaited(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> list[Awaited]:
    """Return what a row waits for now, and for whom; without what everybody may do, and people in fields hidden from the actor."""
    if spec.workflow is None or spec.tickets_of:
        return []
    open_now = [
        t for t in spec.workflow.transitions if t.awaited and row["state"] in t.source and t.target != row["state"]
    ]
    whole = with_references(work, spec, [row], [t.when for t in open_now])[0] if open_now else row
    seen = {f.code for f in scope.fields_for(work, spec.code)}
    bound = adoption.policies(work, row.get("unit"), work.today) if open_now else frozenset()
    found = []
    for t in open_now:
        by = [p for p in (who.within(spec.codes) for who in t.by) if p.role != rights.EVERYONE]
        by = [p for p in by if p.role or (p.field or p.superior_of) in seen]
        if by and adopted(t, bound) and (t.when is None or t.when.holds(whole)):
            apart = {row.get(f) for f in t.not_by}
            persons = dict.fromkeys(p for who in by for p in people.party(work, who, spec, row) if p not in apart)
            found.append(Awaited(t, tuple(p.role for p in by if p.role), tuple(persons)))
    return found


def obstacle(work: Work, spec: RegisterSpec, row: Mapping[str, Any], t: Transition) -> Sentence | None:
    """Return why the actor may not make a transition now, or None; ``row`` as in ``capacity``."""
    found = capacity(work, spec, row, t)
    return found if isinstance(found, Sentence) else None


def capacity(work: Work, spec: RegisterSpec, row: Mapping[str, Any], t: Transition) -> Actor | Sentence:
    """Return as whom the actor may make a transition now, himself or one for whom he stands; else why he may not.

    What separates duties binds both the deputy and the one he stands for. ``row`` must hold the ``reference.field`` values
    that the transition's condition looks at.
    """
    state = spec.workflow.state(row["state"]) if spec.workflow and row["state"] else None
    if row["state"] not in t.source:
        return say(
            "“{move}”不能在“{state}”状态下进行", move=t.label.zh, state=state.label.zh if state else row["state"]
        )
    if not adopted(t, adoption.policies(work, row.get("unit"), work.today)):
        return say("“{move}”所依据的制度未施行", move=t.label.zh)
    if t.when is not None and not t.when.holds(row):
        return say("“{move}”的条件尚不满足", move=t.label.zh)
    if work.actor.is_system:
        return work.actor
    if (why := _refusal(work, spec, row, t)) is None:
        return work.actor
    for absent in work.actor.deputises:
        if (
            _refusal(work.acting(absent), spec, row, t) is None
            and not _apart(work, spec, row, t)
            and _sees(work, spec, row, absent)
        ):
            return absent
    return why


def _refusal(work: Work, spec: RegisterSpec, row: Mapping[str, Any], t: Transition) -> Sentence | None:
    signed = spec.field(t.sign)
    if _apart(work, spec, row, t):
        return say("职责分离：您已参与其中，不能由您“{move}”", move=t.label.zh)
    if signed is not None and not rights.signs(signed, work.actor.roles):
        return say("您不在可以签署“{field}”的岗位", field=signed.label.zh)
    if not any(_is(work, spec, row, p) for p in t.by):
        return say("“{move}”不由您的岗位办理", move=t.label.zh)
    return None


def _apart(work: Work, spec: RegisterSpec, row: Mapping[str, Any], t: Transition) -> bool:
    """Return whether the actor has had a part in a record that keeps him from a transition, himself or through a deputy."""
    me = work.actor.person_id
    if any(me == v or (isinstance(v, tuple) and me in v) for v in (row.get(f) for f in (*t.not_by, *spec.excluded))):
        return True
    return any(rows.signed_for(work, spec, row["id"]).get(f) == me for f in t.not_by if row.get(f) is not None)


def _sees(work: Work, spec: RegisterSpec, row: Mapping[str, Any], absent: Actor) -> bool:
    """Return whether somebody who is absent would see a record himself: whoever it keeps out signs through nobody."""
    table, himself = work.tables[spec.code], replace(absent, lent=None)
    seen = select(table.c.id).where(table.c.id == row["id"], scope.visible(work.acting(himself), spec.code))
    return work.connection.execute(seen).scalar() is not None


def _is(work: Work, spec: RegisterSpec, row: Mapping[str, Any], who: Any) -> bool:
    who = who.within(spec.codes)
    if who.role:
        return who.role in work.actor.roles or (who.role == rights.EVERYONE and work.actor.lent is None)
    return work.actor.named and work.actor.person_id in people.party(work, who, spec, row)


def apply(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    t: Transition,
    values: Mapping[str, Any],
    reason: str = "",
    on_behalf: int | None = None,
) -> dict[str, Any]:
    """Make a transition, in whose place where that is given, and return the row as it is now; permission has been asked before.

    Raises Invalid with every field that is missing or wrong.
    """
    offered = {*t.needs, *t.asks}
    if strange := [f for f in values if f not in offered]:
        raise Invalid([CellError(f, say("“{move}”时不能填写此项", move=t.label.zh)) for f in strange])
    changes: dict[str, Any] = {k: v for k, v in values.items() if v != row.get(k)}
    changes |= {f: _set(work, spec, f, v) for f, v in t.sets.items()}
    if t.sign:
        changes |= {t.sign: work.actor.person_id, f"{t.sign}_at": work.now}
    changes |= {"state": t.target, "state_at": work.now}
    new = {**row, **changes}
    _check(work, spec, t, new, reason, changes)
    if t.sign:
        rows.sign(work, spec, row["id"], t.sign, t.code, on_behalf)
    return rows.change(work, spec, row, changes, transition=t.code, reason=reason or None, on_behalf=on_behalf)


def find(spec: RegisterSpec, code: str) -> Transition:
    """Return a transition by its code.

    Raises Refused.
    """
    found = spec.workflow.transition(code) if spec.workflow else None
    if found is None:
        raise Refused(say("“{register}”没有名为“{move}”的流转", register=spec.label.zh, move=code))
    return found


def locked(spec: RegisterSpec, row: Mapping[str, Any]) -> bool:
    """Return whether a row's state lets nobody edit its fields."""
    state = spec.workflow.state(row["state"]) if spec.workflow and row["state"] else None
    return state is not None and state.locked


def demand(work: Work, spec: RegisterSpec, row: Mapping[str, Any], t: Transition) -> Actor:
    """Return as whom the actor makes the transition. Raises Forbidden with the reason where he may not now."""
    found = capacity(work, spec, with_references(work, spec, [row], [t.when])[0], t)
    if isinstance(found, Sentence):
        raise Forbidden(found)
    return found


def _check(
    work: Work, spec: RegisterSpec, t: Transition, new: Mapping[str, Any], reason: str, changes: Mapping[str, Any]
) -> None:
    needed = [*t.needs, *(f.code for f in spec.fields if f.required_from == t.target)]
    errors = [
        CellError(code, say("“{move}”前必须填写{field}", move=t.label.zh, field=f.label.zh), label=f.label.zh)
        for code in dict.fromkeys(needed)
        if (f := spec.column(code)) is not None and new.get(code) in (None, "", ())
    ]
    if t.reason and not reason.strip() and not work.actor.is_system:
        errors.append(CellError("reason", say("请写明理由"), label="理由"))
    wrong = check_rows(work, spec, [new], [new["id"]], changed=changes.keys())
    errors += [e for e in wrong if e.field not in {x.field for x in errors}]
    if errors:
        raise Invalid(errors)


def _set(work: Work, spec: RegisterSpec, code: str, value: Any) -> Any:
    field = spec.column(code)
    if value == "now":
        return work.today if isinstance(field, Date) else work.now
    if value == "actor" and isinstance(field, Person):
        return work.actor.person_id
    if isinstance(value, str) and field is not None and not isinstance(field, Moment):
        return field.parse(value)
    return value


def _fields(spec: RegisterSpec, codes: tuple[str, ...]) -> tuple[Field, ...]:
    return tuple(f for c in codes if (f := spec.column(c)) is not None)
