"""Figures of indicators as people read them: values with their unit, grades, subjects by name, their course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from flask_babel import gettext

from app.catalog.indicator import Indicator
from app.rules.indicator import grade, rounded
from app.services import indicators
from app.services.indicators import Entry, Figure
from app.services.measuring import WHOLE
from app.services.panel import Work
from app.web import charts
from app.web.language import label


def reading_of(indicator: Indicator, exact: Fraction | None) -> str:
    """Return a value with its unit, or that there is none."""
    if exact is None:
        return gettext("无数据")
    number = f"{rounded(exact, indicator.places):,f}"
    match indicator.unit:
        case "percent":
            return f"{number}%"
        case "yuan":
            return gettext("%(n)s 元", n=number)
        case "days":
            return gettext("%(n)s 天", n=number)
        case "points":
            return gettext("%(n)s 分", n=number)
    return number


def target(indicator: Indicator) -> str:
    """Return what the value should be; empty where nothing is set."""
    goal = indicator.goal
    if goal is None:
        return ""
    ends = [(sign, end) for sign, end in (("≥", goal.ge), ("≤", goal.le)) if end is not None]
    plain = indicator.model_copy(update={"places": 0})  # a target is said as it is written
    return gettext("、").join(
        f"{sign} {reading_of(plain if end == end.to_integral_value() else indicator, Fraction(end))}"
        for sign, end in ends
    )


def shown(indicator: Indicator, figure: Figure | None) -> dict[str, Any]:
    """Return one figure: value, grade with its tone, and what was counted."""
    exact = figure.exact(indicator) if figure is not None else None
    band = grade(indicator, exact)
    counted = figure is not None and figure.numerator is not None and not indicator.parts
    return {
        "exact": exact, "value": reading_of(indicator, exact), "grade": label(band.label) if band else "",
        "tone": band.tone if band else "plain",
        "numerator": f"{figure.numerator.normalize():,f}" if counted and figure and figure.numerator is not None else "",
        "denominator": f"{figure.denominator.normalize():,f}" if counted and figure and figure.denominator is not None else "",
    }  # fmt: skip


def subjects(work: Work, indicator: Indicator, keys: Iterable[str]) -> dict[str, str]:
    """Return the names of what figures are split by, and of everything together."""
    return {WHOLE: gettext("全部")} | {
        s: label(name) for s, name in indicators.subject_names(work, indicator, keys).items()
    }


def chart(entry: Entry) -> charts.Chart:
    """Return the course of an indicator as a chart, each bar with its period, value and grade in words."""
    i = entry.indicator
    points = []
    for period, figure in entry.course:
        read = shown(i, figure)
        points.append(
            (read["exact"], read["tone"], " ".join(t for t in (period.key, read["value"], read["grade"]) if t))
        )
    goal = i.goal
    end = None if goal is None else goal.le if goal.ge is None else goal.ge
    return charts.bars(points, None if end is None else Fraction(end))


def line(entry: Entry, names: Mapping[str, str], root: str) -> dict[str, Any]:
    """Return one indicator as a line of the page of indicators."""
    i = entry.indicator
    figure = entry.figures[entry.subject]
    return shown(i, figure) | {
        "label": label(i.label), "period": entry.period.key, "cite": [str(c) for c in i.cite], "target": target(i),
        "subject": "" if entry.subject == WHOLE else names.get(entry.subject, ""), "kept": entry.kept_at is not None,
        "corrected": figure.version > 1, "chart": chart(entry), "url": f"{root}/{i.code}?month={entry.period.first:%Y-%m}",
    }  # fmt: skip
