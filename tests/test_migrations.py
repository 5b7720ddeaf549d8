"""The migrations make exactly the tables that the code declares."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import app.models.channels
import app.models.dating
import app.models.indicators
import app.models.ledger
import app.models.ticks  # noqa: F401  # their tables join those of fixed
from app.models import migrate
from app.models.engine import open_engine
from app.models.fixed import fixed
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
