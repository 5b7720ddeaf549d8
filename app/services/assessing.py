"""Judging breaches into tickets, and posting what each judgement changes to the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select, update

from app.catalog.breach import Counter
from app.models.among import among
from app.models.bulk import as_rows, insert_new, insert_rows, read_columns
from app.models.ledger import breach, breach_line, counter_group, ticket
from app.rules.judge import BreachFact, Priced, PricedLine, price
from app.rules.price import State, reached, window
from app.services import editions, lookup, numbering
from app.services.panel import Work

SETTLED = frozenset({"confirmed", "upheld", "executed"})
NOTHING = Decimal(0)
NUMBER = "CF{yyyy}-{seq:5}"


@dataclass(frozen=True)
class Assessed:
    """What judging changed: new tickets, and tickets whose amount moved."""

    new: list[dict[str, Any]]
    moved: list[dict[str, Any]]


def assess(work: Work, breach_ids: Iterable[int]) -> Assessed:
    """Judge again the groups that breaches belong to, and post what differs: new tickets, corrected amounts.

    A group is the breaches of one subject (a person, as a rule) under one counter; its lock is held until the transaction ends, so that of two
    sweeps that add to one group the later sees what the earlier did.
    """
    result = Assessed([], [])
    ids = list(breach_ids)
    if not ids:
        return result
    touched: list[Mapping[str, Any]] = []
    b = breach.c
    # what costs nothing and never did is no case for a judge; most missed duties are of this kind
    costly = or_(
        b.counter != "",
        b.root.is_not(None),
        select(breach_line.c.breach).where(breach_line.c.breach == b.id).exists(),
        select(ticket.c.id).where(ticket.c.breach == b.id).exists(),
    )
    query = select(b.id, b.counter, b.subject, b.day, b.root, b.revision)
    touched += work.rows(query.where(among(b.id, ids), b.subject != "", costly))
    groups: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for r in touched:
        groups.setdefault((r["counter"], r["subject"]), []).append(r)
    moved = _moved(work, ids)
    orphans = [t for t in moved if t["person"] != t["charged"]]
    for t in moved:  # what is left behind, in the window it was in, is counted anew too
        left = {"id": t["breach"], "day": t["day"], "root": None, "revision": t["revision"]}
        groups.setdefault((t["counter"], t["subject"]), []).append(left)
    lock(work, groups)
    for t in orphans:
        _drop(work, t, result)
    for (code, subject), members in sorted(groups.items()):
        rows, judged = _members(work, code, subject, members)
        _post(work, code, _facts(work, rows), judged, result)
    return result


def counter_of(work: Work, revision: int, code: str) -> Counter | None:
    """Return a counter as the definitions of a revision declare it."""
    return editions.catalog_of(work, revision).counters.get(code)


def _moved(work: Work, ids: Sequence[int]) -> list[Mapping[str, Any]]:
    """Return the tickets of breaches that are charged to somebody else by now (``charged``) or dated otherwise: the record was corrected."""
    t, b = ticket.c, breach.c
    found: list[Mapping[str, Any]] = []
    otherwise = or_(b.subject != t.subject, b.person.is_distinct_from(t.person), b.day != t.day)
    query = select(ticket, b.person.label("charged")).join(breach, b.id == t.breach)
    found += work.rows(query.where(among(t.breach, ids), otherwise, t.state != "void"))
    return found


def _drop(work: Work, t: Mapping[str, Any], result: Assessed) -> None:
    nothing = {
        "ordinal": 0,
        "factor": Decimal(1),
        "amount": NOTHING,
        "points": NOTHING,
        "arithmetic": "责任人已更正，0 元",
    }
    _correct(work, t, nothing, stands=False, result=result)


def lock(work: Work, groups: Iterable[tuple[str, str]]) -> None:
    """Wait for the groups (counter, subject) of some tickets, and keep them to this transaction."""
    ordered = sorted(set(groups))
    insert_new(work.connection, counter_group, [{"counter": c, "subject": s} for c, s in ordered])
    for c, s in ordered:
        one = and_(counter_group.c.counter == c, counter_group.c.subject == s)
        work.connection.execute(select(counter_group.c.subject).where(one).with_for_update())


def _members(
    work: Work, code: str, subject: str, touched: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], set[int]]:
    """Return the breaches that must be judged together with the touched ones, and which of them the judgement is right for.

    Those are of the touched windows, and those tied to them by root; where the definitions that bind some of them declare another
    window than others, of all these windows.
    """
    counters: list[Counter | None] = []
    more = [counter_of(work, r, code) for r in {r["revision"] for r in touched}]
    while True:
        counters += [c for c in more if c not in counters]
        rows, judged = _within(work, [c for c in counters if c is not None], code, subject, touched)
        more = [counter_of(work, r, code) for r in {r["revision"] for r in rows}]
        if all(c in counters for c in more):
            return rows, judged


def _within(
    work: Work, counters: Sequence[Counter], code: str, subject: str, touched: Sequence[Mapping[str, Any]]
) -> tuple[list[Mapping[str, Any]], set[int]]:
    """Return the breaches of the windows of ``touched``, and which of them are judged by them.

    A rolling window looks back on breaches that are read for their number only: theirs depends on still earlier ones.
    """
    b = breach.c
    mine = and_(b.counter == code, b.subject == subject)
    if not counters:
        ids = {r["id"] for r in touched} | {r["root"] for r in touched if r["root"]}
        rows = list(work.rows(select(breach).where(mine, or_(b.id.in_(ids), b.root.in_(ids)))))
        return rows, {r["id"] for r in rows}
    if any(c.window == "ever" for c in counters):
        rows = list(work.rows(select(breach).where(mine)))
        return rows, {r["id"] for r in rows}
    back = timedelta(days=max((c.days or 1) - 1 for c in counters))
    windows = {_window(c, r["day"]) for r in touched for c in counters}
    while True:
        spans = or_(*(b.day.between(first - back, last) for first, last in windows))
        rows = list(work.rows(select(breach).where(mine, spans)))
        judged = {r["id"] for r in rows if any(first <= r["day"] <= last for first, last in windows)}
        roots = {r["root"] for r in rows if r["root"]} - judged
        tied = or_(b.id.in_(roots), and_(b.root.in_(judged), b.id.not_in(judged)))
        days = work.connection.execute(select(b.day).where(mine, tied)).scalars()
        more = {_window(c, day) for day in days for c in counters}
        if more <= windows:
            return rows, judged
        windows |= more


def _window(counter: Counter, day: date) -> tuple[date, date]:
    """Return the days whose breaches a breach of that day may change."""
    return (day, day + timedelta(days=(counter.days or 1) - 1)) if counter.window == "rolling" else window(counter, day)


def _facts(
    work: Work, rows: Sequence[Mapping[str, Any]]
) -> list[tuple[Mapping[str, Any], BreachFact[int], Mapping[str, Any] | None]]:
    ids = [r["id"] for r in rows]
    lines: dict[int, list[PricedLine]] = {}
    charged = select(breach_line).where(among(breach_line.c.breach, ids)).order_by(breach_line.c.seq)
    for x in as_rows(read_columns(work.connection, charged)):
        lines.setdefault(x["breach"], []).append(_line(x))
    known = read_columns(work.connection, select(ticket).where(among(ticket.c.breach, ids)))
    tickets: dict[int, Mapping[str, Any]] = {t["breach"]: t for t in as_rows(known) if t["person"] == rows[0]["person"]}
    # of breaches of one instant the order must not depend on who found them first
    order = sorted(rows, key=lambda r: (r["register"], r["record_id"], r["rule"], r["occurrence"]))
    number = {r["id"]: n for n, r in enumerate(order)}
    found = []
    for r in rows:
        t = tickets.get(r["id"])
        decided = t["state"] if t is not None else ""
        state: State = (
            "cancelled"
            if r["state"] == "void" or decided == "cancelled"
            else "waived"
            if decided == "waived"
            else "live"
        )
        fact = BreachFact(
            key=r["id"], occurred_at=r["occurred_at"], day=r["day"], clause=r["clause"], number=number[r["id"]],
            roles=frozenset(r["roles"] or ()), state=state, lines=tuple(lines.get(r["id"], ())), multiplied=r["multiplied"],
            root=r["root"], basis=r["basis"], confirmed=decided in SETTLED or decided == "appealed",
        )  # fmt: skip
        if r["root"] is not None and r["root"] not in number:
            fact = replace(fact, root=None, multiplied=False, lines=_lines_of_other(work, r))
        found.append((r, fact, t))
    return found


def _lines_of_other(work: Work, repeat: Mapping[str, Any]) -> tuple[PricedLine, ...]:
    """Return what a repeat costs whose root was charged to somebody else: the root's lines still open, at the root's price."""
    x = breach_line.c
    query = (
        select(ticket.c.factor, ticket.c.ordinal).where(ticket.c.breach == repeat["root"]).order_by(ticket.c.id.desc())
    )
    found = work.connection.execute(query).first()
    factor, place = (found.factor, max(found.ordinal, 1)) if found is not None else (Decimal(1), 1)
    rows = work.rows(select(breach_line).where(x.breach == repeat["root"]).order_by(x.seq))
    return tuple(
        replace(
            line,
            unit_fen=int(line.unit_fen * factor),
            unit_points=int(line.unit_points * factor),
            from_nth=1,
            formula="",
        )
        for line in reached([_line(r) for r in rows], place)
        if repeat["basis"] == "full" or line.corrected_at is None or line.corrected_at >= repeat["occurred_at"]
    )


def _line(x: Mapping[str, Any]) -> PricedLine:
    return PricedLine(
        x["kind"], int(x["unit_amount"] * 100), x["quantity"], x["corrected_at"], int(x["unit_points"] * 100),
        x["sanction"] or "", x["from_nth"], x["formula"] or "",
    )  # fmt: skip


def _post(
    work: Work,
    code: str,
    facts: Sequence[tuple[Mapping[str, Any], BreachFact[int], Mapping[str, Any] | None]],
    judged: set[int],
    result: Assessed,
) -> None:
    priced = _priced(work, code, facts)
    states = {f.key: f.state for _, f, _ in facts}
    new: list[tuple[Mapping[str, Any], Priced[int]]] = []
    for row, fact, t in facts:
        if row["id"] not in judged:
            continue
        p = priced[row["id"]]
        stands = row["state"] == "live" and (fact.root is None or states[fact.root] == "live")
        if t is None:
            # of a root that was dropped no new ones arise (requirements 4.2)
            if fact.lines or (fact.root is not None and stands):
                new.append((row, p))
            continue
        when = {
            "subject": row["subject"],
            "occurred_at": row["occurred_at"],
            "day": row["day"],
            "month": f"{row['day']:%Y-%m}",
        }
        _correct(work, t, _amounts(p) | when, stands=stands, result=result)
    if new:
        result.new.extend(_propose(work, new))


def _priced(
    work: Work, code: str, facts: Sequence[tuple[Mapping[str, Any], BreachFact[int], Mapping[str, Any] | None]]
) -> dict[int, Priced[int]]:
    """Return what each breach costs by the counter of its own definitions, a repeat by that of its root's."""
    by_key = {f.key: (row["revision"], f.root) for row, f, _ in facts}

    def binding(key: int) -> int:
        revision, root = by_key[key]
        return revision if root is None else binding(root)

    bound: dict[int, list[int]] = {}
    for key in by_key:
        bound.setdefault(binding(key), []).append(key)
    found: dict[int, Priced[int]] = {}
    priced: list[tuple[Counter | None, dict[int, Priced[int]]]] = []
    for revision, keys in bound.items():
        counter = counter_of(work, revision, code)
        mine = next((p for c, p in priced if c == counter), None)
        if mine is None:
            mine = price(counter, [f for _, f, _ in facts])
            priced.append((counter, mine))
        found |= {key: mine[key] for key in keys}
    return found


