"""The site that is measured: the shipped definitions, a small company, some customers, on a database of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from app.services import records
from app.services.panel import Actor
from benchmarks import cards
from tests import servers, site
from tests.servers import Databases, Dialect
from tests.site import Site

NOW = site.at("2026-03-05 10:00")
CLERK = "clerk"
"""A complaint officer: may import the cards of consumers, agents and franchisees."""
CUSTOMERS = tuple(f"客户{n:03d}" for n in range(200))
PEOPLE = ("clerk", "hr", "gm", "archive", "assistant")
UNITS = ("门店", "客户关爱部", "售后服务部")


@contextmanager
def databases() -> Iterator[Databases]:
    """Give a maker of new databases in a temporary folder, with a PostgreSQL server of its own once one is asked for."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        running: list[str] = []
        stops = []

        def server() -> str:
            if not running:
                context = servers.postgresql(Path(folder) / "postgresql")
                running.append(context.__enter__())
                stops.append(context)
            return running[0]

        try:
            yield Databases(Path(folder), server)
        finally:
            for context in stops:
                context.__exit__(None, None, None)


def fill(url: str) -> None:
    """Fill an empty database with the site."""
    site.prepare(url)
    opened = site.open_site(url, Path("/nonexistent"))
    with opened.panel.work(Actor.system(), now=NOW - timedelta(days=60), source="demo") as work:
        owner = {
            "customer_kind": "个人", "relation_kind": "一般客户", "channel_kind": "终端消费者", "secrecy_level": "普通",
            "address": "上海", "phone": "021-55550000", "owner_user": 1,
        }  # fmt: skip
        records.create_many(work, "customer", [owner | {"customer_name": name} for name in CUSTOMERS])
    opened.panel.engine.dispose()


def write_cards(path: Path, rows: int) -> None:
    """Write a file of cards that the site can import."""
    until = NOW.astimezone(site.SHANGHAI).replace(tzinfo=None)
    cards.write(path, cards.cards(rows, people=PEOPLE, units=UNITS, customers=CUSTOMERS, until=until))


def open_site(url: str, folder: Path) -> Site:
    """Return the site in a database."""
    return site.open_site(url, folder)


__all__ = ["CLERK", "NOW", "Dialect", "databases", "fill", "open_site", "write_cards"]
