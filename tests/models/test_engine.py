"""Opening the database: what a connection asks before it is used and between its questions, and what counts as its memory."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import OperationalError

from app.models import engine as opening
from app.models.engine import MAPPED, one_by_one, open_engine, streamed, unmapped
from tests.servers import Databases

FILE = 1
"""What SQLite calls temporary storage in a file."""


@pytest.fixture
def engine(fresh_database: Databases) -> Iterator[Engine]:
    opened = open_engine(fresh_database("postgresql"), pool_size=1, max_overflow=0)
    yield opened
    opened.dispose()


def _backend(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_that_died_while_nobody_used_it_is_opened_anew(
    engine: Engine, fresh_database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "IDLE", 0.0)
    before = _backend(engine)
    other = open_engine(str(engine.url.render_as_string(hide_password=False)))
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": before})
    other.dispose()
    assert _backend(engine) != before


def test_a_connection_just_used_is_not_asked_whether_it_lives(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "IDLE", 3600.0)
    asked: list[object] = []
    first = _backend(engine)
    monkeypatch.setattr(engine.dialect, "do_ping", lambda connection: asked.append(connection))
    assert _backend(engine) == first
    assert asked == []
    monkeypatch.setattr(opening, "IDLE", -1.0)
    assert _backend(engine) == first
    assert len(asked) == 1


def test_questions_one_by_one_leave_no_transaction_open_and_the_next_user_has_one(engine: Engine) -> None:
    moments = text("SELECT transaction_timestamp()")
    with engine.connect() as connection, one_by_one(connection).begin():
        assert connection.execute(moments).scalar() != connection.execute(moments).scalar()
        assert streamed(connection) == {}
    with engine.connect() as connection, connection.begin():
        assert connection.execute(moments).scalar() == connection.execute(moments).scalar()
        assert streamed(connection) == {"stream_results": True}


def test_on_sqlite_all_questions_see_one_moment(fresh_database: Databases) -> None:
    opened = open_engine(fresh_database("sqlite"))
    seen: list[str] = []
    event.listen(opened, "before_cursor_execute", lambda c, cursor, statement, *more: seen.append(statement))
    with opened.connect() as connection, one_by_one(connection).begin():
        connection.execute(text("SELECT 1"))
    opened.dispose()
    assert seen == ["BEGIN", "SELECT 1"]


def told(connection: Connection, pragma: str) -> int:
    return int(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one())


def test_a_database_is_not_mapped_during_long_work_and_mapped_again_behind_it(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path / 'site.db'}")
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("CREATE TABLE word (id INTEGER)")
        assert told(connection, "temp_store") == FILE
        with pytest.raises(ZeroDivisionError), unmapped(connection):
            connection.exec_driver_sql("INSERT INTO word VALUES (1)")
            assert told(connection, "mmap_size") == 0
            raise ZeroDivisionError
        assert told(connection, "mmap_size") == MAPPED
    engine.dispose()


def test_a_writer_on_sqlite_looks_again_and_again_whether_it_is_his_turn(
    fresh_database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = open_engine(fresh_database("sqlite"))
    looks: list[float] = []
    looked_often = Event()

    def monotonic() -> float:
        looks.append(0.0)
        if len(looks) > 5:
            looked_often.set()
        return 0.0

    monkeypatch.setattr(opening, "LOOK", 1)
    with opened.connect().execution_options(immediate=True) as first, first.begin():
        monkeypatch.setattr(opening.time, "monotonic", monotonic)
        with ThreadPoolExecutor(1) as other:
            second = other.submit(_write, opened)
            looked_often.wait()
            monkeypatch.undo()
            assert not second.done()
            first.commit()
            assert second.result() == 1000 * opening.PATIENCE
    opened.dispose()


def _write(engine: Engine) -> int:
    """Begin with the write lock; return how long the connection then waits for others, in milliseconds."""
    with engine.connect().execution_options(immediate=True) as connection, connection.begin():
        return int(connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one())


def test_a_writer_on_sqlite_whose_turn_does_not_come_is_told(
    fresh_database: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0)
    opened = open_engine(fresh_database("sqlite"))
    with (
        opened.connect().execution_options(immediate=True) as first,
        first.begin(),
        pytest.raises(OperationalError, match="locked"),
    ):
        _write(opened)
    assert _write(opened) == 0
    opened.dispose()
