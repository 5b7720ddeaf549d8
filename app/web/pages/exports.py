"""A register's rows as a file, streamed: what the list shows is what the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from urllib.parse import quote

import orjson
from flask import Blueprint, Response, render_template
from flask_babel import gettext

from app import clock
from app.exchange import leaving
from app.exchange.cells import guarded
from app.exchange.columns import exported
from app.exchange.exporting import Wanted
from app.services import administration, people, scope
from app.web import listing
from app.web.actor import current_actor, current_panel, reading
from app.web.cells import moment
from app.web.interface import comparison
from app.web.language import label, language
from app.web.pages.signed_in import signed_in

pages = Blueprint("exports", __name__)

FORMS = {"csv": "CSV", "csv gb18030": "CSV (GB18030)", "xlsx": "Excel", "archive": "ZIP"}


@pages.get("/exports")
@signed_in
def log() -> str:
    """Show which files left: everybody's to who looks after the site, else one's own."""
    work = reading()
    found = leaving.log(work)
    names = people.names(work, [e["person"] for e in found if e["person"] is not None])
    rows = [
        {
            "number": e["id"], "at": moment(e["at"]), "who": names.get(e["person"] or 0, gettext("系统")), "form": FORMS.get(e["form"], e["form"]),
            "register": label(work.catalog.registers[e["register"]].label) if e["register"] in work.catalog.registers else e["register"],
            "columns": len(orjson.loads(e["columns"])), "what": e["criteria"], "rows": e["rows"], "whole": e["finished_at"] is not None,
        }
        for e in found
    ]  # fmt: skip
    return render_template("exports.html", rows=rows, everybody=administration.may(work))


@pages.get("/exports/<register>.<any(csv, xlsx):form>")
@signed_in
def export(register: str, form: Literal["csv", "xlsx"]) -> Response:
    """Send the rows that this person may export, filtered and sorted like the list. Raises Missing, Forbidden."""
    work = reading()
    spec = scope.demand(work, register, "export")
    wanted = listing.asked(scope.fields_for(work, register))
    filters = [comparison(spec, f.code, operation, value) for f, operation, value in listing.comparisons(work, wanted)]
    meant = Wanted(filters, wanted.search, wanted.order, form=form, language=language())
    return send(register, meant)


@pages.get("/exports/<register>/template.csv")
@signed_in
def template(register: str) -> Response:
    """Send an empty file with the headers that an import understands. Raises Missing, Forbidden."""
    spec = scope.demand(reading(), register, "import")
    tongue = language()
    heads = [
        f.label.text(tongue)
        for f in exported(spec, scope.fields_for(reading(), register, "add"))
        if f.typed and f.code != "state"
    ]
    return file_answer(
        iter([("\ufeff" + ",".join(map(guarded, heads)) + "\r\n").encode()]), f"{spec.label.text(tongue)}.csv"
    )


def send(register: str, wanted: Wanted) -> Response:
    """Send a file of a register's rows as it is made, and note that it left. Raises Missing, Forbidden, Refused."""
    file = leaving.issue(current_panel(), current_actor(), register, wanted, now=clock.now(), source="form")
    return file_answer(file.parts, file.name, file.type)


def file_answer(parts: Iterator[bytes], name: str, kind: str = "text/csv") -> Response:
    """Return a file that is sent as it is made."""
    answer = Response(parts, mimetype=kind)
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
