"""The outbox, for who looks after the site: what waits, what was sent, what failed and why; and trying again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.services import channels, posting
from app.web.actor import reading, writing
from app.web.cells import moment
from app.web.language import sentence
from app.web.pages.channels import tabs
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action

pages = Blueprint("outbox", __name__)


@pages.get("/channels/outbox")
@signed_in
def outbox() -> str:
    """Show the letters of one view. Raises Forbidden."""
    work, root = reading(), request.script_root
    names = {
        "waiting": gettext("待发"), "failed": gettext("失败"), "sent": gettext("已发"), "aside": gettext("不必发"),
    }  # fmt: skip
    counts = posting.counts(work)
    asked = request.args.get("view", "")
    view = asked if asked in names else "failed" if counts["failed"] and not counts["waiting"] else "waiting"
    return render_template(
        "outbox.html", title=gettext("通知渠道"), tabs=tabs("outbox"), held=counts["held"],
        views=[{"label": n, "url": f"{root}/channels/outbox?view={v}", "active": v == view, "count": counts[v]} for v, n in names.items()],
        letters=[_row(r) for r in posting.listed(work, view)],
        retry_all=Action(gettext("全部重试"), f"{root}/channels/outbox/retry", icon="refresh") if view == "failed" and counts["failed"] else None,
    )  # fmt: skip


def _row(r: Mapping[str, Any]) -> dict[str, Any]:
    mail = r["channel"] == channels.MAIL
    return {
        "to": r["to"] or gettext("（已删除）"), "way": gettext("邮件") if mail else gettext("群机器人"),
        "size": gettext("%(n)s 条通知", n=r["size"]) if r["size"] else gettext("测试"),
        "made": moment(r["made_at"]), "sent": moment(r["sent_at"]) if r["sent_at"] else "",
        "attempts": r["attempts"], "next": moment(r["next_at"]) if r["state"] == "waiting" and r["reason"] else "",
        "reason": sentence(r["reason"]) if r["reason"] else "",
        "retry": Action(gettext("重试"), f"{request.script_root}/channels/outbox/retry?letter={r['id']}", icon="refresh")
        if r["state"] == "failed" else None,
    }  # fmt: skip


@pages.post("/channels/outbox/retry")
@signed_in
def retry() -> Response:
    """Let one letter that was given up be tried again, or all of them. Raises Forbidden, Refused."""
    named = request.args.get("letter", "")
    with writing() as work:
        done = posting.again(work, int(named) if named.isdecimal() and len(named) < 19 else None)
    flash(gettext("%(n)s 封信将在半分钟内重发", n=done), "success")
    return redirect(f"{request.script_root}/channels/outbox")
