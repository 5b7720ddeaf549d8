"""Monthly closings: what keeps the open month open, closing and reopening, statements to print, files for the payroll."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, current_app, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response as Answer

from app import clock
from app.errors import Forbidden, Invalid, Missing, Refused
from app.exchange import payroll
from app.services import chain, closing, people, statements
from app.services.panel import Work
from app.services.statements import Statement
from app.web import tickets
from app.web.actor import current_panel, reading, writing
from app.web.cells import moment
from app.web.language import headed, language, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("closings", __name__)

TONES = {"closed": "success", "asked": "warning", "reopened": "plain"}
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pages.get("/closings")
@signed_in
def closings() -> str:
    """Show the open month and the closed ones; to others than those who close them, where one's own statements are."""
    work = reading()
    found = closing.listed(work)
    names = _names(work, found)
    mine = not closing.concern(work)
    rows = [_row(c, names) for c in found]
    if mine:
        rows = [r | {"url": f"{r['url']}/people/{work.actor.person_id}"} for r in rows]
    return render_template(
        "closings.html", title=gettext("月结单") if mine else gettext("月结"), closings=rows, mine=mine,
        month=None if mine else _open(work),
    )  # fmt: skip


def _open(work: Work) -> dict[str, Any] | None:
    """Return the month to be closed next, what it would take, and what keeps it open."""
    month = closing.open_month(work)
    if month is None:
        return None
    waiting = closing.undecided(work, month)
    root, may = f"{request.script_root}/closings", closing.may(work)
    blocking = [t for t in waiting if t["carried"] is None]
    shown = {t["id"]: t["carried"] or "" for t in waiting}
    actions = []
    if may and blocking:
        options = [{"code": str(t["id"]), "label": f"{t['record_no']} {t['person_name']}"} for t in blocking]
        controls = [Control("ticket", gettext("处罚单"), "choices", [o["code"] for o in options], options=options)]
        actions.append(
            Action(gettext("转入下月"), f"{root}/{month}/carry", icon="calendar-share", reason=True, controls=controls)
        )
    elif may and closing.over(work, month):
        sure = gettext("结账后，本月已决定的处罚单记为已执行；以后的更正计入下个未结的月份。")
        actions.append(Action(gettext("结账"), f"{root}/{month}/close", icon="lock", tone="primary", confirm=sure))
    return {
        "label": month, "over": closing.over(work, month), "actions": actions, "blocking": len(blocking),
        "undecided": [r | {"carried": shown[r["id"]], "actions": []} for r in tickets.rows(work, waiting)],
        "totals": _totals(statements.draft(work, month)),
    }  # fmt: skip


@pages.post("/closings/<month>/<any(close, carry):step>")
@signed_in
def act(month: str, step: str) -> Answer:
    """Close the open month, or decide that it is closed without some undecided tickets. Raises Forbidden; what is refused is said."""
    back = f"{request.script_root}/closings"
    try:
        with writing() as work:
            if step == "close":
                back += f"/{closing.close(work, month)}"
            else:
                wanted = [int(n) for n in request.form.getlist("ticket") if n.isdecimal()]
                closing.carry_over(work, month, wanted, request.form.get("reason", ""))
    except (Forbidden, Missing):
        raise
    except Refused as refused:
        _say(refused)
    else:
        _note()
    return redirect(back)


@pages.get("/closings/<int:number>")
@signed_in
def show(number: int) -> str:
    """Show a closing with what it took from whom. Raises Missing."""
    work = reading()
    found = statements.everybody(work, number)
    c = closing.get(work, number)
    root = f"{request.script_root}/closings/{number}"
    actions = []
    if c["state"] == "closed" and closing.may(work):
        actions.append(
            Action(
                gettext("申请重开"), f"{root}/ask", icon="lock-open", reason=True,
                confirm=gettext("重开须由结账人和申请人以外的人批准；批准后，本次扣款逐笔冲回。"),
            )
        )  # fmt: skip
    apart = work.actor.person_id not in {c["asked_by"], c["closed_by"]}
    if c["state"] == "asked" and apart and people.may(work, "reopen_months"):
        actions.append(Action(gettext("批准重开"), f"{root}/reopen", icon="lock-open", tone="danger", reason=True))
    return render_template(
        "closing.html", title=gettext("%(month)s 月结", month=c["month"]), c=_row(c, _names(work, [c])), actions=actions,
        units=[
            {"name": mine[0].unit_name, "url": f"{root}/units/{unit}", "totals": _totals(mine), "people": [_person(s, root) for s in mine]}
            for unit, mine in ((unit, list(them)) for unit, them in groupby(found, key=lambda s: s.unit))
        ],
        totals=_totals(found), root=root,
    )  # fmt: skip


@pages.post("/closings/<int:number>/<any(ask, reopen):step>")
@signed_in
def turn(number: int, step: str) -> Answer:
    """Ask that a closing be reopened, or approve it. Raises Missing, Forbidden; what is refused is said."""
    try:
        with writing() as work:
            (closing.ask if step == "ask" else closing.reopen)(work, number, request.form.get("reason", ""))
    except (Forbidden, Missing):
        raise
    except Refused as refused:
        _say(refused)
    else:
        _note()
    return redirect(f"{request.script_root}/closings/{number}")


