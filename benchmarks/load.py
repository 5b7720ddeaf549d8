"""A register with many records, entered without waiting for all that would follow from each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from app.services import records, rows, upkeep
from app.services.panel import Actor
from benchmarks import cards, site
from tests.site import Site

OWING = 20_000
"""The newest records are entered as people do, with everything they owe; the others only with their history."""
_CHUNK = 10_000
WORD = "转向助力偶尔失灵"
"""Stands in one of 200 cards; each two of its characters stand together nowhere else."""


def values(rows: int, opened: Site, seed: int = 7) -> Iterator[dict[str, Any]]:
    """Yield complaint cards received through a year before ``site.NOW``, the oldest first."""
    random = Random(seed)
    pick, some = random.choice, random.random
    with opened.panel.reading(Actor.system()) as work:
        customers = list(
            work.connection.execute(
                work.tables["customer"].select().with_only_columns(work.tables["customer"].c.id)
            ).scalars()
        )
    staff = [opened.ids[name] for name in site.PEOPLE]
    units = [opened.units[name] for name in site.UNITS]
    step = timedelta(days=365) / rows
    for n in range(rows):
        facts = random.sample(cards._FACTS, 2 + int(some() * 3))  # the same facts as in the files
        if some() < 0.005:
            facts.append(WORD)
        settled = some() < 0.5
        yield {
            "received_at": (site.NOW - timedelta(days=365) + step * n).replace(microsecond=0), "receptionist": pick(staff),
            "channel": pick(cards._CHANNELS), "customer_party": pick(cards._PARTIES), "is_anonymous": False, "reply_letter_only": False,
            "complainant_name": pick(cards._FAMILY) + pick(cards._GIVEN) + (pick(cards._GIVEN) if some() < 0.7 else ""),
            "complainant_phone": f"1{3 + int(some() * 7)}{int(some() * 1e9):09d}", "customer": pick(customers) if some() < 0.6 else None,
            "car_model": pick(cards._MODELS) or None, "plate_no": pick(cards._PLACES) + "".join(random.choices(cards._LETTERS, k=6)),
            "content": "，".join(facts) + "。", "customer_demand": tuple(random.sample(cards._DEMANDS[:4], 1 + int(some() * 2))),
            "category": pick(cards._CATEGORIES), "severity": pick(cards._SEVERITIES), "is_urgent": some() < 0.1, "oms_no": f"OMS{n:08d}",
            "accepting_dept": pick(units) if settled else None, "handler": pick(staff) if settled else None,
            "cause_found": pick(cards._CAUSES) if settled else None, "solution": pick(cards._SOLUTIONS) if settled else None,
            "loss_amount": Decimal(int(some() * 300_000)) / 100 if some() < 0.3 else None, "remark": "请下班前回电" if some() < 0.2 else None,
        }  # fmt: skip


def load(url: str, count: int) -> dict[str, Any]:
    """Fill an empty database with the site and ``count`` complaint cards, their texts indexed."""
    site.fill(url)
    opened = site.open_site(url, Path("/nonexistent"))
    chunk: list[dict[str, Any]] = []
    for entered, card in enumerate(values(count, opened), 1):
        chunk.append(card)
        if len(chunk) == _CHUNK or entered == count:
            enter(opened, chunk, owing=entered > count - OWING)
            chunk = []
    upkeep.run(opened.panel)
    settle(opened)
    opened.panel.engine.dispose()
    return {"rows": count}


def enter(opened: Site, chunk: list[dict[str, Any]], *, owing: bool) -> None:
    """Enter some cards as the panel itself, at the moment of the last of them."""
    moment: datetime = site.NOW if owing else chunk[-1]["received_at"]
    with opened.panel.work(Actor.system(), now=moment, source="import") as work:
        if owing:
            records.create_many(work, "complaint", chunk)
        else:
            rows.insert(work, work.spec("complaint"), chunk)


def settle(opened: Site) -> None:
    """Let the database tidy up as it would overnight."""
    sqlite = opened.panel.engine.dialect.name == "sqlite"
    with opened.panel.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if sqlite:
            connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if sqlite else "VACUUM ANALYZE")