def _propose(work: Work, new: Sequence[tuple[Mapping[str, Any], Priced[int]]]) -> list[dict[str, Any]]:
    first = numbering.take(work, "ticket.id", len(new))
    numbers = numbering.numbers(work, "ticket", NUMBER, work.today, len(new))
    named = lookup.titles_of(work, ((r["register"], r["record_id"]) for r, _ in new))
    rows = []
    for n, (r, p) in enumerate(new):
        rule = editions.catalog_of(work, r["revision"]).breaches.get((r["register"], r["rule"]))
        rows.append({
            "id": first + n, "breach": r["id"], "record_no": numbers[n], "counter": r["counter"], "rule": r["rule"],
            "revision": r["revision"],
            "register": r["register"], "record_id": r["record_id"], "record_title": named.get((r["register"], r["record_id"]), ""),
            "person": r["person"], "payer_register": r["payer_register"], "payer_id": r["payer_id"], "subject": r["subject"],
            "clause": r["clause"], "citation": r["citation"], "occurred_at": r["occurred_at"], "day": r["day"],
            "month": f"{r['day']:%Y-%m}", **_amounts(p), "paid": NOTHING, "repeat_index": r["occurrence"] if r["root"] else None,
            "confirmed_by": rule.confirmed_by if rule else "", "state": "proposed", "state_at": work.now, "unit": r["unit"],
            "created_by": work.actor.person_id, "created_at": work.now, "updated_by": work.actor.person_id, "updated_at": work.now, "version": 1,
        })  # fmt: skip
    insert_rows(work.connection, ticket, rows)
    for t in rows:
        add_entry(work, t, "assessed", t["amount"], _reason(work), t["arithmetic"], t["points"])
    return rows


