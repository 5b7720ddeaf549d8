"""Tables of the ways out of the panel: group robots, the letters handed over, and what each person wants to be told how."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text, Time

from app.models.fixed import fixed
from app.models.types import ID, UtcMoment

channel = Table(
    "channel", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(80), nullable=False), Column("kind", String(10), nullable=False),
    Column("token", Text, nullable=False), Column("secret", Text),
    Column("kinds", Text, nullable=False), Column("roles", Text, nullable=False), Column("units", Text, nullable=False),
    Column("language", String(2), nullable=False), Column("active", Boolean, nullable=False),
    Column("changed_by", Integer), Column("changed_at", UtcMoment, nullable=False),
)  # fmt: skip
"""One group's robot. ``kinds``, ``roles`` and ``units`` are JSON lists; of the last two an empty one means everybody's."""

letter = Table(
    "letter", fixed,
    Column("id", ID, primary_key=True, autoincrement=False),
    Column("channel", String(20), nullable=False), Column("person", Integer), Column("size", Integer, nullable=False),
    Column("state", String(8), nullable=False), Column("attempts", Integer, nullable=False),
    Column("made_at", UtcMoment, nullable=False), Column("next_at", UtcMoment, nullable=False), Column("sent_at", UtcMoment),
    Column("error", Text),
    Index("ix_letter_next", "state", "next_at"),
)  # fmt: skip
"""What is handed to a channel at once: ``size`` notices, 0 for a trial. ``waiting``, ``sending``, ``sent``, ``failed`` or ``aside``."""

notice_choice = Table(
    "notice_choice", fixed,
    Column("person", Integer, primary_key=True, autoincrement=False), Column("kind", String(20), primary_key=True),
    Column("how", String(8), nullable=False),
)  # fmt: skip
notice_hours = Table(
    "notice_hours", fixed,
    Column("person", Integer, primary_key=True, autoincrement=False),
    Column("quiet_from", Time, nullable=False), Column("quiet_to", Time, nullable=False), Column("rest_days", Boolean, nullable=False),
    Column("digest_at", Time, nullable=False), Column("language", String(2), nullable=False),
)  # fmt: skip
