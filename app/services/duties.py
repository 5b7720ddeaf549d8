"""Obligations: what each record owes, settled with the facts in the transaction that wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.catalog.condition import Condition
from app.catalog.duty import Duty, Term
from app.catalog.register import RegisterSpec
from app.services import (
    adoption,
    calendars,
    editions,
    fulfilling,
    go_live,
    keeping,
    limits,
    people,
    postponing,
    starting,
)
from app.services.conditions import with_references
from app.services.editions import Era
from app.services.keeping import New, There
from app.services.limits import Again, Terms
from app.services.panel import Work
from app.services.postponing import Facts


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
    there: There = {} if fresh or not eras else keeping.existing(work, spec.code, [r["id"] for r in rows])
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
    new: list[New] = []
    for duty in spec.duties:
        if duty.every is not None:
            continue
        known = there.setdefault(duty.code, {})
        begun = whole if fresh else starting.entered(then, spec, duty.starts, whole, known)
        owing = starting.begun(spec, duty, begun, known)
        if fresh and not owing:
            continue
        done = fulfilling.done(then, spec, duty, owing, fresh)
        if fresh and not duty.postponed_by:
            new += _begin(then, era, duty, owing, done)
            continue
        facts = postponing.facts(then, spec, duty, owing, fresh=fresh) if duty.postponed_by else None
        new += _settle_duty(then, era, duty, owing if fresh else begun, known, done, facts, result, again)
    result.changed += new
    for o in keeping.insert(then, spec, new):
        there[o["duty"]][o["record_id"]] = o


def _release(
    work: Work, rows: Sequence[Mapping[str, Any]], unclaimed: Sequence[dict[str, Any]], result: Settled
) -> None:
    """Void obligations that the definitions of their day do not demand any more."""
    by_id = {r["id"]: r for r in rows}
    for o in unclaimed:
        if o["state"] != "void":
            duty = editions.catalog_of(work, o["revision"]).duties[o["register"], o["duty"]]
            keeping.store(work, o, {"state": "void", "done_at": None})
            result.changed.append((o, duty, by_id[o["record_id"]]))


def looked_at(spec: RegisterSpec) -> list[Term | Condition | None]:
    """Return all that duties look at of a record: conditions and limits."""
    return [x for d in spec.duties for x in (d.when, *d.within, *(limit.when for limit in d.within))]


def _begin(
    work: Work, era: Era, duty: Duty, rows: Sequence[Mapping[str, Any]], done: Mapping[int, datetime]
) -> list[New]:
    """Return the obligations of records that have just been entered and owe a duty, as ``_settle_duty`` does, which are not written yet."""
    spec, again = era.spec, Again()
    common = Terms.of(work, spec, duty)
    dated: dict[Any, dict[str, Any] | None] = {}
    new: list[New] = []
    for row, party in zip(rows, common.whose(work, spec, rows), strict=True):
        started = starting.started(duty.starts, common.start_column, row, None)
        if started is None or row.get("archived_at") is not None:
            continue
        start = limits.instant(work, started)
        key = (limits.day_of(work, started) if common.whole_days else started, row.get("unit"))
        if not common.alike or key not in dated:
            dated[key] = limits.dated(work, era, duty, row, started, None, common, again)
        terms = dated[key]
        if terms is not None:
            fulfilled = done.get(row["id"])
            state = {"started_at": start, "state": "done" if fulfilled else "open", "done_at": fulfilled}
            new.append(({**party, **terms, **state}, duty, row))
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
) -> list[New]:
    """Settle one duty of records and return the new obligations, which are not written yet."""
    common = Terms.of(work, era.spec, duty)
    new: list[New] = []
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
            started = starting.started(duty.starts, common.start_column, row, old)
            terms = limits.postponed(work, duty, facts, {**(old or {}), **terms}, terms, started, row, fulfilled)
        now = terms | {"state": "done" if fulfilled else "open", "done_at": fulfilled}
        if old is None:
            new.append((now, duty, row))
        elif any(old[k] != v for k, v in now.items()):
            if old["state"] == "open" and fulfilled:
                result.fulfilled.append(old["id"])
            moved.append((old, now))
            result.changed.append((old, duty, row))
    keeping.store_all(work, moved)
    return new


def _bound_elsewhere(era: Era, old: Mapping[str, Any]) -> bool:
    return old["state"] != "void" and old["revision"] not in era.revisions


def _owes(
    work: Work,
    era: Era,
    duty: Duty,
    row: Mapping[str, Any],
    old: Mapping[str, Any] | None,
    common: Terms,
    again: Again,
) -> dict[str, Any] | None:
    """Return the terms of what a record owes by the definitions of an era, or None if it owes nothing by them."""
    spec = era.spec
    gone = row.get("archived_at") is not None
    started = None if gone else starting.started(duty.starts, common.start_column, row, old)
    if started is None or (duty.when is not None and not duty.when.holds(row)):
        return None
    dated = limits.dated(work, era, duty, row, started, old, common, again)
    return None if dated is None else common.who(work, spec, row) | dated
