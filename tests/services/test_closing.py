"""The monthly closing: everything owed is settled once, later changes go into the next month, and nothing is lost by reopening."""

from __future__ import annotations

import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from sqlalchemy import func, select

from app.errors import Forbidden, Invalid, Missing, Refused
from app.models.ledger import closing as closings
from app.models.ledger import closing_line, ledger_entry, ticket
from app.services import closing, ledger, statements, sweep, verify
from app.services.panel import Actor, Work
from app.services.statements import Statement
from tests.services.test_moving import act, amounts, archive_of, correct, tickets
from tests.services.test_sweep import late_archives
from tests.site import Site, at

T = TypeVar("T")
APRIL, MAY = "2025-04-02 09:00", "2025-05-06 09:00"
REASON = "工资系统退回"


@pytest.fixture
def fined(site: Site) -> Site:
    """A site where sales1 has four tickets of March (50, 100, 100, 100) and sales2 one (50), all confirmed."""
    late_archives(site, 5, ["sales1", "sales1", "sales1", "sales1", "sales2"])
    sweep.run(site.panel, at("2025-03-11 00:05"))
    with site.panel.work(site.actor("director"), now=at("2025-03-31 09:00")) as work:
        for t in ledger.to_confirm(work):
            ledger.confirm(work, t["id"])
    return site


def does(site: Site, who: str, step: Callable[..., T], *given: Any, when: str = APRIL) -> T:
    """Take a step as somebody, at a moment."""
    with site.panel.work(site.actor(who), now=at(when)) as work:
        return step(work, *given)


def close(site: Site, month: str = "2025-03", when: str = APRIL, who: str = "hr") -> int:
    return does(site, who, closing.close, month, when=when)


def reopen(site: Site, number: int, when: str = APRIL) -> None:
    """Let hr ask and the general manager approve."""
    does(site, "hr", closing.ask, number, REASON, when=when)
    does(site, "gm", closing.reopen, number, "同意", when=when)


def read(site: Site, who: str, question: Callable[..., T], *given: Any) -> T:
    with site.panel.reading(site.actor(who), now=at(MAY)) as work:
        return question(work, *given)


def of(site: Site, number: int, person: str = "sales1") -> Statement:
    return read(site, "hr", statements.of_person, number, site.ids[person])


def settled(site: Site, kind: str = "settled") -> Decimal:
    """Return the sum of all lines of a kind."""
    with site.panel.engine.connect() as connection:
        e = ledger_entry.c
        return Decimal(connection.execute(select(func.sum(e.paid)).where(e.kind == kind)).scalar() or 0)


def flaws(site: Site) -> list[str]:
    return [str(f.says) for f in verify.run(site.panel).flaws]


def test_closing_a_month_settles_what_is_owed_and_executes_the_tickets(fined: Site) -> None:
    number = close(fined)
    assert [(t["state"], t["amount"], t["paid"]) for t in tickets(fined)] == [
        ("executed", 50, 50), ("executed", 100, 100), ("executed", 100, 100), ("executed", 100, 100),
    ]  # fmt: skip
    mine = of(fined, number)
    assert [(x["ordinal"], x["factor"], x["amount"], x["due"]) for x in mine.lines] == [
        (1, 1, 50, 50), (2, 2, 100, 100), (3, 2, 100, 100), (4, 2, 100, 100),
    ]  # fmt: skip
    assert (mine.total, mine.corrections, mine.staff_no, mine.unit_name) == (350, 0, "N001", "销售部")
    assert sum(s.total for s in read(fined, "hr", statements.everybody, number)) == 400 == settled(fined)
    (kept,) = read(fined, "hr", closing.listed)
    assert (kept["closed_by"], kept["closed_at"]) == (fined.ids["hr"], at(APRIL))
    assert flaws(fined) == []


def test_an_altered_ledger_is_found_by_the_head_that_a_closing_kept(fined: Site) -> None:
    close(fined)
    with fined.panel.engine.begin() as connection:
        connection.execute(closings.update().values(hash=bytes(32)))
    assert any("2025-03 第 1 次月结所存末行" in f for f in flaws(fined))


