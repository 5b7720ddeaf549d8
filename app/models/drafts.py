"""Tables of drafts: definitions on their way to being in force."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Integer, String, Table, Text

from app.models.fixed import fixed
from app.models.types import ID, UtcMoment

draft = Table(
    "draft", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(120), nullable=False), Column("reason", Text, nullable=False), Column("base", Integer, nullable=False),
    Column("in_force_from", Date),
    Column("state", String(10), nullable=False, index=True),
    Column("begun_by", Integer), Column("begun_at", UtcMoment, nullable=False), Column("changed_at", UtcMoment, nullable=False),
    Column("asked_by", Integer), Column("asked_at", UtcMoment),
    Column("decided_by", Integer), Column("decided_at", UtcMoment), Column("decision", Text),
    Column("revision", Integer),
)  # fmt: skip
"""``base``: the revision in force when it was begun; ``revision``: the one it became."""
draft_file = Table(
    "draft_file", fixed,
    Column("draft", ID, ForeignKey("draft.id"), primary_key=True, autoincrement=False), Column("path", String(200), primary_key=True),
    Column("text", Text), Column("base", Integer, nullable=False),
    Column("person", Integer), Column("at", UtcMoment, nullable=False),
)  # fmt: skip
"""A file as the draft wants it; without ``text`` it is taken away. ``base``: the revision whose file was changed."""
draft_author = Table(
    "draft_author", fixed,
    Column("draft", ID, ForeignKey("draft.id"), primary_key=True, autoincrement=False),
    Column("person", Integer, primary_key=True, autoincrement=False),
)  # fmt: skip
"""Who ever changed a draft: none of them approves it."""
