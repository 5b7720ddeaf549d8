"""The life of a ticket: who may take which step, in which order, and what it does to the tickets after it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from app.errors import Forbidden, Invalid, Missing, Refused
from app.models.fixed import person_role, role
from app.models.ledger import notice, ticket
from app.services import ledger, letters, listing, notices, people, records, rows, sweep, verify
from app.services.letters import Letter, Office
from app.services.panel import Actor
from tests.services.test_sweep import late_archives
from tests.site import Site, at

CONFIRMED = "2025-03-11 09:00"
"""A Tuesday: five working days later it is Tuesday the 18th, 24:00."""


@pytest.fixture
def fined(site: Site) -> Site:
    """A site where sales1 has four tickets of March: 50, 100, 100, 100."""
    late_archives(site, 4, ["sales1"])
    sweep.run(site.panel, at("2025-03-11 00:05"))
    return site


def tickets(site: Site, person: str = "sales1") -> list[dict[str, Any]]:
    """Return a person's tickets in the order of their violation."""
    with site.panel.reading(Actor.system()) as work:
        found = ledger.tickets(work, person=site.ids[person])
    return sorted(found, key=lambda t: (t["occurred_at"], t["id"]))


def act(site: Site, who: str, place: int, move: str, when: str = "2025-03-12 09:00", reason: str = "查过了") -> None:
    """Take a step with one of sales1's tickets as somebody."""
    act_on(site, who, tickets(site)[place]["id"], move, when, reason)


def act_on(
    site: Site, who: str, number: int, move: str, when: str = "2025-03-12 09:00", reason: str = "查过了"
) -> None:
    """Take a step with a ticket as somebody."""
    with site.panel.work(site.actor(who), now=at(when)) as work:
        ledger.act(work, number, move, reason)


def appoint(site: Site, who: str, code: str) -> None:
    """Give somebody a further role."""
    with site.panel.engine.begin() as connection:
        number = connection.execute(select(role.c.id).where(role.c.name == code)).scalar_one()
        connection.execute(insert(person_role).values(user_id=site.ids[who], role_id=number))


def another_company(site: Site) -> None:
    """Put ``stranger`` and ``crm`` into another company of the same group, which is above both; the tickets are of the first one."""
    with site.panel.work(Actor.system(), now=at("2025-01-02 08:00")) as work:
        top = work.tables["unit"]
        group = work.connection.execute(select(top.c.id).where(top.c.name == "集团")).scalar_one()
        over = records.create(work, "unit", {"name": "集团总部", "kind": "集团"})
        records.update(work, "unit", group, {"parent": over})
        other = records.create(work, "unit", {"name": "乙公司", "kind": "公司", "parent": over})
        staff = work.tables["employee"]
        for who in ("stranger", "crm"):
            number = work.connection.execute(select(staff.c.id).where(staff.c.person == site.ids[who])).scalar_one()
            records.update(work, "employee", number, {"unit": other})
        work.connection.execute(update(ticket).values(unit=site.units["销售部"]))


def amounts(site: Site) -> list[Decimal]:
    return [t["amount"] for t in tickets(site)]


def story(site: Site, place: int) -> list[tuple[str, Decimal, Decimal, str]]:
    """Return the lines of one of sales1's tickets: kind, amount, paid, who."""
    with site.panel.reading(Actor.system()) as work:
        return [
            (e["kind"], e["amount"], e["paid"], e["name"]) for e in ledger.why(work, tickets(site)[place]["id"]).entries
        ]


def test_an_appeal_is_decided_by_somebody_else_and_ends_in_upheld(fined: Site) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal", "2025-03-12 09:00", "当天车辆未到店")
    assert tickets(fined)[0]["state"] == "appealed"
    assert amounts(fined) == [50, 100, 100, 100], "while it is open nothing changes"
    with fined.panel.reading(fined.actor("gm")) as work:
        assert [t["record_no"] for t in ledger.to_judge(work)] == [tickets(fined)[0]["record_no"]]
    act(fined, "gm", 0, "uphold", "2025-03-13 09:00", "交车单为证")
    assert tickets(fined)[0]["state"] == "upheld"
    assert story(fined, 0) == [
        ("assessed", 50, 0, "系统"), ("confirmed", 0, 0, "director"), ("appealed", 0, 0, "sales1"), ("upheld", 0, 0, "gm"),
    ]  # fmt: skip
    act(fined, "director", 0, "execute", "2025-03-14 09:00")
    assert story(fined, 0)[-1] == ("executed", 0, 50, "director")
    assert verify.run(fined.panel).flaws == []


