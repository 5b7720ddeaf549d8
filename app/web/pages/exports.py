"""A register's rows as a file, streamed: what the list shows is what the file holds."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from flask import Blueprint, Response

from app.exchange import exporting
from app.exchange.cells import guarded
from app.exchange.columns import exported
from app.services import scope
from app.web import listing
from app.web.actor import current_actor, current_panel, reading
from app.web.interface import comparison
from app.web.language import language
from app.web.pages.signed_in import signed_in

pages = Blueprint("exports", __name__)


@pages.get("/exports/<register>.csv")
@signed_in
def export(register: str) -> Response:
    """Send the rows that this person may export, filtered and sorted like the list. Raises Missing, Forbidden."""
    work = reading()
    spec = scope.demand(work, register, "export")
    wanted = listing.asked(spec, scope.fields_for(work, register))
    filters = [comparison(spec, f.code, operation, value) for f, operation, value in listing.comparisons(work, wanted)]
    panel, actor, tongue = current_panel(), current_actor(), language()

    def parts() -> Iterator[bytes]:
        # The file goes on after the request's own reading has ended.
        with panel.reading(actor) as own:
            yield from exporting.parts(
                own, register, filters=filters, search=wanted.search, order=wanted.order, language=tongue
            )

    return file_answer(parts(), f"{spec.label.text(tongue)}.csv")


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


def file_answer(parts: Iterator[bytes], name: str) -> Response:
    """Return a CSV file that is sent as it is made."""
    answer = Response(parts, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    answer.headers["X-Accel-Buffering"] = "no"
    return answer
