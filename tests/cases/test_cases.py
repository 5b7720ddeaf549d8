"""Every case of the folder, through the real doors, on SQLite and on PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.services import sweep
from tests.cases import expecting
from tests.cases.ground import FILES
from tests.cases.playing import Play
from tests.cases.reading import Case
from tests.site import Site


@pytest.mark.parametrize("case", FILES.cases, ids=[c.title for c in FILES.cases])
def test_case(ground: Site, case: Case, tmp_path: Path) -> None:
    play = Play(ground, case, tmp_path)
    play.run()
    expecting.sound(play)
    sweep.run(play.site.panel, play.now)
    again = sweep.run(play.site.panel, play.now)
    assert (again.breaches, again.tickets, again.notices) == (0, 0, 0), "a sweep done again does nothing"
    expecting.sound(play)
