"""What all cases stand on: read once, published once for each kind of database."""

from __future__ import annotations

from app.models.engine import open_engine
from app.models.migrate import upgrade
from tests.cases.reading import read
from tests.site import ADOPTED, found_company, publish, settle, shipped

FILES = read()


def prepare(url: str) -> None:
    """Fill an empty database with the shipped definitions, those of the cases, and the company."""
    engine = open_engine(url)
    upgrade(engine)
    found_company(publish(engine, shipped() | FILES.definitions), ADOPTED)
    settle(engine)
