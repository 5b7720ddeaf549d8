"""Amounts that grow, climb, are shared or are points, and what another register refuses: requirements 4.3, PN-08 to PN-25."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.errors import Invalid, Refused
from app.services import ledger, records, sweep
from app.services.panel import Actor
from tests.services.dated import publish
from tests.site import Site, at, shipped

CITE = "cite: {policy: P17}"
DEFINITIONS = f"""\
code: rent_bill
label: 租金账单
domain: customers
fields:
  - {{code: lessee, label: 承租人, type: reference, register: customer, required: true}}
  - {{code: due_on, label: 应付日, type: date, required: true}}
  - {{code: owed, label: 应付金额, type: money, required: true}}
  - {{code: rate, label: 日费率, type: percent}}
workflow:
  states: [{{code: open, label: 未清}}, {{code: settled, label: 已清, locked: true}}]
  transitions: [{{code: settle, label: 结清, from: open, to: settled, by: [hr]}}]
duties:
  - code: pay
    label: 按期付款
    owed_by: {{role: hr}}
    starts: due_on
    done: {{state: settled}}
    within: [{{days: 0, on_rest_day: stay, {CITE}}}]
    breach: late_fee
breaches:
  - code: late_fee
    label: 滞纳金
    payer: lessee
    amount:
      - interest: {{balance: owed, percent_field: rate, paid: {{register: rent_paid, through: bill, amount: sum, paid_on: day}}}}
        {CITE}
    confirmed_by: gm
access: [{{role: hr, can: [read, add, edit]}}]
---
code: rent_paid
label: 租金收款
domain: customers
fields:
  - {{code: bill, label: 账单, type: reference, register: rent_bill, required: true}}
  - {{code: sum, label: 金额, type: money, required: true}}
  - {{code: day, label: 日期, type: date, required: true}}
access: [{{role: hr, can: [read, add, edit]}}]
---
code: sheet
label: 登记表
domain: customers
fields:
  - {{code: writer, label: 招商经理, type: person, required: true}}
  - {{code: met_on, label: 接洽日, type: date, required: true}}
  - {{code: loss, label: 损失, type: money}}
  - {{code: client, label: 客户, type: reference, register: customer}}
workflow:
  states: [{{code: open, label: 未交}}, {{code: handed, label: 已交}}]
  transitions: [{{code: hand_in, label: 上交, from: open, to: handed, by: [hr]}}]
duties:
  - code: hand_in
    label: 上交登记表
    owed_by: writer
    starts: met_on
    done: {{state: handed}}
    within: [{{days: 1, on_rest_day: stay, {CITE}}}]
    breach: late_sheet
breaches:
  - {{code: late_sheet, label: 迟交登记表, counter: sheets, amount: [{{points: 2, {CITE}}}], confirmed_by: gm}}
  - code: caused
    label: 造成投诉
    reported_by: [hr]
    amount:
      - of: loss
        bands: [{{up_to: 0, sanction: 警告}}, {{up_to: 10000, percent: 10}}, {{sanction: 由总经理决定}}]
        {CITE}
    confirmed_by: gm
  - code: caused_superior
    label: 造成投诉（主管）
    charged_to: {{superior_of: writer}}
    trigger: {{breach: caused}}
    amount:
      - of: loss
        bands: [{{up_to: 1000, sanction: 警告}}, {{up_to: 10000, percent: 5}}, {{sanction: 由总经理决定}}]
        {CITE}
    confirmed_by: gm
  - code: broken
    label: 损坏物品
    reported_by: [hr]
    amount: [{{percent: 100, of: loss, per: item, {CITE}}}]
    confirmed_by: gm
  - code: rude
    label: 态度恶劣
    reported_by: [hr]
    counter: manners
    amount:
      - ladder: [{{from_nth: 1, sanction: 口头警告}}, {{from_nth: 2, sanction: 书面警告}}, {{from_nth: 3, money: 100}}]
        {CITE}
    confirmed_by: gm
