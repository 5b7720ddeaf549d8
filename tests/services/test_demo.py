"""The demo company is believable: every register lives, rules bite, and people see what they should."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from app.errors import Missing, Refused
from app.models.engine import open_engine
from app.models.fixed import person
from app.models.ledger import obligation, ticket
from app.models.migrate import upgrade
from app.services import demo, ledger, listing, people, records
from app.services.listing import Filter
from app.services.panel import Actor, Panel
from tests import servers
from tests.site import at, publish, shipped

NOW = at("2026-11-23 16:00")


@pytest.fixture(scope="module")
def company(fresh_database: servers.Databases) -> tuple[Panel, list[str]]:
    """The demo company, loaded once, with the lines that it prints."""
    engine = open_engine(fresh_database("sqlite"))
    upgrade(engine)
    panel = publish(engine, shipped(), NOW - timedelta(days=60))
    files = Path(str(engine.url.database)).parent / "files"
    panel = Panel(panel.catalog, panel.models, panel.engine, panel.calendar, panel.zone, files)
    return panel, demo.load(panel, NOW, password="knows-nobody")


def actor(panel: Panel, username: str) -> Actor:
    found = people.actor_named(panel, username)
    assert found is not None
    return found


def states(panel: Panel, register: str) -> Counter[str]:
    with panel.reading(Actor.system(), now=NOW) as work:
        return Counter(r["state"] for r in listing.select_rows(work, register, columns=()))


def test_everybody_who_may_sign_in_is_named_with_the_password(company: tuple[Panel, list[str]]) -> None:
    panel, lines = company
    assert "knows-nobody" in lines[0]
    with panel.reading(Actor.system()) as work:
        accounts = work.connection.execute(select(person.c.username, person.c.password)).all()
    assert len(accounts) == len(lines) - 1
    assert all(any(line.startswith(a.username) for line in lines) for a in accounts)
    assert all(check_password_hash(p, "knows-nobody") for p in {a.password for a in accounts})


def test_every_register_holds_records(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    with panel.reading(Actor.system(), now=NOW) as work:
        empty = [c for c in panel.catalog.registers if not listing.count_rows(work, c)]
    assert empty == []


def test_complaints_stand_in_all_states_of_their_procedures(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    found = states(panel, "complaint")
    assert sum(found.values()) >= 60
    assert {
        "received",
        "accepted",
        "assigned",
        "escalated_major",
        "reopened",
        "merged",
        "not_accepted",
        "closed",
    } <= set(found)


def test_archives_were_late_unsigned_and_lost_and_somebody_paid_for_it(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    assert sum(states(panel, "vehicle_archive").values()) >= 40
    with panel.reading(Actor.system(), now=NOW) as work:
        clauses = set(work.connection.execute(select(ticket.c.clause)).scalars())
        ended = set(work.connection.execute(select(ticket.c.state)).scalars())
        decided = [o for o in ledger.offers(work, "2026-10") if o.decision]
    assert {"D1", "D2", "D3", "D4", "D5", "D7", "D10"} <= clauses
    assert {"proposed", "confirmed", "executed", "waived"} <= ended
    assert len(decided) == 1


def test_something_is_due_and_something_is_overdue(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    with panel.reading(Actor.system(), now=NOW) as work:
        o = obligation.c
        open_ones = work.connection.execute(select(o.duty, o.due_at).where(o.state == "open")).all()
    assert any(due < NOW for _, due in open_ones)
    assert any(due > NOW for _, due in open_ones)
    assert any(duty == "give_back" and due < NOW for duty, due in open_ones)


def test_the_advisor_complained_about_sees_nothing_of_it_but_her_manager_handles_it(
    company: tuple[Panel, list[str]],
) -> None:
    panel, _ = company
    with panel.reading(Actor.system(), now=NOW) as work:
        (case,) = listing.select_rows(work, "complaint", filters=[Filter("complained_person", "filled")])
        (note,) = listing.select_rows(work, "complaint_progress", filters=[Filter("complaint", "eq", case["id"])])
    with panel.reading(actor(panel, "malin"), now=NOW) as work:
        for register, record in (("complaint", case["id"]), ("complaint_progress", note["id"])):
            with pytest.raises(Missing):
                records.get(work, register, record)
    with panel.reading(actor(panel, "luoyong"), now=NOW) as work:
        assert records.get(work, "complaint", case["id"])["handler"] == work.actor.person_id


def test_a_company_sees_nothing_of_the_complaints_of_another(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    seen = {}
    for username in ("chenjing", "jiangnan", "tangyu"):
        with panel.reading(actor(panel, username), now=NOW) as work:
            seen[username] = {r["id"] for r in listing.select_rows(work, "complaint", columns=())}
    assert all(seen.values())
    assert not seen["chenjing"] & seen["jiangnan"]
    assert not seen["chenjing"] & seen["tangyu"]
    assert not seen["jiangnan"] & seen["tangyu"]


def test_an_approved_application_opens_one_file_to_a_stranger(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    with panel.reading(actor(panel, "ligang"), now=NOW) as work:
        assert [r["index_no"] for r in listing.select_rows(work, "archive_file")] == ["KH-2025-001"]
    with panel.reading(actor(panel, "ligang"), now=NOW + timedelta(days=3)) as work:
        assert listing.select_rows(work, "archive_file") == []


def test_it_is_founded_once(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    with pytest.raises(Refused):
        demo.load(panel, NOW)
    with panel.reading(Actor.system()) as work:
        assert work.connection.execute(select(func.count()).select_from(person)).scalar_one() == 33
