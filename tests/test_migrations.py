"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

import app.models.dating
import app.models.drafts
import app.models.indicators
import app.models.ticks  # noqa: F401  # their tables join those of fixed
from app.models import migrate
from app.models.channels import letter
from app.models.engine import open_engine
from app.models.fixed import fixed
from app.models.ledger import outbox
from app.services import publishing
from tests.servers import DIALECTS, Databases


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_new_database_has_every_fixed_table_column_and_index(dialect: str, fresh_database: Databases) -> None:
    engine = open_engine(fresh_database(dialect))  # type: ignore[arg-type]
    migrate.upgrade(engine)
    ours = {t.name for t in fixed.tables.values() if t.info.get("owner") != "flask_appbuilder"}
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={"include_object": lambda _t, name, kind, _r, _c: kind != "table" or name in ours},
        )
        assert compare_metadata(context, fixed) == []
    engine.dispose()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_had_left_keeps_its_letter_and_what_waited_is_gathered_anew(
    dialect: str, fresh_database: Databases
) -> None:
    engine = open_engine(fresh_database(dialect))  # type: ignore[arg-type]
    migrate.upgrade(engine, "0001")
    states = ("sent", "failed", "sending", "waiting", "aside")
    with engine.begin() as connection:
        for n, state in enumerate(states, 1):
            at = "'2026-01-05 02:00:00'"
            connection.exec_driver_sql(
                f"INSERT INTO notice (id, key, person, kind, words, at) VALUES ({n}, 'k{n}', 1, 'moved', '{{}}', {at})"  # noqa: S608
            )
            connection.exec_driver_sql(
                f"INSERT INTO outbox (notice, channel, state, attempts, next_at) VALUES ({n}, 'mail', '{state}', {n}, {at})"  # noqa: S608
            )
    migrate.upgrade(engine)
    with engine.connect() as connection:
        rows = connection.execute(select(outbox.c.state, outbox.c.letter).order_by(outbox.c.notice)).all()
        kept = connection.execute(select(letter.c.id, letter.c.state, letter.c.attempts).order_by(letter.c.id)).all()
    assert rows == [("taken", 1), ("taken", 2), ("waiting", None), ("waiting", None), ("aside", None)]
    assert kept == [(1, "sent", 1), (2, "failed", 2)]
    engine.dispose()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_a_publication_said_it_changed_is_kept_line_by_line(dialect: str, fresh_database: Databases) -> None:
    engine = open_engine(fresh_database(dialect))  # type: ignore[arg-type]
    migrate.upgrade(engine, "0009")
    row = "1, 'd', '2026-01-05 02:00:00', '2026-01-05', '', '《甲》：{名} → “乙”\n停用字段', '{}'"
    with engine.begin() as connection:
        columns = "revision, digest, at, in_force_from, reason, plan, catalog"
        connection.exec_driver_sql(f"INSERT INTO publication ({columns}) VALUES ({row})")  # noqa: S608
    migrate.upgrade(engine)
    assert [str(s) for s in publishing.history(engine)[0][4]] == ["《甲》：{名} → “乙”", "停用字段"]
    engine.dispose()