counters:
  - {{code: sheets, label: 登记表扣分, at_most: {{points: 20, {CITE}}}}}
  - {{code: manners, label: 九十天内, window: rolling, days: 90}}
access: [{{role: hr, can: [read, add, edit]}}]
---
code: claim
label: 报销单
domain: customers
fields:
  - {{code: claimant, label: 报销人, type: person, required: true}}
  - {{code: client, label: 客户, type: reference, register: customer}}
workflow:
  states: [{{code: open, label: 待付}}, {{code: paid, label: 已付}}, {{code: closed, label: 已归档}}]
  transitions:
    - {{code: pay, label: 付款, from: open, to: paid, by: [hr]}}
    - {{code: file, label: 归档, from: paid, to: closed, by: [hr]}}
refuse:
  - code: not_filed
    add: true
    when: {{field: client, filled: true}}
    unless: {{register: sheet, match: {{client: client}}, where: {{field: state, is: handed}}}}
    say: 没有备案的客户，一律不予报销
    {CITE}
  - code: owes_sheets
    transition: [pay]
    while: {{register: sheet, match: {{writer: claimant}}, overdue: hand_in, overdue_by: {{days: 2}}}}
    say: 登记表逾期未交，暂不付款
    {CITE}
  - code: no_voucher
    transition: [file]
    unless: {{register: voucher, match: {{claim: id}}}}
    say: 还没有这笔报销的凭证
    {CITE}
