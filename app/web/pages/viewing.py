"""Looking as somebody else: begin with a reason, leave with one click."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, request, session
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import Invalid
from app.services import viewing
from app.web.actor import VIEWING, current_actor, current_panel, writing
from app.web.language import sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("viewing", __name__, url_prefix="/viewing")


@pages.post("/<int:person>/begin")
@signed_in
def begin(person: int) -> Response:
    """Look as somebody from now on. Raises Forbidden, Missing, Refused; a missing reason is said."""
    try:
        with writing() as work:
            session[VIEWING] = viewing.begin(work, person, request.form.get("reason", ""))
    except Invalid as invalid:
        for e in invalid.errors:
            flash(sentence(e.reason), "danger")
        return redirect(f"{request.script_root}/rights?person={person}")
    return redirect(f"{request.script_root}/rights")


@pages.post("/end")
@signed_in
def end() -> Response:
    """Be oneself again."""
    seen = current_actor()
    number = session.pop(VIEWING, None)
    if seen.behind is not None and number is not None:
        with current_panel().work(seen.behind) as work:
            viewing.end(work, number)
        flash(gettext("已回到本人的身份"), "success")
        return redirect(f"{request.script_root}/rights?person={seen.person_id}")
    return redirect(f"{request.script_root}/")
