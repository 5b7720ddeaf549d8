"""The first hour of a newcomer in the demo company, in a real browser, as the README tells it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, Page, Route, expect
from werkzeug.serving import make_server

import config
from app import factory


class Company:
    """The demo company being served; each person has a window of its own."""

    def __init__(self, url: str, password: str, browser: Browser) -> None:
        self.url, self._password, self._browser = url, password, browser

    def enter(self, who: str) -> Page:
        """Sign in as somebody, as a person would, and return the page one lands on."""
        page = self._browser.new_context(base_url=self.url, viewport={"width": 1440, "height": 900}).new_page()
        page.set_default_timeout(60_000)
        page.goto("/login/", wait_until="networkidle")
        page.fill("#username", who)
        page.fill("#password", self._password)
        page.click("main button[type=submit]")
        page.wait_for_url(f"{self.url}/", wait_until="networkidle")
        return page


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Company]:
    """The demo company as the first ``make run`` founds it."""
    settings = config.read({"INSTANCE": str(tmp_path_factory.mktemp("instance")), "DEMO": "1"})
    told = "\n".join(factory.prepare(settings))
    password = told.split("password: ")[1].split()[0]
    panel = factory.open_panel(settings)
    app = factory.create_app(panel, settings)
    app.config["RATELIMIT_ENABLED"] = False
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    made = Company(f"http://127.0.0.1:{server.port}", password, browser)
    yield made
    for context in browser.contexts:
        context.close()
    server.shutdown()
    thread.join()
    server.server_close()
    panel.engine.dispose()


def choose(page: Page, label: str, typed: str) -> None:
    """Pick the first row that a picker finds for what is typed."""
    box = page.get_by_role("combobox", name=label, exact=False).first
    box.fill(typed)
    page.locator("[role=option]", has_text=typed).first.click()


def make(page: Page, move: str, **values: str) -> None:
    """Press a transition's button and go through its dialog, filling what it asks for by label."""
    page.wait_for_load_state("networkidle")
    page.get_by_role("button", name=move, exact=True).first.click()
    dialog = page.locator("dialog[open]")
    for label, value in values.items():
        field = dialog.get_by_label(label).first
        field.set_input_files(value) if field.get_attribute("type") == "file" else field.fill(value)
    dialog.get_by_role("button", name=move, exact=True).click()
    page.wait_for_load_state("networkidle")


def test_a_newcomer_reaches_a_filled_complaint_list(company: Company) -> None:
    page = company.enter("yangyang")
    page.goto("/registers/complaint/list/", wait_until="networkidle")
    expect(page.locator("tbody tr").first).to_contain_text("TS-")
    assert page.locator("tbody tr").count() >= 10


def test_an_archive_is_signed_over_by_two_people(company: Company) -> None:
    advisor = company.enter("liming")
    advisor.goto("/registers/vehicle_archive/list/", wait_until="networkidle")
    waiting = advisor.locator("tbody tr", has_text="整理中").first
    number = waiting.locator("a").first.inner_text()
    advisor.goto("/registers/archive_signoff/add", wait_until="networkidle")
    advisor.get_by_label("登记日期").fill("2026-11-23")
    choose(advisor, "档案", number)
    advisor.get_by_label("移交部门").select_option(label="销售部")
    advisor.get_by_label("资料份数").fill("12")
    advisor.locator(".save button").first.click()
    expect(advisor.locator("main")).to_contain_text("已登记")
    address = advisor.url
    make(advisor, "移交签字")
    expect(advisor.locator("main")).to_contain_text("移交人已签")
    keeper = company.enter("hexiaoyu")
    keeper.goto(address, wait_until="networkidle")
    make(keeper, "接收签字（资料齐）")
    expect(keeper.locator("main")).to_contain_text("双方已签，资料齐全")
    expect(keeper.locator("main")).to_contain_text("何晓雨")


