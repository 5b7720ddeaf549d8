"""Bringing the fixed tables to the newest migration."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"


def configuration() -> Config:
    """Return Alembic's configuration for this project."""
    from alembic.config import Config  # with what it brings along 6 MB that no web process needs

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply the migrations that the database lacks up to ``revision``; nothing where it lacks none."""
    from alembic import command

    config = configuration()
    with engine.connect() as connection:
        connection = connection.execution_options(immediate=True)
        with connection.begin():
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