@pytest.mark.parametrize("decision", ["cancel", "waive"])
def test_an_appeal_that_succeeds_counts_the_later_ones_anew(fined: Site, decision: str) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal")
    act(fined, "gm", 0, decision, "2025-03-13 09:00")
    assert amounts(fined) == [0, 50, 100, 100]
    assert [t["ordinal"] for t in tickets(fined)] == [0, 1, 2, 3]
    assert verify.run(fined.panel).flaws == []


def test_cancelling_in_the_middle_corrects_later_ones_that_were_paid(fined: Site) -> None:
    for place in range(4):
        act(fined, "director", place, "confirm", CONFIRMED)
    for place in (1, 2, 3):
        act(fined, "director", place, "execute", "2025-03-12 10:00")
    act(fined, "director", 0, "cancel", "2025-03-13 09:00")
    assert amounts(fined) == [0, 50, 100, 100]
    assert [(t["paid"], t["amount"] - t["paid"]) for t in tickets(fined)] == [(0, 0), (100, -50), (100, 0), (100, 0)]
    assert [line[:3] for line in story(fined, 1)] == [
        ("assessed", 100, 0), ("confirmed", 0, 0), ("executed", 0, 100), ("corrected", -50, 0),
    ]  # fmt: skip
    act(fined, "director", 2, "cancel", "2025-03-13 10:00")
    assert amounts(fined) == [0, 50, 0, 100]
    assert tickets(fined)[2]["amount"] - tickets(fined)[2]["paid"] == -100
    assert verify.run(fined.panel).flaws == []


def test_only_the_person_fined_appeals_and_may_withdraw(fined: Site) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    with pytest.raises(Forbidden, match="只有被处罚的本人"):
        act(fined, "director", 0, "appeal")
    for who in ("gm", "sales2", "stranger"):
        with pytest.raises(Missing):
            act(fined, who, 0, "appeal")
    act(fined, "sales1", 0, "appeal")
    with pytest.raises(Forbidden, match="只有被处罚的本人"):
        act(fined, "gm", 0, "withdraw")
    act(fined, "sales1", 0, "withdraw")
    assert tickets(fined)[0]["state"] == "confirmed"
    assert verify.run(fined.panel).flaws == []


@pytest.mark.parametrize("move", ["uphold", "cancel", "waive"])
def test_who_confirmed_colleagues_and_the_fined_do_not_decide_on_the_appeal(fined: Site, move: str) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal")
    for who in ("director", "sales1"):
        with pytest.raises(Forbidden, match="申诉由总经理裁定"):
            act(fined, who, 0, move)
    for who in ("sales2", "stranger"):
        with pytest.raises(Missing):
            act(fined, who, 0, move)
    assert tickets(fined)[0]["state"] == "appealed"


def test_a_judge_who_confirmed_himself_leaves_the_appeal_to_others(fined: Site) -> None:
    number = tickets(fined)[0]["id"]
    appoint(fined, "gm", "customer_director")
    both = fined.actor("gm")
    with fined.panel.work(both, now=at(CONFIRMED)) as work:
        ledger.confirm(work, number)
    act(fined, "sales1", 0, "appeal")
    with fined.panel.work(both, now=at("2025-03-13 09:00")) as work:
        with pytest.raises(Forbidden, match="您确认了这张处罚单"):
            ledger.act(work, number, "uphold", "维持")
        assert "uphold" not in ledger.possible(work, ledger.get(work, number))


@pytest.mark.parametrize("move", ["confirm", "waive", "cancel"])
def test_a_holder_of_the_role_in_another_company_neither_sees_nor_moves_a_ticket(fined: Site, move: str) -> None:
    another_company(fined)
    appoint(fined, "stranger", "customer_director")
    appoint(fined, "gm", "customer_director")
    with fined.panel.reading(fined.actor("stranger")) as work:
        assert ledger.to_confirm(work) == []
        assert ledger.tickets(work) == []
    with pytest.raises(Missing):
        act(fined, "stranger", 0, move)
    number = tickets(fined)[0]["id"]
    with fined.panel.reading(fined.actor("gm")) as work:  # holds the role in the same company
        assert move in ledger.possible(work, ledger.get(work, number))
    act(fined, "director", 0, move)
    assert tickets(fined)[0]["state"] != "proposed"


def test_what_a_ticket_is_seen_by_does_not_let_another_company_decide_on_it(fined: Site) -> None:
    """Whoever closes months sees the tickets of all; the door is as narrow as the list for him, too."""
    another_company(fined)
    for code in ("hr", "customer_director"):
        appoint(fined, "stranger", code)
    with pytest.raises(Forbidden, match="所属公司的客户总监"):
        act(fined, "stranger", 0, "confirm")
    assert tickets(fined)[0]["state"] == "proposed"


