"""Sorting by a formula and filtering by a rollup over very many records, beside the same on plain columns that hold the same values."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from app.models.bulk import insert_rows
from app.models.ddl import add_indexes
from app.models.engine import open_engine
from app.models.migrate import upgrade
from app.services import listing, publishing, records, renewing, totals
from app.services.filtering import Filter
from app.services.listing import Sort
from app.services.panel import Actor, Panel
from benchmarks.measure import measured
from benchmarks.site import NOW
from tests.servers import Databases
from tests.site import CALENDAR, SHANGHAI

DEFINITIONS = """\
roles: [{code: clerk, label: 文员}]
---
domains: [{code: office, label: 办公}]
---
code: unit
label: 部门
domain: office
fields: [{code: name, label: 名称, type: text}, {code: parent, label: 上级, type: unit}]
access: [{role: everyone, can: [read]}]
---
code: order
label: 订单
domain: office
columns: [n, price, plain_total, plain_claimed%(columns)s]
fields:
  - {code: n, label: 件数, type: integer}
  - {code: price, label: 单价, type: money}
  - {code: plain_total, label: 填写的金额, type: money}
  - {code: plain_claimed, label: 填写的索赔, type: money}
%(fields)saccess: [{role: clerk, can: [read, add, edit]}]
---
code: claim
label: 索赔
domain: office
follows: order
fields:
  - {code: order, label: 订单, type: reference, register: order}
  - {code: amount, label: 金额, type: money}
access: [{role: clerk, can: [read, add, edit]}]
"""
FORMULAS = """\
  - {code: total, label: 金额, type: money, formula: "ROUND([件数] * [单价] * 1.06, 2)"}
  - {code: claimed, label: 索赔额, type: money, formula: "SUM([索赔].[金额])"}
"""
BATCH, ROUNDS = 5_000, 9
WITHOUT, WITH = (
    {"bench.yaml": DEFINITIONS % {"columns": c, "fields": f}} for c, f in (("", ""), (", total, claimed", FORMULAS))
)
PAIRS = {
    "sort": ("total", "plain_total"),
    "filter": ("claimed", "plain_claimed"),
    "count": ("claimed", "plain_claimed"),
}


def measure(make: Databases, dialect: Any, rows: int) -> dict[str, Any]:
    """Fill a site with ``rows`` orders and as many claims, publish the formulas, and return seconds and milliseconds."""
    engine = open_engine(make(dialect))
    upgrade(engine)
    panel = _publish(engine, WITHOUT, 0)
    _fill(panel, rows)
    _look_at(engine)
    with measured() as publishing_took:
        panel = _publish(engine, WITH, 1)
    with measured() as filling:
        done = renewing.catch_up(panel, now=NOW + timedelta(hours=1))
    with measured() as indexing:  # those of the new columns, which a publication leaves to the panel's upkeep
        built = add_indexes(engine, panel.models)
    _look_at(engine)
    found = {
        "what": "formula", "database": dialect, "rows": rows, "publish_s": publishing_took.seconds, "fill_s": filling.seconds,
        "fill_cpu_s": filling.cpu_seconds, "filled": done, "index_s": indexing.seconds, "indexes": len(built),
        "ms": {what: _compare(panel, what, *pair) for what, pair in PAIRS.items()},
        "claim_ms": _median(lambda: _claim(panel)),
    }  # fmt: skip
    engine.dispose()
    return found


def show(f: dict[str, Any]) -> None:
    """Print the figures of one database."""
    print(f"formula {f['database']}: {f['rows']:,} rows; published in {f['publish_s']:.2f} s", end=", ")
    print(f"worked out in {f['fill_s']:.1f} s (CPU {f['fill_cpu_s']:.1f} s)", end=", ")
    print(f"{f['indexes']} indexes in {f['index_s']:.1f} s, a claim entered in {f['claim_ms']:.1f} ms")
    for what, ours in f["ms"].items():
        share = ours["formula"] / ours["plain"]
        print(
            f"  {what:<7} formula {ours['formula']:8.2f} ms   plain {ours['plain']:8.2f} ms   {share:.2f} ×", flush=True
        )


def _publish(engine: Any, files: dict[str, str], day: int) -> Panel:
    now = NOW - timedelta(days=30 - day)
    published = publishing.publish(engine, files, actor=Actor.system(), reason="bench", now=now, zone=SHANGHAI)
    return publishing.open_panel(engine, published, CALENDAR, SHANGHAI, Path("/nonexistent"))


def _look_at(engine: Any) -> None:
    """Let the database count how its columns are spread, as it does by itself while people work."""
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
        connection.commit()


def _fill(panel: Panel, rows: int) -> None:
    """Put orders and claims into their tables as an import of long ago would have; every second order has two claims."""
    for first in range(1, rows + 1, BATCH):
        numbers = range(first, min(first + BATCH, rows + 1))
        with panel.work(Actor.system(), now=NOW - timedelta(days=40)) as work:
            stamp = {"created_at": work.now, "updated_at": work.now, "version": 1}
            orders, claims = [], []
            for i in numbers:
                n, price = i % 97 + 1, Decimal(i * 7919 % 100_000) / 100
                claimed = [Decimal(i * 31 % 50_000) / 100, Decimal(i % 1_000)] if i % 2 else []
                total = (n * price * Decimal("1.06")).quantize(Decimal("0.01"))
                kept = {"n": n, "price": price, "plain_total": total, "plain_claimed": sum(claimed, Decimal(0))}
                orders.append({"id": i, "record_no": f"D{i}", **stamp, **kept})
                claims += [
                    {"id": 2 * i + k, "record_no": f"S{2 * i + k}", "order": i, "amount": c, **stamp}
                    for k, c in enumerate(claimed)
                ]
            insert_rows(work.connection, work.tables["order"], orders)
            insert_rows(work.connection, work.tables["claim"], claims)
    with panel.work(Actor.system(), now=NOW - timedelta(days=40)) as work:
        _number_on(work.connection, rows)


def _number_on(connection: Connection, rows: int) -> None:
    """Let the next records be numbered behind those."""
    for key in ("order.id", "claim.id", "order.record_no", "claim.record_no"):
        connection.execute(text("INSERT INTO sequence (key, value) VALUES (:k, :v)"), {"k": key, "v": 2 * rows + 10})


def _compare(panel: Panel, what: str, formula: str, plain: str) -> dict[str, float]:
    took: dict[str, list[float]] = {"formula": [], "plain": []}
    for n in range(ROUNDS):  # in turns, so that both meet the same weather
        for name, column in (("formula", formula), ("plain", plain)):
            start = time.perf_counter()
            _ask(panel, what, column, Decimal(900 + n))
            took[name].append((time.perf_counter() - start) * 1000)
    return {name: statistics.median(times) for name, times in took.items()}


def _ask(panel: Panel, what: str, column: str, limit: Decimal) -> None:
    with panel.reading(Actor.system(), now=NOW) as work:
        if what == "sort":
            listing.page(work, "order", sort=[Sort(column, down=True)])
            return
        filters = [Filter(column, "ge", limit)]
        if what == "filter":
            listing.page(work, "order", filters=filters)
        else:
            totals.total(work, "order", filters=filters, exact=True)


def _claim(panel: Panel) -> None:
    with panel.work(Actor.system(), now=NOW) as work:
        records.create(work, "claim", {"order": 1, "amount": Decimal(5)})


def _median(task: Callable[[], None]) -> float:
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        task()
        took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took)
