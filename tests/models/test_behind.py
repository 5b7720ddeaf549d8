"""Rows that a thread writes behind their owner's back are there as soon as anybody asks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, Table, Text, func, select
from sqlalchemy.exc import IntegrityError

from app.models.behind import ahead, writing_behind
from app.models.bulk import insert_rows
from app.models.engine import open_engine
from tests.servers import Databases, Dialect

WORDS = Table("word", MetaData(), Column("id", Integer, primary_key=True), Column("text", Text, nullable=False))
MANY = [{"id": n, "text": f"字{n}"} for n in range(20_000)]


@pytest.fixture
def connection(dialect: Dialect, fresh_database: Databases) -> Iterator[Connection]:
    url = fresh_database(dialect)
    engine = open_engine(url)
    with engine.connect() as opened, opened.begin():
        WORDS.create(opened)
        yield opened
    engine.dispose()
    fresh_database.drop(url)


def held(connection: Connection) -> tuple[int, ...]:
    found = connection.execute(select(func.count(), func.min(WORDS.c.id), func.max(WORDS.c.id))).one()
    return tuple(found)


def test_a_question_sees_every_row_that_was_given_before_it(connection: Connection) -> None:
    with writing_behind(connection):
        insert_rows(connection, WORDS, MANY)
        assert held(connection) == (20_000, 0, 19_999)
        insert_rows(connection, WORDS, [{"id": 20_000 + n, "text": ""} for n in range(60)])
    assert held(connection) == (20_060, 0, 20_059)


def test_a_refused_row_is_told_of_at_the_next_question_and_nothing_behind_it_is_kept(connection: Connection) -> None:
    with writing_behind(connection):
        insert_rows(connection, WORDS, MANY[:100])
        point = connection.begin_nested()
        insert_rows(connection, WORDS, MANY[99:200])
        insert_rows(connection, WORDS, MANY[200:300])
        with pytest.raises(IntegrityError):
            held(connection)
        point.rollback()
        assert held(connection) == (100, 0, 99)
        insert_rows(connection, WORDS, MANY[100:200])
    assert held(connection) == (200, 0, 199)


def test_a_refused_row_is_told_of_at_the_end_if_nobody_asks_before(connection: Connection) -> None:
    point = connection.begin_nested()
    with pytest.raises(IntegrityError), writing_behind(connection):
        insert_rows(connection, WORDS, [MANY[0], MANY[0]])
    point.rollback()
    assert held(connection)[0] == 0


def test_what_is_made_ahead_comes_in_its_order_and_brings_its_error() -> None:
    def made() -> Iterator[int]:
        yield from range(1, 4)
        raise ValueError("four")

    coming = ahead(made())
    assert [next(coming) for _ in range(3)] == [1, 2, 3]
    with pytest.raises(ValueError, match="four"):
        next(coming)
