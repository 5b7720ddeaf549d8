"""Recalculations: drafting one, its report before and after, approving it, and how far its posting is."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask import Response as Answer
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import Invalid
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.times import Date
from app.services import calendars, editions, lookup, publishing, recalculation
from app.services.panel import Work
from app.services.recalculation import CHARGED, Wanted
from app.web import tickets
from app.web.actor import reading, writing
from app.web.cells import moment, record_url, until
from app.web.language import label, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("recalculations", __name__)

_DAY = Date(code="day", label=Label(zh="日期", en="Day"))
TONES = {"waiting": "active", "ready": "warning", "refused": "plain", "approved": "active", "posted": "success"}
SHOWN = 500


@pages.get("/recalculations")
@signed_in
def recalculations() -> str:
    """Show the recalculations that one may see, and how to draft one."""
    work = reading()
    found = recalculation.listed(work)
    names = recalculation.names(work, found)
    return render_template(
        "recalculations.html",
        title=gettext("重算"),
        recalculations=[_row(r, names) for r in found],
        actions=[_draft(work)] if recalculation.concern(work) else [],
    )


def _row(r: dict[str, Any], names: Any) -> dict[str, Any]:
    return {
        "number": r["id"],
        "name": r["name"],
        "reason": r["reason"],
        "period": f"{r['from_day']} – {r['to_day']}",
        "state": {"label": sentence(recalculation.sentence(r["state"])), "tone": TONES[r["state"]]},
        "drafted": f"{names.get(r['drafted_by'], '')} {moment(r['drafted_at'])}",
        "decided": f"{names.get(r['decided_by'], '')} {moment(r['decided_at'])}：{r['decision']}"
        if r["decision"]
        else "",
        "url": f"{request.script_root}/recalculations/{r['id']}",
        "done": r["done"],
        "total": r["total"],
    }


def _draft(work: Work) -> Action:
    publications = [
        {
            "code": str(e.revision),
            "label": gettext(
                "第 %(n)s 号发布（自 %(day)s）",
                n=e.revision,
                day=gettext("一直") if e.since == publishing.EVER else e.since,
            ),
        }
        for e in reversed(editions.listed(work))
    ]
    books = [
        {"code": str(r.number), "label": gettext("第 %(n)s 号日历", n=r.number) + f" {r.note}"}
        for r in calendars.revisions(work)
    ]
    charging = [s for s in work.catalog.tables() if s.duties or s.breaches]
    return Action(
        gettext("提出重算"),
        f"{request.script_root}/recalculations",
        icon="refresh",
        tone="primary",
        reason=True,
        confirm=gettext("先试算并出具前后对比，由另一人批准后才入账。"),
        controls=[
            Control("name", gettext("名称"), "text", "", True),
            Control(
                "registers",
                gettext("登记簿"),
                "choices",
                [],
                options=[{"code": s.code, "label": label(s.label)} for s in charging],
            ),
            Control(
                "policies",
                gettext("或按制度"),
                "choices",
                [],
                options=[
                    {"code": c, "label": f"{c} {label(p.label)}"} for c, p in sorted(work.catalog.policies.items())
                ],
            ),
            Control("from_day", gettext("期间首日"), "date", f"{work.today.replace(day=1)}", True),
            Control("to_day", gettext("期间末日"), "date", f"{work.today}", True),
            Control("revision", gettext("改按哪次发布"), "choice", "", options=publications),
            Control("calendar", gettext("改按哪次日历"), "choice", "", options=books),
        ],
    )


@pages.post("/recalculations")
@signed_in
def draft() -> Response:
    """Draft a recalculation; a worker makes its report. Raises Forbidden; what is wrong is said."""
    form = request.form
    try:
        first, last = (_DAY.parse(form.get(k, "")) for k in ("from_day", "to_day"))
    except Unreadable as unreadable:
        flash(sentence(unreadable.reason), "danger")
        return redirect(f"{request.script_root}/recalculations")
    named, wanted = (
        [int(t) if (t := form.get(k, "")).isdecimal() else None for k in ("revision", "calendar")],
        form.getlist("registers"),
    )
    try:
        with writing() as work:
            codes = tuple(dict.fromkeys([*wanted, *recalculation.registers_of(work, form.getlist("policies"))]))
            period = (first or date.max, last or date.min)
            number = recalculation.draft(
                work, form.get("name", ""), form.get("reason", ""), Wanted(codes, *period, *named)
            )
    except Invalid as invalid:
        for e in invalid.errors:
            flash(f"{e.label}：{sentence(e.reason)}", "danger")
        return redirect(f"{request.script_root}/recalculations")
    current_app.extensions["start_recalculation"]()
    return redirect(f"{request.script_root}/recalculations/{number}")


@pages.get("/recalculations/<int:number>")
@signed_in
def show(number: int) -> str:
    """Show a recalculation with its report and, to who may decide, the decision. Raises Missing."""
    work = reading()
    r = recalculation.get(work, number)
    found, totals = recalculation.lines(work, number, SHOWN), recalculation.totals(work, number)
    names = recalculation.names(work, [r, *found, *({"person": t.person} for t in totals)])
    root = f"{request.script_root}/recalculations/{number}"
    may = (
        r["state"] == "ready"
        and r["drafted_by"] != work.actor.person_id
        and recalculation.may_decide(work, r["registers"])
    )
    return render_template(
        "recalculation.html",
        title=r["name"],
        r=_row(r, names),
        registers=[label(s.label) for c in r["registers"] if (s := work.catalog.registers.get(c))],
        by=[
            *([gettext("第 %(n)s 号发布", n=r["revision"])] if r["revision"] else []),
            *([gettext("第 %(n)s 号日历", n=r["calendar"])] if r["calendar"] else []),
        ],
        totals=[
            {
                "person": names.get(t.person or 0, "—"),
                "month": t.month,
                "clause": t.clause,
                "before": tickets.yuan(t.before),
                "after": tickets.yuan(t.after),
                "difference": tickets.yuan(t.after - t.before),
                "added": t.added,
                "lifted": t.lifted,
                "changed": t.changed,
            }
            for t in totals
        ],
        sum=tickets.yuan(sum((t.after - t.before for t in totals), start=Decimal(0))),
        lines=_lines(work, found, names),
        csv_url=f"{root}/report.csv",
        refresh=r["state"] in {"waiting", "approved"},
        actions=[
            Action(
                gettext("批准并入账"),
                f"{root}/approve",
                icon="check",
                tone="primary",
                reason=True,
                confirm=gettext("批准后逐笔更正，不能撤回；要改回须另提重算。"),
            ),
            Action(gettext("驳回"), f"{root}/refuse", icon="x", tone="danger", reason=True),
        ]
        if may
        else [],
    )


def _lines(work: Work, found: list[dict[str, Any]], names: Any) -> list[dict[str, str]]:
    titles = {
        (register, i): title
        for register in {x["register"] for x in found}
        for i, title in lookup.titles(
            work, register, [x["record_id"] for x in found if x["register"] == register]
        ).items()
    }
    return [
        {
            "record": titles.get((x["register"], x["record_id"]), ""),
            "url": record_url(x["register"], x["record_id"]),
            "person": names.get(x["person"] or 0, "—"),
            "clause": x["clause"],
            "month": x["month"],
            "before": _side(x, "before"),
            "after": _side(x, "after"),
        }
        for x in found
    ]


def _side(x: dict[str, Any], side: str) -> str:
    if x["kind"] == "obligation":
        due = x[f"due_{side}"]
        return gettext("应于 %(due)s 前", due=until(due)) if due is not None else gettext("不须办理")
    amount, state = x[f"amount_{side}"], x[f"state_{side}"]
    return tickets.yuan(amount) if state in CHARGED else gettext("无处罚")


@pages.get("/recalculations/<int:number>/report.csv")
@signed_in
def report(number: int) -> Answer:
    """Give the whole report as CSV, one obligation or ticket a line. Raises Missing."""
    work = reading()
    found = recalculation.lines(work, number)
    names, out = recalculation.names(work, found), io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        [
            gettext("登记簿"),
            gettext("记录"),
            gettext("责任人"),
            gettext("月份"),
            gettext("依据"),
            gettext("原"),
            gettext("新"),
            gettext("原金额"),
            gettext("新金额"),
        ]
    )
    for x, shown in zip(found, _lines(work, found, names), strict=True):
        cells = [
            x["register"],
            shown["record"],
            shown["person"],
            x["month"],
            x["clause"],
            shown["before"],
            shown["after"],
            x["amount_before"],
            x["amount_after"],
        ]
        # a cell that begins like a formula would be run by a spreadsheet
        writer.writerow([f"'{c}" if isinstance(c, str) and c[:1] in "=+-@\t\r" and c[:1] else c for c in cells])
    headers = {"Content-Disposition": f'attachment; filename="recalculation-{number}.csv"'}
    return Answer("\ufeff" + out.getvalue(), mimetype="text/csv", headers=headers)


@pages.post("/recalculations/<int:number>/<any(approve, refuse):decision>")
@signed_in
def decide(number: int, decision: str) -> Response:
    """Approve or refuse a recalculation. Raises Missing, Forbidden, Refused; a missing reason is said."""
    try:
        with writing() as work:
            recalculation.decide(work, number, approve=decision == "approve", reason=request.form.get("reason", ""))
        current_app.extensions["start_recalculation"]()
        flash(gettext("已办理"), "success")
    except Invalid as invalid:
        flash(sentence(invalid.errors[0].reason), "danger")
    return redirect(f"{request.script_root}/recalculations/{number}")
