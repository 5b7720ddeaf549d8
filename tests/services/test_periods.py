"""Periodic duties: raised for every period, fulfilled by counting, missed like any other."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from app.models.ledger import breach, obligation
from app.rules.yearbook import read_yearbook
from app.services import people, recalculation, records, redating, sweep
from app.services.calendars import Facts
from app.services.panel import Actor
from app.services.recalculation import Wanted
from tests.services import dated
from tests.site import Site, at, publish, shipped

CITE = "cite: {policy: P03, article: '27'}"
KEEPING = f"""\
code: shop
label: 门店
domain: customers
fields:
  - {{code: name, label: 名称, type: text, required: true}}
  - {{code: manager, label: 店长, type: person, required: true}}
  - {{code: opened_on, label: 开业日期, type: date}}
  - {{code: closed_on, label: 歇业日期, type: date}}
  - {{code: small, label: 小店, type: yes_no}}
duties:
  - code: pests
    label: 每月除虫两次
    owed_by: manager
    when: {{not: {{field: small, is: true}}}}
    every: {{period: month, until: closed_on}}
    done: {{register: round, through: shop, field: made_on, where: {{field: kind, is: 除虫}}, count: 2}}
    within: [{{days: 0, on_rest_day: stay, {CITE}}}]
    breach: too_few
  - code: statistics
    label: 次月十日前报统计
    owed_by: {{role: admin_hr}}
    every: {{period: month}}
    done: {{register: round, through: shop, field: reported_at, dated: made_on, where: {{field: kind, is: 统计}}}}
    within: [{{days: 10, on_rest_day: stay, {CITE}}}]
  - code: visits
    label: 每月走访两成租户
    owed_by: manager
    every: {{period: month}}
    done: {{register: round, through: shop, field: made_on, each: tenant, share: {{percent: 20, of: tenant_shop, through: shop}}}}
    within: [{{days: 0, on_rest_day: stay, {CITE}}}]
  - code: plan
    label: 前月廿五日前报计划
    owed_by: manager
    every: {{months: 1, since: opened_on}}
    done: {{register: round, through: manager, matches: manager, field: reported_at, dated: made_on, where: {{field: kind, is: 计划}}}}
    within: [{{months: 1, day: 25, before: period_start, on_rest_day: stay, {CITE}}}]
breaches:
  - {{code: too_few, label: 除虫次数不足, clause: "1", confirmed_by: gm, tell: [gm]}}
access: [{{role: everyone, can: [read, add, edit, delete]}}]
---
code: tenant_shop
label: 租户
domain: customers
fields:
  - {{code: name, label: 名称, type: text, required: true}}
  - {{code: shop, label: 门店, type: reference, register: shop, required: true}}
access: [{{role: everyone, can: [read, add]}}]
---
code: round
label: 巡查记录
domain: customers
fields:
  - {{code: shop, label: 门店, type: reference, register: shop}}
  - {{code: tenant, label: 租户, type: reference, register: tenant_shop}}
  - {{code: manager, label: 店长, type: person}}
  - {{code: kind, label: 类别, type: choice, choices: [除虫, 统计, 计划, 走访]}}
  - {{code: made_on, label: 日期, type: date}}
  - {{code: reported_at, label: 报送时间, type: moment}}
