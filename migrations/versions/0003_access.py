"""The access log, and in whose place somebody acted

Revision: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER access_log_no_{verb.lower()} BEFORE {verb} ON access_log"
        " BEGIN SELECT RAISE(ABORT, 'access_log is append-only'); END"
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION access_log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'access_log is append-only'; END $$",
        "CREATE TRIGGER access_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON access_log"
        " FOR EACH STATEMENT EXECUTE FUNCTION access_log_is_append_only()",
    ],
}
"""What makes the database itself refuse to change a line of the log."""


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "access_log",
        sa.Column("id", number, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("register", sa.String(length=41), nullable=True),
        sa.Column("record_id", number, nullable=True),
        sa.Column("approved_in", sa.String(length=41), nullable=True),
        sa.Column("approval", number, nullable=True),
        sa.Column("subject", sa.Integer(), nullable=True),
        sa.Column("began", number, nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_log")),
    )
    op.create_index("ix_access_log_record", "access_log", ["register", "record_id"])
    op.create_index("ix_access_log_began", "access_log", ["began"])
    op.add_column("record_version", sa.Column("on_behalf", sa.Integer(), nullable=True))
    op.add_column("signature", sa.Column("on_behalf", sa.Integer(), nullable=True))
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_column("signature", "on_behalf")
    op.drop_column("record_version", "on_behalf")
    op.drop_table("access_log")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION access_log_is_append_only()")
