"""New records of a file are worked out while those before them are written, and come out as if one had followed the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from app.exchange import importing
from app.exchange.ahead import Ahead
from app.exchange.importing import ImportReport
from app.models import engine as engines
from app.models import turns
from app.models.foreseen import Script, Stale
from app.models.ledger import obligation, timer
from app.services import records
from app.services.listing import select_rows
from app.services.panel import Panel
from tests.exchange.sample import CLERK, NOW

Cards = Callable[..., Path]
HEADER = "受理编号,接到时间,类别,投诉内容,跟进人,协办人"


@pytest.fixture(autouse=True)
def _batches_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    for dialect in engines.BATCH:
        monkeypatch.setitem(engines.BATCH, dialect, 2)


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> list[Script]:
    """The scripts that have been written."""
    done: list[Script] = []
    write = Script.write

    def noted(script: Script, connection: Connection) -> None:
        write(script, connection)
        done.append(script)

    monkeypatch.setattr(Script, "write", noted)
    return done


def run(panel: Panel, card_file: Cards, mode: Any, **options: Any) -> ImportReport:
    rows = (f"A{n},2026-03-05 09:30,质量,异响,张三,李四;wangwu" for n in range(5))
    return importing.run(panel, CLERK, "card", card_file(*rows, header=HEADER), now=NOW, mode=mode, **options)


def cards(panel: Panel) -> list[tuple[Any, ...]]:
    with panel.reading(CLERK, now=NOW) as work:
        found = select_rows(work, "card", order="id")
    return [(c["id"], c["record_no"], c["card_no"], c["helpers"]) for c in found]


def owed(panel: Panel) -> tuple[list[tuple[int, int]], list[int]]:
    """Return the obligations with their records, and the obligations that have a timer."""
    with panel.engine.connect() as connection:
        o = obligation.c
        owed = connection.execute(select(o.id, o.record_id).order_by(o.id))
        armed = connection.execute(select(timer.c.obligation).order_by(timer.c.obligation))
        return [(a, b) for a, b in owed], list(armed.scalars())


def meanwhile(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> Callable[[int, int], None]:
    """Return a progress that does something after the first batch is written, when the second one has been worked out."""
    planned, write = Event(), Ahead.write
    counted: list[int] = []

    def noted(ahead: Ahead, *given: Any) -> None:
        write(ahead, *given)
        counted.append(1)
        if len(counted) == 2:
            planned.set()

    def progress(done: int, _total: int) -> None:
        if done == 2:
            assert planned.wait(60)
            act()

    monkeypatch.setattr(Ahead, "write", noted)
    return progress


def numbered(n: int) -> tuple[Any, ...]:
    return n, f"TS-2026-{n:05}", f"A{n - 1}", (2, 3)


@pytest.mark.parametrize("mode", ["good", "all"])
def test_every_batch_is_worked_out_ahead(panel: Panel, card_file: Cards, scripts: list[Script], mode: str) -> None:
    assert (run(panel, card_file, mode).created, len(scripts)) == (5, 3)
    assert cards(panel) == [numbered(n) for n in range(1, 6)]
    assert owed(panel) == ([(n, n) for n in range(1, 6)], [1, 2, 3, 4, 5])


def test_whoever_enters_a_record_meanwhile_takes_no_number_of_the_file(
    panel: Panel, card_file: Cards, scripts: list[Script], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = {"card_no": "B", "received_at": NOW, "kind": "质量", "content": "异响", "handler": 1}

    def enter() -> None:
        with panel.work(CLERK, now=NOW) as work:
            assert records.create(work, "card", one) == 3

    assert run(panel, card_file, "good", progress=meanwhile(monkeypatch, enter)).created == 5
    assert [c[:3] for c in cards(panel)] == [
        (n, f"TS-2026-{n:05}", name) for n, name in enumerate(("A0", "A1", "B", "A2", "A3", "A4"), 1)
    ]
    assert owed(panel) == ([(n, n) for n in range(1, 7)], [1, 2, 3, 4, 5, 6])
    assert len(scripts) == 1, "the two behind it were worked out anew"


def test_a_value_that_somebody_else_enters_meanwhile_is_refused(
    panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    def enter() -> None:
        with panel.work(CLERK, now=NOW) as work:
            work.connection.execute(
                panel.models.tables["card"].insert(),
                {
                    "id": 1_000, "record_no": "X", "card_no": "A3", "received_at": NOW, "kind": "质量", "content": "异响",
                    "created_at": NOW, "updated_at": NOW, "version": 1,
                },
            )  # fmt: skip

    report = run(panel, card_file, "good", progress=meanwhile(monkeypatch, enter))
    assert (report.state, report.created, [(e.line, e.field) for e in report.errors]) == ("done", 4, [(5, "card_no")])
    assert [c[2] for c in cards(panel)] == ["A0", "A1", "A2", "A4", "A3"]


@pytest.mark.parametrize("mode", ["good", "all"])
def test_what_was_foreseen_in_vain_is_worked_out_anew(
    panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    write, written = Script.write, []

    def fail(script: Script, connection: Connection) -> None:
        written.append(script)
        if len(written) == 2:
            raise Stale
        write(script, connection)

    monkeypatch.setattr(Script, "write", fail)
    told: list[int] = []
    report = run(panel, card_file, mode, progress=lambda done, _total: told.append(done))
    assert (report.state, report.created, told[-3:]) == ("done", 5, [2, 4, 5])
    assert cards(panel) == [numbered(n) for n in range(1, 6)]


def test_batches_are_smaller_while_somebody_else_waits_for_his_turn(
    panel: Panel, card_file: Cards, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def wanted(_engine: Engine) -> bool:
        asked.append(1)
        return len(asked) == 2

    monkeypatch.setattr(turns, "wanted", wanted)
    monkeypatch.setattr(importing, "PATIENT", 1)
    told: list[int] = []
    report = run(panel, card_file, "good", progress=lambda done, _total: told.append(done))
    assert (report.created, told) == (5, [2, 3, 4, 5])
    assert cards(panel) == [numbered(n) for n in range(1, 6)]


def test_numbers_that_a_file_brings_are_looked_at_where_they_are_written(
    panel: Panel, card_file: Cards, scripts: list[Script]
) -> None:
    rows = (f"TS-2026-{n:05},2026-03-05,质量,异响" for n in range(11, 16))
    file = card_file(*rows, header="编号,接到时间,类别,投诉内容")
    assert importing.run(panel, CLERK, "card", file, now=NOW, mode="good").created == 5
    assert (scripts, [c[1] for c in cards(panel)]) == ([], [f"TS-2026-{n:05}" for n in range(11, 16)])
