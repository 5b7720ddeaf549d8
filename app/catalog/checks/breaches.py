"""Breaches and counters: something brings them about, somebody is charged, and one amount holds on a day."""

from __future__ import annotations

from app.catalog.blank_words import aside, in_words
from app.catalog.breach import Breach, Counter
from app.catalog.checks.amounts import check_amounts, of_tickets
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.subject import LINK, PERSON, REFERENCE, TEXT, TIME, WHOLE, Fit, Subject
from app.catalog.marked import Loc
from app.catalog.misfits import choose
from app.errors import say
from app.fields.links import Link, Reference


def check_breaches(s: Subject) -> None:
    """Note what is wrong with the breaches of a register."""
    missed = {d.breach for d in s.spec.duties}
    for i, breach in enumerate(s.spec.breaches):
        loc: Loc = ("breaches", i)
        _cause(s, loc, breach, breach.code in missed)
        if breach.charged_to is not None:
            s.party((*loc, "charged_to"), breach.charged_to)
        s.parties((*loc, "tell"), breach.tell)
        s.roles((*loc, "reported_by"), breach.reported_by)
        if breach.confirmed_by:
            s.role((*loc, "confirmed_by"), breach.confirmed_by)
        if breach.appeal is not None:
            s.cited((*loc, "appeal"), breach.appeal, say("申诉"))
            s.role((*loc, "appeal", "decided_by"), breach.appeal.decided_by)
        if breach.when is not None:
            check_condition(s, (*loc, "when"), breach.when)
        if breach.quantity:
            s.field((*loc, "quantity"), breach.quantity, WHOLE)
        if breach.counter and not _counter_known(s, breach.counter):
            hint = choose(breach.counter, s.catalog.counters)
            s.wrong("D801", (*loc, "counter"), say("没有计次“{code}”，{hint}", code=breach.counter, hint=hint))
        codes = [b.code for b in s.spec.breaches if b.lines is not None and b.code != breach.code]
        if breach.joins and (breach.joins not in codes or breach.lines is None):
            hint = choose(breach.joins, codes)
            s.wrong(
                "D704",
                (*loc, "joins"),
                say("本登记簿没有可并入的违规“{code}”（两者都须有清单），{hint}", code=breach.joins, hint=hint),
            )
        timely = [d for d in s.spec.duties if d.breach == breach.code]
        late = bool(timely) and all(d.repeat is None for d in timely)
        check_amounts(s, (*loc, "amount"), breach.amount, late=late, counted=bool(breach.counter))
        if breach.payer:
            s.field((*loc, "payer"), breach.payer, LINK)
            if breach.charged_to is not None:
                s.wrong(
                    "D807",
                    (*loc, "payer"),
                    in_words("Breach", say("“{charged_to}”与“{payer}”只能写一个：由人员承担，或由单位、客户承担")),
                )
        _lines(s, (*loc, "lines"), breach)
        _correction(s, (*loc, "correct"), breach)


def _cause(s: Subject, loc: Loc, breach: Breach, missed: bool) -> None:
    trigger = breach.trigger
    if not missed and trigger is None and not breach.reported_by:
        idle = in_words(
            "Breach",
            say(
                "没有任何事情会产生违规“{label}”：既无时限责任，也无“{trigger}”、“{reported_by}”", label=breach.label.zh
            ),
        )
        s.wrong("D802", loc, idle)
    if trigger is None:
        return
    if not (trigger.transition or trigger.breach or trigger.created):
        s.wrong(
            "D806",
            (*loc, "trigger"),
            in_words("Trigger", say("“{trigger}”必须写“{transition}”、“{breach}”或“{created}”")),
        )
    for i, code in enumerate(trigger.transition):
        s.transition((*loc, "trigger", "transition", i), code)
    codes = [b.code for b in s.spec.breaches]
    if trigger.breach and trigger.breach not in codes:
        hint = choose(trigger.breach, codes)
        s.wrong(
            "D704", (*loc, "trigger", "breach"), say("本登记簿没有违规“{code}”，{hint}", code=trigger.breach, hint=hint)
        )
    if (trigger.transition or trigger.created) and breach.charged_to is None and not breach.payer:
        s.wrong(
            "D807",
            loc,
            say("没有写违规“{label}”由谁承担{charged_to}", label=breach.label.zh, charged_to=aside("charged_to")),
        )


