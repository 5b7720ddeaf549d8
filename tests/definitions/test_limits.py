"""Every limit of the requirements, on both sides: what is done at the last moment is in time, one second later it is late."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from app.services.panel import Panel, Work
from tests.definitions.limits import SECOND, Line, lines, play
from tests.site import SHANGHAI

TABLE = lines(yaml.safe_load((Path(__file__).parent / "limits.yaml").read_text("utf-8")))


@pytest.mark.parametrize(
    "line", TABLE, ids=[f"{'-'.join(x.rows)} {x.duty} {x.last.astimezone(SHANGHAI):%m-%d}" for x in TABLE]
)
def test_what_is_done_at_the_last_moment_is_in_time_and_a_second_later_is_late(
    ground: tuple[Panel, int], work: Work, line: Line
) -> None:
    found = play(work, ground[1], line, line.last)
    assert (found.too_late, found.in_time, found.breaches) == (line.last + SECOND, True, 0)
    late = play(work, ground[1], line, line.last + SECOND)
    assert (late.too_late, late.in_time) == (line.last + SECOND, False)
    if line.needs > 1:
        assert not play(work, ground[1], line, line.last, line.needs - 1).in_time
