"""Working formulas out anew where they have changed: all records of a register, in batches, beside the work of people.

A formula's meaning is itself, what it rests on, and where it asks for them the day and the calendar. As soon as the meaning differs from
the one that the column was last worked out by, every record's value is renewed, in an order in which each formula stands behind those
that it rests on. Records entered or changed meanwhile have the new value from their writer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, insert, select, update

from app.catalog.catalog import Catalog
from app.catalog.formula.graph import Formula, Formulas
from app.fields.times import Moment
from app.models.fixed import formula_reach
from app.models.registers import Models
from app.rules.calendar import calendar_from
from app.rules.yearbook import read_yearbook
from app.services import calendars, formulas
from app.services.panel import Actor, Panel, Work

BATCH = 2_000
SETTLING = timedelta(seconds=60)
"""So long after a change somebody may still write by the definitions of before it; what was written then is worked out once more."""
_CALENDAR = frozenset({"WORKDAY", "NETWORKDAYS"})


def meanings(work: Work) -> dict[tuple[str, str], str]:
    """Return what each formula means today."""
    found: dict[tuple[str, str], str] = {}
    for f in work.catalog.formulas.order:
        parts = [f.digest, *(found[k] for k in sorted(f.needs) if k in found)]
        parts += [calendars.of(work).revision] if f.names & _CALENDAR else []
        parts += [work.today.isoformat()] if "TODAY" in f.names else []
        found[f.key] = hashlib.sha256(" ".join(parts).encode()).hexdigest()
    return found


def note(work: Work) -> list[Formula]:
    """Write down which formulas have to be worked out anew from the first record on, and return all that are not done."""
    wanted, known = meanings(work), _known(work)
    r = formula_reach.c
    for gone in known.keys() - wanted.keys():
        work.connection.execute(delete(formula_reach).where(r.register == gone[0], r.field == gone[1]))
    for key, meaning in wanted.items():
        if known.get(key, {}).get("meaning") == meaning:
            continue
        work.connection.execute(delete(formula_reach).where(r.register == key[0], r.field == key[1]))
        begun = {"register": key[0], "field": key[1], "meaning": meaning, "upto": 0, "since": work.now, "done": False}
        work.connection.execute(insert(formula_reach).values(**begun))
        known[key] = begun
    return [f for f in work.catalog.formulas.order if not known[f.key]["done"]]


def catch_up(panel: Panel, *, now: datetime | None = None, most: int | None = None, batch: int = BATCH) -> int:
    """Work out what formulas have changed, in transactions of ``batch`` records, until all or ``most`` are done; return how many."""
    if not panel.catalog.formulas.order:
        return 0
    with panel.reading(Actor.system(), now=now) as work:
        wanted, known = meanings(work), _known(work)
        if all(known.get(k, {}).get("meaning") == m and known[k]["done"] for k, m in wanted.items()):
            return 0
    done = 0
    while most is None or done < most:
        with panel.work(Actor.system(), now=now, source="system") as work:
            step = next((s for f in note(work) if (s := _step(work, f, batch)) is not None), None)
        if step is None:
            return done
        done += step
    return done


def at_publication(connection: Connection, catalog: Catalog, models: Models, now: datetime, zone: ZoneInfo) -> None:
    """Work formulas out anew within the transaction of a publication where their registers are small; leave the others to ``catch_up``."""
    if not catalog.formulas.order:
        connection.execute(delete(formula_reach))
        return
    Moment.zone = zone
    calendar = calendar_from(read_yearbook(), zone)  # until the site keeps one of its own
    panel = Panel(catalog, models, connection.engine, calendar, zone, Path())
    _fill(Work(panel, connection, Actor.system(), now, "system"), BATCH)


def _fill(work: Work, most: int) -> None:
    for formula in note(work):
        table = work.tables[formula.register]
        ids = list(work.connection.execute(select(table.c.id).order_by(table.c.id).limit(most + 1)).scalars())
        if len(ids) <= most:
            formulas.work_out(work, formula.register, [formula], ids)
            _reached(work, [formula], ids[-1] if ids else 0, done=False)


def waiting(work: Work, register: str) -> bool:
    """Return whether a formula of a register is being worked out anew, or rests on one that is."""
    keys = [f.key for f in work.catalog.formulas.of.get(register, ())]
    if not keys:
        return False
    known, wanted = _known(work), meanings(work)
    return any(known.get(k, {}).get("meaning") != wanted[k] or not known[k]["done"] for k in keys)


def _step(work: Work, formula: Formula, batch: int) -> int | None:
    """Work one batch out for a formula and those that stand where it does; None where nothing is to be done now."""
    r = formula_reach.c
    mine = select(r.upto, r.since).where(r.register == formula.register, r.field == formula.field.code)
    upto, since = work.connection.execute(mine.with_for_update()).one()  # no two workers renew the same records
    table = work.tables[formula.register]
    query = select(table.c.id).where(table.c.id > upto).order_by(table.c.id).limit(batch)
    ids = list(work.connection.execute(query).scalars())
    together = _beside(work, formula, upto)
    if ids:
        formulas.work_out(work, formula.register, together, ids)
        _reached(work, together, ids[-1], done=False)
        return len(ids)
    if work.now < since + SETTLING:
        return None
    late = select(table.c.id).where(table.c.updated_at >= since).order_by(table.c.id)
    ids = list(work.connection.execute(late).scalars())
    for one in together if ids else ():
        formulas.renew(work, one, ids)
    _reached(work, together, upto, done=True)
    return 0


def _beside(work: Work, formula: Formula, upto: int) -> list[Formula]:
    """Return the formulas of the register that have come as far since then and rest on nothing that is not done, with this one."""
    known, every = _known(work), work.catalog.formulas
    mine = known[formula.key]
    found = [formula]
    for f in every.of[formula.register]:
        there = known[f.key]
        same = not there["done"] and there["upto"] == upto and there["since"] == mine["since"]
        if f is not formula and same and not _rests_on_open(every, f, known, {g.key for g in found}):
            found.append(f)
    return found


def _rests_on_open(every: Formulas, f: Formula, known: Mapping[Any, Mapping[str, Any]], beside: set[Any]) -> bool:
    return any(k in every.by_key and k not in beside and not known[k]["done"] for k in f.needs)


def _reached(work: Work, done_now: Sequence[Formula], upto: int, *, done: bool) -> None:
    r = formula_reach.c
    for f in done_now:
        mine = update(formula_reach).where(r.register == f.register, r.field == f.field.code)
        work.connection.execute(mine.values(upto=upto, done=done))


def _known(work: Work) -> dict[tuple[str, str], dict[str, Any]]:
    rows = work.connection.execute(select(formula_reach)).mappings()
    return {(r["register"], r["field"]): dict(r) for r in rows}
