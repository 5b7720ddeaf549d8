"""What a definition that is not in force yet would demand: worked examples of its limits, on real records where there are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.catalog.breach import Breach
from app.catalog.catalog import Catalog
from app.catalog.duty import Duty, Limit
from app.catalog.register import RegisterSpec
from app.fields.links import Signature
from app.fields.times import Date
from app.rules.calendar import BeyondCalendar, WorkCalendar
from app.rules.charge import Late, charge
from app.rules.deadlines import Due, due, limit_in_force
from app.rules.periods import cycle_at
from app.rules.price import BreachFact, Priced, PricedLine, price
from app.services import conditions, listing, lookup, scope
from app.services.panel import Work

LOOKED_AT = 50
"""The latest records among which an example is looked for."""
NEAR = timedelta(days=40)
AHEAD = timedelta(days=90)
"""When something runs out in an example of what must be done before."""
MORNING = timedelta(hours=10)
TIMES = 3
"""How many fines of a breach are told."""


@dataclass(frozen=True)
class Worked:
    """One limit of a duty worked out: when the time began and when it is up; ``record`` names the record, empty for an example."""

    duty: Duty
    limit: Limit
    started: date | datetime
    due: Due
    record: str = ""


def worked(work: Work, spec: RegisterSpec) -> list[Worked]:
    """Return an example for each limit of each duty of a draft's register; of one that no calendar reaches, or that rests on a field
    which no record holds, none.

    Records are those that the actor may read in the register as it is in force.
    """
    return [w for d in spec.duties for w in (_periodic(work, d) if d.every else _after_event(work, spec, d))]


def _periodic(work: Work, duty: Duty) -> Iterator[Worked]:
    calendar = work.panel.calendar
    every = duty.every
    if every is None or every.months is not None:
        return
    try:
        cycle = cycle_at(every, work.today, calendar)
    except BeyondCalendar:
        return
    for limit in duty.within:
        if cycle is not None:
            facts = {"period_start": cycle.first, "period_end": cycle.last}
            yield from _one(duty, limit, cycle.last, calendar, facts)


def _after_event(work: Work, spec: RegisterSpec, duty: Duty) -> Iterator[Worked]:
    rows = _rows(work, spec, duty)
    titles = lookup.titles(work, spec.code, [r["id"] for r in rows]) if rows else {}
    for limit in duty.within:
        fitting = ((r, s) for r in rows if (s := _began(spec, duty, r)) is not None and _holds(duty, limit, r, s, work))
        found = next(fitting, None)
        if found is not None:
            row, began = found
            yield from _one(duty, limit, began, work.panel.calendar, row, titles.get(row["id"], ""))
        elif isinstance(
            spec.column(limit.before), Date
        ):  # counted back from a day: that is what the example begins with
            runs_out = work.today + AHEAD
            yield from _one(duty, limit, runs_out, work.panel.calendar, {limit.before: runs_out})
        else:
            yield from _one(duty, limit, example(spec, duty, work), work.panel.calendar, {})


def _one(
    duty: Duty, limit: Limit, began: date | datetime, calendar: WorkCalendar, row: Mapping[str, Any], title: str = ""
) -> Iterator[Worked]:
    try:
        yield Worked(duty, limit, began, due(limit, began, calendar, row), title)
    except (BeyondCalendar, KeyError, TypeError):
        return  # it rests on a field that an example does not have


def _rows(work: Work, spec: RegisterSpec, duty: Duty) -> list[Mapping[str, Any]]:
    """Return the latest records of the register as it is in force; none where it has not yet the fields that the duty looks at."""
    now = work.catalog.registers.get(spec.code)
    looks = [duty.when, *(x.when for x in duty.within), *duty.within]
    fields = {f.partition(".")[0] for c in looks if c is not None for f in c.fields()} | {duty.starts.field} - {""}
    if now is None or now.tickets_of or not scope.may(work, spec.code, "read"):
        return []
    if any(now.column(f) is None or type(now.column(f)) is not type(spec.column(f)) for f in fields - {"state", "id"}):
        return []
    rows = listing.select_rows(work, spec.code, order="-id", limit=LOOKED_AT)
    try:
        return conditions.with_references(work, now, rows, looks)
    except KeyError:  # a field elsewhere that only the draft has
        return []


def _began(spec: RegisterSpec, duty: Duty, row: Mapping[str, Any]) -> date | datetime | None:
    starts = duty.starts
    if starts.field:
        found: date | datetime | None = row.get(
            f"{starts.field}_at" if isinstance(spec.field(starts.field), Signature) else starts.field
        )
        return found
    moment: datetime | None = (
        row["created_at"] if starts.created else row["state_at"] if row["state"] in starts.state else None
    )
    return moment


def _holds(duty: Duty, limit: Limit, row: Mapping[str, Any], began: date | datetime, work: Work) -> bool:
    day = work.local_day(began) if isinstance(began, datetime) else began
    return (duty.when is None or duty.when.holds(row)) and limit_in_force(duty.within, day, row) is limit


def example(spec: RegisterSpec, duty: Duty, work: Work) -> date | datetime:
    """Return when a duty might begin: the last working day before the next holiday, so that the calendar shows; else today."""
    calendar, today = work.panel.calendar, work.today
    days = [today + timedelta(days=n) for n in range(NEAR.days)]
    last = calendar.last_day - timedelta(days=1)
    telling = (
        d for d in days if calendar.first_day <= d < last and calendar.is_working(d)
        and calendar.name(d + timedelta(days=1)) is not None and not calendar.is_working(d + timedelta(days=1))
    )  # fmt: skip
    day = next(telling, today)
    return day if isinstance(spec.column(duty.starts.field), Date) else calendar.start_of(day) + MORNING


def ladder(work: Work, catalog: Catalog, breach: Breach) -> list[Priced[int]]:
    """Return what the first breaches of one person in one window would cost, each late by one day where that matters; none for a
    breach whose amount no example can say.
    """
    counter = catalog.counters.get(breach.counter)
    calendar, now = work.panel.calendar, work.now
    amount = next((a for a in breach.amount if not (a.of or a.interest or a.same_as)), None)
    if amount is None:
        return []
    late = Late(now, work.today, now)
    lines = tuple(
        PricedLine("", c.unit_fen, c.quantity, None, c.unit_points, c.sanction, c.from_nth, c.formula)
        for c in charge(amount, {}, calendar, late=late)
    )
    roles = frozenset(m.role for m in counter.multiply if m.role) if counter else frozenset()
    facts = [
        BreachFact(n, now, work.today, breach.clause, n, roles, "live", lines, breach.multiplied, confirmed=True)
        for n in range(TIMES)
    ]
    priced = price(counter, facts)
    return [priced[n] for n in range(TIMES)]
