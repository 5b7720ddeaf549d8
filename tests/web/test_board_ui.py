"""The board by state and the calendar by due day, beside the grid."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from tests.web.sheets import Desk

BOARD = "/grid/complaint?mode=board"


def test_a_dragged_card_makes_the_step_and_asks_for_what_it_needs(desk: Desk) -> None:
    [record] = desk.enter({"subject": "拖动这件"})
    page = desk.window("owner", width=1440)
    page.goto(BOARD)
    card = page.locator(".g-card", has_text="拖动这件")
    lanes = page.locator(".g-lane")
    expect(lanes.nth(0)).to_contain_text("拖动这件")
    card.drag_to(lanes.nth(1))
    box = page.locator("dialog[open]")
    expect(box).to_contain_text("提交即以您的姓名和此刻的时间签字：结案人")
    box.get_by_label("处理结果").fill("已经办好")
    box.get_by_role("button", name="结案").click()
    expect(lanes.nth(1)).to_contain_text("拖动这件")
    found = desk.read(record)
    assert (found["state"], found["result"], found["closed_by"]) == ("closed", "已经办好", desk.site.ids["owner"])


def test_a_card_is_moved_by_keyboard_alone(desk: Desk) -> None:
    [record] = desk.enter({"subject": "键盘这件", "result": "好了"})
    page = desk.window("owner", width=1440)
    page.goto(BOARD)
    card = page.locator(".g-card", has_text="键盘这件")
    card.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".g-card:focus")).to_contain_text("王女士")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(page.get_by_role("menuitem", name="结案 → 已结案")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]").get_by_label("处理结果")).to_have_value("好了")
    page.keyboard.press("Enter")
    expect(page.locator(".g-lane").nth(1)).to_contain_text("键盘这件")
    assert desk.read(record)["state"] == "closed"


def test_shift_and_an_arrow_send_a_card_to_the_state_on_that_side(desk: Desk) -> None:
    [record] = desk.enter({"subject": "往右推", "result": "好了"})
    page = desk.window("owner", width=1440)
    page.goto(BOARD)
    page.locator(".g-card", has_text="往右推").focus()
    page.keyboard.press("Shift+ArrowLeft")
    expect(page.locator("[data-says]")).to_contain_text("左边没有它能流转到的状态")
    page.keyboard.press("Shift+ArrowRight")
    page.locator("dialog[open]").get_by_role("button", name="结案").click()
    expect(page.locator(".g-lane").nth(1)).to_contain_text("往右推")
    assert desk.read(record)["state"] == "closed"


def test_a_step_that_is_not_mine_is_not_made(desk: Desk) -> None:
    [record] = desk.enter({"subject": "别人的", "helpers": (desk.site.ids["chief"],)})
    page = desk.window("chief", width=1440)
    page.goto(BOARD)
    page.locator(".g-card", has_text="别人的").drag_to(page.locator(".g-lane").nth(1))
    expect(page.locator("[data-says]")).to_contain_text("现在不能流转到“已结案”")
    assert desk.read(record)["state"] == "open"


def test_the_board_follows_what_others_do(desk: Desk) -> None:
    [record] = desk.enter({"subject": "跟着变", "helpers": (desk.site.ids["colleague"],)})
    page = desk.window("owner", width=1440)
    page.goto(BOARD)
    expect(page.locator(".g-card", has_text="跟着变")).to_be_visible()
    desk.update(record, subject="变了")
    expect(page.locator(".g-card", has_text="变了")).to_be_visible()


def test_the_calendar_shows_what_is_due_and_turns_months(desk: Desk) -> None:
    now = datetime.now(UTC)
    [record] = desk.enter({"subject": "快到期了", "received_at": now, "handler": desk.site.ids["owner"]})
    page = desk.window("owner", width=1440)
    page.goto("/grid/complaint?mode=calendar")
    expect(page.locator(".g-day.is-today")).to_have_count(1)
    with desk.site.panel.engine.connect() as connection:
        (due,) = connection.exec_driver_sql("select due_at from obligation where record_id = ?", (record,)).one()
    expect(page.locator("[data-grid][data-ready]")).to_be_attached()
    if page.locator(".g-due", has_text="快到期了").count() == 0:  # it falls into the next month
        page.get_by_role("button", name="下个月").click()
    entry = page.locator(".g-due", has_text="快到期了")
    expect(entry).to_contain_text("按时答复 · owner")
    assert str(due)[:4].isdigit()
    heading = page.locator(".g-month-head h2").inner_text()
    page.get_by_role("button", name="上个月").click()
    expect(page.locator(".g-month-head h2")).not_to_have_text(heading)
    expect(page).to_have_url(re.compile(r"mode=calendar&month=\d{4}-\d{2}"))
    page.get_by_role("button", name="下个月").click()
    entry.click()
    expect(page).to_have_url(re.compile(f"/registers/complaint/show/{record}$"))
