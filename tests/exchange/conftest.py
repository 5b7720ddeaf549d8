"""A panel with people, a unit and customers on a new database, and files of cards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from app.models.ddl import add_missing
from app.models.fixed import person, person_role, role
from app.models.migrate import upgrade
from app.services import records
from app.services.panel import Actor, Panel
from tests.exchange.sample import NOW, PEOPLE, open_panel
from tests.servers import Databases, Dialect


@pytest.fixture(scope="session")
def filled(fresh_database: Databases) -> dict[str, str]:
    """URLs of databases with people, a unit and customers, by dialect; made at first need."""
    return {}


@pytest.fixture
def panel(dialect: Dialect, fresh_database: Databases, filled: dict[str, str], tmp_path: Path) -> Iterator[Panel]:
    """A panel on a database of its own, with people, a unit and customers: 甲公司 once, 乙公司 twice."""
    if dialect not in filled:
        url = fresh_database(dialect)
        fill(open_panel(url, tmp_path))
        filled[dialect] = url
    url = fresh_database(dialect, like=filled[dialect])
    opened = open_panel(url, tmp_path)
    yield opened
    opened.engine.dispose()
    fresh_database.drop(url)


def fill(panel: Panel) -> None:
    """Make the tables of an empty database and enter what every test begins with."""
    upgrade(panel.engine)
    with panel.engine.begin() as connection:
        add_missing(connection, panel.catalog)
        connection.execute(insert(role), [{"id": 1, "name": "clerk"}, {"id": 2, "name": "guest"}])
        for n, (username, first, last) in enumerate(PEOPLE, 1):
            row = {"id": n, "username": username, "first_name": first, "last_name": last, "active": True}
            connection.execute(insert(person), row | {"email": f"{username}@example.com"})
        connection.execute(insert(person_role), [{"id": n, "user_id": n, "role_id": n} for n in (1, 2)])
    with panel.work(Actor.system(), now=NOW, source="demo") as work:
        records.create_many(work, "unit", [{"name": "总部"}])
        records.create_many(work, "customer", [{"name": n} for n in ("甲公司", "乙公司", "乙公司")])
    if panel.engine.dialect.name == "sqlite":
        with panel.engine.connect() as connection:  # all into the file that tests copy
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    panel.engine.dispose()


@pytest.fixture
def card_file(tmp_path: Path) -> Callable[..., Path]:
    """``card_file(*rows, header=…, name=…)`` writes a CSV of cards and returns its path."""

    def write(*rows: str, header: str = "受理编号,接到时间,类别,投诉内容", name: str = "cards.csv") -> Path:
        path = tmp_path / name
        path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
        return path

    return write
