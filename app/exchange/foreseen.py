"""What would follow from an import: its rows are really written, looked at, and taken back before anybody sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, or_, select

from app.errors import Refused, say
from app.exchange import applying
from app.exchange.plan import Plan
from app.exchange.survey import batches
from app.fields.label import Label
from app.models.among import among
from app.models.fixed import record_version
from app.models.ledger import breach, obligation, ticket
from app.services import consequences, go_live, lookup, numbering, people, rows
from app.services.panel import Actor, Panel, Work

MOST = 500
"""Rows that are tried; a person waits for it, and on SQLite so does every writer."""
EXAMPLES = 3
_CHUNK = 500
NONE = 0
"""The run that tried rows belong to: none."""


@dataclass(frozen=True)
class Example:
    """One obligation or breach: of which record, whose, due or committed on which day, what it costs."""

    record: str
    person: str
    day: date
    amount: Decimal | None = None


@dataclass
class Line:
    """All that follows of one kind: ``label`` is the duty's, or the breach's; ``amount`` is in yuan."""

    label: Label
    count: int = 0
    amount: Decimal = Decimal(0)
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True)
class Foreseen:
    """What follows from the first ``tried`` rows, each kind with its first examples; ``whole``: they are all rows."""

    tried: int
    whole: bool
    duties: Sequence[Line]
    breaches: Sequence[Line]

    @property
    def amount(self) -> Decimal:
        """What all fines come to, in yuan."""
        return sum((b.amount for b in self.breaches), Decimal(0))


class _TakenBack(Refused):
    """Leaves the transaction without committing it."""


@contextmanager
def _tried(panel: Panel, actor: Actor, now: datetime) -> Iterator[Work]:
    try:
        with panel.work(actor, now=now, source="import") as work:
            yield work
            raise _TakenBack(say("已取消"))
    except _TakenBack:
        pass


def of_plan(panel: Panel, actor: Actor, plan: Plan, *, now: datetime, as_ever: bool = False) -> Foreseen:
    """Return what would follow from importing a file's good rows; ``as_ever``: if the register had no go-live day.

    Nothing that it writes stays.
    """
    register = plan.spec.code
    with _tried(panel, actor, now) as work:
        if as_ever:
            go_live.forget(work, [register])
        before = _Before(work, register)
        first = 1
        for some in batches(islice(plan.sheet.rows(), MOST), plan.batch):
            found = plan.sort(work, some, first)
            before.look([c.before["id"] for c in found.changed])
            applying.write(work, plan, found, NONE)
            first += len(some)
        seen = before.since(first - 1, first > plan.survey.rows)
    return seen


def of_run(panel: Panel, register: str, run: int, *, now: datetime) -> Foreseen:
    """Return what the records that a run brought or changed would owe and cost if their register had no go-live day."""
    v = record_version.c
    with _tried(panel, Actor.system(), now) as work:
        go_live.forget(work, [register])
        query = select(v.record_id).where(v.import_run == run, v.register == register).distinct().order_by(v.record_id)
        ids = list(work.connection.execute(query.limit(MOST + 1)).scalars())
        tried, before = ids[:MOST], _Before(work, register)
        before.look(tried)
        spec = work.spec(register)
        for start in range(0, len(tried), _CHUNK):
            there = rows.read(work, spec, tried[start : start + _CHUNK])
            consequences.of_rows(work, spec, [r for r in there.values() if r["archived_at"] is None])
        seen = before.since(len(tried), len(ids) == len(tried))
    return seen


class _Before:
    """What stood before; all that is new since is ours, for the counters of ids are held until the transaction ends."""

    def __init__(self, work: Work, register: str) -> None:
        self._work, self._register = work, register
        self._first = {t.name: numbering.take(work, f"{t.name}.id", 0) for t in (obligation, breach)}
        self._records: list[int] = []
        self._stood: dict[str, set[int]] = {"obligation": set(), "breach": set()}

    def look(self, ids: Sequence[int]) -> None:
        """Note what stands of records that are about to change."""
        self._records += ids
        for table in (obligation, breach):
            self._stood[table.name] |= {r["id"] for r in self._standing(table, ids)}

    def _standing(self, table: Table, ids: Sequence[int], *new: ColumnElement[bool]) -> list[dict[str, Any]]:
        mine = and_(table.c.register == self._register, among(table.c.record_id, ids))
        query = select(table).where(or_(mine, *new), table.c.state != "void").order_by(table.c.id)
        return [dict(r) for r in self._work.connection.execute(query).mappings()]

    def _new(self, table: Table) -> list[dict[str, Any]]:
        every = self._standing(table, self._records, table.c.id >= self._first[table.name])
        return [r for r in every if r["id"] not in self._stood[table.name]]

    def since(self, tried: int, whole: bool) -> Foreseen:
        """Return what has come about."""
        work = self._work
        owed, missed = self._new(obligation), self._new(breach)
        query = select(ticket.c.breach, ticket.c.amount).where(
            among(ticket.c.breach, [b["id"] for b in missed]), ticket.c.state != "void"
        )
        costs: dict[int, Decimal] = {}
        for number, amount in work.connection.execute(query):
            costs[number] = costs.get(number, Decimal(0)) + amount
        duties, rules = work.catalog.duties, work.catalog.breaches
        by_duty: dict[Any, Line] = {}
        for o in owed:
            duty = duties.get((o["register"], o["duty"]))
            line = by_duty.setdefault((o["register"], o["duty"]), Line(duty.label if duty else Label(zh=o["duty"])))
            self._count(line, o, o["due_on"], None)
        by_rule: dict[Any, Line] = {}
        for b in missed:
            rule = rules.get((b["register"], b["rule"])) or duties.get((b["register"], b["rule"]))
            line = by_rule.setdefault((b["register"], b["rule"]), Line(rule.label if rule else Label(zh=b["rule"])))
            self._count(line, b, b["day"], costs.get(b["id"]))
        return Foreseen(tried, whole, list(by_duty.values()), list(by_rule.values()))

    def _count(self, line: Line, of: dict[str, Any], day: date, amount: Decimal | None) -> None:
        line.count += 1
        line.amount += amount or 0
        if len(line.examples) < EXAMPLES:
            names = people.names(self._work, [of["person"]] if of["person"] is not None else [])
            title = lookup.titles(self._work, of["register"], [of["record_id"]]).get(of["record_id"], "")
            line.examples.append(Example(title, names.get(of["person"] or 0, ""), day, amount))
