"""Takes the screenshots of this folder from a running demo: ``python docs/screens/take.py http://127.0.0.1:8000 PASSWORD``.

Whoever can sign in to the demo company with that password is shown what he sees; nothing is changed there. Raises SystemExit where a
page does not answer as it should, so that no error is kept as a picture.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).parent
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 375, "height": 812}


@dataclass(frozen=True)
class Shot:
    """A picture: its name, who is signed in (nobody: the page before), the address, and what is clicked there first."""

    name: str
    who: str
    address: str
    click: str = ""
    size: str = "desk"
    dark: bool = False


SHOTS = (
    Shot("login", "", "/login/"),
    Shot("home", "chenjing", "/"),
    Shot("waiting", "wujing", "/waiting"),
    Shot("work", "chenjing", "/work"),
    Shot("register", "chenjing", "/grid/complaint"),
    Shot("list", "chenjing", "/registers/complaint/list/"),
    Shot("board", "chenjing", "/grid/complaint?mode=board"),
    Shot("calendar", "chenjing", "/grid/complaint?mode=calendar"),
    Shot("record", "chenjing", "/registers/complaint/list/", "table a[href*='/show/']"),
    Shot("form", "chenjing", "/registers/complaint/add"),
    Shot("import", "chenjing", "/imports/complaint"),
    Shot("inbox", "chenjing", "/inbox"),
    Shot("fines", "linfang", "/fines"),
    Shot("why", "linfang", "/fines", "main a[href*='/fines/']"),
    Shot("dark", "chenjing", "/grid/complaint", dark=True),
    Shot("phone", "chenjing", "/work", size="phone"),
    Shot("phone-register", "chenjing", "/registers/complaint/list/", size="phone"),
)


def main(base: str, password: str) -> None:
    """Take all pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for shot in SHOTS:
            with signed_in(browser, base, shot, password) as page:
                show(page, f"{base}{shot.address}")
                if shot.click:
                    page.locator(shot.click).first.click()
                    page.wait_for_load_state("networkidle")
                page.screenshot(path=HERE / f"{shot.name}.png")
        browser.close()


@contextmanager
def signed_in(browser: Browser, base: str, shot: Shot, password: str) -> Iterator[Page]:
    """Give a page of a fresh browser in which somebody has signed in."""
    size = PHONE if shot.size == "phone" else DESK
    context = browser.new_context(viewport=size, locale="zh-CN", color_scheme="dark" if shot.dark else "light")  # type: ignore[arg-type]
    page = context.new_page()
    if shot.who:
        page.goto(f"{base}/login/")
        page.fill("input[name=username]", shot.who)
        page.fill("input[name=password]", password)
        page.press("input[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
    yield page
    context.close()


def show(page: Page, address: str) -> None:
    """Open an address and wait until it is drawn."""
    answer = page.goto(address)
    if answer is None or not answer.ok:
        raise SystemExit(f"{address}: {answer.status if answer else 'no answer'}")
    page.wait_for_load_state("networkidle")


if __name__ == "__main__":
    main(*sys.argv[1:])
