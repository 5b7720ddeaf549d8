"""The servers that all other tests stand on are real, empty and apart from one another."""

from __future__ import annotations

import redis
from playwright.sync_api import Browser
from sqlalchemy import create_engine, text

from tests.servers import Databases, Dialect


def test_a_database_is_empty_and_keeps_what_is_written(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (body VARCHAR(40))"))
        connection.execute(text("INSERT INTO note VALUES ('规簿')"))
    with engine.connect() as connection:
        assert connection.execute(text("SELECT body FROM note")).scalars().all() == ["规簿"]
    engine.dispose()


def test_a_copied_database_has_the_content_but_not_the_later_changes(
    dialect: Dialect, fresh_database: Databases
) -> None:
    origin = fresh_database(dialect)
    engine = create_engine(origin)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (body VARCHAR(40))"))
    engine.dispose()

    first = create_engine(fresh_database(dialect, like=origin))
    with first.begin() as connection:
        connection.execute(text("INSERT INTO note VALUES ('first')"))
    first.dispose()

    second = create_engine(fresh_database(dialect, like=origin))
    with second.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM note")).scalar_one() == 0
    second.dispose()


def test_the_broker_is_empty_and_answers(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("left", "over")


def test_the_broker_is_empty_again_for_the_next_test(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.get("left") is None


def test_the_browser_shows_chinese(browser: Browser) -> None:
    page = browser.new_page()
    page.set_content("<h1>规簿</h1>")
    assert page.inner_text("h1") == "规簿"
    page.close()
