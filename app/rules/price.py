"""What the breaches of one person under one counter cost, all of them together.

Requirements 4.2 (P05 D1-D10): each breach has a place among those of its window; from the n-th on the amount is
multiplied, once and never again; a breach not put right is violated again at the same amount, and counts, but is not
multiplied anew.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Generic, Literal, TypeVar

from app.catalog.breach import Counter

K = TypeVar("K", bound=Hashable)
State = Literal["live", "waived", "cancelled"]
ONCE = Decimal(1)


@dataclass(frozen=True, slots=True)
class PricedLine:
    """Some of one kind of defect: unit price in fen, how many, and when they were put right (aware; None: not yet)."""

    kind: str
    unit_fen: int
    quantity: int = 1
    corrected_at: datetime | None = None


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

    ``ordinal`` is its place among the counted breaches of its window, which ``members`` lists up to it; 0 and none for
    a breach that does not count. ``amount_fen`` = ``base_fen`` × ``factor``; 0 if it is waived or cancelled, or its
    root is.
    """

    ordinal: int
    factor: Decimal
    base_fen: int
    amount_fen: int
    members: tuple[K, ...]
    arithmetic: str


def price(counter: Counter | None, breaches: Sequence[BreachFact[K]]) -> dict[K, Priced[K]]:
    """Return what each of ``breaches`` costs: all breaches of one person under one counter, of all windows.

    Without a counter nothing is counted or multiplied. The order of ``breaches`` does not matter.
    Raises KeyError for a root that is not among them, ValueError for a key that occurs twice or a root that is its own.
    """
    facts = {b.key: b for b in breaches}
    if len(facts) < len(breaches):
        raise ValueError("a breach was given twice")
    roots = {b.key: _root(b, facts) for b in breaches}
    places = _places(counter, breaches, roots)
    factors = {b.key: _factor(counter, b, len(places[b.key])) for b in breaches}
    return {b.key: _priced(b, roots[b.key], places[b.key], factors[roots[b.key].key]) for b in breaches}


def counts(counter: Counter | None, breach: BreachFact[K], root: BreachFact[K]) -> bool:
    """Return whether a breach counts: not cancelled, not waived where mercy does not count, and its root stands."""
    if counter is None or breach.state == "cancelled" or (breach.root is not None and root.state != "live"):
        return False
    return breach.state == "live" or counter.waived_counts


def window(counter: Counter, day: date) -> tuple[int, ...]:
    """Return the window of a counter that ``day`` belongs to."""
    return {"calendar_month": (day.year, day.month), "year": (day.year,), "ever": ()}[counter.window]


def yuan(fen: int) -> str:
    """Return an amount as people write it: ``50``, ``50.50``."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02}"


def _root(breach: BreachFact[K], facts: dict[K, BreachFact[K]]) -> BreachFact[K]:
    seen = {breach.key}
    while breach.root is not None:
        breach = facts[breach.root]
        if breach.key in seen:
            raise ValueError(f"breach {breach.key} is its own root")
        seen.add(breach.key)
    return breach


def _places(
    counter: Counter | None, breaches: Sequence[BreachFact[K]], roots: dict[K, BreachFact[K]]
) -> dict[K, tuple[K, ...]]:
    """Return for each breach the counted ones of its window up to and including it; empty if it does not count."""
    places: dict[K, tuple[K, ...]] = {}
    counted: dict[tuple[int, ...], tuple[K, ...]] = {}
    clauses = {clause: n for n, clause in enumerate(counter.order)} if counter else {}
    last = len(clauses)
    for b in sorted(breaches, key=lambda b: (b.occurred_at, clauses.get(b.clause, last), b.clause, b.number)):
        places[b.key] = ()
        if counter and counts(counter, b, roots[b.key]):
            place = window(counter, b.day)
            places[b.key] = counted[place] = (*counted.get(place, ()), b.key)
    return places


def _factor(counter: Counter | None, breach: BreachFact[K], ordinal: int) -> Decimal:
    """Return what a fresh breach of that place is multiplied by; the largest of several."""
    if counter is None or not breach.multiplied or not ordinal:
        return ONCE
    fitting = (m.by for m in counter.multiply if ordinal >= m.from_nth and (not m.role or m.role in breach.roles))
    return max(fitting, default=ONCE)


def _priced(breach: BreachFact[K], root: BreachFact[K], members: tuple[K, ...], factor: Decimal) -> Priced[K]:
    repeat = breach.root is not None
    remaining = repeat and breach.basis == "remaining"
    lines = [x for x in root.lines if not remaining or x.corrected_at is None or x.corrected_at >= breach.occurred_at]
    base = sum(x.unit_fen * x.quantity for x in lines)
    dropped = ""
    if breach.state != "live":
        dropped = "已免除" if breach.state == "waived" else "已撤销"
    elif repeat and root.state != "live":
        dropped = "原处罚已免除" if root.state == "waived" else "原处罚已撤销"
    amount = 0 if dropped else int((base * factor).to_integral_value(ROUND_HALF_UP))
    said = dropped and f"{dropped}，0 元"
    said = said or ("与原处罚同额：" if repeat else "") + _formula(lines, factor, amount)
    return Priced(len(members), factor, base, amount, members, said)


def _formula(lines: Sequence[PricedLine], factor: Decimal, amount: int) -> str:
    terms = [f"{x.quantity}×{yuan(x.unit_fen)}" if x.quantity != 1 else yuan(x.unit_fen) for x in lines]
    said = " + ".join(terms)
    if factor != ONCE:
        said = f"({said})×{factor:f}" if len(terms) > 1 else f"{said}×{factor:f}"
    total = f"{yuan(amount)} 元"
    return total if said in {"", yuan(amount)} else f"{said} = {total}"
