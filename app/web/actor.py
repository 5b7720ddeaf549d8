"""Who is asking, and the transactions of one request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, current_app, g, session
from flask_appbuilder import AppBuilder

from app.services import arriving, people, viewing
from app.services.arriving import Account
from app.services.panel import Actor, Panel, Work

VIEWING = "viewing"
"""Where the session keeps the line of the access log by which one looks as somebody else."""
STRANGER = Actor(0, "", frozenset())
"""Nobody has signed in: a person who does not exist, holds no role and is named in no record."""


def current_panel() -> Panel:
    """Return the panel on which this request began: a publication meanwhile is for the next one."""
    if "panel" not in g:
        g.panel = current_app.extensions["panel"]
    panel: Panel = g.panel
    return panel


def current_actor() -> Actor:
    """Return who is asking, with roles and unit as they stand at this request; nobody is ``STRANGER``."""
    builder: AppBuilder = current_app.extensions["appbuilder"]
    user = builder.sm.current_user
    person_id = getattr(user, "id", None)
    # A bearer token is read later than the session, so the answer may change once within a request.
    if "actor" not in g or (g.actor.behind or g.actor).person_id != (person_id or 0):
        g.actor = STRANGER
        if person_id:
            own = people.actor(_open(), person_id)
            g.actor = viewing.through(_open(), own, session[VIEWING]) if VIEWING in session else own
    actor: Actor = g.actor
    return actor


def account(person_id: int) -> Account | None:
    """Return the account of a person who may come in; None for nobody and for who may not any more."""
    return arriving.arrive(_open(), person_id)


def reading() -> Work:
    """Return this request's one unit of work for reading, as whoever is asking."""
    work = _open()
    work.actor = current_actor()
    return work


@contextmanager
def writing(source: str = "form", reason: str = "") -> Iterator[Work]:
    """Give a unit of work that writes, as whoever is asking; what was read before is put aside first.

    Holding a reader's connection while waiting for the writer's could starve the pool of connections.
    """
    actor = current_actor()
    let_go()
    with current_panel().work(actor, source=source, reason=reason) as work:
        _follow(work)
        yield work


def _open() -> Work:
    if "reading" not in g:
        context = current_panel().reading(g.get("actor", STRANGER), loose=True)
        g.reading, g.reading_context = context.__enter__(), context
        _follow(g.reading)
    work: Work = g.reading
    return work


def _follow(work: Work) -> None:
    """Let one unit of work after another in this request go by what was read of the site as a whole once."""
    if "before" in g:
        arriving.carry_over(g.before, work)
    g.before = work


def let_go(_error: BaseException | None = None) -> None:
    """Give the connection for reading back: whoever waits for the writer's must not hold it."""
    if context := g.pop("reading_context", None):
        g.pop("reading", None)
        context.__exit__(None, None, None)


def close_with_request(app: Flask) -> None:
    """Let each request of ``app`` give its connection back at its end."""
    app.teardown_appcontext(let_go)
