"""What one does with a single record of any register: transitions, attachments, reports of a breach."""

from __future__ import annotations

from flask import Blueprint, abort, flash, jsonify, redirect, render_template, request, send_file
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import CellError, Invalid, Refused, say
from app.fields.links import File
from app.services import files, ledger, records, scope
from app.web import record_page, reports, waiting
from app.web.actor import reading, writing
from app.web.cells import record_url
from app.web.forms import keep_uploads, read
from app.web.language import sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("acts", __name__)


@pages.post("/registers/<register>/move/<int:number>/<name>")
@signed_in
def move(register: str, number: int, name: str) -> Response | tuple[str, int]:
    """Make a transition with what its form asks for; a refused form comes back as it was typed. Raises Missing, Forbidden."""
    row = records.get(reading(), register, number)
    offered = next((m for m in records.moves(reading(), register, number) if m.transition.code == name), None)
    typed = read([*offered.needs, *offered.asks] if offered else [], request.form, request.files, row)
    reason = request.form.get("reason", "").strip()
    if not typed.errors:
        try:
            with writing(reason=reason) as work:
                records.move(work, register, number, name, typed.values, reason=reason)
            flash(gettext("已办理"), "success")
            return redirect(waiting.back_to(request.args.get("from", "")) or record_url(register, number))
        except Invalid as invalid:
            typed.errors = list(invalid.errors)
    for error in typed.errors:
        flash(f"{error.label}：{sentence(error.reason)}" if error.label else sentence(error.reason), "danger")
    return render_template(
        "record.html", **record_page.page(reading(), reading().spec(register), number, name, typed)
    ), 422


@pages.post("/registers/<register>/report/<int:number>/<breach>")
@signed_in
def report(register: str, number: int, breach: str) -> Response:
    """Report a breach of a record by hand, for a person. Raises Missing, Forbidden, Invalid."""
    typed = read(reports.FIELDS, request.form, request.files)
    missing = [
        CellError(f.code, say("必填"), label=f.label.zh)
        for f in reports.FIELDS
        if f.required and typed.values.get(f.code) is None
    ]
    if typed.errors or missing:
        raise Invalid([*typed.errors, *missing])
    given = {k: v for k, v in typed.values.items() if v is not None}
    with writing() as work:
        ledger.report(work, register, number, breach, **given)
    flash(gettext("已登记违规"), "success")
    return redirect(record_url(register, number))


@pages.get("/registers/<register>/file/<int:number>/<int:attachment>")
@signed_in
def file(register: str, number: int, attachment: int) -> Response:
    """Send an attachment of a record. Raises Missing."""
    found = files.fetch(reading(), register, number, attachment)
    answer = send_file(found.path, found.content_type, as_attachment=True, download_name=found.name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


@pages.post("/upload/<register>/<field>")
@signed_in
def upload(register: str, field: str) -> Response:
    """Keep a file for a field of a form that is still being filled in; answers its number. Raises Missing, Forbidden, Refused."""
    offered = reading().spec(register).field(field)
    if not isinstance(offered, File):
        abort(404)
    if not any(scope.may(reading(), register, verb) for verb in ("add", "edit", "read")):
        abort(403)
    sent = request.files.getlist("file") or request.files.getlist(field)
    stored = keep_uploads([offered], {field: sent})
    if stored.errors:
        raise Refused(stored.errors[0].reason)
    if not stored.values:
        raise Refused(say("没有收到文件"))
    return jsonify(id=stored.values[field][0], text=sent[0].filename)
