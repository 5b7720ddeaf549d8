"""Obligations: what each record owes, settled with the facts in the transaction that wrote them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, delete, false, func, or_, select, update

from app.catalog.base import Party
from app.catalog.catalog import adopted
from app.catalog.condition import Condition
from app.catalog.duty import Done, Duty, Limit, Start, Term
from app.catalog.register import RegisterSpec
from app.fields.links import Signature
from app.fields.times import Date, Moment
from app.models.bulk import insert_columns, insert_rows
from app.models.ledger import obligation, obligation_move, timer
from app.rules.agenda import Ahead, Event
from app.rules.calendar import BeyondCalendar, WorkCalendar
from app.rules.deadlines import Due, due, limit_in_force
from app.services import adoption, calendars, editions, go_live, history, numbering, people, postponing, scope
from app.services.conditions import where, with_references
from app.services.editions import Era
from app.services.panel import Work
from app.services.postponing import Facts

COLUMNS = (
    "id", "register", "record_id", "duty", "cycle", "person", "role", "unit", "started_at", "started_on", "due_at", "due_on",
    "limit", "postponed", "citation", "revision", "calendar", "provisional", "state", "done_at",
)  # fmt: skip
PARKED = datetime(9999, 12, 30, tzinfo=UTC)
"""The limit of what no calendar can date yet: it is shown as such, and never missed."""
ENTERED = "entered_state_at"
"""Where a row carries the moment at which it entered the state that starts a duty."""
There = dict[str, dict[int, dict[str, Any]]]
"""The obligations that records have, by duty and record."""
_New = tuple[dict[str, Any], Duty, Mapping[str, Any]]
"""An obligation without id that is about to be written, its duty and its record."""
TIMER = ("obligation", "fire_at", "kind", "seq")


@dataclass
class Settled:
    """What settling found: obligations that changed, each with the record it belongs to, whole."""

    changed: list[tuple[dict[str, Any], Duty, Mapping[str, Any]]] = field(default_factory=list)
    fulfilled: list[int] = field(default_factory=list)
    """Obligations that were open and are done now."""

    def add(self, other: Settled) -> Settled:
        """Take in what settling something else found."""
        self.changed += other.changed
        self.fulfilled += other.fulfilled
        return self


@dataclass
class Again:
    """Obligations that are to be dated anew: by the definitions that bind them, or (``rebind``) by those of their day as it is now."""

    ids: Container[int] = ()
    rebind: bool = False
    claimed: set[int] = field(default_factory=set)


def settle(
    work: Work,
    spec: RegisterSpec,
    rows: Sequence[Mapping[str, Any]],
    *,
    fresh: bool = False,
    again: Again | None = None,
) -> Settled:
    """Bring the obligations of records in line with the facts, as of ``work.now``.

    Each obligation is judged by the definitions of its own revision: those in force on the day it began. A new one copies its limit,
    days, calendar and citation; later definitions change only what begins later.
    ``fresh``: the records have just been entered and have no obligations yet. ``again``: what else than facts has changed.
    """
    again = again or Again()
    result = Settled()
    eras = [era for era in editions.eras(work, spec.code) if era.spec.duties] if rows else []
    there: There = {} if fresh or not eras else _existing(work, spec.code, [r["id"] for r in rows])
    for era in eras:
        _settle_era(work, era, rows, there, result, fresh, again)
    if again.rebind:
        known = [o for owed in there.values() for o in owed.values()]
        _release(work, rows, [o for o in known if o["id"] in again.ids and o["id"] not in again.claimed], result)
    released = {o["record_id"] for o, _, _ in result.changed if o["state"] == "void"}
    if released and len(eras) > 1:  # what began on another day after all is bound by that day's definitions
        for era in eras:
            _settle_era(work, era, [r for r in rows if r["id"] in released], there, result, fresh, again)
    if len(eras) > 1:  # released by one edition and bound by another, an obligation has changed once
        result.changed = list({o["id"]: (o, duty, row) for o, duty, row in result.changed}.values())
    return result


def ask_ahead(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Ask of the database what settling rows will ask that are about to be entered, so that it can write them meanwhile.

    Returns the rows with what duties look at behind their references.
    """
    go_live.day(work, spec.code)
    adoption.anywhere(work)
    calendars.of(work)
    people.units(work)
    people.profiles(work)
    for era in editions.eras(work, spec.code):
        then = editions.bound(work, era.revision)
        rows = with_references(then, era.spec, rows, looked_at(era.spec), carried=True)
    return rows


