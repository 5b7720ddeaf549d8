"""How the panel is doing: for administrators on a page, for watching machines in one word."""

from __future__ import annotations

from datetime import datetime, timedelta

from app import clock
from app.clock import Reading
from app.services import ticks
from tests.web.site import Site, page_text


def tick(site: Site, wall: datetime, elapsed: int) -> None:
    ticks.run(site.panel, Reading(wall, elapsed, "one"), lambda _work: None)


def test_an_administrator_sees_that_deadlines_are_checked_and_where_they_were_not(site: Site) -> None:
    admin = site.browser("admin")
    assert "没有中断" in page_text(admin.get("/operations"))
    now = clock.now()
    tick(site, now - timedelta(hours=26), 0)
    tick(site, now, 26 * 3600)
    text = page_text(admin.get("/operations"))
    assert "1 天 2 小时" in text
    assert "没有暂停过" in text
    assert "/operations" in page_text(admin.get("/"))


def test_an_administrator_ends_a_hold_with_a_reason_and_keeps_what_was_typed_wrong(site: Site) -> None:
    now = clock.now()
    tick(site, now - timedelta(days=2), 0)
    tick(site, now, 60)
    admin = site.browser("admin")
    assert "本机时间向前跳了 2879 分钟" in page_text(admin.get("/operations"))
    assert admin.post("/operations/release", {"reason": " "}).status_code == 422
    assert admin.post("/operations/release", {"reason": "对过表了"}).status_code == 302
    assert "对过表了" in page_text(admin.get("/operations"))


def test_nobody_else_finds_the_page(site: Site) -> None:
    for person in ("owner", "colleague", "stranger", "chief"):
        browser = site.browser(person)
        assert browser.get("/operations").status_code == 404
        assert browser.post("/operations/release", {"reason": "x"}).status_code == 404
        assert "/operations" not in page_text(browser.get("/"))
    assert site.browser().get("/operations").status_code == 302


def test_a_watching_machine_gets_one_word_and_no_other(site: Site) -> None:
    answer = site.browser().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (503, {"status": "late"})
    tick(site, clock.now(), 0)
    answer = site.browser().get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})