def _amounts(p: Priced[int]) -> dict[str, Any]:
    return {
        "ordinal": p.ordinal, "factor": p.factor, "base_amount": Decimal(p.base_fen).scaleb(-2),
        "amount": Decimal(p.amount_fen).scaleb(-2), "points": Decimal(p.points).scaleb(-2), "sanction": p.sanction or None,
        "arithmetic": p.arithmetic,
    }  # fmt: skip


def _correct(work: Work, t: Mapping[str, Any], now: dict[str, Any], *, stands: bool, result: Assessed) -> None:
    """Post what differs between a ticket and its judgement ``now``.

    A ticket whose breach was none after all, or whose root is waived or cancelled, becomes void unless it was carried out; one whose
    breach stands again is proposed again.
    """
    if not stands and t["state"] in {"proposed", "confirmed", "appealed", "upheld"}:
        now["state"] = "void"
    elif stands and t["state"] == "void":
        now["state"] = "proposed"
    if all(t[k] == v for k, v in now.items()):
        return
    stamp = {"updated_by": work.actor.person_id, "updated_at": work.now, "version": t["version"] + 1}
    if "state" in now:
        stamp["state_at"] = work.now
    work.connection.execute(update(ticket).where(ticket.c.id == t["id"]).values(**now, **stamp))
    kind = {"void": "voided", "proposed": "revived"}.get(now.get("state", ""), "corrected")
    moved = now["amount"] - t["amount"], now["points"] - t["points"]
    add_entry(work, {**t, **now}, kind, moved[0], _reason(work), now["arithmetic"], moved[1])
    result.moved.append({**t, **now, **stamp, "was": t})


def _reason(work: Work) -> str:
    """Return why amounts move where it is not the facts: the recalculation, by its name."""
    return work.reason if work.source == "recalc" else ""


def add_entry(
    work: Work,
    t: Mapping[str, Any],
    kind: str,
    amount: Decimal,
    reason: str,
    arithmetic: str,
    points: Decimal = NOTHING,
    *,
    paid: Decimal = NOTHING,
) -> None:
    """Append a line to a ticket's ledger; lines are never changed.

    ``amount`` is by how much what is owed changes, ``paid`` by how much what has been taken; the rest is the ticket's balance.
    """
    work.entries.append({
        "ticket": t["id"], "kind": kind, "amount": amount, "points": points, "paid": paid, "at": work.now,
        "person": work.actor.person_id,
        "reason": reason or None, "citation": t["citation"], "arithmetic": arithmetic,
    })  # fmt: skip
