"""Blocks of cells: copied, pasted, filled, cleared, deleted; each is one change and one undo."""

from __future__ import annotations

import re
from decimal import Decimal

from playwright.sync_api import expect

from tests.web.sheets import Desk

EXCEL = '事由一\tW-1\r\n"第一行\n第二行"\tW-2\r\n"说""好""了"\tW-3\r\n'
"""Two columns and three rows as Excel and WPS put them on the clipboard: quotes around cells with line ends or quotes."""


def test_a_block_from_excel_is_one_change_and_one_undo(desk: Desk) -> None:
    records = desk.enter({"subject": "丙"}, {"subject": "乙"}, {"subject": "甲"})
    sheet = desk.at()
    sheet.go(0, "subject")
    sheet.paste(EXCEL)
    expect(sheet.cell(2, "case_no")).to_have_text("W-3")
    sheet.settled()
    found = [desk.read(r) for r in reversed(records)]
    assert [(f["subject"], f["case_no"]) for f in found] == [
        ("事由一", "W-1"),
        ("第一行 第二行", "W-2"),
        ('说"好"了', "W-3"),
    ]
    assert {f["version"] for f in found} == {2}
    expect(sheet.page.locator("[data-chosen]")).to_contain_text("已选 3×2")
    sheet.press("Control+z")
    expect(sheet.cell(0, "subject")).to_have_text("甲")
    expect(sheet.column_of("case_no")).to_have_text(["", "", "", ""])
    expect(sheet.says).to_contain_text("已撤销：粘贴 3×2")


WPS = """<html><body><!--StartFragment--><table><col width="72"><tr><td>合并的</td><td>H-1</td></tr>
<tr><td>两<br>行</td><td>007&nbsp;</td></tr></table><!--EndFragment--></body></html>"""


def test_a_table_that_comes_as_html_alone_is_pasted(desk: Desk) -> None:
    second, first = desk.enter({}, {})
    sheet = desk.at()
    sheet.go(0, "subject")
    sheet.page.evaluate(
        "html => navigator.clipboard.write([new ClipboardItem({'text/html': new Blob([html], {type: 'text/html'})})])",
        WPS,
    )
    sheet.press("Control+v")
    expect(sheet.cell(1, "case_no")).to_have_text("007")
    sheet.settled()
    assert [(desk.read(r)["subject"], desk.read(r)["case_no"]) for r in (first, second)] == [
        ("合并的", "H-1"),
        ("两 行", "007"),
    ]


def test_a_block_with_one_wrong_cell_is_not_saved_and_can_be_corrected_there(desk: Desk) -> None:
    records = desk.enter({}, {})
    sheet = desk.at()
    sheet.go(0, "amount")
    sheet.paste("1\n不是钱")
    expect(sheet.cell(1, "amount")).to_have_class(re.compile("is-refused"))
    expect(sheet.cell(0, "amount")).to_have_class(re.compile("is-held"))
    assert [desk.read(r)["amount"] for r in records] == [None, None]
    sheet.enter(1, "amount", "2")
    expect(sheet.cell(1, "amount")).to_have_text("2.00")
    expect(sheet.cell(0, "amount")).to_have_text("1.00")
    assert [desk.read(r)["amount"] for r in reversed(records)] == [Decimal("1.00"), Decimal("2.00")]
    sheet.press("Control+z")
    expect(sheet.column_of("amount")).to_have_text(["", "", ""])


def test_a_refused_block_can_be_taken_back_whole(desk: Desk) -> None:
    desk.enter({}, {})
    sheet = desk.at()
    sheet.go(0, "amount")
    sheet.paste("1\n不是钱")
    expect(sheet.cell(1, "amount")).to_have_class(re.compile("is-refused"))
    sheet.says.get_by_role("button", name="撤回整块").click()
    expect(sheet.column_of("amount")).to_have_text(["", "", ""])


