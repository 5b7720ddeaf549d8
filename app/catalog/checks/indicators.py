"""Indicators: their measures can be taken, their bands leave no hole, and none rests on itself."""

from __future__ import annotations

from itertools import pairwise

from app.catalog.blank_words import OPTIONS, aside, called, called_so, in_words
from app.catalog.checks.conditions import check_condition
from app.catalog.checks.subject import NUMBER, START, TIME, Subject
from app.catalog.indicator import Indicator, Measure
from app.catalog.marked import Loc
from app.catalog.misfits import choose
from app.catalog.register import RegisterSpec
from app.errors import say
from app.fields.links import Link, Person, Signature
from app.fields.texts import Choice

_OF_DUTIES = ("met", "owed")
_MOMENTS = ("started", "due")


def check_indicator(s: Subject, indicator: Indicator) -> None:
    """Note what is wrong with an indicator; ``s`` stands for no register of its own."""
    s.cited((), indicator, say("指标"))
    if not s.known("domains", indicator.domain):
        hint = choose(indicator.domain, s.catalog.domains)
        s.wrong("D404", ("domain",), say("没有领域“{code}”，{hint}", code=indicator.domain, hint=hint))
    for name in ("numerator", "denominator"):
        if (measure := getattr(indicator, name)) is not None:
            _measure(s, (name,), measure, indicator)
    if indicator.denominator is not None and indicator.numerator is not None and indicator.numerator.take == "average":
        s.wrong(
            "D821",
            ("numerator", "take"),
            in_words("Indicator", say("平均数自带分母，不能再写“{denominator}”")),
        )
    if indicator.ready is not None and (indicator.ready.hours is not None or indicator.ready.minutes is not None):
        s.wrong(
            "D821",
            ("ready",),
            in_words("Span", say("定数时间请写“{days}”、“{working_days}”或“{months}”")),
        )
    s.roles(("receives",), indicator.receives)
    _parts(s, indicator)
    _bands(s, indicator)


def _measure(s: Subject, loc: Loc, m: Measure, indicator: Indicator) -> None:
    spec = s.register((*loc, "register"), m.register_code)
    if (m.take in _OF_DUTIES) != bool(m.duties):
        s.wrong(
            "D821",
            (*loc, "take"),
            say(
                "计算责任的履行请同时写“{duties}”与“{met}”或“{owed}”",
                duties=called("Measure", "duties"),
                met=called_so("take: met", OPTIONS["met"]),
                owed=called_so("take: owed", OPTIONS["owed"]),
            ),
        )
    if (m.take in ("sum", "average", "distinct")) != bool(m.of):
        s.wrong("D821", (*loc, "take"), in_words("Measure", say("求和、平均或去重计数要写“{of}”，其他不写")))
    if spec is None:
        return
    duties = [d.code for d in spec.duties]
    for i, code in enumerate(m.duties):
        if code not in duties:
            hint = choose(code, duties)
            lacking = say("《{register}》没有时限责任“{code}”，{hint}", register=spec.label.zh, code=code, hint=hint)
            s.wrong("D824", (*loc, "duties", i), lacking)
    if m.duties:
        if m.by not in ("", *_MOMENTS):
            s.wrong(
                "D821",
                (*loc, "by"),
                say(
                    "责任按“{started}”或“{due}”归入期间",
                    started=called_so("started", say("责任开始")),
                    due=called_so("due", say("责任到期")),
                ),
            )
    elif not m.by:
        s.wrong("D821", loc, say("没有写按哪个日期归入期间{by}", by=aside("by")))
    else:
        s.field((*loc, "by"), m.by, START, spec)
    if m.until:
        s.field((*loc, "until"), m.until, TIME, spec)
    _taken(s, loc, m, spec)
    if m.where is not None:
        check_condition(s, (*loc, "where"), m.where, spec)
    for i, related in enumerate(m.having):
        if (other := s.register((*loc, "having", i, "register"), related.register_code)) is None:
            continue
        s.points_at((*loc, "having", i, "through"), related.through, other, spec.code)
        if related.where is not None:
            check_condition(s, (*loc, "having", i, "where"), related.where, other, hop=False)
    per = m.per or indicator.per
    if per and not (m.duties and per in ("unit", "person")):
        at: Loc = (*loc, "per") if m.per else ("per",)
        split = s.field(at, per, of=spec)
        if split is not None and (split.many or not isinstance(split, Link | Person | Signature | Choice)):
            s.wrong("D413", at, say("“{field}”不能用来分组：须是人员、部门、引用或单选", field=split.label.zh))


def _taken(s: Subject, loc: Loc, m: Measure, spec: RegisterSpec) -> None:
    """Note a field that cannot be added up, and options without a worth."""
    if not m.of:
        return
    found = s.field((*loc, "of"), m.of, None if m.take == "distinct" or m.scores else NUMBER, spec)
    if found is not None and found.many:
        s.wrong("D413", (*loc, "of"), say("“{field}”可有多个值，不能这样计算", field=found.label.zh))
    if not m.scores or found is None:
        return
    if not isinstance(found, Choice):
        s.wrong("D413", (*loc, "of"), say("“{field}”不是单选，不能给选项赋分", field=found.label.zh))
        return
    for option in m.scores:
        if found.option(option) is None:
            hint = choose(option, [o.code for o in found.choices])
            absent = say("“{field}”没有选项“{value}”，{hint}", field=found.label.zh, value=option, hint=hint)
            s.wrong("D502", (*loc, "scores", option), absent)


def _parts(s: Subject, indicator: Indicator) -> None:
    for i, part in enumerate(indicator.parts):
        at: Loc = ("parts", i, "indicator")
        other = s.catalog.indicators.get(part.indicator)
        if other is None:
            if not s.known("indicators", part.indicator):
                hint = choose(part.indicator, s.catalog.indicators)
                s.wrong("D823", at, say("没有指标“{code}”，{hint}", code=part.indicator, hint=hint))
        elif other.parts:
            s.wrong("D823", at, say("“{name}”本身由其他指标组成，不能再作组成部分", name=other.label.zh))
        elif other.period != indicator.period:
            s.wrong("D823", at, say("“{name}”的周期不同", name=other.label.zh))


def _bands(s: Subject, indicator: Indicator) -> None:
    """Note bands that do not follow on each other from no lower end to no upper end."""
    bands = indicator.bands
    if not bands:
        return
    if bands[0].ge is not None:
        s.wrong("D822", ("bands", 0, "ge"), say("第一档不写下限，更低的值才有着落"))
    if bands[-1].lt is not None:
        s.wrong("D822", ("bands", len(bands) - 1, "lt"), say("最后一档不写上限，更高的值才有着落"))
    for i, (a, b) in enumerate(pairwise(bands)):
        if a.lt is None or a.lt != b.ge or (a.ge is not None and a.ge >= a.lt):
            s.wrong(
                "D822",
                ("bands", i, "lt"),
                in_words("Grade", say("各档须由低到高首尾相接：上一档的“{lt}”等于下一档的“{ge}”")),
            )