def _settle_era(
    work: Work,
    era: Era,
    rows: Sequence[Mapping[str, Any]],
    there: There,
    result: Settled,
    fresh: bool,
    again: Again,
) -> None:
    then, spec = editions.bound(work, era.revision), era.spec
    # what a record does not name that has just been entered is empty
    rows = rows if fresh else editions.whole(then, spec, rows)
    whole = with_references(then, spec, rows, looked_at(spec), carried=fresh)
    new: list[_New] = []
    for duty in spec.duties:
        if duty.every is not None:
            continue
        known = there.setdefault(duty.code, {})
        begun = whole if fresh else _entered(then, spec, duty.starts, whole, known)
        owing = _begun(spec, duty, begun, known)
        if fresh and not owing:
            continue
        done = _done(then, spec, duty, owing, fresh)
        if fresh and not duty.postponed_by:
            new += _begin(then, era, duty, owing, done)
            continue
        facts = postponing.facts(then, spec, duty, owing, fresh=fresh) if duty.postponed_by else None
        new += _settle_duty(then, era, duty, owing if fresh else begun, known, done, facts, result, again)
    for o in _insert(then, spec, new, result):
        there[o["duty"]][o["record_id"]] = o


def _release(
    work: Work, rows: Sequence[Mapping[str, Any]], unclaimed: Sequence[dict[str, Any]], result: Settled
) -> None:
    """Void obligations that the definitions of their day do not demand any more."""
    by_id = {r["id"]: r for r in rows}
    for o in unclaimed:
        if o["state"] != "void":
            duty = editions.catalog_of(work, o["revision"]).duties[o["register"], o["duty"]]
            store(work, o, {"state": "void", "done_at": None})
            result.changed.append((o, duty, by_id[o["record_id"]]))


def looked_at(spec: RegisterSpec) -> list[Term | Condition | None]:
    """Return all that duties look at of a record: conditions and limits."""
    return [x for d in spec.duties for x in (d.when, *d.within, *(limit.when for limit in d.within))]


def _entered(
    work: Work,
    spec: RegisterSpec,
    starts: Start,
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[int, Mapping[str, Any]],
) -> Sequence[Mapping[str, Any]]:
    """Return the rows with the moment at which a duty that a state starts began: when that was entered for the first time.

    The state may have been left since; what an obligation that stands says of it is taken from there.
    """
    if not starts.state:
        return rows
    asked = [r for r in rows if (old := known.get(r["id"])) is None or old["state"] == "void"]
    entered = history.first(work, spec, asked, lambda r: r["state"] in starts.state)
    return [{**r, ENTERED: entered[r["id"]]} if r["id"] in entered else r for r in rows]


