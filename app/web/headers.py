"""What every answer carries for the browser's own protection."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g

#: Scripts and styles come from ourselves, or stand in the page with this request's nonce; nobody may frame us.
POLICY = (
    "default-src 'self'; script-src 'self'{0}; style-src 'self'{0}; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)

STRICT = POLICY.format("")
"""For an answer without such scripts."""


def csp_nonce() -> str:
    """Return the number that this page's own inline scripts carry; a new one for each request."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def protect_answers(app: Flask) -> None:
    """Send the content policy and its companions with every answer of ``app``."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.setdefault(
            "Content-Security-Policy", POLICY.format(f" 'nonce-{csp_nonce()}'") if "csp_nonce" in g else STRICT
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        if not response.headers.get("Cache-Control"):
            # Pages hold personal facts: neither a shared proxy nor the back button after logout may keep them.
            response.headers["Cache-Control"] = "no-store"
        return response
