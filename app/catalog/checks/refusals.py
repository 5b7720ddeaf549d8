"""Refusals: each refuses something for some reason, cites its article, and asks for records that there are."""

from __future__ import annotations

from app.catalog.blank_words import in_words
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.subject import Subject
from app.catalog.marked import Loc
from app.catalog.misfits import choose
from app.catalog.refusal import Standing
from app.errors import say


def check_refusals(s: Subject) -> None:
    """Note what is wrong with the refusals of a register."""
    for i, refusal in enumerate(s.spec.refuse):
        loc: Loc = ("refuse", i)
        s.cited(loc, refusal, say("拒绝办理"))
        for j, code in enumerate(refusal.transition):
            s.transition((*loc, "transition", j), code)
        if not refusal.add and not refusal.transition:
            s.wrong("D813", loc, in_words("Refusal", say("没有写拒绝什么：“{add}”或“{transition}”")))
        if refusal.standing is None and refusal.when is None:
            s.wrong(
                "D813",
                loc,
                in_words("Refusal", say("没有写何时拒绝：“{when}”、“{while}”或“{unless}”")),
            )
        if refusal.when is not None:
            check_condition(s, (*loc, "when"), refusal.when)
        if refusal.standing is not None:
            _standing(s, (*loc, "while" if refusal.while_ is not None else "unless"), refusal.standing)


def _standing(s: Subject, loc: Loc, standing: Standing) -> None:
    other = s.register((*loc, "register"), standing.register_code)
    for theirs, ours in standing.match.items():
        if ours != "id":
            s.field((*loc, "match", theirs), ours)
        if other is not None and theirs != "id" and not other.tickets_of:
            s.field((*loc, "match", theirs), theirs, of=other)
    if other is None:
        return
    if standing.where is not None:
        check_condition(s, (*loc, "where"), standing.where, other, hop=False)
    duties = [d.code for d in other.duties]
    if standing.overdue and standing.overdue not in duties:
        hint = choose(standing.overdue, duties)
        lacking = say(
            "《{register}》没有时限责任“{code}”，{hint}", register=other.label.zh, code=standing.overdue, hint=hint
        )
        s.wrong("D813", (*loc, "overdue"), lacking)
    if standing.overdue_by is not None and not standing.overdue:
        s.wrong(
            "D813",
            (*loc, "overdue_by"),
            in_words("Standing", say("“{overdue_by}”只与“{overdue}”一起写")),
        )
