"""Publications: what is in force since when, what a new file would change, and bringing it into force."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any, ParamSpec

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.errors import Refused, say
from app.services import people, publishing
from app.services.publishing import Planned
from app.web.actor import current_actor, current_panel, reading
from app.web.cells import moment
from app.web.language import sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("publications", __name__)

P = ParamSpec("P")


def publisher(page: Callable[P, Any]) -> Callable[P, Any]:
    """Let only those pass who may publish."""

    @wraps(page)
    def asked(*args: P.args, **kwargs: P.kwargs) -> Any:
        if not current_app.extensions["appbuilder"].sm.has_access("can_publish", "publications"):
            abort(403)
        return page(*args, **kwargs)

    return asked


@pages.get("/publications")
@signed_in
@publisher
def publications() -> str:
    """Show every publication, and why the newest could not be served where that is so."""
    return _page()


def _page(planned: Planned | None = None, files: Mapping[str, str] | None = None) -> str:
    panel, live = current_panel(), current_app.extensions["live"]
    history = publishing.history(panel.engine)
    names = people.names(reading(), [p for _, _, p, _, _, _ in history if p is not None])
    back = gettext("恢复到这一号")
    shown = [
        {
            "revision": number, "at": moment(at), "by": names.get(person or 0, gettext("系统")), "reason": reason, "sentences": plan.splitlines(),
            "since": f"{since}" if since != publishing.EVER else gettext("一直"),
            "back": Action(back, f"{request.script_root}/publications/{number}/back", icon="history", reason=True)
            if number != history[0][0] else None,
        }
        for number, at, person, reason, plan, since in history
    ]  # fmt: skip
    failure = getattr(live, "failure", None)
    upload = Control(
        "files", gettext("定义文件（YAML）"), "file", several=True, accept=".yaml,.yml", max_mb=5, required=True
    )
    return render_template(
        "publications.html", title=gettext("发布"), publications=shown,
        current={"revision": panel.catalog.revision, "at": shown[0]["at"], "by": shown[0]["by"]} if shown else None,
        failure=gettext(
            "第 %(n)s 号目录无法启用，仍在使用第 %(old)s 号：%(why)s", n=failure.revision, old=panel.catalog.revision, why=failure.text
        ) if failure else "",
        plan=_plan(planned, files or {}) if planned is not None else None,
        actions=[Action(gettext("上传定义并查看变化"), f"{request.script_root}/publications/plan", "post", "upload", "primary", controls=[upload])],
    )  # fmt: skip


def _plan(planned: Planned, files: Mapping[str, str]) -> dict[str, Any]:
    findings = [
        {
            "where": f"{f.file}:{f.line}",
            "text": sentence(f.sentence),
            "tone": "danger" if f.level == "error" else "warning",
        }
        for f in planned.findings
    ]
    action = None
    if planned.catalog is not None and planned.sentences:
        texts = [Control(f"file.{path}", path, "long_text", text) for path, text in files.items()]
        action = Action(
            gettext("发布"),
            f"{request.script_root}/publications/apply",
            "post",
            "rocket",
            "primary",
            gettext("页面发布后立即更新；时限与罚则从生效日起适用，此前产生的待办与处罚不变。"),
            True,
            texts,
        )
    said = [sentence(s) for s in planned.sentences]
    return {"sentences": said, "findings": findings, "action": action, "today": f"{reading().today}"}


@pages.post("/publications/plan")
@signed_in
@publisher
def plan() -> str:
    """Show what uploaded definitions would change, or everything that is wrong with them."""
    files = {}
    for upload in request.files.getlist("files"):
        try:
            files[str(upload.filename)] = upload.stream.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused(say("“{name}”不是 UTF-8 文本", name=upload.filename)) from None
    panel = current_panel()
    return _page(publishing.plan(panel.engine, publishing.merged(panel.engine, files, shipped=False)), files)


@pages.post("/publications/apply")
@signed_in
@publisher
def apply() -> Response:
    """Bring the definitions that were shown into force. Raises Unsound."""
    files = {name.removeprefix("file."): text for name, text in request.form.items() if name.startswith("file.")}
    return _publish(publishing.merged(current_panel().engine, files, shipped=False))


@pages.post("/publications/<int:number>/back")
@signed_in
@publisher
def back(number: int) -> Response:
    """Publish anew what an earlier publication brought into force. Raises Missing, Unsound."""
    return _publish(publishing.files_of(current_panel().engine, number))


def _day(name: str) -> date | None:
    text = request.form.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(say("“{text}”不是日期", text=text)) from None


def _publish(files: Mapping[str, str]) -> Response:
    reason = request.form.get("reason", "").strip()
    if not reason:
        raise Refused(say("请写明理由"))
    panel = current_panel()
    done = publishing.publish(
        panel.engine,
        files,
        actor=current_actor(),
        reason=reason,
        now=clock.now(),
        zone=panel.zone,
        in_force_from=_day("in_force_from"),
    )
    flash(gettext("已发布第 %(n)s 号，几秒后全部页面生效", n=done.revision), "success")
    return redirect(f"{request.script_root}/publications")
