"""Notices that were true when they were given and are so no more: they stay in the inbox, but no letter tells them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from app.models.among import among
from app.models.drafts import draft
from app.models.ledger import breach, obligation, ticket
from app.services.notices import minute
from app.services.panel import Work


def overtaken(work: Work, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Return the notices that were true and are so no more: what they tell of has been done, redated, lifted or decided meanwhile."""
    by_word: dict[str, dict[int, list[str]]] = {}
    for r in rows:
        word, *parts = r["key"].split(":")
        by_word.setdefault(word, {})[r["id"]] = parts
    o, gone = obligation.c, set()
    for word in ("remind", "escalate"):
        mine = by_word.get(word, {})
        ids = sorted({int(parts[0]) for parts in mine.values()})
        query = select(o.id, o.due_at).where(among(o.id, ids), o.state == "open")
        owed = {r.id: minute(r.due_at) for r in work.connection.execute(query)} if ids else {}
        for number, (of, _seq, due, *_) in mine.items():
            if owed.get(int(of)) != due:
                gone.add(number)
    for word, table, state in (
        ("breach", breach, "live"),
        ("ticket", ticket, "proposed"),
        ("to_approve", draft, "asked"),
    ):
        mine = by_word.get(word, {})
        ids = sorted({int(parts[0]) for parts in mine.values()})
        standing = select(table.c.id).where(among(table.c.id, ids), table.c.state == state)
        there = set(work.connection.execute(standing).scalars()) if ids else set()
        gone |= {number for number, parts in mine.items() if int(parts[0]) not in there}
    return gone
