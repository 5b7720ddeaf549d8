"""Alembic's environment: the fixed tables and Flask-AppBuilder's; register tables belong to the publisher."""

from __future__ import annotations

from typing import Any

from alembic import context

import app.models.channels  # its tables join those of fixed
import app.models.dating  # and so do these
import app.models.drafts  # and so do these
import app.models.indicators  # and so do these
import app.models.ledger  # and so do these
import app.models.ticks  # noqa: F401  # and these
from app.models.fixed import fixed
from app.models.registers import PREFIX


def _ours(thing: Any, name: str | None, kind: str, _reflected: bool, _compared: Any) -> bool:
    if kind == "table":
        # record_gram is FTS5 with tables behind it on SQLite, a plain table on PostgreSQL: written out in its migration
        return (
            not (name or "").startswith((PREFIX, "record_gram"))
            and getattr(thing, "info", {}).get("owner") != "flask_appbuilder"
        )
    return True


def run() -> None:
    """Run migrations on the connection that ``app.models.migrate`` gives."""
    connection = context.config.attributes["connection"]
    metadata = context.config.attributes.get("metadata", [fixed])
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=_ours,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


run()
