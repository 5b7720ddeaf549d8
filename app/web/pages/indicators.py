"""Indicators: the figures of a month, one indicator with its parts and its course, and the records behind each number."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from app.errors import Missing, say
from app.exchange.cells import guarded
from app.services import indicators, lookup, measuring, people
from app.services.indicators import Entry
from app.services.measuring import WHOLE
from app.services.panel import Work
from app.web import figures
from app.web.actor import reading, writing
from app.web.cells import record_url
from app.web.language import label, language_comma
from app.web.pages.exports import file_answer
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action

pages = Blueprint("indicators", __name__)

YEARS = range(1990, 2200)
"""Years that figures are asked for."""
LISTED = 200
"""Records behind a number that are listed at most."""


@pages.get("/indicators")
@signed_in
def overview() -> str:
    """Show the figures of a month that concern this person."""
    work = reading()
    month = _month(work)
    root = f"{request.script_root}/indicators"
    groups: dict[str, list[dict[str, Any]]] = {}
    for entry in indicators.board(work, month):
        names = figures.subjects(work, entry.indicator, [entry.subject])
        groups.setdefault(entry.indicator.domain, []).append(figures.line(entry, names, root))
    domains = work.catalog.domains
    shown = [{"label": label(domains[d].label) if d in domains else d, "lines": lines} for d, lines in groups.items()]
    export = Action(gettext("导出 CSV"), f"{root}.csv?month={month:%Y-%m}", "get", "download")
    return render_template(
        "indicators.html", groups=shown, month=_months(month, root), actions=[export] if shown else []
    )


@pages.get("/indicators.csv")
@signed_in
def table() -> Response:
    """Send every figure of a month that this person may see."""
    work = reading()
    month = _month(work)
    heads = [gettext(h) for h in ("指标", "期间", "对象", "分子", "分母", "数值", "目标值", "评定", "依据", "定数时间")]
    rows = [heads]
    for entry in indicators.board(work, month):
        for row in _rows(work, entry):
            i = entry.indicator
            kept = f"{entry.kept_at.astimezone(work.panel.zone):%Y-%m-%d %H:%M}" if entry.kept_at else ""
            rows.append(
                [
                    label(i.label), entry.period.key, row["name"], row["numerator"], row["denominator"], row["value"],
                    figures.target(i), row["grade"], language_comma().join(map(str, i.cite)), kept,
                ]
            )  # fmt: skip
    written = io.StringIO("\ufeff", newline="")
    written.seek(1)
    csv.writer(written).writerows([guarded(cell) for cell in row] for row in rows)
    return file_answer(iter([written.getvalue().encode()]), f"indicators-{month:%Y-%m}.csv")


@pages.get("/indicators/<code>")
@signed_in
def show(code: str) -> str:
    """Show one indicator of a month: the whole, its parts, its course and its versions. Raises Missing."""
    work = reading()
    month = _month(work)
    entry = indicators.entry(work, code, month)
    i, root = entry.indicator, f"{request.script_root}/indicators/{code}"
    rows = _rows(work, entry)
    for row in rows:
        at = f"{root}/records?month={month:%Y-%m}&subject={row['subject']}&part="
        row |= {f"{part}_url": at + part for part in ("numerator", "denominator") if getattr(i, part) is not None}
    actions = []
    if entry.kept_at and indicators.corrects(work, i) and (n := len(indicators.changes(work, i, entry.period))):
        told = gettext("定数后有记录变动，%(n)s 个数字会不同。更正另存一版，原数保留。", n=n)
        url = f"{root}/correct?month={month:%Y-%m}"
        actions.append(Action(gettext("更正"), url, "post", "refresh", "active", told, reason=True))
    made = f"{entry.kept_at.astimezone(work.panel.zone):%Y-%m-%d %H:%M}" if entry.kept_at else ""
    return render_template(
        "indicator.html", title=label(i.label), help=label(i.help) if i.help else "", cites=[str(c) for c in i.cite],
        period=entry.period.key, target=figures.target(i), rows=rows, chart=figures.chart(entry), kept=made, actions=actions,
        course=[figures.shown(i, f) | {"period": p.key} for p, f in entry.course], versions=_versions(work, entry),
        month=_months(month, root), split=bool(i.per), divided=i.denominator is not None,
    )  # fmt: skip


@pages.get("/indicators/<code>/records")
@signed_in
def behind(code: str) -> str:
    """List the records behind a number, as far as this person may read them. Raises Missing."""
    work = reading()
    month = _month(work)
    entry = indicators.entry(work, code, month)
    i, subject = entry.indicator, request.args.get("subject", WHOLE)
    part = request.args.get("part", "")
    m = {"numerator": i.numerator, "denominator": i.denominator}.get(part)
    if m is None or subject not in entry.figures:
        raise Missing(say("没有名为 {code} 的指标", code=code))
    total, ids = measuring.members(work, i, m, entry.period, subject, LISTED)
    named = lookup.titles(work, m.register_code, ids)
    spec = work.spec(m.register_code)
    root = request.script_root
    names = figures.subjects(work, i, [subject])
    return render_template(
        "indicator_records.html", title=label(i.label), part=gettext("分子") if part == "numerator" else gettext("分母"),
        period=entry.period.key, subject=names.get(subject, ""), register=label(spec.label), total=total,
        records=[
            {"title": named.get(n, f"#{n}"), "url": f"{root}/fines/{n}" if spec.tickets_of else record_url(spec.code, n)} for n in ids
        ],
        back_url=f"{root}/indicators/{code}?month={month:%Y-%m}",
    )  # fmt: skip


@pages.post("/indicators/<code>/correct")
@signed_in
def correct(code: str) -> Answer:
    """Keep what changed since as a new version. Raises Missing, Forbidden, Refused."""
    reason = request.form.get("reason", "")
    with writing(reason=reason) as work:
        month = _month(work)
        entry = indicators.entry(work, code, month)
        number = indicators.correct(work, entry.indicator, entry.period, reason)
    flash(gettext("已更正 %(n)s 个数字，原数保留", n=number), "success")
    return redirect(f"{request.script_root}/indicators/{code}?month={month:%Y-%m}")


def _rows(work: Work, entry: Entry) -> list[dict[str, Any]]:
    """Return the figures of an indicator, the whole first, the others by name."""
    names = figures.subjects(work, entry.indicator, entry.figures)
    rows = [
        figures.shown(entry.indicator, f) | {"subject": s, "name": names.get(s, s), "corrected": f.version > 1}
        for s, f in entry.figures.items()
    ]
    return sorted(rows, key=lambda r: (r["subject"] != WHOLE, r["name"]))


def _versions(work: Work, entry: Entry) -> list[dict[str, Any]]:
    """Return the versions of the figure shown first, where it was ever corrected."""
    found = indicators.versions(work, entry.indicator, entry.period, entry.subject) if entry.kept_at else []
    names = people.names(work, {f.person for f in found if f.person is not None})
    return [
        figures.shown(entry.indicator, f)
        | {
            "n": f.version,
            "at": f"{f.made_at.astimezone(work.panel.zone):%Y-%m-%d %H:%M}" if f.made_at else "",
            "by": names.get(f.person, "") if f.person is not None else gettext("系统"),
            "reason": f.reason,
        }
        for f in found
    ] if len(found) > 1 else []  # fmt: skip


def _month(work: Work) -> date:
    """Return the first day of the month asked for; by default the last one that has ended."""
    try:
        month = date.fromisoformat(f"{request.args.get('month', '')}-01")
    except ValueError:
        month = date.min
    return month if month.year in YEARS else (work.today.replace(day=1) - timedelta(days=1)).replace(day=1)


def _months(month: date, url: str) -> dict[str, str]:
    """Return what the picker of months shows and where it leads."""
    before, after = month - timedelta(days=1), month + timedelta(days=31)
    at = f"{url}?month="
    return {"value": f"{month:%Y-%m}", "url": url, "prev_url": f"{at}{before:%Y-%m}", "next_url": f"{at}{after:%Y-%m}"}
