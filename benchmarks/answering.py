"""Pages while files go in and out: how long a person waits for one, with nothing else going on and beside an export and an import.

The panel is served as ``python -m app.running`` serves it. An export is taken through its own web process; the import runs in
a process of its own, as the worker's do.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks import grid, imports, load, site
from benchmarks.wire import Client, panel_settings, served
from tests.servers import Databases

PEOPLE, PAUSE, SECONDS = 4, 0.1, 20
"""Who look at pages at the same time, each with a pause after every page, for so long."""
IMPORTED = 100_000


def measure(make: Databases, dialect: Any, folder: Path, rows: int) -> dict[str, Any]:
    """Load ``rows`` cards and return milliseconds of pages and saves, alone and beside files."""
    file = folder / f"cards-{IMPORTED}.csv"
    if not file.exists():
        site.write_cards(file, IMPORTED)
    url = make(dialect)
    load.load(url, rows)
    grid.let_in(url)
    figures: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(prefix="pages-") as instance,
        served("app.live:application", workers=1, threads=8, **panel_settings(url, instance)) as port,
    ):
        _lived(port, rows, seconds=3)  # what a process reads once is read
        figures["alone"] = _look(port, rows)
        with _exporting(port) as taken:
            figures["beside an export"] = _look(port, rows)
        figures["beside an export"]["megabytes"] = taken[0] / 1e6
        with _importing(url, instance, file):
            figures["beside an import"] = _look(port, rows)
        with _importing(url, instance, file), _exporting(port):
            figures["beside both"] = _look(port, rows)
    return {"what": "answering", "database": dialect, "rows": rows, "figures": figures}


def _look(port: int, rows: int) -> dict[str, Any]:
    """Return what people who look through lists and records, and now and then save a cell, wait for in milliseconds."""
    pages, saves = _lived(port, rows, SECONDS)
    return {"pages": _spread(pages), "saves": _spread(saves)}


def _lived(port: int, rows: int, seconds: float) -> tuple[list[float], list[float]]:
    """Let people work for so many seconds; return how long each page and each save took, in milliseconds."""
    pages: list[float] = []
    saves: list[float] = []

    def person(number: int) -> None:
        chance, panel = random.Random(number), grid.Panel(port)
        end = time.perf_counter() + seconds
        while (start := time.perf_counter()) < end:
            pick, times = chance.random(), pages
            if pick < 0.4:
                panel.first()
            elif pick < 0.9:
                status, _ = panel.client.ask("GET", f"/registers/complaint/show/{chance.randrange(1, rows)}")
                assert status in (200, 404), status  # some cards are not for an officer's eyes
            elif panel.record(card := chance.randrange(1, rows)):  # shown before it is changed
                times, start = saves, time.perf_counter()
                panel.save(card)
            times.append(1000 * (time.perf_counter() - start))
            time.sleep(PAUSE)

    everybody = [Thread(target=person, args=(n,)) for n in range(PEOPLE)]
    for one in everybody:
        one.start()
    for one in everybody:
        one.join()
    return pages, saves


def _spread(times: list[float]) -> dict[str, float]:
    found = sorted(times)
    return {
        "count": len(found),
        **{f"p{p}": found[min(len(found) - 1, len(found) * p // 100)] for p in (50, 95, 99)},
        "most": found[-1],
    }


@contextmanager
def _exporting(port: int) -> Iterator[list[int]]:
    """Take one file of all cards after the other; gives the bytes that came."""
    came, over = [0], Event()

    def take() -> None:
        client = Client(port)
        client.sign_in(site.CLERK, grid.PASSWORD)
        while not over.is_set():
            came[0] += client.drain("/exports/complaint.csv", over.is_set)

    taker = Thread(target=take)
    taker.start()
    try:
        yield came
    finally:
        over.set()
        taker.join()


@contextmanager
def _importing(url: str, folder: str, file: Path) -> Iterator[None]:
    """Import one file of cards after the other, good rows in batches."""
    importer = multiprocessing.get_context("spawn").Process(target=_import, args=(url, folder, str(file)))
    importer.start()
    try:
        yield
    finally:
        importer.kill()
        importer.join()


def _import(url: str, folder: str, file: str) -> None:
    os.nice(5)  # as the worker is
    while True:
        imports.panel(url, folder, file, "good")


def show(figures: dict[str, Any]) -> None:
    """Print what a person waits for."""
    print(f"answering {figures['database']}: {figures['rows']:,} cards, {PEOPLE} people, milliseconds")
    print(
        f"  {'':20}{'pages':>7}{'p50':>8}{'p95':>8}{'p99':>8}{'most':>8}   {'saves':>5}{'p50':>8}{'p95':>8}{'most':>8}"
    )
    for name, f in figures["figures"].items():
        p, s = f["pages"], f["saves"]
        told = f"{p['count']:7}" + "".join(f"{p[k]:8.0f}" for k in ("p50", "p95", "p99", "most"))
        told += f"   {s['count']:5}" + "".join(f"{s[k]:8.0f}" for k in ("p50", "p95", "most"))
        print(f"  {name:20}{told}" + (f"   {f['megabytes']:,.0f} MB taken" if "megabytes" in f else ""), flush=True)
