"""The ledger made anew from the facts is the kept one; what somebody altered is named; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update

from app.errors import Refused, say
from app.models.engine import open_engine
from app.models.ledger import breach, ledger_entry, obligation, ticket
from app.models.migrate import upgrade
from app.services import comparing, demo, history, records, replay, sweep
from app.services.panel import Actor, Panel
from tests import servers
from tests.services.test_sweep import late_archives
from tests.site import Site, at, publish, shipped

NOW = at("2026-11-23 16:00")


@pytest.fixture(scope="module", params=servers.DIALECTS)
def company(
    request: pytest.FixtureRequest, fresh_database: servers.Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Panel]:
    """The demo company, loaded once on each kind of database."""
    url = fresh_database(request.param)
    engine = open_engine(url)
    upgrade(engine)
    panel = replace(publish(engine, shipped(), NOW - timedelta(days=100)), files=tmp_path_factory.mktemp("files"))
    demo.load(panel, NOW, password="knows-nobody")
    yield panel
    engine.dispose()
    fresh_database.drop(url)


def differences(panel: Panel) -> list[comparing.Difference]:
    with panel.reading(Actor.system(), now=NOW) as work:
        until = replay.swept_until(work)
    with replay.replayed(panel, until) as found:
        return list(comparing.differences(found))


def counts(panel: Panel) -> dict[str, int]:
    with panel.reading(Actor.system()) as work:
        tables = (obligation, breach, ticket, ledger_entry)
        return {t.name: work.connection.execute(select(func.count()).select_from(t)).scalar_one() for t in tables}


def test_the_demo_companys_ledger_is_what_its_facts_make_it_and_replaying_writes_nothing(company: Panel) -> None:
    before = counts(company)
    with replay.replayed(company, NOW) as found:
        t = ticket.c
        anew = found.work.connection.execute(select(func.count(), func.sum(t.amount)).select_from(ticket)).one()
    assert anew[0] == before["ticket"] > 30
    assert anew[1] > 0
    assert differences(company) == []
    assert counts(company) == before


ALTERED: tuple[tuple[Any, Any, str], ...] = (
    (select(ticket.c.id).where(ticket.c.amount > 0), update(ticket).values(amount=Decimal("1234.50")), "amount"),
    (select(ticket.c.id).where(ticket.c.state == "proposed"), update(ticket).values(state="void"), "state"),
    (
        select(obligation.c.id).where(obligation.c.state == "open"),
        update(obligation).values(due_at=at("2031-01-01 00:00")),
        "due_at",
    ),
    (select(breach.c.id).where(breach.c.clause == "D1"), update(breach).values(day=at("2020-02-02").date()), "day"),
)


@pytest.mark.parametrize(("of", "alter", "column"), ALTERED, ids=["amount", "state", "due day", "day of breach"])
def test_a_line_that_somebody_altered_is_named_with_what_it_should_be(
    company: Panel, of: Any, alter: Any, column: str
) -> None:
    table = alter.table
    with company.work(Actor.system()) as work:
        row = work.connection.execute(of.order_by(table.c.id).limit(1)).scalar_one()
        kept = work.connection.execute(select(table).where(table.c.id == row)).mappings().one()
        work.connection.execute(alter.where(table.c.id == row))
    try:
        found = [d for d in differences(company) if d.column == column and d.recomputed == kept[column]]
        register, record = kept["register"], kept["record_id"]
        assert [(d.kind, d.register, d.record_id) for d in found] == [(table.name, register, record)]
        assert found[0].stored != kept[column]
    finally:
        with company.work(Actor.system()) as work:
            work.connection.execute(update(table).where(table.c.id == row).values({column: kept[column]}))


def test_a_line_that_is_missing_is_named(company: Panel) -> None:
    with company.work(Actor.system()) as work:
        free = ~select(breach.c.id).where(breach.c.obligation == obligation.c.id).exists()
        o = (
            work.connection.execute(select(obligation).where(free, obligation.c.state == "done").limit(1))
            .mappings()
            .one()
        )
        work.connection.execute(delete(obligation).where(obligation.c.id == o["id"]))
    try:
        found = differences(company)
        assert {(d.register, d.record_id, d.code) for d in found} == {(o["register"], o["record_id"], o["duty"])}
        assert {"due_at", "state"} <= {d.column for d in found}
        assert {d.stored for d in found} == {None}
    finally:
        with company.work(Actor.system()) as work:
            work.connection.execute(obligation.insert().values(**o))


def test_whoever_follows_the_progress_may_stop_it(company: Panel) -> None:
    told: list[tuple[int, int]] = []

    def stop(done: int, of: int) -> None:
        told.append((done, of))
        raise Refused(say("已取消"))

    with pytest.raises(Refused), replay.replayed(company, NOW, stop):
        pass
    assert len(told) == 1
    assert 0 < told[0][0] < told[0][1]


def test_what_a_record_was_is_read_from_its_versions(site: Site) -> None:
    car = {"vin": "LSVAB000000000001", "origin": "它店用户到店维修", "customer": 1}
    vehicle = site.create("archive", "vehicle", "2025-03-03 09:00", model="明锐", **car)
    with site.panel.work(site.actor("archive"), now=at("2025-03-04 09:00")) as work:
        records.update(work, "vehicle", vehicle, {"model": "速派"}, base_version=1)
    with site.panel.work(site.actor("archive"), now=at("2025-03-05 09:00")) as work:
        records.update(work, "vehicle", vehicle, {"plate_no": "沪A00001"}, base_version=2)
    with site.panel.reading(Actor.system()) as work:
        spec, row = work.catalog.registers["vehicle"], site.read("vehicle", vehicle)
        assert history.as_of(work, spec, row, at("2025-03-03 10:00"))["model"] == "明锐"
        assert history.as_of(work, spec, row, at("2025-03-04 09:00"))["model"] == "速派"
        assert history.as_of(work, spec, row, at("2024-01-01"))["model"] == "明锐"
        assert history.since(work, spec, [row], lambda r: r["model"] == "速派") == {vehicle: at("2025-03-04 09:00")}
        assert history.first(work, spec, [row], lambda r: r["vin"] is not None) == {vehicle: at("2025-03-03 09:00")}
        assert history.first(work, spec, [row], lambda r: r["model"] == "柯迪亚克") == {}


def test_a_connection_that_the_sweep_has_used_replays_beside_the_ledger_and_not_into_it(site: Site) -> None:
    engine = site.panel.engine
    engine.dispose()

    @event.listens_for(engine, "connect")
    def _prepare_at_once(connection: Any, _record: Any) -> None:
        if engine.dialect.name == "postgresql":
            connection.prepare_threshold = 0  # as after many sweeps: each statement is planned on the real tables

    late_archives(site, 60)
    sweep.run(site.panel, at("2025-03-11 00:05"))
    with site.panel.reading(Actor.system(), now=at("2025-03-11 00:05")) as work:
        until, tickets = replay.swept_until(work), work.connection.scalar(select(func.count()).select_from(ticket))
    assert tickets == 60
    with replay.replayed(site.panel, until) as found:
        assert found.work.connection.scalar(select(func.count()).select_from(ticket)) == 60
        assert list(comparing.differences(found)) == []
