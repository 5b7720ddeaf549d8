"""The monthly closing in the browser: officers close, somebody else reopens, people see their own statement, files are safe to open."""

from __future__ import annotations

import csv
import io

import pytest
from openpyxl import load_workbook
from sqlalchemy import insert, select

from app.models.fixed import person_role, role
from app.services import chain, verify
from tests.web.site import Site, page_text
from tests.web.test_fines import confirmed
from tests.web.test_pages import ticket

__all__ = ["confirmed"]
MARCH = "2026-03"


@pytest.fixture
def officers(site: Site) -> Site:
    """A site where the auditor closes months and the stranger lets them be reopened."""
    with site.panel.engine.begin() as connection:
        for who, code in (("auditor", "payroll"), ("stranger", "head")):
            number = connection.execute(select(role.c.id).where(role.c.name == code)).scalar_one()
            connection.execute(insert(person_role).values(user_id=site.ids[who], role_id=number))
    return site


@pytest.fixture
def closed(officers: Site, confirmed: int) -> Site:
    """A site whose March is closed: it took 50 yuan from the owner."""
    answer = officers.browser("auditor").post(f"/closings/{MARCH}/close", page="/closings")
    assert answer.location == "/closings/1", page_text(answer)
    return officers


def test_who_closes_sees_what_is_undecided_carries_it_over_and_closes(officers: Site) -> None:
    number = ticket(officers)
    auditor = officers.browser("auditor")
    page = page_text(auditor.get("/closings"))
    for shown in ("待结：2026-03", "须先办理或转入下月", f"/fines/{number}", f"/closings/{MARCH}/carry"):
        assert shown in page, shown
    refused = auditor.post(f"/closings/{MARCH}/close", follow_redirects=True)
    assert "还有 1 张处罚单未决" in page_text(refused)
    carried = {"ticket": str(number), "reason": "当事人出差"}
    assert auditor.post(f"/closings/{MARCH}/carry", carried).status_code == 302
    page = page_text(auditor.get("/closings"))
    assert "当事人出差" in page
    assert f"/closings/{MARCH}/close" in page
    shown = page_text(auditor.post(f"/closings/{MARCH}/close", follow_redirects=True))
    assert "这个月没有扣罚" in shown


def test_a_closing_is_on_pages_and_its_end_of_the_ledger_in_the_file(closed: Site) -> None:
    page = page_text(closed.browser("auditor").get("/closings/1"))
    for shown in ("2026-03 月结", "已结账", "owner", "¥50.00", "/closings/1/payroll.xlsx", "/closings/1/people/1"):
        assert shown in page, shown
    notes = chain.notes(closed.settings.INSTANCE)
    assert len(notes) == 1
    assert verify.run(closed.panel, notes, {"lines": verify.lines}).flaws == []
    assert "已执行" in page_text(closed.browser("owner").get("/fines/1"))


def test_one_sees_ones_own_statement_and_nobody_elses(closed: Site) -> None:
    owner = closed.browser("owner")
    mine = f"/closings/1/people/{closed.ids['owner']}"
    assert mine in page_text(owner.get("/closings"))
    assert "¥50.00" in page_text(owner.get(mine))
    assert owner.get("/closings/1").status_code == 404
    assert "您没有月结单" in page_text(closed.browser("colleague").get("/closings"))
    for address in (mine, "/closings/1", "/closings/1/payroll.csv", "/closings/1/payroll.xlsx"):
        for who in ("colleague", "outsider", "admin"):
            assert closed.browser(who).get(address).status_code == 404, (who, address)
    assert closed.browser("auditor").get(mine).status_code == 200
    assert closed.browser("auditor").get("/closings/7").status_code == 404


def test_the_menu_names_closings_to_those_whom_they_concern(closed: Site) -> None:
    entry = 'href="/closings"'
    assert [entry in page_text(closed.browser(who).get("/work")) for who in ("auditor", "stranger", "owner")] == [
        True, True, False,
    ]  # fmt: skip


def test_a_unit_has_a_statement_of_all_its_people(closed: Site) -> None:
    address = f"/closings/1/units/{closed.units['客户部']}"
    assert "¥50.00" in page_text(closed.browser("auditor").get(address))
    assert closed.browser("outsider").get(address).status_code == 404
    assert closed.browser("auditor").get(f"/closings/1/units/{closed.units['仓库']}").status_code == 404


def test_another_person_approves_that_a_month_is_reopened_and_reasons_are_kept(closed: Site) -> None:
    auditor, head = closed.browser("auditor"), closed.browser("stranger")
    assert head.post("/closings/1/ask", {"reason": "错了"}).status_code == 403
    assert closed.browser("outsider").post("/closings/1/ask", {"reason": "错了"}).status_code == 403
    assert "请写明理由" in page_text(auditor.post("/closings/1/ask", {"reason": " "}, follow_redirects=True))
    assert "申请重开" in page_text(auditor.post("/closings/1/ask", {"reason": "金额有误"}, follow_redirects=True))
    assert auditor.post("/closings/1/reopen", {"reason": "自批"}).status_code == 403
    assert "/closings/1/reopen" in page_text(head.get("/closings/1"))
    page = page_text(head.post("/closings/1/reopen", {"reason": "同意更正"}, follow_redirects=True))
    for shown in ("已重开", "金额有误", "同意更正", "auditor", "stranger"):
        assert shown in page, shown
    owner = closed.browser("owner")
    assert "已重开并冲回" in page_text(owner.get(f"/closings/1/people/{closed.ids['owner']}"))
    again = auditor.post(f"/closings/{MARCH}/close")
    assert again.location == "/closings/2"
    assert "第 2 次" in page_text(auditor.get("/closings"))
    assert verify.run(closed.panel).flaws == []


def test_nobody_else_closes_a_month(officers: Site, confirmed: int) -> None:
    for who in ("owner", "colleague", "stranger", "outsider", "admin"):
        assert officers.browser(who).post(f"/closings/{MARCH}/close").status_code == 403


def test_payroll_files_hold_what_was_closed_in_the_readers_language(closed: Site) -> None:
    auditor = closed.browser("auditor")
    sent = auditor.get("/closings/1/payroll.csv")
    assert sent.headers["Content-Disposition"].endswith("2026-03%20%E6%9C%88%E7%BB%93.csv")
    head, row = csv.reader(io.StringIO(sent.get_data().decode("utf-8-sig")))
    told = dict(zip(head, row, strict=True))
    assert (told["姓名"], told["部门"], told["合计扣款"]) == ("owner", "客户部", "50.00")
    book = load_workbook(io.BytesIO(auditor.get("/closings/1/payroll.xlsx?lang=en").get_data()))
    assert book.sheetnames == ["Totals", "Tickets", "Shares of pay"]
    assert [r[12].value for r in book["Tickets"].iter_rows(min_row=2)] == [50]


def test_a_site_without_fines_says_what_will_be_here(officers: Site) -> None:
    assert "还没有结过账" in page_text(officers.browser("auditor").get("/closings"))
