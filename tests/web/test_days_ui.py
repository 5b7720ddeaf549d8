"""Days and moments: typed as people write them, or chosen from the calendar by keys."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import expect

from tests.web.sheets import Desk

SHANGHAI = ZoneInfo("Asia/Shanghai")


def this_year() -> int:
    return datetime.now(SHANGHAI).year


def test_forms_read_days_and_moments_as_people_type_them(desk: Desk) -> None:
    page = desk.window("owner", width=1440)
    page.goto("/registers/complaint/add")
    day, moment = page.locator("#f-happened_on"), page.locator("#f-received_at")
    for field, typed, read in (
        (day, "2026年3月5日", "2026-03-05"),
        (day, "3/5", f"{this_year()}-03-05"),
        (day, "3月5号", f"{this_year()}-03-05"),
        (day, "２０２６．３．５", "2026-03-05"),
        (day, "20260305", "2026-03-05"),
        (day, "2026-02-30", "2026-02-30"),
        (moment, "2026年3月5日 上午9:30", "2026-03-05 09:30"),
        (moment, "3/5 下午3点半", f"{this_year()}-03-05 15:30"),
        (moment, "2026-3-5T14:00:05", "2026-03-05 14:00:05"),
        (moment, "2026/3/5 12:05am", "2026-03-05 00:05"),
        (moment, "12:60", "12:60"),
    ):
        field.fill(typed)
        field.press("Tab")
        expect(field).to_have_value(read)
    page.fill("#f-subject", "按中文写的时间")
    day.fill("2026年3月5日")
    moment.fill("2026年3月5日 上午9:30")
    page.locator("#f-subject").press("Enter")
    page.wait_for_url("**/show/*")
    found = desk.read(int(page.url.rsplit("/", 1)[1]))
    assert (found["happened_on"], found["received_at"]) == (date(2026, 3, 5), datetime(2026, 3, 5, 1, 30, tzinfo=UTC))


def test_a_list_is_filtered_by_a_day_as_people_type_it(desk: Desk) -> None:
    desk.enter({"happened_on": date(this_year(), 3, 5), "subject": "那天的"})
    page = desk.window("owner", width=1440)
    page.goto("/registers/complaint/list/")
    field = page.locator('[name="f.happened_on"]')
    field.fill("3/5")
    field.press("Enter")
    page.wait_for_url(f"**f.happened_on={this_year()}-03-05**")
    expect(page.locator("table.lines tbody tr:not(.filters)")).to_have_count(1)
    expect(page.locator("table.lines tbody")).to_contain_text("那天的")


def test_the_calendar_is_worked_by_keyboard_alone(desk: Desk) -> None:
    page = desk.window("owner", width=1440)
    page.goto("/registers/complaint/add")
    field = page.locator("#f-received_at")
    field.fill("2026-03-31 8:05")
    field.press("Alt+ArrowDown")
    panel = page.locator(".day-panel")
    expect(panel).to_contain_text("2026年3月")
    expect(panel.locator("[aria-selected]")).to_be_focused()
    page.keyboard.press("PageDown")
    expect(panel.locator("button:focus")).to_have_attribute("aria-label", re.compile("2026年4月30日"))
    for key in ("ArrowUp", "ArrowLeft", "Home"):
        page.keyboard.press(key)
    expect(panel.locator("button:focus")).to_have_attribute("aria-label", re.compile("2026年4月20日"))
    page.keyboard.press("Enter")
    expect(field).to_have_value("2026-04-20 08:05")
    expect(field).to_be_focused()
    field.press("Alt+ArrowDown")
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(field).to_have_value("2026-04-20 08:05")


def test_the_calendar_is_worked_by_touch_and_clears_again(desk: Desk) -> None:
    page = desk.window("owner", width=375)
    page.goto("/registers/complaint/add")
    field = page.locator("#f-happened_on")
    field.fill("2026-03-31")
    opener = page.locator(".day-box:has(#f-happened_on) > .tool")
    opener.click()
    page.get_by_role("button", name="下个月").click()
    page.get_by_role("gridcell", name=re.compile("2026年4月8日")).click()
    expect(field).to_have_value("2026-04-08")
    opener.click()
    page.locator(".day-panel").get_by_role("button", name="清除").click()
    expect(field).to_have_value("")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


@pytest.mark.parametrize(("code", "shown"), [("happened_on", "2026-03-06"), ("received_at", "2026-03-06 14:00")])
def test_the_calendar_opens_over_a_cell(desk: Desk, code: str, shown: str) -> None:
    [record] = desk.enter({"happened_on": date(2026, 3, 5), "received_at": datetime(2026, 3, 5, 6, tzinfo=UTC)})
    sheet = desk.at()
    cell = sheet.go(0, code)
    sheet.press("F2", "Alt+ArrowDown")
    expect(sheet.page.locator(".day-panel [aria-selected]")).to_be_focused()
    sheet.press("ArrowRight", "Enter")
    expect(sheet.page.locator(".g-input")).to_have_value(shown)
    sheet.press("Enter")
    expect(cell).to_have_text(shown)
    sheet.settled()
    assert str(desk.read(record)[code]).startswith("2026-03-06")


def test_a_pasted_day_without_its_year_is_of_this_year(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    cell = sheet.go(0, "happened_on")
    sheet.paste("3/5")
    expect(cell).to_have_text(f"{this_year()}-03-05")
    sheet.settled()
    assert desk.read(record)["happened_on"] == date(this_year(), 3, 5)
