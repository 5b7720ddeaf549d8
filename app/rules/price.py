"""What the breaches of one person under one counter cost, all of them together.

Requirements 4.2 (P05 D1-D10): each breach has a place among those of its window; from the n-th on the amount is
multiplied, once and never again; a breach not put right is violated again at the same amount, and counts, but is not
multiplied anew. Of a ladder the rung of the breach's place holds; what all of a window together may not exceed cuts the
later ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Generic, Literal, TypeVar

from app.catalog.breach import Counter
from app.rules.charge import plain, yuan

K = TypeVar("K", bound=Hashable)
State = Literal["live", "waived", "cancelled"]
ONCE = Decimal(1)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """Some of one kind of defect: unit price in fen, how many, and when they were put right (aware; None: not yet).

    The other fields are those of a ``Charged`` line; of several lines of a kind the one with the greatest ``from_nth`` not
    above the breach's place holds.
    """

    kind: str
    unit_fen: int
    quantity: int = 1
    corrected_at: datetime | None = None
    unit_points: int = 0
    sanction: str = ""
    from_nth: int = 1
    formula: str = ""


@dataclass(frozen=True)
class BreachFact(Generic[K]):
    """What is known of one breach of a person.

    ``number`` settles the order of breaches of the same instant and clause and is unique among them; ``roles`` are the
    person's. A repeat names its ``root`` and has no lines of its own; ``basis`` says how much of the root's it costs
    again. ``confirmed``: the ticket is confirmed or executed, not just pending.
    """

    key: K
    occurred_at: datetime
    day: date
    clause: str
    number: int
    roles: frozenset[str] = frozenset()
    state: State = "live"
    lines: tuple[PricedLine, ...] = ()
    multiplied: bool = True
    root: K | None = None
    basis: Literal["remaining", "full"] = "remaining"
    confirmed: bool = False


@dataclass(frozen=True)
class Priced(Generic[K]):
    """What one breach costs, and why.

    ``ordinal`` is its place among the counted breaches of its window; 0 for a breach that does not count.
    ``amount_fen`` = ``base_fen`` × ``factor``, less what is above the counter's limit; 0 if it is waived or cancelled, or
    its root is. ``points`` (hundredths) are multiplied and limited alike; ``sanction`` is what follows in words.
    """

    ordinal: int
    factor: Decimal
    base_fen: int
    amount_fen: int
    arithmetic: str
    points: int = 0
    sanction: str = ""


def price(counter: Counter | None, breaches: Sequence[BreachFact[K]]) -> dict[K, Priced[K]]:
    """Return what each of ``breaches`` costs: all breaches of one person under one counter, of all windows.

    Without a counter nothing is counted or multiplied. The order of ``breaches`` does not matter.
    Raises KeyError for a root that is not among them, ValueError for a key that occurs twice or a root that is its own.
    """
    facts = {b.key: b for b in breaches}
    if len(facts) < len(breaches):
        raise ValueError("a breach was given twice")
    roots = {b.key: _root(b, facts) for b in breaches}
    order = _ordered(counter, breaches)
    places = _places(counter, order, roots)
    factors = {b.key: _factor(counter, b, places[b.key]) for b in breaches}
    sums = {}
    for b in order:
        root = roots[b.key]
        sums[b.key] = _sum(b, root, factors[root.key], max(places[root.key], 1))
    left = _left(counter, order, sums)
    return {b.key: _priced(sums[b.key], places[b.key], *left[b.key]) for b in breaches}


def counts(counter: Counter | None, breach: BreachFact[K], root: BreachFact[K]) -> bool:
    """Return whether a breach counts: of a clause that does, not cancelled, not waived where mercy does not count, its root standing."""
    if counter is None or breach.state == "cancelled" or (breach.root is not None and root.state != "live"):
        return False
    if counter.clauses and breach.clause not in counter.clauses:
        return False
    return breach.state == "live" or counter.waived_counts


def window(counter: Counter, day: date) -> tuple[date, date]:
    """Return the first and the last day of the window of a counter that ``day`` belongs to, or looks back on."""
    match counter.window:
        case "ever":
            return date.min, date.max
        case "rolling":
            return day - timedelta(days=(counter.days or 1) - 1), day
        case "week":
            monday = day - timedelta(days=day.weekday())
            return monday, monday + timedelta(days=6)
    months = {"calendar_month": 1, "quarter": 3, "half_year": 6, "year": 12}[counter.window]
    month = (day.month - 1) // months * months + 1
    after = date(day.year + (month + months > 12), (month + months - 1) % 12 + 1, 1)
    return date(day.year, month, 1), after - timedelta(days=1)


def reached(lines: Sequence[PricedLine], place: int) -> list[PricedLine]:
    """Return the lines that hold for a breach of that place: of each kind those of the highest rung reached."""
    rungs: dict[str, int] = {}
    for x in lines:
        if x.from_nth <= place:
            rungs[x.kind] = max(rungs.get(x.kind, 1), x.from_nth)
    return [x for x in lines if x.from_nth == rungs.get(x.kind)]


def _root(breach: BreachFact[K], facts: dict[K, BreachFact[K]]) -> BreachFact[K]:
    seen = {breach.key}
    while breach.root is not None:
        breach = facts[breach.root]
        if breach.key in seen:
            raise ValueError(f"breach {breach.key} is its own root")
        seen.add(breach.key)
    return breach


def _ordered(counter: Counter | None, breaches: Sequence[BreachFact[K]]) -> list[BreachFact[K]]:
    clauses = {clause: n for n, clause in enumerate(counter.order)} if counter else {}
    last = len(clauses)
    return sorted(breaches, key=lambda b: (b.occurred_at, clauses.get(b.clause, last), b.clause, b.number))


def _places(counter: Counter | None, order: Sequence[BreachFact[K]], roots: dict[K, BreachFact[K]]) -> dict[K, int]:
    """Return the place of each breach among the counted ones of its window; 0 if it does not count."""
    places: dict[K, int] = {}
    counted: deque[date] = deque()
    for b in order:
        places[b.key] = 0
        if counter and counts(counter, b, roots[b.key]):
            first, _ = window(counter, b.day)
            while counted and counted[0] < first:
                counted.popleft()
            places[b.key] = len(counted) + 1
            if b.confirmed or not counter.only_confirmed:
                counted.append(b.day)
    return places


def _factor(counter: Counter | None, breach: BreachFact[K], ordinal: int) -> Decimal:
    """Return what a fresh breach of that place is multiplied by; the largest of several."""
    if counter is None or not breach.multiplied or not ordinal:
        return ONCE
    fitting = (m.by for m in counter.multiply if ordinal >= m.from_nth and (not m.role or m.role in breach.roles))
    return max(fitting, default=ONCE)


@dataclass(frozen=True)
class _Sum:
    """What a breach costs by itself: base and product in fen, hundredths of a point, words, and how they are told."""

    base: int
    factor: Decimal
    fen: int
    points: int
    sanction: str
    said: str


def _sum(breach: BreachFact[K], root: BreachFact[K], factor: Decimal, place: int) -> _Sum:
    repeat = breach.root is not None
    remaining = repeat and breach.basis == "remaining"
    lines = [
        x
        for x in reached(root.lines, place)
        if not remaining or x.corrected_at is None or x.corrected_at >= breach.occurred_at
    ]
    base = sum(x.unit_fen * x.quantity for x in lines)
    dropped = ""
    if breach.state != "live":
        dropped = "已免除" if breach.state == "waived" else "已撤销"
    elif repeat and root.state != "live":
        dropped = "原处罚已免除" if root.state == "waived" else "原处罚已撤销"
    if dropped:
        return _Sum(base, factor, 0, 0, "", f"{dropped}，0 元")
    fen = int((base * factor).to_integral_value(ROUND_HALF_UP))
    points = int((sum(x.unit_points * x.quantity for x in lines) * factor).to_integral_value(ROUND_HALF_UP))
    sanction = "、".join(dict.fromkeys(x.sanction for x in lines if x.sanction))
    said = ("与原处罚同额：" if repeat else "") + _told(lines, factor, fen, points, sanction)
    return _Sum(base, factor, fen, points, sanction, said)


def _left(counter: Counter | None, order: Sequence[BreachFact[K]], sums: dict[K, _Sum]) -> dict[K, tuple[int, int]]:
    """Return each breach's fen and points, cut to what the limit of its window leaves after the earlier ones."""
    left = {k: (s.fen, s.points) for k, s in sums.items()}
    if counter is None or counter.at_most is None:
        return left
    limits = [None if x is None else int(x * 100) for x in (counter.at_most.money, counter.at_most.points)]
    taken: deque[tuple[date, tuple[int, int]]] = deque()
    totals = [0, 0]
    for b in order:
        first, _ = window(counter, b.day)
        while taken and taken[0][0] < first:
            _, gone = taken.popleft()
            totals = [t - g for t, g in zip(totals, gone, strict=True)]
        fen, points = (
            own if limit is None else min(own, max(limit - total, 0))
            for own, limit, total in zip(left[b.key], limits, totals, strict=True)
        )
        left[b.key] = fen, points
        totals = [totals[0] + fen, totals[1] + points]
        taken.append((b.day, left[b.key]))
    return left


