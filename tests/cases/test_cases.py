"""Every case of the folder, through the real doors, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases import expecting
from tests.cases.ground import FILES
from tests.cases.reading import Case
from tests.site import Site


@pytest.mark.parametrize("case", FILES.cases, ids=[c.title for c in FILES.cases])
def test_case(ground: Site, case: Case, tmp_path: Path) -> None:
    play = expecting.hold(ground, case, tmp_path)
    expecting.sound(play)
