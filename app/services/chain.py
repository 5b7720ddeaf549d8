"""The chain of the ledger's lines: each names the hash of the line before it, so that none can be altered, left out or moved unseen.

A line's hash is SHA-256 over the hash of the line before (32 zero bytes before the first) and the line's canonical form: a JSON array
of integers, strings and nulls as RFC 8785 writes it.

The chain alone does not show that its last lines are gone, nor that somebody wrote all of it anew. So its head, the place and hash of
the last line, stands outside of it: in a table of one row that moves with each transaction, in each monthly closing, and as a line of
a file in the instance folder after every sweep that moved it. That file can be mailed or printed: whoever holds an old copy of one
line holds everything before it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Engine, func, select, update

from app.models.bulk import insert_rows
from app.models.ledger import ledger_entry, ledger_head

FIRST = bytes(32)
"""What the first line names as the hash before it."""


HEADS = "ledger_heads.txt"
"""The file of the instance folder that keeps the head after every sweep and closing that moved it."""


class Head(NamedTuple):
    """The last line of the ledger at some time: its place, counted from 1, and its hash."""

    place: int
    hash: bytes


def digest(previous: bytes, line: Mapping[str, Any]) -> bytes:
    """Return the hash of a line that follows the one with the hash ``previous``."""
    canonical = [
        line["ticket"], line["seq"], line["kind"], int(line["amount"] * 100), int(line["points"] * 100), int(line["paid"] * 100),
        f"{line['at'].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        line["person"], line["reason"], line["citation"], line["arithmetic"],
    ]  # fmt: skip
    return hashlib.sha256(previous + orjson.dumps(canonical)).digest()


def head(connection: Connection) -> Head:
    """Return the head as the one-row table has it."""
    return Head(*connection.execute(select(ledger_head.c.place, ledger_head.c.hash)).one())


def append(connection: Connection, entries: list[dict[str, Any]]) -> None:
    """Link lines to the end of the chain, in their order, and empty ``entries``.

    Whoever appends holds the head's lock until the transaction ends; as the last act of a transaction that is a moment, and workers
    that post at once follow one another.
    """
    if not entries:
        return
    query = select(ledger_head.c.place, ledger_head.c.hash).with_for_update()
    place, last = connection.execute(query).one()
    seqs = _last_seqs(connection, {e["ticket"] for e in entries if e["kind"] != "assessed"})
    rows = []
    for place, entry in enumerate(entries, place + 1):  # noqa: B020  # counted on from the head
        seq = seqs[entry["ticket"]] = seqs.get(entry["ticket"], 0) + 1
        row = entry | {"seq": seq, "at": entry["at"].replace(microsecond=0), "place": place, "previous": last}
        last = row["hash"] = digest(last, row)
        rows.append(row)
    insert_rows(connection, ledger_entry, rows)
    connection.execute(update(ledger_head).values(place=place, hash=last))
    entries.clear()


def _last_seqs(connection: Connection, tickets: set[int]) -> dict[int, int]:
    e = ledger_entry.c
    ids = sorted(tickets)
    found: dict[int, int] = {}
    for start in range(0, len(ids), 500):
        query = select(e.ticket, func.max(e.seq)).where(e.ticket.in_(ids[start : start + 500])).group_by(e.ticket)
        found |= {ticket: seq for ticket, seq in connection.execute(query)}
    return found


def note_head(engine: Engine, folder: Path, now: datetime) -> str:
    """Write the head as a line at the end of the file ``HEADS`` of ``folder``, unless its last line says the same; return the line.

    A line is ``moment place hash``, such as ``2025-03-07T00:05:00Z 12 9f…``.
    """
    file = folder / HEADS
    with engine.connect() as connection:
        place, last = head(connection)
    line = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} {place} {last.hex()}"
    if place and read_note(_end_of(file)) != (place, last):
        folder.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="ascii") as heads:
            heads.write(line + "\n")
    return line


def read_note(line: str) -> Head | None:
    """Return the head that a line of such a file names; None for a line that names none."""
    named = re.fullmatch(r"\S+ ([1-9][0-9]{0,17}) ([0-9a-f]{64})\s*", line)
    return Head(int(named[1]), bytes.fromhex(named[2])) if named else None


def notes(folder: Path) -> list[str]:
    """Return the lines of the file of heads in ``folder``."""
    file = folder / HEADS
    return file.read_text("ascii").splitlines() if file.exists() else []


def _end_of(file: Path) -> str:
    if not file.exists():
        return ""
    with file.open("rb") as heads:
        heads.seek(max(0, file.stat().st_size - 200))
        return heads.read().decode("ascii").splitlines()[-1]
