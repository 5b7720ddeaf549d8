"""Publications: what was in force since when, how one differs from the one before, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog.differences import differences
from app.catalog.loader import read_folder
from app.errors import Missing
from app.services import drafting, people, publishing
from app.services.panel import Work
from app.web.actor import current_panel, reading, writing
from app.web.cells import moment
from app.web.language import sentence
from app.web.pages.drafts import address, uploads
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action

pages = Blueprint("publications", __name__)


@pages.get("/publications")
@signed_in
def publications() -> str:
    """Show every publication, and why the newest could not be served where that is so. Raises Forbidden."""
    work = reading()
    drafting.demand_sight(work)
    panel, live = current_panel(), current_app.extensions["live"]
    shown = _told(work)
    failure = getattr(live, "failure", None)
    actions = [
        Action(gettext("上传定义"), f"{request.script_root}/drafts/upload", icon="upload", controls=[uploads()]),
        Action(gettext("定义草稿"), f"{request.script_root}/drafts", "get", "pencil", "primary"),
    ]
    newer = drafting.newer(work, _shipped()) if drafting.may(work) else {}
    return render_template(
        "publications.html", newer=len(newer), upgrade=_upgrade() if newer else None, title=gettext("发布"), publications=shown,
        current={"revision": panel.catalog.revision, "at": shown[0]["at"], "by": shown[0]["by"]} if shown else None,
        failure=gettext(
            "第 %(n)s 号目录无法启用，仍在使用第 %(old)s 号：%(why)s", n=failure.revision, old=panel.catalog.revision, why=failure.text
        ) if failure else "",
        actions=actions if drafting.may(work) else [],
    )  # fmt: skip


def _shipped() -> dict[str, str]:
    return read_folder(Path(current_app.config["DEFINITIONS"]))


def _upgrade() -> Action:
    return Action(
        gettext("查看升级"), f"{request.script_root}/publications/upgrade", icon="arrow-up-circle", tone="primary",
        confirm=gettext("会生成一份草稿，核对后再发布。"),
    )  # fmt: skip


@pages.post("/publications/upgrade")
@signed_in
def upgrade() -> Response:
    """Begin a draft of the definitions that the program came with. Raises Forbidden."""
    with writing() as work:
        draft = drafting.upgrade(work, _shipped())
    return redirect(address(draft))


def _told(work: Work) -> list[dict[str, Any]]:
    """Return all publications, latest first, as the page shows them."""
    history = publishing.history(work.panel.engine)
    names = people.names(work, [p for _, _, p, _, _, _ in history if p is not None])
    back = gettext("恢复到这一号")
    return [
        {
            "revision": number, "at": moment(at), "by": names.get(person or 0, gettext("系统")), "reason": reason,
            "sentences": [sentence(s) for s in plan], "since": f"{since}" if since != publishing.EVER else "",
            "url": f"{request.script_root}/publications/{number}",
            "back": Action(back, f"{request.script_root}/publications/{number}/back", icon="history",
                           confirm=gettext("会生成一份草稿，核对后再发布。"))
            if number != history[0][0] and drafting.may(work) else None,
        }
        for number, at, person, reason, plan, since in history
    ]  # fmt: skip


@pages.get("/publications/<int:number>")
@signed_in
def show(number: int) -> str:
    """Show what a publication changed, in sentences and line by line. Raises Forbidden, Missing."""
    work = reading()
    drafting.demand_sight(work)
    told = next((p for p in _told(work) if p["revision"] == number), None)
    if told is None:
        raise Missing
    old, new = (publishing.files_in(work.connection, n) for n in (number - 1, number))
    changed = sorted(p for p in old.keys() | new.keys() if old.get(p) != new.get(p)) if old else []
    files = [
        {
            "path": p, "kind": gettext("删去") if p not in new else gettext("新文件") if p not in old else gettext("改动"),
            "lines": differences(old.get(p, ""), new.get(p, "")),
        }
        for p in changed
    ]  # fmt: skip
    return render_template(
        "publication.html", title=gettext("第 %(n)s 号", n=number), p=told, files=files, first=not old
    )


@pages.post("/publications/<int:number>/back")
@signed_in
def back(number: int) -> Response:
    """Begin a draft that brings back what an earlier publication brought into force. Raises Forbidden, Missing."""
    with writing() as work:
        draft = drafting.back(work, number)
    return redirect(address(draft))
