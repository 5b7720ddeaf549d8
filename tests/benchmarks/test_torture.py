"""Workers that are killed, a broker that forgets and a clock that steps back leave what one undisturbed process leaves."""

from __future__ import annotations

import pytest

from benchmarks import torture
from tests.servers import DIALECTS, Databases, Dialect


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_tortured_workers_leave_is_what_one_process_leaves_in_peace(
    dialect: Dialect, fresh_database: Databases
) -> None:
    found = torture.measure(fresh_database, dialect, count=48, every=4, workers=2, most=5)
    assert found["kills"] >= 3
    assert found["restarts"] >= 1, "the broker was killed as well"
    assert (found["duplicates"], found["missing"]) == (0, 0)
    assert found["in_peace"]["ticket"] == 48
    ours, reference = dict(found["tortured"]), dict(found["in_peace"])
    ours.pop("seconds")
    reference.pop("seconds")
    assert ours == reference