access: [{{role: everyone, can: [read, add, edit, delete]}}]
"""


@pytest.fixture
def shops(site: Site) -> Site:
    """Return the site with registers of shops, of their tenants and of rounds."""
    panel = publish(site.panel.engine, shipped() | {"registers/customers/shop.yaml": KEEPING}, at("2025-01-02 08:00"))
    return Site(panel, site.ids, site.units)


def enter(site: Site, register: str, when: str, **values: Any) -> int:
    with site.panel.work(Actor.system(), now=at(when)) as work:
        return records.create(work, register, values)


def shop(site: Site, when: str = "2025-02-10 09:00", **values: Any) -> int:
    return enter(site, "shop", when, **{"name": f"店{when}", "manager": site.ids["sales1"]} | values)


def owed(site: Site, duty: str) -> list[Mapping[str, Any]]:
    query = select(obligation).where(obligation.c.duty == duty).order_by(obligation.c.record_id, obligation.c.cycle)
    with site.panel.engine.connect() as connection:
        return [dict(r) for r in connection.execute(query).mappings()]


def states(site: Site, duty: str) -> list[tuple[str, str]]:
    """Return (first day, state) of each period."""
    return [(f"{o['started_on']}", o["state"]) for o in owed(site, duty)]


def missed(site: Site) -> list[tuple[str, str, str]]:
    b = breach.c
    with site.panel.engine.connect() as connection:
        found = connection.execute(select(b.rule, b.day, b.state).order_by(b.day, b.rule))
        return [(r.rule, f"{r.day}", r.state) for r in found]


def test_each_period_is_owed_once_from_the_first_that_begins_after_the_entry(shops: Site) -> None:
    shop(shops)
    sweep.run(shops.panel, at("2025-02-10 10:00"))
    assert states(shops, "pests") == []
    for when in ("2025-03-01 00:05", "2025-03-01 00:06", "2025-03-20 09:00"):
        shops.panel.memory.clear()
        sweep.run(shops.panel, at(when))
    assert states(shops, "pests") == [("2025-03-01", "open")]
    [o] = owed(shops, "pests")
    assert (o["person"], o["due_at"], o["citation"]) == (shops.ids["sales1"], at("2025-04-01 00:00"), "P03-27")


def test_records_of_the_period_fulfil_it_and_too_few_are_a_breach(shops: Site) -> None:
    here = shop(shops)
    sweep.run(shops.panel, at("2025-03-01 08:00"))
    enter(shops, "round", "2025-03-06 09:00", shop=here, kind="除虫", made_on=date(2025, 3, 5))
    enter(shops, "round", "2025-03-06 09:00", shop=here, kind="走访", made_on=date(2025, 3, 6))
    assert states(shops, "pests") == [("2025-03-01", "open")]
    enter(shops, "round", "2025-03-21 09:00", shop=here, kind="除虫", made_on=date(2025, 3, 20))
    assert owed(shops, "pests")[0]["done_at"] == at("2025-03-20 00:00")
    enter(shops, "round", "2025-04-21 09:00", shop=here, kind="除虫", made_on=date(2025, 4, 20))
    sweep.run(shops.panel, at("2025-05-02 08:00"))
    assert states(shops, "pests") == [("2025-03-01", "done"), ("2025-04-01", "open"), ("2025-05-01", "open")]
    assert [m for m in missed(shops) if m[0] == "too_few"] == [("too_few", "2025-05-01", "live")]
    late = enter(shops, "round", "2025-05-03 09:00", shop=here, kind="除虫", made_on=date(2025, 4, 29))
    assert [m for m in missed(shops) if m[0] == "too_few"] == [("too_few", "2025-05-01", "void")]
    with shops.panel.work(Actor.system(), now=at("2025-05-04 09:00")) as work:
        records.update(work, "round", late, {"made_on": date(2025, 5, 1)})
    assert [m for m in missed(shops) if m[0] == "too_few"] == [("too_few", "2025-05-01", "live")]


def test_two_missed_periods_are_two_breaches_at_their_own_times_even_after_a_standstill(shops: Site) -> None:
    shop(shops)
    sweep.run(shops.panel, at("2025-03-01 08:00"))
    sweep.run(shops.panel, at("2025-06-03 08:00"))
    assert [m for m in missed(shops) if m[0] == "too_few"] == [
        ("too_few", "2025-04-01", "live"), ("too_few", "2025-05-01", "live"), ("too_few", "2025-06-01", "live"),
    ]  # fmt: skip
    before = missed(shops), states(shops, "pests")
    shops.panel.memory.clear()
    sweep.run(shops.panel, at("2025-06-03 08:00"))
    assert (missed(shops), states(shops, "pests")) == before


def test_what_is_reported_in_the_next_month_counts_for_the_month_it_is_dated(shops: Site) -> None:
    here = shop(shops)
    sweep.run(shops.panel, at("2025-04-02 08:00"))
    sweep.run(shops.panel, at("2025-04-03 08:00"))
    shops.panel.memory.clear()
    assert states(shops, "statistics") == [("2025-04-01", "open")]
    [o] = owed(shops, "statistics")
    assert (o["role"], o["due_at"]) == ("admin_hr", at("2025-05-11 00:00"))
    values = {"shop": here, "kind": "统计", "made_on": date(2025, 4, 30), "reported_at": at("2025-05-10 23:59")}
    enter(shops, "round", "2025-05-12 09:00", **values)
    assert owed(shops, "statistics")[0]["done_at"] == at("2025-05-10 23:59")
    assert [m for m in missed(shops) if m[0] == "statistics"] == []


def test_a_share_of_those_who_were_there_when_the_period_began_is_rounded_up(shops: Site) -> None:
    here = shop(shops)
    tenants = [enter(shops, "tenant_shop", "2025-02-11 09:00", name=f"户{n}", shop=here) for n in range(6)]
    sweep.run(shops.panel, at("2025-03-01 08:00"))
    late = [enter(shops, "tenant_shop", "2025-03-02 09:00", name=f"新{n}", shop=here) for n in range(20)]
    for day, tenant in ((4, tenants[0]), (5, tenants[0])):
        enter(shops, "round", "2025-03-06 09:00", shop=here, tenant=tenant, made_on=date(2025, 3, day))
    assert states(shops, "visits") == [("2025-03-01", "open")]
    enter(shops, "round", "2025-03-08 09:00", shop=here, tenant=late[0], made_on=date(2025, 3, 7))
    assert owed(shops, "visits")[0]["done_at"] == at("2025-03-07 00:00")
    nobody = shop(shops, "2025-03-05 09:00", name="空店")
    sweep.run(shops.panel, at("2025-04-01 08:00"))
    assert [(o["state"], f"{o['started_on']}") for o in owed(shops, "visits") if o["record_id"] == nobody] == [
        ("done", "2025-04-01")
    ]


def test_a_share_is_so_many_at_least_or_all_of_a_smaller_population(shops: Site) -> None:
    text = KEEPING.replace("{percent: 20, of", "{percent: 20, at_least: 3, of", 1)
    site = dated.publish(shops, shipped() | {"registers/customers/shop.yaml": text}, "2025-01-20 08:00")
    large, small = shop(site, name="大店"), shop(site, name="小店")
    for n, here in enumerate([large] * 6 + [small] * 2):
        enter(site, "tenant_shop", "2025-02-11 09:00", name=f"户{n}", shop=here)
    sweep.run(site.panel, at("2025-03-01 08:00"))
    with site.panel.reading(Actor.system()) as work:
        tenants = work.connection.execute(
            select(work.tables["tenant_shop"].c.id, work.tables["tenant_shop"].c.shop)
        ).all()
    done = {large: 0, small: 0}
    for tenant, here in tenants:
        if done[here] < 2:
            done[here] += 1
            enter(site, "round", "2025-03-06 09:00", shop=here, tenant=tenant, made_on=date(2025, 3, 5))
    assert [o["state"] for o in owed(site, "visits")] == ["open", "done"]
    enter(site, "round", "2025-03-06 09:00", shop=large, tenant=tenants[2][0], made_on=date(2025, 3, 6))
    assert [o["state"] for o in owed(site, "visits")] == ["done", "done"]


def test_a_limit_before_its_period_is_owed_one_period_ahead_and_matched_by_a_person(shops: Site) -> None:
    shop(shops, opened_on=date(2025, 1, 15))
    sweep.run(shops.panel, at("2025-02-20 08:00"))
    assert [(f"{o['started_on']}", o["due_at"]) for o in owed(shops, "plan")] == [
        ("2025-02-15", at("2025-01-26 00:00")), ("2025-03-15", at("2025-02-26 00:00")),
    ]  # fmt: skip
    values = {"kind": "计划", "made_on": date(2025, 3, 15), "reported_at": at("2025-02-25 10:00")}
    enter(shops, "round", "2025-02-25 10:00", manager=shops.ids["sales1"], **values)
    assert owed(shops, "plan")[1]["done_at"] == at("2025-02-25 10:00")


def test_who_leaves_before_the_limit_owes_nothing_and_who_comes_back_owes_again(shops: Site) -> None:
    here = shop(shops)
    sweep.run(shops.panel, at("2025-03-01 08:00"))
    for change, state in (
        ({"small": True}, "void"),
        ({"small": False}, "open"),
        ({"closed_on": date(2025, 3, 30)}, "void"),
    ):
        with shops.panel.work(Actor.system(), now=at("2025-03-10 09:00")) as work:
            records.update(work, "shop", here, change)
        assert states(shops, "pests") == [("2025-03-01", state)]
    with shops.panel.work(Actor.system(), now=at("2025-03-12 09:00")) as work:
        records.update(work, "shop", here, {"closed_on": None})
    sweep.run(shops.panel, at("2025-04-05 09:00"))
    with shops.panel.work(Actor.system(), now=at("2025-04-06 09:00")) as work:
        records.update(work, "shop", here, {"small": True})
    assert states(shops, "pests") == [("2025-03-01", "open"), ("2025-04-01", "void")]
    assert [m for m in missed(shops) if m[0] == "too_few"] == [("too_few", "2025-04-01", "live")]


def test_a_chain_of_superiors_is_climbed_and_ends_with_its_head(site: Site) -> None:
    from app.catalog.base import Party

    with site.panel.reading(Actor.system()) as work:
        spec = work.spec("vehicle_archive")
        row = {"responsible_advisor": site.ids["sales1"], "unit": None}
        told = [people.party(work, Party(superior_of="responsible_advisor", steps=n), spec, row) for n in (1, 2, 3)]
    assert told == [[site.ids["saleshead"]], [site.ids["gm"]], [site.ids["gm"]]]


def test_a_recalculation_binds_periods_to_other_definitions_and_moves_what_was_missed(shops: Site) -> None:
    shop(shops)
    for when in ("2025-03-01 08:00", "2025-04-02 08:00"):
        shops.panel.memory.clear()
        sweep.run(shops.panel, at(when))
    assert ("too_few", "2025-04-01", "live") in missed(shops)
    first = f"count: 2}}\n    within: [{{days: 0, on_rest_day: stay, {CITE}}}]"
    assert first in KEEPING
    later = KEEPING.replace(first, first.replace("days: 0", "days: 5"), 1)
    newer = dated.publish(shops, shipped() | {"registers/customers/shop.yaml": later}, "2025-04-03 08:00")
    with newer.panel.work(newer.actor("admin"), now=at("2025-04-10 09:00")) as work:
        wanted = Wanted(("shop",), date(2025, 3, 1), date(2025, 3, 31), revision=work.catalog.revision)
        number = recalculation.draft(work, "除虫期限", "原条款录入有误", wanted)
    recalculation.carry_on(newer.panel, number, at("2025-04-10 09:00"))
    with newer.panel.work(newer.actor("gm"), now=at("2025-04-10 09:00")) as work:
        recalculation.decide(work, number, approve=True, reason="核对无误")
    recalculation.carry_on(newer.panel, number, at("2025-04-10 09:00"))
    assert [(f"{o['due_on']}", o["revision"]) for o in owed(newer, "pests")] == [
        ("2025-04-05", newer.panel.catalog.revision),
        ("2025-04-30", newer.panel.catalog.revision - 1),
    ]
    assert [m for m in missed(newer) if m[0] == "too_few"] == [("too_few", "2025-04-06", "live")]


def test_a_year_that_is_announced_dates_the_limits_of_periods_anew(shops: Site) -> None:
    limit = f"count: 2}}\n    within: [{{days: 0, on_rest_day: stay, {CITE}}}]"
    working = KEEPING.replace(limit, f"count: 2}}\n    within: [{{working_days: 3, {CITE}}}]", 1)
    site = dated.publish(shops, shipped() | {"registers/customers/shop.yaml": working}, "2025-11-01 08:00")
    book = dict(read_yearbook())
    book["years"] = [
        dict(y) | ({"announced": False} if y["year"] == 2026 else {}) for y in book["years"] if y["year"] <= 2026
    ]
    with site.panel.work(Actor.system(), now=at("2025-11-02 08:00")) as work:
        redating.save(work, None, Facts(book), "尚未公布")
    shop(site, "2025-11-03 09:00")
    sweep.run(site.panel, at("2025-12-01 08:00"))
    [before] = owed(site, "pests")
    with site.panel.work(Actor.system(), now=at("2025-12-02 08:00")) as work:
        redating.save(work, None, Facts(read_yearbook()), "公布")
    [after] = owed(site, "pests")
    assert (before["provisional"], after["provisional"]) == (True, False)
    assert after["calendar"] != before["calendar"]
