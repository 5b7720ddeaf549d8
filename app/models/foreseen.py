"""What batches will write, worked out on a connection that only reads while another one writes the batch before.

What ``bulk`` inserts and the numbers that are taken are noted in a script. Whatever else would write, or looks at a table that scripts
write, is not foreseen: it is for a transaction of its own, which sees what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, event, select, update

from app.models import behind
from app.models.behind import Write
from app.models.bulk import insert_new
from app.models.fixed import sequence

WRITTEN = {"written": True}
"""Options of a statement that asks about what is written by now, whatever scripts are still to write."""
_WORD = re.compile(r"\w+")
_READS = frozenset({"BEGIN", "SELECT", "WITH", "SAVEPOINT", "RELEASE", "ROLLBACK"})
_LOCKS = re.compile(r"\bFOR (NO KEY )?(UPDATE|SHARE)\b|\bpg_advisory")


class Unforeseen(Exception):  # nothing is wrong
    """Raised by what only a transaction can do that writes."""


class Stale(Exception):  # nothing is wrong
    """Raised by a script where somebody else has taken numbers since it was worked out."""


@dataclass
class Script:
    """What one batch will write: rows, and the counters, each from where it must stand to where it is moved."""

    counters: dict[str, tuple[int, int]] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)

    def write(self, connection: Connection) -> None:
        """Write it all in the connection's transaction. Raises Stale before the first row, and IntegrityError."""
        for key, (before, after) in self.counters.items():
            s = sequence.c
            moved = connection.execute(update(sequence).where(s.key == key, s.value == before).values(value=after))
            if moved.rowcount != 1 and (before or not insert_new(connection, sequence, [{"key": key, "value": after}])):
                raise Stale(key)
        for write in self.writes:
            write(connection)


class Foreseen:
    """The scripts of one piece of work, one after the other: how they leave the counters, and which tables they fill."""

    def __init__(self) -> None:
        self._script = Script()
        self._counters: dict[str, int] = {}
        self._tables: set[str] = set()

    def begin(self) -> Script:
        """Return an empty script, into which goes what is inserted from now on."""
        self._script = Script()
        return self._script

    def forget(self) -> None:
        """Ask the database anew where the counters stand: not all scripts were written."""
        self._counters.clear()

    @contextmanager
    def noted(self, connection: Connection) -> Iterator[None]:
        """Note what is inserted on a connection; whatever else would write there raises Unforeseen."""

        def before(_c: Any, _cursor: Any, statement: str, _given: Any, context: Any, _many: bool) -> None:
            words = _WORD.findall(statement)
            if words[0].upper() not in _READS or _LOCKS.search(statement):
                raise Unforeseen(statement)
            if not self._tables.isdisjoint(words) and "written" not in context.execution_options:
                raise Unforeseen(statement)

        connection.info[behind.KEY] = self
        event.listen(connection, "before_cursor_execute", before)
        try:
            yield
        finally:
            event.remove(connection, "before_cursor_execute", before)
            del connection.info[behind.KEY]

    def take(self, connection: Connection, key: str, count: int) -> int:
        """Return the first of so many numbers of a counter that the script will take."""
        if key not in self._counters:
            there = select(sequence.c.value).where(sequence.c.key == key)
            self._counters[key] = connection.execute(there).scalar() or 0
        last = self._counters[key]
        before, _ = self._script.counters.get(key, (last, last))
        self._counters[key] = last + count
        self._script.counters[key] = before, last + count
        return last + 1

    def add(self, table: str, write: Write) -> None:
        self._tables.add(table)
        self._script.writes.append(write)

    def wait(self) -> None:
        """Nothing is being written."""

    def pause(self) -> None:
        raise Unforeseen

    def mark(self) -> tuple[int, dict[str, tuple[int, int]], dict[str, int]]:
        return len(self._script.writes), dict(self._script.counters), dict(self._counters)

    def back(self, mark: tuple[int, dict[str, tuple[int, int]], dict[str, int]]) -> None:
        written, self._script.counters, self._counters = mark
        del self._script.writes[written:]