def test_a_file_is_borrowed_with_seal_signature_and_approval(company: Company, tmp_path: Path) -> None:
    seal = tmp_path / "seal.png"
    seal.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    borrower = company.enter("liming")
    borrower.goto("/registers/archive_borrow_application/add", wait_until="networkidle")
    expect(borrower.locator("main form")).to_contain_text("李明")  # who applies borrows, unless he names another
    borrower.get_by_label("借阅人概况").fill("销售部销售顾问")
    choose(borrower, "借阅对象", "大客户车队")
    borrower.get_by_label("目的").fill("核对")
    borrower.get_by_label("理由").fill("客户复印")
    borrower.locator(".save button").first.click()
    expect(borrower.locator("main")).to_contain_text("草拟")
    address = borrower.url
    head = company.enter("zhangwei")
    head.goto(address, wait_until="networkidle")
    held: list[Route] = []
    head.route("**/upload/**", lambda route: held.append(route))  # the driver marks what it is given
    make(head, "部门盖章签字", 盖章=str(seal))  # pressed before the seal has arrived
    expect(head.locator("dialog[open] progress")).to_be_visible()
    held.pop().continue_()
    expect(head.locator("main")).to_contain_text("部门已签")
    specialist = company.enter("wujing")
    specialist.goto(address, wait_until="networkidle")
    make(specialist, "审核批准")
    expect(specialist.locator("main")).to_contain_text("已批准")


def test_the_director_confirms_a_fine_and_reads_why(company: Company) -> None:
    director = company.enter("linfang")
    director.goto("/fines", wait_until="networkidle")
    row = director.locator("tbody tr", has_text="待确认").first
    number = row.locator("a").first.inner_text()
    row.get_by_role("button", name="确认").click()
    dialog = director.locator("dialog[open]")
    if dialog.count():
        dialog.get_by_role("button", name="确认").last.click()
    director.goto("/fines", wait_until="networkidle")
    director.get_by_role("link", name="我可查看的").click()
    director.wait_for_load_state("networkidle")
    director.get_by_role("link", name=number).first.click()
    director.wait_for_load_state("networkidle")
    for said in ("处罚通知书", "已确认", "依据", "期限怎样算出", "金额怎样算出"):
        expect(director.locator("main")).to_contain_text(said)


def test_the_menu_holds_ones_own_companys_registers_one_group_at_a_time_and_finds_them(company: Company) -> None:
    page = company.enter("liming")
    nav = page.locator("[data-menu]")
    groups = nav.locator("details")
    assert "用户档案" in groups.all_inner_texts()[0]
    for elsewhere in ("租费与欠费", "租户服务", "准入与合同"):
        expect(nav.locator(f'details[data-group="{elsewhere}"]')).to_have_count(0)
    expect(nav.locator("details[open]")).to_have_count(0)
    for name in ("用户档案", "投诉"):
        nav.locator(f'details[data-group="{name}"] summary').click()
        expect(nav.locator("details[open]")).to_have_count(1)
    box = page.locator("[data-menu-filter]")
    box.fill("签收簿")
    expect(nav.locator("li:visible")).to_have_text(["用户档案签收簿"])
    box.press("Enter")
    page.wait_for_url("**/grid/archive_signoff")
    expect(nav.locator("details[open]")).to_have_attribute("data-group", "用户档案")
    page.goto("/", wait_until="networkidle")
    expect(nav.locator("[data-menu-recent] li")).to_have_text(["用户档案签收簿"])


def test_what_a_new_record_fulfils_leads_to_its_form_with_what_it_is_about(company: Company) -> None:
    page = company.enter("xiewen")
    page.goto("/work", wait_until="networkidle")
    page.locator("a[href*='/registers/revisit_record/add?repair_order=']").first.click()
    expect(page.locator("main h1")).to_contain_text("回访记录表")
    expect(page.locator("main")).to_contain_text("WX-")
    expect(page.locator("input[type=hidden][name=customer]")).to_have_value(re.compile(r"^\d+$"))  # whose repair it was
