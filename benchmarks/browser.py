"""The sheet over very many cards in a real browser: what a person waits for, and whether any frame is long."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.chromium import ARGUMENTS, find

ROUNDS, NOTCHES, FRAMES = 5, 60, 240
TARGETS = {"first rows after navigation": 1_200.0, "worst frame": 50.0}
"""Milliseconds that are not to be exceeded."""
DEEP, CELL = 0.9, "complainant_name"
"""Where cells are edited and pasted: as a share of all rows, and the column."""

_WATCH = """
const seen = window.seen = { frames: [], long: [], first: null };
new PerformanceObserver((list) => seen.long.push(...list.getEntries().map((e) => e.duration))).observe({ type: "longtask", buffered: true });
const filled = () => document.querySelector(".g-body .g-row:not(.is-blank):not(.is-waiting) .g-cell[data-code=record_no]")?.textContent;
let before = null, drawn = false;
const tick = (now) => {
  if (before !== null) seen.frames.push(now - before);
  before = now;
  if (drawn && seen.first === null) seen.first = now;
  drawn ||= Boolean(filled());
  requestAnimationFrame(tick);
};
requestAnimationFrame(tick);
"""
"""A frame in which rows are there is on the screen when the next one begins."""

_GO = """async (line) => {
  const { grid } = document.querySelector("[data-grid]");
  const frame = () => new Promise(requestAnimationFrame);
  const start = performance.now();
  grid.scroller.scrollTop = line * 30;
  do await frame(); while (!grid.lines.at(line).row || grid.sheet.todo.size || !grid.sheet.rows.has(line));
  await frame();
  return performance.now() - start;
}"""

_ASK = """async (asked) => {
  const { grid } = document.querySelector("[data-grid]");
  const frame = () => new Promise(requestAnimationFrame);
  const start = performance.now();
  await grid.ask(asked);
  while (grid.sheet.todo.size) await frame();
  await frame();
  return performance.now() - start;
}"""

_THROUGH = """async (frames) => {
  const { scroller } = document.querySelector("[data-grid]").grid;
  const far = scroller.scrollHeight - scroller.clientHeight;
  for (let n = 0; n <= frames; n++) { scroller.scrollTop = far * n / frames; await new Promise(requestAnimationFrame); }
}"""


def measure(port: int, rows: int, username: str, password: str, narrowed: dict[str, Any], word: str) -> dict[str, Any]:
    """Return milliseconds by what was waited for, the frames of each kind of movement, and the heap in MB.

    The panel listens on ``port`` with ``rows`` cards; ``narrowed`` is a filter with sort, ``word`` is searched for.
    """
    path = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{port}", permissions=["clipboard-read", "clipboard-write"]
        )  # fmt: skip
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto("/login/")
        page.fill("[name=username]", username)
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "/login" not in url)
        page.add_init_script(_WATCH)
        found = _walk(page, rows, narrowed, word)
        browser.close()
    return found


def _walk(page: Page, rows: int, narrowed: dict[str, Any], word: str) -> dict[str, Any]:
    waited: dict[str, list[float]] = {}
    frames: dict[str, dict[str, float]] = {}
    with _frames(page, frames, "nothing moves", blank=True):
        page.wait_for_timeout(2_000)
    for _ in range(ROUNDS):
        waited.setdefault("first rows after navigation", []).append(_open(page))
    deep = int(rows * DEEP)
    with _frames(page, frames, "jumps"):
        for n in range(ROUNDS):
            for name, line in {"jump to the middle": rows // 2, "jump to the end": rows - 30}.items():
                waited.setdefault(name, []).append(page.evaluate(_GO, line - n * 1_000 * (n > 0)))
    for name, line in {"wheel at the top": 0, "wheel in the middle": rows // 2, "wheel at 9/10": deep}.items():
        page.evaluate(_GO, line)
        page.mouse.move(700, 500)
        with _frames(page, frames, name):
            for _ in range(NOTCHES):
                page.mouse.wheel(0, 400)
    with _frames(page, frames, "scrollbar from end to end"):
        page.evaluate(_THROUGH, FRAMES)
    with _frames(page, frames, "editing and pasting"):
        for n in range(ROUNDS):
            for name, ms in _edit(page, deep + 20 * n).items():
                waited.setdefault(name, []).append(ms)
    asked: dict[str, dict[str, Any]] = {
        "filter with sort": narrowed,
        "search": {"search": word},
        "sort alone": {"sort": [{"field": "category", "desc": False}]},
    }
    nothing: dict[str, Any] = {"filter": None, "sort": [], "search": ""}
    with _frames(page, frames, "filtering, searching, sorting"):
        for _ in range(ROUNDS):
            for name, what in asked.items():
                waited.setdefault(name, []).append(page.evaluate(_ASK, nothing | what))
            page.evaluate(_ASK, nothing)
    return {"waited": {k: statistics.median(v) for k, v in waited.items()}, "frames": frames, "heap_mb": _heap(page)}


def _open(page: Page) -> float:
    page.goto("/grid/complaint")
    page.wait_for_function("() => window.seen.first !== null && document.querySelector('[data-grid]').grid?.rows.exact")
    return float(page.evaluate("() => window.seen.first"))


def _edit(page: Page, line: int) -> dict[str, float]:
    """Type into one cell, paste into three, each until the server has answered, and undo both."""
    page.evaluate(_GO, line)
    page.locator(f'.g-body .g-row[aria-rowindex="{line + 4}"] .g-cell[data-code="{CELL}"]').click()
    page.keyboard.type("x")
    took = {"save a cell": _answered(page, "Enter")}
    page.evaluate("() => navigator.clipboard.writeText('甲\\n乙\\n丙')")
    took["paste a block"] = _answered(page, "Control+v")
    for _ in took:
        _answered(page, "Control+z")
    return took


def _answered(page: Page, key: str) -> float:
    start = time.perf_counter()
    with page.expect_response(lambda r: r.url.endswith(("/change", "/undo"))) as answer:
        page.keyboard.press(key)
    assert answer.value.ok, answer.value.text()
    page.wait_for_function("() => !document.querySelector('[data-grid]').grid.changes.open")
    return 1000 * (time.perf_counter() - start)


@contextmanager
def _frames(page: Page, into: dict[str, dict[str, float]], name: str, blank: bool = False) -> Iterator[None]:
    """Note the frames of what is done meanwhile."""
    if blank:
        page.goto("about:blank")
    page.evaluate("() => { seen.frames.length = seen.long.length = 0; }")
    yield
    page.wait_for_timeout(200)
    frames, long = page.evaluate("() => [seen.frames, seen.long]")
    into[name] = {
        "median": statistics.median(frames), "p95": sorted(frames)[int(len(frames) * 0.95)], "worst": max(frames),
        "over_50": sum(f > TARGETS["worst frame"] for f in frames), "frames": len(frames),
        "long_tasks": len(long), "longest_task": max(long, default=0.0),
    }  # fmt: skip


def _heap(page: Page) -> float:
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(page.evaluate("() => performance.memory.usedJSHeapSize")) / 1e6


def show(found: dict[str, Any]) -> None:
    """Print what was found, the targets beside it."""
    print("  in Chromium, median milliseconds")
    for name, ms in found["waited"].items():
        target = f"   (at most {TARGETS[name]:,.0f})" if name in TARGETS else ""
        print(f"  {name:32}{ms:10.0f}{target}")
    print(f"  {'frames in milliseconds':32}{'median':>10}{'95 %':>10}{'worst':>10}{'over 50':>10}{'longest task':>15}")
    for name, f in found["frames"].items():
        print(
            f"  {name:32}{f['median']:10.1f}{f['p95']:10.1f}{f['worst']:10.1f}{f['over_50']:6.0f} of {f['frames']:<4.0f}{f['longest_task']:10.0f}"
        )
    print(f"  JavaScript heap {found['heap_mb']:.0f} MB", flush=True)
