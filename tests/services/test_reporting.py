"""Reports fill themselves when their period is over, follow the records until somebody signs, and stay as they were signed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from app.clock import Reading
from app.errors import Forbidden, Invalid
from app.models.fixed import adoption as adoption_table
from app.models.ledger import notice
from app.services import listing, records, reporting, ticks
from app.services.panel import Actor
from tests.services.dated import kept, owed, publish
from tests.site import Site, at, shipped

REPORT = """\
code: revisit_month
label: {zh: 回访月报, en: Revisits of the month}
domain: revisits
cite: {policy: P16, article: "2.4"}
fields:
  - {code: month, label: {zh: 月份, en: Month}, type: text}
  - {code: first_day, label: {zh: 期间起, en: From}, type: date}
  - {code: last_day, label: {zh: 期间止, en: To}, type: date}
  - {code: kind, label: {zh: 种类, en: Kind}, type: choice, choices: [月报, 周报]}
  - {code: rate, label: {zh: 投诉回访率, en: Revisit rate}, type: percent, places: 1}
  - {code: revisited, label: {zh: 已回访, en: Revisited}, type: integer}
  - {code: settled, label: {zh: 处理完毕, en: Settled}, type: integer}
  - {code: persons, label: {zh: 按受理人, en: By person}, type: long_text}
  - {code: basis, label: {zh: 改进依据, en: Basis}, type: long_text, required_from: submitted}
  - {code: submitted_by, label: {zh: 提交签字, en: Submitted by}, type: signature, by: [cs_supervisor]}
reports:
  - code: monthly
    label: {zh: 月报, en: Monthly}
    period: month
    from: first_day
    to: last_day
    name: month
    figures:
      rate: {indicator: complaint_revisit_rate}
      revisited: {indicator: complaint_revisit_rate, take: numerator}
      settled: {indicator: complaint_revisit_rate, take: denominator}
      persons: {indicator: settled_by_person, take: each}
    sets: {kind: 月报}
    tell: [cs_supervisor]
  - code: weekly
    label: {zh: 周报, en: Weekly}
    period: week
    from: first_day
    to: last_day
    name: month
    figures: {settled: {indicator: complaint_revisit_rate, take: denominator}}
    sets: {kind: 周报}
    cite: {policy: P13, article: D4}
workflow:
  states:
    - {code: generated, label: {zh: 已生成, en: Generated}}
    - {code: submitted, label: {zh: 已提交, en: Submitted}, locked: true}
  transitions:
    - {code: submit, label: {zh: 提交, en: Submit}, from: generated, to: submitted, by: [cs_supervisor], needs: [basis], sign: submitted_by}
duties:
  - code: submit_report
    label: {zh: 提交月报, en: Hand in the report}
    owed_by: {role: cs_supervisor}
    when: {field: kind, is: 月报}
    starts: last_day
    done: submitted_by
    within: [{months: 1, day: 5, on_rest_day: stay, cite: {policy: P16, article: "2.4"}}]
access:
  - {role: cs_supervisor, can: [read, add, edit]}
---
indicator: settled_by_person
label: {zh: 处理件数, en: Settled}
domain: revisits
cite: {policy: P16, article: "2.4"}
numerator: {register: complaint, by: handled_at}
per: receptionist
unit: count
places: 0
"""


@pytest.fixture
def reported(site: Site) -> Iterator[Site]:
    """The small company with a register of reports, in force before June 2025."""
    yield publish(site, {**shipped(), "registers/revisits/revisit_month.yaml": REPORT}, "2025-05-02 08:00")


def complain(site: Site, n: int, handled: str = "2025-05-12 09:00") -> int:
    """Enter a tenant's complaint and when it was settled."""
    values = {
        "received_at": at("2025-05-10 09:00"), "receptionist": site.ids["assistant"], "channel": "来电", "customer_party": "租户/业主",
        "complainant_name": f"租户{n}", "content": "漏水", "customer_demand": ("维修",), "category": "物业服务", "severity": "一般",
        "handled_at": at(handled),
    }  # fmt: skip
    with site.panel.work(Actor.system(), now=at(handled), source="demo") as work:
        return records.create(work, "complaint", values)


def filled(site: Site, when: str) -> int:
    """Fill as another process would on that day."""
    site.panel.memory.pop("reports filled", None)
    return reporting.fill_due(site.panel, at(when))


def reports(site: Site, kind: str) -> list[dict[str, Any]]:
    with site.panel.reading(Actor.system()) as work:
        return [r for r in listing.select_rows(work, "revisit_month", order="first_day") if r["kind"] == kind]


