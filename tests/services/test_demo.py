"""The demo company is believable: every register lives, rules bite, and people see what they should."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from werkzeug.security import check_password_hash

from app.errors import Missing, Refused
from app.models.engine import open_engine
from app.models.fixed import person
from app.models.ledger import breach, obligation, ticket
from app.models.migrate import upgrade
from app.services import adoption, demo, ledger, listing, people, records
from app.services.demo.stage import Stage
from app.services.listing import Filter
from app.services.panel import Actor, Panel
from tests import servers
from tests.site import at, everything, publish

NOW = at("2026-11-23 16:00")


@pytest.fixture(scope="module")
def company(fresh_database: servers.Databases) -> tuple[Panel, list[str]]:
    """The demo company, loaded once, with the lines that it prints."""
    engine = open_engine(fresh_database("sqlite"))
    upgrade(engine)
    panel = publish(engine, everything(), NOW - timedelta(days=100))
    files = Path(str(engine.url.database)).parent / "files"
    panel = Panel(panel.catalog, panel.models, panel.engine, panel.calendar, panel.zone, files)
    stages: list[Stage] = []
    play = Stage.play

    def watched(stage: Stage, first: date) -> None:
        stages.append(stage)
        play(stage, first)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stage, "play", watched)
        lines = demo.load(panel, NOW, password="knows-nobody")
    assert [str(r) for r in stages[0].refused] == []
    return panel, lines


def actor(panel: Panel, username: str) -> Actor:
    found = people.actor_named(panel, username)
    assert found is not None
    return found


def states(panel: Panel, register: str) -> Counter[str]:
    with panel.reading(Actor.system(), now=NOW) as work:
        return Counter(r["state"] for r in listing.select_rows(work, register, columns=()))


def test_the_start_names_a_few_people_of_each_company_and_says_where_the_others_are(
    company: tuple[Panel, list[str]],
) -> None:
    panel, lines = company
    assert "knows-nobody" in lines[0]
    with panel.reading(Actor.system()) as work:
        accounts = work.connection.execute(select(person.c.username, person.c.password)).all()
    named = [a for a in accounts if any(line.startswith(f"{a.username} ") for line in lines)]
    assert len(named) == len(lines) - 2 <= 14
    assert f"另有 {len(accounts) - len(named)} 人" in lines[-1]
    assert all(check_password_hash(p, "knows-nobody") for p in {a.password for a in accounts})


def test_every_register_that_somebody_keeps_holds_records_and_no_list_is_endless(
    company: tuple[Panel, list[str]],
) -> None:
    panel, _ = company
    with panel.reading(Actor.system(), now=NOW) as work:
        adopted_by_nobody = {"P14", "P20"}
        kept = [c for c, spec in panel.catalog.registers.items() if not spec.cite or spec.policies - adopted_by_nobody]
        count = {c: listing.count_rows(work, c) for c in panel.catalog.registers}
    assert [c for c in kept if not count[c]] == []
    assert [c for c in count if c not in kept and count[c]] == []
    assert len(kept) > 160
    assert [c for c, n in count.items() if n > 170] == ["vehicle_archive_item"]


def test_each_company_lives_by_policies_of_its_own(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    with panel.reading(Actor.system(), now=NOW) as work:
        units = {r["name"]: r["id"] for r in listing.select_rows(work, "unit")}
        bound = {name: adoption.policies(work, number, work.today) for name, number in units.items()}
    assert bound["华晨汇集团"] == {"P08"}
    assert bound["销售部"] == {"P05", "P08", "P13", "P15"}
    assert bound["园区管理处"] == {"P08", "P09", "P16", "P19", "P21"}
    assert bound["招商部"] == {"P01", "P08", "P12"}
    assert bound["封头销售部"] == {"P02", "P07", "P08", "P17", "P18"}
    assert bound["终端业务部"] == {"P03", "P04", "P06", "P08", "P10", "P11"}


def test_what_is_judged_is_late_here_and_there_in_every_company(company: tuple[Panel, list[str]]) -> None:
    panel, _ = company
    with panel.reading(Actor.system(), now=NOW) as work:
        unit = work.tables["unit"]
        late = (
            select(unit.c.parent)
            .join(obligation, obligation.c.unit == unit.c.id)
            .join(breach, breach.c.obligation == obligation.c.id)
        )
        companies = set(work.connection.execute(late.distinct()).scalars())
    assert len(companies) >= 5


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
    assert ended & {"appealed"} and ended & {"upheld", "cancelled"}
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
        assert work.connection.execute(select(func.count()).select_from(person)).scalar_one() == 71
