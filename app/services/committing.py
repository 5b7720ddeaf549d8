"""What breaches the facts amount to: by the definitions that bind them, with what each is charged for. Nothing is kept yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from app.catalog.amount import Amount
from app.catalog.breach import Breach
from app.catalog.catalog import adopted
from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.models.ledger import breach, ticket
from app.rules.charge import Late
from app.services import adoption, charging, editions, people
from app.services.charging import Line
from app.services.conditions import with_references
from app.services.panel import Work

Draft = tuple[dict[str, Any], list[Line]]
"""A breach that is about to be kept, with its lines."""
Plain = tuple[Mapping[str, Any], int, int, int, datetime, date]
"""A breach without lines that is about to be kept: what it says like others, and its cells ``OWN``."""
OWN = ("record_id", "obligation", "occurrence", "occurred_at", "day")


def missed(
    work: Work, o: Mapping[str, Any], duty: Duty, row: Mapping[str, Any], no: int, at: datetime, day: date
) -> list[Draft]:
    """Return the breach that missing an obligation for the ``no``-th time is.

    The first time, with the breaches that this one brings about (``trigger: {breach: …}``). What it costs is what the definitions that
    bind the obligation say: they were known when it began.
    """
    work = editions.bound(work, o["revision"])
    return Missing.of(work, o["register"], duty).drafts(work, o, row, no, at, day)


class Missing:
    """What missing one duty is by the definitions that bind it: most missed duties cost nothing, and then many breaches are alike."""

    @classmethod
    def of(cls, work: Work, register: str, duty: Duty) -> Missing:
        """Return what missing a duty is by the definitions of ``work``, worked out once for a unit of work."""
        key = ("missing", register, id(duty))
        if (known := work.memo.get(key)) is None:
            known = work.memo[key] = cls(work, register, duty)
        return known

    def __init__(self, work: Work, register: str, duty: Duty) -> None:
        self.duty = duty  # kept, so that its id stays its own
        self.spec = work.catalog.registers[register]
        self.rule = work.catalog.breaches.get((register, duty.breach))
        self.code = duty.breach or duty.code
        self.charged = self.rule is not None and self.rule.charged_to is not None
        self.costless = _costless(self.rule)
        self.brings = any(b.trigger is not None and b.trigger.breach == duty.breach != "" for b in self.spec.breaches)
        self.plain = self.costless and not self.brings and not (self.rule is not None and self.rule.joins)
        """Whether nothing comes of it but the breach itself."""
        self.alike: dict[Any, dict[str, Any]] = {}

    def drafts(
        self, work: Work, o: Mapping[str, Any], row: Mapping[str, Any], no: int, at: datetime, day: date
    ) -> list[Draft]:
        """Return the breaches that ``missed`` says; ``work`` is under the same definitions."""
        own = {
            "record_id": row["id"],
            "obligation": o["id"],
            "occurrence": numbered(o, no),
            "occurred_at": at,
            "day": day,
        }
        if self.costless:
            drafts: list[Draft] = [({**self.like(work, o, row), **own}, [])]
        else:
            facts = own | {
                "person": self._person(work, o, row),
                "began": o["started_on"],
                "grows": o["done_at"] is None,
            }
            late = charging.lateness(work, facts, o["done_at"])
            drafts = _draft(work, self.spec, row, self.rule, self.code, facts, o["citation"], late)
        if no == 1 and self.brings:
            drafts += _brought_about(work, self.spec, row, self.code, at, day, o["started_on"])
        return drafts

    def like(self, work: Work, o: Mapping[str, Any], row: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a breach that costs nothing says like others: all of its cells but ``OWN``."""
        named = charged(work, self.spec, self.rule, row, o["person"]) if self.charged else o["person"]
        alike = named, o["role"], o["unit"], o["citation"], row.get("unit"), work.now, work.actor.person_id
        if (known := self.alike.get(alike)) is None:
            facts = {"person": self._person(work, o, row), "day": o["due_on"], "began": o["due_on"]}
            [(known, _)] = _draft(work, self.spec, row, self.rule, self.code, facts, o["citation"])
            self.alike[alike] = known
        return known

    def _person(self, work: Work, o: Mapping[str, Any], row: Mapping[str, Any]) -> int | None:
        """Return who missed it: whom the record names, who owed it, or the first who held the role that did."""
        named = charged(work, self.spec, self.rule, row, o["person"])
        return next(iter(people.holders(work, o["role"], o["unit"])), None) if named is None and o["role"] else named


def _costless(rule: Breach | None) -> bool:
    """Return whether a breach is charged with nothing and counts for nothing, whatever its record says."""
    return rule is None or not (rule.amount or rule.lines or rule.payer or rule.counter)


def _brought_about(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    code: str,
    at: datetime,
    day: date,
    began: date,
    seen: tuple[str, ...] = (),
) -> list[Draft]:
    """Return the breaches that a breach brings about, such as the superior's beside one's own; each kind once."""
    drafts: list[Draft] = []
    for other in spec.breaches:
        if other.trigger is not None and other.trigger.breach == code and other.code not in seen:
            drafts += find(work, spec, row, other, at, day, began=began, seen=(*seen, code))
    return drafts


def numbered(o: Mapping[str, Any], no: int) -> int:
    """Return the number of an occurrence among all of its record: those of a periodic duty are told apart by their period."""
    return no if o["cycle"] == 1 else int(o["cycle"]) * 1000 + no


