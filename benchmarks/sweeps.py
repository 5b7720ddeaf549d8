"""The sweep over obligations that have all fallen due, beside the bare set-based SQL of the same writes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ForeignKey, Index, MetaData, Table, UniqueConstraint, func, select

from app.exchange import importing
from app.models.bulk import insert_rows
from app.models.engine import open_engine
from app.models.ledger import breach, breach_line, ledger_entry, notice, obligation, outbox, ticket, timer
from app.services import sweep
from benchmarks import site, standing
from benchmarks.measure import measured, own, server_cpu

LATER = timedelta(days=60)
WRITTEN = (breach, breach_line, ticket, ledger_entry, notice, outbox)
"""What a sweep writes; and it deletes timers."""


def panel(url: str, folder: str, file: str, standing_open: int = 0) -> dict[str, Any]:
    """Import cards, let every obligation fall due, and sweep once; beside them ``standing_open`` obligations are not due."""
    opened = site.open_site(url, Path(folder))
    report = importing.run(
        opened.panel, opened.actor(site.CLERK), "complaint", Path(file), now=site.NOW, mode="good", again=True
    )
    assert (report.state, report.refused) == ("done", 0), report.errors[:5]
    standing.lay(url, standing_open)
    due = site.NOW + LATER
    with opened.panel.engine.connect() as connection:
        waiting = select(func.count()).where(timer.c.fire_at <= due)
        timers = connection.execute(waiting).scalar() or 0
        obligations = connection.execute(select(func.count()).where(obligation.c.due_at <= due)).scalar() or 0
    theirs, held = server_cpu(url), own()
    with measured() as watch:
        done = sweep.run(opened.panel, due)
    theirs, held = server_cpu(url) - theirs, own() - held
    with opened.panel.engine.connect() as connection:
        breaches = connection.execute(select(func.count()).select_from(breach)).scalar()
    opened.panel.engine.dispose()
    assert breaches == done.breaches
    return watch.figures(obligations) | {
        "open": standing_open, "timers": timers, "breaches": done.breaches, "notices": done.notices, "batches": done.batches,
        "served_seconds": theirs, "raised_mb": watch.megabytes, "own_mb": own(), "own_raised_mb": held,
    }  # fmt: skip


def bare(url: str, timers: int) -> dict[str, Any]:
    """Write what the sweep wrote once more, in one statement for each table: the same rows into tables with the same columns and indexes.

    Beside that, as many timers deleted. It decides nothing: what is due, who is responsible, who is told and what it costs is there.
    """
    engine = open_engine(url)
    twin = MetaData()
    written = {t: _twin(t, twin) for t in WRITTEN}
    gone = _twin(timer, twin)
    with engine.begin() as connection:
        twin.create_all(connection)
        rows = connection.execute(select(func.count()).select_from(breach)).scalar_one()
        owed = connection.execute(select(obligation.c.id).limit(timers)).scalars()
        fire = [{"obligation": n, "fire_at": site.NOW, "kind": "breach", "seq": 1} for n in owed]
        insert_rows(connection, gone, fire)
    theirs = server_cpu(url)
    with measured() as watch, engine.begin() as connection:
        for table, copy in written.items():
            connection.execute(copy.insert().from_select([c.name for c in table.columns], select(table)))
        connection.execute(gone.delete().where(gone.c.fire_at <= site.NOW))  # as those are that are not due
    theirs = server_cpu(url) - theirs
    engine.dispose()
    return watch.figures(rows) | {"served_seconds": theirs}


def _like(column: Column[Any]) -> Column[Any]:
    """Return a column as a twin has it: what points to another row that the sweep writes points to the row's twin."""
    keys = [
        ForeignKey(f"bare_{k.column.table.name}.{k.column.name}" if k.column.table in WRITTEN else k.column)
        for k in column.foreign_keys
    ]
    return Column(
        column.name, column.type, *keys, primary_key=column.primary_key, nullable=column.nullable, autoincrement=False
    )


def _twin(table: Table, into: MetaData) -> Table:
    """Return an empty table with the columns, keys and indexes of another; on PostgreSQL and SQLite names of indexes are of the whole schema."""
    copy = Table(f"bare_{table.name}", into, *(_like(c) for c in table.columns))
    for n, index in enumerate(sorted(table.indexes, key=lambda i: str(i.name))):
        where = {f"{d}_where": index.dialect_options[d]["where"] for d in ("sqlite", "postgresql")}
        kept = {k: v for k, v in where.items() if v is not None}
        Index(f"bare_{table.name}_{n}", *(copy.c[c.name] for c in index.columns), unique=index.unique, **kept)
    for unique in (c for c in table.constraints if isinstance(c, UniqueConstraint)):
        copy.append_constraint(UniqueConstraint(*(copy.c[c.name] for c in unique.columns)))
    return copy
