"""The newest catalog is served while requests run, and a bad one never is."""

from __future__ import annotations

import gc
import importlib
import os
import threading
import weakref
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from app import factory, live
from app.live import LiveApp, Serving
from app.services import publishing
from tests.web import conftest as web
from tests.web.site import FILES, NOW, PASSWORD, Site

built_site, site = web.built_site, web.site

VISIT = """
code: visit
label: {zh: 拜访, en: Visit}
domain: service
fields: [{code: what, label: 内容, type: text, basis: impl}]
access: [{role: everyone, can: [read, add]}]
"""


class Stopwatch:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def serving(site: Site, stopwatch: Stopwatch | None = None) -> LiveApp:
    """Return a live app over a site's own database."""

    def build(self: LiveApp, before: Serving | None) -> Serving:
        if before is not None:
            return live.serving(site.settings, self, before)
        panel = factory.open_panel(site.settings, site.panel.engine)
        app = factory.create_app(panel, site.settings, self)
        app.extensions["appbuilder"].sm.limiter.enabled = False
        return Serving(panel.catalog.revision, panel, app)

    return LiveApp(build, publishing.revision, stopwatch or Stopwatch())


def publish(site: Site, files: dict[str, str]) -> None:
    publishing.publish(
        site.panel.engine, files, actor=site.actor("admin"), reason="test", now=NOW, zone=site.settings.zone
    )


def status(app: LiveApp, url: str, headers: dict[str, str] | None = None) -> int:
    return Client(app).get(url, headers=headers or {}).status_code


def bearer(app: LiveApp) -> dict[str, str]:
    body = {"username": "owner", "password": PASSWORD, "provider": "db"}
    token = Client(app).post("/api/v1/security/login", json=body).get_json()["access_token"]
    return {"Authorization": f"Bearer {token}"}


def test_a_new_register_is_served_once_it_is_published(site: Site) -> None:
    app = serving(site)
    headers = bearer(app)
    assert status(app, "/api/v1/visit/", headers) == 404
    publish(site, FILES | {"visit.yaml": VISIT})
    app.refresh()
    assert status(app, "/api/v1/visit/", headers) == 200
    assert app.panel.catalog.registers["visit"].label.zh == "拜访"


def test_no_request_fails_while_catalogs_are_swapped(site: Site) -> None:
    app = serving(site)
    headers = bearer(app)
    stop, seen = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            seen.append(status(app, "/api/v1/complaint/", headers))

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(ask)
        for n in range(3):
            publish(site, FILES | {"visit.yaml": VISIT.replace("拜访", f"拜访{n}")})
            app.refresh()
        stop.set()
    assert len(seen) > 4
    assert set(seen) == {200}
    assert app.panel.catalog.registers["visit"].label.zh == "拜访2"


def test_a_request_in_flight_finishes_on_the_app_it_began_on(site: Site) -> None:
    entered, go = threading.Event(), threading.Event()
    answers = []

    def page(name: str) -> Callable[..., Iterable[bytes]]:
        def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if name == "1":
                entered.set()
                go.wait(10)
            start_response("200 OK", [])
            return [name.encode()]

        return answer

    revision = [1]
    app = LiveApp(
        lambda _app, _before: Serving(revision[0], site.panel, page(str(revision[0]))),
        lambda _engine: revision[0],
        Stopwatch(),
    )
    slow = threading.Thread(target=lambda: answers.append(Client(app).get("/").data))
    slow.start()
    entered.wait(10)
    revision[0] = 2
    app.refresh()
    answers.append(Client(app).get("/").data)
    go.set()
    slow.join()
    assert answers == [b"2", b"1"]


def test_a_catalog_that_cannot_be_built_leaves_the_old_one_serving_and_is_tried_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    revision, built = [1], []

    def build(_app: LiveApp, _before: Serving | None) -> Serving:
        built.append(revision[0])
        if revision[0] == 2:
            raise ValueError("register visit has no face")
        return Serving(revision[0], site.panel, lambda environ, start: [start("200 OK", []), b""][1:])

    app = LiveApp(build, lambda _engine: revision[0], Stopwatch())
    app.refresh()
    revision[0] = 2
    for _ in range(3):
        assert app.refresh().revision == 1
    assert built == [1, 2]
    assert app.failure is not None
    assert (app.failure.revision, app.failure.text) == (2, "ValueError: register visit has no face")
    assert "revision 2 cannot be served" in caplog.text
    assert status(app, "/") == 200
    revision[0] = 3
    assert app.refresh().revision == 3
    assert app.failure is None


