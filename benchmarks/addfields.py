"""A field more on a register of very many records: how long publishing takes, and how long others wait while its index is built."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, func, select, update

from app.models import bulk
from app.models.ddl import add_indexes
from app.models.engine import open_engine
from app.models.migrate import upgrade
from app.services import publishing
from app.services.panel import Actor, Panel
from benchmarks.measure import apart, measured
from tests.servers import Databases
from tests.site import CALENDAR, SHANGHAI, at

NOW = at("2026-03-05 10:00")
GROUND = "roles: [{code: clerk, label: 文员}]\n---\ndomains: [{code: office, label: 办公}]\n"
LOAN = """
code: loan
label: 借用
domain: office
columns: [what, kind, lent_on, deposit]
fields:
  - {code: what, label: 物品, type: text, required: true}
  - {code: kind, label: 类别, type: choice, choices: [相机, 投影仪, 笔记本]}
  - {code: lent_on, label: 借出日期, type: date}
  - {code: deposit, label: 押金, type: money}
access: [{role: clerk, can: [read, add, edit]}]
"""
MORE = LOAN.replace("deposit]", "deposit, returned_on]").replace(
    "access:", "  - {code: returned_on, label: 归还日期, type: date}\naccess:"
)
_PART = 50_000


def measure(make: Databases, dialect: Any, rows: int) -> dict[str, Any]:
    """Return figures of one field added to a register of ``rows`` records."""
    url = make(dialect)
    apart(fill, url, rows)
    return {"what": "addfield", "database": dialect, "rows": rows, **apart(add, url)}


def publish(engine: Engine, loan: str) -> Panel:
    """Bring a definition of loans into force."""
    files = {"ground.yaml": GROUND, "site/loan.yaml": loan}
    done = publishing.publish(engine, files, actor=Actor.system(), reason="measure", now=NOW, zone=SHANGHAI)
    return publishing.open_panel(engine, done, CALENDAR, SHANGHAI, Path("/nonexistent"))


def fill(url: str, rows: int) -> dict[str, Any]:
    """Fill an empty database with loans."""
    engine = open_engine(url)
    upgrade(engine)
    table = publish(engine, LOAN).models.tables["loan"]
    kinds, day = ("相机", "投影仪", "笔记本"), NOW.date()
    for start in range(1, rows + 1, _PART):
        stamp = {"created_at": NOW, "updated_at": NOW, "version": 1, "lent_on": day}
        numbers = range(start, min(start + _PART, rows + 1))
        part = [
            {"id": n, "record_no": f"L{n}", "what": f"物品{n}", "kind": kinds[n % 3], "deposit": n % 1000, **stamp}
            for n in numbers
        ]
        with engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                bulk.insert_rows(connection, table, part)
    engine.dispose()
    return {}


def add(url: str) -> dict[str, Any]:
    """Publish one field more, then build its index while somebody else goes on writing."""
    engine = open_engine(url)
    with measured() as publication:
        panel = publish(engine, MORE)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(panel.models.tables["loan"])).scalar_one()
    done, waits = threading.Event(), [0.0]
    writer = threading.Thread(target=_write, args=(engine, panel, done, waits))
    writer.start()
    with measured() as indexing:
        built = add_indexes(engine, panel.catalog)
    done.set()
    writer.join()
    engine.dispose()
    return {
        "publish_seconds": publication.seconds, "publish_cpu_seconds": publication.cpu_seconds, "indexes": len(built),
        "index_seconds": indexing.seconds, "writes_meanwhile": len(waits) - 1, "longest_write_seconds": max(waits),
    }  # fmt: skip


def _write(engine: Engine, panel: Panel, done: threading.Event, waits: list[float]) -> None:
    table = panel.models.tables["loan"]
    while not done.is_set():
        start = time.perf_counter()
        with engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                connection.execute(update(table).where(table.c.id == 1).values(what=f"{len(waits)}"))
        waits.append(time.perf_counter() - start)


def show(figures: dict[str, Any]) -> None:
    """Print figures as they come."""
    print("addfield {database}: {rows:,} records".format(**figures))
    print("  published in {publish_seconds:.2f} s (CPU of ours {publish_cpu_seconds:.2f} s)".format(**figures))
    behind = "  {indexes} index(es) behind it in {index_seconds:.2f} s; {writes_meanwhile} writes meanwhile"
    print(f"{behind}, the longest {{longest_write_seconds:.2f}} s".format(**figures), flush=True)
