"""The designer as a person uses it: pages are clicked and typed into, nothing else."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class Workshop:
    """A window of an administrator in which registers are designed."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def begin(self, name: str, *fields: tuple[str, str, str], draft: int | None = None, **more: str) -> int:
        """Fill in the first form of a register, fields as (label, type, options; ``*`` before them: required), and return the draft it came into."""
        self.page.goto("/drafts/new-register" + (f"?draft={draft}" if draft else ""))
        self.page.get_by_label("名称", exact=False).first.fill(name)
        for label, value in more.items():
            field = self.page.locator(f"#{label}")
            if field.evaluate("e => e.tagName") == "SELECT":
                field.select_option(value)
            else:
                field.fill(value)
        for n, (label, kind, options) in enumerate(fields, 1):
            line = self.page.get_by_role("group", name=f"字段 {n}", exact=True)
            line.get_by_label(f"名称 {n}").fill(label)
            line.get_by_label(f"类型 {n}").select_option(label=kind)
            line.get_by_label(f"单选的选项 {n}").fill(options.removeprefix("*"))
            line.get_by_label("必填").set_checked(options.startswith("*"))
        self.page.get_by_role("button", name="建立草稿并继续设计").click()
        self.ready()
        return int(self.page.url.split("/drafts/")[1].split("/")[0])

    def ready(self) -> None:
        expect(self.page.locator("[data-designer][data-ready]")).to_be_attached()

    def section(self, name: str) -> None:
        self.page.locator(".d-tabs").get_by_role("link", name=name, exact=True).click()
        expect(self.page.locator(".d-section h2")).to_have_text(name)

    def card(self, name: str) -> Locator:
        """Return the card of the part that bears a name."""
        return self.page.locator(".d-section").get_by_role("group", name=name, exact=True)

    def choose(self, label: str, option: str, within: Locator | None = None, nth: int = 0) -> None:
        """Choose from a drop-down by what it and its option are called; long ones fill when they are reached."""
        box = (within or self.page.locator(".d-section")).get_by_label(label, exact=True).nth(nth)
        box.focus()
        box.select_option(label=option)

    def add(self, what: str, within: Locator, nth: int = -1) -> None:
        """Add a blank to a sentence from its ＋."""
        more = within.get_by_label("补充", exact=True)
        box = more.last if nth < 0 else more.nth(nth)
        box.focus()
        box.select_option(label=what)

    def press(self, name: str, within: Locator | None = None) -> None:
        (within or self.page.locator(".d-section")).get_by_role("button", name=name, exact=True).first.click()

    def fill(self, label: str, text: str, within: Locator | None = None, nth: int = 0) -> None:
        (within or self.page.locator(".d-section")).get_by_label(label, exact=True).nth(nth).fill(text)

    def saved(self) -> None:
        """Wait until the draft holds everything."""
        expect(self.page.locator("[data-status]")).to_have_attribute("data-state", "saved")

    def sound(self) -> None:
        """Wait until everything is saved, and see that nothing is wrong."""
        self.saved()
        expect(self.page.locator("[data-count-found]")).to_have_text(re.compile("没有问题|提醒"))
