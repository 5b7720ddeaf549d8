"""Proof that a request which changes something came from one of our own pages."""

from __future__ import annotations

from flask import request
from flask_wtf import CSRFProtect


class PageToken(CSRFProtect):
    """Asks every request that changes something for the token of our pages, unless it carries a bearer token.

    No other site can make a browser send an ``Authorization`` header, so such a request needs no second proof.
    """

    def protect(self) -> None:
        """Raise CSRFError for a request without the token."""
        if not request.headers.get("Authorization", "").lower().startswith("bearer "):
            super().protect()
