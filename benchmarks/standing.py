"""Obligations that stand open while others are swept, and what looking for something to do costs when there is nothing."""

from __future__ import annotations

import sqlite3
import statistics
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, select
from sqlalchemy.engine import make_url

from app.models.bulk import insert_rows
from app.models.ledger import obligation, timer
from app.services import numbering, sweep
from app.services.keeping import TIMER
from app.services.panel import Actor
from benchmarks import site
from benchmarks.measure import apart, measured, peak
from tests.servers import Databases, libpq

BATCH, ROUNDS = 20_000, 200
MUCH_LATER = timedelta(days=400)
"""When what stands open is due: nothing that is measured reaches it."""


def lay(url: str, count: int) -> int:
    """Let some records owe so much more that ``count`` obligations stand open and none of them is due; return how many do."""
    opened = site.open_site(url, Path("/nonexistent"))
    laid = 0
    while laid < count:
        with opened.panel.work(Actor.system(), now=site.NOW, source="demo") as work:
            some = min(BATCH, count - laid)
            first = numbering.take(work, "obligation.id", some)
            like = _any(work.connection)
            due = {
                "due_at": like["due_at"] + MUCH_LATER,
                "due_on": like["due_on"] + MUCH_LATER,
                "state": "open",
                "done_at": None,
            }
            owed = [like | due | {"id": first + n, "cycle": 1_000_000 + laid + n} for n in range(some)]
            insert_rows(work.connection, obligation, owed)
            fire = [{"obligation": o["id"], "fire_at": o["due_at"], "kind": "breach", "seq": 1} for o in owed]
            insert_rows(work.connection, timer, fire, TIMER)
            laid += some
    opened.panel.engine.dispose()
    return laid


def _any(connection: Connection) -> dict[str, Any]:
    found = connection.execute(select(obligation).order_by(obligation.c.id.desc()).limit(1)).mappings().one()
    return dict(found)


def panel(url: str, rows: int) -> dict[str, Any]:
    """Sweep again and again when nothing is due; ``rows`` obligations stand open."""
    opened = site.open_site(url, Path("/nonexistent"))
    sweep.run(opened.panel, site.NOW)  # what is due by now, and everything that a process reads once
    times, cpu = [], time.process_time()
    with measured() as watch:
        for _ in range(ROUNDS):
            start = time.perf_counter()
            report = sweep.run(opened.panel, site.NOW)
            times.append(time.perf_counter() - start)
            assert report.timers == 0
    cpu = time.process_time() - cpu
    opened.panel.engine.dispose()
    return {
        "rows": rows, "milliseconds": 1_000 * statistics.median(times), "cpu_milliseconds": 1_000 * cpu / ROUNDS, "peak_mb": peak(),
        "raised_mb": watch.megabytes,
    }  # fmt: skip


def bare(url: str) -> dict[str, Any]:
    """Ask the same database with the driver alone what is due."""
    parsed, query = make_url(url), "SELECT obligation FROM timer WHERE fire_at <= {} ORDER BY fire_at LIMIT 1"
    times = []
    if parsed.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(parsed.database))
        for _ in range(ROUNDS):
            start = time.perf_counter()
            connection.execute(query.format("?"), (f"{site.NOW:%Y-%m-%d %H:%M:%S}",)).fetchall()
            times.append(time.perf_counter() - start)
        connection.close()
    else:
        with psycopg.connect(libpq(url)) as wire:
            for _ in range(ROUNDS):
                start = time.perf_counter()
                wire.execute(query.format("%s"), (site.NOW,)).fetchall()
                times.append(time.perf_counter() - start)
    return {"milliseconds": 1_000 * statistics.median(times)}


def measure(make: Databases, dialect: Any, standing_open: int) -> dict[str, Any]:
    """Look for something to do while nothing is due of what stands open."""
    url = make(dialect)
    site.fill(url)
    laid = lay(url, standing_open)
    ours, plain = apart(panel, url, laid), apart(bare, url)
    return {"what": "idle", "database": dialect, "panel": ours, "bare": plain}


def show(figures: dict[str, Any]) -> None:
    """Print what one look costs."""
    ours, plain = figures["panel"], figures["bare"]
    print(
        f"idle {figures['database']}: {ours['rows']:,} obligations stand open and nothing is due, median of {ROUNDS}: "
        f"{ours['milliseconds']:.2f} ms (CPU {ours['cpu_milliseconds']:.2f} ms); one bare query {plain['milliseconds']:.2f} ms",
        flush=True,
    )
