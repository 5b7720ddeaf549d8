"""People at the grid: a site that listens, windows of a real browser signed in as each, and the cells that they see."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Thread
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect
from werkzeug.serving import BaseWSGIServer, make_server

from app.services import records
from app.services.panel import Actor
from tests.web.site import Site

expect.set_options(timeout=60_000)  # a condition is waited for, however busy the machine is

WIDE = 3400
"""Pixels in which all columns of the complaint stand side by side, so that every cell is in the page."""


class Sheet:
    """One window that shows the grid of a register."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def open(self, url: str = "/grid/complaint") -> Sheet:
        self.page.goto(url)
        self.ready()
        return self

    def ready(self) -> None:
        expect(self.page.locator("[data-grid][data-ready]")).to_be_attached()

    def line(self, line: int) -> Locator:
        """Return a line by its number, from 0 for the first below the heads."""
        return self.page.locator(f'.g-body .g-row[aria-rowindex="{line + 2}"]')

    def cell(self, line: int, code: str) -> Locator:
        return self.line(line).locator(f'.g-cell[data-code="{code}"]')

    def head(self, code: str) -> Locator:
        return self.page.locator(f'.g-head .g-cell[data-code="{code}"]')

    def column_of(self, code: str) -> Locator:
        """Return the cells of a column from top to bottom, without the empty line at the end."""
        return self.page.locator(f'.g-body .g-row:not(.is-fresh) .g-cell[data-code="{code}"]')

    def go(self, line: int, code: str) -> Locator:
        """Click on a cell."""
        cell = self.cell(line, code)
        cell.click()
        expect(cell).to_have_class(re.compile("is-active"))
        return cell

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def enter(self, line: int, code: str, text: str) -> Locator:
        """Type into a cell, confirm with Enter, and wait until the server has answered."""
        cell = self.go(line, code)
        self.type(text)
        self.press("Enter")
        self.settled()
        return cell

    def settled(self) -> None:
        """Wait until nothing is on its way any more."""
        expect(self.page.locator("[data-saving]")).to_be_hidden()

    def paste(self, text: str) -> None:
        """Paste text as another program put it on the clipboard."""
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.press("Control+v")

    def copied(self) -> str:
        """Copy what is chosen and return the text of the clipboard."""
        self.page.evaluate("() => navigator.clipboard.writeText('')")
        self.press("Control+c")
        self.page.wait_for_function("async () => (await navigator.clipboard.readText()) !== ''")
        return str(self.page.evaluate("() => navigator.clipboard.readText()"))

    def yes(self) -> None:
        """Answer the open dialog with its last button."""
        self.page.locator("dialog[open] .ask-acts .btn").last.click()

    def menu(self, opener: str, entry: str) -> None:
        """Open a menu of the tools and choose an entry."""
        self.page.locator(f".g-tools {opener}").click()
        self.page.locator(".g-panel").get_by_role("menuitem", name=entry, exact=True).click()

    def column_menu(self, code: str, entry: str) -> None:
        self.head(code).hover()
        self.head(code).locator(".g-menu").click()
        self.page.locator(".g-panel").get_by_role("menuitem", name=entry, exact=True).click()

    def show(self, code: str) -> None:
        """Show a column that the register's own list leaves out."""
        self.page.click("[data-columns]")
        self.page.locator(f"#g-col-{code}").check()
        self.press("Escape")
        expect(self.head(code)).to_be_attached()

    @property
    def tip(self) -> Locator:
        return self.page.locator(".g-tip")

    @property
    def total(self) -> Locator:
        return self.page.locator("[data-total]")

    @property
    def says(self) -> Locator:
        return self.page.locator("[data-says]")


@dataclass
class Desk:
    """A listening site; ``at`` opens a window of the grid for somebody."""

    site: Site
    browser: Browser
    server: BaseWSGIServer
    thread: Thread
    streams: int
    contexts: list[BrowserContext] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def window(
        self, who: str, width: int = WIDE, theme: Literal["light", "dark"] = "light", language: str = ""
    ) -> Page:
        """Return an empty window signed in as somebody."""
        cookie = self.site.browser(who).client.get_cookie("session")
        assert cookie is not None
        context = self.browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, base_url=self.url, permissions=["clipboard-read", "clipboard-write"]
        )  # fmt: skip
        context.add_cookies([{"name": "session", "value": cookie.value, "url": self.url}])
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        if language:
            page.goto(f"/?lang={language}")
        return page

    def at(self, who: str = "owner", url: str = "/grid/complaint", **more: Any) -> Sheet:
        return Sheet(self.window(who, **more)).open(url)

    def enter(self, *rows: Mapping[str, Any], by: str = "owner") -> list[int]:
        """Enter complaints now; the last one stands in the first line of the grid."""
        with self.site.panel.work(self.site.actor(by), now=datetime.now(UTC)) as work:
            return records.create_many(work, "complaint", [{"subject": "甲", **row} for row in rows])

    def update(self, record: int, by: str = "colleague", **values: Any) -> None:
        with self.site.panel.work(self.site.actor(by), now=datetime.now(UTC)) as work:
            records.update(work, "complaint", record, values)

    def read(self, record: int) -> Mapping[str, Any]:
        """Return a complaint as the panel itself sees it."""
        with self.site.panel.reading(Actor.system()) as work:
            return records.get(work, "complaint", record)

    def every(self, code: str) -> Sequence[Any]:
        """Return one field of all complaints, the newest first."""
        table = self.site.panel.models.tables["complaint"]
        with self.site.panel.engine.connect() as connection:
            found = connection.execute(table.select().where(table.c.archived_at.is_(None)).order_by(table.c.id.desc()))
            return [row[code] for row in found.mappings()]

    def close(self) -> None:
        """Close all windows, then wait until the server has let go of each."""
        for context in self.contexts:
            context.close()
        for _ in range(self.streams):
            assert self.site.app.extensions["streams"].acquire(timeout=60), "a stream has kept its place"
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def listen(site: Site, browser: Browser, streams: int) -> Desk:
    """Let a site listen on a port of its own."""
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    return Desk(site, browser, server, thread, streams)
