"""Fixtures for every test: real databases of both kinds, a real broker, a real browser."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import redis
from playwright.sync_api import Browser, sync_playwright

from tests import chromium, servers
from tests.site import Site, open_site, prepare


def _shared() -> Path:
    """Return the folder that all processes of this test run have in common.

    Not under pytest's own: every other run that starts closes that to PostgreSQL, which will not run as root.
    """
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    folder = Path(tempfile.gettempdir()) / f"rulebook-{run}"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def worker() -> str:
    """Name of this test process: gw0, gw1 …, or master when there is only one."""
    return os.environ.get("PYTEST_XDIST_WORKER", "master")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of a real PostgreSQL server, one for all processes of this test run."""
    folder = _shared()
    with servers.postgresql(folder / "postgresql") as url:
        yield url
    with suppress(OSError):  # another process is still using it, or has removed it
        folder.rmdir()


@pytest.fixture(scope="session")
def fresh_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> servers.Databases:
    """`fresh_database(dialect, like=None)` returns the URL of a new database; `.drop(url)` removes it.

    PostgreSQL is started by the first call that asks for it.
    """
    folder = tmp_path_factory.mktemp("sqlite")
    return servers.Databases(folder, lambda: request.getfixturevalue("postgresql_url"))


@pytest.fixture(params=servers.DIALECTS)
def dialect(request: pytest.FixtureRequest) -> servers.Dialect:
    """`sqlite`, then `postgresql`: the test runs once on each."""
    chosen: servers.Dialect = request.param
    return chosen


@pytest.fixture
def database_url(dialect: servers.Dialect, fresh_database: servers.Databases) -> Iterator[str]:
    """URL of an empty database: the test runs once on SQLite and once on PostgreSQL."""
    url = fresh_database(dialect)
    yield url
    fresh_database.drop(url)


@pytest.fixture(scope="session")
def broker_url() -> Iterator[str]:
    """URL of a real Valkey server that belongs to this test process."""
    with servers.valkey() as url:
        yield url


@pytest.fixture
def redis_url(broker_url: str) -> Iterator[str]:
    """REDIS_URL of a real, empty Valkey server."""
    with redis.Redis.from_url(broker_url) as client:
        client.flushall()
    yield broker_url


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """Path of the Chromium to drive; `make test` installs one."""
    path = chromium.find()
    assert path is not None, "No Chromium here: `make chromium` installs one."
    return path


@pytest.fixture(scope="session")
def browser(chromium_path: Path) -> Iterator[Browser]:
    """A running Chromium; open a context of your own in each test."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium_path, args=list(chromium.ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="session")
def prepared(fresh_database: servers.Databases) -> dict[str, str]:
    """URLs of databases that hold the shipped definitions and a small company, by dialect; made at first need."""
    return {}


@pytest.fixture
def site(
    dialect: servers.Dialect, fresh_database: servers.Databases, prepared: dict[str, str], tmp_path: Path
) -> Iterator[Site]:
    """The whole site with its company (tests/site.py), on SQLite and on PostgreSQL; each test has a copy of its own."""
    if dialect not in prepared:
        prepared[dialect] = fresh_database(dialect)
        prepare(prepared[dialect])
    url = fresh_database(dialect, prepared[dialect])
    opened = open_site(url, tmp_path)
    yield opened
    opened.panel.engine.dispose()
    fresh_database.drop(url)
