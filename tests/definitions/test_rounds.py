"""Each shipped register goes all the way: entered, moved along every branch, out as a file and in again, seen by whom it should be."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlalchemy import select

from app.catalog.register import RegisterSpec
from app.errors import Forbidden, Missing
from app.fields.links import File
from app.models.engine import open_engine
from app.services import listing, records
from app.services.panel import Actor, Panel
from tests.definitions.rounds import papers, rights
from tests.definitions.rounds.company import STRANGER, Company, found, open_company
from tests.definitions.rounds.covering import cover
from tests.definitions.rounds.house import House, statements
from tests.definitions.rounds.travelling import Traveller
from tests.servers import Databases
from tests.site import everything, settle

CODES = sorted(Path(path).stem for path in everything() if path.startswith("registers/"))
STATEMENTS = 12
"""So many a list page may send, however many registers there are."""


@dataclass
class Round:
    """One register in a copy of the company, gone all the way; ``left`` are the transitions that could not be taken, and why."""

    company: Company
    spec: RegisterSpec
    left: dict[str, str]
    slips: list[str]
    url: str

    @property
    def panel(self) -> Panel:
        return self.company.panel

    def people(self) -> dict[str, Actor]:
        """Return who entered the first record, who holds the same role in another unit, and who holds none."""
        with self.panel.reading(Actor.system()) as work:
            table = work.tables[self.spec.code]
            first = work.connection.execute(table.select().order_by(table.c.id).limit(1)).mappings().first()
        made = None if first is None or self.spec.tickets_of else first["created_by"]
        owner = self.company.by_id.get(made) or self.company.actors["gm"]
        return {"owner": owner, "colleague": self.company.colleague(owner), "stranger": self.company.actors[STRANGER]}

    def reader(self) -> Actor:
        """Return who sees all records, or else most: who entered them, or somebody of a role that reads."""
        roles = dict.fromkeys(a.role for a in self.spec.access if "read" in a.can)
        found, most = self.people()["owner"], -1
        for actor in (found, *(self.company.holders(r)[0] for r in roles)):
            seen = len(rights.open_to(self.panel, self.spec.code, actor, "read"))
            if seen > most and rights.may(self.panel.catalog, self.spec, actor, "read"):
                found, most = actor, seen
            if seen > 1:
                break
        return found

    def number(self, record: int) -> str:
        """Return a record's number."""
        with self.panel.reading(Actor.system()) as work:
            table = work.tables[self.spec.code]
            return str(work.connection.execute(select(table.c.record_no).where(table.c.id == record)).scalar() or "-")


