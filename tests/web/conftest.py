"""Sites for the tests of the web: one for each test, copied from one that is built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from app.web.grid import feed
from tests.servers import Databases
from tests.web.sheets import Desk, listen
from tests.web.site import Site, build, copied


@pytest.fixture(scope="session")
def built_site(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The site that the others are copies of; nobody is connected to it."""
    made = build(fresh_database("sqlite"), tmp_path_factory.mktemp("built"))
    made.panel.engine.dispose()
    return made


@pytest.fixture
def site(built_site: Site, fresh_database: Databases, tmp_path: Path) -> Iterator[Site]:
    """A small site on a SQLite database of its own; what databases do differently is tested below the web."""
    made = copied(built_site, fresh_database("sqlite", like=built_site.settings.DATABASE_URL), tmp_path)
    yield made
    made.panel.engine.dispose()


@pytest.fixture
def desk(site: Site, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """The site listening, for people at the grid; its streams look often and end soon, so that no thread outlives the test."""
    monkeypatch.setattr(feed, "PAUSE", 0.1)
    monkeypatch.setattr(feed, "ROUNDS", 10)
    opened = listen(site, browser, max(1, site.settings.WEB_THREADS // 4))
    yield opened
    opened.close()
