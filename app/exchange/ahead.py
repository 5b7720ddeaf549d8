"""Batches worked out ahead: while one is written by a thread of its own, the next is checked, numbered and all that follows is planned."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.exc import IntegrityError

from app.exchange import applying
from app.exchange.parsing import Plain
from app.exchange.plan import Plan
from app.exchange.reading import Row
from app.exchange.sorting import Sorted
from app.models.behind import quick_turns
from app.models.foreseen import Foreseen, Script, Stale, Unforeseen
from app.services.panel import Actor, Panel


class Batch(NamedTuple):
    """Some rows of a file, behind line ``before``: the number of the first among its data rows, and what could be read of them ahead."""

    before: int
    first: int
    rows: list[Row]
    plain: Plain

    @property
    def last(self) -> int:
        """The number of its last row."""
        return self.first + len(self.rows) - 1

    @property
    def line(self) -> int:
        """The line of its last row."""
        return self.rows[-1].line

    def parts(self, most: int) -> Iterator[Batch]:
        """Yield it in parts of at most so many rows; whole where the places of what was read ahead are not those of the rows."""
        if any(r.fault is not None for r in self.rows):
            yield self
            return
        before = self.before
        for start in range(0, len(self.rows), most):
            rows = self.rows[start : start + most]
            columns = {code: values[start : start + most] for code, values in self.plain.columns.items()}
            yield Batch(before, self.first + start, rows, self.plain._replace(columns=columns))
            before = rows[-1].line


class Planned(NamedTuple):
    """What a batch would do, and the script that does it."""

    found: Sorted
    script: Script


class Ahead:
    """Works batches out one after the other, and has what is to be done with them done by a thread, in the same order.

    Only new records that need nothing of the batch before them are worked out ahead. That none of them is there already is asked of what
    is written by then; among themselves the survey has compared them, and the database refuses what came in between.
    """

    def __init__(
        self, panel: Panel, actor: Actor, plan: Plan, run_id: int, *, now: datetime, source: str, one_moment: bool
    ) -> None:
        """Prepare; ``one_moment``: nobody else writes meanwhile what is asked, so it is asked once for all batches."""
        self._panel, self._actor, self._plan, self._run_id = panel, actor, plan, run_id
        self._now, self._source, self._one_moment = now, source, one_moment
        self._foreseen = Foreseen()
        self._open = ExitStack()
        self._thread = ThreadPoolExecutor(1, "ahead")
        self._coming: deque[tuple[Batch, Future[None]]] = deque()
        self._broken = False
        self._possible = not plan.options.keys and plan.survey.rows > plan.batch

    def __enter__(self) -> Ahead:
        if self._possible:
            self._open.enter_context(quick_turns())
            opened = self._panel.foreseeing(self._actor, self._foreseen, now=self._now, source=self._source)
            self._begin = self._open.enter_context(opened)
            self._work = self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self._broken = True
        self._thread.shutdown(cancel_futures=True)
        self._open.close()

    def plan(self, batch: Batch) -> Planned | None:
        """Return what a batch would do and its script; None where that can be said only once all before it is written."""
        if not self._possible:
            return None
        try:
            script = self._foreseen.begin()
            work = self._work = self._work if self._one_moment else self._begin()
            found = self._plan.sort(work, batch.rows, batch.first, batch.plain)
            applying.write(work, self._plan, found, self._run_id)
            if work.seen or work.entries:
                raise Unforeseen
        except Unforeseen:
            self._possible = False
            return None
        return Planned(found, script)

    def write(self, batch: Batch, act: Callable[[], None]) -> None:
        """Have a batch written once all before it are."""
        self._coming.append((batch, self._thread.submit(self._act, act)))

    def _act(self, act: Callable[[], None]) -> None:
        if self._broken:
            raise Stale
        try:
            act()
        except BaseException:
            self._broken = True  # what comes behind was worked out for after it
            raise

    def late(self, most: int = 0) -> list[Batch]:
        """Wait until at most ``most`` batches are on their way; return those that could not be written as foreseen, and all behind them.

        Raises what else writing them raised.
        """
        while len(self._coming) > most:
            batch, writing = self._coming.popleft()
            try:
                writing.result()
            except (Stale, IntegrityError):
                late = [batch, *(b for b, _ in self._coming)]
                for _, rest in self._coming:
                    rest.exception()
                self._coming.clear()
                self._foreseen.forget()
                self._broken = False
                return late
        return []
