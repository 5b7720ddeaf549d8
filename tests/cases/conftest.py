"""The ground that cases are played on: the shipped definitions, those of the case files, and the small company."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import servers
from tests.cases.ground import prepare
from tests.site import Site, open_site


@pytest.fixture(scope="session")
def grounds() -> dict[str, str]:
    """URLs of databases to copy, by dialect; made at first need."""
    return {}


@pytest.fixture
def ground(
    dialect: servers.Dialect, fresh_database: servers.Databases, grounds: dict[str, str], tmp_path: Path
) -> Iterator[Site]:
    """The small company under the shipped definitions and those of the case files; each case has a copy of its own."""
    if dialect not in grounds:
        grounds[dialect] = fresh_database(dialect)
        prepare(grounds[dialect])
    url = fresh_database(dialect, grounds[dialect])
    opened = open_site(url, tmp_path)
    yield opened
    opened.panel.engine.dispose()
    fresh_database.drop(url)
