"""Workflows: every state can be reached and left, and somebody may make each transition."""

from __future__ import annotations

from app.catalog.blank_words import aside, called_so, in_words
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.fields import why_not
from app.catalog.checks.subject import PEOPLE, SIGNATURE, Subject
from app.catalog.marked import Loc
from app.catalog.register import Transition, Workflow
from app.errors import say
from app.fields.links import Signature

_FINAL_TONES = ("success", "danger")


def check_workflow(s: Subject) -> None:
    """Note what is wrong with the workflow of a register."""
    if (flow := s.spec.workflow) is None:
        return
    for i, t in enumerate(flow.transitions):
        _transition(s, ("workflow", "transitions", i), t)
    if not s.spec.tickets_of:  # the ledger itself moves tickets between states
        _reach(s, flow)


def _transition(s: Subject, loc: Loc, t: Transition) -> None:
    s.states((*loc, "from"), t.source)
    s.state((*loc, "to"), t.target)
    s.parties((*loc, "by"), t.by, everyone=True)
    s.parties((*loc, "tell"), t.tell)
    for key, codes in (("needs", t.needs), ("asks", t.asks)):
        for i, code in enumerate(codes):
            s.field((*loc, key, i), code)
    for i, code in enumerate(t.not_by):
        s.field((*loc, "not_by", i), code, PEOPLE)
    if t.sign:
        s.field((*loc, "sign"), t.sign, SIGNATURE)
    if t.when is not None:
        check_condition(s, (*loc, "when"), t.when)
    if t.auto and t.when is None:
        s.wrong("D604", (*loc, "auto"), say("自动流转“{label}”缺少条件{when}", label=t.label.zh, when=aside("when")))
    if not t.auto and not t.by:
        s.wrong("D604", loc, say("没有写谁可以执行“{label}”{by}", label=t.label.zh, by=aside("by")))
    if t.auto and t.optional:
        s.wrong(
            "D607",
            (*loc, "optional"),
            in_words("Transition", say("自动流转“{label}”不等谁办理，不必写“{optional}”", label=t.label.zh)),
        )
    for code, value in t.sets.items():
        found = s.field((*loc, "sets", code), code)
        if found is None or value is None:
            continue
        if isinstance(found, Signature):
            s.wrong("D605", (*loc, "sets", code), in_words("Transition", say("签字只能由“{sign}”签署，不能写入")))
        elif reason := why_not(s, found, value):
            s.wrong("D605", (*loc, "sets", code), say("不能这样写入：{reason}", reason=reason))


def _reach(s: Subject, flow: Workflow) -> None:
    """Note states that no way leads to, and those that none leads out of though they do not look final."""
    reached, ahead = set[str](), [flow.initial]
    while ahead:
        here = ahead.pop()
        reached.add(here)
        ahead += [t.target for t in flow.transitions if here in t.source and t.target not in reached]
    left = {code for t in flow.transitions for code in t.source if code != t.target}
    for i, state in enumerate(flow.states):
        loc: Loc = ("workflow", "states", i)
        if state.code not in reached:
            s.wrong("D602", loc, say("没有流转能到达状态“{label}”", label=state.label.zh))
        elif state.code not in left and len(flow.states) > 1 and not (state.locked or state.tone in _FINAL_TONES):
            stuck = say(
                "状态“{label}”没有出路；若是终点请设为“{locked}”",
                label=state.label.zh,
                locked=called_so("locked: true", say("锁定")),
            )
            s.wrong("D603", loc, stuck, "warning")
