"""Reports: what they fill is there and fits, and what must be filled is filled."""

from __future__ import annotations

from app.catalog.blank_words import aside, in_words
from app.catalog.checks.fields import why_not
from app.catalog.checks.subject import DATE, NUMBER, TEXT, Subject
from app.catalog.marked import Loc
from app.catalog.misfits import choose
from app.catalog.report import Report, ReportFigure
from app.errors import say


def check_reports(s: Subject) -> None:
    """Note what is wrong with the reports of a register."""
    for i, report in enumerate(s.spec.reports):
        loc: Loc = ("reports", i)
        if not report.cite and not s.spec.cite:
            s.cited(loc, report, say("自动报表"))
        s.field((*loc, "from"), report.first, DATE)
        s.field((*loc, "to"), report.last, DATE)
        if report.name:
            s.field((*loc, "name"), report.name, TEXT)
        for code, figure in report.figures.items():
            _figure(s, (*loc, "figures", code), code, figure)
        for code, value in report.sets.items():
            found = s.field((*loc, "sets", code), code)
            if found is not None and (reason := why_not(s, found, value)):
                s.wrong("D831", (*loc, "sets", code), say("不能这样写入：{reason}", reason=reason))
        for j, party in enumerate(report.tell):
            s.party((*loc, "tell", j), party)
        _whole(s, loc, report)


def _figure(s: Subject, loc: Loc, code: str, figure: ReportFigure) -> None:
    s.field(loc, code, TEXT if figure.take == "each" else NUMBER)
    if not s.known("indicators", figure.indicator):
        hint = choose(figure.indicator, s.catalog.indicators)
        s.wrong("D831", (*loc, "indicator"), say("没有指标“{code}”，{hint}", code=figure.indicator, hint=hint))
    elif (found := s.catalog.indicators.get(figure.indicator)) is not None:
        split = bool(found.per) or any(m.per for m in found.measures)
        if figure.take == "each" and not split:
            s.wrong(
                "D831",
                (*loc, "take"),
                say("指标“{name}”没有分组{per}，不能逐项列出", name=found.label.zh, per=aside("per")),
            )
        if figure.take in ("numerator", "denominator") and found.parts:
            lacking = say("指标“{name}”由其他指标组成，没有分子和分母", name=found.label.zh)
            s.wrong("D831", (*loc, "take"), lacking)


def _whole(s: Subject, loc: Loc, report: Report) -> None:
    if s.spec.workflow is None or not s.spec.workflow.transitions:
        s.wrong(
            "D832",
            loc,
            say("有自动报表的登记簿须有流程{workflow}：报表先在首个状态，再由人核对、签字", workflow=aside("workflow")),
        )
    for i, field in enumerate(s.spec.fields):
        if field.required and field.default is None and field.code not in report.filled:
            lacking = in_words(
                "text",
                say(
                    "“{field}”必填，而报表“{report}”不填它：请写“{required_from}”",
                    field=field.label.zh,
                    report=report.label.zh,
                ),
            )
            s.wrong("D832", ("fields", i, "required"), lacking)
