"""Duties: who owes them, what starts and fulfils them, and which limit holds on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.catalog.base import Dated, Party
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.subject import START, TIME, Subject
from app.catalog.condition import Condition
from app.catalog.duty import Duty, Limit
from app.catalog.marked import Loc
from app.catalog.misfits import choose
from app.errors import say
from app.fields.base import Field


def check_duties(s: Subject) -> None:
    """Note what is wrong with the duties of a register."""
    breaches = [b.code for b in s.spec.breaches]
    for i, duty in enumerate(s.spec.duties):
        loc: Loc = ("duties", i)
        s.party((*loc, "owed_by"), duty.owed_by)
        _named(s, loc, duty.owed_by)
        if duty.when is not None:
            check_condition(s, (*loc, "when"), duty.when)
        _start(s, (*loc, "starts"), duty)
        _done(s, (*loc, "done"), duty)
        _limits(s, (*loc, "within"), duty)
        for j, reminder in enumerate(duty.remind):
            s.parties((*loc, "remind", j, "tell"), reminder.tell)
        for j, step in enumerate(duty.escalate):
            s.parties((*loc, "escalate", j, "tell"), step.tell)
        if duty.breach and duty.breach not in breaches:
            hint = choose(duty.breach, breaches)
            s.wrong("D704", (*loc, "breach"), say("本登记簿没有违规“{code}”，{hint}", code=duty.breach, hint=hint))


def _named(s: Subject, loc: Loc, party: Party) -> None:
    """Warn of a duty whose person may stay unnamed, so that nobody owes it."""
    owner = s.spec.field(party.word or party.field or party.superior_of)
    if owner is not None and not _filled(s, owner):
        unnamed = say("“{field}”可以不填，这项责任可能没有人承担", field=owner.label.zh)
        s.wrong("D703", (*loc, "owed_by"), unnamed, "warning")


def _filled(s: Subject, f: Field) -> bool:
    """Return whether something sees to it that a field is filled at some time."""
    transitions = s.spec.workflow.transitions if s.spec.workflow else ()
    by_rule = f.required or f.required_when is not None or f.required_from != "" or f.default is not None
    return by_rule or any(f.code in (*t.needs, t.sign, *t.sets) for t in transitions)


def _start(s: Subject, loc: Loc, duty: Duty) -> None:
    start = duty.starts
    if bool(start.field) + bool(start.state) + start.created != 1:
        s.wrong("D705", loc, say("起算点必须且只能写 field、state、created 之一"))
    if start.field:
        s.field(loc if s.source.at((*loc, "field")) == s.source.at(loc) else (*loc, "field"), start.field, START)
    s.states((*loc, "state"), start.state)


def _done(s: Subject, loc: Loc, duty: Duty) -> None:
    done = duty.done
    where = s.spec
    if done.register_code:
        elsewhere = s.register((*loc, "register"), done.register_code)
        if elsewhere is None:
            return
        s.points_at((*loc, "through"), done.through, elsewhere, s.spec.code)
        where = elsewhere
    if done.where is not None:
        check_condition(s, (*loc, "where"), done.where, where)
    if done.field:
        s.field((*loc, "field"), done.field, of=where)
    s.states((*loc, "state"), done.state, where)


def _limits(s: Subject, loc: Loc, duty: Duty) -> None:
    if not duty.within:
        s.wrong("D702", loc, say("“{label}”没有写时限", label=duty.label.zh))
    for i, limit in enumerate(duty.within):
        s.cited((*loc, i), limit, say("时限"))
        if limit.field:
            s.field((*loc, i, "field"), limit.field, TIME)
        if limit.when is not None:
            check_condition(s, (*loc, i, "when"), limit.when)
        _parts(s, (*loc, i), limit)
    for i, j in undecided(duty.within, [x.when for x in duty.within]):
        s.wrong("D701", (*loc, j), say("与第 {n} 条时限同日生效、适用相同的记录，无法决定用哪一条", n=i + 1))


def _parts(s: Subject, loc: Loc, limit: Limit) -> None:
    if limit.at and (limit.minutes is not None or limit.hours is not None or limit.field):
        s.wrong("D706", (*loc, "at"), say("at 只能与 days、working_days、months 一起写"))
    if limit.at not in ("", "close") and not ("00:00" <= limit.at <= "23:59" and limit.at[3:] <= "59"):
        s.wrong("D706", (*loc, "at"), say("钟表上没有 {at}", at=limit.at))
    if limit.on_rest_day == "stay" and limit.days is None and limit.months is None:
        s.wrong("D706", (*loc, "on_rest_day"), say("on_rest_day 只能与 days、months 一起写"))


def undecided(values: Sequence[Dated], conditions: Sequence[Condition | None]) -> list[tuple[int, int]]:
    """Return the pairs (i, j), i < j, of which j can never be chosen: i begins the same day and fits all that j fits.

    Values that cite different policies do not compete: a unit adopts the one or the other.
    """
    pairs = []
    for j, later in enumerate(values):
        for i, earlier in enumerate(values[:j]):
            same_day = (earlier.since or date.min) == (later.since or date.min)
            covers = conditions[i] is None or conditions[i] == conditions[j]
            compete = not earlier.cite or not later.cite or not earlier.policies.isdisjoint(later.policies)
            if same_day and covers and compete:
                pairs.append((i, j))
                break
    return pairs
