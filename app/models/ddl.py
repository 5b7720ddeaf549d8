"""Bringing register tables to what the catalog says: adding, never dropping."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, Index, MetaData, Table, func, inspect, select, text
from sqlalchemy.schema import CreateIndex

from app.catalog.catalog import Catalog
from app.models.registers import build_schema

LARGE = 20_000
"""Rows of a table whose new indexes are built behind a publication: it must not wait for them, nor may writers."""
_BUILDER = 7_031_245
"""The number of the lock of whoever builds indexes on PostgreSQL."""


def add_missing(connection: Connection, catalog: Catalog) -> list[str]:
    """Create the tables, columns and indexes that are not there yet; return their names.

    New columns may be empty, so that old rows stay as they are: no row is touched, however many there are. A retired field keeps its
    column and its values. Indexes of large tables are left to ``add_indexes``, but for those that keep values unique.
    """
    from alembic.migration import MigrationContext  # only who publishes needs it
    from alembic.operations import Operations

    seen = inspect(connection)
    there = set(seen.get_table_names())
    schema = build_schema(catalog)
    mine = _own(schema)
    new = [t for t in mine if t.name not in there]
    added = [t.name for t in new]
    schema.create_all(connection, tables=new)
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
        missing = [i for i in table.indexes if i.name not in indexes]
        for index in [i for i in missing if i.unique or not _large(connection, table)]:
            index.create(connection)
            added.append(str(index.name))
    return added


def add_indexes(engine: Engine, catalog: Catalog) -> list[str]:
    """Create the indexes that a publication left out, one after the other, and return their names.

    On PostgreSQL without keeping writers out; on SQLite, where all writers wait for each other anyway, each in a transaction of its own.
    What another process is building already, or began and never finished, is left to it, or begun anew.
    """
    if engine.dialect.name == "postgresql":
        return _concurrently(engine, catalog)
    added = []
    with engine.connect() as connection:
        there = set(connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'index'")).scalars())
    for index in _missing(catalog, there):
        with engine.connect() as connection:
            connection = connection.execution_options(immediate=True)
            with connection.begin():
                index.create(connection, checkfirst=True)
        added.append(str(index.name))
    return added


def _concurrently(engine: Engine, catalog: Catalog) -> list[str]:
    added = []
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.execute(select(func.pg_try_advisory_lock(_BUILDER))).scalar():
            return []
        try:
            there = text(
                "SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
                " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
            )
            valid: dict[str, bool] = {name: whole for name, whole in connection.execute(there)}
            for index in _missing(catalog, {name for name, whole in valid.items() if whole}):
                if index.name in valid:  # its building was broken off; PostgreSQL never uses it
                    connection.execute(text(f'DROP INDEX CONCURRENTLY IF EXISTS "{index.name}"'))
                create = str(CreateIndex(index).compile(dialect=connection.dialect))
                connection.execute(text(create.replace("CREATE INDEX", "CREATE INDEX CONCURRENTLY", 1)))
                added.append(str(index.name))
        finally:
            connection.execute(select(func.pg_advisory_unlock(_BUILDER)))
    return added


def _own(schema: MetaData) -> list[Table]:
    return [t for t in schema.tables.values() if t.info.get("owner") != "flask_appbuilder"]


def _missing(catalog: Catalog, there: set[str]) -> list[Index]:
    return [
        i
        for t in _own(build_schema(catalog))
        for i in sorted(t.indexes, key=lambda i: str(i.name))
        if not i.unique and i.name not in there
    ]


def _large(connection: Connection, table: Table) -> bool:
    """Return whether a table may have very many rows; ids count them from 1 and are never given twice."""
    if "id" not in table.c:
        return False
    return (connection.execute(select(func.max(table.c.id))).scalar() or 0) > LARGE
