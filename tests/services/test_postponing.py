"""Limits that move after they have begun: the clock stands, an extension is granted, and breaches follow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import event, select

from app.models.ledger import breach, notice, obligation, ticket, timer
from app.services import counting, limits, postponing, records, sweep
from app.services.panel import Actor
from tests.rules.site import at
from tests.services.dated import kept
from tests.site import Site, publish, shipped

CITE = "cite: {policy: P03, article: '27'}"
KEEPING = f"""\
code: job
label: 整改事项
domain: customers
fields:
  - {{code: name, label: 名称, type: text, required: true}}
  - {{code: keeper, label: 责任人, type: person, required: true}}
  - {{code: given_on, label: 下达日期, type: date, required: true}}
  - {{code: ended_on, label: 完成日期, type: date}}
workflow:
  states: [{{code: going, label: 进行中}}, {{code: waiting, label: 待料}}]
  transitions:
    - {{code: wait, label: 停工, from: going, to: waiting, by: [sales_advisor]}}
    - {{code: go_on, label: 复工, from: waiting, to: going, by: [sales_advisor]}}
duties:
  - code: finish
    label: 七日内完成
    owed_by: keeper
    starts: given_on
    done: ended_on
    within: [{{days: 7, {CITE}}}]
    pause:
      - {{state: waiting, {CITE}}}
      - {{register: longer, through: job, state: asked, {CITE}}}
    extend: {{register: longer, through: job, state: granted, by: n, unit: days, times: 2, at_most: 10, {CITE}}}
    remind: [{{before: {{days: 1}}, tell: [keeper]}}]
    breach: late
breaches:
  - code: late
    label: 逾期整改
    clause: "1"
    amount: [{{money: "50", {CITE}}}]
    counter: jobs
    confirmed_by: gm
counters: [{{code: jobs, label: 整改计次, window: calendar_month, per: person}}]
access: [{{role: everyone, can: [read, add, edit, delete]}}]
---
code: longer
label: 延期申请
domain: customers
fields:
  - {{code: job, label: 事项, type: reference, register: job, required: true}}
  - {{code: n, label: 天数, type: integer, required: true}}
workflow:
  states: [{{code: asked, label: 待批}}, {{code: granted, label: 已批准}}, {{code: denied, label: 未批准}}]
  transitions:
    - {{code: grant, label: 批准, from: asked, to: granted, by: [gm]}}
    - {{code: deny, label: 不批准, from: asked, to: denied, by: [gm]}}
