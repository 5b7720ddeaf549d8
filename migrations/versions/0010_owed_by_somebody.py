"""The indexes of who owes what hold only those obligations that a person, or a role, owes

Revision: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_obligation_person": ["person", "state", "due_at"],
    "ix_obligation_role": ["role", "state"],
}


def upgrade() -> None:
    for name, columns in INDEXES.items():
        filled = sa.text(f"{columns[0]} IS NOT NULL")
        op.drop_index(name, table_name="obligation")
        op.create_index(name, "obligation", columns, sqlite_where=filled, postgresql_where=filled)


def downgrade() -> None:
    for name, columns in INDEXES.items():
        op.drop_index(name, table_name="obligation")
        op.create_index(name, "obligation", columns)
