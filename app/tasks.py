"""Thin door for background work: wake-ups of the sweep and the post, and files that take longer than a person waits."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from app import clock
from app.exchange import importing
from app.services import chain, letters, recalculation, ticks, upkeep, whatif
from app.services.letters import Letter, Office
from app.services.panel import Panel
from config import Settings, celery_config

if TYPE_CHECKING:
    from celery import Celery

UPKEEP = 50_000
"""Records whose texts are indexed after one sweep at most: a few seconds, so that the next one is not late."""


def sender(settings: Settings) -> Celery:
    """Return a Celery app that asks workers for tasks and has none itself."""
    from celery import Celery  # a web process asks for few tasks, and mostly for none

    app = Celery("rulebook")
    app.conf.update(celery_config(settings))
    return app


def celery_app(settings: Settings, panel: Callable[[], Panel]) -> Celery:
    """Return the Celery app of this site; ``panel`` gives the panel of the newest catalog each time a task begins.

    Tasks carry no information but which file is meant: a lost or doubled one changes nothing. They are this app's alone: what is shared with
    others Celery never lets go of.
    """
    from app.robots import tell_group  # what speaks to other machines is of the workers alone

    app = sender(settings)
    office = Office(Mailer(settings) if settings.SMTP_URL else None, tell_group, settings.public_url)

    @app.task(name="app.tasks.sweep", shared=False)
    def sweep_due() -> None:
        ticks.run(panel(), clock.reading())
        chain.note_head(panel().engine, settings.INSTANCE, clock.now())
        upkeep.run(panel(), most=UPKEEP)

    @app.task(name="app.tasks.deliver", shared=False)
    def deliver() -> None:
        letters.deliver(panel(), clock.now(), office)

    @app.task(name="app.tasks.carry_on_import", shared=False)
    def carry_on_import(run_id: int) -> None:
        importing.carry_on(panel(), run_id, now=clock.now())

    @app.task(name="app.tasks.recalculate", shared=False)
    def recalculate() -> None:
        recalculation.resume(panel(), clock.now())

    @app.task(name="app.tasks.try_whatif", shared=False)
    def try_whatif(run_id: int) -> None:
        whatif.run(panel(), run_id, clock.now())

    return app


def start_recalculation(app: Celery) -> None:
    """Ask a worker to carry on the recalculations that wait."""
    app.send_task("app.tasks.recalculate")


def start_import(app: Celery, run_id: int, after: int = 0) -> None:
    """Ask a worker to carry on an import run, ``after`` seconds from now: so that it knows a register just published."""
    app.send_task("app.tasks.carry_on_import", [run_id], countdown=after)


def start_whatif(app: Celery, run_id: int) -> None:
    """Ask a worker to try a draft."""
    app.send_task("app.tasks.try_whatif", [run_id])


class Mailer:
    """Hands letters to the site's mail server, one connection each."""

    def __init__(self, settings: Settings) -> None:
        parts = urlsplit(settings.SMTP_URL)
        self.host, self.secure = parts.hostname or "localhost", parts.scheme == "smtps"
        self.port = parts.port or (465 if self.secure else 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.encrypted = parse_qs(parts.query).get("tls", ["0"])[0] == "1"
        self.sender = settings.MAIL_FROM

    def __call__(self, letter: Letter) -> None:
        """Send one letter. Raises OSError or SMTPException."""
        address, message_id, subject, text = letter
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = self.sender, address, subject, message_id
        mail.set_content(text)
        context = ssl.create_default_context()
        connect = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=30, context=context)
            if self.secure
            else smtplib.SMTP(self.host, self.port, timeout=30)
        )
        with connect as server:
            if self.encrypted:
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            server.send_message(mail)
