"""How far each formula has been worked out anew

Revision: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "formula_reach",
        sa.Column("register", sa.String(41), nullable=False),
        sa.Column("field", sa.String(41), nullable=False),
        sa.Column("meaning", sa.String(64), nullable=False),
        sa.Column("upto", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("register", "field", name="pk_formula_reach"),
    )


def downgrade() -> None:
    op.drop_table("formula_reach")
