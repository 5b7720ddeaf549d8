"""A whole register out as one file, and back into a site that has none of its records; for who looks after the site."""

from __future__ import annotations

import tempfile
from typing import BinaryIO, cast

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.errors import Forbidden, Refused, say
from app.exchange import archive, restoring
from app.services import administration
from app.web.actor import current_actor, current_panel, let_go, reading
from app.web.language import label, sentence
from app.web.pages.exports import file_answer
from app.web.pages.signed_in import signed_in
from app.web.shapes import Control

pages = Blueprint("archives", __name__)

_MEMORY = 1 << 20
_PART = 1 << 18


@pages.get("/archives")
@signed_in
def show() -> str:
    """Offer every register as an archive, and take one back. Raises Forbidden."""
    work = reading()
    administration.demand(work)
    codes = sorted((spec.code, label(spec.label)) for spec in work.catalog.tables())
    options = [{"code": c, "label": f"{text} {c}"} for c, text in codes]
    asked = Control("register", gettext("登记簿"), "choice", "", True, options=options)
    return render_template("archives.html", title=gettext("登记簿存档"), asked=asked)


@pages.get("/archives/download")
@signed_in
def download() -> Response:
    """Send a register's archive. Raises Forbidden, Missing."""
    register = request.args.get("register", "")
    administration.demand(reading())
    reading().spec(register)
    let_go()
    file = tempfile.SpooledTemporaryFile(max_size=_MEMORY)  # noqa: SIM115  # closed when the answer has been sent
    now = clock.now()
    archive.pack(current_panel(), current_actor(), register, cast(BinaryIO, file), now=now)
    file.seek(0)
    answer = file_answer(iter(lambda: file.read(_PART), b""), f"{register}_{now:%Y%m%d-%H%M}.zip", "application/zip")
    answer.call_on_close(file.close)
    return answer


@pages.post("/archives")
@signed_in
def restore() -> Response:
    """Bring a register back from its archive. Raises Forbidden, and Refused with what is in the way."""
    administration.demand(reading())
    file = request.files.get("file")
    if file is None or not file.filename:
        raise Refused(say("没有收到文件"))
    actor, panel, now = current_actor(), current_panel(), clock.now()
    let_go()
    if request.form.get("definitions"):
        if not current_app.extensions["appbuilder"].sm.has_access("can_publish", "publications"):
            raise Forbidden(say("您没有这样做的权限"))
        panel = restoring.with_definitions(panel, actor, file.stream, now=now)
        let_go()
    back = restoring.restore(panel, actor, file.stream, now=now)
    flash(
        gettext(
            "已恢复 %(records)s 条记录，以及它们引用的 %(pointed)s 条、%(people)s 名停用的人员、%(files)s 个附件",
            records=back.records, pointed=back.pointed, people=back.people, files=back.files,
        ),
        "success",
    )  # fmt: skip
    if back.left is not None:
        flash(sentence(back.left), "info")
    return redirect(f"{request.script_root}/registers/{back.register}/list/")
