"""Policies put in force for a unit and out of force: judged per day, and what began while one held stays owed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.errors import Forbidden, Invalid, Missing, Refused
from app.models.fixed import adoption as table
from app.models.ledger import ticket
from app.services import adopting, adoption
from tests.services.dated import archive, kept, owed, swept
from tests.site import Site, at


def the_adoption(site: Site, policy: str) -> int:
    return next(r["id"] for r in kept(site, table) if r["policy"] == policy and r["to_day"] is None)


def end(site: Site, when: str, last: str, who: str = "admin", policy: str = "P05") -> None:
    with site.panel.work(site.actor(who), now=at(when)) as work:
        adopting.end(work, the_adoption(site, policy), date.fromisoformat(last), "公司停用")


def begin(site: Site, when: str, day: str, unit: str | None = None, who: str = "admin", reason: str = "恢复") -> None:
    with site.panel.work(site.actor(who), now=at(when)) as work:
        adopting.begin(work, site.units[unit] if unit else None, "P05", date.fromisoformat(day), reason)


def test_what_began_while_a_policy_held_stays_owed_and_costs_what_it_cost(site: Site) -> None:
    before = archive(site, "2025-03-10", "2025-03-10 09:00")
    end(site, "2025-03-10 12:00", "2025-03-10")
    after, filed_late = (
        archive(site, day, "2025-03-11 09:00", who) for day, who in (("2025-03-11", "sales1"), ("2025-03-07", "sales2"))
    )
    assert [len(owed(site, one)) for one in (before, after, filed_late)] == [1, 0, 1]
    swept(site, "2025-03-20 08:00")
    fines = {t["record_id"]: t["amount"] for t in kept(site, ticket) if t["register"] == "vehicle_archive"}
    assert fines == {before: Decimal(50), filed_late: Decimal(50)}


def test_what_has_not_begun_when_a_policy_ends_is_not_owed_and_is_again_when_it_returns(site: Site) -> None:
    ahead = archive(site, "2025-03-20", "2025-03-10 09:00")
    assert len(owed(site, ahead)) == 1
    end(site, "2025-03-10 12:00", "2025-03-15")
    assert owed(site, ahead) == []
    begin(site, "2025-03-11 09:00", "2025-03-18")
    assert [o["due_on"] for o in owed(site, ahead)] == [date(2025, 3, 25)]


def test_a_unit_applies_a_policy_that_the_others_do_not(site: Site) -> None:
    end(site, "2025-03-10 12:00", "2025-03-10")
    begin(site, "2025-03-11 08:00", "2025-03-11", "客户关爱部")
    one = archive(site, "2025-03-11", "2025-03-11 09:00")
    assert len(owed(site, one)) == 1  # entered by the archive's administrator, of that unit
    with site.panel.reading(site.actor("admin"), now=at("2025-03-11 09:00")) as work:
        bound = [adoption.policies(work, site.units[u], date(2025, 3, 11)) for u in ("客户关爱部", "门店")]
    assert ["P05" in b for b in bound] == [True, False]


def test_the_page_says_beforehand_what_is_switched(site: Site) -> None:
    ahead = archive(site, "2025-03-20", "2025-03-10 09:00")
    with site.panel.reading(site.actor("admin"), now=at("2025-03-10 12:00")) as work:
        found = adopting.effect(work, None, "P05", date(2025, 3, 11))
        later = adopting.effect(work, None, "P05", date(2025, 3, 21))
    assert "vehicle_archive" in [r.code for r in found.registers]
    assert "hand_over_new_car" in [d.code for d in found.duties] and "late_handover" in [b.code for b in found.breaches]
    assert (found.records, later.records) == (1, 0) and found.owed >= len(owed(site, ahead))


def test_only_administrators_adopt_and_say_why_for_days_to_come(site: Site) -> None:
    for who in ("archive", "director", "stranger"):
        with pytest.raises(Forbidden):
            end(site, "2025-03-10 12:00", "2025-03-10", who)
        with pytest.raises(Forbidden):
            begin(site, "2025-03-10 12:00", "2025-03-10", who=who)
        with pytest.raises(Forbidden), site.panel.reading(site.actor(who)) as work:
            adopting.listed(work)
    with pytest.raises(Invalid):
        end(site, "2025-03-10 12:00", "2025-03-09")
    with pytest.raises(Refused):
        begin(site, "2025-03-10 12:00", "2025-03-10")
    end(site, "2025-03-10 12:00", "2025-03-10")
    with pytest.raises(Invalid):
        begin(site, "2025-03-11 12:00", "2025-03-11", reason=" ")
    with pytest.raises(Missing), site.panel.work(site.actor("admin"), now=at("2025-03-11 12:00")) as work:
        adopting.begin(work, None, "P99", date(2025, 3, 12), "x")
    with site.panel.reading(site.actor("admin")) as work:
        (row,) = [r for r in adopting.listed(work) if r["policy"] == "P05"]
        stored = work.connection.execute(select(table.c.end_reason).where(table.c.id == row["id"])).scalar()
    assert (row["ender"], row["end_reason"], stored) == ("admin", "公司停用", "公司停用")
