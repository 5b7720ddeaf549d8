"""What one more judgement costs as the history behind it grows: months of late archives, swept month by month."""

from __future__ import annotations

import sys
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from app.models.ledger import ticket
from app.services import listing, records, sweep
from app.services.panel import Actor
from benchmarks.measure import apart
from benchmarks.torture import ADVISORS
from tests import site
from tests.servers import Databases, Dialect
from tests.site import CAR_OWNER, Site

MONTHS = 12


def measure(make: Databases, dialect: Dialect, rows: int) -> dict[str, Any]:
    """Sweep ``rows`` late archives in twelve equal months and return what a ticket cost in each."""
    url = make(dialect)
    site.prepare(url)
    return {"what": "growth", "database": dialect, **apart(months, url, max(1, rows // MONTHS))}


def months(url: str, each: int) -> dict[str, Any]:
    """Let ``each`` archives of every month of a year be handed over late, and sweep when each month is over."""
    opened = site.open_site(url, Path("/nonexistent"))
    figures: list[dict[str, Any]] = []
    for month in range(MONTHS):
        _enter(opened, month, each)
        after = date(2025 + (month + 1) // 12, (month + 1) % 12 + 1, 1)
        cpu, start = time.process_time(), time.perf_counter()
        sweep.run(opened.panel, site.at(f"{after} 00:00"))
        cpu, seconds = time.process_time() - cpu, time.perf_counter() - start
        with opened.panel.engine.connect() as connection:
            known = connection.execute(select(func.count()).select_from(ticket)).scalar_one()
        new = known - (figures[-1]["tickets"] if figures else 0)
        figures.append({"tickets": known, "microseconds": 1e6 * seconds / new, "cpu_microseconds": 1e6 * cpu / new})
    opened.panel.engine.dispose()
    return {"rows": MONTHS * each, "months": figures}


def _enter(opened: Site, month: int, each: int) -> None:
    first = date(2025, month + 1, 1)
    with opened.panel.work(Actor.system(), now=site.at(f"{first} 08:00"), source="demo") as work:
        owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]["id"]
        car = {"model": "明锐", "origin": "它店用户到店维修", "customer": owner}
        vehicles = records.create_many(work, "vehicle", [car | {"vin": f"LSV{month:02}{n:012}"} for n in range(each)])
        archives = [
            {
                "vehicle": v, "archive_kind": "新车档案", "trigger_date": first + timedelta(days=n % 15),
                "responsible_advisor": opened.ids[ADVISORS[n % len(ADVISORS)]],
            }
            for n, v in enumerate(vehicles)
        ]  # fmt: skip
        records.create_many(work, "vehicle_archive", archives)


def show(figures: dict[str, Any]) -> None:
    """Print what a ticket cost in the second quarter and in the last; the first ones read what a process reads once."""
    early, late = figures["months"][3:6], figures["months"][-3:]
    costs = [sum(m["cpu_microseconds"] for m in some) / len(some) for some in (early, late)]
    sys.stdout.write(
        f"growth {figures['database']}: a ticket costs {costs[0]:,.0f} µs of CPU among {early[0]['tickets']:,} to "
        f"{early[-1]['tickets']:,} others, {costs[1]:,.0f} µs among {late[0]['tickets']:,} to {late[-1]['tickets']:,} "
        f"({costs[1] / costs[0]:.2f} ×)\n"
    )
