"""Breaches: the fact that something was missed, found wrong or reported; with what it is charged for."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import and_, func, or_, select, update

from app.catalog.amount import Amount
from app.catalog.breach import Breach
from app.catalog.catalog import adopted
from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.errors import CellError, Forbidden, Invalid, say
from app.models.among import among
from app.models.bulk import insert_new, insert_new_columns, insert_rows
from app.models.ledger import breach, breach_line, ticket
from app.rules.charge import Late
from app.rules.judge import Occurrence, occurrences
from app.services import adoption, calendars, charging, editions, go_live, limits, numbering, people
from app.services.charging import Line
from app.services.conditions import with_references
from app.services.panel import Work

Draft = tuple[dict[str, Any], list[Line]]
"""A breach that is about to be kept, with its lines."""
Plain = tuple[Mapping[str, Any], int, int, int, datetime, date]
"""A breach without lines that is about to be kept: what it says like others, and its cells ``OWN``."""
OWN = ("record_id", "obligation", "occurrence", "occurred_at", "day")

Seen = tuple[Work, Mapping[str, Any], Mapping[str, Any]]
"""The moment at which a breach was found, its obligation and its record as they were then."""


def settle(
    work: Work,
    changed: Iterable[tuple[Mapping[str, Any], Duty, Mapping[str, Any]]],
    *,
    fresh: bool = False,
    seen: Callable[[Duty, Seen, Occurrence], Seen] = lambda _duty, now, _occurrence: now,
) -> set[int]:
    """Bring the breaches of obligations in line with their facts and return the ids of those that changed.

    Missing occurrences up to ``work.now`` are added; those that were not late after all become void, and live again if they were.
    ``fresh``: the obligations have just begun and have no breaches yet. ``seen`` says how things stood when an occurrence was found,
    which is now unless it is found anew.
    """
    changed = list(changed)
    there = {} if fresh else _of_obligations(work, [o["id"] for o, _, _ in changed])
    touched: set[int] = set()
    drafts: list[Draft] = []
    done: dict[datetime | None, list[int]] = {}
    for o, duty, row in changed:
        known = there.get(o["id"], {})
        if (
            o["state"] != "void"
            and o["due_at"] > work.now
            and (o["done_at"] is None or o["done_at"] < o["due_at"])
            and not known
        ):
            continue
        late = (
            ()
            if o["state"] == "void"
            else occurrences(duty, limits.due_of(o), o["done_at"], work.now, calendars.named(work, o["calendar"]))
        )
        for occurrence in late:
            if (old := known.get(numbered(o, occurrence.no))) is None:
                then, owed, was = seen(duty, (work, o, row), occurrence)
                new = missed(then, owed, duty, was, occurrence.no, occurrence.occurred_at, occurrence.day)
                drafts += [_put_right(draft, o["done_at"]) if draft[0]["obligation"] else draft for draft in new]
            else:
                if old["state"] == "void":
                    touched |= _turn(work, old, "live")
                touched |= _charge(work, old, row, _named(work, o, duty, row))
                if old["occurred_at"] != occurrence.occurred_at:
                    touched |= _redate(work, old, occurrence.occurred_at, occurrence.day)
        numbers = {numbered(o, occurrence.no) for occurrence in late}
        for no, old in known.items():
            if no not in numbers and old["state"] == "live":
                touched |= _turn(work, old, "void")
        done.setdefault(o["done_at"], []).extend(old["id"] for old in known.values())
    for at, ids in done.items():
        touched |= _correct(work, ids, at)
    return touched | keep(work, drafts)


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
        named = _charged(work, self.spec, self.rule, row, o["person"]) if self.charged else o["person"]
        alike = named, o["role"], o["unit"], o["citation"], row.get("unit"), work.now, work.actor.person_id
        if (known := self.alike.get(alike)) is None:
            facts = {"person": self._person(work, o, row), "day": o["due_on"], "began": o["due_on"]}
            [(known, _)] = _draft(work, self.spec, row, self.rule, self.code, facts, o["citation"])
            self.alike[alike] = known
        return known

    def _person(self, work: Work, o: Mapping[str, Any], row: Mapping[str, Any]) -> int | None:
        """Return who missed it: whom the record names, who owed it, or the first who held the role that did."""
        named = _charged(work, self.spec, self.rule, row, o["person"])
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


def _named(work: Work, o: Mapping[str, Any], duty: Duty, row: Mapping[str, Any]) -> int | None:
    """Return to whom the record says that missing an obligation is charged; None where only a role owes it."""
    then = editions.bound(work, o["revision"])
    spec = then.catalog.registers[o["register"]]
    rule = then.catalog.breaches.get((spec.code, duty.breach))
    return _charged(then, spec, rule, row, o["person"])


def _charge(work: Work, old: Mapping[str, Any], row: Mapping[str, Any], person: int | None) -> set[int]:
    """Charge a breach to the person that the corrected record names; whose role alone owes it stays whoever held it then."""
    if person is None or old["person"] == person:
        return set()
    then = editions.catalog_of(work, old["revision"])
    register, rule = then.registers[old["register"]], then.breaches.get((old["register"], old["rule"]))
    facts = {"person": person, **charging.payer(register, rule, row)}
    if facts["payer_id"] is not None:  # somebody outside pays, nobody of the staff
        return set()
    now = {
        "person": person, "roles": people.role_codes(work, person),
        "subject": charging.subject(then.counters.get(old["counter"]), row, old["register"], facts),
    }  # fmt: skip
    work.connection.execute(update(breach).where(breach.c.id == old["id"]).values(**now))
    return {old["id"]}


def on_transition(work: Work, spec: RegisterSpec, row: Mapping[str, Any], transition: str) -> set[int]:
    """Record the breaches that a transition brings to light."""
    then = editions.on(work, work.today, spec.code)
    if (bound := then.catalog.registers.get(spec.code)) is None or go_live.before(work, spec.code, work.today):
        return set()
    due_now = [b for b in bound.breaches if b.trigger is not None and transition in b.trigger.transition]
    rows = editions.whole(then, bound, [row]) if due_now else []
    return keep(work, [d for r in rows for rule in due_now for d in find(then, bound, r, rule, work.now, work.today)])


def on_entry(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Record the breaches that records show as soon as they are entered."""
    then = editions.on(work, work.today, spec.code)
    if (bound := then.catalog.registers.get(spec.code)) is None or go_live.before(work, spec.code, work.today):
        return set()
    due_now = [b for b in bound.breaches if b.trigger is not None and b.trigger.created]
    rows = editions.whole(then, bound, rows) if due_now else []
    return keep(work, [d for rule in due_now for r in rows for d in find(then, bound, r, rule, work.now, work.today)])


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
    person = _charged(work, spec, rule, row, None)
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


