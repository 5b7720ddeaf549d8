"""Who writes one batch after another lets those go first who wait for SQLite's write lock."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

import pytest
from sqlalchemy import Engine

from app.models import turns
from app.models.engine import open_engine
from tests.servers import Databases


@pytest.fixture
def engine(fresh_database: Databases) -> Iterator[Engine]:
    opened = open_engine(fresh_database("sqlite"))
    yield opened
    opened.dispose()


@contextmanager
def writing(engine: Engine, **options: bool) -> Iterator[None]:
    with engine.connect().execution_options(immediate=True, **options) as connection, connection.begin():
        yield


def test_who_waits_goes_before_the_next_batch(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST", 60.0)
    came: list[str] = []
    there, free, wait = Event(), Event(), turns.waiting

    @contextmanager
    def waiting(database: str) -> Iterator[None]:
        with wait(database):
            there.set()
            assert free.wait(60)
            yield

    monkeypatch.setattr(turns, "waiting", waiting)

    def save() -> None:
        with writing(engine):
            came.append("save")

    def batch() -> None:
        with writing(engine, gives_way=True):
            came.append("batch")

    with ThreadPoolExecutor(2) as threads:
        with writing(engine):
            saved = threads.submit(save)
            assert there.wait(60)
        assert not turns.wanted(engine)
        written = threads.submit(batch)
        while not turns.wanted(engine):  # the batch could begin now, for the lock is free
            assert not written.done()
        free.set()
        saved.result()
        written.result()
    assert came == ["save", "batch"]


def test_nobody_waits_forever(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOST", 0.01)
    assert engine.url.database is not None
    with turns.waiting(engine.url.database), writing(engine, gives_way=True):
        assert turns.wanted(engine)


def test_where_nobody_waits_a_batch_begins_at_once(engine: Engine) -> None:
    with writing(engine, gives_way=True):
        assert not turns.wanted(engine)
    assert engine.url.database is not None
    with turns.waiting(engine.url.database):
        pass
    with writing(engine, gives_way=True):
        assert not turns.wanted(engine)