def _begun(
    spec: RegisterSpec, duty: Duty, rows: Sequence[Mapping[str, Any]], known: Mapping[int, Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Return the rows that may owe a duty: of the others it need not be asked whether they have fulfilled it."""
    if column := _start_column(spec, duty.starts):
        begun = [row for row in rows if row.get(column) is not None]
    else:
        begun = [row for row in rows if _started(duty.starts, "", row, known.get(row["id"])) is not None]
    if duty.when is None:
        return begun
    holds = duty.when.holds
    return [row for row in begun if holds(row)]


class _Bound(NamedTuple):
    """What binds records that begin on one day: the limit, the calendar it is counted by, and what an obligation keeps of both."""

    limit: Limit
    calendar: WorkCalendar
    kept: dict[str, Any]


@dataclass
class _Terms:
    """What the rows of one duty have in common, worked out once: who owes it, limits by when they began."""

    party: Party
    looked_at: tuple[str, ...]
    """The fields of a record that say who owes it."""
    start_column: str
    whole_days: bool
    """The limit depends on the day of the start only."""
    plain: bool
    """The limit depends on nothing else of the record."""
    alike: bool
    """What binds two new records that began on one day in one unit is the same; in a replay each record has its own calendar."""
    bound: dict[Any, _Bound | None] = field(default_factory=dict)
    ends: dict[Any, Due | None] = field(default_factory=dict)
    owing: dict[Any, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, work: Work, spec: RegisterSpec, duty: Duty) -> _Terms:
        party = duty.owed_by.within(spec.codes)
        plain = all(x.when is None and not any(x.fields()) for x in duty.within)
        return cls(
            party,
            (party.field or party.superior_of or "unit", "unit", *spec.excluded),
            _start_column(spec, duty.starts),
            bool(duty.within) and not any(x.by_the_clock() for x in duty.within),
            plain,
            plain and "counted_by" not in work.memo,
        )

    def who(self, work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return who owes the duty of a record, as ``owed_by`` says it."""
        key = tuple([row.get(f) for f in self.looked_at])
        if (found := self.owing.get(key)) is None:
            found = self.owing[key] = owed_by(work, spec, self.party, row)
        return found


def _begin(
    work: Work, era: Era, duty: Duty, rows: Sequence[Mapping[str, Any]], done: Mapping[int, datetime]
) -> list[_New]:
    """Return the obligations of records that have just been entered and owe a duty, as ``_settle_duty`` does, which are not written yet."""
    spec, again = era.spec, Again()
    common = _Terms.of(work, spec, duty)
    dated: dict[Any, dict[str, Any] | None] = {}
    new: list[_New] = []
    for row in rows:
        started = _started(duty.starts, common.start_column, row, None)
        if started is None or row.get("archived_at") is not None:
            continue
        key = (started, row.get("unit"))
        if not common.alike or key not in dated:
            dated[key] = _dated(work, era, duty, row, started, None, common, again)
        terms = dated[key]
        if terms is not None:
            fulfilled = done.get(row["id"])
            state = {"state": "done" if fulfilled else "open", "done_at": fulfilled}
            new.append(({**common.who(work, spec, row), **terms, **state}, duty, row))
    return new


def _settle_duty(
    work: Work,
    era: Era,
    duty: Duty,
    rows: Sequence[Mapping[str, Any]],
    known: Mapping[int, dict[str, Any]],
    done: Mapping[int, datetime],
    facts: Facts | None,
    result: Settled,
    again: Again,
) -> list[_New]:
    """Settle one duty of records and return the new obligations, which are not written yet."""
    common = _Terms.of(work, era.spec, duty)
    new: list[_New] = []
    moved: list[tuple[dict[str, Any], Mapping[str, Any]]] = []
    for row in rows:
        old = known.get(row["id"])
        rebound = old is not None and again.rebind and old["id"] in again.ids
        if old is not None and (old["id"] in again.claimed or (_bound_elsewhere(era, old) and not rebound)):
            continue  # other definitions bind it
        terms = _owes(work, era, duty, row, old, common, again)
        if old is not None and rebound:
            if terms is None:
                continue
            again.claimed.add(old["id"])
        if terms is None:
            if old is not None and old["state"] != "void":
                moved.append((old, {"state": "void", "done_at": None}))
                result.changed.append((old, duty, row))
            continue
        fulfilled = done.get(row["id"])
        if facts is not None:
            started = _started(duty.starts, common.start_column, row, old)
            terms = _postponed(work, duty, facts, {**(old or {}), **terms}, terms, started, row, fulfilled)
        now = terms | {"state": "done" if fulfilled else "open", "done_at": fulfilled}
        if old is None:
            new.append((now, duty, row))
        elif any(old[k] != v for k, v in now.items()):
            if old["state"] == "open" and fulfilled:
                result.fulfilled.append(old["id"])
            moved.append((old, now))
            result.changed.append((old, duty, row))
    store_all(work, moved)
    return new


def _bound_elsewhere(era: Era, old: Mapping[str, Any]) -> bool:
    return old["state"] != "void" and old["revision"] not in era.revisions


def _owes(
    work: Work,
    era: Era,
    duty: Duty,
    row: Mapping[str, Any],
    old: Mapping[str, Any] | None,
    common: _Terms,
    again: Again,
) -> dict[str, Any] | None:
    """Return the terms of what a record owes by the definitions of an era, or None if it owes nothing by them."""
    spec = era.spec
    gone = row.get("archived_at") is not None
    started = None if gone else _started(duty.starts, common.start_column, row, old)
    if started is None or (duty.when is not None and not duty.when.holds(row)):
        return None
    dated = _dated(work, era, duty, row, started, old, common, again)
    return None if dated is None else common.who(work, spec, row) | dated


def _dated(
    work: Work,
    era: Era,
    duty: Duty,
    row: Mapping[str, Any],
    started: date | datetime,
    old: Mapping[str, Any] | None,
    common: _Terms,
    again: Again,
) -> dict[str, Any] | None:
    """Return when what a record owes began and ends, and by which limit; None where nothing binds it."""
    day = work.local_day(started) if isinstance(started, datetime) else started
    start = started if isinstance(started, datetime) else work.panel.calendar.start_of(started)
    same = old is not None and old["started_at"] == start and old["state"] != "void"
    dated_anew = old is not None and old["id"] in again.ids
    if (
        same
        and old is not None
        and not dated_anew
        and day <= work.today
        and not any(x.when for x in duty.within)
        and not any(Limit.model_validate_json(old["limit"]).fields())
    ):
        return {k: old[k] for k in ("started_at", "due_at")}
    anew = not same or (dated_anew and again.rebind)
    if old is not None or not common.alike:
        bound = _bound(work, era, duty, row, day, old, anew, dated_anew and again.rebind)
    elif (unit := (day, row.get("unit"))) in common.bound:
        bound = common.bound[unit]
    else:
        bound = common.bound[unit] = _bound(work, era, duty, row, day, None, anew=True)
    if bound is None:
        return None
    key = (day if common.whole_days else start, bound.calendar.revision, id(bound.limit))
    if common.plain and key in common.ends:
        ends = common.ends[key]
    else:
        ends = common.ends[key] = ends_of(bound.calendar, bound.limit, started, day, row)
    if ends is None:
        return None
    return {
        **bound.kept, "started_at": start, "started_on": day,
        "due_at": ends.late_at, "due_on": ends.day, "provisional": ends.provisional,
    }  # fmt: skip


def _bound(
    work: Work,
    era: Era,
    duty: Duty,
    row: Mapping[str, Any],
    day: date,
    old: Mapping[str, Any] | None,
    anew: bool,
    rebound: bool = False,
) -> _Bound | None:
    """Return what binds a record whose duty begins on a day.

    ``anew``: the definitions of that day do, not those that its obligation ``old`` names; ``rebound``: by its calendar all the same.
    """
    spec = era.spec
    if (anew and not era.covers(day)) or go_live.before(work, spec.code, day):
        return None
    policies = adoption.policies(work, row.get("unit"), day)
    calendar = calendars.of(work, row.get("unit"), (spec.code, row["id"], duty.code))
    if old is not None and rebound and "calendar" not in work.memo:
        calendar = calendars.named(work, old["calendar"])
    limit = limit_in_force([x for x in duty.within if adopted(x, policies)], day, row)
    if limit is None:
        return None
    revision = editions.edition_on(work, day, spec.code) if anew or old is None else old["revision"]
    return _Bound(limit, calendar, _copied(work, limit) | {
        "postponed": None, "calendar": calendar.revision, "revision": revision,
    })  # fmt: skip


def _postponed(
    work: Work,
    duty: Duty,
    facts: Facts,
    o: Mapping[str, Any],
    terms: dict[str, Any],
    started: date | datetime | None,
    row: Mapping[str, Any],
    done: datetime | None,
) -> dict[str, Any]:
    """Return the terms of an obligation ``o`` with its limit postponed as the facts say; parked while the clock stands."""
    if started is None or (o["postponed"] is None and not facts.touch(row["id"])):
        return terms
    base = ends_of(
        calendars.named(work, o["calendar"]), Limit.model_validate_json(o["limit"]), started, o["started_on"], row
    )
    if base is None or base.late_at == PARKED:
        return terms
    try:
        ends, kept = postponing.postpone(work, duty, facts, o, row, base, done)
    except BeyondCalendar:
        ends, kept = base._replace(day=PARKED.date(), late_at=PARKED, provisional=True), None
    if ends is None:
        ends = base._replace(day=PARKED.date(), late_at=PARKED)
    return terms | {
        "due_at": ends.late_at, "due_on": ends.day, "provisional": ends.provisional, "postponed": kept
    }  # fmt: skip


def copied(work: Work, limit: Limit, ends: Due, calendar: WorkCalendar) -> dict[str, Any]:
    """Return what an obligation keeps of its limit: later definitions must not change it."""
    return {
        **_copied(work, limit), "due_at": ends.late_at, "due_on": ends.day, "provisional": ends.provisional,
        "postponed": None, "calendar": calendar.revision,
    }  # fmt: skip


def _copied(work: Work, limit: Limit) -> dict[str, Any]:
    key = ("limit", id(limit))
    if key not in work.memo:
        text = limit.model_dump_json(exclude_defaults=True, by_alias=True)
        work.memo[key] = limit, {"limit": text, "citation": "、".join(map(str, limit.cite))}
    return work.memo[key][1]  # type: ignore[no-any-return]


def ends_of(
    calendar: WorkCalendar, limit: Limit, started: date | datetime, day: date, row: Mapping[str, Any]
) -> Due | None:
    """Return when a limit ends; parked at the end of time where the calendar does not reach that far yet.

    What began before the calendar's first day is history and owes nothing.
    """
    try:
        return due(limit, started, calendar, row)
    except BeyondCalendar:
        return None if day < calendar.first_day else Due(PARKED.date(), PARKED, provisional=True)


def _started(
    starts: Start, column: str, row: Mapping[str, Any], old: Mapping[str, Any] | None
) -> date | datetime | None:
    """Return when a duty began for a row; ``column`` is where the moment of its field lies."""
    if column:
        return row.get(column)
    if starts.created:
        return row["created_at"]  # type: ignore[no-any-return]
    if old is not None and old["state"] != "void":
        return old["started_at"]  # type: ignore[no-any-return]
    return row.get(ENTERED) or (row["state_at"] if row["state"] in starts.state else None)


def _start_column(spec: RegisterSpec, starts: Start) -> str:
    """Return the column of the field that starts a duty; empty where it is the entry or a state."""
    return f"{starts.field}_at" if isinstance(spec.field(starts.field), Signature) else starts.field


def owed_by(work: Work, spec: RegisterSpec, party: Party, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return who owes a duty of a record: the person or the role, and the unit."""
    if party.role:
        return {"person": None, "role": party.role, "unit": row.get("unit")}
    named = people.party(work, party, spec, row)
    return {"person": named[0] if named else None, "role": None, "unit": row.get("unit")}


def _done(
    work: Work, spec: RegisterSpec, duty: Duty, rows: Sequence[Mapping[str, Any]], fresh: bool
) -> dict[int, datetime]:
    """Return when the duty was fulfilled, for the records that have fulfilled it.

    A date, moment or signature says it itself; a state, or any other field, has been so since a version of the record said it.
    """
    d = duty.done
    if d.register_code:
        return {} if fresh else _done_elsewhere(work, d, [r["id"] for r in rows])
    holds = fulfils(spec, d)
    if (column := moment_column(spec, d)) is None:
        return history.since(work, spec, rows, holds)
    return {r["id"]: _moment(work, r[column]) for r in rows if holds(r)}


def _done_elsewhere(work: Work, d: Done, ids: Sequence[int]) -> dict[int, datetime]:
    spec, table = work.catalog.registers[d.register_code], work.tables[d.register_code]
    pointing = table.c[d.through]
    column = moment_column(spec, d)
    there = table.c.state.in_(d.state) if d.state else table.c[column or d.field].is_not(None)
    fulfilling = [table.c.archived_at.is_(None), there, *([where(table, spec, d.where)] if d.where else [])]
    found: dict[int, datetime] = {}
    for start in range(0, len(ids), 500):
        mine = [*fulfilling, pointing.in_(list(ids[start : start + 500]))]
        if column is not None:
            query = select(pointing, func.min(table.c[column])).where(*mine).group_by(pointing)
            found |= {record_id: _moment(work, first) for record_id, first in work.connection.execute(query)}
            continue
        children = {r["id"]: dict(r) for r in work.connection.execute(select(table).where(*mine)).mappings()}
        for child, moment in history.since(work, spec, children.values(), fulfils(spec, d)).items():
            record_id = children[child][d.through]
            found[record_id] = min(moment, found.get(record_id, moment))
    return found


def fulfils(spec: RegisterSpec, d: Done) -> Callable[[Mapping[str, Any]], bool]:
    """Return whether a record, as it is or was, fulfils a duty."""
    column = moment_column(spec, d) or d.field

    def holds(row: Mapping[str, Any]) -> bool:
        if row.get("archived_at") is not None or (d.where is not None and not d.where.holds(row)):
            return False
        return row["state"] in d.state if d.state else row.get(column) not in (None, "", (), False)

    return holds


def moment_column(spec: RegisterSpec, d: Done) -> str | None:
    """Return the column of the moment at which the duty was fulfilled; None where no field of the record says it."""
    field = spec.field(d.field)
    if isinstance(field, Signature):
        return f"{d.field}_at"
    return d.field if isinstance(field, Date | Moment) else None


def _moment(work: Work, value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else work.panel.calendar.start_of(value)


def _existing(work: Work, register: str, ids: Sequence[int]) -> There:
    """Return the obligations of records, without those of periods."""
    found: There = {}
    for start in range(0, len(ids), 500):
        query = select(obligation).where(
            obligation.c.register == register,
            obligation.c.record_id.in_(list(ids[start : start + 500])),
            obligation.c.cycle == 1,
        )
        for o in work.connection.execute(query).mappings():
            found.setdefault(o["duty"], {})[o["record_id"]] = dict(o)
    return found


def store(work: Work, old: dict[str, Any], new: Mapping[str, Any]) -> None:
    """Write what changes of an obligation, into the table and into ``old``; a limit that moves is remembered with its reason."""
    store_all(work, [(old, new)])


def store_all(work: Work, changes: Sequence[tuple[dict[str, Any], Mapping[str, Any]]]) -> None:
    """Write what changes of several obligations, as ``store`` does of one."""
    insert_rows(work.connection, obligation_move, [
        {
            "obligation": old["id"], "at": work.now, "person": work.actor.person_id, "source": work.source, "reason": work.reason,
            "due_before": old["due_at"], "due_after": new["due_at"],
            "calendar_before": old["calendar"], "calendar_after": new.get("calendar", old["calendar"]),
        }
        for old, new in changes
        if old["state"] != "void" and new.get("due_at", old["due_at"]) != old["due_at"]
    ])  # fmt: skip
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for old, new in changes:
        alike.setdefault(tuple(new), []).append({"_id": old["id"], **{f"_{k}": v for k, v in new.items()}})
        old.update(new)
    for names, given in alike.items():
        query = update(obligation).where(obligation.c.id == bindparam("_id"))
        work.connection.execute(query.values({n: bindparam(f"_{n}") for n in names}), given)


def _insert(work: Work, spec: RegisterSpec, new: Sequence[_New], result: Settled) -> list[dict[str, Any]]:
    if not new:
        return []
    first = numbering.take(work, "obligation.id", len(new))
    for number, (o, duty, row) in enumerate(new, first):
        o.update(id=number, register=spec.code, record_id=row["id"], duty=duty.code, cycle=1)
    result.changed += new
    rows = [o for o, _, _ in new]
    insert_rows(work.connection, obligation, rows, COLUMNS)
    return rows


def arm(
    work: Work, changed: Iterable[tuple[Mapping[str, Any], Duty, Mapping[str, Any]]], *, fresh: bool = False
) -> None:
    """Set each obligation's timer to the first event that has not happened yet; none where nothing is left.

    Breaches up to now have been recorded by then; reminders whose moment has passed are due at once.
    """
    changed = list(changed)
    if not fresh:
        ids = [o["id"] for o, _, _ in changed]
        for start in range(0, len(ids), 500):
            work.connection.execute(delete(timer).where(timer.c.obligation.in_(ids[start : start + 500])))
    ahead: dict[Any, Ahead] = {}
    numbers: list[int] = []
    first: list[Event] = []
    for o, duty, _ in changed:
        if o["state"] != "open" or o["due_at"] == PARKED:
            continue
        key = (id(duty), o["calendar"])
        if (events := ahead.get(key)) is None:
            events = ahead[key] = Ahead(duty, calendars.named(work, o["calendar"]))
        numbers.append(o["id"])
        first.append(events.first(due_of(o), o["started_at"]))
    if numbers:
        fire_at, kinds, seqs = zip(*first, strict=True)
        insert_columns(work.connection, timer, {"obligation": numbers, "fire_at": fire_at, "kind": kinds, "seq": seqs})


def due_of(o: Mapping[str, Any]) -> Due:
    """Return the limit that an obligation copied when it began."""
    return Due(o["due_on"], o["due_at"], provisional=o["provisional"])


def owed(work: Work, *, person: int | None = None, roles: Iterable[str] = (), limit: int = 200) -> list[dict[str, Any]]:
    """Return the open obligations of a person, or of holders of roles, soonest first; only of records that the actor may see."""
    o = obligation.c
    mine = or_(o.role.in_(list(roles)), *([o.person == person] if person is not None else []))
    seen = or_(
        false(),
        *(
            _on_visible(work, spec)
            for spec in work.catalog.tables()
            if spec.duties and scope.may(work, spec.code, "read")
        ),
    )
    query = select(obligation).where(o.state == "open", mine, seen).order_by(o.due_at, o.id).limit(limit)
    return [dict(r) for r in work.connection.execute(query).mappings()]


def owed_by_absent(work: Work, limit: int = 200) -> list[tuple[str, dict[str, Any]]]:
    """Return the open obligations of those for whom the actor stands, each with that person's name, soonest first."""
    found = [
        (absent.name, o)
        for absent in work.actor.deputises
        for o in owed(work, person=absent.person_id if absent.named else None, roles=absent.roles, limit=limit)
    ]
    return sorted(found, key=lambda one: (one[1]["due_at"], one[1]["id"]))


def _on_visible(work: Work, spec: RegisterSpec) -> ColumnElement[bool]:
    table = work.tables[spec.code]
    rows = select(table.c.id).where(scope.visible(work, spec.code))
    return and_(obligation.c.register == spec.code, obligation.c.record_id.in_(rows))


def of_record(work: Work, register: str, record_id: int) -> list[dict[str, Any]]:
    """Return all obligations of one record, in the order they began."""
    o = obligation.c
    query = (
        select(obligation)
        .where(o.register == register, o.record_id == record_id, o.state != "void")
        .order_by(o.started_at, o.id)
    )
    return [dict(r) for r in work.connection.execute(query).mappings()]
