"""Channels, letters, and what each person wants to be told how

Revision: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "channel",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("kinds", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel")),
    )
    op.create_table(
        "letter",
        sa.Column("id", ID, autoincrement=False, nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("person", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letter")),
    )
    op.create_index("ix_letter_next", "letter", ["state", "next_at"], unique=False)
    op.create_table(
        "notice_choice",
        sa.Column("person", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("how", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("person", "kind", name=op.f("pk_notice_choice")),
    )
    op.create_table(
        "notice_hours",
        sa.Column("person", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("quiet_from", sa.Time(), nullable=False),
        sa.Column("quiet_to", sa.Time(), nullable=False),
        sa.Column("rest_days", sa.Boolean(), nullable=False),
        sa.Column("digest_at", sa.Time(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_notice_hours")),
    )
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("letter", ID, nullable=True))
    # what has left, or was given up, keeps its letter; what waits is gathered into a new one
    op.execute(
        "INSERT INTO letter (id, channel, person, size, state, attempts, made_at, next_at, sent_at) "
        "SELECT o.notice, o.channel, n.person, 1, o.state, o.attempts, n.at, o.next_at, o.sent_at "
        "FROM outbox o JOIN notice n ON n.id = o.notice WHERE o.state IN ('sent', 'failed')"
    )
    op.execute("UPDATE outbox SET letter = notice, state = 'taken' WHERE state IN ('sent', 'failed')")
    op.execute("UPDATE outbox SET state = 'waiting' WHERE state = 'sending'")
    op.execute("INSERT INTO sequence (key, value) SELECT 'letter.id', coalesce(max(id), 0) FROM letter")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("attempts")
        batch_op.drop_column("sent_at")
        batch_op.drop_column("error")
        batch_op.create_index(
            "ix_outbox_letter",
            ["letter"],
            unique=False,
            sqlite_where=sa.text("letter IS NOT NULL"),
            postgresql_where=sa.text("letter IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index("ix_outbox_letter")
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("error", sa.Text(), nullable=True))
    op.execute("UPDATE outbox SET state = 'sent' WHERE state = 'taken'")
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("letter")
    op.drop_table("notice_hours")
    op.drop_table("notice_choice")
    op.drop_index("ix_letter_next", table_name="letter")
    op.drop_table("letter")
    op.drop_table("channel")