def report(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    code: str,
    person: int,
    quantity: int,
    at: datetime,
    note: str,
) -> set[int]:
    """Record a breach that an officer found by hand, for a person he names; return its id.

    Raises Forbidden for somebody whose role may not report it, Invalid for a quantity below 1 or a moment to come.
    """
    day = work.local_day(at)
    then = editions.on(work, day, spec.code)
    rule = then.catalog.breaches.get((spec.code, code))
    if rule is None or not work.actor.roles.intersection(rule.reported_by):
        raise Forbidden(say("您的岗位不能登记此项违规"))
    errors = [CellError("quantity", say("数量至少为 1"), str(quantity))] if quantity < 1 else []
    errors += [CellError("at", say("违规时间不能在将来"))] if at > work.now else []
    if errors:
        raise Invalid(errors)
    return keep(work, reported(work, spec, row, rule, person, quantity, at, note))


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


def corrected(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Carry what has been corrected in records into the breaches found on them: whom they name, how many, when a line was put right."""
    fields = {
        b.lines.corrected for c in editions.catalogs(work) for b in c.breaches.values()
        if b.lines is not None and b.lines.register_code == spec.code and b.lines.corrected
    }  # fmt: skip
    touched = _renamed(work, spec, rows)
    for code in fields:
        for row in rows:
            at = charging.corrected_at(work, row.get(code))
            line = breach_line.c
            query = (
                update(breach_line)
                .where(line.register == spec.code, line.record_id == row["id"])
                .values(corrected_at=at)
            )
            touched |= set(work.connection.execute(query.returning(line.breach)).scalars())
    return touched


def _renamed(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> set[int]:
    """Charge the breaches that records themselves showed to the people that the records name now."""
    b, by_id = breach.c, {r["id"]: r for r in rows}
    codes = {
        rule.code for c in editions.catalogs(work) for (register, _), rule in c.breaches.items()
        if register == spec.code and rule.trigger is not None and rule.charged_to is not None and not rule.reported_by
    }  # fmt: skip
    if not codes:
        return set()
    mine = select(breach).where(b.register == spec.code, b.rule.in_(codes), b.state == "live", b.obligation.is_(None))
    touched: set[int] = set()
    for old in work.rows(mine.where(b.record_id.in_(list(by_id)))).all():
        then = editions.bound(work, old["revision"])
        row, bound = by_id[old["record_id"]], then.catalog.registers[spec.code]
        touched |= _charge(
            work, old, row, _charged(then, bound, then.catalog.breaches.get((spec.code, old["rule"])), row, None)
        )
    return touched


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


def _charged(
    work: Work, spec: RegisterSpec, rule: Breach | None, row: Mapping[str, Any], default: int | None
) -> int | None:
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


def _of_obligations(work: Work, ids: Sequence[int]) -> dict[int, dict[int, Mapping[str, Any]]]:
    found: dict[int, dict[int, Mapping[str, Any]]] = {}
    b = breach.c
    for start in range(0, len(ids), 500):
        query = select(
            b.id,
            b.obligation,
            b.occurrence,
            b.state,
            b.register,
            b.record_id,
            b.rule,
            b.occurred_at,
            b.revision,
            b.person,
            b.counter,
        )
        query = query.where(b.obligation.in_(ids[start : start + 500]))
        for r in work.rows(query):
            found.setdefault(r["obligation"], {})[r["occurrence"]] = r
    return found


def _turn(work: Work, fact: Mapping[str, Any], state: str) -> set[int]:
    """Void or revive a breach, with those that it brought about; return their ids."""
    b, rules = breach.c, editions.catalog_of(work, fact["revision"]).registers[fact["register"]].breaches
    codes: set[str] = set()
    reached = {fact["rule"]}
    while reached:
        reached = {r.code for r in rules if r.trigger is not None and r.trigger.breach in reached} - codes
        codes |= reached
    own = b.id == fact["id"]
    if codes:
        mine = b.register == fact["register"], b.record_id == fact["record_id"], b.occurred_at == fact["occurred_at"]
        own = or_(own, and_(*mine, b.rule.in_(codes)))
    return set(work.connection.execute(update(breach).where(own).values(state=state).returning(b.id)).scalars())


def _redate(work: Work, fact: Mapping[str, Any], at: datetime, day: date) -> set[int]:
    """Move a breach whose limit has moved; its ticket still tells in which window it was counted."""
    work.connection.execute(update(breach).where(breach.c.id == fact["id"]).values(occurred_at=at, day=day))
    charging.measure(work, [fact["id"]])
    return {fact["id"]}


def _put_right(draft: Draft, at: datetime | None) -> Draft:
    return draft[0], [x | {"corrected_at": at} for x in draft[1]]


def _correct(work: Work, ids: Sequence[int], at: datetime | None) -> set[int]:
    """Carry the moment at which a missed duty was fulfilled into what its breaches are charged for."""
    line = breach_line.c
    if not ids:
        return set()
    moved = (
        update(breach_line)
        .where(among(line.breach, ids), line.register.is_(None), line.corrected_at.is_distinct_from(at))
        .values(corrected_at=at)
    )
    return set(work.connection.execute(moved.returning(line.breach)).scalars())