def test_a_report_is_there_on_the_first_day_after_its_month_with_its_figures_and_its_limit(reported: Site) -> None:
    for n in range(3):
        complain(reported, n)
    assert filled(reported, "2025-05-31 23:59:59") > 0, "those of the weeks"
    assert reports(reported, "月报") == [], "April was over before anybody was asked for its report"
    filled(reported, "2025-06-01 00:00")
    (made,) = reports(reported, "月报")
    said = {k: made[k] for k in ("month", "first_day", "last_day", "rate", "revisited", "settled", "persons", "state")}
    assert said == {
        "month": "2025-05", "first_day": date(2025, 5, 1), "last_day": date(2025, 5, 31), "rate": Decimal("0.0"), "revisited": 0,
        "settled": 3, "persons": "assistant 3", "state": "generated",
    }  # fmt: skip
    limit = owed(reported, made["id"], "revisit_month")[0]
    assert (limit["due_at"], limit["role"]) == (at("2025-06-06"), "cs_supervisor")
    told = [
        n
        for n in kept(reported, notice, select(notice).where(notice.c.record_id == made["id"]))
        if (n["kind"], n["register"]) == ("report", "revisit_month")
    ]
    assert [n["person"] for n in told] == [reported.ids["supervisor"]]


def test_a_report_follows_its_records_until_it_is_signed_and_then_says_what_was_signed(reported: Site) -> None:
    complain(reported, 1)
    complain(reported, 2)
    filled(reported, "2025-06-01 00:00")
    made = reports(reported, "月报")[-1]["id"]
    complain(reported, 3, "2025-05-26 09:00")
    filled(reported, "2025-06-03 00:00")
    assert reports(reported, "月报")[-1]["settled"] == 3
    with reported.panel.work(reported.actor("supervisor"), now=at("2025-06-04 09:00")) as work:
        with pytest.raises(Invalid):
            records.update(work, "revisit_month", made, {"settled": 99})
        records.move(work, "revisit_month", made, "submit", {"basis": "加强回访"})
    complain(reported, 4, "2025-05-27 09:00")
    filled(reported, "2025-06-05 00:00")
    assert [(r["month"], r["settled"]) for r in reports(reported, "月报")] == [("2025-05", 3)]


def test_after_months_of_silence_every_report_in_between_is_made_up_once(reported: Site) -> None:
    filled(reported, "2025-06-01 00:00")
    filled(reported, "2025-09-02 00:00")
    assert filled(reported, "2025-09-02 00:00") == 0
    assert [r["month"] for r in reports(reported, "月报")] == ["2025-05", "2025-06", "2025-07", "2025-08"]
    weeks = [r["month"] for r in reports(reported, "周报")]
    assert (weeks[0], weeks[-1], len(weeks)) == ("2025-W18", "2025-W35", 18)


def test_a_report_that_was_archived_is_not_entered_again(reported: Site) -> None:
    filled(reported, "2025-06-01 00:00")
    with reported.panel.work(Actor.system(), now=at("2025-06-02 09:00")) as work:
        records.remove(work, "revisit_month", reports(reported, "月报")[-1]["id"], reason="不需要")
    filled(reported, "2025-06-03 00:00")
    assert reports(reported, "月报") == []


def test_two_schedulers_enter_each_report_once(reported: Site) -> None:
    panels = [
        publish(reported, {**shipped(), "registers/revisits/revisit_month.yaml": REPORT}, "2025-05-02 08:00").panel
    ]
    panels.append(reported.panel)
    threads = [Thread(target=reporting.fill_due, args=(p, at("2025-06-01 00:00"))) for p in panels]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [r["month"] for r in reports(reported, "月报")] == ["2025-05"]


def test_each_unit_that_applies_the_policy_for_itself_has_a_report_of_its_own(reported: Site) -> None:
    for n, unit in enumerate(("销售部", "销售部", "客户关爱部")):
        made = complain(reported, n)
        with reported.panel.work(Actor.system(), now=at("2025-05-13 09:00")) as work:
            records.update(work, "complaint", made, {"unit": reported.units[unit]})
    with reported.panel.work(Actor.system(), now=at("2025-05-14 08:00")) as work:
        work.connection.execute(delete(adoption_table).where(adoption_table.c.policy == "P16"))
        for unit in ("销售部", "客户关爱部"):
            row = {"unit": reported.units[unit], "policy": "P16", "from_day": date(2025, 1, 1), "recorded_at": work.now}
            work.connection.execute(insert(adoption_table).values(**row))
    filled(reported, "2025-06-01 00:00")
    own = {r["unit"]: r["persons"] for r in reports(reported, "月报")}
    assert own == {reported.units["销售部"]: "assistant 2", reported.units["客户关爱部"]: "assistant 1"}


def test_reports_come_with_the_wake_ups_of_the_sweep_and_nobody_else_enters_them(reported: Site) -> None:
    complain(reported, 1)
    ticks.run(reported.panel, Reading(at("2025-06-01 00:05"), 0.0, "s"), lambda _work: None)
    assert [r["month"] for r in reports(reported, "月报")] == ["2025-05"]
    with reported.panel.work(reported.actor("stranger"), now=at("2025-06-01 09:00")) as work, pytest.raises(Forbidden):
        records.create(work, "revisit_month", {"basis": "x"})
    with reported.panel.work(reported.actor("supervisor"), now=at("2025-06-01 09:00")) as work, pytest.raises(Invalid):
        records.create(work, "revisit_month", {"month": "2025-05"})
