"""Column types that hold the same value in every database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeDecorator

ID = BigInteger().with_variant(Integer(), "sqlite")
"""A row's number; plain INTEGER on SQLite, where only that is the table's own key."""


class UtcMoment(TypeDecorator[datetime]):
    """An aware moment, kept in UTC to the second: timestamptz, or text on SQLite."""

    impl = DateTime(timezone=True).with_variant(sqlite.DATETIME(truncate_microseconds=True), "sqlite")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:
        """Return what reads a cell, without the chain of calls that a decorated type makes for each: lists are full of moments."""
        return _from_text if dialect.name == "sqlite" else _in_utc


def _from_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _in_utc(value: datetime | None) -> datetime | None:
    return None if value is None else value.astimezone(UTC)


class ScaledNumber(TypeDecorator[Decimal]):
    """A decimal with fixed places, kept as a whole number of its smallest unit (money: fen)."""

    impl = BigInteger
    cache_ok = True

    def __init__(self, places: int = 2) -> None:
        super().__init__()
        self.places = places

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> int | None:
        return None if value is None else int(Decimal(value).scaleb(self.places))

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-self.places)


class Words(TypeDecorator[tuple[str, ...]]):
    """Several codes as ``;a;b;``, so that one is found by LIKE '%;a;%'."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return f";{';'.join(value)};" if value else None

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return tuple(value.strip(";").split(";")) if value else None