access: [{{role: everyone, can: [read, add, edit, delete]}}]
"""
FOREVER = "9999-12-30"


@pytest.fixture
def jobs(site: Site) -> Site:
    """Return the site with jobs that wait for material, and with extensions of their limits."""
    panel = publish(site.panel.engine, shipped() | {"registers/customers/job.yaml": KEEPING}, at("2025-01-02 08:00"))
    return Site(panel, site.ids, site.units)


def enter(site: Site, register: str, when: str, **values: Any) -> int:
    with site.panel.work(Actor.system(), now=at(when)) as work:
        return records.create(work, register, values)


def job(site: Site) -> int:
    """A job of seven days from Monday, 3 March 2025 on."""
    day = at("2025-03-03 00:00").astimezone(site.panel.zone).date()
    return enter(site, "job", "2025-03-03 09:00", name="漏水", keeper=site.ids["sales1"], given_on=day)


def move(site: Site, register: str, record: int, code: str, when: str) -> None:
    with site.panel.work(Actor.system(), now=at(when)) as work:
        records.move(work, register, record, code)


def owed(site: Site) -> Mapping[str, Any]:
    [o] = [o for o in kept(site, obligation) if o["duty"] == "finish"]
    return o


def steps(site: Site) -> list[tuple[tuple[int, ...], str]]:
    return [(s.by, f"{s.day}") for s in postponing.read(owed(site)["postponed"])]


def armed(site: Site) -> list[tuple[str, Any]]:
    return [(t["kind"], t["fire_at"]) for t in kept(site, timer) if t["obligation"] == owed(site)["id"]]


def breaches_of(site: Site) -> list[tuple[str, str]]:
    return [(f"{b['day']}", b["state"]) for b in kept(site, breach) if b["rule"] == "late"]


def test_the_clock_stands_in_a_state_and_the_limit_and_its_timer_move_by_the_days_it_stood(jobs: Site) -> None:
    it = job(jobs)
    assert armed(jobs) == [("remind", at("2025-03-10 00:00"))]
    move(jobs, "job", it, "wait", "2025-03-05 10:00")
    assert (owed(jobs)["due_at"], f"{owed(jobs)['due_on']}", armed(jobs)) == (limits.PARKED, FOREVER, [])
    sweep.run(jobs.panel, at("2025-03-20 09:00"))
    assert breaches_of(jobs) == []
    move(jobs, "job", it, "go_on", "2025-03-21 09:00")
    assert owed(jobs)["due_at"] == at("2025-03-26 24:00")
    assert steps(jobs) == [((), "2025-03-26")]
    assert armed(jobs) == [("remind", at("2025-03-26 00:00"))]
    sweep.run(jobs.panel, at("2025-03-26 08:00"))
    assert len([n for n in kept(jobs, notice) if n["kind"] == "remind"]) == 1
    sweep.run(jobs.panel, at("2025-03-27 08:00"))
    assert breaches_of(jobs) == [("2025-03-27", "live")]


def test_a_limit_that_had_passed_stands_however_long_the_clock_stands_after_it(jobs: Site) -> None:
    it = job(jobs)
    sweep.run(jobs.panel, at("2025-03-11 08:00"))
    move(jobs, "job", it, "wait", "2025-03-11 10:00")
    assert (owed(jobs)["due_at"], owed(jobs)["postponed"]) == (at("2025-03-10 24:00"), None)
    assert breaches_of(jobs) == [("2025-03-11", "live")]


def test_while_an_extension_is_asked_for_the_clock_stands_and_what_is_granted_comes_after(jobs: Site) -> None:
    asked = enter(jobs, "longer", "2025-03-06 09:00", job=job(jobs), n=3)
    assert owed(jobs)["due_at"] == limits.PARKED
    move(jobs, "longer", asked, "grant", "2025-03-07 09:00")
    assert steps(jobs) == [((3,), "2025-03-13"), ((), "2025-03-14")]
    assert owed(jobs)["due_at"] == at("2025-03-14 24:00")


def test_an_extension_that_is_denied_leaves_the_limit_but_for_the_days_it_was_looked_at(jobs: Site) -> None:
    asked = enter(jobs, "longer", "2025-03-06 09:00", job=job(jobs), n=3)
    move(jobs, "longer", asked, "deny", "2025-03-06 17:00")
    assert owed(jobs)["due_at"] == at("2025-03-10 24:00")


def test_an_extension_granted_late_lifts_the_breach_or_moves_it_and_ends_at_its_bounds(jobs: Site) -> None:
    it = job(jobs)
    sweep.run(jobs.panel, at("2025-03-12 08:00"))
    [was] = [t for t in kept(jobs, ticket) if t["rule"] == "late"]
    assert (breaches_of(jobs), was["month"]) == ([("2025-03-11", "live")], "2025-03")
    one = enter(jobs, "longer", "2025-03-12 09:00", job=it, n=9)
    move(jobs, "longer", one, "grant", "2025-03-12 10:00")
    assert owed(jobs)["due_at"] == at("2025-03-19 24:00")
    assert breaches_of(jobs) == [("2025-03-11", "void")]
    assert [t["state"] for t in kept(jobs, ticket) if t["rule"] == "late"] == ["void"]
    sweep.run(jobs.panel, at("2025-03-20 08:00"))
    assert breaches_of(jobs) == [("2025-03-20", "live")]
    two = enter(jobs, "longer", "2025-03-20 09:00", job=it, n=9)
    move(jobs, "longer", two, "grant", "2025-03-28 10:00")
    assert steps(jobs) == [((9, 1), "2025-03-20"), ((), "2025-03-20"), ((), "2025-03-28")]
    assert breaches_of(jobs) == [("2025-03-20", "void")]
    sweep.run(jobs.panel, at("2025-03-29 08:00"))
    assert breaches_of(jobs) == [("2025-03-29", "live")]


def test_an_extension_taken_back_brings_the_old_limit_and_its_breach_again(jobs: Site) -> None:
    asked = enter(jobs, "longer", "2025-03-06 09:00", job=job(jobs), n=3)
    move(jobs, "longer", asked, "grant", "2025-03-06 10:00")
    sweep.run(jobs.panel, at("2025-03-12 08:00"))
    assert breaches_of(jobs) == []
    with jobs.panel.work(Actor.system(), now=at("2025-03-12 09:00")) as work:
        records.remove(work, "longer", asked, "批错了")
    assert (owed(jobs)["due_at"], owed(jobs)["postponed"]) == (at("2025-03-10 24:00"), None)
    assert breaches_of(jobs) == [("2025-03-11", "live")]


def test_what_is_done_while_the_clock_stands_is_in_time_and_needs_it_no_more(jobs: Site) -> None:
    it = job(jobs)
    move(jobs, "job", it, "wait", "2025-03-05 10:00")
    with jobs.panel.work(Actor.system(), now=at("2025-03-20 09:00")) as work:
        records.update(work, "job", it, {"ended_on": work.today})
    o = owed(jobs)
    assert (o["state"], o["due_at"]) == ("done", at("2025-03-25 24:00"))
    move(jobs, "job", it, "go_on", "2025-06-02 09:00")
    assert owed(jobs)["due_at"] == at("2025-03-25 24:00")
    assert breaches_of(jobs) == []


def test_a_register_without_pauses_asks_nothing_more_and_one_with_them_a_few_queries_for_all(jobs: Site) -> None:
    said: list[str] = []
    engine = jobs.panel.engine
    event.listen(engine, "before_cursor_execute", lambda *a: said.append(a[2]))
    first = job(jobs)
    assert not [s for s in said if "r_longer" in s]  # nothing points to what has just been entered
    said.clear()
    with jobs.panel.work(Actor.system(), now=at("2025-03-04 09:00")) as work:
        rows = list(work.connection.execute(select(work.tables["job"])).mappings())
        duty = work.catalog.duties["job", "finish"]
        said.clear()
        postponing.facts(work, work.spec("job"), duty, [*rows] * 3, fresh=False)
    assert first == rows[0]["id"]
    assert len([s for s in said if s.startswith("SELECT")]) == 2  # each register that points here, once


def test_the_days_of_a_postponed_limit_are_counted_again_from_what_its_obligation_keeps(jobs: Site) -> None:
    asked = enter(jobs, "longer", "2025-03-06 09:00", job=job(jobs), n=3)
    with jobs.panel.reading(Actor.system()) as work:
        waiting = counting.recount(work, owed(jobs))
    move(jobs, "longer", asked, "grant", "2025-03-07 09:00")
    with jobs.panel.reading(Actor.system()) as work:
        found = counting.recount(work, owed(jobs))
    assert f"{found.counted[-1].day}" == "2025-03-10"  # the seven days; three granted and one of the pause come after
    assert waiting.counted == found.counted
