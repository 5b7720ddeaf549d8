"""Proof that a request which changes something came from one of our own pages."""

from __future__ import annotations

from flask import request
from flask_wtf import CSRFProtect


class PageToken(CSRFProtect):
    """Asks every request that changes something for the token of our pages, unless it carries a bearer token.

    No other site can make a browser send an ``Authorization`` header, so such a request needs no second proof.
    """

    def protect(self, apply_exemptions: bool = False) -> None:
        """Raise CSRFError for a request without the token."""
        by_machine = request.path.startswith("/api/") and request.headers.get("Authorization", "").lower().startswith(
            "bearer "
        )
        if not by_machine:
            super().protect(apply_exemptions)

    def _get_csrf_token(self) -> str | None:
        """Return the token from where scripts put it, or else from the form, which is then read."""
        return request.headers.get("X-CSRFToken") or super()._get_csrf_token()