def find(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    rule: Breach,
    at: datetime,
    day: date,
    *,
    began: date | None = None,
    seen: tuple[str, ...] = (),
) -> list[Draft]:
    """Return the breach that a record shows, if its condition holds and it has something to charge for, and what it brings about.

    ``work`` is under the definitions that bind it. ``began``: the day by which it is judged who applied which policy; by default the
    day it was committed. ``seen``: the breaches that brought it about.
    """
    whole = with_references(work, spec, [row], [rule.when])[0]
    if rule.when is not None and not rule.when.holds(whole):
        return []
    person = charged(work, spec, rule, row, None)
    facts = {
        "obligation": None,
        "occurrence": _next(work, spec.code, row["id"], rule.code),
        "occurred_at": at,
        "day": day,
        "person": person,
        "began": began or day,
    }
    drafts = _draft(work, spec, row, rule, rule.code, facts, "")
    return drafts + _brought_about(work, spec, row, rule.code, at, day, began or day, seen) if drafts else drafts


def anew(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    rule: Breach,
    fact: Mapping[str, Any],
    quantity: int | None,
) -> Draft | None:
    """Return a breach that no obligation led to as ``work``'s definitions charge it; None where they charge nothing for it."""
    kept = {k: fact[k] for k in ("obligation", "occurrence", "occurred_at", "day", "person", "note")}
    drafts = _draft(work, spec, row, rule, rule.code, kept | {"quantity": quantity, "began": fact["day"]}, "")
    return drafts[0] if drafts else None


def reported(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    rule: Breach,
    person: int,
    quantity: int,
    at: datetime,
    note: str,
) -> list[Draft]:
    """Return the breach that an officer reports by hand, under the definitions of the day it was committed."""
    day = work.local_day(at)
    then = editions.on(work, day, spec.code)
    facts = {
        "obligation": None, "occurrence": _next(work, spec.code, row["id"], rule.code), "occurred_at": at, "day": day,
        "person": person, "note": note or None, "quantity": quantity, "began": day,
    }  # fmt: skip
    drafts = _draft(then, then.spec(spec.code), row, rule, rule.code, facts, "")
    return drafts + _brought_about(then, then.spec(spec.code), row, rule.code, at, day, day)


def _draft(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    rule: Breach | None,
    code: str,
    facts: dict[str, Any],
    citation: str,
    late: Late | None = None,
) -> list[Draft]:
    quantity, note, began = facts.pop("quantity", None), facts.pop("note", None), facts.pop("began")
    open_still = facts.pop("grows", False)
    facts |= charging.payer(spec, rule, row)
    if rule is not None and rule.payer:
        facts["person"] = None
    lines: list[Line] = []
    amount = None
    bound = adoption.policies(work, row.get("unit"), began) if rule is not None else frozenset()
    if rule is not None and adopted(rule, bound):
        amount = charging.amount_of(work, spec, rule.amount, row, facts["day"], facts["person"], bound)
        lines = charging.lines_of(work, spec, rule, amount, row, facts, bound, quantity=quantity, late=late)
        if rule.lines is not None and not lines and quantity is None:
            return []
    root = _root(work, row, amount) if amount is not None and amount.same_as else None
    cites = "、".join(map(str, amount.cite)) if amount is not None and amount.cite else ""
    counter = work.catalog.counters.get(rule.counter) if rule is not None else None
    b = {
        **facts, "register": spec.code, "record_id": row["id"], "rule": code,
        "revision": work.catalog.revision,
        "roles": people.role_codes(work, facts["person"]) if facts["person"] is not None else None,
        "unit": row.get("unit"), "clause": rule.clause if rule else "", "counter": rule.counter if rule and (amount or lines) else "",
        "subject": charging.subject(counter, row, spec.code, facts),
        "multiplied": rule.multiplied if rule else False, "root": root, "basis": amount.basis if amount is not None else "remaining",
        "citation": cites or (str(rule.cite[0]) if rule and rule.cite else citation), "state": "live", "note": note,
        "grows": open_still and amount is not None and amount.by_lateness, "measured_at": work.now,
        "recorded_at": work.now, "recorded_by": work.actor.person_id,
    }  # fmt: skip
    return [(b, lines)]


def charged(
    work: Work, spec: RegisterSpec, rule: Breach | None, row: Mapping[str, Any], default: int | None
) -> int | None:
    """Return whom a record names to be charged with a breach; ``default`` where the rule does not say who is."""
    if rule is None or rule.charged_to is None:
        return default
    named = people.party(work, rule.charged_to, spec, row)
    return named[0] if named else default


def _root(work: Work, row: Mapping[str, Any], amount: Amount) -> int | None:
    query = (
        select(breach.c.id, breach.c.root)
        .join(ticket, ticket.c.breach == breach.c.id)
        .where(ticket.c.id == row.get(amount.same_as))
    )
    found = work.connection.execute(query).first()
    return None if found is None else int(found.root or found.id)


def _next(work: Work, register: str, record_id: int, rule: str) -> int:
    b = breach.c
    query = select(func.max(b.occurrence)).where(b.register == register, b.record_id == record_id, b.rule == rule)
    return (work.connection.execute(query).scalar() or 0) + 1
