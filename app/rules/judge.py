"""Judgement: which breaches the facts show, what they cost together, and what further decisions they open."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from app.catalog.breach import Offer, PayShare
from app.catalog.duty import Duty
from app.errors import Sentence, say
from app.rules.agenda import limits
from app.rules.calendar import BeyondCalendar, WorkCalendar
from app.rules.deadlines import Due
from app.rules.price import BreachFact, Priced, PricedLine, price

__all__ = ["BreachFact", "Occurrence", "Priced", "PricedLine", "occurrences", "offer_open", "price", "share"]

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A missed limit: the ``no``-th of its obligation, the instant the allowed time ended, and the day of that instant.

    The day, and so the month, is the first one on which it is late: 31 March, 24:00 is missed on 1 April
    (requirements 4.2).
    """

    no: int
    occurred_at: datetime
    day: date


def occurrences(
    duty: Duty, due: Due, done_at: datetime | None, as_of: datetime, calendar: WorkCalendar
) -> tuple[Occurrence, ...]:
    """Return the limits of an obligation that had been missed by ``as_of``: those not fulfilled before they ended.

    ``done_at`` is when the duty was fulfilled, None if it was not.
    Raises BeyondCalendar when the calendar ends before the moment up to which is asked.
    """
    found: list[Occurrence] = []
    try:
        for no, late_at in enumerate(limits(duty.repeat, due, calendar), 1):
            if late_at > as_of or (done_at is not None and done_at < late_at):
                break
            found.append(Occurrence(no, late_at, calendar.day_of(late_at)))
    except BeyondCalendar:
        # A limit that the calendar cannot date lies after its last day: nobody can have missed it before that.
        if min(as_of, done_at or as_of) > calendar.end_of(calendar.last_day):
            raise
    return tuple(found)


def offer_open(offer: Offer, breaches: Iterable[BreachFact[K]]) -> bool:
    """Return whether the further decision is open, given the breaches of one person in one month.

    Only confirmed or executed ones count, repeats among them, and only those committed in the offer's role (P05 D6).
    """
    facts = {b.key: b for b in breaches}
    standing = [
        b
        for b in facts.values()
        if b.confirmed
        and b.state == "live"
        and (not offer.role or offer.role in b.roles)
        and (b.root is None or b.root not in facts or facts[b.root].state == "live")
    ]
    return len(standing) >= offer.from_nth


def share(pay_fen: int, rate_percent: Decimal, limits: PayShare) -> int | Sentence:
    """Return that percentage of a month's performance pay in fen, half a fen upwards; or why it cannot be taken."""
    if pay_fen < 0:
        return say("绩效工资不能为负数")
    if not limits.min <= rate_percent <= limits.max:
        return say("比例须在 {min}% 至 {max}% 之间", min=limits.min, max=limits.max)
    return int((pay_fen * rate_percent / 100).to_integral_value(ROUND_HALF_UP))
