"""Writing a formula in the browser: names and functions complete by keys, mistakes are shown at their place."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.web.sheets import Desk


def test_a_formula_is_written_by_keyboard_with_help(desk: Desk) -> None:
    page = desk.window("admin", width=1280)
    page.goto("/formulas?register=customer")
    area, offered = page.locator("#formula"), page.locator(".formula-list [role=option]")
    page.wait_for_function("() => document.querySelector('.formula-box')")
    area.click()
    page.keyboard.type("LE")
    expect(offered.first).to_contain_text("LEFT(文字, [个数])")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(area).to_have_value("LEN(")
    expect(page.locator(".formula-usage")).to_contain_text("字数")
    page.keyboard.type("[电")
    expect(offered.first).to_contain_text("[电话]")
    page.keyboard.press("Tab")
    expect(area).to_have_value("LEN([电话]")
    expect(page.locator(".formula-says")).to_contain_text("LEN 缺少右括号")
    expect(area).to_have_attribute("aria-invalid", "true")
    page.keyboard.type(") + [无]")
    expect(page.locator(".formula-says")).to_contain_text("没有字段“无”")
    page.locator(".formula-place").click()
    chosen = page.evaluate(
        "() => { const a = document.activeElement; return a.value.slice(a.selectionStart, a.selectionEnd); }"
    )
    assert chosen == "[无]"
    page.keyboard.type("1")
    expect(page.locator(".formula-says")).to_contain_text("公式可用，得出数字")
    expect(area).to_have_value("LEN([电话]) + 1")
