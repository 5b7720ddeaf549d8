"""Drafts of definitions: all of them, and one with its plan, what is wrong with it, and its way into force."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.catalog.findings import Finding, errors
from app.errors import Conflict, Invalid, Refused, say
from app.services import drafting, enacting, merging, people
from app.services.panel import Work
from app.services.publishing import Overtaken
from app.web import impacts
from app.web.actor import current_actor, current_panel, let_go, reading, writing
from app.web.cells import moment
from app.web.designing import links
from app.web.language import sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("drafts", __name__)

TONES = {
    "open": "active", "asked": "warning", "approved": "success", "refused": "danger", "published": "success", "dropped": "plain",
}  # fmt: skip


def address(number: int, more: str = "") -> str:
    """Return the address of a draft, or of what belongs to it."""
    return f"{request.script_root}/drafts/{number}{more}"


@pages.get("/drafts")
@signed_in
def drafts() -> str:
    """Show all drafts, and how to begin one. Raises Forbidden."""
    work = reading()
    found = drafting.listed(work)
    names = people.names(work, [d["begun_by"] for d in found if d["begun_by"]])
    return render_template(
        "drafts.html", title=gettext("定义草稿"), drafts=[_row(d, names) for d in found], actions=_begin() if drafting.may(work) else [],
    )  # fmt: skip


def _row(d: dict[str, Any], names: Any) -> dict[str, Any]:
    return {
        "name": d["name"], "url": address(d["id"]), "state": {"label": sentence(drafting.STATES[d["state"]]), "tone": TONES[d["state"]]},
        "begun": f"{names.get(d['begun_by'], gettext('系统'))} {moment(d['begun_at'])}", "changed": moment(d["changed_at"]),
        "reason": d["reason"], "revision": d["revision"],
    }  # fmt: skip


def _begin() -> list[Action]:
    name = Control("name", gettext("名称"), "text", "", True, help=gettext("这次改什么，例如：新增设备借用登记"))
    return [
        Action(gettext("上传定义"), f"{request.script_root}/drafts/upload", icon="upload", controls=[uploads()]),
        Action(gettext("由表格建登记簿"), f"{request.script_root}/sheets", "get", "file-spreadsheet"),
        Action(gettext("新建草稿"), f"{request.script_root}/drafts", icon="plus", controls=[name]),
        Action(gettext("新建登记簿"), f"{request.script_root}/drafts/new-register", "get", "table-plus", "primary"),
    ]


def uploads() -> Control:
    """Return the input that takes definition files."""
    return Control(
        "files",
        gettext("定义文件（YAML 或 zip）"),
        "file",
        several=True,
        accept=".yaml,.yml,.zip",
        max_mb=5,
        required=True,
    )


@pages.post("/drafts")
@signed_in
def begin() -> Response:
    """Begin a draft. Raises Forbidden; a missing name is said."""
    try:
        with writing() as work:
            number = drafting.begin(work, request.form.get("name", ""))
    except Invalid as invalid:
        flash(f"{gettext('名称')}：{sentence(invalid.errors[0].reason)}", "danger")
        return redirect(f"{request.script_root}/drafts")
    return redirect(address(number))


@pages.get("/drafts/<int:number>")
@signed_in
def show(number: int) -> str:
    """Show a draft: its files, what it would change, what is wrong, and what one may do with it. Raises Forbidden, Missing."""
    work = reading()
    return _page(work, number)


def _page(work: Work, number: int) -> str:
    d = drafting.get(work, number)
    changeable = d["state"] in drafting.CHANGEABLE
    planned = enacting.plan(work, number) if changeable else None
    others = enacting.approvers(work, number) if changeable else []
    moved = enacting.overtaken(work, number) if changeable else None
    changes = drafting.changes(work, number)
    names = people.names(
        work,
        [*others, *drafting.authors(work, number), *(d[k] for k in ("begun_by", "asked_by", "decided_by") if d[k])],
    )
    sound = planned is not None and planned.catalog is not None and bool(changes) and moved is None
    may = drafting.may(work) and changeable
    return render_template(
        "draft.html", title=d["name"], d=_row(d, names), number=number, may=may, changeable=changeable,
        authors=[names[p] for p in drafting.authors(work, number) if p in names],
        asked=f"{names.get(d['asked_by'], '')} {moment(d['asked_at'])}" if d["asked_by"] else "",
        decided=f"{names.get(d['decided_by'], '')} {moment(d['decided_at'])}：{d['decision']}" if d["decision"] else "",
        sentences=[sentence(s) for s in planned.sentences] if planned else [],
        impacts=impacts.shown(work, planned.impacts, address(number, "/merge")) if planned else [],
        for_new=planned is not None and impacts.may_be_for_new_rows(planned.impacts),
        findings=told([f for f in planned.findings if f.level == "error" or f.file in changes], number) if planned else [],
        wrong=len(errors(list(planned.findings))) if planned else 0,
        files=[_file(number, p, c, drafting.in_force(work)) for p, c in changes.items()],
        moved=_moved(moved, number) if moved else None,
        enact=_enact(d, others, names) if may and sound else None,
        today=f"{work.today}", actions=_actions(work, d, others, may),
        waits_for=[names[p] for p in others if p in names] if d["state"] == "asked" else [], since=d["in_force_from"],
        designs=links(work, number, address(number)) if may else None,
    )  # fmt: skip


def told(findings: Sequence[Finding], number: int) -> list[dict[str, Any]]:
    """Return findings as a page shows them, errors first, each with the way to its line."""
    ordered = sorted(findings, key=lambda f: f.level != "error")
    return [
        {
            "text": sentence(f.sentence), "where": f"{f.file}:{f.line}", "path": f.path, "line": f.line,
            "tone": "danger" if f.level == "error" else "warning", "url": address(number, f"/files/{f.file}?line={f.line}"),
        }
        for f in ordered
    ]  # fmt: skip


def _file(number: int, path: str, change: dict[str, Any], now: Any) -> dict[str, str]:
    kind = gettext("删去") if change["text"] is None else gettext("改动") if path in now else gettext("新文件")
    return {"path": path, "kind": kind, "url": address(number, f"/files/{path}"), "at": moment(change["at"])}


def _moved(moved: enacting.Overtaking, number: int) -> dict[str, Any]:
    return {
        "sentences": [sentence(s) for s in moved.sentences],
        "revisions": "、".join(gettext("第 %(n)s 号", n=n) for n in moved.revisions),
        "files": [
            {
                "path": p, "url": address(number, f"/files/{p}"),
                "mine": address(number, f"/keep/mine/{p}"), "theirs": address(number, f"/keep/theirs/{p}"),
            }
            for p in moved.paths
        ],
    }  # fmt: skip


def _enact(d: dict[str, Any], others: list[int], names: Any) -> dict[str, str] | None:
    """Return the next step towards being in force: asking those who approve, or publishing."""
    if d["state"] == "asked":
        return None
    if d["state"] != "approved" and others:
        who = "、".join(names[p] for p in others if p in names)
        waits = gettext("由以下任一人批准后才能发布：%(who)s", who=who)
        return {
            "label": gettext("提交审批"),
            "url": address(d["id"], "/ask"),
            "icon": "send",
            "say": waits,
            "confirm": "",
        }
    confirm = gettext("页面发布后立即更新；时限与罚则从生效日起适用，此前产生的待办与处罚不变。")
    return {
        "label": gettext("发布"),
        "url": address(d["id"], "/publish"),
        "icon": "rocket",
        "say": "",
        "confirm": confirm,
    }


def _actions(work: Work, d: dict[str, Any], others: list[int], may: bool) -> list[Action]:
    root = address(d["id"])
    found = [Action(gettext("下载 zip"), f"{root}/definitions.zip", "get", "download")]
    if may:
        found.append(Action(gettext("上传定义"), f"{root}/upload", icon="upload", controls=[uploads()]))
        path = Control(
            "path",
            gettext("文件名"),
            "text",
            "site/registers/",
            True,
            help=gettext("例如 site/registers/equipment_loan.yaml"),
        )
        found.append(Action(gettext("新增文件"), f"{root}/files", icon="file-plus", controls=[path]))
        found.append(
            Action(
                gettext("放弃草稿"),
                f"{root}/drop",
                icon="trash",
                tone="danger",
                confirm=gettext("放弃后不能再改，内容仍可查看。"),
            )
        )
    if d["state"] == "asked" and work.actor.person_id in others:
        found.append(Action(gettext("退回"), f"{root}/refuse", icon="x", tone="danger", reason=True))
        found.append(Action(gettext("批准"), f"{root}/approve", icon="check", tone="primary", reason=True))
    return found


def _day(name: str) -> date | None:
    text = request.form.get(name, "")
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Refused(say("“{text}”不是日期", text=text)) from None


@pages.post("/drafts/<int:number>/ask")
@signed_in
def ask(number: int) -> Response:
    """Ask for approval. Raises Forbidden, Missing, Refused, Unsound; a missing reason is said."""
    try:
        with writing() as work:
            enacting.ask(work, number, request.form.get("reason", ""), _day("in_force_from"))
        flash(gettext("已提交审批"), "success")
    except Invalid as invalid:
        flash(sentence(invalid.errors[0].reason), "danger")
    return redirect(address(number))


@pages.post("/drafts/<int:number>/<any(approve, refuse):decision>")
@signed_in
def decide(number: int, decision: str) -> Response:
    """Approve a draft or send it back. Raises Forbidden, Missing, Refused; a missing reason is said."""
    try:
        with writing() as work:
            enacting.decide(work, number, approve=decision == "approve", reason=request.form.get("reason", ""))
        flash(gettext("已办理"), "success")
    except Invalid as invalid:
        flash(sentence(invalid.errors[0].reason), "danger")
    return redirect(address(number))


@pages.post("/drafts/<int:number>/publish")
@signed_in
def publish(number: int) -> Response | tuple[str, int]:
    """Bring a draft into force. Raises Forbidden, Missing, Refused, Unsound; a missing reason is said, and what others published first."""
    try:
        done = enacting.publish(
            current_panel(), current_actor(), number, now=clock.now(), reason=request.form.get("reason", ""), since=_day("in_force_from"),
            new_rows_only="new_rows_only" in request.form,
        )  # fmt: skip
    except Invalid as invalid:
        flash(sentence(invalid.errors[0].reason), "danger")
        return redirect(address(number))
    except (Conflict, Overtaken) as first:
        flash(sentence(first.reason), "danger")
        let_go()  # what this request has read so far is from before the other publication
        return _page(reading(), number), first.status
    flash(gettext("已发布第 %(n)s 号，几秒后全部页面生效", n=done.revision), "success")
    return redirect(f"{request.script_root}/publications/{done.revision}")


@pages.post("/drafts/<int:number>/drop")
@signed_in
def drop(number: int) -> Response:
    """Give a draft up. Raises Forbidden, Missing, Refused."""
    with writing() as work:
        drafting.drop(work, number)
    return redirect(address(number))


@pages.post("/drafts/<int:number>/keep/<any(mine, theirs):whose>/<path:path>")
@signed_in
def settle(number: int, whose: str, path: str) -> Response:
    """Keep one's own text of a file that others changed too, or theirs. Raises Forbidden, Missing, Refused."""
    with writing() as work:
        enacting.settle(work, number, path, mine=whose == "mine")
    return redirect(address(number))


@pages.post("/drafts/<int:number>/merge")
@signed_in
def merge(number: int) -> Response:
    """Rewrite the records of an option that a draft merges into another. Raises Forbidden, Missing, Refused; a missing reason is said."""
    drafting.get(reading(), number)
    register, field, source, target = (request.args.get(n, "") for n in ("register", "field", "source", "target"))
    try:
        with writing() as work:
            done, left = merging.merge(work, register, field, source, target, request.form.get("reason", ""))
        flash(gettext("已改写 %(n)s 条，%(left)s 条保持原样", n=len(done.changed), left=left), "success")
    except Invalid as invalid:
        flash(sentence(invalid.errors[0].reason), "danger")
    return redirect(address(number))
