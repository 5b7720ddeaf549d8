"""What waits for a person: records to move on, fines and drafts to decide on, and what is owed."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask_babel import gettext

from app.services import waiting as service
from app.web import menu, owing, waiting
from app.web.actor import reading
from app.web.pages.signed_in import signed_in

pages = Blueprint("waiting", __name__)

SHOWN = 60
"""Records shown at once; more appear as these are dealt with."""
DUE = 8
"""Duties shown besides; all of them stand under one's own work."""


@pages.get("/waiting")
@signed_in
def show() -> str:
    """Show everything that waits for the person, the most urgent first."""
    work = reading()
    found, many = service.records(work, SHOWN)
    owed = waiting.owed(found, owing.mine(work))
    late, due = [o for o in owed if o["due_at"] <= work.now], [o for o in owed if o["due_at"] > work.now]
    menu.counted(many)
    return render_template(
        "waiting.html", title=gettext("待我办理"), groups=waiting.groups(work, found), decisions=waiting.decisions(work),
        late=owing.groups(work, late[:DUE]), late_count=len(late), due=owing.groups(work, due[:DUE]), due_count=len(due),
        hidden=many - len(found),
    )  # fmt: skip