def test_before_it_is_closed_a_month_shows_what_closing_would_settle(fined: Site) -> None:
    before = read(fined, "hr", statements.draft, "2025-03")
    after = read(fined, "hr", statements.everybody, close(fined))
    assert [(s.name, s.total, s.points) for s in before] == [(s.name, s.total, s.points) for s in after]


def test_undecided_tickets_block_the_month_until_decided_or_carried_over_with_a_reason(site: Site) -> None:
    late_archives(site, 3, ["sales1"])
    sweep.run(site.panel, at("2025-03-11 00:05"))
    act(site, "director", 0, "confirm", "2025-03-11 09:00")
    act(site, "director", 1, "confirm", "2025-03-11 09:00")
    act(site, "sales1", 1, "appeal", "2025-03-12 09:00")
    with pytest.raises(Refused, match="还有 2 张处罚单未决"):
        close(site)
    open_ones = [t["id"] for t in read(site, "hr", closing.undecided, "2025-03")]
    assert open_ones == [t["id"] for t in tickets(site)[1:]]
    with pytest.raises(Invalid, match="请写明理由"):
        does(site, "hr", closing.carry_over, "2025-03", open_ones, " ")
    with pytest.raises(Invalid, match="请勾选未决的处罚单"):
        does(site, "hr", closing.carry_over, "2025-03", [tickets(site)[0]["id"]], "申诉未裁定")
    assert does(site, "hr", closing.carry_over, "2025-03", open_ones, "申诉未裁定") == 2
    first = close(site)
    assert [x["due"] for x in of(site, first).lines] == [50]
    assert [t["state"] for t in tickets(site)] == ["executed", "appealed", "proposed"]
    act(site, "gm", 1, "uphold", "2025-04-03 09:00")
    act(site, "director", 2, "confirm", "2025-04-03 09:00")
    second = of(site, close(site, "2025-04", MAY))
    assert [(x["month"], x["due"]) for x in second.lines] == [("2025-03", 100), ("2025-03", 100)]
    assert (second.fines, second.corrections) == (0, 200)
    assert flaws(site) == []


def test_what_changes_after_closing_lands_in_the_next_month_with_its_own_month(fined: Site) -> None:
    first = close(fined)
    act(fined, "director", 0, "cancel", "2025-04-03 09:00")
    assert amounts(fined) == [0, 50, 100, 100]
    assert of(fined, first).total == 350, "the closed month stays as it was"
    second = of(fined, close(fined, "2025-04", MAY))
    assert [(x["month"], x["amount"], x["due"]) for x in second.lines] == [("2025-03", 0, -50), ("2025-03", 50, -50)]
    assert (second.fines, second.corrections, second.total) == (0, -100, -100)
    assert [t["paid"] for t in tickets(fined)] == amounts(fined)
    assert settled(fined) == 300
    assert flaws(fined) == []


def test_a_fact_corrected_after_closing_lands_in_the_next_month_too(fined: Site) -> None:
    close(fined)
    correct(fined, archive_of(fined, 3), "2025-04-03 09:00", responsible_advisor=fined.ids["sales2"])
    moved = tickets(fined, "sales2")
    with fined.panel.work(fined.actor("director"), now=at("2025-04-04 09:00")) as work:
        for t in moved:
            if t["state"] == "proposed":
                ledger.confirm(work, t["id"])
    number = close(fined, "2025-04", MAY)
    assert of(fined, number).total == -100
    assert of(fined, number, "sales2").total == sum(t["amount"] for t in tickets(fined, "sales2")) - 50
    assert flaws(fined) == []


def test_a_month_without_changes_closes_empty_and_a_settled_one_stays_out_of_the_next(fined: Site) -> None:
    close(fined)
    number = close(fined, "2025-04", MAY)
    assert read(fined, "hr", statements.everybody, number) == []


def test_closing_twice_is_one_closing(fined: Site) -> None:
    assert close(fined) == close(fined, when="2025-04-03 09:00")
    assert settled(fined) == 400


