"""What an imported row owes and costs goes back with it and comes again with it; what was before the policy's day owes nothing."""

from __future__ import annotations

import io
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select

from app.exchange import importing, undoing
from app.exchange.importing import ImportReport
from app.models.ledger import obligation, ticket
from app.services import sweep, verify
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
