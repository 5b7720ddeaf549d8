"""Tables of the sweep's own life: each time it was woken, and when it stands still because the clock is in doubt."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from app.models.fixed import fixed
from app.models.types import ID, UtcMoment

tick = Table(
    "tick", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("at", UtcMoment, nullable=False, index=True),
    Column("elapsed", ID, nullable=False), Column("stopwatch", String(64), nullable=False),
    Column("gap", ID), Column("held", Boolean, nullable=False), Column("finished_at", UtcMoment),
    Column("timers", Integer, nullable=False), Column("breaches", Integer, nullable=False),
    Column("tickets", Integer, nullable=False), Column("notices", Integer, nullable=False),
)  # fmt: skip
"""One wake-up of the sweep. ``gap``: seconds since the one before, where that is longer than it should be."""

clock_hold = Table(
    "clock_hold", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("since", UtcMoment, nullable=False), Column("reason", Text, nullable=False),
    Column("released_at", UtcMoment), Column("released_by", Integer), Column("note", Text),
    Index("ix_clock_hold_released_at", "released_at"),
)  # fmt: skip
"""From when to when nothing was judged because the clock was in doubt; ``reason`` is a sentence with its values, as JSON."""
