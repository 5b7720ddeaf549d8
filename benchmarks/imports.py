"""A file of complaint cards into the panel, beside the same rows straight into a bare table."""

from __future__ import annotations

import csv
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import func, select
from sqlalchemy.engine import make_url

from app.exchange import importing
from app.models.fixed import record_version
from app.models.ledger import obligation
from benchmarks import cards, site
from benchmarks.measure import measured
from tests.servers import libpq


def panel(url: str, folder: str, file: str, mode: str) -> dict[str, Any]:
    """Import ``file`` as a person would, with every check, version and obligation."""
    opened = site.open_site(url, Path(folder))
    actor = opened.actor(site.CLERK)
    with measured() as watch:
        report = importing.run(opened.panel, actor, "complaint", Path(file), now=site.NOW, mode=mode, again=True)
    with opened.panel.engine.connect() as connection:
        v = record_version.c
        versions = connection.execute(select(func.count()).where(v.import_run == report.run_id)).scalar()
        obligations = connection.execute(select(func.count()).select_from(obligation)).scalar()
    opened.panel.engine.dispose()
    assert (report.state, report.refused, versions) == ("done", 0, report.created), report.errors[:5]
    return watch.figures(report.created) | {
        "versions": versions, "obligations": obligations, "helped_seconds": watch.helped, "raised_mb": watch.megabytes,
    }  # fmt: skip


def bare(url: str, file: str) -> dict[str, Any]:
    """Read ``file`` with csv.reader and put its rows into a table of texts: executemany on SQLite, COPY on PostgreSQL."""
    names = [f"c{n}" for n in range(len(cards.HEADERS))]
    create = f"CREATE TABLE bare ({', '.join(f'{n} TEXT' for n in names)})"
    rows = 0
    parsed = make_url(url)
    with Path(file).open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        next(reader)
        if parsed.get_backend_name() == "sqlite":
            with measured() as watch, sqlite3.connect(str(parsed.database)) as connection:
                connection.execute(create)
                marks = ", ".join("?" * len(names))
                insert = f"INSERT INTO bare VALUES ({marks})"  # noqa: S608  # our own column names
                rows = connection.executemany(insert, reader).rowcount
            connection.close()
        else:
            with measured() as watch, psycopg.connect(libpq(url)) as wire:
                wire.execute(create)  # type: ignore[call-overload]
                with wire.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
                    for row in reader:
                        copy.write_row(row)
                        rows += 1
    return watch.figures(rows)
