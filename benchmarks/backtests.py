"""A draft tried on a history of obligations, beside a bare reading of the rows that it judges."""

from __future__ import annotations

import sqlite3
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app.exchange import importing
from app.models.ledger import breach, obligation
from app.services import comparing, publishing, replay, sweep, whatif
from benchmarks import site
from benchmarks.measure import measured
from benchmarks.sweeps import LATER
from tests.servers import libpq

COMPLAINTS = "registers/complaints/complaint.yaml"
READ = ("r_complaint", "obligation", "breach")


def panel(url: str, folder: str, file: str) -> dict[str, Any]:
    """Import cards, sweep until all is late, and try the definitions with every limit in days one day longer."""
    opened = site.open_site(url, Path(folder))
    report = importing.run(
        opened.panel, opened.actor(site.CLERK), "complaint", Path(file), now=site.NOW, mode="good", again=True
    )
    assert (report.state, report.refused) == ("done", 0), report.errors[:5]
    now = site.NOW + LATER
    sweep.run(opened.panel, now)
    text = publishing.current(opened.panel.engine).files[COMPLAINTS]
    files = whatif.merged(opened.panel, {COMPLAINTS: text.replace("{days: 7,", "{days: 8,")})
    catalog = publishing.plan(opened.panel.engine, files).catalog
    assert catalog is not None
    draft = replay.Draft(date(2026, 1, 1), date(2026, 12, 31), catalog)
    with measured() as watch, replay.replayed(opened.panel, now, draft=draft) as found:
        differences = sum(1 for _ in comparing.both(found))
        rows = found.work.connection.execute(select(func.count()).select_from(obligation)).scalar_one()
        breaches = found.work.connection.execute(select(func.count()).select_from(breach)).scalar_one()
    opened.panel.engine.dispose()
    return watch.figures(rows) | {
        "obligations": rows, "breaches": breaches, "differences": differences, "raised_mb": watch.megabytes,
    }  # fmt: skip


def bare(url: str, rows: int) -> dict[str, Any]:
    """Read every record, obligation and breach of the same database with the driver alone."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        with measured() as watch:
            connection = sqlite3.connect(str(parsed.database))
            for table in READ:
                for _ in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608  # names of our own
                    pass
            connection.close()
    else:
        with measured() as watch, psycopg.connect(libpq(url)) as wire:
            for table in READ:
                with wire.cursor(name="bare") as cursor:
                    cursor.itersize = 5_000
                    for _ in cursor.execute(f"SELECT * FROM {table}"):  # noqa: S608  # names of our own
                        pass
    return watch.figures(rows)
