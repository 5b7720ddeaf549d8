"""What hands that know Excel do without thinking: series, cut and paste, the right button, find and replace, the line of sums."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.sheets import Desk, Sheet


def drag_handle(sheet: Sheet, line: int, code: str, *held: str) -> None:
    sheet.page.locator(".g-handle").hover()
    sheet.page.mouse.down()
    sheet.cell(line, code).hover()
    for key in held:
        sheet.page.keyboard.down(key)
    sheet.page.mouse.up()
    for key in held:
        sheet.page.keyboard.up(key)


def test_series_go_on_as_they_begin(desk: Desk) -> None:
    page = desk.window("owner")
    page.goto("/inbox")
    asked: list[tuple[list[str], str, bool, list[str] | None]] = [
        (["5"], "integer", False, None),
        (["5"], "integer", True, ["6", "4"]),
        (["1", "3"], "integer", False, ["5", "-1"]),
        (["1.50", "1.75"], "money", False, ["2.00", "1.25"]),
        (["1", "3", "4"], "integer", False, None),
        (["2026-02-28"], "date", False, ["2026-03-01", "2026-02-27"]),
        (["2026-02-28"], "date", True, None),
        (["2026-03-02", "2026-03-09"], "date", False, ["2026-03-16", "2026-02-23"]),
        (["2026-01-31", "2026-03-31"], "date", False, ["2026-05-31", "2025-11-30"]),
        (["2026-03-05 15:20"], "moment", False, ["2026-03-06 15:20", "2026-03-04 15:20"]),
        (["CF-099"], "text", False, ["CF-100", "CF-098"]),
        (["007", "008"], "text", False, ["009", "006"]),
        (["13800138000"], "text", False, None),
        (["第7期", "第9期"], "text", False, ["第11期", "第5期"]),
        (["甲"], "text", False, None),
        (["", "2"], "integer", False, None),
        (["第1条"], "long_text", False, None),
    ]
    found = page.evaluate(
        """async (asked) => {
            const { series } = await import("/static/grid/series.js");
            return asked.map(([texts, type, turned]) => { const next = series(texts, type, turned); return next && [next(texts.length), next(-1)]; });
        }""",
        [list(one[:3]) for one in asked],
    )
    assert found == [one[3] for one in asked]


def test_the_handle_continues_series_and_fills_to_the_right_too(desk: Desk) -> None:
    records = desk.enter({}, {}, {"case_no": "W-9", "happened_on": date(2026, 2, 28), "score": 4, "result": "同右"})
    sheet = desk.at()
    sheet.go(0, "case_no")
    drag_handle(sheet, 2, "case_no")
    expect(sheet.cell(2, "case_no")).to_have_text("W-11")
    sheet.go(0, "happened_on")
    drag_handle(sheet, 2, "happened_on")
    expect(sheet.cell(2, "happened_on")).to_have_text("2026-03-02")
    sheet.go(0, "score")
    drag_handle(sheet, 2, "score", "Control")
    expect(sheet.cell(2, "score")).to_have_text("6")
    sheet.settled()
    found = [desk.read(r) for r in records]
    assert [(f["case_no"], f["happened_on"], f["score"]) for f in found[:2]] == [
        ("W-11", date(2026, 3, 2), 6),
        ("W-10", date(2026, 3, 1), 5),
    ]
    sheet.press("Control+z")
    expect(sheet.column_of("score")).to_have_text(["4", "", "", ""])
    sheet.go(0, "subject")
    drag_handle(sheet, 0, "case_no")
    expect(sheet.cell(0, "case_no")).to_have_text("甲")


def test_fill_to_the_right_by_key_and_into_all_chosen_cells(desk: Desk) -> None:
    second, first = desk.enter({"customer": 1}, {"customer": 1})
    sheet = desk.at()
    sheet.go(0, "customer")
    sheet.press("Shift+ArrowDown", "Shift+ArrowRight", "Control+r")
    expect(sheet.cell(1, "second")).to_have_text("王女士")
    sheet.settled()
    sheet.go(0, "score")
    sheet.press("Shift+ArrowDown")
    sheet.type("7")
    sheet.press("Control+Enter")
    expect(sheet.column_of("score")).to_have_text(["7", "7", ""])
    sheet.settled()
    found = [desk.read(r) for r in (first, second)]
    assert [(f["second"], f["score"], f["version"]) for f in found] == [(1, 7, 3)] * 2


def test_an_arrow_goes_on_while_one_types_and_moves_in_the_text_after_f2(desk: Desk) -> None:
    desk.enter({"subject": "原文"})
    sheet = desk.at()
    cell = sheet.go(0, "subject")
    sheet.type("新的")
    sheet.press("ArrowRight")
    expect(cell).to_have_text("新的")
    expect(sheet.cell(0, "case_no")).to_have_class(re.compile("is-active"))
    sheet.press("ArrowLeft", "F2", "ArrowLeft")
    sheet.type("很")
    sheet.press("Control+s")
    expect(cell).to_have_text("新很的")
    expect(sheet.says).to_contain_text("都已保存")


def test_what_is_cut_moves_as_one_change_with_one_undo(desk: Desk) -> None:
    second, first = desk.enter({"result": "乙果"}, {"case_no": "C-1", "result": "甲果"})
    sheet = desk.at()
    sheet.go(0, "result")
    sheet.press("Control+x")
    expect(sheet.cell(0, "result")).to_have_class(re.compile("is-marked"))
    expect(sheet.cell(0, "result")).to_have_text("甲果")
    sheet.go(1, "result")
    sheet.press("Control+v")
    expect(sheet.column_of("result")).to_have_text(["", "甲果", ""])
    expect(sheet.page.locator(".is-marked")).to_have_count(0)
    sheet.settled()
    assert [desk.read(r)["result"] for r in (first, second)] == [None, "甲果"]
    sheet.press("Control+z")
    expect(sheet.column_of("result")).to_have_text(["甲果", "乙果", ""])
    sheet.go(0, "result")
    sheet.paste("一\t二\n" * 2600)
    expect(sheet.says).to_contain_text("一次最多粘贴 5000 格，这里有 2600×2；更多的行请用“导入”")
    sheet.go(0, "case_no")
    sheet.press("Control+x", "Escape")
    sheet.go(1, "case_no")
    sheet.press("Control+v")
    expect(sheet.column_of("case_no")).to_have_text(["C-1", "C-1", ""])


def test_the_right_button_opens_what_can_be_done_here(desk: Desk) -> None:
    desk.enter({"kind": "服务", "amount": Decimal(3)}, {"subject": "乙", "kind": "服务"}, {"subject": "丙"})
    sheet = desk.at()
    menu = sheet.page.locator(".g-panel")

    def choose(name: str) -> None:
        menu.get_by_role("menuitem", name=name).click()

    sheet.go(1, "subject")
    sheet.press("Shift+ArrowDown")
    sheet.cell(2, "subject").click(button="right")
    choose("连同列名复制")
    expect(sheet.says).to_contain_text("已复制 2 格")
    assert sheet.page.evaluate("() => navigator.clipboard.readText()") == "事由\r\n乙\r\n甲"
    sheet.cell(1, "kind").click(button="right")
    choose("只看“服务”")
    expect(sheet.total).to_have_text("共 2 条")
    sheet.press("ContextMenu")
    choose("清除全部筛选")
    expect(sheet.total).to_have_text("共 4 条")
    sheet.cell(0, "subject").click(button="right")
    choose("粘贴")
    expect(sheet.cell(0, "subject")).to_have_text("事由")
    sheet.settled()
    sheet.go(0, "case_no")
    sheet.cell(0, "subject").click(button="right")
    choose("删除所选行")
    sheet.yes()
    expect(sheet.total).to_have_text("共 3 条")
    sheet.go(0, "kind")
    sheet.press("Shift+F10")
    choose("类别：列菜单")
    choose("降序")
    expect(sheet.head("kind")).to_have_attribute("aria-sort", "descending")
    sheet.go(0, "kind")
    sheet.press("Control+Shift+l")
    menu.get_by_label("服务").check()
    menu.get_by_role("button", name="筛选").click()
    expect(sheet.total).to_have_text("共 2 条")


@pytest.mark.parametrize(
    ("whole", "shown"), [(False, ["乙方甲", "甲", "乙方", "", ""]), (True, ["乙甲", "甲", "丙方", "", ""])]
)
def test_find_and_replace_in_a_column_is_one_change(desk: Desk, whole: bool, shown: list[Any]) -> None:
    desk.enter({}, {"case_no": "乙方" if whole else "丙"}, {"case_no": "甲"}, {"case_no": "乙甲" if whole else "丙甲"})
    sheet = desk.at()
    sheet.go(0, "case_no")
    sheet.press("Control+h")
    box = sheet.page.locator("dialog[open]")
    expect(box).to_contain_text("在“外部编号”这一列中")
    box.get_by_label("查找").fill("乙方" if whole else "丙")
    box.get_by_label("替换为").fill("丙方" if whole else "乙方")
    if whole:
        box.get_by_label("整格相同才替换").check()
    sheet.press("Enter")
    expect(sheet.column_of("case_no")).to_have_text(shown)
    expect(sheet.says).to_contain_text("已替换 1 格" if whole else "已替换 2 格")
    sheet.press("Control+z")
    expect(sheet.cell(2, "case_no")).to_have_text("乙方" if whole else "丙")


def test_sums_of_a_block_that_is_not_loaded_are_of_all_of_it(desk: Desk) -> None:
    desk.enter(*({"score": 1} for _ in range(260)))
    sheet = desk.at()
    sheet.go(0, "score")
    sheet.press("Control+Shift+ArrowDown")
    expect(sheet.page.locator("[data-chosen]")).to_have_text("已选 261×1 · 非空 260 · 合计 260 · 平均 1")
    sheet.press("Control+g")
    sheet.page.locator("dialog[open] input").fill("150")
    sheet.press("Enter")
    expect(sheet.cell(149, "score")).to_have_class(re.compile("is-active"))
    sheet.line(150).locator(".g-no").hover()
    sheet.page.mouse.down()
    sheet.line(152).locator(".g-no").hover()
    sheet.page.mouse.up()
    expect(sheet.page.locator("[data-chosen]")).to_contain_text("已选 3×")
    sheet.press("Control+f")
    expect(sheet.page.locator("[data-find]")).to_be_focused()
    sheet.type("没有这个")
    sheet.press("ArrowDown")
    expect(sheet.page.locator(".g-nothing")).to_contain_text("没有符合条件的记录")
    expect(sheet.page.locator(".g-input")).to_be_focused()


def test_delete_on_a_locked_cell_says_why(desk: Desk) -> None:
    desk.enter({})
    sheet = desk.at()
    sheet.go(0, "state")
    sheet.press("Delete")
    expect(sheet.tip).to_contain_text("状态只能通过流转改变")
