"""Finding by typing: records, people and units for pickers, and anything at all for the search palette."""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.services import lookup, scope
from app.web.actor import reading
from app.web.cells import record_url
from app.web.language import label
from app.web.pages.signed_in import signed_in

pages = Blueprint("pick", __name__)

ENOUGH = 12


@pages.get("/pick/<register>")
@signed_in
def pick(register: str) -> Response:
    """Answer up to twenty rows, people or units whose name contains ``q``: a list of {id, text}.

    Raises Missing, and Forbidden for a register whose rows this person may not even look up.
    """
    work, text = reading(), request.args.get("q", "")[:100]
    if register == "person":
        found = lookup.search_people(work, text)
    elif register == "unit":
        found = lookup.search_units(work, text)
    else:
        found = lookup.search(work, register, text)
    return jsonify([{"id": number, "text": name} for number, name in found])


@pages.get("/palette")
@signed_in
def palette() -> Response:
    """Answer registers, and records of the registers read most, whose names contain ``q``: a list of {group, label, url}."""
    work, text = reading(), request.args.get("q", "").strip()[:100]
    registers = scope.readable(work)
    folded = text.casefold()
    found = [
        {"group": gettext("登记簿"), "label": label(s.label), "url": f"{request.script_root}/registers/{s.code}/list/"}
        for s in registers
        if folded in label(s.label).casefold() or folded in s.code
    ][:ENOUGH]
    if len(text) >= 2:
        for spec in [s for s in registers if not s.tickets_of][:ENOUGH]:
            found += [
                {"group": label(spec.label), "label": name, "url": record_url(spec.code, number)}
                for number, name in lookup.search(work, spec.code, text, limit=4)
            ]
    return jsonify(found[: 3 * ENOUGH])
