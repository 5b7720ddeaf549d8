"""What is asked of the grid and how it is laid out: sort, filter, search, groups, columns, views, ticks, paper, telephone."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Literal

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.web.sheets import Desk

ROOT = Path(__file__).parents[2]
GRID = ROOT / "app/static/grid"
AXE = ROOT / "node_modules/axe-core/axe.min.js"


def test_heads_sort_and_shift_adds_a_second_key(desk: Desk) -> None:
    desk.enter(
        {"kind": "服务", "score": 2, "subject": "乙"},
        {"kind": "质量", "score": 1, "subject": "丙"},
        {"kind": "服务", "score": 1, "subject": "甲"},
    )
    sheet = desk.at()
    sheet.head("kind").click()
    expect(sheet.head("kind")).to_have_attribute("aria-sort", "ascending")
    sheet.head("score").click(modifiers=["Shift"])
    expect(sheet.head("score")).to_have_attribute("aria-sort", "ascending")
    expect(sheet.column_of("subject").nth(0)).to_have_text("甲")
    expect(sheet.column_of("subject").nth(1)).to_have_text("乙")
    sheet.head("score").click(modifiers=["Shift"])
    expect(sheet.head("score")).to_have_attribute("aria-sort", "descending")
    expect(sheet.column_of("subject").nth(0)).to_have_text("乙")


def test_conditions_are_joined_by_and_and_or(desk: Desk) -> None:
    desk.enter(
        {"subject": "异响", "score": 1},
        {"subject": "异响", "score": 5},
        {"subject": "收费", "score": 9},
        {"subject": "收费", "score": 3},
    )
    sheet = desk.at()
    sheet.page.click(".g-tools [data-filter]")
    box = sheet.page.locator(".g-panel-filter")
    box.get_by_label("字段").select_option("score")
    box.get_by_label("比较").select_option("ge")
    box.get_by_label("值").fill("5")
    box.get_by_role("button", name="添加一组").click()
    group = box.locator(".g-branch .g-branch")
    group.get_by_label("字段").select_option("subject")
    group.get_by_label("值").fill("异")
    group.get_by_role("button", name="添加条件").click()
    group.get_by_label("字段").nth(1).select_option("subject")
    group.get_by_label("比较").nth(1).select_option("eq")
    group.get_by_label("值").nth(1).fill("没有这样的")
    box.get_by_role("button", name="筛选").click()
    expect(sheet.total).to_have_text("共 1 条")
    expect(sheet.column_of("subject")).to_have_text(["异响"])
    expect(sheet.page.locator("[data-chips]")).to_contain_text("事由 包含 异 或 事由 等于 没有这样的")
    sheet.page.locator("[data-chips] button").nth(1).click()
    expect(sheet.total).to_have_text("共 2 条")


def test_values_are_picked_from_the_data(desk: Desk) -> None:
    desk.enter({"kind": "服务"}, {"kind": "服务"}, {"kind": "质量"})
    sheet = desk.at()
    sheet.column_menu("kind", "按值筛选")
    values = sheet.page.locator(".g-panel-values label")
    expect(values).to_have_text(
        [re.compile("服务.*2", re.DOTALL), re.compile("质量.*2", re.DOTALL)], use_inner_text=True
    )
    values.nth(0).click()
    sheet.page.locator(".g-panel-values").get_by_role("button", name="筛选").click()
    expect(sheet.total).to_have_text("共 2 条")
    expect(sheet.column_of("kind")).to_have_text(["服务", "服务"])
    expect(sheet.head("kind").locator(".g-filtered")).to_be_visible()


def test_the_search_box_asks_as_one_types(desk: Desk) -> None:
    desk.enter({"subject": "保养收费"}, {"subject": "发动机异响"})
    sheet = desk.at()
    sheet.page.fill("[data-find]", "收费")
    expect(sheet.total).to_have_text("共 1 条")
    expect(sheet.column_of("subject")).to_have_text(["保养收费"])
    sheet.page.fill("[data-find]", "没有这样的")
    expect(sheet.total).to_have_text("共 0 条")
    sheet.page.fill("[data-find]", "")
    expect(sheet.total).to_have_text("共 3 条")


def test_groups_have_headings_with_counts_and_can_be_closed(desk: Desk) -> None:
    desk.enter({"kind": "服务"}, {"kind": "服务"}, {"kind": "质量"})
    sheet = desk.at()
    sheet.menu("[data-group]", "类别")
    banners = sheet.page.locator(".g-banner")
    expect(banners).to_have_count(2)
    expect(banners.nth(0)).to_have_text(re.compile("类别：.+2 条"))
    expect(sheet.column_of("record_no")).to_have_count(6)
    banners.nth(0).click()
    expect(sheet.column_of("record_no")).to_have_count(4)
    sheet.page.locator("[data-chips] button").click()
    expect(banners).to_have_count(0)


def test_the_line_below_counts_and_adds_up_what_the_filter_shows(desk: Desk) -> None:
    desk.enter(
        {"amount": Decimal("1000.50"), "kind": "服务"},
        {"amount": Decimal("999.50"), "kind": "服务"},
        {"amount": Decimal(7), "kind": "质量"},
    )
    sheet = desk.at()
    expect(sheet.page.locator("[data-sums]")).to_contain_text("金额 合计 2,007.00 平均 669.00")
    sheet.page.fill("[data-find]", "没有这样的")
    expect(sheet.page.locator("[data-sums]")).to_be_empty()


def test_columns_are_hidden_moved_widened_and_frozen_and_stay_so_in_a_view(desk: Desk) -> None:
    desk.enter({})
    sheet = desk.at()
    codes = sheet.page.locator(".g-head .g-cell[data-code]")
    sheet.column_menu("case_no", "隐藏此列")
    expect(sheet.head("case_no")).to_have_count(0)
    sheet.head("amount").drag_to(sheet.head("subject"), target_position={"x": 5, "y": 10})
    expect(codes.nth(3)).to_have_attribute("data-code", "amount")
    grip = sheet.head("amount").locator(".g-grip").bounding_box()
    assert grip is not None
    sheet.page.mouse.move(grip["x"] + 3, grip["y"] + 5)
    sheet.page.mouse.down()
    sheet.page.mouse.move(grip["x"] + 83, grip["y"] + 5)
    sheet.page.mouse.up()
    expect(sheet.head("amount")).to_have_css("width", "200px")
    sheet.column_menu("amount", "冻结到此列")
    expect(sheet.cell(0, "amount")).to_have_class(re.compile("is-frozen"))
    sheet.menu("[data-views]", "另存为视图")
    sheet.page.locator("dialog[open] [name=name]").fill("我的布局")
    sheet.yes()
    sheet.page.wait_for_url("**/grid/complaint?view=*")
    sheet.ready()
    expect(sheet.page.locator("[data-views]")).to_contain_text("我的布局")
    expect(codes.nth(3)).to_have_attribute("data-code", "amount")
    expect(sheet.head("amount")).to_have_css("width", "200px")
    expect(sheet.head("case_no")).to_have_count(0)


def test_a_view_shared_with_a_role_has_an_address_that_colleagues_open(desk: Desk) -> None:
    desk.enter(
        {"kind": "服务", "helpers": (desk.site.ids["colleague"],)},
        {"kind": "质量", "helpers": (desk.site.ids["colleague"],)},
    )
    sheet = desk.at()
    sheet.column_menu("kind", "按值筛选")
    sheet.page.locator(".g-panel-values label", has_text="服务").click()
    sheet.page.locator(".g-panel-values").get_by_role("button", name="筛选").click()
    expect(sheet.total).to_have_text("共 1 条")
    sheet.menu("[data-views]", "另存为视图")
    sheet.page.locator("dialog[open] [name=name]").fill("服务类")
    sheet.page.locator("dialog[open]").get_by_label("文员").check()
    sheet.yes()
    sheet.page.wait_for_url("**?view=*")
    address = sheet.page.url.removeprefix(desk.url)
    other = desk.at("colleague", address)
    expect(other.total).to_have_text("共 1 条")
    expect(other.page.locator("[data-views]")).to_contain_text("服务类")
    chief = desk.window("chief")
    answer = chief.goto(address)
    assert answer is not None and answer.status == 404


def test_rows_are_coloured_by_state_and_by_days_left(desk: Desk) -> None:
    sheet = desk.at()
    sheet.menu("[data-colour]", "按状态着色")
    expect(sheet.line(0)).to_have_class(re.compile("tone-active"))
    sheet.open()
    expect(sheet.line(0)).to_have_class(re.compile("tone-active"))


def test_heads_tell_type_and_article(desk: Desk) -> None:
    sheet = desk.at()
    expect(sheet.head("subject")).to_have_attribute(
        "title", re.compile("事由 · 文字 · 必填[\\s\\S]*P1-A1[\\s\\S]*每件投诉登记并编号")
    )
    expect(sheet.head("amount").locator(".ti-currency-yuan")).to_be_visible()


def test_ticked_rows_move_together_are_exported_and_printed(desk: Desk) -> None:
    first, second = desk.enter({"result": "一"}, {"result": "二"})
    sheet = desk.at()
    for line, modifiers in ((0, []), (1, ["Shift"])):
        sheet.line(line).hover()
        sheet.line(line).locator(".g-gutter input").click(modifiers=modifiers)  # type: ignore[arg-type]
    bar = sheet.page.locator("[data-ticks]")
    expect(bar).to_contain_text("已选 2 行")
    bar.get_by_role("button", name="导出").click()
    box = sheet.page.locator("dialog[open]")
    expect(box.get_by_label("已选的 2 行")).to_be_checked()
    box.get_by_label("CSV (UTF-8)").check()
    with sheet.page.expect_download() as download:
        box.get_by_role("button", name="导出").click()
    assert len(Path(download.value.path()).read_text("utf-8-sig").splitlines()) == 3
    sheet.page.locator(".g-tools [data-export]").click()
    with sheet.page.expect_download() as download:
        box.get_by_role("button", name="导出").click()
    book = load_workbook(io.BytesIO(Path(download.value.path()).read_bytes()))
    assert book.active["A1"].value == "编号"
    assert book.active.max_row == 4
    sheet.page.evaluate("() => dispatchEvent(new Event('beforeprint'))")
    expect(sheet.page.locator("[data-paper] tbody tr")).to_have_count(2)
    bar.get_by_role("button", name="流转").click()
    sheet.page.locator(".g-panel").get_by_role("menuitem", name="结案").click()
    expect(sheet.page.locator("dialog[open]")).to_contain_text("签字")
    sheet.yes()
    expect(sheet.cell(0, "state")).to_have_text("已结案")
    expect(sheet.cell(1, "state")).to_have_text("已结案")
    assert [desk.read(r)["state"] for r in (first, second)] == ["closed", "closed"]


def test_a_far_place_is_reached_at_once_and_only_windows_are_fetched(desk: Desk) -> None:
    desk.enter(*({"subject": f"第 {n} 件"} for n in range(3000)))
    page = desk.window("owner", width=1440)
    asked: list[int] = []
    page.on(
        "request",
        lambda request: asked.append(request.post_data_json["offset"]) if request.url.endswith("/window") else None,
    )
    page.goto("/grid/complaint")
    expect(page.locator("[data-total]")).to_have_text("共 3,001 条")
    expect(page.locator(".g-cell.is-active")).to_be_visible()
    expect(page.locator(".g-input")).to_be_focused()
    page.keyboard.press("Control+End")
    expect(page.locator(f'.g-row[aria-rowindex="{3001 + 1}"] .g-no')).to_have_text("3001")
    page.evaluate("() => { const s = document.querySelector('.g-scroll'); s.scrollTop = 1500 * 30; }")
    expect(page.locator('.g-row[aria-rowindex="1510"] [data-code="record_no"]')).to_have_text(re.compile("TS-"))
    assert len(asked) < 10
    assert page.locator(".g-body .g-row").count() < 60


def test_frozen_columns_stay_in_place_while_the_sheet_moves_sideways_and_when_it_rests(desk: Desk) -> None:
    sheet = desk.at(width=1000)
    moved = """async (to) => {
        const scroller = document.querySelector(".g-scroll"), { left } = scroller.getBoundingClientRect();
        if (to !== null) { scroller.scrollLeft = to; for (let n = 0; n < 2; n++) await new Promise(requestAnimationFrame); }
        const cells = document.querySelectorAll(".g-row[aria-rowindex='1'] .is-frozen, .g-row[aria-rowindex='2'] .is-frozen");
        return [...cells].map((cell) => cell.getBoundingClientRect().left - left);
    }"""
    before = sheet.page.evaluate(moved, None)
    assert len(before) == 4
    for to in (300, 700, 0):
        assert sheet.page.evaluate(moved, to) == before
        expect(sheet.page.locator(".g-grid.is-sliding")).to_have_count(0)
        assert sheet.page.evaluate(moved, None) == before
        sheet.go(0, "record_no")


def test_a_group_of_rows_that_is_not_loaded_is_fetched_before_it_is_filled(desk: Desk) -> None:
    desk.enter(*({} for _ in range(399)), {"score": 5})
    sheet = desk.at()
    sheet.go(0, "score")
    sheet.press("Control+Shift+ArrowDown", "Shift+ArrowUp", "Control+d")
    expect(sheet.cell(399, "score")).to_have_text("5")
    sheet.settled()
    assert desk.every("score").count(5) == 400


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (1440, "dark"), (375, "light")])
@pytest.mark.parametrize("url", ["/grid/complaint", "/grid/complaint?mode=board", "/grid/complaint?mode=calendar"])
def test_the_grid_has_no_serious_barrier_and_keeps_to_the_content_policy(
    desk: Desk, url: str, width: int, theme: Literal["light", "dark"]
) -> None:
    desk.enter({"amount": Decimal(5)})
    page = desk.window("owner", width=width, theme=theme)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    expect(page.locator("[data-grid][data-ready]")).to_be_attached()
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run({resultTypes: ['violations']})")
    serious = [
        (v["id"], [n["html"][:200] + n["failureSummary"] for n in v["nodes"][:3]])
        for v in found["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert complaints == []


@pytest.mark.parametrize("mode", ["grid", "board", "calendar"])
def test_a_telephone_shows_the_same_records(desk: Desk, mode: str) -> None:
    desk.enter({"subject": "电话上看"})
    page = desk.window("owner", width=375)
    page.goto(f"/grid/complaint?mode={mode}")
    expect(page.locator("[data-grid][data-ready]")).to_be_attached()
    if mode != "calendar":
        expect(page.locator(".g-card", has_text="电话上看")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    if mode == "grid":
        page.fill("[data-find]", "没有这样的")
        expect(page.locator(".g-cards-end")).to_have_text("没有符合条件的记录")


def test_the_grid_speaks_english(desk: Desk) -> None:
    desk.enter({"amount": Decimal(5)})
    page = desk.window("owner", language="en")
    page.goto("/grid/complaint")
    expect(page.locator("[data-total]")).to_have_text("2 records in all")
    expect(page.locator(".g-tools")).to_contain_text("Filter")
    expect(page.locator(".tabs")).to_have_text(re.compile(r"Grid\s*List\s*Board\s*Calendar"))
    page.locator('.g-row[aria-rowindex="2"] [data-code="amount"]').click()
    page.keyboard.type("much")
    page.keyboard.press("Enter")
    expect(page.locator(".g-tip")).to_contain_text("Restore the cell")
    ours = page.locator(".g-tools, .g-foot, .g-tip-acts, .g-title").all_inner_texts()
    assert [text for text in ours if re.search("[\u4e00-\u9fff]", text)] == []


def test_the_menu_opens_the_grid_and_the_list_stays_reachable(desk: Desk) -> None:
    page = desk.window("owner", width=1440)
    page.goto("/")
    page.locator("#side summary", has_text="服务").click()
    page.locator("#side").get_by_role("link", name="投诉").click()
    expect(page).to_have_url(f"{desk.url}/grid/complaint")
    page.locator(".tabs").get_by_role("link", name="列表").click()
    expect(page).to_have_url(f"{desk.url}/registers/complaint/list/")
    expect(page.locator(".tabs [aria-current]")).to_have_text("列表")
    page.locator(".tabs").get_by_role("link", name="看板").click()
    expect(page.locator(".g-lane")).to_have_count(2)


def test_a_sheet_without_rows_says_why_and_how_to_go_on(desk: Desk) -> None:
    sheet = desk.at(url="/grid/reply")
    expect(sheet.total).to_have_text("共 0 条")
    expect(sheet.page.locator(".g-row.is-fresh")).to_be_visible()
    expect(sheet.page.locator(".g-nothing")).to_have_text(re.compile("还没有记录.*在空行里直接填写"))
    sheet.page.goto("/grid/complaint")
    sheet.page.fill("[data-find]", "没有这样的")
    expect(sheet.page.locator(".g-nothing")).to_contain_text("没有符合条件的记录")
    sheet.page.locator(".g-nothing").get_by_role("button", name="全部清除").click()
    expect(sheet.total).to_have_text("共 1 条")
    expect(sheet.page.locator("[data-find]")).to_have_value("")


@pytest.mark.parametrize("many", [0, 1, 130])
def test_board_calendar_and_cards_hold_none_one_and_many(desk: Desk, many: int) -> None:
    now = datetime.now(UTC)
    desk.enter(*({"received_at": now, "handler": desk.site.ids["stranger"]} for _ in range(many)), by="stranger")
    page = desk.window("stranger", width=1440)
    page.goto("/grid/complaint?mode=board")
    lanes = page.locator(".g-lane")
    expect(lanes.locator(".count")).to_have_text([str(many), "0"])
    expect(page.locator(".g-card")).to_have_count(min(many, 30))
    expect(lanes.nth(1)).to_have_class(re.compile("is-empty"))
    if many > 30:
        lanes.nth(0).get_by_role("button", name="再显示一些（共 130 条）").click()
        expect(page.locator(".g-card")).to_have_count(100)
        lanes.nth(0).get_by_role("button", name="在表格中看全部 130 条").click()
        expect(page.locator("[data-total]")).to_have_text("共 130 条")
        expect(page.locator("[data-chips]")).to_contain_text("状态 等于 处理中")
    elif not many:
        expect(page.locator(".g-none")).to_have_text("还没有记录")
    page.goto("/grid/complaint?mode=calendar")
    expect(page.locator("[data-grid][data-ready]")).to_be_attached()
    if many and not page.locator(".g-due").count():  # due in the month to come
        page.get_by_role("button", name="下个月").click()
    expect(page.locator(".g-due")).to_have_count(min(many, 20))
    expect(page.locator(".g-rest")).to_have_text(["还有 110 条"] if many > 20 else [])
    if many > 20:
        page.click(".g-rest")
        expect(page.locator("[data-total]")).to_have_text("共 130 条")
    phone = desk.window("stranger", width=375)
    phone.goto("/grid/complaint")
    expect(phone.locator(".g-cards-end")).to_have_text(
        "正在载入…" if many > 50 else f"共 {many} 条" if many else "还没有记录"
    )
    for shown in (50, 100, 130):
        expect(phone.locator(".g-card")).to_have_count(min(many, shown))
        phone.locator(".g-cards-end").scroll_into_view_if_needed()


def test_a_telephone_filters_and_keeps_what_a_view_asks(desk: Desk) -> None:
    desk.enter({"kind": "服务", "subject": "留下的"}, {"kind": "质量", "subject": "筛掉的"})
    page = desk.window("owner", width=375)
    page.goto("/grid/complaint")
    page.click(".g-tools [data-filter]")
    box = page.locator(".g-panel-filter")
    box.get_by_label("字段").select_option("kind")
    box.get_by_label("比较").select_option("eq")
    box.get_by_label("值").select_option("服务")
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
    box.get_by_role("button", name="筛选").click()
    expect(page.locator(".g-card b")).to_have_text(["留下的"])
    page.reload()
    expect(page.locator(".g-card b")).to_have_text(["留下的"])
    page.locator("[data-chips] button").click()
    expect(page.locator(".g-card")).to_have_count(3)


def test_the_page_brings_every_sentence_of_the_scripts_and_names_every_script() -> None:
    said = {text for path in GRID.glob("*.js") for text in re.findall(r'say\(\s*"([^"]+)"', path.read_text("utf-8"))}
    brought = set(
        re.findall(r'^  "([^"]+)": _\("\1"\)', (ROOT / "app/templates/parts/grid_words.html").read_text("utf-8"), re.M)
    )
    chosen = {"是", "否"}
    assert {text for text in said if re.search("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]", text)} - brought == set()
    assert brought - said == chosen
    named = set(
        re.findall(
            r'"([a-z]+)"',
            re.findall(r"{% for name in \[(.*?)\] %}", (ROOT / "app/templates/grid.html").read_text("utf-8"), re.S)[0],
        )
    )
    assert named | {"page"} == {path.stem for path in GRID.glob("*.js")}
