"""Many rows go in as they are, whatever stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Boolean, Column, Connection, Date, Integer, LargeBinary, MetaData, Numeric, Table, Text, select

from app.models.bulk import FEW, insert_rows
from app.models.engine import open_engine
from app.models.types import UtcMoment
from tests.servers import Databases, Dialect

THING = Table(
    "thing", MetaData(), Column("id", Integer, primary_key=True), Column("text", Text), Column("yes", Boolean),
    Column("day", Date), Column("at", UtcMoment), Column("sum", Numeric(12, 2)), Column("bytes", LargeBinary),
)  # fmt: skip
HOSTILE = ("", "\\N", "\\.", "a\tb", "一\n二\r\n三", "\\", "\\t", '"', "'", "𠮷㐂", None, "NULL", " ")


@pytest.fixture
def connection(dialect: Dialect, fresh_database: Databases) -> Iterator[Connection]:
    url = fresh_database(dialect)
    engine = open_engine(url)
    with engine.connect() as opened, opened.begin():
        THING.create(opened)
        yield opened
    engine.dispose()
    fresh_database.drop(url)


@pytest.mark.parametrize("blob", [None, b"\\x00\x00\t"])
def test_every_value_comes_back_as_it_was(connection: Connection, blob: bytes | None) -> None:
    rows = [
        {
            "id": n, "text": HOSTILE[n % len(HOSTILE)], "yes": (True, False, None)[n % 3],
            "day": date(2026, 2, 28) if n % 2 else None, "at": datetime(2026, 3, 5, 1, 30, n % 60, tzinfo=UTC),
            "sum": Decimal("-1234567.05") if n % 5 else None, "bytes": blob,
        }
        for n in range(2 * FEW)
    ]  # fmt: skip
    insert_rows(connection, THING, rows)
    found = connection.execute(select(THING).order_by(THING.c.id)).mappings()
    assert [dict(r) for r in found] == rows
