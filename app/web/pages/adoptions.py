"""Which policies are in force for whom since when: what adopting or ending one switches, who did it and why."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import CellError, Invalid, say
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.times import Date
from app.services import adopting, lookup, people
from app.services.adopting import Effect
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.cells import moment
from app.web.language import label, language_comma, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("adoptions", __name__)

_DAY = Date(code="day", label=Label(zh="日期", en="Day"))


@pages.get("/adoptions")
@signed_in
def adoptions() -> str:
    """Show every adoption; with ``policy`` and ``day`` also what adopting or ending it would switch. Raises Forbidden."""
    work = reading()
    found = adopting.listed(work)
    units = lookup.titles(work, "unit", sorted(people.units(work)))
    policy, day, unit, ends = (
        request.args.get("policy", ""),
        _asked(work),
        _unit(request.args.get("unit", "")),
        request.args.get("end", ""),
    )
    asked = policy in work.catalog.policies
    return render_template(
        "adoptions.html",
        title=gettext("制度施行"),
        adoptions=[_row(work, r, units) for r in found],
        effect=_effect(adopting.effect(work, unit, policy, day)) if asked else None,
        act=_act(policy, unit, day, ends, units) if asked else None,
        asked=[
            Control(
                "policy",
                gettext("制度"),
                "choice",
                policy,
                True,
                options=[
                    {"code": c, "label": f"{c} {label(p.label)}"} for c, p in sorted(work.catalog.policies.items())
                ],
            ),
            Control(
                "unit",
                gettext("部门（空为全公司）"),
                "choice",
                str(unit or ""),
                options=[{"code": str(i), "label": n} for i, n in sorted(units.items())],
            ),
            Control("day", gettext("施行之日"), "date", f"{day}", True),
        ],
    )


def _asked(work: Work) -> date:
    try:
        return _DAY.parse(request.args.get("day", "")) or work.today
    except Unreadable:
        return work.today


def _unit(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _row(work: Work, r: dict[str, Any], units: dict[int, str]) -> dict[str, Any]:
    policy, last = work.catalog.policies.get(r["policy"]), r["to_day"] - timedelta(days=1) if r["to_day"] else None
    over = last is not None and last < work.today
    unit = f"&unit={r['unit']}" if r["unit"] is not None else ""
    return {
        "policy": r["policy"],
        "label": label(policy.label) if policy else "",
        "first": r["from_day"],
        "last": last or "",
        "unit": units.get(r["unit"], "") if r["unit"] is not None else gettext("全公司"),
        "state": (gettext("已终止"), "plain")
        if over
        else (gettext("未开始"), "warning")
        if r["from_day"] > work.today
        else (gettext("施行中"), "success"),
        "who": f"{r['recorder'] or gettext('系统')} {moment(r['recorded_at'])}",
        "why": r["reason"] or "",
        "ended": f"{r['ender'] or gettext('系统')} {moment(r['ended_at'])}：{r['end_reason']}" if r["ended_at"] else "",
        "end_url": "" if last else f"{request.script_root}/adoptions?policy={r['policy']}{unit}&end={r['id']}#effect",
    }


def _effect(e: Effect) -> list[dict[str, str]]:
    return [
        {
            "label": gettext("登记簿"),
            "value": language_comma().join(label(r.label) for r in e.registers) or gettext("无"),
        },
        {
            "label": gettext("时限责任"),
            "value": language_comma().join(label(d.label) for d in e.duties) or gettext("无"),
        },
        {"label": gettext("违规"), "value": language_comma().join(label(b.label) for b in e.breaches) or gettext("无")},
        {"label": gettext("已登记且自该日起计的记录"), "value": str(e.records)},
        {"label": gettext("现有未办结的待办（不受影响）"), "value": str(e.owed)},
    ]


def _act(policy: str, unit: int | None, day: date, ends: str, units: dict[int, str]) -> Action:
    whom = units.get(unit, "") if unit is not None else gettext("全公司")
    root = f"{request.script_root}/adoptions"
    if ends.isdecimal():
        last = [Control("day", gettext("施行的末日"), "date", f"{day}", True)]
        said = gettext("此日及以前产生的待办与处罚不变；此后不再产生。")
        return Action(
            gettext("终止 %(policy)s（%(unit)s）", policy=policy, unit=whom),
            f"{root}/{ends}/end",
            icon="player-stop",
            tone="danger",
            confirm=said,
            reason=True,
            controls=last,
        )
    first = [
        Control("day", gettext("施行之日"), "date", f"{day}", True),
        Control("policy", gettext("制度"), "choice", policy, True, options=[{"code": policy, "label": policy}]),
        Control(
            "unit",
            gettext("部门（空为全公司）"),
            "choice",
            str(unit or ""),
            options=[{"code": str(unit), "label": whom}] if unit else [],
        ),
    ]
    said = gettext("自此日起产生的事项按此制度办理；此前的不变。")
    return Action(
        gettext("施行 %(policy)s（%(unit)s）", policy=policy, unit=whom),
        f"{root}/begin",
        icon="player-play",
        tone="primary",
        confirm=said,
        reason=True,
        controls=first,
    )


@pages.post("/adoptions/begin")
@signed_in
def begin() -> Response:
    """Let a unit apply a policy from a day. Raises Forbidden, Missing, Refused; what is wrong is said."""
    try:
        day = _given()
        with writing() as work:
            policy, unit = request.form.get("policy", ""), _unit(request.form.get("unit", ""))
            adopting.begin(work, unit, policy, day, request.form.get("reason", ""))
        flash(gettext("已施行"), "success")
    except Invalid as invalid:
        _say(invalid)
    return redirect(f"{request.script_root}/adoptions")


@pages.post("/adoptions/<int:number>/end")
@signed_in
def end(number: int) -> Response:
    """Let an adoption end with a day. Raises Forbidden, Missing, Refused; what is wrong is said."""
    try:
        day = _given()
        with writing() as work:
            adopting.end(work, number, day, request.form.get("reason", ""))
        flash(gettext("已终止"), "success")
    except Invalid as invalid:
        _say(invalid)
    return redirect(f"{request.script_root}/adoptions")


def _given() -> date:
    try:
        day = _DAY.parse(request.form.get("day", ""))
    except Unreadable as unreadable:
        raise Invalid([CellError("day", unreadable.reason, label="日期")]) from None
    if day is None:
        raise Invalid([CellError("day", say("必填"), label="日期")])
    return day


def _say(invalid: Invalid) -> None:
    for e in invalid.errors:
        flash(f"{e.label}：{sentence(e.reason)}", "danger")
