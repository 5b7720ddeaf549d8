"""What binds an obligation: the limit in force on the day it began, the calendar it is counted by, who owes it, and when it ends."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from app.catalog.base import Party
from app.catalog.catalog import adopted
from app.catalog.duty import Duty, Limit
from app.catalog.register import RegisterSpec
from app.models.bulk import by_column
from app.rules.calendar import BeyondCalendar, WorkCalendar
from app.rules.deadlines import Due, due, limit_in_force
from app.services import adoption, calendars, editions, go_live, people, postponing, starting
from app.services.editions import Era
from app.services.panel import Work
from app.services.postponing import Facts

PARKED = datetime(9999, 12, 30, tzinfo=UTC)
"""The limit of what no calendar can date yet: it is shown as such, and never missed."""


@dataclass
class Again:
    """Obligations that are to be dated anew: by the definitions that bind them, or (``rebind``) by those of their day as it is now."""

    ids: Container[int] = ()
    rebind: bool = False
    claimed: set[int] = field(default_factory=set)


class _Bound(NamedTuple):
    """What binds records that begin on one day: the limit, the calendar it is counted by, and what an obligation keeps of both."""

    limit: Limit
    calendar: WorkCalendar
    kept: dict[str, Any]


@dataclass
class Terms:
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
    def of(cls, work: Work, spec: RegisterSpec, duty: Duty) -> Terms:
        """Return what rows of a register have in common for one of its duties; to be kept for one batch of them."""
        party = duty.owed_by.within(spec.codes)
        plain = all(x.when is None and not any(x.fields()) for x in duty.within)
        return cls(
            party,
            (party.field or party.superior_of or "unit", "unit", *spec.excluded),
            starting.column_of(spec, duty.starts),
            bool(duty.within) and not any(x.by_the_clock() for x in duty.within),
            plain,
            plain and "counted_by" not in work.memo,
        )

    def whose(self, work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
        """Yield who owes the duty of each record, as ``owed_by`` says it."""
        columns = by_column(rows, self.looked_at)
        keys = zip(*(columns[n] for n in self.looked_at), strict=True)
        return (self._owing(work, spec, key, row) for key, row in zip(keys, rows, strict=True))

    def who(self, work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return who owes the duty of a record."""
        return self._owing(work, spec, tuple([row.get(f) for f in self.looked_at]), row)

    def _owing(self, work: Work, spec: RegisterSpec, key: tuple[Any, ...], row: Mapping[str, Any]) -> dict[str, Any]:
        if (found := self.owing.get(key)) is None:
            found = self.owing[key] = owed_by(work, spec, self.party, row)
        return found


def dated(
    work: Work,
    era: Era,
    duty: Duty,
    row: Mapping[str, Any],
    started: date | datetime,
    old: Mapping[str, Any] | None,
    common: Terms,
    again: Again,
) -> dict[str, Any] | None:
    """Return when what a record owes began and ends, and by which limit; None where nothing binds it."""
    day, start = day_of(work, started), instant(work, started)
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


def day_of(work: Work, started: date | datetime) -> date:
    """Return the day on which something began that is known by its moment or its day."""
    return work.local_day(started) if isinstance(started, datetime) else started


def instant(work: Work, started: date | datetime) -> datetime:
    """Return the moment at which something began that is known by its moment or its day."""
    return started if isinstance(started, datetime) else work.panel.calendar.start_of(started)


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


def postponed(
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
    return work.memo[key][1]


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


def owed_by(work: Work, spec: RegisterSpec, party: Party, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return who owes a duty of a record: the person or the role, and the unit."""
    if party.role:
        return {"person": None, "role": party.role, "unit": row.get("unit")}
    named = people.party(work, party, spec, row)
    return {"person": named[0] if named else None, "role": None, "unit": row.get("unit")}


def due_of(o: Mapping[str, Any]) -> Due:
    """Return the limit that an obligation copied when it began."""
    return Due(o["due_on"], o["due_at"], provisional=o["provisional"])
