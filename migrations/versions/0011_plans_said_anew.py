"""What publications changed, as sentences that are worded when they are read; earlier ones stay the lines that they were

Revision: 0011
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PUBLICATION = sa.table("publication", sa.column("revision", sa.Integer), sa.column("plan", sa.Text))


def upgrade() -> None:
    for number, plan in _plans():
        _keep(number, json.dumps(plan.splitlines(), ensure_ascii=False))


def downgrade() -> None:
    for number, plan in _plans():
        _keep(number, "\n".join(map(_line, json.loads(plan))))


def _plans() -> list[tuple[int, str]]:
    query = sa.select(PUBLICATION.c.revision, PUBLICATION.c.plan)
    return [(number, plan) for number, plan in op.get_bind().execute(query)]


def _keep(number: int, plan: str) -> None:
    op.execute(PUBLICATION.update().where(PUBLICATION.c.revision == number).values(plan=plan))


def _line(said: str | dict) -> str:
    """Return a sentence as the line that it was."""
    if isinstance(said, str):
        return said
    values = {k: _line(v) if isinstance(v, dict) else v for k, v in said["values"].items()}
    return said["template"].format(**values)
