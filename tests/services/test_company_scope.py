"""Rows of one's own company: the same role in another company of the group reads and writes nothing of them, through no door."""

from __future__ import annotations

import pytest

from app.errors import Missing
from app.services import listing, people, records
from app.services.panel import Actor
from tests.services.test_moving import another_company, appoint
from tests.site import Site, at

WHEN = "2025-03-03 09:00"


@pytest.fixture
def group(site: Site) -> Site:
    """Two companies in a group, each with somebody in finance: ``supervisor``, ``stranger``; above both ``gm``; none: ``clerk``."""
    another_company(site)
    with site.panel.work(Actor.system(), now=at(WHEN)) as work:
        top = people.chain(work, site.units["门店"])[-1]
        number = next(r["id"] for r in listing.select_rows(work, "employee") if r["person"] == site.ids["gm"])
        records.update(work, "employee", number, {"unit": top})
    for who in ("supervisor", "stranger", "gm"):
        appoint(site, who, "finance")
    return site


@pytest.fixture
def customers(group: Site) -> dict[str, int]:
    """A customer of each company, and one of none."""
    with group.panel.work(Actor.system(), now=at(WHEN)) as work:
        others = people.unit_of(work, group.ids["stranger"])
        new = {
            name: {
                "customer_name": name, "customer_kind": "个人", "relation_kind": "一般客户", "secrecy_level": "普通",
                "address": "上海", "phone": "021-55550001", "owner_user": group.ids["sales1"], "deal_status": "已成交", "unit": unit,
            }
            for name, unit in (("甲客户", group.units["销售部"]), ("乙客户", others), ("无部门客户", None))
        }  # fmt: skip
        return {name: records.create(work, "customer", values) for name, values in new.items()}


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("supervisor", {"甲客户", "无部门客户"}),
        ("stranger", {"乙客户", "无部门客户"}),
        ("gm", {"甲客户", "乙客户", "无部门客户"}),
        ("assistant", set()),
    ],
)
def test_finance_meets_the_customers_of_its_own_company_alone(
    group: Site, customers: dict[str, int], who: str, seen: set[str]
) -> None:
    with group.panel.reading(group.actor(who), now=at(WHEN)) as work:
        rows = listing.select_rows(work, "customer", columns=["customer_name"])
        assert {r["customer_name"] for r in rows} & customers.keys() == seen
        for name, number in customers.items():
            if name in seen:
                assert records.get(work, "customer", number)["customer_name"] == name
            else:
                with pytest.raises(Missing):
                    records.get(work, "customer", number)


def test_a_company_is_the_nearest_company_or_group_around_with_all_below_it(group: Site) -> None:
    with group.panel.reading(group.actor("stranger"), now=at(WHEN)) as work:
        assert set(people.company(work, work.actor.unit_id)) == {work.actor.unit_id}
    with group.panel.reading(group.actor("supervisor"), now=at(WHEN)) as work:
        mine = people.company(work, work.actor.unit_id)
        assert set(mine) == {group.units[u] for u in ("集团", "销售部", "售后服务部", "客户关爱部", "门店")}
    with group.panel.reading(group.actor("gm"), now=at(WHEN)) as work:
        assert set(mine) < set(people.company(work, work.actor.unit_id)), "a group has its companies below it"
        assert people.company(work, None) == []