@pages.get("/closings/<int:number>/people/<int:person>")
@signed_in
def of_person(number: int, person: int) -> str:
    """Show a person's statement, to be printed. Raises Missing."""
    work = reading()
    found = statements.of_person(work, number, person)
    return _statement(work, number, [found], found.name, [gettext("当事人"), gettext("经办人")])


@pages.get("/closings/<int:number>/units/<int:unit>")
@signed_in
def of_unit(number: int, unit: int) -> str:
    """Show the statements of a unit's people, to be printed. Raises Missing."""
    work = reading()
    found = statements.of_unit(work, number, unit)
    return _statement(
        work, number, found, found[0].unit_name or gettext("未分部门"), [gettext("部门负责人"), gettext("经办人")]
    )


@pages.get("/closings/<int:number>/payroll.<any(csv, xlsx):kind>")
@signed_in
def file(number: int, kind: str) -> Response:
    """Give what a closing takes from whom as a file for the payroll. Raises Missing."""
    work = reading()
    found = statements.everybody(work, number)
    month = closing.get(work, number)["month"]
    body, kept = (
        (payroll.as_csv(found, language()), "text/csv; charset=utf-8")
        if kind == "csv"
        else (payroll.as_workbook(found, work.panel.zone, language()), EXCEL)
    )
    name = quote(f"{gettext('%(month)s 月结', month=month)}.{kind}")
    return Response(body, content_type=kept, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})


def _statement(work: Work, number: int, found: Sequence[Statement], about: str, signers: list[str]) -> str:
    c = closing.get(work, number)
    return render_template(
        "statement.html", title=f"{gettext('%(month)s 扣罚月结单', month=c['month'])} {about}", about=about,
        c=_row(c, _names(work, [c])), people=[_person(s, "") | {"lines": _lines(s), "pays": _pays(s)} for s in found],
        totals=_totals(found), signers=signers,
    )  # fmt: skip


def _lines(s: Statement) -> list[dict[str, Any]]:
    return [
        {
            "number": x["record_no"], "url": tickets.url(x["ticket"]), "label": headed(x['rule_label'], x['record_title']), "cite": x["citation"],
            "at": moment(x["occurred_at"]), "month": x["month"] if x["month"] != s.month else "", "ordinal": x["ordinal"] or "",
            "factor": tickets.factor(x["factor"]), "amount": tickets.yuan(x["amount"]), "due": signed(x["due"]), "points": _plain(x["due_points"]),
        }
        for x in s.lines
    ]  # fmt: skip


def _pays(s: Statement) -> list[dict[str, str]]:
    return [
        {
            "month": d["month"], "pay": tickets.yuan(d["pay"]), "rate": f"{_plain(d['rate'])}%", "amount": tickets.yuan(d["amount"]),
            "cite": d["citation"], "reason": d["reason"],
        }
        for d in s.pays
    ]  # fmt: skip


def _person(s: Statement, root: str) -> dict[str, Any]:
    return {
        "name": s.name, "staff_no": s.staff_no, "unit": s.unit_name, "url": f"{root}/people/{s.person}", "tickets": len(s.lines),
        "fines": signed(s.fines), "corrections": signed(s.corrections) if s.corrections else "", "share": signed(s.share) if s.share else "",
        "total": signed(s.total), "points": _plain(s.points),
    }  # fmt: skip


def _totals(found: Sequence[Statement]) -> dict[str, Any]:
    sums = {n: sum((getattr(s, n) for s in found), Decimal(0)) for n in ("fines", "corrections", "share", "total")}
    points = _plain(sum((s.points for s in found), Decimal(0)))
    counted = {"people": len(found), "tickets": sum(len(s.lines) for s in found)}
    return {n: signed(v) for n, v in sums.items()} | {"points": points} | counted


def signed(amount: Decimal) -> str:
    """Return an amount that is taken, or with a minus given back."""
    return f"−{tickets.yuan(-amount)}" if amount < 0 else tickets.yuan(amount)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}" if number else ""


def _row(c: Mapping[str, Any], names: Mapping[int, str]) -> dict[str, Any]:
    def by(step: str) -> str:
        return f"{names.get(c[f'{step}_by'], '')} {moment(c[f'{step}_at'])}" if c[f"{step}_at"] else ""

    return {
        "month": c["month"], "nth": c["nth"], "state": {"label": sentence(closing.STATES[c["state"]]), "tone": TONES[c["state"]]},
        "stands": c["state"] != "reopened", "closed": by("closed"), "asked": by("asked"), "asked_reason": c["asked_reason"] or "",
        "reopened": by("reopened"), "reopened_reason": c["reopened_reason"] or "", "place": c["place"], "hash": c["hash"].hex()[:16],
        "url": f"{request.script_root}/closings/{c['id']}",
    }  # fmt: skip


def _names(work: Work, found: Sequence[Mapping[str, Any]]) -> Mapping[int, str]:
    ids = {c[k] for c in found for k in ("closed_by", "asked_by", "reopened_by")}
    return people.names(work, [i for i in ids if i is not None])


def _say(refused: Refused) -> None:
    said = [e.reason for e in refused.errors] if isinstance(refused, Invalid) else [refused.reason]
    for reason in said:
        flash(sentence(reason), "danger")


def _note() -> None:
    """Write down where the ledger ends now, and say that it is done."""
    chain.note_head(current_panel().engine, current_app.config["SETTINGS"].INSTANCE, clock.now())
    flash(gettext("已办理"), "success")
