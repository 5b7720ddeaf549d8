# ruff: noqa: S608  # whoever tampers writes SQL by hand
"""The chain of the ledger: lines are only ever added, one after another, and whatever else was done to them is found and named."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from app.models.ledger import ledger_entry, ledger_head
from app.services import chain, ledger, sweep, verify
from app.services.panel import Actor, Panel
from tests.services.test_sweep import late_archives
from tests.site import Site, at

MOVED = "place, ticket, seq, kind, amount, points, at, person, reason, citation, arithmetic, previous, hash"


@pytest.fixture
def posted(site: Site) -> Site:
    """A site whose ledger has some forty lines."""
    late_archives(site, 40)
    sweep.run(site.panel, at("2025-03-11 00:05"))
    return site


def flaws(panel: Panel, notes: Sequence[str] = ()) -> list[str]:
    """Return what verifying says about the chain."""
    return [str(f.says) for f in verify.run(panel, notes, {"lines": verify.lines}).flaws]


def tamper(panel: Panel, *statements: str) -> None:
    """Change the ledger as somebody would who owns the database: he can also take its triggers off."""
    with panel.engine.connect().execution_options(immediate=True) as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            for trigger in ("ledger_entry_no_update", "ledger_entry_no_delete"):
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            connection.execute(text("ALTER TABLE ledger_entry DISABLE TRIGGER USER"))
        for statement in statements:
            connection.execute(text(statement))


def count(panel: Panel) -> int:
    with panel.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(ledger_entry)).scalar_one()


def test_an_untouched_ledger_has_no_flaws_and_counts_its_lines(posted: Site) -> None:
    found = verify.run(posted.panel)
    assert found.flaws == []
    assert found.counts == {"entries": count(posted.panel), "tickets": 40, "obligations": 41}


@pytest.mark.parametrize(
    "statement", ["UPDATE ledger_entry SET amount = 0 WHERE place = 3", "DELETE FROM ledger_entry WHERE place = 3"]
)
def test_the_database_refuses_to_change_or_remove_a_line(posted: Site, statement: str) -> None:
    before = count(posted.panel)
    with (
        posted.panel.engine.connect().execution_options(immediate=True) as connection,
        pytest.raises(DBAPIError, match="append-only"),
        connection.begin(),
    ):
        connection.execute(text(statement))
    assert count(posted.panel) == before
    assert flaws(posted.panel) == []


def test_the_database_refuses_to_empty_the_ledger_at_once(posted: Site) -> None:
    statement = {"postgresql": "TRUNCATE ledger_entry", "sqlite": "DELETE FROM ledger_entry"}
    with (
        posted.panel.engine.connect().execution_options(immediate=True) as connection,
        pytest.raises(DBAPIError, match="append-only"),
        connection.begin(),
    ):
        connection.execute(text(statement[connection.dialect.name]))
    assert count(posted.panel) >= 40


@pytest.mark.parametrize("column", ["amount", "points", "reason", "at", "person", "citation", "previous", "ticket"])
def test_an_altered_line_is_named(posted: Site, column: str) -> None:
    one = "(SELECT {0} FROM ledger_entry WHERE place = 9)"
    value = {
        "amount": "amount - 1000", "points": "points + 100", "reason": "'算了'", "person": "7", "citation": "'P01-A1'",
        "previous": one.format("hash"), "at": "'2025-03-01 00:00:00'", "ticket": one.format("ticket") + ", seq = 99",
    }[column]  # fmt: skip
    tamper(posted.panel, f"UPDATE ledger_entry SET {column} = {value} WHERE place = 7")
    (said,) = flaws(posted.panel)
    assert said.startswith("第 7 行被改动：处罚单 CF2025-")


def test_a_missing_line_is_named(posted: Site) -> None:
    tamper(posted.panel, "DELETE FROM ledger_entry WHERE place = 7")
    assert flaws(posted.panel) == ["第 7 行缺失：其后是第 8 行"]


def test_a_line_taken_out_without_leaving_a_gap_is_missed(posted: Site) -> None:
    tamper(
        posted.panel,
        "DELETE FROM ledger_entry WHERE place = 7",
        "UPDATE ledger_entry SET place = -place WHERE place > 7",
        "UPDATE ledger_entry SET place = -place - 1 WHERE place < 0",
    )
    assert flaws(posted.panel) == ["第 7 行之前的一行缺失或被替换"]


def test_two_lines_that_changed_places_are_named(posted: Site) -> None:
    tamper(
        posted.panel,
        "UPDATE ledger_entry SET place = -1 WHERE place = 7",
        "UPDATE ledger_entry SET place = 7 WHERE place = 8",
        "UPDATE ledger_entry SET place = 8 WHERE place = -1",
    )
    assert flaws(posted.panel) == ["第 7 行不在原位：它原在第 8 行之后"]


def test_missing_last_lines_are_missed_by_the_head_in_the_database(posted: Site) -> None:
    total = count(posted.panel)
    tamper(posted.panel, f"DELETE FROM ledger_entry WHERE place > {total - 2}")
    assert flaws(posted.panel) == [f"第 {total - 1} 行起缺失：数据库所存末行为第 {total} 行"]


def test_missing_last_lines_are_missed_by_the_file_where_the_head_was_turned_back_too(
    posted: Site, tmp_path: Path
) -> None:
    chain.note_head(posted.panel.engine, tmp_path, at("2025-03-11 00:06"))
    total = count(posted.panel)
    back = f"(SELECT hash FROM ledger_entry WHERE place = {total - 2})"
    tamper(
        posted.panel,
        f"DELETE FROM ledger_entry WHERE place > {total - 2}",
        f"UPDATE ledger_head SET place = {total - 2}, hash = {back}",
    )
    assert flaws(posted.panel) == []
    assert flaws(posted.panel, chain.notes(tmp_path)) == [
        f"第 {total - 1} 行起缺失：末行记录文件第 1 行为第 {total} 行"
    ]


def test_a_ledger_written_anew_from_one_line_on_is_found_by_the_file(posted: Site, tmp_path: Path) -> None:
    chain.note_head(posted.panel.engine, tmp_path, at("2025-03-11 00:06"))
    tamper(posted.panel, "UPDATE ledger_entry SET amount = 0 WHERE place = 7")
    with posted.panel.engine.connect().execution_options(immediate=True) as connection, connection.begin():
        last = chain.FIRST
        for row in connection.execute(select(ledger_entry).order_by(ledger_entry.c.place)).mappings().all():
            fresh = {"previous": last, "hash": chain.digest(last, row)}
            connection.execute(ledger_entry.update().where(ledger_entry.c.place == row["place"]).values(**fresh))
            last = fresh["hash"]
        connection.execute(ledger_head.update().values(hash=last))
    total = count(posted.panel)
    assert flaws(posted.panel) == []
    assert flaws(posted.panel, chain.notes(tmp_path)) == [f"第 {total} 行与末行记录文件第 1 行不符：台账被重写过"]


def test_the_file_of_heads_gets_a_line_only_when_the_ledger_moved(posted: Site, tmp_path: Path) -> None:
    first = chain.note_head(posted.panel.engine, tmp_path, at("2025-03-11 00:06"))
    chain.note_head(posted.panel.engine, tmp_path, at("2025-03-11 00:07"))
    assert chain.notes(tmp_path) == [first]
    with posted.panel.work(posted.actor("director"), now=at("2025-03-11 09:00")) as work:
        ledger.confirm(work, ledger.to_confirm(work)[0]["id"])
    second = chain.note_head(posted.panel.engine, tmp_path, at("2025-03-11 09:01"))
    assert chain.notes(tmp_path) == [first, second]
    assert flaws(posted.panel, [first, "又一行", second]) == ["末行记录文件第 2 行不可辨认"]


def test_an_altered_amount_or_state_of_a_ticket_is_named(posted: Site) -> None:
    with posted.panel.reading(Actor.system()) as work:
        dear, confirmed = ledger.tickets(work)[:2]
    with posted.panel.engine.connect().execution_options(immediate=True) as connection, connection.begin():
        connection.execute(text(f"UPDATE ticket SET amount = amount - 1000 WHERE id = {dear['id']}"))
        connection.execute(text(f"UPDATE ticket SET state = 'waived' WHERE id = {confirmed['id']}"))
    said = [str(f.says) for f in verify.run(posted.panel, (), {"sums": verify.sums}).flaws]
    assert said == [
        f"处罚单 {dear['record_no']} 金额 {dear['amount'] - 10} 元，分录合计 {dear['amount']} 元",
        f"处罚单 {confirmed['record_no']} 状态为“waived”，最后一笔分录却是“assessed”",
    ]


def test_workers_that_post_at_once_make_one_chain(site: Site) -> None:
    late_archives(site, 60)
    sweep.run(site.panel, at("2025-03-11 00:05"))
    with site.panel.reading(site.actor("director")) as work:
        ids = [t["id"] for t in ledger.to_confirm(work)]
    start = threading.Barrier(4)

    def decide(mine: list[int]) -> None:
        start.wait()
        for number in mine:
            with site.panel.work(site.actor("director"), now=at("2025-03-12 09:00")) as work:
                ledger.confirm(work, number)

    threads = [threading.Thread(target=decide, args=(ids[n::4],)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    found = verify.run(site.panel)
    assert found.flaws == []
    assert found.counts["entries"] == count(site.panel)
    assert found.counts["tickets"] == len(ids) == 60


def test_lines_of_a_part_that_failed_are_not_posted(posted: Site) -> None:
    before = count(posted.panel)
    with posted.panel.work(posted.actor("director"), now=at("2025-03-12 09:00")) as work:
        first, second = ledger.to_confirm(work)[:2]
        ledger.confirm(work, first["id"])
        with pytest.raises(RuntimeError), work.apart():
            ledger.confirm(work, second["id"])
            raise RuntimeError
    assert count(posted.panel) == before + 1
    assert verify.run(posted.panel).flaws == []
