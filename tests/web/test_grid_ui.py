"""Cells: typed, refused, contested, locked; in a real browser against the real app."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from app.services import records
from app.services.panel import Actor
from app.web.grid import feed
from tests.web.sheets import Desk
from tests.web.site import SECRET


@pytest.mark.parametrize(
    ("code", "typed", "shown", "held"),
    [
        ("subject", "发动机异响", "发动机异响", "发动机异响"),
        ("detail", "第一行", "第一行", "第一行"),
        ("customer", "王女", "王女士", 1),
        ("handler", "coll", "colleague", 2),
        ("kind", "服", "服务", "服务"),
        ("amount", "1.2万", "12,000.00", Decimal("12000.00")),
        ("score", "7", "7", 7),
        ("rate", "12.5%", "12.50%", Decimal("12.50")),
        ("happened_on", "2026年3月5日", "2026-03-05", date(2026, 3, 5)),
        ("received_at", "2026-3-5 下午3:20", "2026-03-05 15:20", datetime(2026, 3, 5, 7, 20, tzinfo=UTC)),
        ("post", "主管", "主管", "chief"),
        ("remark", "备注一句", "备注一句", "备注一句"),
    ],
)
def test_each_type_is_typed_as_people_type_it(desk: Desk, code: str, typed: str, shown: str, held: Any) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    if code in ("detail", "remark"):
        sheet.show(code)
    cell = sheet.go(0, code)
    sheet.type(typed)
    if code in ("customer", "handler"):
        expect(sheet.page.locator(".g-list [role=option]")).to_have_text([shown])
    sheet.press("Enter")
    expect(cell).to_have_text(shown)
    sheet.settled()
    expect(cell).not_to_have_class(re.compile("is-(saving|refused)"))
    assert desk.read(record)[code] == held
    expect(sheet.cell(1, code)).to_have_class(re.compile("is-active"))


def test_yes_and_no_is_turned_over_by_the_space_bar(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    cell = sheet.go(0, "urgent")
    sheet.press("Space")
    expect(cell).to_have_text("是")
    sheet.press("Space")
    expect(cell).to_have_text("否")
    sheet.settled()
    assert desk.read(record)["urgent"] is False
    sheet.press("Delete")
    expect(cell).to_have_text("")
    sheet.settled()
    assert desk.read(record)["urgent"] is None


def test_several_choices_are_ticked_in_a_list(desk: Desk) -> None:
    [record] = desk.enter({"tags": ("首保",)})
    sheet = desk.at()
    cell = sheet.go(0, "tags")
    sheet.press("F2")
    options = sheet.page.locator(".g-list [role=option]")
    expect(options).to_have_text(["首保", "返修", "媒体"])
    expect(options.first).to_have_attribute("aria-checked", "true")
    sheet.press("ArrowDown", "Space")
    sheet.type("媒")
    sheet.press("Enter", "Enter")
    expect(cell).to_have_text("首保、返修、媒体")
    sheet.settled()
    assert desk.read(record)["tags"] == ("首保", "返修", "媒体")


def test_several_people_are_found_by_the_server(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    cell = sheet.go(0, "helpers")
    for name in ("colleague", "chief"):
        sheet.type(name)
        expect(sheet.page.locator(".g-list [role=option]")).to_have_text([name])
        sheet.press("Enter")
    sheet.press("Tab")
    expect(cell).to_have_text("colleague、chief")
    sheet.settled()
    assert desk.read(record)["helpers"] == (desk.site.ids["colleague"], desk.site.ids["chief"])


def test_whoever_types_faster_than_the_server_finds_means_the_first_one_found(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    held: list[Route] | None = []

    def find(route: Route) -> None:
        route.continue_() if held is None else held.append(route)

    def answer() -> None:
        nonlocal held
        waiting, held = held or [], None
        for route in waiting:
            route.continue_()

    sheet.page.route("**/pick/**", find)
    customer = sheet.go(0, "customer")
    sheet.type("王女")
    sheet.press("Enter")
    expect(customer).to_have_text("王女")
    expect(sheet.page.locator("[data-saving]")).to_be_visible()
    answer()
    expect(customer).to_have_text("王女士")
    sheet.settled()
    assert desk.read(record)["customer"] == 1
    held = []
    helpers = sheet.go(0, "helpers")
    for name in ("chief", "colleague"):
        sheet.type(name)
        sheet.press("Enter")
    sheet.press("Tab")
    expect(sheet.page.locator("[data-saving]")).to_be_visible()
    answer()
    sheet.settled()
    expect(helpers).to_have_text(re.compile("chief、colleague|colleague、chief"))
    assert set(desk.read(record)["helpers"]) == {desk.site.ids["colleague"], desk.site.ids["chief"]}


@pytest.mark.parametrize(("code", "leaving"), [("customer", ["Enter"]), ("helpers", ["Enter", "Tab"])])
def test_what_is_typed_fast_and_not_found_is_refused_and_kept(desk: Desk, code: str, leaving: list[str]) -> None:
    desk.enter({})
    sheet = desk.at()
    cell = sheet.go(0, code)
    sheet.type("谁也不是")
    sheet.press(*leaving)
    expect(cell).to_have_class(re.compile("is-refused"))
    expect(cell).to_have_text("谁也不是")
    sheet.go(0, code)
    expect(sheet.tip).to_contain_text("谁也不是")


def test_a_long_text_takes_lines_and_enter_confirms(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    sheet.show("detail")
    sheet.go(0, "detail")
    sheet.type("第一行")
    sheet.press("Alt+Enter")
    sheet.type("第二行")
    sheet.press("Enter")
    expect(sheet.cell(0, "detail")).to_contain_text("第二行")
    sheet.settled()
    assert desk.read(record)["detail"] == "第一行\n第二行"


def test_an_input_method_starts_in_the_chosen_cell_with_its_first_letter(desk: Desk) -> None:
    [record] = desk.enter({"subject": "旧"})
    sheet = desk.at()
    cell = sheet.go(0, "subject")
    keyboard = sheet.page.context.new_cdp_session(sheet.page)
    keyboard.send(
        "Input.dispatchKeyEvent", {"type": "rawKeyDown", "windowsVirtualKeyCode": 229, "key": "Process", "code": "KeyT"}
    )
    keyboard.send("Input.imeSetComposition", {"text": "tou", "selectionStart": 3, "selectionEnd": 3})
    expect(sheet.page.locator(".g-input")).to_have_value("tou")
    keyboard.send("Input.insertText", {"text": "投诉"})
    sheet.press("Enter")
    expect(cell).to_have_text("投诉")
    sheet.settled()
    assert desk.read(record)["subject"] == "投诉"


def test_keys_move_as_in_a_spreadsheet(desk: Desk) -> None:
    desk.enter(*({} for _ in range(60)))
    sheet = desk.at()

    def at(line: int, code: str) -> None:
        expect(sheet.cell(line, code)).to_have_class(re.compile("is-active"))

    sheet.go(2, "subject")
    sheet.press("ArrowDown", "ArrowRight")
    at(3, "case_no")
    sheet.press("Shift+Tab")
    at(3, "subject")
    sheet.press("Tab", "Enter")
    at(4, "case_no")
    sheet.press("Shift+Enter")
    at(3, "case_no")
    sheet.press("Home")
    at(3, "record_no")
    sheet.press("Control+Home")
    at(0, "record_no")
    sheet.press("Control+End")
    expect(sheet.page.locator(".g-cell.is-active .g-handle")).to_be_attached()
    sheet.press("Home")
    at(60, "record_no")
    sheet.press("Control+a")
    expect(sheet.page.locator("[data-chosen]")).to_contain_text("已选 61×")


def test_what_the_mouse_chooses_is_what_is_seen_also_before_the_sheet_is_told_of_a_scroll(desk: Desk) -> None:
    desk.enter(*({} for _ in range(60)))
    sheet = desk.at(width=1200)
    where = sheet.page.evaluate(
        """() => {
            const scroller = document.querySelector(".g-scroll"), grid = document.querySelector("[data-grid]").grid;
            scroller.scrollTop += 90;
            scroller.scrollLeft += 200;
            const box = scroller.getBoundingClientRect(), x = box.left + 700, y = box.top + 220;
            const cell = document.elementFromPoint(x, y).closest(".g-cell");
            const press = (type, more) => new PointerEvent(type, { bubbles: true, clientX: x, clientY: y, ...more });
            cell.dispatchEvent(press("pointerdown"));
            const { line, at } = grid.selection.focus;
            scroller.scrollTop += 300;
            dispatchEvent(press("pointermove"));
            dispatchEvent(press("pointerup"));
            return { seen: [cell.parentNode.line, cell.column.at], chosen: [line, at], to: [grid.selection.head.line, grid.selection.head.at] };
        }"""
    )
    line, at = where["seen"]
    assert where["chosen"] == [line, at]
    assert where["to"] == [line + 10, at]


def test_escape_gives_up_and_f2_keeps_what_stands_there(desk: Desk) -> None:
    [record] = desk.enter({"subject": "原文"})
    sheet = desk.at()
    cell = sheet.go(0, "subject")
    sheet.type("别的")
    sheet.press("Escape")
    expect(cell).to_have_text("原文")
    sheet.press("F2")
    sheet.type("加字")
    sheet.press("Tab")
    expect(cell).to_have_text("原文加字")
    expect(sheet.cell(0, "case_no")).to_have_class(re.compile("is-active"))
    sheet.settled()
    assert desk.read(record)["subject"] == "原文加字"


def test_a_refused_cell_keeps_what_was_typed_says_why_and_can_be_corrected(desk: Desk) -> None:
    [record] = desk.enter({"amount": Decimal("5")})
    sheet = desk.at()
    cell = sheet.enter(0, "amount", "很多")
    expect(cell).to_have_text("很多")
    expect(cell).to_have_attribute("aria-invalid", "true")
    expect(cell).to_have_attribute("title", re.compile("很多.*金额"))
    expect(sheet.tip).to_contain_text("不是有效的金额")
    assert desk.read(record)["amount"] == Decimal("5.00")
    sheet.tip.get_by_role("button", name="改正").click()
    expect(sheet.page.locator(".g-input")).to_have_value("很多")
    sheet.press("Control+a")
    sheet.type("6.5")
    sheet.press("Enter")
    expect(cell).to_have_text("6.50")
    expect(cell).not_to_have_attribute("aria-invalid", "true")
    expect(sheet.tip).to_be_hidden()


def test_a_refused_cell_can_be_put_back(desk: Desk) -> None:
    desk.enter({"score": 3})
    sheet = desk.at()
    cell = sheet.enter(0, "score", "12")
    expect(sheet.tip).to_contain_text("不能大于 9")
    sheet.tip.get_by_role("button", name="还原这一格").click()
    expect(cell).to_have_text("3")
    expect(sheet.tip).to_be_hidden()


@pytest.mark.parametrize(("choice", "kept"), [("用我的", "我的"), ("用对方的", "对方的")])
def test_a_cell_that_two_people_change_shows_both_values_with_a_choice(desk: Desk, choice: str, kept: str) -> None:
    [record] = desk.enter({"subject": "原来", "helpers": (desk.site.ids["colleague"],)})
    mine, theirs = desk.at("owner"), desk.at("colleague")
    cell = mine.go(0, "subject")
    mine.press("F2", "Control+a")
    mine.type("我的")
    theirs.enter(0, "subject", "对方的")
    mine.press("Enter")
    expect(cell).to_have_class(re.compile("is-conflict"))
    expect(mine.tip).to_contain_text("colleague 刚刚改成了“对方的”")
    mine.tip.get_by_role("button", name=choice).click()
    expect(cell).to_have_text(kept)
    expect(cell).not_to_have_class(re.compile("is-(conflict|saving)"))
    mine.settled()
    assert desk.read(record)["subject"] == kept


def test_different_fields_of_one_record_are_merged_without_a_question(desk: Desk) -> None:
    [record] = desk.enter({"helpers": (desk.site.ids["colleague"],)})
    sheet = desk.at()
    sheet.go(0, "subject")
    sheet.press("F2", "Control+a")
    sheet.type("我的")
    desk.update(record, result="对方的")
    sheet.press("Enter")
    sheet.settled()
    found = desk.read(record)
    assert (found["subject"], found["result"]) == ("我的", "对方的")
    expect(sheet.tip).to_be_hidden()


def test_two_quick_changes_of_one_cell_are_no_conflict_with_oneself(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    cell = sheet.go(0, "subject")
    for text in ("一", "二", "三"):
        sheet.type(text)
        sheet.press("Enter", "ArrowUp")
    expect(cell).to_have_text("三")
    sheet.settled()
    expect(cell).not_to_have_class(re.compile("is-conflict"))
    assert desk.read(record)["subject"] == "三"


def test_changes_of_others_appear_and_light_up(desk: Desk) -> None:
    [record] = desk.enter({"subject": "旧", "helpers": (desk.site.ids["colleague"],)})
    sheet = desk.at()
    desk.update(record, subject="新")
    expect(sheet.cell(0, "subject")).to_have_text("新")
    expect(sheet.cell(0, "subject")).to_have_class(re.compile("is-lit"))
    desk.enter({"subject": "刚登记的"})
    expect(sheet.cell(0, "subject")).to_have_text("刚登记的")
    expect(sheet.total).to_have_text("共 3 条")


def test_the_stream_of_whoever_leaves_the_page_is_free_before_its_next_look(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "PAUSE", 600)
    page = desk.window("owner")
    with page.expect_response("**/events?*"):
        page.goto("/grid/complaint")
    page.goto("/inbox")
    places = desk.site.app.extensions["streams"]
    for _ in range(desk.streams):
        assert places.acquire(timeout=60)
    for _ in range(desk.streams):
        places.release()


def test_where_no_stream_is_to_be_had_changes_appear_all_the_same(desk: Desk) -> None:
    [record] = desk.enter({"subject": "旧", "helpers": (desk.site.ids["colleague"],)})
    page = desk.window("owner")
    page.route("**/events?*", lambda route: route.fulfill(status=503))
    page.goto("/grid/complaint")
    cell = page.locator('.g-row[aria-rowindex="2"] [data-code="subject"]')
    expect(cell).to_have_text("旧")
    desk.update(record, subject="新")
    expect(cell).to_have_text("新")


def test_locked_cells_look_locked_and_say_why(desk: Desk) -> None:
    [record] = desk.enter({"result": "已办"})
    desk.site.browser("owner").post(f"/registers/complaint/move/{record}/close")
    sheet = desk.at()
    cell = sheet.go(0, "subject")
    expect(cell).to_have_class(re.compile("is-locked"))
    expect(cell).to_have_attribute("title", "记录在“已结案”状态下锁定，只能通过流转改变")
    sheet.type("改不了")
    expect(sheet.tip).to_contain_text("锁定")
    expect(cell).to_have_text("甲")
    sheet.go(0, "closed_by")
    sheet.type("x")
    expect(sheet.tip).to_contain_text("签字由流转办理时产生")
    expect(sheet.head("verdict")).to_have_count(0)
    chief = desk.at("chief")
    expect(chief.head("verdict")).to_have_count(1)
    expect(chief.cell(0, "subject")).to_have_class(re.compile("is-locked"))


def test_a_lost_connection_keeps_what_was_typed_and_sends_it_later(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    sheet.page.route("**/change", lambda route: route.abort())
    cell = sheet.go(0, "subject")
    sheet.type("断线时写的")
    sheet.press("Enter")
    expect(cell).to_have_class(re.compile("is-offline"))
    expect(sheet.page.locator("[data-offline]")).to_be_visible()
    expect(cell).to_have_text("断线时写的")
    sheet.page.unroute("**/change")
    sheet.page.locator("[data-offline] button").click()
    expect(cell).not_to_have_class(re.compile("is-offline"))
    expect(sheet.page.locator("[data-offline]")).to_be_hidden()
    assert desk.read(record)["subject"] == "断线时写的"


def test_a_row_typed_at_the_end_becomes_a_record_when_one_leaves_it(desk: Desk) -> None:
    sheet = desk.at()
    sheet.page.click("[data-new]")
    sheet.type("末行新增")
    sheet.press("Tab", "Tab", "ArrowUp")
    expect(sheet.total).to_have_text("共 2 条")
    expect(sheet.cell(0, "subject")).to_have_text("末行新增")
    assert desk.every("subject")[0] == "末行新增"


def test_a_new_row_is_written_with_pickers_and_numbers(desk: Desk) -> None:
    sheet = desk.at(url="/grid/reply")
    expect(sheet.page.locator(".g-nothing")).to_contain_text("在空行里直接填写")
    sheet.go(0, "complaint")
    for code, typed, offered in (("complaint", "王女士", SECRET), ("dept", "客户部", "客户部")):
        sheet.go(0, code)
        sheet.type(typed)
        expect(sheet.page.locator(".g-list [role=option]")).to_have_text([re.compile(offered)])
        sheet.press("Tab")
    expect(sheet.page.locator(".g-nothing")).to_be_hidden()
    for code, typed in (("said", "已电话答复"), ("hours", "１．５")):
        sheet.go(0, code)
        sheet.type(typed)
        sheet.press("Tab")
    sheet.press("ArrowDown")
    expect(sheet.total).to_have_text("共 1 条")
    expect(sheet.cell(0, "hours")).to_have_text("1.5")
    expect(sheet.cell(0, "dept")).to_have_text("客户部")
    expect(sheet.cell(0, "said")).to_have_class(re.compile("is-locked"))  # replies are added, never edited
    with desk.site.panel.reading(Actor.system()) as work:
        found = records.get(work, "reply", 1)
    assert (found["complaint"], found["said"], found["hours"], found["dept"]) == (
        desk.site.complaint, "已电话答复", Decimal("1.5"), desk.site.units["客户部"],
    )  # fmt: skip


def test_files_of_a_cell_are_added_and_taken_away(desk: Desk) -> None:
    [record] = desk.enter({})
    sheet = desk.at()
    sheet.show("scan")
    cell = sheet.go(0, "scan")
    sheet.press("F2")
    box = sheet.page.locator("dialog[open]")
    box.get_by_label("上传文件").set_input_files({"name": "坏.exe", "mimeType": "text/plain", "buffer": b"x"})
    expect(box.get_by_role("status")).not_to_be_empty()
    box.get_by_label("上传文件").set_input_files({"name": "证据.txt", "mimeType": "text/plain", "buffer": b"x"})
    expect(box.locator(".files li")).to_contain_text("证据.txt")
    sheet.yes()
    expect(cell).to_have_text("证据.txt")
    sheet.settled()
    assert desk.read(record)["scan"] is not None
    cell.dblclick()
    box.get_by_role("button", name="移除 证据.txt").click()
    sheet.yes()
    expect(cell).to_have_text("")
    sheet.settled()
    assert desk.read(record)["scan"] is None


def test_a_double_click_edits_and_delete_clears(desk: Desk) -> None:
    [record] = desk.enter({"subject": "原文", "case_no": "Q-1"})
    sheet = desk.at()
    sheet.cell(0, "case_no").dblclick()
    expect(sheet.page.locator(".g-input")).to_have_value("Q-1")
    sheet.type("x")
    sheet.press("Enter")
    expect(sheet.cell(0, "case_no")).to_have_text("Q-1x")
    cell = sheet.go(0, "case_no")
    sheet.press("Delete")
    expect(cell).to_have_text("")
    sheet.settled()
    assert desk.read(record)["case_no"] is None
    required = sheet.go(0, "subject")
    sheet.press("Delete")
    expect(required).to_have_attribute("aria-invalid", "true")
    expect(sheet.tip).to_contain_text("必填")
    sheet.press("Escape")
    expect(required).to_have_text("原文")


def test_a_new_row_that_lacks_something_stays_with_the_reason(desk: Desk) -> None:
    sheet = desk.at()
    sheet.page.click("[data-new]")
    sheet.press("Escape")
    sheet.enter(1, "amount", "12")
    expect(sheet.cell(1, "amount")).to_have_class(re.compile("is-(refused|held)"))
    expect(sheet.cell(1, "subject")).to_have_attribute("aria-invalid", "true")
    sheet.go(1, "subject")
    expect(sheet.tip).to_contain_text("必填")
    sheet.enter(1, "subject", "补上事由")
    sheet.press("ArrowUp", "ArrowUp")
    expect(sheet.total).to_have_text("共 2 条")
    assert desk.every("subject")[0] == "补上事由"
