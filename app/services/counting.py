"""The days of a limit counted again, from what its obligation has kept and what its record says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from app.catalog.duty import Duty, Limit
from app.fields.times import Date
from app.rules.calendar import BeyondCalendar
from app.rules.deadlines import Due, due
from app.rules.periods import Cycle
from app.services import calendars, duties, editions, limits, periods, postponing, rows
from app.services.conditions import with_references
from app.services.panel import Work


def facts(work: Work, o: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record of an obligation as the definitions that bind it know it, with what its limits look at elsewhere."""
    then = editions.bound(work, o["revision"])
    spec = then.catalog.registers[o["register"]]
    whole = editions.whole(then, spec, list(rows.read(then, spec, [o["record_id"]]).values()))
    return next(iter(with_references(then, spec, whole, duties.looked_at(spec))), {})


def recount(work: Work, o: Mapping[str, Any], row: Mapping[str, Any] | None = None) -> Due:
    """Return an obligation's limit with its days counted one by one, by the calendar it was counted by.

    Of a limit that was postponed they are the days before that. The days are left out where counting from the record (``row``: as
    ``facts``) does not lead to what is stored.
    """
    kept = limits.due_of(o)
    if o["due_at"] == limits.PARKED and o["postponed"] is None:
        return kept
    row = facts(work, o) if row is None else row
    limit, duty = Limit.model_validate_json(o["limit"]), duty_of(work, o)
    cycle = cycle_of(work, o, duty, row)
    started: date | datetime = cycle.last if cycle else o["started_on"] if by_day(work, o, duty) else o["started_at"]
    record = {**row, "period_start": cycle.first, "period_end": cycle.last} if cycle else row
    try:
        counted = due(limit, started, calendars.named(work, o["calendar"]), record)
        moved = postponing.again(work, o, duty, counted) if o["postponed"] and duty is not None else counted.late_at
    except (BeyondCalendar, KeyError, TypeError):  # what the record said then it may not say any more
        return kept
    return counted if (moved or limits.PARKED) == o["due_at"] else kept


def duty_of(work: Work, o: Mapping[str, Any]) -> Duty | None:
    """Return the duty of an obligation as the definitions that bind it declare it."""
    return editions.catalog_of(work, o["revision"]).duties.get((o["register"], o["duty"]))


def by_day(work: Work, o: Mapping[str, Any], duty: Duty | None) -> bool:
    """Return whether only the day of the start is known, not its moment."""
    spec = editions.catalog_of(work, o["revision"]).registers[o["register"]]
    return duty is not None and isinstance(spec.column(duty.starts.field), Date)


def cycle_of(work: Work, o: Mapping[str, Any], duty: Duty | None, row: Mapping[str, Any]) -> Cycle | None:
    """Return the period that an obligation is owed for; None where it is owed once."""
    return periods.cycle_of(work, duty, row, o["started_on"]) if duty is not None and duty.every is not None else None
