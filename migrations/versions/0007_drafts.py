"""Drafts of definitions, from the first change to their publication

Revision: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "draft",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("in_force_from", sa.Date()),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("begun_by", sa.Integer()),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.Integer()),
        sa.Column("asked_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Integer()),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decision", sa.Text()),
        sa.Column("revision", sa.Integer()),
    )
    op.create_index("ix_draft_state", "draft", ["state"])
    op.create_table(
        "draft_file",
        sa.Column("draft", ID, sa.ForeignKey("draft.id"), primary_key=True, autoincrement=False),
        sa.Column("path", sa.String(200), primary_key=True),
        sa.Column("text", sa.Text()),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("person", sa.Integer()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "draft_author",
        sa.Column("draft", ID, sa.ForeignKey("draft.id"), primary_key=True, autoincrement=False),
        sa.Column("person", sa.Integer(), primary_key=True, autoincrement=False),
    )


def downgrade() -> None:
    op.drop_table("draft_author")
    op.drop_table("draft_file")
    op.drop_table("draft")
