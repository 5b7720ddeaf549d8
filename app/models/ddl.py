"""Bringing register tables to what the catalog says: adding, never dropping."""

from __future__ import annotations

from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, inspect

from app.models.registers import Models


def add_missing(connection: Connection, models: Models) -> list[str]:
    """Create the tables, columns and indexes that are not there yet; return their names.

    New columns may be empty, so that old rows stay as they are. A retired field keeps its column and its values.
    """
    seen = inspect(connection)
    there = set(seen.get_table_names())
    mine = [t for t in models.metadata.tables.values() if t.info.get("owner") != "flask_appbuilder"]
    new = [t for t in mine if t.name not in there]
    added = [t.name for t in new]
    models.metadata.create_all(connection, tables=new)
    operations = Operations(MigrationContext.configure(connection))
    for table in mine:
        if table.name not in there:
            continue
        columns = {c["name"] for c in seen.get_columns(table.name)}
        for column in table.columns:
            if column.name not in columns:
                operations.add_column(table.name, column._copy())
                added.append(f"{table.name}.{column.name}")
        indexes = {i["name"] for i in seen.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)
                added.append(str(index.name))
    return added
