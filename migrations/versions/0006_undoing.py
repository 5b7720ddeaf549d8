"""What the taking back of an import reverses

Revision: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("import_run") as table:
        table.add_column(sa.Column("reverses", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.create_index("ix_import_run_undoes", "import_run", ["undoes"])


def downgrade() -> None:
    op.drop_index("ix_import_run_undoes", table_name="import_run")
    with op.batch_alter_table("import_run") as table:
        table.drop_column("reverses")