def test_two_officers_at_once_make_one_closing(fined: Site) -> None:
    start, made = threading.Barrier(2), []

    def run() -> None:
        start.wait()
        made.append(close(fined))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(made) == 2
    assert len(set(made)) == 1
    assert settled(fined) == 400
    assert flaws(fined) == []


def test_an_officer_who_began_first_keeps_another_from_closing_between_his_questions(
    fined: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []
    other = threading.Thread(target=lambda: made.append(close(fined)))
    asked = closing.open_month

    def slowly(work: Work) -> str | None:
        if not other.ident:
            other.start()
            other.join(0.5)  # as long as he is let; he must wait for the first
        return asked(work)

    monkeypatch.setattr(closing, "open_month", slowly)
    first = close(fined)
    other.join()
    assert made == [first]
    assert settled(fined) == 400


@pytest.mark.parametrize(
    ("month", "when", "why"),
    [
        ("2025-03", "2025-03-31 23:59", "尚未结束"),
        ("2025-04", MAY, "不是待结的月份"),
        ("2025-02", MAY, "不是待结的月份"),
        ("anything", MAY, "不是待结的月份"),
    ],
)
def test_months_are_closed_one_after_another_once_they_are_over(fined: Site, month: str, when: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        close(fined, month, when)


def test_a_site_without_tickets_has_nothing_to_close(site: Site) -> None:
    assert read(site, "hr", closing.open_month) is None


@pytest.mark.parametrize("who", ["sales1", "director", "gm", "stranger", "admin"])
def test_nobody_else_closes_carries_over_or_asks(fined: Site, who: str) -> None:
    with pytest.raises(Forbidden, match="您不能办理月结"):
        close(fined, who=who)
    with pytest.raises(Forbidden, match="您不能办理月结"):
        does(fined, who, closing.carry_over, "2025-03", [1], "理由")
    number = close(fined)
    with pytest.raises(Forbidden, match="您不能办理月结"):
        does(fined, who, closing.ask, number, "理由")


def test_reopening_gives_everything_back_and_closing_again_takes_it_anew(fined: Site) -> None:
    number = close(fined)
    reopen(fined, number)
    assert [(t["state"], t["paid"]) for t in tickets(fined)] == [("confirmed", 0)] * 4
    assert settled(fined) + settled(fined, "reopened") == 0
    assert flaws(fined) == []
    act(fined, "director", 0, "waive", "2025-04-02 10:00")
    again = close(fined, when="2025-04-02 11:00")
    assert again != number
    assert of(fined, again).total == sum(amounts(fined))
    assert of(fined, number).total == 350, "what was taken back is kept"
    kept = {c["id"]: c for c in read(fined, "hr", closing.listed)}
    assert [(kept[n]["nth"], kept[n]["state"]) for n in (number, again)] == [(1, "reopened"), (2, "closed")]
    old = kept[number]
    assert (old["asked_by"], old["asked_reason"]) == (fined.ids["hr"], REASON)
    assert (old["reopened_by"], old["reopened_reason"]) == (fined.ids["gm"], "同意")
    assert flaws(fined) == []


def test_a_closing_is_reopened_by_another_named_person_with_a_reason(fined: Site) -> None:
    number = close(fined)
    with pytest.raises(Refused, match="已结账"):
        does(fined, "gm", closing.reopen, number, "同意")
    with pytest.raises(Invalid, match="请写明理由"):
        does(fined, "hr", closing.ask, number, " ")
    does(fined, "hr", closing.ask, number, REASON)
    with pytest.raises(Forbidden, match="不能批准重开"):
        does(fined, "hr", closing.reopen, number, "同意")
    hr = fined.actor("hr")
    both = Actor(hr.person_id, hr.name, hr.roles | {"gm"}, hr.unit_id)
    with fined.panel.work(both, now=at(APRIL)) as work, pytest.raises(Forbidden, match="不能自己批准"):
        closing.reopen(work, number, "同意")
    with pytest.raises(Invalid, match="请写明理由"):
        does(fined, "gm", closing.reopen, number, "")
    assert settled(fined, "reopened") == 0


def test_only_the_last_closed_month_is_reopened(fined: Site) -> None:
    first = close(fined)
    close(fined, "2025-04", MAY)
    with pytest.raises(Refused, match="须先重开最后一个月"):
        does(fined, "hr", closing.ask, first, REASON, when=MAY)
    with pytest.raises(Missing):
        does(fined, "hr", closing.ask, 99, REASON, when=MAY)


def test_an_appeal_withdrawn_after_closing_or_reopening_goes_back_to_where_it_was(fined: Site) -> None:
    number = close(fined)
    lately = "2025-04-03 09:00"
    act(fined, "sales1", 0, "appeal", lately)
    act(fined, "sales1", 1, "appeal", lately)
    act(fined, "sales1", 0, "withdraw", lately)
    assert tickets(fined)[0]["state"] == "executed"
    reopen(fined, number)
    assert [t["state"] for t in tickets(fined)[:2]] == ["confirmed", "appealed"]
    act(fined, "sales1", 1, "withdraw", lately)
    assert tickets(fined)[1]["state"] == "confirmed"
    assert flaws(fined) == []


def test_a_ticket_paid_by_hand_stands_on_the_statement_and_takes_nothing_again(fined: Site) -> None:
    act(fined, "director", 1, "execute", "2025-04-01 09:00")
    mine = of(fined, close(fined))
    assert [(x["amount"], x["due"]) for x in mine.lines] == [(50, 50), (100, 0), (100, 100), (100, 100)]
    assert mine.total == 250 == settled(fined) - 50
    assert flaws(fined) == []


def test_shares_of_pay_stand_beside_the_fines_once(site: Site) -> None:
    late_archives(site, 3, ["service1"])
    sweep.run(site.panel, at("2025-03-11 00:05"))
    taken = {"pay": Decimal(3000), "rate": Decimal(20), "reason": "屡次"}
    with site.panel.work(site.actor("director"), now=at("2025-04-01 09:00")) as work:
        for t in ledger.to_confirm(work):
            ledger.confirm(work, t["id"])
        ledger.decide(work, "archive_month", "performance_pay", site.ids["service1"], "2025-03", **taken)
    number = close(site)
    theirs = of(site, number, "service1")
    assert (theirs.fines, theirs.share) == (sum(t["amount"] for t in tickets(site, "service1")), 600)
    assert read(site, "service1", statements.of_person, number, site.ids["service1"]).share == 600
    assert read(site, "director", statements.of_person, number, site.ids["service1"]).share == 0, "pay is private"
    assert read(site, "hr", statements.everybody, close(site, "2025-04", MAY)) == []


def test_one_sees_ones_own_statement_a_head_that_of_the_unit_and_nobody_else_any(fined: Site) -> None:
    unit = fined.units["销售部"]
    with fined.panel.engine.begin() as connection:  # as of archives that the department itself entered
        connection.execute(ticket.update().values(unit=unit))
    number = close(fined)

    def sees(who: str) -> tuple[bool, bool, bool, bool]:
        questions: list[tuple[Callable[[Work, int, int], object], int]] = [
            (statements.of_person, fined.ids["sales1"]), (statements.of_person, fined.ids["sales2"]), (statements.of_unit, unit),
        ]  # fmt: skip
        found = []
        for ask, about in questions:
            try:
                found.append(bool(read(fined, who, ask, number, about)))
            except Missing:
                found.append(False)
        try:
            found.append(bool(read(fined, who, statements.everybody, number)))
        except Missing:
            found.append(False)
        return found[0], found[1], found[2], found[3]

    assert sees("sales1") == (True, False, False, False)
    assert sees("sales2") == (False, True, False, False)
    assert sees("saleshead") == (True, True, True, False)
    assert sees("hr") == (True, True, True, True)
    assert sees("stranger") == sees("service1") == sees("clerk") == sees("admin") == (False, False, False, False)
    assert [c["id"] for c in read(fined, "sales1", closing.listed)] == [number]
    assert read(fined, "stranger", closing.listed) == []


def test_lines_of_a_closing_are_kept_whatever_becomes_of_the_tickets(fined: Site) -> None:
    close(fined)
    with fined.panel.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(closing_line)).scalar_one() == 5
