"""Whether a period has what it needs: how many records that takes, and which ones count for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from typing import Any

from sqlalchemy import func, or_, select

from app.catalog.duty import Duty, Share
from app.catalog.register import RegisterSpec
from app.models.among import among
from app.rules.periods import Cycle
from app.services import fulfilling, history
from app.services.conditions import where
from app.services.panel import Work

Row = Mapping[str, Any]


@dataclass
class Owed:
    """One period of one record, and what it owes, or owed, for it."""

    row: Row
    cycle: Cycle
    terms: dict[str, Any]


def done(work: Work, duty: Duty, owed: Sequence[Owed]) -> dict[tuple[int, int], datetime]:
    """Return when each period that has what it needs got the last of it."""
    if not owed:
        return {}
    needed = _needed(work, duty, owed)
    moments = _counted(work, duty, owed)
    found: dict[tuple[int, int], datetime] = {}
    for x, n in zip(owed, needed, strict=True):
        key = x.row["id"], x.cycle.number
        there = sorted(moments.get(key, ()))
        if n == 0:
            found[key] = work.panel.calendar.start_of(x.cycle.first)
        elif len(there) >= n:
            found[key] = there[n - 1]
    return found


def _needed(work: Work, duty: Duty, owed: Sequence[Owed]) -> list[int]:
    """Return how many records each period needs."""
    share = duty.done.share
    if share is None:
        return [duty.done.count] * len(owed)
    sizes: dict[date, Mapping[Any, int]] = {}
    for x in owed:
        if x.cycle.first not in sizes:
            sizes[x.cycle.first] = _population(work, share, x.cycle.first)
    of = [sizes[x.cycle.first].get(_matched(duty, x.row), 0) for x in owed]
    return [min(n, max(share.at_least, ceil(share.percent * n / 100))) for n in of]


def _population(work: Work, share: Share, first: date) -> dict[Any, int]:
    """Return how many records a share is taken of, by what they are matched by: those there when the period began."""
    spec, table = work.catalog.registers[share.of], work.tables[share.of]
    start = work.panel.calendar.start_of(first)
    query = select(table.c[share.through], func.count()).where(
        table.c.created_at < start, or_(table.c.archived_at.is_(None), table.c.archived_at >= start)
    )
    if share.where is not None:
        query = query.where(where(table, spec, share.where))
    return {key: n for key, n in work.connection.execute(query.group_by(table.c[share.through]))}


def _counted(work: Work, duty: Duty, owed: Sequence[Owed]) -> dict[tuple[int, int], list[datetime]]:
    """Return the moments of the records that count for each (record, period), read in one pass over all of them."""
    d = duty.done
    elsewhere, table = work.catalog.registers[d.register_code], work.tables[d.register_code]
    cycles: dict[Any, list[Owed]] = {}
    for x in owed:
        cycles.setdefault(_matched(duty, x.row), []).append(x)
    fulfils = fulfilling.fulfils(elsewhere, d)
    column = _dating(elsewhere, duty)
    found: dict[tuple[int, int], dict[Any, datetime]] = {}
    keys = [k for k in cycles if k is not None]
    for start in range(0, len(keys), 500):
        query = select(table).where(among(table.c[d.through], keys[start : start + 500]), table.c.archived_at.is_(None))
        if dating := d.dated or column:
            query = query.where(table.c[dating] >= _earliest(work, elsewhere, dating, owed))
        if d.where is not None:
            query = query.where(where(table, elsewhere, d.where))
        there = [r for r in map(dict, work.rows(query)) if fulfils(r)]
        since = {} if column else history.since(work, elsewhere, there, fulfils)
        for r in there:
            at = fulfilling.moment_of(work, r[column] if column else since[r["id"]])
            day = _day(work, r[d.dated] if d.dated else at)
            for x in cycles[r[d.through]]:
                if day is not None and x.cycle.first <= day <= x.cycle.last:
                    kept = found.setdefault((x.row["id"], x.cycle.number), {})
                    key = r[d.each] if d.each else r["id"]
                    if key is not None:
                        kept[key] = min(at, kept.get(key, at))
    return {k: list(v.values()) for k, v in found.items()}


def _matched(duty: Duty, row: Row) -> Any:
    return row.get(duty.done.matches) if duty.done.matches else row["id"]


def _earliest(work: Work, spec: RegisterSpec, code: str, owed: Iterable[Owed]) -> Any:
    """Return the start of the earliest period, as the column that dates records holds it."""
    first = min(x.cycle.first for x in owed)
    field = spec.column(code)
    return first if field is not None and field.type == "date" else work.panel.calendar.start_of(first)


def days(work: Work, by: RegisterSpec, duty: Duty, facts: Iterable[Row]) -> set[date] | None:
    """Return the days that records elsewhere count for; None where only their history tells."""
    column = duty.done.dated or _dating(by, duty)
    if column is None:
        return None
    return {day for r in facts if (day := _day(work, r.get(column))) is not None}


def _dating(by: RegisterSpec, duty: Duty) -> str | None:
    return fulfilling.moment_column(by, duty.done) or ("created_at" if duty.done.field == "created_at" else None)


def _day(work: Work, value: date | datetime | None) -> date | None:
    return work.local_day(value) if isinstance(value, datetime) else value