def _priced(s: _Sum, ordinal: int, fen: int, points: int) -> Priced[K]:
    said = s.said
    if fen < s.fen:
        said += f"，本期合计不超过限额，计 {yuan(fen)} 元"
    if points < s.points:
        said += f"，本期合计不超过限额，计 {yuan(points)} 分"
    return Priced(ordinal, s.factor, s.base, fen, said, points, s.sanction)


def _told(lines: Sequence[PricedLine], factor: Decimal, fen: int, points: int, sanction: str) -> str:
    """Return how money, points and words come about, each that there is; money alone where there is nothing."""
    terms = [x.formula or _times(x.quantity, x.unit_fen) for x in lines if x.unit_fen or x.formula]
    parts = [_formula(terms, factor, fen, "元")] if terms or not (points or sanction) else []
    if points:
        parts.append(
            _formula([_times(x.quantity, x.unit_points) for x in lines if x.unit_points], factor, points, "分")
        )
    return "；".join([*parts, *([sanction] if sanction else [])])


def _times(quantity: int, unit: int) -> str:
    return f"{quantity}×{yuan(unit)}" if quantity != 1 else yuan(unit)


def _formula(terms: Sequence[str], factor: Decimal, amount: int, unit: str) -> str:
    said = " + ".join(terms)
    if factor != ONCE:
        said = f"({said})" if " + " in said or "，" in said else said
        said = f"{said}×{plain(factor)}"
    total = f"{yuan(amount)} {unit}"
    return total if said in {"", yuan(amount)} else f"{said} = {total}"
