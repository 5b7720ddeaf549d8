"""What an imported row owes and costs goes back with it and comes again with it; what was before the policy's day owes nothing."""

from __future__ import annotations

import io
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.errors import Forbidden, Invalid, Refused
from app.exchange import foreseen, importing, undoing
from app.exchange.importing import ImportReport
from app.models.ledger import obligation, ticket
from app.services import going_live, sweep, verify
from tests.site import CAR_OWNER, Site, at

MORNING = at("2025-03-03 09:00")


def brought(site: Site, register: str, text: str, now: datetime = MORNING) -> ImportReport:
    report = importing.run(site.panel, site.actor("archive"), register, io.BytesIO(text.encode()), now=now)
    assert (report.state, report.errors) == ("done", ())
    return report


def archives(site: Site, day: str) -> ImportReport:
    brought(site, "vehicle", f"车架号,车型,来源,用户\nLSV00000000000001,明锐,它店用户到店维修,{CAR_OWNER}\n")
    return brought(
        site, "vehicle_archive", f"车辆,档案类别,交车日期,责任顾问\nLSV00000000000001,新车档案,{day},sales1\n"
    )


def standing(site: Site) -> tuple[int, int, Decimal]:
    """Return how many obligations of archives are open, how many tickets stand, and what they come to."""
    with site.panel.engine.connect() as connection:
        owed = connection.execute(
            select(func.count()).where(obligation.c.state == "open", obligation.c.register == "vehicle_archive")
        ).scalar_one()
        query = select(ticket.c.amount).where(ticket.c.state != "void")
        due = list(connection.execute(query).scalars())
    return owed, len(due), sum(due, Decimal(0))


def taken(site: Site, run: ImportReport, when: str, *, again: bool = False) -> ImportReport:
    taking = undoing.begin(site.panel, site.actor("archive"), run.run_id, now=at(when), again=again)
    return importing.carry_on(site.panel, taking, now=at(when))


def test_fines_of_an_import_go_back_with_it_and_come_again_with_it(site: Site) -> None:
    run = archives(site, "2025-03-03")
    sweep.run(site.panel, at("2025-03-07 00:00"))
    fined = standing(site)
    assert fined[1:] == (1, Decimal("50.00"))
    assert taken(site, run, "2025-03-07 10:00").created == 1
    assert standing(site)[1:] == (0, 0)
    assert taken(site, run, "2025-03-07 11:00", again=True).created == 1
    assert standing(site) == fined
    assert verify.run(site.panel, []).flaws == []


def test_history_from_before_the_day_a_policy_was_adopted_owes_nothing_and_fines_nobody(site: Site) -> None:
    archives(site, "2024-12-30")
    sweep.run(site.panel, at("2025-03-07 00:00"))
    assert standing(site) == (0, 0, 0)


def lived_since(site: Site, day: str, register: str = "vehicle_archive", when: str = "2025-03-03 08:00") -> None:
    with site.panel.work(site.actor("admin"), now=at(when)) as work:
        going_live.set_day(work, register, date.fromisoformat(day), "旧台账补录")


def test_history_from_before_the_go_live_day_owes_nothing_and_is_told_what_it_would_have_been(site: Site) -> None:
    lived_since(site, "2025-03-03")
    run = archives(site, "2025-02-24")
    sweep.run(site.panel, at("2025-03-07 00:00"))
    assert standing(site) == (0, 0, 0)
    would = foreseen.of_run(site.panel, "vehicle_archive", run.run_id, now=at("2025-03-07 00:00"))
    (duty,), (late,) = would.duties, would.breaches
    assert (would.tried, would.whole, duty.count, duty.examples[0].day) == (1, True, 1, date(2025, 2, 27))
    assert (late.count, late.amount, late.examples[0].person) == (1, Decimal("50.00"), "sales1")
    assert standing(site) == (0, 0, 0), "looking changes nothing"
    assert verify.run(site.panel, []).flaws == []


def test_what_began_on_the_go_live_day_owes_as_ever(site: Site) -> None:
    lived_since(site, "2025-03-03")
    archives(site, "2025-03-03")
    sweep.run(site.panel, at("2025-03-07 00:00"))
    assert standing(site)[1:] == (1, Decimal("50.00"))
    assert verify.run(site.panel, []).flaws == []


def test_a_go_live_day_takes_away_nothing_that_stands_until_its_import_is_taken_back(site: Site) -> None:
    run = archives(site, "2025-02-24")
    with pytest.raises(Refused, match="先撤销"):
        lived_since(site, "2025-03-03", when="2025-03-03 10:00")
    taken(site, run, "2025-03-03 11:00")
    lived_since(site, "2025-03-03", when="2025-03-03 12:00")
    taken(site, run, "2025-03-03 13:00", again=True)
    assert standing(site) == (0, 0, 0)
    would = foreseen.of_run(site.panel, "vehicle_archive", run.run_id, now=at("2025-03-03 14:00"))
    assert would.amount == Decimal("50.00")
    assert verify.run(site.panel, []).flaws == []


def test_an_earlier_go_live_day_lets_owe_what_is_history_no_more(site: Site) -> None:
    lived_since(site, "2025-03-10")
    archives(site, "2025-03-03")
    assert standing(site) == (0, 0, 0)
    lived_since(site, "2025-03-03", when="2025-03-03 10:00")
    assert standing(site) == (1, 0, 0)


def test_only_who_looks_after_the_site_sets_a_go_live_day_and_says_why(site: Site) -> None:
    for who in ("archive", "stranger"):
        with site.panel.work(site.actor(who), now=MORNING) as work, pytest.raises(Forbidden):
            going_live.set_day(work, "vehicle_archive", date(2025, 3, 3), "补录")
    with site.panel.work(site.actor("admin"), now=MORNING) as work:
        with pytest.raises(Invalid):
            going_live.set_day(work, "vehicle_archive", date(2025, 3, 3), " ")
        assert [n for _, n in going_live.effect(work, "vehicle_archive", date(2025, 3, 3)).history] == [0] * 2
        going_live.set_day(work, "vehicle_archive", date(2025, 3, 3), "补录")
        going_live.set_day(work, "vehicle_archive", date(2025, 3, 1), "再早两天")
        assert [(str(r["day"]), r["holds"], r["who"]) for r in going_live.listed(work)] == [
            ("2025-03-01", True, "admin"), ("2025-03-03", False, "admin"),
        ]  # fmt: skip
