"""Since when a register is in use: what began before that day is history and owes nothing."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import CellError, Invalid, say
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.times import Date
from app.services import going_live
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.cells import moment
from app.web.language import label, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("go_live", __name__)

_DAY = Date(code="day", label=Label(zh="上线日", en="Go-live day"))


@pages.get("/go-live")
@signed_in
def show() -> str:
    """Show the go-live days; with ``register`` and ``day`` also what such a day would make history. Raises Forbidden, Missing."""
    work = reading()
    days = [_row(work, r) for r in going_live.listed(work)]
    register, day = request.args.get("register", ""), _given(request.args.get("day", ""), work.today)
    codes = sorted((spec.code, label(spec.label)) for spec in work.catalog.tables() if spec.duties)
    asked = [
        Control("register", gettext("登记簿"), "choice", register, True,
                options=[{"code": c, "label": f"{text} {c}"} for c, text in codes]),
        Control("day", gettext("上线日"), "date", f"{day}", True),
    ]  # fmt: skip
    effect = going_live.effect(work, register, day) if register else None
    return render_template(
        "go_live.html", title=gettext("上线日"), days=days, asked=asked, effect=effect and _effect(effect),
        act=_act(work, register, day) if effect else None, standing=effect.standing if effect else 0,
    )  # fmt: skip


def _row(work: Work, r: dict[str, Any]) -> dict[str, Any]:
    spec = work.catalog.registers.get(r["register"])
    return {
        "register": label(spec.label) if spec else r["register"], "day": r["day"], "reason": r["reason"], "holds": r["holds"],
        "who": f"{r['who'] or gettext('系统')} {moment(r['at'])}",
    }  # fmt: skip


def _effect(e: going_live.Effect) -> list[dict[str, str]]:
    return [{"label": label(duty.label), "value": str(n)} for duty, n in e.history]


def _act(work: Work, register: str, day: date) -> Action:
    name = label(work.spec(register).label)
    controls = [
        Control("register", gettext("登记簿"), "choice", register, True, options=[{"code": register, "label": name}]),
        Control("day", gettext("上线日"), "date", f"{day}", True),
    ]
    return Action(
        gettext("设定“%(register)s”的上线日", register=name), f"{request.script_root}/go-live", icon="player-play", tone="primary",
        confirm=gettext("起于此日以前的事项作为历史，不产生待办，也不处罚；此日起的照常。"), reason=True, controls=controls,
    )  # fmt: skip


@pages.post("/go-live")
@signed_in
def set_day() -> Response:
    """Let a register go live on a day. Raises Forbidden, Missing, Refused; what is wrong is said."""
    register = request.form.get("register", "")
    try:
        with writing() as work:
            going_live.set_day(work, register, _given(request.form.get("day", "")), request.form.get("reason", ""))
        flash(gettext("上线日已设定"), "success")
    except Invalid as invalid:
        for e in invalid.errors:
            flash(f"{e.label}：{sentence(e.reason)}", "danger")
    return redirect(f"{request.script_root}/go-live")


def _given(text: str, otherwise: date | None = None) -> date:
    try:
        found = _DAY.parse(text) or otherwise
    except Unreadable as unreadable:
        if otherwise is not None:
            return otherwise
        raise Invalid([CellError("day", unreadable.reason, label="上线日")]) from None
    if found is None:
        raise Invalid([CellError("day", say("必填"), label="上线日")])
    return found
