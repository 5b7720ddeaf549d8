"""Reports that the panel enters by itself

Revision: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_made",
        sa.Column("register", sa.String(length=41), nullable=False),
        sa.Column("report", sa.String(length=41), nullable=False),
        sa.Column("unit", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("register", "report", "unit", "first_day", name=op.f("pk_report_made")),
    )


def downgrade() -> None:
    op.drop_table("report_made")
