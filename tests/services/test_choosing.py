"""Policies chosen several at once: what each brings, where they meet in one record, and what a house's people then see."""

from __future__ import annotations

from datetime import date

import pytest

from app.errors import Forbidden, Invalid, Missing
from app.services import adopting, adoption, choosing, scope
from tests.site import Site, at

DAY = date(2025, 3, 11)
MORNING = "2025-03-11 08:00"


def test_several_policies_begin_at_once_and_what_applies_already_is_passed_over(site: Site) -> None:
    with site.panel.work(site.actor("admin"), now=at(MORNING)) as work:
        assert choosing.begin(work, None, ["P05", "P19", "P20"], DAY, "首次启用") == ["P19", "P20"]
        assert {"P05", "P19", "P20"} <= adoption.policies(work, site.units["门店"], DAY)


def test_nothing_is_chosen_without_a_tick_a_reason_or_a_right(site: Site) -> None:
    for who in ("archive", "director", "stranger"):
        with site.panel.work(site.actor(who), now=at(MORNING)) as work:
            with pytest.raises(Forbidden):
                choosing.begin(work, None, ["P19"], DAY, "x")
            with pytest.raises(Forbidden):
                choosing.offers(work, None, DAY)
            with pytest.raises(Forbidden):
                choosing.overlaps(work, None, ["P19"], DAY)
    with site.panel.work(site.actor("admin"), now=at(MORNING)) as work:
        with pytest.raises(Invalid, match="请至少选择一项制度"):
            choosing.begin(work, None, [], DAY, "x")
        with pytest.raises(Invalid):
            choosing.begin(work, None, ["P19"], DAY, " ")
        with pytest.raises(Missing):
            choosing.begin(work, None, ["P99"], DAY, "x")


def test_all_policies_are_offered_with_registers_and_duties_and_what_applies_is_marked(site: Site) -> None:
    with site.panel.reading(site.actor("admin"), now=at(MORNING)) as work:
        found = {o.policy.code: o for o in choosing.offers(work, None, DAY)}
    assert len(found) == 21
    assert found["P05"].applies and not found["P19"].applies
    assert "vehicle_archive" in [r.code for r in found["P05"].registers]
    assert "hand_over_new_car" in [d.code for d in found["P05"].duties]


def test_policies_that_meet_in_one_register_are_told_with_what_each_demands_there(site: Site) -> None:
    with site.panel.reading(site.actor("admin"), now=at(MORNING)) as work:
        met = {o.register.code: o.demands for o in choosing.overlaps(work, None, ["P03", "P16"], DAY)}
        alone = choosing.overlaps(work, None, ["P14"], DAY)
    assert {"P03", "P16"} <= met["complaint"].keys()
    assert "record_settled" in [getattr(p, "code", "") for p in met["complaint"]["P16"]]
    assert alone == []


def test_the_menu_holds_what_the_house_of_a_person_applies_and_the_person_works_with(site: Site) -> None:
    def menu(who: str) -> set[str]:
        with site.panel.reading(site.actor(who), now=at("2025-03-12 08:00")) as work:
            return {s.code for s in scope.used(work)}

    before = menu("archive")
    with site.panel.work(site.actor("admin"), now=at(MORNING)) as work:
        for number in [a["id"] for a in adopting.listed(work) if a["policy"] == "P05"]:
            adopting.end(work, number, DAY, "改由部门施行")
        choosing.begin(work, site.units["客户关爱部"], ["P05"], date(2025, 3, 12), "改由部门施行")
        choosing.begin(work, site.units["销售部"], ["P19"], date(2025, 3, 12), "部门施行")
    assert "vehicle_archive" in before & menu("archive")  # owner: of the house that applies it
    assert "vehicle_archive" not in menu("sales1")  # colleague: of a house with policies of its own
    assert "vehicle_archive" not in menu("stranger")  # without a role
    with site.panel.reading(site.actor("sales1"), now=at("2025-03-12 08:00")) as work:
        assert "vehicle_archive" in {s.code for s in scope.readable(work)}  # the right itself has not changed
