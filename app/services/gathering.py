"""What waits in the outbox is gathered into letters: all that one person, or one group, may be told now stands in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import select, update

from app.models.among import among
from app.models.bulk import insert_rows
from app.models.channels import letter
from app.models.fixed import person
from app.models.ledger import notice, outbox
from app.services import channels, choices, numbering
from app.services.choices import Choice
from app.services.panel import Actor, Panel, Work

BATCH = 5_000
Receiver = tuple[str, int | None]
"""(channel, person); a group is nobody in particular."""


def run(panel: Panel, now: datetime, *, mail: bool) -> None:
    """Gather everything that is due into letters, put off what comes in quiet hours, and set aside what is not to leave.

    ``mail``: whether the site has a mail server. Works in batches, each one transaction; of two at once the second waits.
    """
    while True:
        with panel.work(Actor.system(), now=now, source="system") as work:
            if not _batch(work, mail):
                return


def _batch(work: Work, mail: bool) -> int:
    o = outbox.c
    due = (o.state == "waiting", o.next_at <= work.now)
    if work.connection.execute(select(o.notice).where(*due).limit(1)).first() is None:
        return 0
    numbering.take(work, "letter.id", 0)  # its row is the lock: what one has read no other takes
    query = (
        select(o.notice, o.channel, notice.c.person, notice.c.kind, notice.c.at, notice.c.words)
        .join(notice, notice.c.id == o.notice)
        .where(*due)
        .order_by(o.next_at, o.notice)
        .limit(BATCH)
    )
    waiting = work.rows(query).all()
    if not waiting:
        return 0
    receivers = _receivers(work, waiting, mail)
    taken: dict[Receiver, list[int]] = {}
    later: dict[tuple[str, datetime], list[int]] = {}
    never: dict[str, list[int]] = {}
    for row in waiting:
        to = (row["channel"], row["person"] if row["channel"] == channels.MAIL else None)
        choice = receivers.get(to)
        at = choices.leaves_at(work, choice, _dated(row, work.panel.zone)) if choice is not None else None
        if at is None:
            never.setdefault(row["channel"], []).append(row["notice"])
        elif at > work.now:
            later.setdefault((row["channel"], at), []).append(row["notice"])
        else:
            taken.setdefault(to, []).append(row["notice"])
    for code, ids in never.items():
        _mark(work, code, ids, state="aside")
    for (code, at), ids in later.items():
        _mark(work, code, ids, next_at=at)
    numbers = _letters(work, taken)
    for to, ids in taken.items():
        _mark(work, to[0], ids, state="taken", letter=numbers[to])
    return len(waiting)


def _receivers(work: Work, waiting: Sequence[Mapping[str, Any]], mail: bool) -> dict[Receiver, Choice]:
    """Return how each receiver wants to be told; who is not among them cannot be reached."""
    groups = {r["channel"] for r in waiting} - {channels.MAIL}
    found: dict[Receiver, Choice] = {}
    if groups:
        found = {(code, None): Choice() for code in channels.robots(work) if code in groups}
    if mail:
        told = {r["person"] for r in waiting if r["channel"] == channels.MAIL}
        reached = select(person.c.id).where(among(person.c.id, told), person.c.active.is_(True), person.c.email != "")
        ids = list(work.connection.execute(reached).scalars())
        found |= {(channels.MAIL, p): choice for p, choice in choices.of_people(work, ids).items()}
    return found


def _dated(row: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """Return a notice with the moment that it reminds of, where it does."""
    due = orjson.loads(row["words"]).get("due") if row["kind"] == "remind" else None
    return dict(row) | {"due_at": datetime.fromisoformat(due).replace(tzinfo=zone) if due else None}


def _letters(work: Work, taken: Mapping[Receiver, Sequence[int]]) -> dict[Receiver, int]:
    """Return the letter of each receiver: one that has not been tried yet takes in more, else a new one."""
    e = letter.c
    fresh = select(e.id, e.channel, e.person).where(
        e.state == "waiting",
        e.attempts == 0,
        e.error.is_(None),
        e.size > 0,
        among(e.channel, {code for code, _ in taken}),
    )
    found: dict[Receiver, int] = {}
    for row in work.connection.execute(fresh.with_for_update(skip_locked=True)):
        to = (row.channel, row.person)
        if to in taken and to not in found:
            found[to] = row.id
            more = e.size + len(taken[to])
            work.connection.execute(update(letter).where(e.id == row.id).values(size=more))
    new = [to for to in taken if to not in found]
    first = numbering.take(work, "letter.id", len(new))
    rows = [
        {"id": first + i, "channel": to[0], "person": to[1], "size": len(taken[to]), "state": "waiting", "attempts": 0,
         "made_at": work.now, "next_at": work.now}
        for i, to in enumerate(new)
    ]  # fmt: skip
    insert_rows(work.connection, letter, rows)
    return found | {to: first + i for i, to in enumerate(new)}


def _mark(work: Work, code: str, ids: Sequence[int], **values: Any) -> None:
    mine = update(outbox).where(outbox.c.channel == code, among(outbox.c.notice, ids))
    work.connection.execute(mine.values(**values))
