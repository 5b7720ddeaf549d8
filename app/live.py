"""The WSGI callable that always serves the newest published catalog."""

from __future__ import annotations

import ctypes
import gc
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.test import Client

import config
from app import factory
from app.services import publishing, waiting
from app.services.panel import Actor, Panel
from config import Settings

log = logging.getLogger(__name__)

_ARENAS = -8
"""``M_ARENA_MAX`` of glibc's malloc.h."""

_POLITE = 0.0005
"""Seconds after which a build lets others go on; ten times as often as usual."""

LANGUAGES = ("zh", "en")

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class Serving:
    """One catalog revision, its panel, and the app that answers from it."""

    revision: int
    panel: Panel
    app: Any


@dataclass(frozen=True)
class Failure:
    """A revision whose panel could not be built, and why."""

    revision: int
    text: str


class LiveApp:
    """Serves the newest published catalog, giving its app a freshly built panel when the revision moves.

    FAB cannot add views to a running app (their issues 1808 and 1910), and need not: the addresses of all registers are the same. The
    new panel is built beside the old, on the same engine; a request finishes on the one it began on. A build that fails leaves
    the old one in place and is not tried again until the revision moves.

    ``build`` makes what serves a newly opened database, or what takes the place of what is given; ``revision`` reads the published
    number; ``elapsed`` is a stopwatch in seconds.
    """

    PAUSE = 0.5
    """Seconds between two questions for the revision, at least."""

    def __init__(
        self,
        build: Callable[[LiveApp, Serving | None], Serving],
        revision: Callable[[Engine], int],
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._build, self._revision, self._elapsed = build, revision, elapsed
        self._serving: Serving | None = None
        self._asked = float("-inf")
        self._building = threading.Lock()
        self._looking = ThreadPoolExecutor(1, "live-look")
        self.failure: Failure | None = None

    @classmethod
    def from_environment(cls) -> LiveApp:
        """Return an app that reads its settings and opens its database when the first request comes."""

        return cls(lambda live, before: serving(config.read(), live, before), publishing.revision)

    @classmethod
    def without_pages(cls) -> LiveApp:
        """Return one that only keeps its panel fresh: for workers, which serve nobody."""

        def build(_live: LiveApp, before: Serving | None) -> Serving:
            panel = factory.open_panel(config.read(), before.panel.engine if before else None)
            return Serving(panel.catalog.revision, panel, _no_pages)

        return cls(build, publishing.revision)

    def share(self) -> None:
        """Build what is served in the process that others will be forked from, and leave it neither connections nor garbage.

        The collector then keeps away from it: what it writes into would become a copy of each process's own. A database that does
        not answer yet is left to the first request.
        """
        try:
            serving = self.refresh()
            for language in LANGUAGES:  # texts and the page around all others
                Client(serving.app).get("/login/", query_string={"lang": language})
            serving.panel.engine.dispose()
        except SQLAlchemyError:
            log.warning("the panel is built by the first request, for the database does not answer", exc_info=True)
        gc.collect()
        gc.freeze()
        _give_back()

    def take_over(self) -> None:
        """Begin in a forked process with the revision in force; where the database does not answer, with the one that was shared."""
        if self._serving is not None:
            with suppress(SQLAlchemyError):
                self.refresh()

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        serving = self._serving or self.refresh()
        if self._is_time():
            self._looking.submit(self.refresh).add_done_callback(_complain)
        answer: Iterable[bytes] = serving.app(environ, start_response)
        return answer

    @property
    def panel(self) -> Panel:
        """The panel of the newest catalog that could be built; background tasks ask for it each time they begin."""
        if self._serving is None or self._is_time():
            return self.refresh().panel
        return self._serving.panel

    def refresh(self) -> Serving:
        """Ask for the revision, build its panel if it moved, and return what is served from now on.

        Raises whatever the very first build raised; later failures are kept in ``failure``.
        """
        if self._serving is not None and self._building.locked():
            return self._serving
        with self._building:
            if self._serving is None:
                self._serving = self._build(self, None)
                self._asked = self._elapsed()
            elif self._wanted(self._serving):
                self._replace(self._serving)
            return self._serving

    def _is_time(self) -> bool:
        now = self._elapsed()
        if now - self._asked < self.PAUSE:
            return False
        self._asked = now
        return True

    def _wanted(self, serving: Serving) -> bool:
        wanted = self._revision(serving.panel.engine)
        return wanted != (self.failure.revision if self.failure else serving.revision)

    def _replace(self, serving: Serving) -> None:
        wanted = self._revision(serving.panel.engine)
        with _politely(), ThreadPoolExecutor(1, "live-build") as builder:
            attempt = builder.submit(self._build, self, serving)
        if (error := attempt.exception()) is None:
            self._serving, self.failure = attempt.result(), None
            _give_back()
            log.info("serving revision %s", wanted)
        else:
            # Whatever is wrong with a new catalog, the old one goes on serving.
            log.error("revision %s cannot be served, revision %s goes on", wanted, serving.revision, exc_info=error)
            self.failure = Failure(wanted, f"{type(error).__name__}: {error}")


def serving(settings: Settings, live: LiveApp | None = None, before: Serving | None = None) -> Serving:
    """Return what serves the newest publication: a new app, or that of ``before`` with another panel."""
    panel = factory.open_panel(settings, before.panel.engine if before else None)
    with panel.reading(Actor.system()) as work:
        waiting.ready(work)
    if before is None:
        return Serving(panel.catalog.revision, panel, factory.create_app(panel, settings, live))
    factory.serve(before.app, panel)
    return Serving(panel.catalog.revision, panel, before.app)


def _no_pages(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return []


def commands() -> Flask:
    """Return an app on the newest catalog for ``flask`` on the terminal."""
    app: Flask = serving(config.read()).app
    return app


def _complain(look: Future[Serving]) -> None:
    if (error := look.exception()) is not None:
        log.error("cannot ask for the published revision", exc_info=error)


@contextmanager
def _politely() -> Iterator[None]:
    """Let requests have the interpreter soon while something is computed beside them: each of their statements waits for it once."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_POLITE)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def _give_back() -> None:
    """Give memory that is free back to the system."""
    with suppress(AttributeError, OSError):  # only glibc keeps it
        ctypes.CDLL(None).malloc_trim(0)


def _share_heap() -> None:
    """Let all threads take memory from one heap: what a build gives back in a heap of its thread's own, the next cannot use."""
    with suppress(AttributeError, OSError):  # only glibc keeps several
        ctypes.CDLL(None).mallopt(_ARENAS, 1)


_share_heap()
application = LiveApp.from_environment()
