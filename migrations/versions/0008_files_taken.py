"""Days on which registers went live; what people took columns of files for

Revision: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from app.models.types import UtcMoment

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "go_live",
        sa.Column("id", ID, primary_key=True, autoincrement=True),
        sa.Column("register", sa.String(41), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("person", sa.Integer()),
        sa.Column("at", UtcMoment(), nullable=False),
    )
    op.create_index("ix_go_live_register", "go_live", ["register"])
    op.create_table(
        "column_choice",
        sa.Column("person", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("register", sa.String(41), primary_key=True),
        sa.Column("header", sa.String(200), primary_key=True),
        sa.Column("field", sa.String(41), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("column_choice")
    op.drop_table("go_live")
