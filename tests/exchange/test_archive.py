"""A whole register goes into one file and comes back into an empty site: values, history, signatures, attachments, and what it owes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import insert, select, text

from app.catalog.catalog import Catalog
from app.errors import Forbidden, Refused
from app.exchange import archive, restoring
from app.fields.links import File
from app.models.ddl import add_missing
from app.models.engine import open_engine
from app.models.fixed import attachment, export_log, person, record_version, signature
from app.models.ledger import obligation
from app.models.migrate import upgrade
from app.models.registers import build_models
from app.services import files, ledger, records, sweep
from app.services.panel import Actor, Panel
from tests.exchange.sample import CLERK, GUEST, NOW, open_panel
from tests.servers import Databases, Dialect
from tests.services.test_sweep import late_archives
from tests.site import Site, at, publish
from tests.web.site import FILES

ADMIN = Actor(1, "张三", frozenset({"system_admin"}), 1)
LATER = NOW + timedelta(days=30)
SCAN = b"%PDF-1.7 original"


@pytest.fixture
def empty(dialect: Dialect, fresh_database: Databases, tmp_path: Path) -> Iterator[Panel]:
    """A site with the same registers, one administrator, and a unit that has the number of another one elsewhere."""
    folder = tmp_path / "empty"
    folder.mkdir()
    opened = open_panel(fresh_database(dialect), folder)
    upgrade(opened.engine)
    with opened.engine.begin() as connection:
        add_missing(connection, opened.catalog)
        row = {"id": 1, "username": "lisi", "first_name": "四", "last_name": "李", "active": True}
        connection.execute(insert(person).values(**row, email="lisi@example.com"))
        if dialect == "postgresql":
            connection.execute(text("SELECT setval(pg_get_serial_sequence('ab_user', 'id'), 1)"))
    with opened.work(Actor.system(), now=NOW) as work:
        records.create(work, "unit", {"name": "别的部门"})
    yield opened
    opened.engine.dispose()


@pytest.fixture
def full(panel: Panel) -> Panel:
    """Cards with everything that a record can have: several people, a customer, a file, a signature, changes, one archived."""
    with panel.work(CLERK, now=NOW) as work:
        field = work.spec("card").field("original")
        assert isinstance(field, File)
        scan = files.store(work, field, "原件.pdf", io.BytesIO(SCAN))
        values: dict[str, Any] = {
            "received_at": NOW,
            "kind": "质量",
            "content": "=1+1\n𠮷",
            "handler": 2,
            "helpers": (3, 4),
            "customer": 2,
        }
        first = records.create(
            work, "card", values | {"original": scan, "amount": 5, "tags": ("首保", "安全"), "card_no": "007"}
        )
        second = records.create(work, "card", values | {"content": "撤下的"})
    with panel.work(CLERK, now=NOW + timedelta(days=1)) as work:
        records.update(work, "card", first, {"customer": 3, "handler": 1}, reason="改派")
        records.move(work, "card", first, "close", {"closed_on": date(2026, 3, 6)})
    with panel.work(Actor.system(), now=NOW + timedelta(days=2)) as work:
        records.remove(work, "card", second, "登记错了")
        records.create(work, "card", values | {"content": "还没办完"})
    return panel


def named(found: Iterable[Any]) -> dict[Any, Any]:
    return {key: name for key, name in found}


def packed(panel: Panel) -> io.BytesIO:
    out = io.BytesIO()
    assert archive.pack(panel, ADMIN, "card", out, now=LATER) == 3
    out.seek(0)
    return out


def shown(panel: Panel) -> list[dict[str, Any]]:
    """Return everything about cards with names in the place of ids, which no two sites share."""
    table = panel.models.tables["card"]
    with panel.reading(Actor.system(), now=LATER) as work:
        c = work.connection
        people = named(c.execute(select(person.c.id, person.c.username)))
        customers = named(
            c.execute(select(panel.models.tables["customer"].c.id, panel.models.tables["customer"].c.record_no))
        )
        units = named(c.execute(select(panel.models.tables["unit"].c.id, panel.models.tables["unit"].c.name)))
        link = panel.models.links["card", "helpers"]
        found = []
        for r in c.execute(select(table).order_by(table.c.id)).mappings():
            one: dict[str, Any] = {k: v for k, v in r.items() if k not in ("id", "original")}
            one |= {k: people.get(r[k]) for k in ("handler", "created_by", "updated_by", "closed_by")}
            one |= {"customer": customers.get(r["customer"]), "unit": units.get(r["unit"])}
            one["helpers"] = [
                people[t]
                for t in c.execute(
                    select(link.c.target).where(link.c.record_id == r["id"]).order_by(link.c.place)
                ).scalars()
            ]
            mine = select(record_version).where(
                record_version.c.register == "card", record_version.c.record_id == r["id"]
            )
            one["versions"] = [
                (v["version"], v["at"], people.get(v["person"]), v["source"], v["transition"], v["reason"], sorted(v["changes"]) == [])
                for v in c.execute(mine.order_by(record_version.c.version)).mappings()
            ]  # fmt: skip
            signed = select(signature.c.field, signature.c.person, signature.c.signed_at).where(
                signature.c.record_id == r["id"]
            )
            one["signed"] = [(f, people[p], at) for f, p, at in c.execute(signed)]
            one["owed"] = c.execute(
                select(obligation.c.duty, obligation.c.state, obligation.c.due_at).where(
                    obligation.c.record_id == r["id"], obligation.c.state != "void"
                )
            ).all()
            found.append(one)
        return found


def test_a_register_comes_back_whole_into_an_empty_site(full: Panel, empty: Panel) -> None:
    back = restoring.restore(empty, replace(ADMIN, name="李四"), packed(full), now=LATER)
    assert (back.records, back.pointed, back.people, back.files) == (3, 3, 3, 1)
    assert shown(empty) == shown(full)
    with empty.engine.connect() as connection:
        (number, sha256) = connection.execute(select(attachment.c.id, attachment.c.sha256)).one()
        assert files.place(empty.files, sha256).read_bytes() == SCAN
        cards = empty.models.tables["card"].c
        assert connection.execute(select(cards.original).where(cards.card_no == "007")).scalar() == number
        changes = connection.execute(
            select(record_version.c.changes).where(record_version.c.reason == "改派")
        ).scalar_one()
        customers = named(
            connection.execute(
                select(empty.models.tables["customer"].c.record_no, empty.models.tables["customer"].c.id)
            )
        )
        assert f'"customer":[{customers["KH-0002"]},{customers["KH-0003"]}]' in changes, (
            "history points to the rows of this site"
        )
        active = named(connection.execute(select(person.c.username, person.c.active)))
        assert active == {"lisi": True, "zhangsan": False, "wangwu": False, "wangwu2": False}
        units = set(connection.execute(select(empty.models.tables["unit"].c.name)).scalars())
        assert units == {"别的部门", "总部"}
    with full.engine.connect() as connection:
        logged = connection.execute(select(export_log.c.form, export_log.c.rows, export_log.c.person)).all()
    assert logged == [("archive", 3, 1)]


def test_a_register_with_records_a_stranger_and_a_spoilt_file_are_refused_and_nothing_is_changed(
    full: Panel, empty: Panel
) -> None:
    good = packed(full)
    before = shown(full)
    with pytest.raises(Refused, match="已有记录"):
        restoring.restore(full, ADMIN, good, now=LATER)
    for actor in (CLERK, GUEST):
        with pytest.raises(Forbidden):
            restoring.restore(empty, actor, good, now=LATER)
        with pytest.raises(Forbidden):
            archive.pack(full, actor, "card", io.BytesIO(), now=LATER)
    later = altered(good, "archive.json", lambda raw: raw.replace(b'"format": 1', b'"format": 9'))
    for spoilt in (io.BytesIO(b"PK"), altered(good, "archive.json", lambda raw: b"[]"), later):
        with pytest.raises(Refused):
            restoring.restore(empty, ADMIN, spoilt, now=LATER)
    for name, change in (
        ("records/card.ndjson", lambda raw: raw[: len(raw) // 2]),
        ("versions/card.ndjson", lambda raw: raw.replace(b'"record_id":1', b'"record_id":99')),
        ("archive.json", lambda raw: raw.replace(b'"sha256": "', b'"sha256": "../')),
    ):  # fmt: skip
        with pytest.raises(Refused, match="已损坏"):
            restoring.restore(empty, ADMIN, altered(good, name, change), now=LATER)
    with pytest.raises(Refused, match="定义与存档不同"):
        restoring.restore(
            empty,
            ADMIN,
            altered(good, "records/card.ndjson", lambda raw: raw.replace(b'"score"', b'"mark"')),
            now=LATER,
        )
    assert shown(empty) == []
    assert shown(full) == before


def altered(good: io.BytesIO, name: str, change: Callable[[bytes], bytes]) -> io.BytesIO:
    """Return an archive in which one part has been changed."""
    good.seek(0)
    out = io.BytesIO()
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            new.writestr(part, change(old.read(part)) if part == name else old.read(part))
    good.seek(0)
    out.seek(0)
    return out


def test_an_archive_brings_its_definitions_to_a_site_that_has_none(fresh_database: Databases, tmp_path: Path) -> None:
    urls = [fresh_database("sqlite") for _ in range(2)]
    engines = [open_engine(url) for url in urls]
    for engine in engines:
        upgrade(engine)
    here = replace(publish(engines[0], FILES, NOW), files=tmp_path)
    with here.work(Actor.system(), now=NOW) as work:
        records.create(work, "complaint", {"subject": "随定义而来", "received_at": NOW})
    out = io.BytesIO()
    archive.pack(here, Actor.system(), "complaint", out, now=LATER)
    there = replace(here, catalog=Catalog(), models=build_models(Catalog()), engine=engines[1])
    with pytest.raises(Refused, match="定义与存档不同"):
        restoring.restore(there, Actor.system(), out, now=LATER)
    there = restoring.with_definitions(there, Actor.system(), out, now=LATER)
    assert restoring.restore(there, Actor.system(), out, now=LATER).records == 1
    with there.reading(Actor.system()) as work:
        assert records.get(work, "complaint", 1)["subject"] == "随定义而来"
    assert restoring.with_definitions(there, Actor.system(), out, now=LATER) is there
    for engine in engines:
        engine.dispose()


def test_fines_go_along_to_be_read_with_all_that_was_decided(site: Site) -> None:
    late_archives(site, 2, ["sales1", "sales1"])
    sweep.run(site.panel, at("2025-03-11 00:05"))
    with site.panel.work(site.actor("director"), now=at("2025-03-31 09:00")) as work:
        ledger.confirm(work, ledger.to_confirm(work)[0]["id"])
    out = io.BytesIO()
    archive.pack(site.panel, site.actor("admin"), "vehicle_archive", out, now=at("2025-04-01 09:00"))
    with zipfile.ZipFile(out) as zipped:
        found = [orjson.loads(line) for line in zipped.open(archive.FINES)]
    assert sorted(f["state"] for f in found) == ["confirmed", "proposed"]
    decided = next(f for f in found if f["state"] == "confirmed")
    assert decided["lines"][-1]["person"] == site.actor("director").name
    assert {f["person"] for f in found} == {site.actor("sales1").name}


def test_restoring_says_that_fines_stay_behind(full: Panel, empty: Panel) -> None:
    file = packed(full)
    with zipfile.ZipFile(file) as given, zipfile.ZipFile(out := io.BytesIO(), "w") as changed:
        for name in given.namelist():
            changed.writestr(
                name, given.read(name) if name != archive.FINES else b'{"record_no":"A"}\n{"record_no":"B"}\n'
            )
    back = restoring.restore(empty, replace(ADMIN, name="李四"), out, now=LATER)
    assert back.fines == 2
    assert "2 张处罚单" in str(back.left)
