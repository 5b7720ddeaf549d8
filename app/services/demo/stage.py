"""The stage of the demo: its people act through the records service at moments of the past, in time order."""

from __future__ import annotations

import heapq
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from typing import Any

from app.errors import Refused
from app.fields.links import File
from app.rules.calendar import WorkCalendar
from app.services import files, ledger, listing, people, records, reporting, rows, sweep
from app.services.listing import Filter
from app.services.panel import Actor, Panel, Work

Life = Iterator[datetime]
"""One thing that goes its way: it acts, and yields the moment at which it wants to go on."""


def signature_picture() -> bytes:
    """Return a small PNG with one pen stroke: stands for the scans that a paper form would bring."""
    width, height = 160, 48
    rows = b"".join(
        b"\x00" + bytes(40 if abs(y - 24 - (x % 37) + 18) < 2 else 255 for x in range(width)) for y in range(height)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@dataclass
class Stage:
    """Who is there, what time it is in the demo, and the things that are under way."""

    panel: Panel
    now: datetime
    people: Mapping[str, int]
    """User name → id."""
    units: Mapping[str, int]
    """Name → id."""
    refs: dict[str, int] = field(default_factory=dict)
    """Names that the story gave to its records → id."""
    pools: dict[str, list[int]] = field(default_factory=dict)
    """Names that the story gave to records which it makes again and again → ids, oldest first."""
    refused: list[Refused] = field(default_factory=list)
    """What somebody was not allowed to do: there the thing that went its way ends, and the others go on."""
    _lives: list[tuple[datetime, int, Life]] = field(default_factory=list)
    _actors: dict[str, Actor] = field(default_factory=dict)
    _work: Work | None = None
    _begun: int = 0

    @property
    def calendar(self) -> WorkCalendar:
        return self.panel.calendar

    @property
    def today(self) -> date:
        """The present day of the load, in the site's zone."""
        return self.now.astimezone(self.panel.zone).date()

    def at(self, day: int | date, clock: str) -> datetime:
        """Return a moment: ``day`` as a date or as days from today (negative: past), ``clock`` as ``10:30``."""
        on = self.today + timedelta(days=day) if isinstance(day, int) else day
        return datetime.combine(on, time.fromisoformat(clock), self.panel.zone).astimezone(UTC)

    def working_day(self, day: date, n: int = 0) -> date:
        """Return the ``n``-th working day after ``day``; with 0 that day itself or the next working one."""
        return self.calendar.next_working(day) if n == 0 else self.calendar.nth_after(day, n)

    def begin(self, life: Life) -> None:
        """Let a thing begin; it first says when."""
        self._resume(life)

    def _resume(self, life: Life) -> None:
        try:
            moment = next(life, None)
        except Refused as refused:
            self.refused.append(refused)
            return
        if moment is not None and self._work is not None:
            moment = max(moment, self._work.now + timedelta(minutes=1))  # nobody acts before what he has just done
        if moment is not None and moment <= self.now:
            self._begun += 1
            heapq.heappush(self._lives, (moment, self._begun, life))

    def play(self, first: date) -> None:
        """Let everything happen from ``first`` on, a transaction and a sweep for each day, up to now."""
        for n in range((self.today - first).days + 1):
            end = min(self.now, self.calendar.end_of(first + timedelta(days=n)))
            with self.panel.work(Actor.system(), now=end, source="demo") as work:
                self._work = work
                while self._lives and self._lives[0][0] <= end:
                    moment, _, life = heapq.heappop(self._lives)
                    self._work = replace(work, now=moment)
                    self._resume(life)
            sweep.run(self.panel, end)
            reporting.fill_due(self.panel, end, since=first)
        self._work = None

    def acting(self, username: str) -> Work:
        """Return the unit of work of this moment with that person acting."""
        if self._work is None:
            raise RuntimeError("nobody acts before the play has begun")
        if username not in self._actors:
            self._actors[username] = people.actor(self._work, self.people[username])
        return replace(self._work, actor=self._actors[username])

    def create(self, username: str, register: str, **values: Any) -> int:
        """Enter a record as that person."""
        return records.create(self.acting(username), register, values)

    def create_many(self, username: str, register: str, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        """Enter several records as that person."""
        return records.create_many(self.acting(username), register, rows)

    def update(self, username: str, register: str, record: int, **changes: Any) -> None:
        """Change a record as that person."""
        records.update(self.acting(username), register, record, changes)

    def move(self, username: str, register: str, record: int, transition: str, reason: str = "", **values: Any) -> None:
        """Make a transition as that person."""
        records.move(self.acting(username), register, record, transition, values, reason=reason)

    def find(self, username: str, register: str, **equal: Any) -> list[dict[str, Any]]:
        """Return the rows of a register that a person sees and whose fields have these values, oldest first."""
        filters = [Filter(k, "eq", v) for k, v in equal.items()]
        return listing.select_rows(self.acting(username), register, filters=filters, order="id")

    def row(self, register: str, record: int) -> dict[str, Any]:
        """Return a record as the panel itself sees it."""
        if self._work is None:
            raise RuntimeError("nothing is there before the play has begun")
        return rows.one(self._work, self._work.spec(register), record)

    def file(self, username: str, register: str, code: str, name: str) -> int:
        """Upload a picture of a signature for a file field and return its number."""
        work = self.acting(username)
        found = work.spec(register).field(code)
        if not isinstance(found, File):
            raise TypeError(f"{register}.{code} takes no file")
        return files.store(work, found, name, BytesIO(signature_picture()))

    def ticket(self, username: str, ticket: int) -> dict[str, Any]:
        """Return a ticket as that person sees it."""
        return ledger.get(self.acting(username), ticket)
