"""The sweep over obligations that have all fallen due, beside a bare insert and update of as many rows."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app.exchange import importing
from app.models.ledger import breach, obligation, timer
from app.services import sweep
from benchmarks import site
from benchmarks.measure import measured
from tests.servers import libpq

LATER = timedelta(days=60)


def panel(url: str, folder: str, file: str) -> dict[str, Any]:
    """Import cards, let every obligation fall due, and sweep once."""
    opened = site.open_site(url, Path(folder))
    report = importing.run(
        opened.panel, opened.actor(site.CLERK), "complaint", Path(file), now=site.NOW, mode="good", again=True
    )
    assert (report.state, report.refused) == ("done", 0), report.errors[:5]
    due = site.NOW + LATER
    with opened.panel.engine.connect() as connection:
        waiting = select(func.count()).where(timer.c.fire_at <= due)
        timers = connection.execute(waiting).scalar() or 0
        obligations = connection.execute(select(func.count()).where(obligation.c.due_at <= due)).scalar() or 0
    with measured() as watch:
        done = sweep.run(opened.panel, due)
    with opened.panel.engine.connect() as connection:
        breaches = connection.execute(select(func.count()).select_from(breach)).scalar()
    opened.panel.engine.dispose()
    assert breaches == done.breaches
    return {
        "rows": obligations, "timers": timers, "breaches": done.breaches, "notices": done.notices, "batches": done.batches,
        "seconds": watch.seconds, "cpu_seconds": watch.cpu_seconds, "rows_per_second": obligations / watch.seconds, "peak_mb": watch.peak,
        "raised_mb": watch.megabytes,
    }  # fmt: skip


def bare(url: str, rows: int) -> dict[str, Any]:
    """Insert rows into a bare table and update each once, in two statements' worth of the driver's fastest way."""
    parsed = make_url(url)
    create = "CREATE TABLE bare (id INTEGER PRIMARY KEY, rule TEXT, at TEXT, state TEXT)"
    change = "UPDATE bare SET state = 'done' WHERE state = 'open'"
    made = ((n, "closed_late", "2026-03-05", "open") for n in range(rows))
    if parsed.get_backend_name() == "sqlite":
        with measured() as watch, sqlite3.connect(str(parsed.database)) as connection:
            connection.execute(create)
            connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?)", made)
            connection.execute(change)
        connection.close()
    else:
        with measured() as watch, psycopg.connect(libpq(url)) as wire:
            wire.execute(create)
            with wire.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                for row in made:
                    copy.write_row(row)
            wire.execute(change)
    return {
        "rows": rows,
        "seconds": watch.seconds,
        "cpu_seconds": watch.cpu_seconds,
        "rows_per_second": rows / watch.seconds,
        "peak_mb": watch.peak,
    }
