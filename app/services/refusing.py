"""Refusals: what a register does not take now, because of what stands in the way elsewhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import FromClause, select

from app.catalog.catalog import adopted
from app.catalog.refusal import Refusal, Standing
from app.catalog.register import RegisterSpec
from app.errors import CellError, Sentence, say
from app.models.among import among
from app.models.ledger import obligation
from app.rules.deadlines import after
from app.services import adoption, limits
from app.services.conditions import where, with_references
from app.services.panel import Work

Rows = Sequence[Mapping[str, Any]]


def entering(work: Work, spec: RegisterSpec, rows: Rows, changed: Collection[str] | None = None) -> list[CellError]:
    """Return an error for each row that may not be entered now; ``CellError.row`` counts from 1.

    ``changed`` are the fields that a change of existing records touches: a refusal that looks at none of them is not asked again.
    """
    errors = []
    for refusal in spec.refuse:
        if refusal.add and (changed is None or not _looks_at(refusal).isdisjoint(changed)):
            field = next(iter(refusal.standing.match.values())) if refusal.standing is not None else ""
            column = spec.column(field)
            label = column.label.zh if column is not None else ""
            found = _refused(work, spec, refusal, rows)
            errors += [CellError(field, reason, row=i + 1, label=label) for i, reason in sorted(found.items())]
    return errors


def moving(work: Work, spec: RegisterSpec, row: Mapping[str, Any], transition: str) -> Sentence | None:
    """Return why a transition of a record is refused now, or None."""
    for refusal in spec.refuse:
        if transition in refusal.transition and (found := _refused(work, spec, refusal, [row])):
            return found[0]
    return None


def _looks_at(refusal: Refusal) -> set[str]:
    fields = set(refusal.standing.match.values()) if refusal.standing is not None else set()
    return fields | {f.split(".")[0] for f in (refusal.when.fields() if refusal.when is not None else ())}


def _refused(work: Work, spec: RegisterSpec, refusal: Refusal, rows: Rows) -> dict[int, Sentence]:
    """Return for the rows that are refused, by their index, the reason with the article and the record that stands in the way."""
    whole = with_references(work, spec, rows, [refusal.when])
    asked = {
        i: row
        for i, row in enumerate(whole)
        if adopted(refusal, adoption.policies(work, row.get("unit", work.actor.unit_id), work.today))
        and (refusal.when is None or refusal.when.holds(row))
    }
    cite = "、".join(map(str, refusal.cite))
    standing = refusal.standing
    if standing is None or not asked:
        return {i: say("{say}（依据 {cite}）", say=refusal.say.zh, cite=cite) for i in asked}
    records = _records(work, standing, list(asked.values()))
    label = work.catalog.registers[standing.register_code].label.zh
    found: dict[int, Sentence] = {}
    for i, row in asked.items():
        alternatives = [_matching(spec, standing, row, values, records) for values in _wanted(standing, row)]
        if refusal.unless is not None and alternatives and not all(alternatives):
            found[i] = say("{say}（依据 {cite}）", say=refusal.say.zh, cite=cite)
        elif refusal.while_ is not None and (numbers := [n for n in alternatives if n]):
            found[i] = say(
                "{say}（依据 {cite}；{register} {number}）",
                say=refusal.say.zh,
                cite=cite,
                register=label,
                number=numbers[0],
            )
    return found


def _wanted(standing: Standing, row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return what records must match: one tuple of values, or several where the first field names several; none while one is empty."""
    first, *others = (row.get(ours) for ours in standing.match.values())
    if any(v is None for v in others):
        return []
    return [(v, *others) for v in (first if isinstance(first, tuple) else (first,)) if v is not None]


def _records(work: Work, standing: Standing, rows: Rows) -> list[Mapping[str, Any]]:
    """Return the records that may stand in the way of any of the rows, in order."""
    other, table = work.catalog.registers[standing.register_code], work.tables[standing.register_code]
    values = sorted({values[0] for row in rows for values in _wanted(standing, row)})
    if not values:
        return []
    joined: FromClause = table
    named: list[Any] = []
    for theirs in standing.match:
        field = other.field(theirs)
        if field is not None and field.many:  # one line for each of its values
            link = work.links[other.code, theirs].alias()
            joined = joined.join(link, link.c.record_id == table.c.id)
            named.append(link.c.target.label(theirs))
        else:
            named.append(table.c[theirs])
    query = select(table.c.id, table.c.record_no, *named).select_from(joined)
    query = query.where(table.c.archived_at.is_(None), among(named[0], values))
    if other.tickets_of:
        query = query.where(table.c.counter.in_(other.tickets_of))
    if standing.where is not None:
        query = query.where(where(table, other, standing.where))
    found = list(work.rows(query.order_by(table.c.id)))
    return _overdue(work, standing, found) if standing.overdue else found


def _overdue(work: Work, standing: Standing, found: Rows) -> list[Mapping[str, Any]]:
    o = obligation.c
    query = select(obligation).where(
        o.register == standing.register_code, o.duty == standing.overdue, o.state == "open", o.due_at <= work.now,
        among(o.record_id, [r["id"] for r in found]),
    )  # fmt: skip
    late = {
        owed["record_id"]
        for owed in work.rows(query)
        if standing.overdue_by is None
        or after(standing.overdue_by, limits.due_of(owed), work.panel.calendar)[1] <= work.now
    }
    return [r for r in found if r["id"] in late]


def _matching(
    spec: RegisterSpec, standing: Standing, row: Mapping[str, Any], values: tuple[Any, ...], records: Rows
) -> str:
    """Return the number of the first record that matches; empty where none does. A record never stands in its own way."""
    own = row.get("id") if standing.register_code == spec.code else None
    for r in records:
        if r["id"] != own and tuple(r[theirs] for theirs in standing.match) == values:
            return str(r["record_no"])
    return ""