access: [{{role: hr, can: [read, add, edit]}}]
---
code: voucher
label: 凭证
domain: customers
fields: [{{code: claim, label: 报销单, type: reference, register: claim}}]
access: [{{role: hr, can: [read, add, edit]}}]
"""


@pytest.fixture
def rules(site: Site) -> Site:
    """The site under the shipped definitions and those above."""
    return publish(site, shipped() | {"registers/customers/money.yaml": DEFINITIONS}, "2025-01-02 09:00")


def customer(site: Site) -> int:
    with site.panel.reading(Actor.system()) as work:
        return int(work.connection.execute(work.tables["customer"].select()).mappings().first()["id"])  # type: ignore[index]


def found(site: Site, rule: str) -> list[dict[str, Any]]:
    """Return the tickets of a kind of breach, oldest first."""
    with site.panel.reading(Actor.system()) as work:
        return [t for t in ledger.tickets(work)[::-1] if t["rule"] == rule]


def daily(site: Site, first: str, last: str) -> None:
    """Run the sweep each night."""
    day = at(f"{first} 00:05")
    while day <= at(f"{last} 00:05"):
        sweep.run(site.panel, day)
        day += timedelta(days=1)


def test_a_late_fee_grows_day_by_day_and_ends_with_the_sum_of_its_balances(rules: Site) -> None:
    bill = rules.create(
        "hr", "rent_bill", "2025-02-20 09:00",
        lessee=customer(rules), due_on=date(2025, 3, 1), owed=Decimal(10000), rate=Decimal("0.05"),
    )  # fmt: skip
    daily(rules, "2025-03-01", "2025-03-05")
    (fee,) = found(rules, "late_fee")
    assert (fee["amount"], fee["person"], fee["person_name"]) == (Decimal(20), None, "车主甲")
    rules.create("hr", "rent_paid", "2025-03-06 10:00", bill=bill, sum=Decimal(4000), day=date(2025, 3, 6))
    assert found(rules, "late_fee")[0]["amount"] == Decimal(25)
    daily(rules, "2025-03-07", "2025-03-13")
    rules.create("hr", "rent_paid", "2025-03-13 10:00", bill=bill, sum=Decimal(6000), day=date(2025, 3, 13))
    rules.move("hr", "rent_bill", bill, "settle", "2025-03-13 10:05")
    daily(rules, "2025-03-14", "2025-03-16")
    (fee,) = found(rules, "late_fee")
    assert (fee["amount"], fee["arithmetic"]) == (Decimal(46), "10000×0.05%×5 天 + 6000×0.05%×7 天 = 46 元")
    with rules.panel.reading(Actor.system()) as work:
        entries = ledger.why(work, fee["id"]).entries
    assert sum(e["amount"] for e in entries) == Decimal(46)
    assert len(entries) == 12


def test_a_bill_paid_on_its_day_bears_no_fee_and_one_without_a_rate_says_so(rules: Site) -> None:
    same = {"lessee": customer(rules), "due_on": date(2025, 3, 1), "owed": Decimal(10000)}
    paid = rules.create("hr", "rent_bill", "2025-02-20 09:00", rate=Decimal("0.05"), **same)
    rules.move("hr", "rent_bill", paid, "settle", "2025-03-01 23:59")
    rules.create("hr", "rent_bill", "2025-02-20 09:00", **same)
    daily(rules, "2025-03-02", "2025-03-04")
    (fee,) = found(rules, "late_fee")
    assert (fee["amount"], fee["arithmetic"]) == (Decimal(0), "0（未约定费率） = 0 元")


def test_points_stop_at_the_limit_of_the_month(rules: Site) -> None:
    with rules.panel.work(rules.actor("hr"), now=at("2025-03-03 09:00")) as work:
        sheet = {"writer": rules.ids["sales1"], "met_on": date(2025, 3, 3)}
        records.create_many(work, "sheet", [sheet] * 11)
    daily(rules, "2025-03-04", "2025-03-05")
    tickets = found(rules, "late_sheet")
    assert sorted(t["points"] for t in tickets) == [0] + [2] * 10
    assert {t["amount"] for t in tickets} == {0}
    with rules.panel.work(rules.actor("gm"), now=at("2025-03-06 09:00")) as work:
        first = min(tickets, key=lambda t: t["ordinal"])
        ledger.waive(work, first["id"], "初犯")
    assert sorted(t["points"] for t in found(rules, "late_sheet")) == [0] + [2] * 10


@pytest.mark.parametrize(
    ("loss", "own", "superior"),
    [(0, "警告", "警告"), (800, 80, "警告"), (5000, 500, 250), (30000, "由总经理决定", "由总经理决定")],
)
def test_the_superior_is_liable_beside_whoever_caused_a_complaint(
    rules: Site, loss: int, own: int | str, superior: int | str
) -> None:
    row = {"writer": rules.ids["sales1"], "met_on": date(2025, 3, 3), "loss": Decimal(loss)}
    sheet = rules.create("hr", "sheet", "2025-03-03 09:00", **row)
    with rules.panel.work(rules.actor("hr"), now=at("2025-03-04 09:00")) as work:
        ledger.report(work, "sheet", sheet, "caused", rules.ids["sales1"])
    one, other = found(rules, "caused")[0], found(rules, "caused_superior")[0]
    assert [one["sanction"] or one["amount"], other["sanction"] or other["amount"]] == [own, superior]
    assert other["person"] == rules.ids["saleshead"]
    with rules.panel.work(rules.actor("hr"), now=at("2025-03-05 09:00")) as work:
        records.update(work, "sheet", sheet, {"loss": Decimal(2000)})
    assert [found(rules, k)[0]["amount"] for k in ("caused", "caused_superior")] == [200, 100]


def test_two_things_broken_are_paid_at_a_price_that_may_be_put_right(rules: Site) -> None:
    row = {"writer": rules.ids["sales1"], "met_on": date(2025, 3, 3), "loss": Decimal("300.50")}
    sheet = rules.create("hr", "sheet", "2025-03-03 09:00", **row)
    with rules.panel.work(rules.actor("hr"), now=at("2025-03-04 09:00")) as work:
        ledger.report(work, "sheet", sheet, "broken", rules.ids["sales1"], quantity=2)
    assert found(rules, "broken")[0]["arithmetic"] == "2×(300.5×100%) = 601 元"
    with rules.panel.work(rules.actor("hr"), now=at("2025-03-05 09:00")) as work:
        records.update(work, "sheet", sheet, {"loss": Decimal(200)})
    assert found(rules, "broken")[0]["amount"] == Decimal(400)


def test_the_third_time_within_ninety_days_costs_money_and_a_cancelled_first_takes_it_back(rules: Site) -> None:
    sheet = rules.create("hr", "sheet", "2025-01-03 09:00", writer=rules.ids["sales1"], met_on=date(2025, 1, 3))
    for day in ("2025-01-10", "2025-02-10", "2025-04-09", "2025-04-11"):
        with rules.panel.work(rules.actor("hr"), now=at(f"{day} 10:00")) as work:
            ledger.report(work, "sheet", sheet, "rude", rules.ids["sales1"])
    said = [t["sanction"] or t["amount"] for t in found(rules, "rude")]
    assert said == ["口头警告", "书面警告", Decimal(100), Decimal(100)]
    with rules.panel.work(rules.actor("gm"), now=at("2025-04-12 09:00")) as work:
        ledger.cancel(work, found(rules, "rude")[1]["id"], "查无实据")
    said = [t["sanction"] or t["amount"] for t in found(rules, "rude") if t["state"] == "proposed"]
    assert said == ["口头警告", "书面警告", "书面警告"]


def test_a_claim_for_a_customer_not_filed_is_refused_until_the_sheet_is_in(rules: Site) -> None:
    client = customer(rules)
    claim = {"claimant": rules.ids["sales1"], "client": client}
    with pytest.raises(Invalid) as refused:
        rules.create("hr", "claim", "2025-03-10 09:00", **claim)
    assert [(e.field, str(e.reason)) for e in refused.value.errors] == [
        ("client", "没有备案的客户，一律不予报销（依据 P17）")
    ]
    empty = rules.create("hr", "claim", "2025-03-10 09:00", claimant=rules.ids["sales1"])
    with pytest.raises(Invalid), rules.panel.work(rules.actor("hr"), now=at("2025-03-10 10:00")) as work:
        records.update(work, "claim", empty, {"client": client})
    filed = {"writer": rules.ids["sales1"], "met_on": date(2025, 3, 12), "client": client}
    sheet = rules.create("hr", "sheet", "2025-03-12 09:00", **filed)
    rules.move("hr", "sheet", sheet, "hand_in", "2025-03-12 10:00")
    assert rules.create("hr", "claim", "2025-03-13 09:00", **claim)


def test_a_transition_is_refused_until_another_record_points_at_this_one(rules: Site) -> None:
    one, two = (rules.create("hr", "claim", "2025-03-07 09:00", claimant=rules.ids["sales1"]) for _ in range(2))
    for n in (one, two):
        rules.move("hr", "claim", n, "pay", "2025-03-07 10:00")
    rules.create("hr", "voucher", "2025-03-07 11:00", claim=one)
    rules.move("hr", "claim", one, "file", "2025-03-07 12:00")
    with pytest.raises(Refused, match="还没有这笔报销的凭证"):
        rules.move("hr", "claim", two, "file", "2025-03-07 12:00")


def test_a_transition_is_refused_while_something_is_long_overdue_and_names_it(rules: Site) -> None:
    sheet = rules.create("hr", "sheet", "2025-03-07 09:00", writer=rules.ids["sales1"], met_on=date(2025, 3, 9))
    one, two = (rules.create("hr", "claim", "2025-03-07 09:00", claimant=rules.ids["sales1"]) for _ in range(2))
    rules.move("hr", "claim", one, "pay", "2025-03-12 23:59")
    number = rules.read("sheet", sheet)["record_no"]
    with pytest.raises(Refused) as refused:
        rules.move("hr", "claim", two, "pay", "2025-03-13 00:00")
    assert str(refused.value.reason) == f"登记表逾期未交，暂不付款（依据 P17；登记表 {number}）"
    rules.move("hr", "sheet", sheet, "hand_in", "2025-03-13 09:00")
    rules.move("hr", "claim", two, "pay", "2025-03-13 09:01")
    assert rules.read("claim", two)["state"] == "paid"
