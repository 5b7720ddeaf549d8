"""What a measure counts, in SQL: one statement for the whole and one for its parts, however many people there are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    case,
    cast,
    distinct,
    exists,
    false,
    func,
    or_,
    select,
)

from app.catalog.indicator import Indicator, Measure, Related
from app.catalog.register import RegisterSpec
from app.fields.links import Person, Reference, Signature, Unit
from app.fields.texts import Choice
from app.fields.times import Date
from app.models.among import among
from app.models.ledger import obligation
from app.rules.indicator import Period
from app.services import adoption, people, scope
from app.services.conditions import where
from app.services.panel import Work

WHOLE = ""
"""The subject that is everything together."""
_SCORE = 4
"""Decimal places that the worth of an option keeps."""


@dataclass(frozen=True)
class Taken:
    """What a measure found: a sum or count, and for an average of how many records."""

    amount: Decimal
    among: Decimal | None = None


@dataclass(frozen=True)
class _Selection:
    """Records, or obligations of records, with what they must be."""

    source: FromClause
    table: FromClause
    spec: RegisterSpec
    conditions: list[ColumnElement[bool]]


Units = frozenset[int | None]
"""Units, each with those below it; None among them: everybody."""


def measure(work: Work, indicator: Indicator, m: Measure, period: Period, of: Units | None = None) -> dict[str, Taken]:
    """Return what a measure finds in a period: the whole, and each value of what the indicator is split by.

    Obligations are counted as of ``work.now``: what is not due yet is neither met nor owed. ``of``: records of these units only; by
    default of those that apply what the indicator cites.
    """
    chosen = _select(work, indicator, m, period, of)
    amounts = _amounts(m, chosen)
    row = work.connection.execute(select(*amounts).select_from(chosen.source).where(*chosen.conditions)).one()
    found = {WHOLE: _taken(m, row)}
    if split := m.per or indicator.per:
        column, kind = _split(m, chosen, split)
        query = select(column, *amounts).select_from(chosen.source).where(*chosen.conditions, column.is_not(None))
        for key, *rest in work.connection.execute(query.group_by(column)):
            found[f"{kind}:{key}"] = _taken(m, rest)
    return found


def members(
    work: Work, indicator: Indicator, m: Measure, period: Period, subject: str, limit: int
) -> tuple[int, list[int]]:
    """Return how many records behind a measure the actor may read, and the first of them, latest first."""
    chosen = _select(work, indicator, m, period)
    conditions = [*chosen.conditions, scope.visible(work, m.register_code)]
    if subject != WHOLE and (split := m.per or indicator.per):
        column, kind = _split(m, chosen, split)
        told, _, key = subject.partition(":")
        value = int(key) if isinstance(column.type, Integer) and key.isdecimal() else key
        conditions.append(column == value if told == kind and (value != key or kind == "choice") else false())
    base = select(chosen.table.c.id).select_from(chosen.source).where(*conditions)
    total = work.connection.execute(select(func.count()).select_from(base.distinct().subquery())).scalar_one()
    newest = base.distinct().order_by(chosen.table.c.id.desc()).limit(limit)
    return int(total), list(work.connection.execute(newest).scalars())


def subject_kind(spec: RegisterSpec, m: Measure, split: str) -> str:
    """Return what the values of a split are: ``person``, ``unit``, ``choice``, or the register they point to."""
    if m.duties and split in ("person", "unit"):
        return split
    match spec.column(split):
        case Person() | Signature():
            return "person"
        case Unit():
            return "unit"
        case Reference() as link:
            return link.target
    return "choice"


def _split(m: Measure, chosen: _Selection, split: str) -> tuple[Any, str]:
    own = m.duties and split in ("person", "unit")
    return obligation.c[split] if own else chosen.table.c[split], subject_kind(chosen.spec, m, split)


def _select(work: Work, indicator: Indicator, m: Measure, period: Period, of: Units | None = None) -> _Selection:
    spec, table = work.spec(m.register_code), work.tables[m.register_code]
    conditions: list[ColumnElement[bool]] = [table.c.archived_at.is_(None)]
    source: FromClause = table
    tops = adoption.adopters(work, indicator, period.last) if of is None else of
    if None not in tops:  # elsewhere the policy does not hold, and nothing is counted by it
        bound = {u for top in tops if top is not None for u in people.below(work, top)}
        conditions.append(or_(table.c.unit.is_(None), among(table.c.unit, sorted(bound))))
    if spec.tickets_of:
        conditions.append(table.c.counter.in_(spec.tickets_of))
    if m.duties:
        o = obligation.c
        source = obligation.join(table, o.record_id == table.c.id)
        day = o.started_on if m.by == "started" else o.due_on
        conditions += [o.register == spec.code, o.duty.in_(m.duties), o.state != "void", o.due_at <= work.now]
        conditions += [day >= period.first, day <= period.last]
        if m.take == "met":
            conditions += [o.done_at.is_not(None), o.done_at < o.due_at]
    else:
        conditions += _within(work, spec, table, m, period)
    if m.where is not None:
        conditions.append(where(table, spec, m.where, work))
    conditions += [_related(work, table, r) for r in m.having]
    return _Selection(source, table, spec, conditions)


def _within(work: Work, spec: RegisterSpec, table: FromClause, m: Measure, period: Period) -> list[ColumnElement[bool]]:
    """Return that a record belongs to a period: its day lies in it, or the time between its two days touches it."""
    starts, first, after = _ends(work, spec, table, m.by, period)
    if not m.until:
        return [starts >= first, starts < after]
    ends, since, _ = _ends(work, spec, table, m.until, period)
    return [starts < after, or_(ends.is_(None), ends >= since)]


def _ends(work: Work, spec: RegisterSpec, table: FromClause, code: str, period: Period) -> tuple[Any, Any, Any]:
    field = spec.column(code)
    if isinstance(field, Date):
        return table.c[code], period.first, period.after
    column = table.c[f"{code}_at" if isinstance(field, Signature) else code]
    calendar = work.panel.calendar
    return column, calendar.start_of(period.first), calendar.start_of(period.after)


def _related(work: Work, table: FromClause, related: Related) -> ColumnElement[bool]:
    spec, other = work.spec(related.register_code), work.tables[related.register_code].alias()
    field = spec.field(related.through)
    on: list[ColumnElement[bool]] = [other.c.archived_at.is_(None)]
    if field is not None and field.many:
        link = work.links[spec.code, related.through]
        on += [link.c.record_id == other.c.id, link.c.target == table.c.id]
    else:
        on.append(other.c[related.through] == table.c.id)
    if related.where is not None:
        on.append(where(other, spec, related.where))
    there = exists().where(*on).correlate(table)
    return ~there if related.absent else there


def _amounts(m: Measure, chosen: _Selection) -> list[Any]:
    if m.take not in ("sum", "average", "distinct"):
        return [func.count()]
    column = chosen.table.c[m.of]
    if m.take == "distinct":
        return [func.count(distinct(column))]
    if isinstance(chosen.spec.column(m.of), Choice):
        worth = {column == option: int(score.scaleb(_SCORE)) for option, score in m.scores.items()}
        scored = case(*worth.items(), else_=None)
        return [cast(func.sum(scored), BigInteger), func.count(scored)]
    return [func.sum(column), func.count(column)]


def _taken(m: Measure, row: Any) -> Taken:
    amount = Decimal(row[0] or 0)
    if m.scores:
        amount = amount.scaleb(-_SCORE)
    return Taken(amount, Decimal(row[1]) if m.take == "average" else None)


def registers(indicator: Indicator, among: Mapping[str, Indicator]) -> set[str]:
    """Return the registers whose records stand behind an indicator, those of its parts included."""
    own = {m.register_code for m in indicator.measures} | {
        r.register_code for m in indicator.measures for r in m.having
    }
    return own.union(*(registers(among[p.indicator], among) for p in indicator.parts))