def test_the_revision_is_asked_at_most_once_in_a_pause(site: Site) -> None:
    stopwatch, asked, done = Stopwatch(), [], threading.Event()

    def revision(_engine: Engine) -> int:
        asked.append(stopwatch.seconds)
        done.set()
        return 1

    app = LiveApp(
        lambda _app, _before: Serving(1, site.panel, lambda environ, start: [start("200 OK", []), b""][1:]),
        revision,
        stopwatch,
    )
    pauses = (0.0, 0.5, 0.9, 1.1, 1.2, 1.9, 2.2)
    for n in pauses:
        stopwatch.seconds = n * LiveApp.PAUSE
        done.clear()
        status(app, "/")
        if n in (1.1, 2.2):
            assert done.wait(10)
    assert asked == [n * LiveApp.PAUSE for n in (1.1, 2.2)]


def test_old_and_new_stand_on_one_engine(site: Site) -> None:
    app = serving(site)
    first = app.panel.engine
    publish(site, FILES | {"visit.yaml": VISIT})
    app.refresh()
    assert app.panel.engine is first


def test_thirty_publications_in_a_row_leave_nothing_of_those_before_behind(site: Site) -> None:
    app = serving(site)
    app.refresh()
    headers = bearer(app)
    gone: list[weakref.ref[Any]] = []
    alive = []
    for n in range(30):
        publish(site, FILES | {"visit.yaml": VISIT.replace("拜访", f"拜访{n}")})
        served = app.refresh()
        assert status(app, "/login/") == 200
        assert status(app, "/api/v1/visit/", headers) == 200  # its statements hold the tables of this publication
        gone += [weakref.ref(x) for x in (served.panel, served.panel.catalog, served.panel.models)]
        del served
        if n in (9, 29):
            gc.collect()
            alive.append(len(gc.get_objects()))
    assert [r for r in gone[:-3] if r() is not None] == []
    assert alive[1] - alive[0] < 2000, "twenty publications more leave a hundred objects each"


def in_a_fork(ask: Callable[[], bool]) -> bool:
    """Return what ``ask`` answers in a process that is forked from this one."""
    child = os.fork()
    if not child:
        os._exit(0 if ask() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_forked_processes_share_what_was_built_and_open_connections_of_their_own(site: Site) -> None:
    app = serving(site)
    try:
        app.share()
        panel, engine = app.panel, app.panel.engine
        assert engine.pool.checkedin() == engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        asked = [lambda: app.panel is panel and status(app, "/login/") == 200] * 2
        assert all(in_a_fork(ask) for ask in asked)
        assert engine.pool.checkedin() == 0  # type: ignore[attr-defined]
        assert status(app, "/login/") == 200
    finally:
        gc.unfreeze()


def test_a_process_that_is_forked_after_a_publication_begins_with_it(site: Site) -> None:
    app = serving(site)
    try:
        app.share()
        publish(site, FILES | {"visit.yaml": VISIT})

        def ask() -> bool:
            app.take_over()
            return "visit" in app.panel.catalog.registers and status(app, "/login/") == 200

        assert in_a_fork(ask)
        assert "visit" not in app.panel.catalog.registers
    finally:
        gc.unfreeze()


def test_what_cannot_be_built_before_the_fork_is_built_by_the_first_request(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    answers = [OperationalError("SELECT 1", {}, Exception("no database yet"))]

    def build(_app: LiveApp, _before: Serving | None) -> Serving:
        if answers:
            raise answers.pop()
        return Serving(1, site.panel, lambda environ, start: [start("200 OK", []), b""][1:])

    app = LiveApp(build, lambda _engine: 1, Stopwatch())
    try:
        app.share()
    finally:
        gc.unfreeze()
    assert "the database does not answer" in caplog.text
    assert status(app, "/") == 200


def test_a_publication_builds_nothing_anew_of_registers_that_it_leaves_alone(site: Site) -> None:
    app = serving(site)
    before = app.refresh().panel
    publish(site, FILES | {"visit.yaml": VISIT})
    after = app.refresh().panel
    for code, spec in before.catalog.registers.items():
        assert after.catalog.registers[code] is spec
        assert after.models.tables[code] is before.models.tables[code]
    assert after.models.tables.keys() - before.models.tables.keys() == {"visit"}


def test_why_a_catalog_is_not_served_stands_on_the_publications_page(site: Site) -> None:
    app = serving(site)
    app.refresh()
    app.failure = live.Failure(7, "ValueError: no face")
    client = Client(app)
    token = client.get("/login/").get_data(as_text=True).split('name="csrf-token" content="')[1].split('"')[0]
    client.post("/login/", data={"username": "admin", "password": PASSWORD, "csrf_token": token})
    page = client.get("/publications").get_data(as_text=True)
    assert "第 7 号目录无法启用" in page
    assert "no face" in page


def test_importing_the_module_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
    again = importlib.reload(live)
    assert again.application.failure is None
    monkeypatch.undo()
    importlib.reload(live)
