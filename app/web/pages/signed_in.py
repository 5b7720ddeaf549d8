"""Pages for people who have signed in."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from flask import abort, current_app, redirect, request
from flask_login import current_user

from app.web.answers import is_machine

P = ParamSpec("P")


def signed_in(page: Callable[P, Any]) -> Callable[P, Any]:
    """Ask whoever has not signed in to do so first; machines are told 401."""

    @wraps(page)
    def asked(*args: P.args, **kwargs: P.kwargs) -> Any:
        if current_user.is_authenticated:
            return page(*args, **kwargs)
        if is_machine():
            abort(401)
        return redirect(current_app.extensions["appbuilder"].get_url_for_login_with(next_url=request.url))

    return asked
