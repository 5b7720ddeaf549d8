"""The ground that limits are played on: all shipped definitions, and units of work whose writes are taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import insert

from app.models.engine import open_engine
from app.models.fixed import person
from app.models.migrate import upgrade
from app.services import adoption, rows
from app.services.panel import Actor, Panel, Work
from tests.definitions.limits import NEWCOMER, PERSON, Undone
from tests.servers import Databases
from tests.site import BEGIN, everything, publish

SUPERIOR = 2


@pytest.fixture(scope="session")
def ground(fresh_database: Databases) -> Iterator[tuple[Panel, int]]:
    """All shipped definitions in force, all policies adopted by everybody, one unit and two people."""
    engine = open_engine(fresh_database("sqlite"))
    upgrade(engine)
    panel = publish(engine, everything(), BEGIN)
    with panel.work(Actor.system(), now=BEGIN, source="demo") as work:
        (unit,) = rows.insert(work, work.spec("unit"), [{"name": "公司", "kind": "公司"}])
        more = {"first_name": "人", "last_name": "", "active": True}
        people = [
            {"id": n, "username": f"p{n}", "email": f"p{n}@example.com", **more} for n in (PERSON, NEWCOMER, SUPERIOR)
        ]
        work.connection.execute(insert(person), people)
        staff = [{"person": SUPERIOR}, {"person": PERSON, "superior": SUPERIOR}]
        rows.insert(
            work, work.spec("employee"), [{"unit": unit["id"], "staff_no": str(n), **x} for n, x in enumerate(staff)]
        )
        adoption.adopt(work, None, list(panel.catalog.policies), date(2025, 1, 1))
    yield panel, unit["id"]
    engine.dispose()


@pytest.fixture
def work(ground: tuple[Panel, int]) -> Iterator[Work]:
    """A unit of work whose writes are taken back."""
    try:
        with ground[0].work(Actor.system(), now=BEGIN) as work:
            yield work
            raise Undone
    except Undone:
        pass
