"""Records on paper: as a page to print, and as PDF."""

from __future__ import annotations

from urllib.parse import quote

from flask import Blueprint, Response, render_template, request

from app.errors import Missing
from app.exchange import pdf
from app.services import printing
from app.services.printing import Printed
from app.web import prints
from app.web.actor import reading
from app.web.cells import record_url
from app.web.language import label
from app.web.pages.signed_in import signed_in

pages = Blueprint("prints", __name__, url_prefix="/prints/<register>")


@pages.get("/<code>")
@signed_in
def show(register: str, code: str) -> str:
    """Show records as sheets of paper. Raises Missing, Refused."""
    work, ids = reading(), _ids()
    printed = printing.sheets(work, register, code, ids)
    others = [
        {"label": label(p.label), "url": prints.url(register, p.code, ids), "active": p.code == code}
        for p in printing.offered(work, register, ids)
    ]
    back = record_url(register, ids[0]) if len(ids) == 1 else f"{request.script_root}/grid/{register}"
    return render_template(
        "print.html", document=prints.document(work, printed), others=others, back=back, left_out=printed.left_out,
        pdf_url=prints.url(register, code, ids, ".pdf"),
    )  # fmt: skip


@pages.get("/<code>.pdf")
@signed_in
def file(register: str, code: str) -> Response:
    """Send the same sheets as PDF. Raises Missing, Refused."""
    work = reading()
    printed = printing.sheets(work, register, code, _ids())
    answer = Response(pdf.typeset(prints.document(work, printed), work.now), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(_name(printed))}.pdf"
    return answer


def _name(printed: Printed) -> str:
    rows = [s.row for s in printed.sheets if s.row is not None]
    name = label(printed.print.title or printed.print.label)
    return f"{name} {rows[0]['record_no']}" if len(rows) == 1 else name


def _ids() -> list[int]:
    found = [int(i) for i in request.args.get("ids", "").split(",") if i.isdecimal() and len(i) < 19]
    if not found:
        raise Missing
    return list(dict.fromkeys(found))