def test_pasting_past_the_last_row_asks_and_adds_records(desk: Desk) -> None:
    sheet = desk.at()
    sheet.go(0, "subject")
    sheet.paste("改了的\tP-0\n新的一\tP-1\n新的二\tP-2\n")
    expect(sheet.page.locator("dialog[open]")).to_contain_text("新增 2 条记录？")
    sheet.yes()
    expect(sheet.total).to_have_text("共 3 条")
    assert sorted(desk.every("case_no")) == ["P-0", "P-1", "P-2"]
    expect(sheet.column_of("subject")).to_have_text(["新的二", "新的一", "改了的"])
    sheet.press("Control+z")
    expect(sheet.total).to_have_text("共 1 条")


def test_pasting_past_the_end_can_be_declined(desk: Desk) -> None:
    sheet = desk.at()
    sheet.go(0, "subject")
    sheet.paste("改了的\n多余的\n")
    sheet.page.locator("dialog[open] .ask-acts .btn").first.click()
    expect(sheet.cell(0, "subject")).to_have_text("改了的")
    sheet.settled()
    assert desk.every("subject") == ["改了的"]


def test_copying_gives_tabs_and_a_table_that_excel_reads(desk: Desk) -> None:
    desk.enter({"subject": "两\n行", "amount": Decimal("1234.5"), "case_no": "007"}, {"subject": "甲", "kind": "服务"})
    sheet = desk.at()
    sheet.go(0, "subject")
    sheet.cell(1, "case_no").click(modifiers=["Shift"])
    assert sheet.copied() == '甲\t\r\n"两\n行"\t007'
    html = sheet.page.evaluate("async () => (await (await navigator.clipboard.read())[0].getType('text/html')).text()")
    assert "<table" in html and "<td" in html and "007" in html
    sheet.go(1, "amount")
    assert sheet.copied() == "1234.50"


def test_what_was_copied_here_can_be_pasted_here(desk: Desk) -> None:
    source = {
        "customer": 1,
        "kind": "服务",
        "tags": ("首保", "媒体"),
        "amount": Decimal("12.30"),
        "urgent": True,
        "helpers": (desk.site.ids["colleague"], desk.site.ids["chief"]),
    }
    target, copied = desk.enter({}, source)
    sheet = desk.at()
    sheet.go(0, "customer")
    sheet.cell(0, "received_at").click(modifiers=["Shift"])
    text = sheet.copied()
    sheet.go(1, "customer")
    sheet.paste(text)
    expect(sheet.cell(1, "tags")).to_have_text("首保、媒体")
    sheet.settled()
    codes = ("customer", "helpers", "kind", "tags", "amount", "urgent")
    assert [desk.read(target)[c] for c in codes] == [desk.read(copied)[c] for c in codes]


def test_one_cell_is_pasted_into_every_chosen_one(desk: Desk) -> None:
    desk.enter({}, {}, {})
    sheet = desk.at()
    sheet.go(0, "result")
    sheet.press("Shift+ArrowDown", "Shift+ArrowDown")
    sheet.paste("同上")
    expect(sheet.column_of("result")).to_have_text(["同上", "同上", "同上", ""])


