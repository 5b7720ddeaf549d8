"""What the panel does for its own speed between other work: indexes, texts and formulas behind publications and imports, statistics."""

from __future__ import annotations

from app.models.ddl import add_indexes
from app.services import renewing, searching
from app.services.panel import Panel

MANY = 1_000
"""New rows after which SQLite counts again how its columns are spread; PostgreSQL does so by itself."""
_LOOK_AT = 1_000
"""Entries of each index that it looks at."""


def run(panel: Panel, most: int | None = None) -> int:
    """Index the texts of up to ``most`` records (default: all) that came in bulk, and return how many there were.

    First come the indexes of large tables that the publication of this catalog left out; once for each catalog.
    """
    if "indexed" not in panel.memory:
        add_indexes(panel.engine, panel.catalog)
        panel.memory["indexed"] = True
    done = searching.catch_up(panel, most=most)
    renewing.catch_up(panel, most=most)
    if done >= MANY and panel.engine.dialect.name == "sqlite":
        with panel.engine.connect().execution_options(immediate=True) as connection, connection.begin():
            connection.exec_driver_sql(f"PRAGMA analysis_limit={_LOOK_AT}")
            connection.exec_driver_sql("ANALYZE")
    return done
