"""All cards of a register as a file, beside the bare table's rows written by ``csv.writer`` as the driver brings them."""

from __future__ import annotations

import csv
import sqlite3
import time
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from app.exchange import leaving
from app.exchange.exporting import Form, Wanted
from benchmarks import site
from benchmarks.measure import measured, own
from tests.servers import libpq

READ = "SELECT * FROM r_complaint ORDER BY id"


def panel(url: str, folder: str, form: Form) -> dict[str, Any]:
    """Take every card as a complaint officer does, with the columns that he may see and names for all that is linked."""
    opened = site.open_site(url, Path(folder))
    actor = opened.actor(site.CLERK)
    first, size = 0.0, 0
    idle = most = own()
    with measured() as watch:
        start = time.perf_counter()
        file = leaving.issue(opened.panel, actor, "complaint", Wanted(form=form), now=site.NOW, source="web")
        for part in file.parts:
            first = first or time.perf_counter() - start
            size += len(part)
            most = max(most, own())
    with opened.panel.reading(actor) as work:
        rows = leaving.rows_of(work, file.number)
    opened.panel.engine.dispose()
    return watch.figures(rows) | {
        "megabytes": size / 1e6, "first_byte_s": first, "raised_mb": watch.megabytes, "own_mb": most, "own_raised_mb": most - idle,
    }  # fmt: skip


def bare(url: str, folder: str) -> dict[str, Any]:
    """Write the table as it is, ids for names, into a file."""
    parsed, rows = make_url(url), 0
    with Path(folder, "bare.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        if parsed.get_backend_name() == "sqlite":
            with measured() as watch:
                connection = sqlite3.connect(str(parsed.database))
                for row in connection.execute(READ):
                    writer.writerow(row)
                    rows += 1
                connection.close()
        else:
            with measured() as watch, psycopg.connect(libpq(url)) as wire, wire.cursor(name="bare") as cursor:
                cursor.itersize = 5_000
                for row in cursor.execute(READ):
                    writer.writerow(row)
                    rows += 1
    return watch.figures(rows)
