"""Sites for the tests of the web: one for each test, copied from one that was built once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import Databases
from tests.web.site import Site, build


@pytest.fixture
def site(fresh_database: Databases, tmp_path: Path) -> Iterator[Site]:
    """A small site on a new SQLite database; what databases do differently is tested below the web."""
    made = build(fresh_database("sqlite"), tmp_path)
    yield made
    made.panel.engine.dispose()