def test_an_appeal_falls_to_the_judge_of_the_company_and_to_another_only_where_it_has_none(fined: Site) -> None:
    another_company(fined)
    appoint(fined, "crm", "gm")
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal")
    with pytest.raises(Forbidden, match="所属公司的总经理"):
        act(fined, "crm", 0, "uphold")
    with fined.panel.reading(fined.actor("crm")) as work:
        assert ledger.to_judge(work) == []
    act(fined, "gm", 0, "uphold")
    assert tickets(fined)[0]["state"] == "upheld"


def test_where_the_only_holder_near_is_fined_himself_a_ticket_falls_to_every_holder(fined: Site) -> None:
    another_company(fined)
    appoint(fined, "stranger", "customer_director")
    with fined.panel.work(Actor.system(), now=at("2025-03-11 10:00")) as work:
        number = tickets(fined)[0]["id"]
        work.connection.execute(update(ticket).where(ticket.c.id == number).values(person=fined.ids["director"]))
    with pytest.raises(Forbidden, match="本人"):
        act_on(fined, "director", number, "confirm")
    with fined.panel.reading(fined.actor("stranger")) as work:
        assert [t["id"] for t in ledger.to_confirm(work)] == [number]
    act_on(fined, "stranger", number, "confirm")


def test_a_ticket_of_a_record_without_a_unit_falls_to_the_company_of_the_person_fined(fined: Site) -> None:
    another_company(fined)
    appoint(fined, "stranger", "customer_director")
    number = tickets(fined)[0]["id"]
    with fined.panel.engine.begin() as connection:
        connection.execute(update(ticket).where(ticket.c.id == number).values(unit=None))
    with fined.panel.reading(fined.actor("stranger")) as work:
        assert ledger.to_confirm(work) == []
    with pytest.raises(Forbidden, match="所属公司"):
        act_on(fined, "stranger", number, "confirm")
    act_on(fined, "director", number, "confirm")


def test_what_is_of_the_group_falls_to_its_head_office_and_to_its_companies_only_where_that_has_nobody(
    fined: Site,
) -> None:
    another_company(fined)
    appoint(fined, "stranger", "customer_director")
    with fined.panel.reading(Actor.system()) as work:
        (group,) = (r["id"] for r in listing.select_rows(work, "unit") if r["parent"] is None)
    directors = {fined.ids["director"], fined.ids["stranger"]}
    with fined.panel.reading(Actor.system()) as work:
        assert set(people.holders(work, "customer_director", group)) == directors
    with fined.panel.work(Actor.system(), now=at("2025-03-11 11:00")) as work:
        (staff,) = (r for r in listing.select_rows(work, "employee") if r["person"] == fined.ids["stranger"])
        records.update(work, "employee", staff["id"], {"unit": group})
    with fined.panel.reading(Actor.system()) as work:
        assert people.holders(work, "customer_director", group) == [fined.ids["stranger"]]
        assert people.holders(work, "customer_director", fined.units["销售部"]) == [fined.ids["director"]]


@pytest.mark.parametrize("move", ["confirm", "waive", "cancel", "execute"])
def test_nobody_but_the_confirming_role_moves_a_ticket(fined: Site, move: str) -> None:
    if move == "execute":
        act(fined, "director", 0, "confirm", CONFIRMED)
    before = tickets(fined)[0]["state"]
    with pytest.raises(Forbidden, match="处罚单由客户总监办理"):
        act(fined, "sales1", 0, move)
    for who in ("sales2", "stranger"):
        with pytest.raises(Missing):
            act(fined, who, 0, move)
    assert tickets(fined)[0]["state"] == before
    act(fined, "director", 0, move)
    assert tickets(fined)[0]["state"] != before


def test_an_appeal_must_come_within_five_working_days_and_before_midnight(fined: Site) -> None:
    for place in (0, 1):
        act(fined, "director", place, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal", "2025-03-18 23:59")
    with pytest.raises(Forbidden, match="申诉期限已过（截止 2025-03-19 00:00）"):
        act(fined, "sales1", 1, "appeal", "2025-03-19 00:00")


def test_an_appeal_against_a_paid_fine_goes_back_to_paid_when_withdrawn(fined: Site) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "director", 0, "execute", "2025-03-11 10:00")
    act(fined, "sales1", 0, "appeal")
    act(fined, "sales1", 0, "withdraw")
    assert tickets(fined)[0]["state"] == "executed"
    assert tickets(fined)[0]["paid"] == 50


