"""Figures that were kept, one line for each indicator, period and subject and one more for each correction; and reports entered."""

from __future__ import annotations

from sqlalchemy import Column, Date, Integer, String, Table, Text, UniqueConstraint

from app.models.fixed import fixed
from app.models.types import ID, ScaledNumber, UtcMoment

PLACES = 4
indicator_figure = Table(
    "indicator_figure", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("indicator", String(41), nullable=False), Column("kind", String(9), nullable=False), Column("first_day", Date, nullable=False),
    Column("subject", String(200), nullable=False), Column("version", Integer, nullable=False),
    Column("numerator", ScaledNumber(PLACES)), Column("denominator", ScaledNumber(PLACES)), Column("value", ScaledNumber(PLACES)),
    Column("made_at", UtcMoment, nullable=False), Column("revision", Integer, nullable=False),
    Column("person", Integer), Column("reason", Text, nullable=False),
    UniqueConstraint("indicator", "kind", "first_day", "subject", "version"),
)  # fmt: skip
"""Append-only: triggers refuse UPDATE, DELETE and TRUNCATE. Without ``numerator`` there was nothing to count."""

report_made = Table(
    "report_made", fixed,
    Column("register", String(41), primary_key=True), Column("report", String(41), primary_key=True),
    Column("unit", Integer, primary_key=True, autoincrement=False), Column("first_day", Date, primary_key=True),
    Column("record_id", ID),
)  # fmt: skip
"""Which record the panel entered as a report of a unit (0: of everybody) and a period; one that was archived is not entered again."""
