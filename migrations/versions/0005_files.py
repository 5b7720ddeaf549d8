"""What left as a file, and imports that are taken back

Revision: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "export_log",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("register", sa.String(length=41), nullable=False),
        sa.Column("person", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=10), nullable=False),
        sa.Column("form", sa.String(length=20), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("criteria", sa.Text(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_log")),
    )
    op.create_index("ix_export_log_person", "export_log", ["person"])
    with op.batch_alter_table("import_run") as table:
        table.add_column(sa.Column("undoes", ID, nullable=True))
        table.add_column(sa.Column("undone_by", ID, nullable=True))
    kept = sa.text("import_run IS NOT NULL")
    op.create_index(
        "ix_record_version_import_run",
        "record_version",
        ["import_run", "record_id"],
        sqlite_where=kept,
        postgresql_where=kept,
    )


def downgrade() -> None:
    op.drop_index("ix_record_version_import_run", table_name="record_version")
    with op.batch_alter_table("import_run") as table:
        table.drop_column("undone_by")
        table.drop_column("undoes")
    op.drop_table("export_log")
