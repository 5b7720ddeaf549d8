"""Tables of what moves the past or the days it is counted by: calendars in revisions, recalculations with their reports."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, String, Table, Text

from app.models.fixed import fixed
from app.models.types import ID, ScaledNumber, UtcMoment

calendar_revision = Table(
    "calendar_revision", fixed,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("name", String(40), nullable=False, index=True), Column("unit", ID),
    Column("facts", Text, nullable=False), Column("at", UtcMoment, nullable=False), Column("person", Integer),
    Column("note", Text, nullable=False),
)  # fmt: skip

recalculation = Table(
    "recalculation", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(120), nullable=False), Column("reason", Text, nullable=False), Column("registers", Text, nullable=False),
    Column("from_day", Date, nullable=False), Column("to_day", Date, nullable=False),
    Column("revision", Integer), Column("calendar", Integer),
    Column("state", String(10), nullable=False), Column("state_at", UtcMoment, nullable=False),
    Column("drafted_by", Integer), Column("drafted_at", UtcMoment, nullable=False),
    Column("decided_by", Integer), Column("decided_at", UtcMoment), Column("decision", Text),
    Column("place", Integer, nullable=False), Column("reached", ID, nullable=False),
    Column("done", Integer, nullable=False), Column("total", Integer, nullable=False),
)  # fmt: skip
"""``place`` and ``reached``: the register, by its place in ``registers``, and the record up to which it has been posted."""
recalculation_line = Table(
    "recalculation_line", fixed,
    Column("recalculation", ID, ForeignKey("recalculation.id"), primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True),
    Column("kind", String(10), nullable=False), Column("register", String(41), nullable=False), Column("record_id", ID, nullable=False),
    Column("rule", String(41), nullable=False), Column("clause", String(80), nullable=False),
    Column("person", Integer), Column("month", String(7), nullable=False),
    Column("due_before", UtcMoment), Column("due_after", UtcMoment),
    Column("state_before", String(40), nullable=False), Column("state_after", String(40), nullable=False),
    Column("amount_before", ScaledNumber(2), nullable=False), Column("amount_after", ScaledNumber(2), nullable=False),
    Index("ix_recalculation_line_person", "recalculation", "person", "month"),
)  # fmt: skip
"""What a recalculation changes: one obligation or ticket before and after."""
