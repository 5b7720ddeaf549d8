"""Where the ledger that is kept and one made anew differ: obligations, breaches and tickets, by their natural keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import FromClause, Select, Subquery, and_, func, or_, select

from app.models.ledger import obligation
from app.services.panel import Work
from app.services.shadow import NATURAL, SHADOWED, Replayed


@dataclass(frozen=True)
class Difference:
    """Where the kept ledger is not what the facts make it: of which record, which duty or rule, what is stored, what should be."""

    kind: str
    register: str
    record_id: int
    code: str
    occurrence: int
    column: str
    stored: Any
    recomputed: Any


_COMPARED = {
    "obligation": (
        "person",
        "role",
        "unit",
        "started_at",
        "started_on",
        "due_at",
        "due_on",
        "citation",
        "state",
        "done_at",
    ),
    "breach": (
        "person",
        "unit",
        "revision",
        "clause",
        "counter",
        "multiplied",
        "occurred_at",
        "day",
        "basis",
        "citation",
        "state",
    ),
    "ticket": (
        "person",
        "month",
        "ordinal",
        "factor",
        "base_amount",
        "amount",
        "points",
        "sanction",
        "arithmetic",
        "citation",
        "state",
    ),
}
_KEYS = {"obligation": ("register", "record_id", "duty", "cycle"), "breach": NATURAL, "ticket": NATURAL}


def differences(found: Replayed) -> Iterator[Difference]:
    """Yield everything in which the kept ledger and the one made anew differ; what was committed later is left alone.

    What is void is as good as not there.
    """
    for kind in _COMPARED:
        yield from _compared(found, kind)


def _compared(found: Replayed, kind: str) -> Iterator[Difference]:
    keys, columns = _KEYS[kind], _COMPARED[kind]
    anew, kept = _side(found, kind, None), _side(found, kind, found.kept)
    same = and_(*(anew.c[n] == kept.c[n] for n in keys))
    wanted = [*(anew.c[n].label(f"key_{n}") for n in keys), *(anew.c[n].label(f"new_{n}") for n in columns)]
    moved = or_(kept.c[keys[0]].is_(None), *(anew.c[n].is_distinct_from(kept.c[n]) for n in columns))
    query = select(*wanted, *(kept.c[n].label(f"old_{n}") for n in columns)).select_from(anew.outerjoin(kept, same))
    for r in _streamed(found.work, query.where(moved)):
        register, record, code, occurrence = (r[f"key_{n}"] for n in keys)
        for n in columns:
            if r[f"old_{n}"] != r[f"new_{n}"]:
                yield Difference(kind, register, record, code, occurrence, n, r[f"old_{n}"], r[f"new_{n}"])
    gone = select(*(kept.c[n].label(n) for n in (*keys, "state"))).select_from(kept.outerjoin(anew, same))
    for r in _streamed(found.work, gone.where(anew.c[keys[0]].is_(None))):
        register, record, code, occurrence = (r[n] for n in keys)
        yield Difference(kind, register, record, code, occurrence, "state", r["state"], None)


def _side(found: Replayed, kind: str, kept: Mapping[str, FromClause] | None) -> Subquery:
    """Return one side of a comparison: what stands of obligations, breaches or tickets, each with its natural key."""
    tables: Mapping[str, FromClause] = kept or {table.name: table for table in SHADOWED}
    o, b, t = tables["obligation"], tables["breach"], tables["ticket"]
    name = f"{'kept' if kept else 'anew'}_{kind}"
    if kind == "obligation":
        return select(o).where(o.c.state != "void").subquery(name)
    stands = and_(b.c.state != "void", b.c.occurred_at <= found.work.now)
    if kind == "breach":
        return select(b).where(stands).subquery(name)
    columns = [*(b.c[n] for n in NATURAL), *(t.c[n] for n in _COMPARED["ticket"])]
    return (
        select(*columns)
        .select_from(t.join(b, and_(b.c.id == t.c.breach, t.c.person.is_not_distinct_from(b.c.person))))
        .where(stands, t.c.state != "void")
        .subquery(name)
    )


def _streamed(work: Work, query: Select[Any]) -> Iterator[Mapping[str, Any]]:
    yield from work.rows(query.execution_options(stream_results=True, max_row_buffer=1_000))


def charged(found: Replayed, *, kept: bool) -> Subquery:
    """Return the breaches that stand, each with its natural key, its time limit and its ticket: kept ones, or those made anew."""
    tables: Mapping[str, FromClause] = found.kept if kept else {table.name: table for table in SHADOWED}
    o, b, t = tables["obligation"], tables["breach"], tables["ticket"]
    columns = [
        *(
            b.c[n]
            for n in (*NATURAL, "person", "unit", "day", "occurred_at", "counter", "clause", "citation", "revision")
        )
    ]
    columns += [*(o.c[n] for n in ("duty", "started_at", "due_on", "due_at", "done_at", "limit", "calendar"))]
    columns += [
        *(t.c[n] for n in ("ordinal", "factor", "base_amount", "amount", "points", "sanction", "arithmetic", "state"))
    ]
    joined = b.outerjoin(o, o.c.id == b.c.obligation).outerjoin(
        t, and_(t.c.breach == b.c.id, t.c.person.is_not_distinct_from(b.c.person))
    )
    stands = and_(b.c.state != "void", b.c.occurred_at <= found.work.now, b.c.subject != "")
    return select(*columns).select_from(joined).where(stands).subquery("was" if kept else "would")


def both(found: Replayed) -> Iterator[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]:
    """Yield the breaches that are judged otherwise anew: as they are kept, and as they would be; None where there is none."""
    was, would = charged(found, kept=True), charged(found, kept=False)
    same = and_(*(was.c[n] == would.c[n] for n in NATURAL))
    names = [c.name for c in was.c]
    judged = [n for n in names if n not in ("revision", "limit", "calendar", *NATURAL)]
    columns = [side.c[n].label(f"{side.name}_{n}") for side in (was, would) for n in names]
    changed = or_(was.c.rule.is_(None), *(was.c[n].is_distinct_from(would.c[n]) for n in judged))
    anew = select(*columns).select_from(would.outerjoin(was, same)).where(changed)
    gone = select(*columns).select_from(was.outerjoin(would, same)).where(would.c.rule.is_(None))
    for query, side in ((anew, would), (gone, was)):
        for r in _streamed(found.work, query.order_by(side.c.occurred_at, *(side.c[n] for n in NATURAL))):
            before, after = ({n: r[f"{of}_{n}"] for n in names} for of in ("was", "would"))
            yield before if before["rule"] else None, after if after["rule"] else None


def moved(found: Replayed) -> int:
    """Return how many time limits end at another moment anew, begin to be or cease to be."""
    kept, o = found.kept["obligation"], obligation
    keys = _KEYS["obligation"]
    mine = select(*(o.c[n] for n in (*keys, "due_at"))).where(o.c.state != "void").subquery("mine")
    theirs = select(*(kept.c[n] for n in (*keys, "due_at"))).where(kept.c.state != "void").subquery("theirs")
    same = and_(*(mine.c[n] == theirs.c[n] for n in keys))
    shifted = (
        select(func.count())
        .select_from(mine.outerjoin(theirs, same))
        .where(mine.c.due_at.is_distinct_from(theirs.c.due_at))
    )
    gone = select(func.count()).select_from(theirs.outerjoin(mine, same)).where(mine.c.duty.is_(None))
    return int(found.work.connection.execute(shifted).scalar_one() + found.work.connection.execute(gone).scalar_one())
