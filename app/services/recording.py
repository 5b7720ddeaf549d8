"""Breaches kept: each once, whoever else found it, or as more lines of the one that it joins."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select

from app.models.bulk import insert_new, insert_new_columns, insert_rows
from app.models.ledger import breach, breach_line
from app.services import editions, numbering
from app.services.committing import OWN, Draft, Plain
from app.services.panel import Work


def keep(work: Work, drafts: Sequence[Draft]) -> set[int]:
    """Insert breaches that are not there yet, each once whoever else found it; return the ids of those that are new or joined."""
    added = add(work, drafts)
    return added.joined | added.ids


@dataclass
class Added:
    """Breaches that have just been kept: all new ones by what is told of them, those for a judge, and those that others have joined."""

    told: dict[tuple[int, str, str], list[tuple[int, int, int | None]]] = field(default_factory=dict)
    """Id, record and person by revision, register and rule."""
    costly: list[int] = field(default_factory=list)
    """Most missed duties cost nothing and count for nothing."""
    joined: set[int] = field(default_factory=set)
    there: set[int | None] = field(default_factory=set)
    """Obligations of which a breach was there already."""

    @property
    def ids(self) -> set[int]:
        """The new ones."""
        return {i for alike in self.told.values() for i, _, _ in alike}

    def take(self, like: Mapping[str, Any], number: int, record_id: int) -> None:
        """Count one in."""
        kind = like["revision"], like["register"], like["rule"]
        self.told.setdefault(kind, []).append((number, record_id, like["person"]))


def add(work: Work, drafts: Sequence[Draft], plain: Sequence[Plain] = ()) -> Added:
    """Insert breaches like ``keep``."""
    added = Added()
    added.joined, drafts = _join(work, drafts)
    if drafts:
        rows = [b for b, _ in drafts]
        first = numbering.take(work, "breach.id", len(rows))
        for number, b in enumerate(rows, first):
            b["id"] = number
        there = insert_new(work.connection, breach, rows, hardly_any_there=True)
        new = _kept(work, first, len(rows), there)
        found = [(b, lines) for b, lines in drafts if b["id"] in new]
        added.there.update(b["obligation"] for b in rows if b["id"] not in new)
        insert_rows(
            work.connection, breach_line,
            [{"breach": b["id"], "seq": n, **x} for b, lines in found for n, x in enumerate(lines, 1)],
        )  # fmt: skip
        for b, lines in found:
            added.take(b, b["id"], b["record_id"])
            if lines or b["counter"] or b["root"]:
                added.costly.append(b["id"])
    if plain:
        first = numbering.take(work, "breach.id", len(plain))
        there = insert_new_columns(work.connection, breach, *_columns(plain, first), hardly_any_there=True)
        new = _kept(work, first, len(plain), there)
        for number, (like, record_id, owed, *_) in enumerate(plain, first):
            if number in new:
                added.take(like, number, record_id)
            else:
                added.there.add(owed)
    return added


def _kept(work: Work, first: int, count: int, there: int) -> Container[int]:
    """Return which of the numbers from ``first`` on are those of breaches, of which ``there`` were new."""
    numbers = range(first, first + count)
    if there == count:
        return numbers
    kept = select(breach.c.id).where(breach.c.id.between(first, numbers[-1]))
    return set(work.connection.execute(kept).scalars())


def _columns(plain: Sequence[Plain], first: int) -> tuple[dict[str, Sequence[Any]], dict[str, Any]]:
    """Return breaches, numbered from ``first`` on, as columns and as what all of them share."""
    likes, *own = zip(*plain, strict=True)
    columns = {"id": range(first, first + len(plain)), **dict(zip(OWN, own, strict=True))}
    distinct = list({id(like): like for like in likes}.values())
    same = {k: v for k, v in distinct[0].items() if k not in columns and all(like[k] == v for like in distinct)}
    varied = [k for k in distinct[0] if k not in columns and k not in same]
    return columns | {k: [like[k] for like in likes] for k in varied}, same


def _join(work: Work, drafts: Sequence[Draft]) -> tuple[set[int], list[Draft]]:
    """Add the lines of drafts that join a breach which stands to that breach; return its ids and the drafts that are left.

    One ticket is one record × one clause (requirements 4.2): what is found later under the same clause is a line more, not a case more.
    """
    joined: set[int] = set()
    left: list[Draft] = []
    b = breach.c
    kinds = set(map(itemgetter("revision", "register", "rule"), (draft for draft, _ in drafts)))
    rules = {kind: editions.catalog_of(work, kind[0]).breaches.get(kind[1:]) for kind in kinds}
    joining = {kind: rule.joins for kind, rule in rules.items() if rule is not None and rule.joins}
    if not joining:
        return joined, list(drafts)
    for draft, lines in drafts:
        joins = joining.get((draft["revision"], draft["register"], draft["rule"]))
        if joins is None:
            left.append((draft, lines))
            continue
        query = select(b.id).where(
            b.register == draft["register"],
            b.record_id == draft["record_id"],
            b.state == "live",
            b.person == draft["person"],
        )
        standing = work.connection.execute(query.where(b.rule == joins)).scalar()
        if standing is None:
            left.append((draft, lines))
            continue
        last = (
            work.connection.execute(
                select(func.max(breach_line.c.seq)).where(breach_line.c.breach == standing)
            ).scalar()
            or 0
        )
        insert_rows(
            work.connection, breach_line, [{"breach": standing, "seq": last + n, **x} for n, x in enumerate(lines, 1)]
        )
        joined.add(standing)
    return joined, left