@pytest.fixture(scope="module")
def founded(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Company:
    """The company before anything was entered; what others copy."""
    url = fresh_database("sqlite")
    found(url)
    company = open_company(url, tmp_path_factory.mktemp("rounds"))
    company.panel.engine.dispose()
    return company


@pytest.fixture(scope="module")
def house(founded: Company, tmp_path_factory: pytest.TempPathFactory) -> House:
    """The app over the company."""
    return House(founded.panel, str(founded.panel.engine.url), tmp_path_factory.mktemp("house"))


def go(founded: Company, url: str, code: str) -> Round:
    """Send one register all the way, in the copy of the company at a URL."""
    panel = replace(founded.panel, engine=open_engine(url))
    company = replace(founded, panel=panel, spare=list(founded.spare))
    traveller, spec = Traveller(company), panel.catalog.registers[code]
    left: dict[str, str] = {}
    if not spec.tickets_of:
        left = cover(traveller, code)
        traveller.values.turn = 0
        traveller.create_whole(code)
    return Round(company, spec, left, traveller.slips, url)


@pytest.fixture(scope="module", params=CODES)
def gone(request: pytest.FixtureRequest, founded: Company, fresh_database: Databases) -> Iterator[Round]:
    """Each register, gone all the way."""
    url = fresh_database("sqlite", like=str(founded.panel.engine.url))
    made = go(founded, url, request.param)
    yield made
    made.panel.engine.dispose()
    fresh_database.drop(url)


def test_every_transition_is_made_by_somebody_who_may_and_by_nobody_who_must_keep_apart(gone: Round) -> None:
    assert gone.left == {}
    assert gone.slips == []


def test_what_was_exported_imports_to_the_same_records(gone: Round, fresh_database: Databases, tmp_path: Path) -> None:
    spec = gone.spec
    if spec.tickets_of:
        with pytest.raises(Forbidden), gone.panel.work(Actor.system()) as work:
            records.create(work, spec.code, {})
        return
    file = papers.csv_of(gone.panel, spec.code, Actor.system())
    again = papers.brought(gone.panel, spec, file, tmp_path, fresh=False)
    assert (again.created, again.updated, again.refused, again.message) == (0, 0, 0, "")
    settle(gone.panel.engine)
    url = fresh_database("sqlite", like=gone.url)
    second = replace(gone.panel, engine=open_engine(url))
    papers.emptied(second, spec.code)
    refused = papers.entered(second, spec, file, tmp_path)
    before, after = papers.sheet(spec, file), papers.sheet(spec, papers.csv_of(second, spec.code, Actor.system()))
    second.engine.dispose()
    fresh_database.drop(url)
    lacking = {f.code for f in spec.fields if f.required and isinstance(f, File)}
    first = spec.workflow.states[0].label.zh if spec.workflow else None
    for number, fields in refused.items():
        assert fields <= lacking or before[number].get("state") != first, (number, fields)
    assert papers.differences(papers.own(spec, before), papers.own(spec, after)) == [
        d for d in papers.differences(papers.own(spec, before), {}) if d[0] in refused
    ]


def test_owner_colleague_and_stranger_meet_what_the_access_rules_give_them(gone: Round) -> None:
    for name, actor in gone.people().items():
        for verb in ("read", "export"):
            given = rights.open_to(gone.panel, gone.spec.code, actor, verb)
            assert seen(gone, actor, verb) == given, (name, verb)
        with gone.panel.reading(actor) as work:
            exported = rights.open_to(gone.panel, gone.spec.code, actor, "export")
            for record in seen(gone, Actor.system(), "read") - rights.open_to(
                gone.panel, gone.spec.code, actor, "read"
            ):
                with pytest.raises(Missing):
                    records.get(work, gone.spec.code, record)
                with pytest.raises(Missing):
                    records.moves(work, gone.spec.code, record)
        try:
            lines = papers.csv_of(gone.panel, gone.spec.code, actor).count(b"\r\n") - 1
        except Forbidden:
            lines = 0
        assert lines >= len(exported) if exported else lines == 0, name


def seen(gone: Round, actor: Actor, verb: str) -> set[int]:
    """Return the records that a list shows somebody."""
    with gone.panel.reading(actor) as work:
        try:
            return {r["id"] for r in listing.select_rows(work, gone.spec.code, columns=(), verb=verb)}
        except Forbidden:
            return set()


def test_its_pages_answer_whoever_may_and_nobody_else(gone: Round, house: House, founded: Company) -> None:
    code, catalog = gone.spec.code, gone.panel.catalog
    reader, stranger = gone.reader(), gone.company.actors[STRANGER]
    record = min(rights.open_to(gone.panel, code, reader, "read"), default=0)
    read = [f"/grid/{code}/schema", f"/api/v1/{code}/"]
    add = [] if gone.spec.tickets_of else [f"/registers/{code}/add"]
    shown, exported = f"/registers/{code}/show/{record}", f"/exports/{code}.csv"
    with house.over(founded.panel):  # none of its records is there
        assert house.status(reader, f"/registers/{code}/list/") == {f"/registers/{code}/list/": 200}
    with house.over(gone.panel):
        one = f"/registers/{code}/list/?f.record_no={gone.number(record)}"
        several = f"/registers/{code}/list/"
        wanted = [*read, one, *([shown] if record else [])]
        assert house.status(reader, *wanted) == dict.fromkeys(wanted, 200)
        for verb, pages in (("add", add), ("export", [exported])):
            expected = 200 if rights.may(catalog, gone.spec, reader, verb) else 403
            assert house.status(reader, *pages) == dict.fromkeys(pages, expected), verb
        with statements(house.engine, gone.panel.engine) as sent:
            assert house.status(reader, several) == {several: 200}
        assert len(sent) <= STATEMENTS, sent
        for verb, pages in (("read", [*read, several]), ("add", add), ("export", [exported])):
            expected = 200 if rights.may(catalog, gone.spec, stranger, verb) else 403
            assert house.status(stranger, *pages) == dict.fromkeys(pages, expected), verb
        if record:
            expected = 200 if record in rights.open_to(gone.panel, code, stranger, "read") else 404
            hidden = expected if rights.may(catalog, gone.spec, stranger, "read") else 403
            assert house.status(stranger, shown) == {shown: hidden}


@pytest.mark.parametrize("code", ["complaint", "gift_record", "vehicle_archive"])
def test_the_round_is_the_same_on_postgresql(
    code: str, founded_elsewhere: Company, fresh_database: Databases, tmp_path: Path
) -> None:
    url = fresh_database("postgresql", like=founded_elsewhere.panel.engine.url.render_as_string(hide_password=False))
    gone = go(founded_elsewhere, url, code)
    assert (gone.left, gone.slips) == ({}, [])
    file = papers.csv_of(gone.panel, code, Actor.system())
    again = papers.brought(gone.panel, gone.spec, file, tmp_path, fresh=False)
    assert (again.created, again.updated, again.refused, again.message) == (0, 0, 0, "")
    gone.panel.engine.dispose()
    fresh_database.drop(url)


@pytest.fixture(scope="module")
def founded_elsewhere(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The company on PostgreSQL."""
    url = fresh_database("postgresql")
    found(url)
    company = open_company(url, tmp_path_factory.mktemp("rounds"))
    company.panel.engine.dispose()
    yield company
    fresh_database.drop(url)
