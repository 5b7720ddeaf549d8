"""The company's panel in a browser without a screen: one app, over whichever copy of the company is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event

from app import factory
from app.services.panel import Actor, Panel
from config import Settings
from tests.definitions.rounds.company import STRANGER


class House:
    """An app with all registers, and a browser for each person."""

    def __init__(self, panel: Panel, url: str, instance: Path) -> None:
        settings = Settings(
            INSTANCE=instance, DATABASE_URL=url, REDIS_URL="redis://127.0.0.1:1/0", SECRET_KEY="t" * 40, TIME_ZONE="Asia/Shanghai",
            LOCALE="zh", HOST="127.0.0.1", PORT=8000, WEB_THREADS=2, SMTP_URL="", MAIL_FROM="panel@example.com", PUBLIC_URL="", DEMO=False,
            DEFINITIONS=Path(factory.__file__).parent / "definitions", UPLOAD_LIMIT_MB=2, APPEAL_WORKING_DAYS=5, FORWARDED=0,
            SESSION_COOKIE_SECURE=False,
        )  # fmt: skip
        self.app: Flask = factory.create_app(panel, settings)
        self.app.config.update(RATELIMIT_STORAGE_URI="memory://")
        self.app.extensions["appbuilder"].sm.limiter.enabled = False
        self.engine = panel.engine
        self.browsers: dict[int | None, FlaskClient] = {}

    @contextmanager
    def over(self, panel: Panel) -> Iterator[House]:
        """Show a copy of the company whose people are the same."""
        before = self.app.extensions["panel"]
        self.app.extensions["panel"] = panel
        try:
            yield self
        finally:
            self.app.extensions["panel"] = before

    def browser(self, actor: Actor) -> FlaskClient:
        """Return a browser in which somebody is signed in."""
        if actor.person_id not in self.browsers:
            client = self.app.test_client()
            with client.session_transaction() as session:
                session.update(_user_id=str(actor.person_id), _fresh=True)
            self.browsers[actor.person_id] = client
        return self.browsers[actor.person_id]

    def status(self, actor: Actor, *addresses: str) -> dict[str, int]:
        """Return how each address answers somebody."""
        found = {}
        for address in addresses:
            kind = (
                "application/json" if actor.name == STRANGER else "text/html"
            )  # a refusal need not be drawn as a page
            answer = self.browser(actor).get(address, headers={"Accept": kind})
            answer.get_data()
            found[address] = answer.status_code
        return found


@contextmanager
def statements(*engines: Engine) -> Iterator[list[str]]:
    """Collect the statements that are sent to databases, transactions' own left out."""
    seen: list[str] = []

    def note(connection: object, cursor: object, statement: str, *more: object) -> None:
        if not statement.startswith(("BEGIN", "ROLLBACK", "COMMIT")):
            seen.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in engines:
            event.remove(engine, "before_cursor_execute", note)
