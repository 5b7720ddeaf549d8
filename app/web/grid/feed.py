"""Other people's changes, as they happen.

A stream holds one of gunicorn's threads for as long as it lasts, so only a quarter of them may stream, each for a minute;
whoever finds no place asks again and again instead, which costs a thread a few milliseconds. Both read the same history
from the database, so that it does not matter which process or machine wrote it.
"""

from __future__ import annotations

import select
import threading
import time
import weakref
from collections.abc import Generator, Iterator, Mapping
from typing import Any

import orjson
from flask import Blueprint, Response, current_app, request
from flask_babel import gettext

from app.services import scope, watching
from app.services.panel import Actor, Panel
from app.services.watching import Changes, Mark
from app.web.actor import current_actor, current_panel, reading
from app.web.answers import answer as refusal
from app.web.grid import asked
from app.web.pages.signed_in import signed_in

pages = Blueprint("grid_feed", __name__, url_prefix="/grid/<register>")

ROUNDS, PAUSE = 60, 1.0
"""How often a stream looks, and the seconds between."""
HEARTBEAT = 10
"""Rounds without news after which a comment is sent, so that no proxy takes the stream for dead."""


@pages.get("/changes")
@signed_in
def changes(register: str) -> Response:
    """Answer what changed since a mark. Raises Missing, Forbidden, Refused."""
    work = reading()
    since = request.args.get("since", "")
    scope.demand(work, register, "read")
    found = (
        watching.since(work, register, Mark.read(since))
        if since
        else Changes([], [], False, watching.now(work, register))
    )
    return asked.answer(_told(found))


@pages.get("/events")
@signed_in
def events(register: str) -> Response:
    """Stream changes since a mark as server-sent events, for about a minute. Raises Missing, Forbidden, Refused."""
    work = reading()
    scope.demand(work, register, "read")
    since = request.headers.get("Last-Event-ID") or request.args.get("since", "")
    mark = Mark.read(since) if since else watching.now(work, register)
    places: threading.Semaphore = current_app.extensions["streams"]
    if not places.acquire(blocking=False):
        full = refusal(503, gettext("实时更新的席位已满，将改为定时刷新"))
        full.headers["Retry-After"] = "30"
        return full
    stream = _Stream(_events(current_panel(), current_actor(), register, mark, request.environ), places)
    response = Response(stream, mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"
    return response


class _Stream:
    """One stream; gives its place back when it is closed, or dropped by a server that forgets to close it."""

    def __init__(self, parts: Generator[bytes, None, None], places: threading.Semaphore) -> None:
        self._parts = parts
        self._give_back = weakref.finalize(self, places.release)

    def __iter__(self) -> Iterator[bytes]:
        return self._parts

    def close(self) -> None:
        """Give the place back, once."""
        self._parts.close()
        self._give_back()


def _events(
    panel: Panel, actor: Actor, register: str, mark: Mark, environ: Mapping[str, Any]
) -> Generator[bytes, None, None]:
    yield b"retry: 1000\n\n"
    quiet = 0
    for _ in range(ROUNDS):
        with panel.reading(actor) as work:
            if not scope.may(work, register, "read"):
                break
            found = watching.since(work, register, mark)
        mark, quiet = found.mark, quiet + 1
        if found.changed or found.gone or found.many or found.moved:
            quiet = 0
            yield _event("changes", _told(found), mark)
        elif quiet % HEARTBEAT == 0:
            yield b": still here\n\n"
        if _left(environ, PAUSE):
            return
    yield _event("bye", {"since": str(mark)}, mark)


def _left(environ: Mapping[str, Any], seconds: float) -> bool:
    """Wait, but no longer than until the reader has gone; return whether that is so.

    The socket tells at once what writing to it would tell only the second time.
    """
    connection = environ.get("gunicorn.socket") or environ.get("werkzeug.socket")
    if connection is None:
        time.sleep(seconds)
        return False
    hanging_up = select.poll()
    hanging_up.register(connection, getattr(select, "POLLRDHUP", select.POLLHUP))
    return bool(hanging_up.poll(seconds * 1000))


def _event(name: str, told: Any, mark: Mark) -> bytes:
    return b"event: %b\nid: %b\ndata: %b\n\n" % (name.encode(), str(mark).encode(), orjson.dumps(told))


def _told(found: Changes) -> dict[str, Any]:
    return {
        "changed": found.changed,
        "gone": found.gone,
        "moved": found.moved,
        "many": found.many,
        "since": str(found.mark),
    }
