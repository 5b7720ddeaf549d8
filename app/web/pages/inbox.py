"""Notices: what the panel told a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from flask import Blueprint, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import Missing
from app.services import notices
from app.services.panel import Work
from app.web import tickets
from app.web.actor import reading, writing
from app.web.cells import moment
from app.web.language import language, sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("inbox", __name__)


ABOUT = {
    "figures": "/indicators", "clock": "/operations", "redated": "/calendar", "to_approve": "/drafts/{draft}",
    "draft_decided": "/drafts/{draft}",
}  # fmt: skip
"""The pages of notices that are about no record and no ticket, some named by the notice's words."""


def shown(work: Work, limit: int, unread_only: bool = False, kind: str = "") -> list[dict[str, Any]]:
    """Return the actor's notices as pages show them, latest first; of one kind where it is named."""
    found = notices.inbox(work, limit=limit, unread_only=unread_only, kind=kind, language=language())
    open_to = tickets.record_addresses(work, found)
    return [
        {
            "id": n["id"], "at": moment(n["at"]), "title": sentence(n["sentence"]), "body": "", "unread": n["read_at"] is None,
            "url": tickets.url(n["ticket"]) if n["ticket"] else _elsewhere(n, open_to),
            "tone": "danger" if n["kind"] in ("overdue", "breach", "confirmed") else "plain",
        }
        for n in found
    ]  # fmt: skip


def _elsewhere(n: Mapping[str, Any], open_to: Mapping[tuple[str, int], str]) -> str:
    """Return the address of what a notice is about, where it is no ticket; empty where the actor may not see it."""
    if n["kind"] in ABOUT:
        return request.script_root + ABOUT[n["kind"]].format(**orjson.loads(n["words"]))
    return open_to.get((n["register"], n["record_id"]), "")


@pages.get("/inbox")
@signed_in
def inbox() -> str:
    """Show the person's notices."""
    unread = request.args.get("tab") == "unread"
    kind = request.args.get("kind", "")
    root = request.script_root
    tabs = [
        {
            "label": gettext("全部"),
            "url": f"{root}/inbox",
            "active": not unread and kind not in notices.NAMES,
            "count": None,
        },
        {"label": gettext("未读"), "url": f"{root}/inbox?tab=unread", "active": unread, "count": None},
    ]
    if kind in notices.NAMES:
        name = sentence(notices.NAMES[kind])
        tabs.append({"label": name, "url": f"{root}/inbox?kind={kind}", "active": True, "count": None})
    found = shown(reading(), 100, unread, kind)
    return render_template(
        "inbox.html", title=gettext("通知"), notices=found, tabs=tabs, read_url=f"{root}/inbox/read",
        settings_url=f"{root}/inbox/settings",
    )  # fmt: skip


@pages.get("/inbox/<int:number>")
@signed_in
def follow(number: int) -> Response:
    """Lead from a letter to what it tells of: the ticket or the record, else the inbox. Raises Missing for what one may not see."""
    about = notices.about(reading(), number)
    if about["ticket"]:
        return redirect(tickets.url(about["ticket"]))
    address = _elsewhere(about, tickets.record_addresses(reading(), [about]))
    if not address and about["record_id"] is not None:
        raise Missing
    return redirect(address or f"{request.script_root}/inbox")


@pages.post("/inbox/read")
@signed_in
def read() -> Response:
    """Mark notices as read: those named, or all."""
    ids = [int(i) for i in request.form.getlist("ids") if i.isdecimal() and len(i) < 19]
    with writing() as work:
        notices.mark_read(work, ids or None)
    return redirect(f"{request.script_root}/inbox")
