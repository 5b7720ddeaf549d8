"""A publication that is killed leaves either the old or the new catalog in force, whichever statement was its last."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, event, inspect
from sqlalchemy.exc import DBAPIError, InvalidRequestError, ResourceClosedError

from app.models.engine import open_engine
from app.models.fixed import role
from app.models.migrate import upgrade
from app.services import publishing
from app.services.panel import Actor
from tests.catalog.ground import GROUND
from tests.site import SHANGHAI

NOW = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
BEFORE = {"about.yaml": GROUND}
AFTER = BEFORE | {
    "site/more.yaml": "roles: [{code: guard, label: 门卫}]\n---\npolicy: S1\nlabel: 本地制度\nadopt_from: 2026-03-01\n---\n"
    "code: visit\nlabel: 拜访\ndomain: office\nfields: [{code: what, label: 内容, type: text, unique: true}]\n"
    "access: [{role: guard, can: [read]}]\n",
    "site/letter.yaml": "extend: letter\nfields: [{code: room, label: 房间, type: text}]\n",
}


class Killed(BaseException):
    """The process is gone: nothing of it runs on."""


def publish(engine: Engine, files: dict[str, str]) -> publishing.Published:
    return publishing.publish(engine, files, actor=Actor.system(), reason="x", now=NOW, zone=SHANGHAI)


def killing(engine: Engine, last: int) -> Callable[[], int]:
    """Let the connection be cut, as by the end of the process, before its statement of that number; return how many there were."""
    seen = 0

    def cut(connection: Any, *_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == last:
            connection.connection.dbapi_connection.close()
            raise Killed

    event.listen(engine, "before_cursor_execute", cut)
    event.listen(engine, "commit", cut)
    return lambda: seen


def told(engine: Engine) -> tuple[int, bool, bool, bool]:
    """Return the revision in force and whether what belongs to the new one is there: table, column, role."""
    seen = inspect(engine)
    with engine.connect() as connection:
        roles = set(connection.execute(role.select().with_only_columns(role.c.name)).scalars())
    return (
        publishing.current(engine).revision, "r_visit" in seen.get_table_names(),
        "room" in {c["name"] for c in seen.get_columns("r_letter")}, "guard" in roles,
    )  # fmt: skip


def test_killed_at_any_statement_a_publication_is_whole_or_was_not(database_url: str) -> None:
    first = open_engine(database_url)
    upgrade(first)
    publish(first, BEFORE)
    last = 0
    while True:
        last += 1
        dying = open_engine(database_url)
        count = killing(dying, last)
        with suppress(Killed, DBAPIError, InvalidRequestError, ResourceClosedError):
            publish(dying, AFTER)
        dying.dispose()
        if told(first) != (1, False, False, False):
            break
        assert count() >= last, "it ended without a trace"
    assert last > 10
    assert told(first) == (2, True, True, True)
    assert publishing.current(first).files == AFTER
    first.dispose()


def test_after_it_was_killed_the_next_publication_goes_through(database_url: str) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    publish(engine, BEFORE)
    dying = open_engine(database_url)
    killing(dying, 20)
    with pytest.raises((Killed, DBAPIError)):
        publish(dying, AFTER)
    dying.dispose()
    assert publish(engine, AFTER).revision == 2
    engine.dispose()


def test_of_two_who_publish_at_the_same_moment_one_wins_and_the_other_is_told(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = open_engine(database_url)
    upgrade(engine)
    publish(engine, BEFORE)
    together = threading.Barrier(2, timeout=30)
    checked = publishing.refuse_in_the_way

    def check(*given: Any, **named: Any) -> None:
        checked(*given, **named)
        together.wait()

    monkeypatch.setattr(publishing, "refuse_in_the_way", check)
    both = [AFTER, BEFORE | {"site/roles.yaml": "roles: [{code: cook, label: 厨师}]\n"}]
    with ThreadPoolExecutor(2) as threads:
        ends = [threads.submit(publish, engine, files) for files in both]
    lost = [e.exception() for e in ends if e.exception() is not None]
    won = [e.result() for e in ends if e.exception() is None]
    assert [type(e) for e in lost] == [publishing.Overtaken]
    assert [(w.revision, w.files) for w in won] == [(2, publishing.current(engine).files)]
    engine.dispose()
