"""Following the ledger's chain and adding up every ticket, beside a bare reading of the same lines."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from app.models.bulk import insert_rows
from app.models.ledger import breach, ticket
from app.services import assessing, chain, verify
from app.services.panel import Actor
from benchmarks import site
from benchmarks.measure import measured
from tests.servers import libpq

STEPS = ("assessed", "confirmed", "corrected", "executed")
"""The lines of each ticket."""
BATCH = 2_500
FINE, NOTHING = Decimal(50), Decimal(0)
WITHOUT_FACTS = {"lines": verify.lines, "sums": verify.sums}
"""The checks measured; what replaying the facts costs is measured as ``backtest``."""


def fill(url: str, rows: int) -> dict[str, Any]:
    """Post about ``rows`` lines, four for each ticket, as the panel links them."""
    opened = site.open_site(url, Path("/nonexistent"))
    tickets = max(1, rows // len(STEPS))
    for first in range(1, tickets + 1, BATCH):
        with opened.panel.work(Actor.system(), now=site.NOW + timedelta(seconds=first)) as work:
            numbers = range(first, min(first + BATCH, tickets + 1))
            insert_rows(work.connection, breach, [_breach(n) for n in numbers])
            made = [_ticket(n) for n in numbers]
            insert_rows(work.connection, ticket, made)
            for kind in STEPS:
                amount, paid = FINE if kind == "assessed" else NOTHING, FINE if kind == "executed" else NOTHING
                for t in made:
                    assessing.add_entry(work, t, kind, amount, "", "50 元 × 1", paid=paid)
                chain.append(work.connection, work.entries)
    opened.panel.engine.dispose()
    return {"rows": tickets * len(STEPS)}


def _breach(n: int) -> dict[str, Any]:
    return {
        "id": n, "register": "complaint", "record_id": n, "rule": "late", "occurrence": 1, "revision": 1, "person": 1, "subject": "person:1",
        "clause": "D1", "counter": "", "occurred_at": site.NOW, "day": site.NOW.date(), "basis": "full", "citation": "P03-26",
        "grows": False, "multiplied": False, "measured_at": site.NOW, "state": "live", "recorded_at": site.NOW,
    }  # fmt: skip


def _ticket(n: int) -> dict[str, Any]:
    return {
        "id": n, "breach": n, "record_no": f"CF2026-{n:07}", "counter": "", "rule": "late", "revision": 1, "register": "complaint",
        "record_id": n, "record_title": "", "person": 1, "subject": "person:1", "clause": "D1", "citation": "P03-26",
        "occurred_at": site.NOW, "day": site.NOW.date(), "month": "2026-03", "ordinal": 1, "factor": Decimal(1), "base_amount": FINE,
        "amount": FINE, "points": NOTHING, "paid": FINE, "arithmetic": "50 元 × 1", "confirmed_by": "", "state": "executed",
        "state_at": site.NOW, "created_at": site.NOW, "updated_at": site.NOW, "version": 1,
    }  # fmt: skip


def panel(url: str) -> dict[str, Any]:
    """Verify the chain and the sums once; nothing may be wrong."""
    opened = site.open_site(url, Path("/nonexistent"))
    with measured() as watch:
        found = verify.run(opened.panel, checks=WITHOUT_FACTS)
    opened.panel.engine.dispose()
    assert found.flaws == []
    rows = found.counts["entries"]
    return watch.figures(rows) | {"tickets": found.counts["tickets"], "raised_mb": watch.megabytes}


def bare(url: str) -> dict[str, Any]:
    """Read every line with the driver alone."""
    parsed, query = make_url(url), "SELECT * FROM ledger_entry ORDER BY place"
    if parsed.get_backend_name() == "sqlite":
        with measured() as watch:
            connection = sqlite3.connect(str(parsed.database))
            rows = sum(1 for _ in connection.execute(query))
            connection.close()
    else:
        with measured() as watch, psycopg.connect(libpq(url)) as wire, wire.cursor(name="bare") as cursor:
            cursor.itersize = 5_000
            rows = sum(1 for _ in cursor.execute(query))
    return watch.figures(rows)
