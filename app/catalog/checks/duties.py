"""Duties: who owes them, what starts and fulfils them, and which limit holds on a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from app.catalog.base import Dated, Party
from app.catalog.blank_words import aside, in_words
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.subject import DATE, REFERENCE, START, TIME, WHOLE, Subject
from app.catalog.condition import Condition
from app.catalog.duty import PERIOD_FIELDS, Duty, Limit, Pause, Prolongation, Start, Term
from app.catalog.marked import Loc
from app.catalog.misfits import choose
from app.catalog.register import RegisterSpec
from app.errors import say
from app.fields.base import Field
from app.fields.links import Reference


def check_duties(s: Subject) -> None:
    """Note what is wrong with the duties of a register."""
    breaches = [b.code for b in s.spec.breaches]
    for i, duty in enumerate(s.spec.duties):
        loc: Loc = ("duties", i)
        s.party((*loc, "owed_by"), duty.owed_by)
        _named(s, loc, duty.owed_by)
        if duty.when is not None:
            check_condition(s, (*loc, "when"), duty.when)
        if duty.every is None:
            _start(s, (*loc, "starts"), duty)
        _recurring(s, loc, duty)
        _done(s, (*loc, "done"), duty)
        _limits(s, (*loc, "within"), duty)
        for j, pause in enumerate(duty.pause):
            _postponing(s, (*loc, "pause", j), duty, pause)
        if duty.extend is not None:
            elsewhere = _postponing(s, (*loc, "extend"), duty, duty.extend)
            if elsewhere is not None:
                s.field((*loc, "extend", "by"), duty.extend.by, WHOLE, elsewhere)
        for j, reminder in enumerate(duty.remind):
            s.parties((*loc, "remind", j, "tell"), reminder.tell)
        for j, step in enumerate(duty.escalate):
            s.parties((*loc, "escalate", j, "tell"), step.tell)
        if duty.breach and duty.breach not in breaches:
            hint = choose(duty.breach, breaches)
            s.wrong("D704", (*loc, "breach"), say("本登记簿没有违规“{code}”，{hint}", code=duty.breach, hint=hint))
        elif any(b.when is not None for b in s.spec.breaches if b.code == duty.breach):
            s.wrong(
                "D709",
                (*loc, "breach"),
                in_words(
                    "Breach", say("违规“{code}”由逾期产生，它的“{when}”不起作用；请写在时限责任上", code=duty.breach)
                ),
            )


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
        s.wrong(
            "D705",
            loc,
            in_words("Start", say("起算点必须且只能写“{field}”、“{state}”、“{created}”之一")),
        )
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
        if done.matches:
            s.single((*loc, "matches"), done.matches)
            s.single((*loc, "through"), done.through, of=elsewhere)
        elif not (s.spec.code == "unit" and done.through == "unit"):
            s.points_at((*loc, "through"), done.through, elsewhere, s.spec.code)
        where = elsewhere
    if done.where is not None:
        check_condition(s, (*loc, "where"), done.where, where)
    if done.field:
        s.field((*loc, "field"), done.field, of=where)
        if done.field == duty.starts.field and not done.register_code:
            at_once = say("完成的标志与起算点是同一个字段：刚开始就算办到了，请换一个字段")
            s.wrong("D710", (*loc, "field"), at_once, "warning")
    s.states((*loc, "state"), done.state, where)


def _recurring(s: Subject, loc: Loc, duty: Duty) -> None:
    """Note what does not fit together in a periodic duty, and what only such a one may say."""
    every, done = duty.every, duty.done
    counted = done.count > 1 or done.each or done.share is not None or done.dated
    if every is None:
        if counted or done.matches:
            s.wrong(
                "D707",
                (*loc, "done"),
                in_words(
                    "Done",
                    say(
                        "“{matches}”、“{dated}”、“{count}”、“{each}”、“{share}”只能写在周期责任{every}里",
                        every=aside("every"),
                    ),
                ),
            )
        return
    if duty.starts != Start():
        s.wrong("D705", (*loc, "starts"), in_words("Duty", say("“{starts}”与“{every}”只能写一个")))
    for key in ("since", "until"):
        if named := getattr(every, key):
            s.field((*loc, "every", key), named, DATE)
    elsewhere = s.catalog.registers.get(done.register_code)
    if not done.register_code:
        s.wrong(
            "D707",
            (*loc, "done"),
            in_words("Done", say("周期责任由别处的记录完成，须写明“{register}”与“{through}”")),
        )
    if elsewhere is None:
        return
    if done.dated:
        s.field((*loc, "done", "dated"), done.dated, TIME, elsewhere)
    if done.each:
        s.single((*loc, "done", "each"), done.each, of=elsewhere)
    if done.share is not None and (of := s.register((*loc, "done", "share", "of"), done.share.of)) is not None:
        s.single((*loc, "done", "share", "through"), done.share.through, of=of)
        if done.share.where is not None:
            check_condition(s, (*loc, "done", "share", "where"), done.share.where, of)


def _postponing(s: Subject, loc: Loc, duty: Duty, by: Pause | Prolongation) -> RegisterSpec | None:
    """Note what is wrong with what postpones a limit, and return the register whose records do."""
    s.cited(loc, by, say("暂停计时") if isinstance(by, Pause) else say("延期"))
    if duty.every is not None:
        s.wrong("D708", loc, say("周期责任不能暂停计时，也不能延期"))
    if not by.state:
        s.wrong("D708", loc, say("须写明在哪些状态下{state}", state=aside("state")))
    if not by.register_code:
        if isinstance(by, Prolongation):
            s.wrong("D708", loc, say("须写明批准延期的登记簿{register}", register=aside("register 与 through")))
        else:
            s.states((*loc, "state"), by.state)
        return None
    elsewhere = s.register((*loc, "register"), by.register_code)
    if elsewhere is not None:
        s.points_at((*loc, "through"), by.through, elsewhere, s.spec.code)
        s.states((*loc, "state"), by.state, elsewhere)
    return elsewhere


def check_retention(s: Subject) -> None:
    """Note what is wrong with how long the records of a register are kept."""
    rule = s.spec.retention
    if rule is None:
        return
    _terms(s, ("retention", "keep"), rule.keep)
    if rule.starts:
        s.field(("retention", "starts"), rule.starts, START)
    elif not all(limit.field for limit in rule.keep):
        s.wrong("D705", ("retention",), in_words("Retention", say("须写明“{starts}”：从哪个日期字段起算保管期")))
    if (by := rule.destroyed_by) is not None:
        loc: Loc = ("retention", "destroyed_by")
        if (elsewhere := s.register((*loc, "register"), by.register_code)) is not None:
            s.points_at((*loc, "through"), by.through, elsewhere, s.spec.code, several=True)
            s.states((*loc, "state"), by.state, elsewhere)


def _limits(s: Subject, loc: Loc, duty: Duty) -> None:
    if not duty.within:
        s.wrong("D702", loc, say("“{label}”没有写时限", label=duty.label.zh))
    _terms(s, loc, duty.within, () if duty.every is None else PERIOD_FIELDS)


def _terms(s: Subject, loc: Loc, limits: Sequence[Limit], also: Sequence[str] = ()) -> None:
    """Note what is wrong with limits of which one is chosen; ``also`` they may name beside fields."""
    for i, limit in enumerate(limits):
        s.cited((*loc, i), limit, say("时限"))
        for key in ("not_before", "not_after"):
            for j, bound in enumerate(getattr(limit, key)):
                _parts(s, (*loc, i, key, j), bound, also)
                if bound.starts:
                    s.field((*loc, i, key, j, "starts"), bound.starts, START)
        if limit.when is not None:
            check_condition(s, (*loc, i, "when"), limit.when)
        _parts(s, (*loc, i), limit, also)
    for i, j in undecided(limits, [_fits(x) for x in limits]):
        s.wrong("D701", (*loc, j), say("与第 {n} 条时限同日生效、适用相同的记录，无法决定用哪一条", n=i + 1))


def _parts(s: Subject, loc: Loc, term: Term, also: Sequence[str]) -> None:
    """Note what of a term does not fit together, and the fields that it cannot be counted by."""
    for key in ("field", "before"):
        if (named := getattr(term, key)) and named not in also:
            s.field((*loc, key), named, TIME)
    if term.times:
        head, dot, rest = term.times.partition(".")
        link = s.field((*loc, "times"), head, REFERENCE if dot else WHOLE)
        if isinstance(link, Reference) and (of := s.catalog.registers.get(link.target)) is not None:
            s.field((*loc, "times"), rest, WHOLE, of)
    whole = term.days is not None or term.working_days is not None or term.months is not None
    if term.at and not whole:
        s.wrong(
            "D706",
            (*loc, "at"),
            in_words("Limit", say("“{at}”只能与“{days}”、“{working_days}”、“{months}”一起写")),
        )
    if term.at not in ("", "close") and not ("00:00" <= term.at <= "23:59" and term.at[3:] <= "59"):
        s.wrong("D706", (*loc, "at"), say("钟表上没有 {at}", at=term.at))
    if term.on_rest_day == "stay" and term.days is None and term.months is None:
        s.wrong(
            "D706",
            (*loc, "on_rest_day"),
            in_words("Limit", say("“{on_rest_day}”只能与“{days}”、“{months}”一起写")),
        )
    if ((term.day or term.working_day) and term.months is None) or (term.day and term.working_day):
        s.wrong(
            "D706",
            loc,
            in_words("Limit", say("“{day}”与“{working_day}”只能写一个，并且与“{months}”一起写")),
        )
    if (term.field and (term.times or term.before)) or (term.before and term.half_working_days is not None):
        s.wrong(
            "D706",
            loc,
            in_words(
                "Limit", say("“{field}”自身就是期限，不与“{times}”、“{before}”一起写；“{half_working_days}”不能倒数")
            ),
        )


def _fits(limit: Limit) -> Condition | None:
    """Return when a limit fits a record: one that names a field, where that is filled."""
    named = tuple(Condition(field=f, filled=True) for f in Term.fields(limit))
    return Condition(all=(*named, *([limit.when] if limit.when else []))) if named else limit.when


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
