"""Takes the pictures in docs/screens from a running demo company: ``python -m tests.screens http://127.0.0.1:8000 PASSWORD``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.chromium import ARGUMENTS, find

FOLDER = Path(__file__).parents[1] / "docs" / "screens"
DESK, PHONE = (1440, 900), (375, 812)
LANDED = 60_000
"""Milliseconds that a page may take; pictures are often taken while the demo is still being loaded."""


def _nothing(page: Page) -> None:
    """Take the page as it opens."""


def _first_link(pattern: str) -> Callable[[Page], None]:
    """Return the act of following the first link on the page whose address holds ``pattern``."""

    def act(page: Page) -> None:
        page.goto(str(page.locator(f'main a[href*="{pattern}"]').first.get_attribute("href")))

    return act


def _dark(page: Page) -> None:
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()


@dataclass(frozen=True)
class Shot:
    """One picture: its file, who looks (nobody: before signing in), where, what is done first, and the window in pixels."""

    name: str
    who: str
    path: str
    act: Callable[[Page], None] = _nothing
    size: tuple[int, int] = DESK


SHOTS = (
    Shot("login", "", "/login/"),
    Shot("home", "admin", "/"),
    Shot("register", "yangyang", "/grid/complaint"),
    Shot("board", "yangyang", "/grid/complaint?mode=board"),
    Shot("calendar", "yangyang", "/calendar"),
    Shot("list", "yangyang", "/registers/complaint/list/"),
    Shot("record", "yangyang", "/registers/complaint/list/", _first_link("/registers/complaint/show/")),
    Shot("form", "yangyang", "/registers/complaint/add"),
    Shot("work", "liming", "/work"),
    Shot("inbox", "liming", "/inbox"),
    Shot("fines", "linfang", "/fines"),
    Shot("why", "linfang", "/fines", _first_link("/fines/")),
    Shot("import", "hexiaoyu", "/imports/archive_signoff"),
    Shot("dark", "yangyang", "/grid/complaint", _dark),
    Shot("phone", "liming", "/work", size=PHONE),
    Shot("phone-register", "yangyang", "/registers/complaint/list/", size=PHONE),
)


def take(url: str, password: str, names: set[str]) -> None:
    """Take the pictures named, or all, from the panel at ``url``."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=list(ARGUMENTS))
        for shot in SHOTS:
            if names and shot.name not in names:
                continue
            width, height = shot.size
            page = browser.new_context(base_url=url, viewport={"width": width, "height": height}).new_page()
            page.set_default_timeout(LANDED)
            if shot.who:
                page.goto("/login/")
                page.fill("#username", shot.who)
                page.fill("#password", password)
                page.click("main button[type=submit]")
                page.wait_for_url(f"{url}/")
            page.goto(shot.path)
            shot.act(page)
            page.wait_for_load_state("load")
            page.wait_for_timeout(
                1_500
            )  # a page that hears of changes is never idle; this is for its rows to be painted
            page.screenshot(path=FOLDER / f"{shot.name}.png")
            sys.stdout.write(f"{shot.name}: {page.url}\n")
            page.context.close()
        browser.close()


if __name__ == "__main__":
    take(sys.argv[1].rstrip("/"), sys.argv[2], set(sys.argv[3:]))
