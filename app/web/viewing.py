"""What is open to who looks as somebody else: the registers' screens and forms, and that person's rights; the way back; nothing more."""

from __future__ import annotations

from flask import Flask, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.web.actor import current_actor
from app.web.answers import answer, is_machine

OPEN = ("/static/", "/grid/", "/registers/", "/pick/", "/palette", "/rights", "/viewing/", "/counts", "/logout/")
"""Addresses whose rows come through the scope, which shows what both persons may read. Whatever is a person's own stays closed."""


def guard(app: Flask) -> None:
    """Close to who looks as somebody else everything but screens and forms of registers."""
    app.before_request(_closed)
    app.jinja_env.globals["viewed_as"] = viewed_as


def viewed_as() -> str:
    """Return the name of the person as whom one looks; empty for oneself."""
    actor = current_actor()
    return actor.name if actor.behind is not None else ""


def _closed() -> Response | tuple[str, int] | None:
    if request.endpoint is None or request.path.startswith(OPEN) or not viewed_as():
        return None
    if request.method == "GET" and not is_machine():
        return render_template("viewing.html", title=gettext("以他人身份查看")), 200
    return answer(403, gettext("以他人身份查看时只能看登记簿的页面和表单"))
