"""Processes are killed, started again and started twice; every row goes in exactly once."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from openpyxl import load_workbook
from sqlalchemy import func, select

from app.exchange import importing
from app.models.fixed import import_error, import_run, record_version
from app.models.ledger import obligation
from app.services.panel import Panel
from tests.exchange.sample import CLERK, NOW

ROOT = Path(__file__).parents[2]
ROWS = 330
BAD = (7, 120, 301)


def prepared(panel: Panel, card_file: Callable[..., Path], mode: Literal["all", "good"]) -> int:
    rows = [f"A{n},{'昨天' if mode == 'good' and n in BAD else '2026-03-05'},质量,第 {n} 件" for n in range(ROWS)]
    return importing.prepare(panel, CLERK, "card", card_file(*rows), now=NOW, mode=mode)


def started(panel: Panel, run_id: int, killed: str = "never") -> subprocess.Popen[bytes]:
    url = panel.engine.url.render_as_string(hide_password=False)
    module = [sys.executable, "-W", "error", "-m", "tests.exchange.interrupted"]
    return subprocess.Popen([*module, url, str(panel.files), str(run_id), killed], cwd=ROOT)


def found(panel: Panel, run_id: int) -> dict[str, Any]:
    with panel.engine.connect() as connection:
        table, v = panel.models.tables["card"], record_version.c
        row = connection.execute(select(import_run).where(import_run.c.id == run_id)).mappings().one()
        return {
            "state": row["state"],
            "counted": (row["created"], row["refused"]),
            "rows": connection.execute(select(func.count()).select_from(table)).scalar(),
            "distinct": connection.execute(select(func.count(table.c.card_no.distinct()))).scalar(),
            "versions": connection.execute(select(func.count()).where(v.register == "card")).scalar(),
            "obligations": connection.execute(select(func.count()).select_from(obligation)).scalar(),
            "errors": connection.execute(select(func.count()).select_from(import_error)).scalar(),
        }


def whole(good: int, bad: int) -> dict[str, Any]:
    each = dict.fromkeys(("rows", "distinct", "versions", "obligations"), good)
    return {"state": "done", "counted": (good, bad), "errors": bad, **each}


@pytest.mark.parametrize(("killed", "left"), [("between", 148), ("before_commit", 99)])
def test_a_run_of_good_rows_killed_anywhere_goes_on_where_it_stood(
    panel: Panel, card_file: Callable[..., Path], killed: str, left: int
) -> None:
    run_id = prepared(panel, card_file, "good")
    assert started(panel, run_id, killed).wait() == -signal.SIGKILL
    halfway = found(panel, run_id)
    assert (halfway["state"], halfway["rows"], halfway["versions"]) == ("running", left, left)
    assert started(panel, run_id).wait() == 0
    assert found(panel, run_id) == whole(ROWS - len(BAD), len(BAD))


@pytest.mark.parametrize("killed", ["between", "before_commit"])
def test_an_all_or_nothing_run_that_is_killed_leaves_nothing_and_goes_in_whole_later(
    panel: Panel, card_file: Callable[..., Path], killed: str
) -> None:
    run_id = prepared(panel, card_file, "all")
    assert started(panel, run_id, killed).wait() == -signal.SIGKILL
    assert found(panel, run_id)["rows"] == 0
    assert started(panel, run_id).wait() == 0
    assert found(panel, run_id) == whole(ROWS, 0)


@pytest.mark.parametrize(("mode", "bad"), [("good", len(BAD)), ("all", 0)])
def test_two_workers_on_one_run_write_each_row_once(
    panel: Panel, card_file: Callable[..., Path], mode: Literal["all", "good"], bad: int
) -> None:
    run_id = prepared(panel, card_file, mode)
    workers = [started(panel, run_id) for _ in range(2)]
    assert [w.wait() for w in workers] == [0, 0]
    assert found(panel, run_id) == whole(ROWS - bad, bad)


def test_the_refused_rows_of_a_run_that_was_killed_are_all_in_its_file(
    panel: Panel, card_file: Callable[..., Path]
) -> None:
    run_id = prepared(panel, card_file, "good")
    started(panel, run_id, "between").wait()
    report = importing.carry_on(panel, run_id, now=NOW)
    assert report.errors_file is not None
    lines = list(load_workbook(report.errors_file).worksheets[0].values)
    assert [line[0] for line in lines[1:]] == [f"A{n}" for n in BAD]
