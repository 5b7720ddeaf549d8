"""The files of a draft: written by hand, uploaded, downloaded, compared with what is in force."""

from __future__ import annotations

import io
from hashlib import sha256

from flask import Blueprint, flash, redirect, render_template, request, send_file
from flask import Response as Answer
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog.differences import differences
from app.errors import Missing
from app.exchange.definitions import packed, unpacked
from app.services import drafting
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.pages.drafts import address, told
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action

pages = Blueprint("draft_files", __name__)


@pages.post("/drafts/<int:number>/files")
@signed_in
def add(number: int) -> Response:
    """Open a new file for writing. Raises Forbidden, Missing, Refused."""
    path = request.form.get("path", "").strip()
    with writing() as work:
        drafting.demand_change(work, number, path)
    return redirect(address(number, f"/files/{path}"))


@pages.get("/drafts/<int:number>/files/<path:path>")
@signed_in
def edit(number: int, path: str) -> str:
    """Show the text of a file with what is wrong in it, and how it differs from what is in force. Raises Forbidden, Missing."""
    work = reading()
    drafting.get(work, number)
    text = drafting.files(work, number).get(path)
    if text is None and path not in drafting.changes(work, number) and not drafting.is_own(path):
        raise Missing
    return _editor(work, number, path, text or "")


def _editor(work: Work, number: int, path: str, text: str, typed: str | None = None) -> str:
    d, now = drafting.get(work, number), drafting.in_force(work).get(path)
    may = drafting.may(work) and d["state"] in drafting.CHANGEABLE and drafting.is_own(path)
    root = address(number, f"/files/{path}")
    actions = [Action(gettext("下载"), address(number, f"/yaml/{path}"), "get", "download")]
    if may and text:
        gone = (
            gettext("删去后，其中的定义停用，已有记录全部保留。")
            if now is not None
            else gettext("从草稿中删去这个文件。")
        )
        actions.append(
            Action(
                gettext("删去文件"), address(number, f"/take-away/{path}"), icon="trash", tone="danger", confirm=gone
            )
        )
    return render_template(
        "draft_file.html", title=path, name=d["name"], url=address(number), save=root, path=path, may=may, actions=actions,
        text=text if typed is None else typed, seen=_seal(text), overtaken=typed is not None, line=request.args.get("line", type=int),
        findings=[f for f in told(drafting.catalog(work, number)[1], number) if f["where"].rpartition(":")[0] == path],
        lines=differences(now or "", text), is_new=now is None,
    )  # fmt: skip


def _seal(text: str) -> str:
    return sha256(text.encode(errors="surrogateescape")).hexdigest()


@pages.post("/drafts/<int:number>/files/<path:path>")
@signed_in
def save(number: int, path: str) -> Response | tuple[str, int]:
    """Keep the text of a file; one that somebody else changed meanwhile is shown again, with nothing lost.

    Raises Forbidden, Missing, Refused.
    """
    typed = request.form.get("text", "")
    with writing() as work:
        now = drafting.files(work, number).get(path, "")
        if "\r\n" not in now:  # a browser sends every line with this end
            typed = typed.replace("\r\n", "\n")
        typed += "\n" if typed and not typed.endswith("\n") else ""
        overtaken = request.form.get("seen", _seal(now)) != _seal(now)
        if not overtaken:
            drafting.save(work, number, path, typed)
    if overtaken:
        return _editor(reading(), number, path, now, typed), 409
    flash(gettext("已存入草稿"), "success")
    return redirect(address(number, f"/files/{path}"))


@pages.post("/drafts/<int:number>/take-away/<path:path>")
@signed_in
def take_away(number: int, path: str) -> Response:
    """Leave a file out. Raises Forbidden, Missing, Refused."""
    with writing() as work:
        drafting.take_away(work, number, path)
    return redirect(address(number))


@pages.get("/drafts/<int:number>/yaml/<path:path>")
@signed_in
def download(number: int, path: str) -> Answer:
    """Give a file as it is. Raises Forbidden, Missing."""
    work = reading()
    drafting.get(work, number)
    text = drafting.files(work, number).get(path)
    if text is None:
        raise Missing
    return _attached(text.encode(), path.rpartition("/")[2], "application/yaml")


@pages.get("/drafts/<int:number>/definitions.zip")
@signed_in
def download_all(number: int) -> Answer:
    """Give the site's own definitions with the draft as a zip, which uploaded again changes nothing. Raises Forbidden, Missing."""
    work = reading()
    drafting.get(work, number)
    return _attached(packed(drafting.files(work, number)), f"definitions-{number}.zip", "application/zip")


def _attached(content: bytes, name: str, kind: str) -> Answer:
    return send_file(io.BytesIO(content), mimetype=kind, as_attachment=True, download_name=name)


@pages.post("/drafts/upload")
@pages.post("/drafts/<int:number>/upload")
@signed_in
def upload(number: int | None = None) -> Response:
    """Take uploaded definitions into a draft, a new one where none is named. Raises Forbidden, Missing, Refused."""
    given = [
        (str(f.filename).replace("\\", "/").rpartition("/")[2], f.stream.read())
        for f in request.files.getlist("files")
        if f.filename
    ]
    with writing() as work:
        if number is None:
            names = "、".join(name for name, _ in given)
            number = drafting.begin(work, names or gettext("上传定义"))
        drafting.put(work, number, unpacked(given, drafting.files(work, number)))
    return redirect(address(number))
