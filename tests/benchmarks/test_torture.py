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


def test_patience_lasts_as_long_as_something_is_done() -> None:
    patience = torture.Patience(moved=0.0)
    for n in range(1, 20):
        assert not patience.lost(left=100_000 - n, now=n * (torture.PATIENCE - 1.0))
    last = 19 * (torture.PATIENCE - 1.0)
    assert not patience.lost(left=99_981, now=last + torture.PATIENCE)
    assert patience.lost(left=99_981, now=last + torture.PATIENCE + 1)
