"""The grid over very many complaint cards, beside plain Flask-AppBuilder and the bare database on the same cards.

Ours answers with row rules on, as a complaint officer; FAB as an administrator without any. Both are served by gunicorn with
two processes of four threads and asked over the same kind of connection, in turns; the database is asked in this process.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, create_engine, text
from werkzeug.security import generate_password_hash

from benchmarks import browser, load, plain, site
from benchmarks.wire import Client, panel_settings, served
from tests.servers import Databases

ROUNDS, CLIENTS, SECONDS, PAGE = 9, 16, 8, 50
PASSWORD = "Correct-Horse-9"  # noqa: S105  # of nobody
SINCE, UNTIL = site.NOW - timedelta(days=200), site.NOW - timedelta(days=173)
"""With one category of six this is about one card of eighty."""
WORDS = {"word": load.WORD[2:6], "pair": load.WORD[2:4]}
SHOWN = [c for c in plain.COLUMNS if c != "id"]
WINDOW: dict[str, Any] = {"limit": PAGE, "columns": SHOWN}
NARROWED: dict[str, Any] = {
    "filter": {
        "all": [
            {"field": "category", "op": "eq", "value": "费用"},
            {"field": "received_at", "op": "ge", "value": SINCE.isoformat()},
            {"field": "received_at", "op": "lt", "value": UNTIL.isoformat()},
        ]
    },
    "sort": [{"field": "loss_amount", "desc": True}],
}


def measure(make: Databases, dialect: Any, rows: int) -> dict[str, Any]:
    """Load ``rows`` cards and return milliseconds by operation and system, and operations a second of mixed clients."""
    url = make(dialect)
    if dialect == "postgresql":
        _tune(url)
    load.load(url, rows)
    return compare(url, dialect, rows)


def _tune(url: str) -> None:
    """Give PostgreSQL what a server of its own would have; all systems are measured with it."""
    settings = (
        "random_page_cost = 1.1",
        "work_mem = '64MB'",
        "effective_cache_size = '8GB'",
        "maintenance_work_mem = '512MB'",
    )
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in settings:
            connection.exec_driver_sql(f"ALTER SYSTEM SET {setting}")
        connection.exec_driver_sql("SELECT pg_reload_conf()")
    engine.dispose()


def compare(url: str, dialect: Any, rows: int) -> dict[str, Any]:
    """Measure on a database that ``load.load`` filled."""
    let_in(url)
    plain.prepare(url)
    with (
        tempfile.TemporaryDirectory(prefix="grid-") as folder,
        served("app.live:application", **panel_settings(url, folder)) as panel,
        served("benchmarks.plain:create()", config=os.devnull, DATABASE_URL=url) as fab,
    ):
        engine = create_engine(url)
        with engine.connect() as connection:
            found = _latencies(Panel(panel), Fab(fab, rows), Raw(connection))
        engine.dispose()
        face = browser.measure(panel, rows, site.CLERK, PASSWORD, NARROWED, WORDS["word"])
        mixed = {"panel": _mixed("panel", panel, rows), "fab": _mixed("fab", fab, rows)}
    told = {"what": "grid", "database": dialect, "rows": rows, "milliseconds": found}
    return told | {"mixed_per_second": mixed, "browser": face}


def let_in(url: str) -> None:
    """Give the officer a password."""
    engine = create_engine(url)
    with engine.begin() as connection:
        hashed = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000")
        connection.execute(text("UPDATE ab_user SET password = :p WHERE username = :u"), {"p": hashed, "u": site.CLERK})
    engine.dispose()


class Panel:
    """Our grid, asked as its page asks: a window, and the total beside it."""

    def __init__(self, port: int) -> None:
        self.client = Client(port)
        self.client.sign_in(site.CLERK, PASSWORD)
        self.versions: dict[int, int] = {}
        self.total = int(
            self.client.post("/grid/complaint/total", {"exact": True})["count"]
        )  # as the page asks once it is idle

    def _both(self, asked: dict[str, Any]) -> tuple[Any, int]:
        window = self.client.post("/grid/complaint/window", asked)
        kept = {k: asked[k] for k in ("filter", "search") if k in asked}
        return window, self.client.post("/grid/complaint/total", kept)["count"]

    def first(self) -> int:
        return len(self._both(WINDOW)[0]["rows"])

    def middle(self) -> int:
        return len(
            self.client.post("/grid/complaint/window", {**WINDOW, "offset": self.total // 2, "total": self.total})[
                "rows"
            ]
        )

    def last(self) -> int:
        return len(
            self.client.post("/grid/complaint/window", {**WINDOW, "offset": self.total - PAGE, "total": self.total})[
                "rows"
            ]
        )

    def scroll(self) -> int:
        cursor = (
            getattr(self, "cursor", None)
            or self.client.post("/grid/complaint/window", {**WINDOW, "offset": 5_000})["next"]
        )
        window = self.client.post("/grid/complaint/window", {**WINDOW, "offset": 5_050, "after": cursor})
        self.cursor = window["next"]
        return len(window["rows"])

    def filter(self) -> int:
        return self._both(WINDOW | NARROWED)[1]

    def search(self, word: str) -> int:
        return self._both({**WINDOW, "search": word})[1]

    def save(self, number: int) -> int:
        version = self.versions[number]  # of the row as it was shown
        cell = {"id": number, "field": "remark", "text": f"改 {time.perf_counter_ns()}", "base_version": version}
        asked = {"cells": [cell], "columns": SHOWN, "known": True}
        return len(self.client.post("/grid/complaint/change", asked)["rows"])

    def record(self, number: int) -> int:
        rows = self.client.post("/grid/complaint/rows", {"ids": [number], "columns": SHOWN})["rows"]
        self.versions |= {row[0]: row[1] for row in rows}
        return len(rows)


class Fab:
    """The REST interface that FAB generates."""

    def __init__(self, port: int, rows: int) -> None:
        self.client, self.rows = Client(port), rows
        self.client.bear(plain.USER, plain.PASSWORD)

    def _list(self, page: int = 0, order: str = "id", filters: str = "") -> Any:
        query = f"(order_column:{order},order_direction:desc,page:{page},page_size:{PAGE}{filters})"
        return self.client.get(f"/api/v1/card/?q={quote(query)}")

    def first(self) -> int:
        return len(self._list()["result"])

    def middle(self) -> int:
        return len(self._list(self.rows // PAGE // 2)["result"])

    def last(self) -> int:
        return len(self._list(self.rows // PAGE - 1)["result"])

    def scroll(self) -> int:
        return len(self._list(101)["result"])

    def filter(self) -> int:
        since, until = (f"{m.astimezone(site.site.SHANGHAI):%Y-%m-%d %H:%M:%S}" for m in (SINCE, UNTIL))
        parts = f"(col:category,opr:eq,value:费用),(col:received_at,opr:gt,value:'{since}'),(col:received_at,opr:lt,value:'{until}')"
        return int(self._list(order="loss_amount", filters=f",filters:!({parts})")["count"])

    def search(self, word: str) -> int:
        return int(self._list(filters=f",filters:!((col:content,opr:ct,value:'{word}'))")["count"])

    def save(self, number: int) -> int:
        return len(self.client.put(f"/api/v1/card/{number}", {"remark": f"改 {time.perf_counter_ns()}"}))

    def record(self, number: int) -> int:
        return len(self.client.get(f"/api/v1/card/{number}"))


class Raw:
    """The database itself with our indexes, without rules, people, history or HTTP."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.total = int(self._one("SELECT count(*) FROM r_complaint"))

    def _one(self, statement: str, **values: Any) -> Any:
        return self.connection.execute(text(statement), values).scalar()

    def _page(self, rest: str, **values: Any) -> int:
        statement = (
            f"SELECT {', '.join(plain.COLUMNS)} FROM r_complaint WHERE id IN (SELECT id FROM r_complaint {rest})"  # noqa: S608  # our own names
        )
        return len(self.connection.execute(text(statement), values).all())

    def _listed(self, offset: int) -> int:
        return self._page(f"ORDER BY received_at DESC, id DESC LIMIT {PAGE} OFFSET {offset}")

    def first(self) -> int:
        self._one("SELECT count(*) FROM r_complaint")
        return self._listed(0)

    def middle(self) -> int:
        return self._listed(self.total // 2)

    def last(self) -> int:
        return self._listed(self.total - PAGE)

    def scroll(self) -> int:
        return self._page(
            f"WHERE received_at < :at ORDER BY received_at DESC, id DESC LIMIT {PAGE}", at=self._moment(SINCE)
        )

    def _moment(self, moment: Any) -> Any:
        return f"{moment:%Y-%m-%d %H:%M:%S}" if self.connection.dialect.name == "sqlite" else moment

    def filter(self) -> int:
        where = "WHERE category = '费用' AND received_at >= :a AND received_at < :b"
        span = {"a": self._moment(SINCE), "b": self._moment(UNTIL)}
        self._page(f"{where} ORDER BY loss_amount DESC LIMIT {PAGE}", **span)
        return int(self._one(f"SELECT count(*) FROM r_complaint {where}", **span))  # noqa: S608

    def search(self, word: str) -> int:
        where = "WHERE content LIKE :w"
        self._page(f"{where} ORDER BY received_at DESC LIMIT {PAGE}", w=f"%{word}%")
        return int(self._one(f"SELECT count(*) FROM r_complaint {where}", w=f"%{word}%"))  # noqa: S608

    def save(self, number: int) -> int:
        self.connection.execute(
            text("UPDATE plain_card SET remark = :r WHERE id = :i"), {"r": f"改 {time.perf_counter_ns()}", "i": number}
        )
        self.connection.commit()
        return 1

    def record(self, number: int) -> int:
        return self._page("WHERE id = :i", i=number)


def _latencies(panel: Panel, fab: Fab, raw: Raw) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of each operation, the systems asked in turns; the first round warms up."""
    systems = {"panel": panel, "fab": fab, "raw": raw}
    operations: dict[str, Callable[[Any, int], int]] = {
        "first page + total": lambda s, n: s.first(),
        "jump to the middle": lambda s, n: s.middle(),
        "jump to the end": lambda s, n: s.last(),
        "scroll on": lambda s, n: s.scroll(),
        "choice + dates, sorted": lambda s, n: s.filter(),
        "a Chinese word": lambda s, n: s.search(WORDS["word"]),
        "two characters": lambda s, n: s.search(WORDS["pair"]),
        "one record": lambda s, n: s.record(1 + n * 977),
        "save a cell": lambda s, n: s.save(1 + n * 977),
    }
    found: dict[str, dict[str, float]] = {}
    for name, act in operations.items():
        times: dict[str, list[float]] = {s: [] for s in systems}
        said: dict[str, int] = {}
        for n in range(ROUNDS + 1):
            for s, system in systems.items():
                raw.connection.rollback()
                start = time.perf_counter()
                said[s] = act(system, n)
                times[s].append(1000 * (time.perf_counter() - start))
        found[name] = {s: statistics.median(t[1:]) for s, t in times.items()} | {
            f"{s}_says": float(said[s]) for s in systems
        }
    return found


def _mixed(kind: str, port: int, rows: int) -> dict[str, float]:
    """Return how many operations a second mixed clients get done, and how long one takes (95 %): pages, records, searches, saves."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        per = CLIENTS // 4
        done = [
            d for part in pool.starmap(_clients, [(kind, port, rows, per, seed) for seed in range(4)]) for d in part
        ]
    return {"per_second": len(done) / SECONDS, "p95_ms": 1000 * sorted(done)[int(len(done) * 0.95)]}


def _clients(kind: str, port: int, rows: int, count: int, seed: int) -> list[float]:
    from threading import Thread

    done: list[float] = []

    def work(number: int) -> None:
        chance = random.Random(seed * 100 + number)
        system: Any = Panel(port) if kind == "panel" else Fab(port, rows)
        end = time.perf_counter() + SECONDS
        while (start := time.perf_counter()) < end:
            pick = chance.random()
            if pick < 0.6:
                system.first()
            elif pick < 0.9:
                system.record(chance.randrange(1, rows))
            elif pick < 0.95:
                system.search(WORDS["word"])
            else:
                system.record(number := chance.randrange(1, rows))
                system.save(number)
            done.append(time.perf_counter() - start)

    threads = [Thread(target=work, args=(n,)) for n in range(count)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return done


def show(figures: dict[str, Any]) -> None:
    """Print what was found, ours as a share of plain FAB's."""
    print(f"grid {figures['database']}: {figures['rows']:,} cards, median milliseconds")
    print(f"  {'':24}{'panel':>10}{'FAB':>10}{'raw':>10}{'panel / FAB':>13}")
    for name, ms in figures["milliseconds"].items():
        print(f"  {name:24}{ms['panel']:10.1f}{ms['fab']:10.1f}{ms['raw']:10.2f}{ms['panel'] / ms['fab']:13.2f}")
    ours, fab = figures["mixed_per_second"]["panel"], figures["mixed_per_second"]["fab"]
    told = (
        f"{name} {m['per_second']:.0f} (95 % within {m['p95_ms']:.0f} ms)"
        for name, m in (("panel", ours), ("FAB", fab))
    )
    print(f"  {CLIENTS} mixed clients, operations a second: {', '.join(told)}")
    browser.show(figures["browser"])
