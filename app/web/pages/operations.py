"""How the panel itself is doing: whether deadlines are being checked, what waits, and where the clock was in doubt."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.services import people, ticks
from app.services.panel import Actor
from app.web.actor import current_panel, reading, writing
from app.web.cells import moment
from app.web.language import sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action

pages = Blueprint("operations", __name__)


@pages.get("/operations")
@signed_in
def operations() -> str:
    """Show an administrator how the sweep, the post and the calendar stand."""
    work = reading()
    now = ticks.standing(work)
    names = people.names(work, [h["released_by"] for h in now.holds if h["released_by"] is not None])
    figures = [
        {"label": gettext("上次检查"), "value": moment(now.last["at"]) if now.last else gettext("从未"), "tone": "danger" if now.late else "success"},
        {"label": gettext("到期待处理"), "value": now.waiting, "tone": "warning" if now.waiting else "plain"},
        {"label": gettext("待发通知"), "value": now.letters.get("waiting", 0), "tone": "plain"},
        {"label": gettext("发送失败"), "value": now.letters.get("failed", 0), "tone": "danger" if now.letters.get("failed") else "plain"},
        {"label": gettext("正在导入"), "value": now.imports, "tone": "plain"},
    ]  # fmt: skip
    hold = None
    if now.hold is not None:
        act = Action(
            gettext("时间无误，恢复检查"), f"{request.script_root}/operations/release", icon="player-play", tone="primary",
            confirm=gettext("恢复后，按本机当前时间已逾期的事项会立即记为违规。"), reason=True,
        )  # fmt: skip
        hold = {"since": moment(now.hold["since"]), "reason": sentence(ticks.reason_of(now.hold)), "action": act}
    notes = []
    if now.late and now.last is not None and hold is None:
        notes.append(gettext("期限检查已超过十分钟没有运行，请查看后台任务是否在运行。"))
    if now.provisional_from is not None:
        notes.append(gettext("%(day)s 起的工作日历尚未公布，涉及的期限会在公布后重算。", day=now.provisional_from))
    if now.calendar_until - work.today < timedelta(days=92):
        notes.append(gettext("工作日历只到 %(day)s，请尽快补充下一年。", day=now.calendar_until))
    return render_template(
        "operations.html", title=gettext("运行状况"), figures=figures, hold=hold, notes=notes,
        gaps=[{"at": moment(t["at"]), "gap": _span(t["gap"]), "made": _made(t)} for t in now.gaps],
        holds=[
            {
                "since": moment(h["since"]), "reason": sentence(ticks.reason_of(h)), "until": moment(h["released_at"]),
                "by": names.get(h["released_by"] or 0, ""), "note": h["note"] or "",
            }
            for h in now.holds
        ],
    )  # fmt: skip


@pages.post("/operations/release")
@signed_in
def release() -> Response:
    """Let the sweep judge again. Raises Refused."""
    with writing() as work:
        ticks.release(work, request.form.get("reason", ""))
    flash(gettext("期限检查已恢复，下一分钟内会补做"), "success")
    return redirect(f"{request.script_root}/operations")


@pages.get("/healthz")
def health() -> tuple[dict[str, Any], int]:
    """Answer machines that watch the panel, without a word about what it holds: 200 while deadlines are checked, else 503."""
    with current_panel().reading(Actor.system(), now=clock.now()) as work:
        state = ticks.pulse(work)
    return {"status": state}, 200 if state == "ok" else 503


def _span(seconds: int) -> str:
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    if days:
        return gettext("%(d)s 天 %(h)s 小时", d=days, h=hours)
    return gettext("%(h)s 小时 %(m)s 分钟", h=hours, m=minutes) if hours else gettext("%(m)s 分钟", m=minutes)


def _made(tick: Any) -> str:
    if tick["held"]:
        return gettext("检查暂停中")
    return gettext(
        "补做：违规 %(b)s，处罚单 %(t)s，通知 %(n)s", b=tick["breaches"], t=tick["tickets"], n=tick["notices"]
    )
