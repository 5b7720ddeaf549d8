"""The page of one obligation: why it is due when it is."""

from __future__ import annotations

from flask import Blueprint, render_template

from app.web import obligations
from app.web.actor import reading
from app.web.pages.signed_in import signed_in

pages = Blueprint("obligations", __name__)


@pages.get("/obligations/<int:number>")
@signed_in
def show(number: int) -> str:
    """Show why an obligation is due when it is. Raises Missing."""
    return render_template("obligation.html", **obligations.page(reading(), number))