@pytest.mark.parametrize("move", ["waive", "cancel", "appeal", "uphold"])
def test_steps_that_need_a_reason_ask_for_it(fined: Site, move: str) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    who = "sales1" if move == "appeal" else "director"
    if move == "uphold":
        act(fined, "sales1", 0, "appeal")
        who = "gm"
    with pytest.raises(Invalid, match="请写明理由"):
        act(fined, who, 0, move, reason="  ")


def test_an_upheld_fine_cannot_be_appealed_against_again(fined: Site) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal")
    act(fined, "gm", 0, "uphold")
    with pytest.raises(Forbidden, match="申诉维持"):
        act(fined, "sales1", 0, "appeal")


def test_an_appeal_is_told_to_who_decides_and_its_end_to_the_fined(fined: Site) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal")
    act(fined, "gm", 0, "uphold")
    with fined.panel.engine.connect() as connection:
        told = connection.execute(notice.select().where(notice.c.kind.in_(["appealed", "decided"]))).mappings().all()
    assert sorted((n["kind"], n["person"]) for n in told) == [
        ("appealed", fined.ids["gm"]),
        ("decided", fined.ids["sales1"]),
    ]


def archive_of(site: Site, place: int) -> int:
    return int(tickets(site)[place]["record_id"])


def correct(site: Site, archive: int, when: str, **values: Any) -> None:
    """Correct facts of an archive as its administrator."""
    with site.panel.work(Actor.system(), now=at(when)) as work:
        records.update(work, "vehicle_archive", archive, values)


def test_a_corrected_date_takes_the_fine_back_and_counts_the_others_anew(fined: Site) -> None:
    act(fined, "director", 1, "confirm", CONFIRMED)
    act(fined, "director", 1, "execute", "2025-03-11 10:00")
    correct(fined, archive_of(fined, 0), "2025-03-12 09:00", trigger_date=date(2025, 3, 11))
    assert [(t["state"], t["amount"]) for t in tickets(fined)] == [
        ("void", 0), ("executed", 50), ("proposed", 100), ("proposed", 100),
    ]  # fmt: skip
    assert tickets(fined)[1]["paid"] == 100
    assert verify.run(fined.panel).flaws == []


def test_a_date_corrected_into_another_month_moves_the_fine_there(fined: Site) -> None:
    correct(fined, archive_of(fined, 0), "2025-03-12 09:00", trigger_date=date(2025, 2, 20))
    assert [(t["month"], t["ordinal"], t["amount"]) for t in tickets(fined)] == [
        ("2025-02", 1, 50), ("2025-03", 1, 50), ("2025-03", 2, 100), ("2025-03", 3, 100),
    ]  # fmt: skip
    assert [line[:2] for line in story(fined, 0)] == [("assessed", 50), ("corrected", 0)]
    assert verify.run(fined.panel).flaws == []


def test_more_papers_lost_in_a_loan_than_first_entered_cost_more(site: Site) -> None:
    with site.panel.work(Actor.system(), now=at("2025-03-03 09:00")) as work:
        (asked,) = rows.insert(work, work.spec("archive_borrow_application"), [{"borrower": site.ids["sales1"]}])
        values = {"material_name": "结算单", "copies": 2, "reason": "核对", "borrowed_at": at("2025-03-03 09:00")}
        named = {"application": asked["id"], "borrower": site.ids["sales1"]}
        loan = records.create(work, "archive_borrow_log", values | named)
    site.move("sales1", "archive_borrow_log", loan, "sign_out", "2025-03-03 09:10")
    site.move(
        "archive", "archive_borrow_log", loan, "give_back", "2025-03-04 09:00", return_condition="缺失", missing_count=2
    )
    assert amounts(site) == [40]
    with site.panel.work(Actor.system(), now=at("2025-03-05 09:00")) as work:
        records.update(work, "archive_borrow_log", loan, {"missing_count": 3})
    assert amounts(site) == [60]
    with site.panel.work(Actor.system(), now=at("2025-03-05 10:00")) as work:
        records.update(work, "archive_borrow_log", loan, {"borrower": site.ids["sales2"]})
    assert [(t["state"], t["amount"]) for t in tickets(site)] == [("void", 0)]
    assert [t["amount"] for t in tickets(site, "sales2")] == [60]
    assert verify.run(site.panel).flaws == []