def test_filling_down_by_key_and_by_the_handle(desk: Desk) -> None:
    records = desk.enter({}, {}, {}, {"handler": desk.site.ids["chief"], "score": 4})
    sheet = desk.at()
    sheet.go(0, "handler")
    sheet.press("Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    expect(sheet.cell(2, "handler")).to_have_text("chief")
    sheet.settled()
    assert desk.read(records[1])["handler"] == desk.site.ids["chief"]
    sheet.go(0, "score")
    sheet.page.locator(".g-handle").hover()
    sheet.page.mouse.down()
    sheet.cell(3, "score").hover()
    sheet.page.mouse.up()
    expect(sheet.column_of("score")).to_have_text(["4", "4", "4", "4", ""])
    sheet.settled()
    assert [desk.read(r)["score"] for r in records] == [4, 4, 4, 4]
    sheet.press("Control+z")
    expect(sheet.column_of("score")).to_have_text(["4", "", "", "", ""])


def test_a_block_chosen_by_dragging_is_cleared_at_once(desk: Desk) -> None:
    records = desk.enter({"score": 1, "rate": Decimal(5)}, {"score": 2, "rate": Decimal(6)})
    sheet = desk.at()
    sheet.cell(0, "score").hover()
    sheet.page.mouse.down()
    sheet.cell(1, "rate").hover()
    sheet.page.mouse.up()
    expect(sheet.page.locator("[data-chosen]")).to_contain_text("已选 2×2 · 非空 4 · 合计 14 · 平均 3.5")
    sheet.press("Delete")
    expect(sheet.column_of("rate")).to_have_text(["", "", ""])
    sheet.settled()
    assert [desk.read(r)["score"] for r in records] == [None, None]
    assert [desk.read(r)["version"] for r in records] == [2, 2]


def test_locked_cells_of_a_block_are_left_out_and_told(desk: Desk) -> None:
    desk.enter({})
    sheet = desk.at()
    sheet.go(0, "record_no")
    sheet.cell(0, "subject").click(modifiers=["Shift"])
    sheet.paste("编号\t状态\t期限\t事由乙")
    expect(sheet.cell(0, "subject")).to_have_text("事由乙")
    expect(sheet.says).to_contain_text("3 格已锁定，没有改动")


def test_undo_and_redo_work_after_a_reload_and_refuse_what_others_changed_since(desk: Desk) -> None:
    [record] = desk.enter({"subject": "一", "helpers": (desk.site.ids["colleague"],)})
    sheet = desk.at()
    sheet.enter(0, "subject", "二")
    sheet.open()
    expect(sheet.page.locator("[data-undo]")).to_be_enabled()
    sheet.press("Control+z")
    expect(sheet.cell(0, "subject")).to_have_text("一")
    sheet.press("Control+y")
    expect(sheet.cell(0, "subject")).to_have_text("二")
    desk.update(record, subject="三")
    expect(sheet.cell(0, "subject")).to_have_text("三")
    sheet.press("Control+z")
    expect(sheet.says).to_contain_text("colleague")
    expect(sheet.says).to_contain_text("三")
    assert desk.read(record)["subject"] == "三"


def test_rows_are_deleted_after_a_question_and_come_back_by_undo(desk: Desk) -> None:
    desk.enter({"subject": "乙"}, {"subject": "甲"})
    sheet = desk.at()
    sheet.go(0, "subject")
    sheet.press("Shift+ArrowDown", "Control+-")
    expect(sheet.page.locator("dialog[open]")).to_contain_text("删除 2 条记录")
    sheet.yes()
    expect(sheet.total).to_have_text("共 1 条")
    assert len(desk.every("id")) == 1
    sheet.press("Control+z")
    expect(sheet.total).to_have_text("共 3 条")
    expect(sheet.cell(0, "subject")).to_have_text("甲")


def test_a_block_that_two_people_changed_is_decided_cell_by_cell(desk: Desk) -> None:
    helpers = (desk.site.ids["colleague"],)
    first, second = desk.enter({"helpers": helpers}, {"helpers": helpers})
    sheet = desk.at()
    sheet.page.route("**/events?*", lambda route: route.abort())
    sheet.page.route("**/changes?*", lambda route: route.abort())
    sheet.open()
    desk.update(first, result="对方一")
    desk.update(second, result="对方二")
    sheet.go(0, "result")
    sheet.paste("我的二\n我的一")
    expect(sheet.cell(0, "result")).to_have_class(re.compile("is-conflict"))
    sheet.tip.get_by_role("button", name="逐项选择（2 处）").click()
    fields = sheet.page.locator("dialog[open] fieldset")
    expect(fields).to_have_count(2)
    fields.nth(0).get_by_label("我填写的").check()
    sheet.yes()
    expect(sheet.cell(0, "result")).to_have_text("我的二")
    expect(sheet.cell(1, "result")).to_have_text("对方一")
    sheet.settled()
    assert (desk.read(second)["result"], desk.read(first)["result"]) == ("我的二", "对方一")
