"""Empty tables laid over the ledger's on one connection: what judges there writes into them, and they end with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, FromClause, MetaData, insert, text
from sqlalchemy.schema import CreateIndex, CreateTable

from app.models.fixed import sequence
from app.models.ledger import breach, breach_line, counter_group, ledger_entry, obligation, ticket
from app.services.panel import Work

SHADOWED = (obligation, breach, breach_line, counter_group, ticket, ledger_entry, sequence)
"""What judging reads and writes, beside the records."""
ASIDE = 10**12
"""Ids given in a replay begin here, so that they are never mistaken for those of the kept ledger."""
NATURAL = ("register", "record_id", "rule", "occurrence")
"""What names a breach, whoever found it."""


@dataclass(frozen=True)
class Replayed:
    """A ledger made anew: ``work`` reads it under the ledger's own tables; ``kept`` are the tables that stand, by name."""

    work: Work
    kept: Mapping[str, FromClause]


def lay(connection: Connection) -> dict[str, FromClause]:
    """Lay empty temporary tables over the ledger's and return the ledger's own under their schema's name."""
    schema = "main"
    if connection.dialect.name == "postgresql":
        schema = connection.execute(text("select current_schema()")).scalar_one()
        # what the pool's connection has prepared would go on writing to the ledger itself
        connection.exec_driver_sql("DEALLOCATE ALL")
    else:
        cursor = connection.connection.cursor()
        cursor.execute("PRAGMA temp_store=FILE")
        cursor.execute("PRAGMA temp.cache_size=-65536")
        cursor.close()
    kept: dict[str, FromClause] = {}
    for table in SHADOWED:
        kept[table.name] = table.to_metadata(MetaData(), schema=schema).alias(f"kept_{table.name}")
        create = str(CreateTable(table, include_foreign_key_constraints=[]).compile(connection))
        connection.exec_driver_sql(create.replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1))
        for index in table.indexes:
            connection.execute(CreateIndex(index))
    numbered = [{"key": f"{name}.id", "value": ASIDE} for name in ("obligation", "breach", "ticket")]
    connection.execute(insert(sequence), numbered)
    connection.commit()
    return kept