def test_a_fine_of_the_wrong_person_goes_to_the_right_one(fined: Site) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "director", 0, "execute", "2025-03-11 10:00")
    wrong = archive_of(fined, 0)
    correct(fined, wrong, "2025-03-12 09:00", responsible_advisor=fined.ids["sales2"])
    assert [(t["state"], t["amount"], t["paid"]) for t in tickets(fined)] == [
        ("executed", 0, 50), ("proposed", 50, 0), ("proposed", 100, 0), ("proposed", 100, 0),
    ]  # fmt: skip
    (right,) = tickets(fined, "sales2")
    assert (right["record_id"], right["state"], right["amount"]) == (wrong, "proposed", 50)
    correct(fined, wrong, "2025-03-13 09:00", responsible_advisor=fined.ids["sales1"])
    assert amounts(fined) == [50, 100, 100, 100]
    assert [t["state"] for t in tickets(fined, "sales2")] == ["void"]
    assert verify.run(fined.panel).flaws == []


def told(site: Site, *kinds: str) -> list[tuple[str, str, str]]:
    """Return what was told of some kinds: kind, user name, sentence."""
    names = {i: n for n, i in site.ids.items()}
    with site.panel.engine.connect() as connection:
        found = connection.execute(notice.select().where(notice.c.kind.in_(kinds)).order_by(notice.c.id)).mappings()
        return [(n["kind"], names[n["person"]], str(notices.sentence(n))) for n in found]


def test_a_decision_taken_by_mistake_is_taken_back_and_the_amounts_return(fined: Site) -> None:
    act(fined, "director", 0, "waive", CONFIRMED, "首次")
    assert amounts(fined) == [0, 50, 100, 100]
    act(fined, "director", 0, "reinstate", "2025-03-12 10:00", "看错了人")
    assert [(t["state"], t["amount"]) for t in tickets(fined)] == [("proposed", n) for n in (50, 100, 100, 100)]
    assert [(k, a) for k, a, _, _ in story(fined, 0)] == [
        ("assessed", 50), ("waived", 0), ("corrected", -50), ("revived", 0), ("corrected", 50),
    ]  # fmt: skip
    assert verify.run(fined.panel).flaws == []


def test_what_was_decided_on_appeal_is_taken_back_by_who_decides_on_appeals_alone(fined: Site) -> None:
    act(fined, "director", 0, "confirm", CONFIRMED)
    act(fined, "sales1", 0, "appeal")
    act(fined, "gm", 0, "cancel", "2025-03-13 09:00")
    for who in ("director", "sales1", "stranger"):
        with pytest.raises(Refused):
            act(fined, who, 0, "reinstate", "2025-03-13 10:00")
    act(fined, "gm", 0, "reinstate", "2025-03-13 11:00", "证据有误")
    assert amounts(fined) == [50, 100, 100, 100]


def test_who_was_told_an_amount_is_told_when_it_changes_and_why(fined: Site) -> None:
    for place in (1, 2):
        act(fined, "director", place, "confirm", CONFIRMED)
    act(fined, "director", 0, "cancel", "2025-03-12 09:00", "日期登错")
    numbers = [t["record_no"] for t in tickets(fined)]
    assert told(fined, "amended") == [
        ("amended", "sales1", f"处罚单 {numbers[1]} 由 100 元 改为 50 元：50 元"),
    ], "the third costs 100 as before, and of the fourth, which is pending, he knows no amount"


def test_who_was_told_of_a_breach_is_told_that_it_was_none(fined: Site) -> None:
    before = told(fined, "breach")
    correct(fined, archive_of(fined, 0), "2025-03-12 09:00", trigger_date=date(2025, 3, 11))
    number = fined.read("vehicle_archive", archive_of(fined, 0))["record_no"]
    of_it = sorted(who for _, who, says in before if number in says)
    assert of_it and sorted(who for _, who, _ in told(fined, "lifted")) == of_it
    correct(fined, archive_of(fined, 0), "2025-03-12 10:00", responsible_advisor=fined.ids["sales1"])
    assert len(told(fined, "lifted")) == len(of_it)


def test_a_letter_that_events_have_overtaken_is_not_sent(fined: Site) -> None:
    number = fined.read("vehicle_archive", archive_of(fined, 0))["record_no"]
    ticket_no = tickets(fined)[0]["record_no"]
    correct(fined, archive_of(fined, 0), "2025-03-12 09:00", trigger_date=date(2025, 3, 11))
    sent: list[Letter] = []
    while letters.deliver(fined.panel, at("2025-03-12 09:01"), Office(sent.append)):
        pass
    texts = [line for each in sent for line in each.text.split("\n\n")]
    assert [t for t in texts if number in t and not t.startswith("违规已解除")] == []
    assert any(t.startswith("违规已解除") for t in texts)
    assert not any(t.startswith(f"处罚单 {ticket_no} 待确认") for t in texts)