def _lines(s: Subject, loc: Loc, breach: Breach) -> None:
    if (lines := breach.lines) is None:
        return
    checklist = s.register((*loc, "register"), lines.register_code)
    if checklist is not None:
        s.points_at((*loc, "through"), lines.through, checklist, s.spec.code)
        if lines.corrected:
            s.field((*loc, "corrected"), lines.corrected, TIME, checklist)
    for i, kind in enumerate(lines.kinds):
        if checklist is not None:
            check_condition(s, (*loc, "kinds", i, "when"), kind.when, checklist)
        check_amounts(s, (*loc, "kinds", i, "amount"), kind.amount, checklist, counted=bool(breach.counter))


_NEEDED: dict[str, Fit] = {"ticket": REFERENCE, "person": PERSON, "content": TEXT}


def _correction(s: Subject, loc: Loc, breach: Breach) -> None:
    if (correct := breach.correct) is None:
        return
    s.cited(loc, correct, say("整改"))
    orders = s.register((*loc, "register"), correct.register_code)
    if orders is None:
        return
    for code, fit in _NEEDED.items():
        found = orders.field(code)
        if not isinstance(found, fit.kinds):
            lacking = say(
                "《{register}》需要字段“{code}”（{wanted}）", register=orders.label.zh, code=code, wanted=fit.name
            )
            s.wrong("D804", (*loc, "register"), lacking)
        elif isinstance(found, Reference):
            of_tickets(s, (*loc, "register"), found)
    if correct.closed_by:
        s.transition((*loc, "closed_by"), correct.closed_by, orders)


def _counter_known(s: Subject, code: str) -> bool:
    """Return whether a counter is defined; in doubt, where a register could not be read, it is."""
    return code in s.catalog.counters or any(group == "registers" for group, _ in s.broken)


def check_counters(s: Subject) -> None:
    """Note what is wrong with the counters of a register, and with those whose tickets it shows."""
    for i, counter in enumerate(s.spec.counters):
        _counter(s, ("counters", i), counter)
    for i, code in enumerate(s.spec.tickets_of):
        if not _counter_known(s, code):
            hint = choose(code, s.catalog.counters)
            s.wrong("D801", ("tickets_of", i), say("没有计次“{code}”，{hint}", code=code, hint=hint))


def _counter(s: Subject, loc: Loc, counter: Counter) -> None:
    owners = [r for r in s.catalog.registers.values() if any(c.code == counter.code for c in r.counters)]
    if owners[0].code != s.spec.code:
        twice = say("计次“{code}”已在《{register}》定义", code=counter.code, register=owners[0].label.zh)
        s.wrong("D401", (*loc, "code"), twice)
    for i, multiplier in enumerate(counter.multiply):
        s.cited((*loc, "multiply", i), multiplier, say("加倍"))
        if multiplier.role:
            s.role((*loc, "multiply", i, "role"), multiplier.role)
    for i, offer in enumerate(counter.offers):
        at: Loc = (*loc, "offers", i)
        s.cited(at, offer, say("另行处理"))
        if offer.role:
            s.role((*at, "role"), offer.role)
        s.role((*at, "decided_by"), offer.decided_by)
        if (share := offer.share_of_pay).min > share.max:
            s.wrong("D424", (*at, "share_of_pay"), say("下限 {min} 大于上限 {max}", min=share.min, max=share.max))
    if counter.at_most is not None:
        s.cited((*loc, "at_most"), counter.at_most, say("限额"))
    if any(group == "registers" for group, _ in s.broken):
        return
    counted = [(r, b) for r in s.catalog.registers.values() for b in r.breaches if b.counter == counter.code]
    clauses = {b.clause for _, b in counted}
    for key, named in (("order", counter.order), ("clauses", counter.clauses)):
        for i, clause in enumerate(named):
            if clause not in clauses:
                s.wrong("D808", (*loc, key, i), say("计次里没有违规属于“{clause}”", clause=clause))
    if not counted and not counter.order and not counter.clauses:
        s.wrong("D812", loc, say("没有任何违规计入“{counter}”", counter=counter.label.zh), "warning")
    for r, b in counted if counter.per not in ("person", "unit", "record") else ():
        if not isinstance(r.column(counter.per), Link):
            lacking = say(
                "按“{per}”计次，但《{register}》没有这个引用字段（违规“{breach}”）",
                per=counter.per, register=r.label.zh, breach=b.label.zh,
            )  # fmt: skip
            s.wrong("D815", (*loc, "per"), lacking)
