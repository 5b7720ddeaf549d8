"""A register out of a spreadsheet, in the browser: drop, look, adjust, publish, and the rows are there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, select
from werkzeug.serving import make_server

from app import clock
from app.live import LiveApp
from app.models.fixed import person_role, role
from app.services import enacting
from app.services.panel import Actor
from tests.test_live import serving
from tests.web.site import Site

HEADER = ("序号", "借用单号", "设备", "客户", "借用人", "类别", "押金（元）", "借出日期", "是否归还", "部门", "附注")
KINDS = ("相机", "投影仪", "笔记本")


def lent() -> bytes:
    """Return a workbook of loans as a clerk keeps it: money with its sign, days in several ways, one of them no day."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(HEADER)
    for n in range(1, 31):
        day = "下周" if n == 7 else f"2026年3月{n}日" if n % 2 else f"2026-03-{n:02}"
        sheet.append(
            (
                n,
                f"JY{n:04}",
                f"设备{n}",
                "王女士",
                "owner" if n % 2 else "colleague",
                KINDS[n % 3],
                f"¥{n},200.50",
                day,
                "是" if n % 3 else "否",
                "仓库",
                None,
            )
        )
    stored = io.BytesIO()
    book.save(stored)
    return stored.getvalue()


@dataclass
class House:
    """The site as it is really served: a publication brings another panel."""

    site: Site
    live: LiveApp
    browser: Browser
    url: str

    def window(self, who: str, width: int = 1280, **more: str) -> Page:
        cookie = self.site.browser(who).client.get_cookie("session")
        assert cookie is not None
        context = self.browser.new_context(viewport={"width": width, "height": 900}, base_url=self.url, **more)  # type: ignore[arg-type]
        context.add_cookies([{"name": "session", "value": cookie.value, "url": self.url}])
        page = context.new_page()
        page.set_default_timeout(60_000)
        return page


@pytest.fixture
def house(site: Site, browser: Browser) -> Iterator[House]:
    live = serving(site, lambda: 0.0)  # type: ignore[arg-type]
    live._asked = float("-inf")
    server = make_server("127.0.0.1", 0, live, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    before = len(browser.contexts)
    yield House(site, live, browser, f"http://127.0.0.1:{server.port}")
    for context in browser.contexts[before:]:
        context.close()
    server.shutdown()
    thread.join()
    server.server_close()


def drop(page: Page, name: str, content: bytes) -> None:
    page.goto("/sheets")
    page.set_input_files(
        "input[name=file]", [{"name": name, "mimeType": "application/octet-stream", "buffer": content}]
    )
    expect(page.locator(".guess").first).to_be_visible()


def test_a_spreadsheet_becomes_a_register_with_its_rows(house: House) -> None:
    page = house.window("admin")
    drop(page, "设备借用.xlsx", lent())
    guesses = page.locator(".guess")
    kinds = [guesses.nth(n).locator("select").first.input_value() for n in range(10)]
    # who may not look customers up is not told that one of them has this name
    assert kinds == ["integer", "text", "text", "text", "person", "choice", "money", "date", "yes_no", "unit"]
    assert not guesses.nth(0).locator("[name=wanted]").is_checked()
    assert guesses.nth(1).locator("[name='unique.1']").is_checked()
    expect(guesses.nth(7).locator(".guess-why")).to_contain_text("30 个值中有 29 个是日期；1 个不是：第 8 行“下周”")
    page.fill("[name=label]", "设备借用登记")
    page.select_option("[name=keeper]", "clerk")
    page.fill("[name='label.6']", "押金")
    page.uncheck("[name=wanted][value='4']")
    page.fill("[name=reason]", "设备借用规定")
    page.get_by_role("button", name="发布并导入").click()
    house.live.refresh()
    expect(page.locator(".note-warning, .note-success").filter(has_text="新增 29 条")).to_be_visible()
    expect(page.locator("main")).to_contain_text("未导入 1 条")
    spec = house.live.panel.catalog.registers["she_bei_jie_yong_deng_ji"]
    assert [f.type for f in spec.fields] == ["text", "text", "text", "choice", "money", "date", "yes_no", "unit"]
    table = house.live.panel.models.tables[spec.code]
    with house.live.panel.reading(Actor.system()) as work:
        first = work.connection.execute(select(table).order_by(table.c.id)).mappings().first()
    assert first is not None
    assert (first["jie_yong_dan_hao"], f"{first['ya_jin']}", f"{first['jie_chu_ri_qi']}") == (
        "JY0001",
        "1200.50",
        "2026-03-01",
    )
    assert first["bu_men"] == house.site.units["仓库"]


def test_what_cannot_be_published_is_said_and_nothing_typed_is_lost(house: House) -> None:
    page = house.window("admin", width=375)
    drop(page, "设备借用.xlsx", lent())
    page.fill("[name=label]", "借用")
    page.select_option("[name=keeper]", "clerk")
    page.select_option("[name='type.2']", "choice")
    page.fill("[name='choices.2']", "")
    page.fill("[name=reason]", "试试")
    page.get_by_role("button", name="发布并导入").click()
    expect(page.locator(".note-danger")).to_contain_text("请写出“设备”的选项")
    assert page.input_value("[name=label]") == "借用"
    assert page.input_value("[name='type.2']") == "choice"
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_only_who_publishes_makes_registers(site: Site) -> None:
    for who, status in (("admin", 200), ("owner", 403), ("colleague", 403), ("stranger", 403)):
        assert site.browser(who).get("/sheets").status_code == status, who
    digest = "0" * 64
    assert site.browser("admin").get(f"/sheets/{digest}").status_code == 404
    assert site.browser("owner").post(f"/sheets/{digest}", {"label": "x"}).status_code == 403
    assert site.browser("").get("/sheets").status_code == 302


def test_a_file_that_is_no_table_is_refused_with_its_reason(site: Site, tmp_path: Path) -> None:
    admin = site.browser("admin")
    answer = admin.post("/sheets", {"file": (io.BytesIO(b"<html><table></table>"), "a.xls")}, page="/sheets")
    assert answer.status_code == 303
    page = admin.get(answer.headers["Location"]).get_data(as_text=True)
    assert "这是网页或 XML" in page
    assert 'type="file"' in page
    assert "文字编码" not in page
    assert '<p class="head-over"><a href="/drafts">' in page


def test_where_somebody_must_approve_the_rows_wait_for_it(site: Site) -> None:
    with site.panel.engine.begin() as connection:
        admin = connection.execute(select(role.c.id).where(role.c.name == "system_admin")).scalar_one()
        connection.execute(insert(person_role).values(user_id=site.ids["chief"], role_id=admin))
    browser = site.browser("admin")
    kept = browser.post(
        "/sheets", {"file": (io.BytesIO("名称,数量\n甲,1\n乙,2\n丙,x\n".encode()), "盘点.csv")}, page="/sheets"
    )
    url = kept.headers["Location"]
    sent = {"label": "盘点", "domain": "service", "keeper": "clerk", "too": "on", "reason": "盘点"}
    columns = {"label.0": "名称", "type.0": "text", "label.1": "数量", "type.1": "integer", "wanted": "0"}
    waits = browser.post(url, sent | columns, page="/sheets").headers["Location"]
    assert "定义要先经审批" in browser.text(waits)
    number = int(waits.split("/after/")[1].split("/")[0])
    assert site.browser("owner").get(waits).status_code == 403
    with site.panel.work(site.actor("chief")) as work:
        enacting.decide(work, number, approve=True, reason="同意")
    assert enacting.publish(site.panel, site.actor("admin"), number, now=clock.now()).revision == 2
