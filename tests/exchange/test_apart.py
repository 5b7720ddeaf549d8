"""What another process makes comes in its order and brings its error, and that process never stays."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import pytest

from app.errors import CellError, Invalid, say
from app.exchange.apart import made_apart


def numbered(last: int) -> Iterator[tuple[int, int]]:
    for n in range(last):
        yield n, os.getpid()


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def test_items_come_in_their_order_from_one_other_process_which_is_gone_then() -> None:
    found = list(made_apart(numbered(500)))
    assert [n for n, _ in found] == list(range(500))
    (maker,) = {process for _, process in found}
    assert maker != os.getpid()
    assert gone(maker)


def test_what_is_wrong_with_an_item_is_raised_behind_those_before_it() -> None:
    def made() -> Iterator[int]:
        yield 1
        raise Invalid([CellError("severity", say("没有 {n}", n=3), "x", 2, 5)])

    coming = made_apart(made())
    assert next(coming) == 1
    with pytest.raises(Invalid) as raised:
        next(coming)
    assert raised.value.errors == (CellError("severity", say("没有 {n}", n=3), "x", 2, 5),)


def test_the_process_is_gone_when_nobody_wants_more() -> None:
    with closing(made_apart(numbered(1_000_000))) as coming:
        _, maker = next(coming)
        assert not gone(maker)
    assert gone(maker)


def test_a_process_that_is_killed_is_not_taken_for_the_end() -> None:
    def made() -> Iterator[int]:
        yield os.getpid()
        os.kill(os.getpid(), signal.SIGKILL)
        yield 0

    coming = made_apart(made())
    maker = next(coming)
    with pytest.raises(EOFError):
        next(coming)
    assert gone(maker)
