"""Recalculations: the only thing that moves what is owed already. Drafted by one person, approved by another, then posted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import delete, insert, select, update

from app.errors import CellError, Forbidden, Invalid, Missing, Refused, Sentence, say
from app.models.among import among
from app.models.bulk import insert_rows
from app.models.dating import recalculation, recalculation_line
from app.models.ledger import obligation, ticket
from app.services import (
    administration,
    breaches,
    calendars,
    consequences,
    duties,
    editions,
    keeping,
    limits,
    numbering,
    people,
    periods,
    rebinding,
    rows,
)
from app.services.panel import Actor, Panel, Work

BATCH = 200
STATES = {
    "waiting": say("正在试算"), "ready": say("待审批"), "refused": say("已驳回"), "approved": say("正在入账"), "posted": say("已入账"),
}  # fmt: skip
SOURCE = "recalc"
CHARGED = frozenset({"proposed", "confirmed", "executed"})
"""States of tickets whose amount is owed."""


@dataclass(frozen=True)
class Wanted:
    """What is to be judged anew: registers, what began or was committed between two days (both included), and by what.

    ``revision``: the publication whose definitions shall bind it; ``calendar``: the calendar revision by which it shall be counted.
    """

    registers: tuple[str, ...]
    first: date
    last: date
    revision: int | None = None
    calendar: int | None = None


@dataclass(frozen=True)
class Total:
    """What a recalculation means for one person, month and article: tickets and yuan before and after."""

    person: int | None
    month: str
    clause: str
    before: Decimal
    after: Decimal
    added: int
    lifted: int
    changed: int


def registers_of(work: Work, policies: Iterable[str]) -> list[str]:
    """Return the registers in which any of some policies demands a duty or charges a breach."""
    wanted = set(policies)
    return [
        spec.code
        for spec in work.catalog.tables()
        if any(
            not wanted.isdisjoint(c.policies)
            for c in (*spec.duties, *spec.breaches, *(x for d in spec.duties for x in d.within))
        )
    ]


def may_decide(work: Work, registers: Sequence[str]) -> bool:
    """Return whether the actor may approve a recalculation: an administrator, or who confirms breaches of the registers."""
    confirming = {b.confirmed_by for (code, _), b in work.catalog.breaches.items() if code in registers}
    return administration.may(work) or bool(work.actor.roles & confirming)


def draft(work: Work, name: str, reason: str, wanted: Wanted) -> int:
    """Keep a recalculation to be tried out, and return its number; ``carry_on`` makes its report.

    Raises Forbidden, Invalid.
    """
    if not may_decide(work, wanted.registers):
        raise Forbidden(say("只有系统管理员或确认处罚的岗位可以提出重算"))
    _check(work, name, reason, wanted)
    number = numbering.take(work, "recalculation.id", 1)
    row = {
        "id": number, "name": name.strip(), "reason": reason.strip(), "registers": orjson.dumps(list(wanted.registers)).decode(),
        "from_day": wanted.first, "to_day": wanted.last, "revision": wanted.revision, "calendar": wanted.calendar,
        "state": "waiting", "state_at": work.now, "drafted_by": work.actor.person_id, "drafted_at": work.now,
        "place": 0, "reached": 0, "done": 0, "total": 0,
    }  # fmt: skip
    work.connection.execute(insert(recalculation).values(**row))
    return number


def _check(work: Work, name: str, reason: str, wanted: Wanted) -> None:
    empty = [("name", name, "名称"), ("reason", reason, "理由")]
    errors = [CellError(code, say("必填"), label=label) for code, text, label in empty if not text.strip()]
    if not wanted.registers:
        errors.append(CellError("registers", say("请至少选择一个登记簿或制度"), label="登记簿"))
    for code in wanted.registers:
        work.spec(code)
    if wanted.first > wanted.last or wanted.last > work.today:
        errors.append(CellError("from_day", say("期间的首日不能晚于末日，末日不能晚于今天"), label="期间"))
    if wanted.revision is None and wanted.calendar is None:
        errors.append(CellError("revision", say("请选择所依据的发布或日历"), label="依据"))
    if errors:
        raise Invalid(errors)
    if wanted.revision is not None:
        editions.catalog_of(work, wanted.revision)
    if wanted.calendar is not None:
        calendars.revision(work, wanted.calendar)


def listed(work: Work) -> list[dict[str, Any]]:
    """Return the recalculations that the actor may see, latest first: those one drafted or may decide."""
    rows = work.rows(select(recalculation).order_by(recalculation.c.id.desc()))
    found = [_read(r) for r in rows]
    return [r for r in found if _sees(work, r)]


def get(work: Work, number: int) -> dict[str, Any]:
    """Return one recalculation. Raises Missing, alike for one that is not there and one that the actor may not see."""
    found = _of(work, number)
    if not _sees(work, found):
        raise Missing
    return found


def to_decide(work: Work) -> list[dict[str, Any]]:
    """Return the recalculations that wait for the actor's approval, what was drafted first first."""
    c = recalculation.c
    query = select(recalculation).where(c.state == "ready", c.drafted_by != work.actor.person_id).order_by(c.id)
    found = [_read(r) for r in work.rows(query)] if concern(work) else []
    return [r for r in found if may_decide(work, r["registers"])]


def decide(work: Work, number: int, *, approve: bool, reason: str) -> None:
    """Approve a recalculation, which is posted then, or refuse it; never one's own. Raises Missing, Forbidden, Refused, Invalid."""
    r = get(work, number)
    if not may_decide(work, r["registers"]):
        raise Forbidden(say("只有系统管理员或确认处罚的岗位可以审批重算"))
    if r["drafted_by"] == work.actor.person_id and not work.actor.is_system:
        raise Forbidden(say("提出重算的人不能自己审批"))
    if not reason.strip():
        raise Invalid([CellError("reason", say("请写明理由"), label="理由")])
    c = recalculation.c
    values = {
        "state": "approved" if approve else "refused", "state_at": work.now,
        "decided_by": work.actor.person_id, "decided_at": work.now, "decision": reason.strip(),
        "place": 0, "reached": 0, "done": 0,
    }  # fmt: skip
    if (
        work.connection.execute(
            update(recalculation).where(c.id == number, c.state == "ready").values(**values)
        ).rowcount
        != 1
    ):
        raise Refused(say("这次重算现为“{state}”，不能审批", state=STATES[r["state"]]))


def lines(work: Work, number: int, limit: int | None = None) -> list[dict[str, Any]]:
    """Return what a recalculation changes, one obligation or ticket after another. Raises Missing."""
    get(work, number)
    x = recalculation_line.c
    query = select(recalculation_line).where(x.recalculation == number).order_by(x.seq).limit(limit)
    return [dict(r) for r in work.rows(query)]


def totals(work: Work, number: int) -> list[Total]:
    """Return what a recalculation means in money, by person, month and article. Raises Missing."""
    groups: dict[tuple[int, str, str], list[Mapping[str, Any]]] = {}
    for x in lines(work, number):
        if x["kind"] == "ticket":
            groups.setdefault((x["person"] or 0, x["month"], x["clause"]), []).append(x)
    return [
        Total(
            person or None, month, clause, sum((x["amount_before"] for x in mine), Decimal(0)),
            sum((x["amount_after"] for x in mine), Decimal(0)),
            sum(x["state_before"] not in CHARGED and x["state_after"] in CHARGED for x in mine),
            sum(x["state_before"] in CHARGED and x["state_after"] not in CHARGED for x in mine),
            sum(x["state_before"] in CHARGED and x["state_after"] in CHARGED for x in mine),
        )
        for (person, month, clause), mine in sorted(groups.items())
    ]  # fmt: skip


def resume(panel: Panel, now: datetime) -> int:
    """Carry on every recalculation that waits for its report or its posting; return how many."""
    c = recalculation.c
    with panel.reading(Actor.system(), now=now) as work:
        open_ones = (
            work.connection.execute(select(c.id).where(c.state.in_(("waiting", "approved"))).order_by(c.id))
            .scalars()
            .all()
        )
    for number in open_ones:
        carry_on(panel, number, now)
    return len(open_ones)


def carry_on(panel: Panel, number: int, now: datetime) -> None:
    """Make the report of a recalculation that waits for it, or post one that is approved, from where it stopped.

    Killed anywhere, the next call goes on; of two at once neither does what the other did. Raises Missing.
    """
    with panel.reading(Actor.system(), now=now) as work:
        state = _of(work, number)["state"]
    if state == "waiting":
        _try_out(panel, number, now)
    while state == "approved":
        state = _post(panel, number, now)


def _post(panel: Panel, number: int, now: datetime) -> str:
    """Post the next batch in a transaction of its own and return the state after it."""
    with panel.work(Actor.system(), now=now, source=SOURCE) as work:
        r = _of(work, number, lock=True)
        if r["state"] != "approved":
            return str(r["state"])
        work.reason = said(r)
        work.actor = Actor(r["decided_by"], "") if r["decided_by"] is not None else work.actor
        return "approved" if _batch(work, r) is not None else "posted"


def said(r: Mapping[str, Any]) -> str:
    """Return how ledger lines and histories name a recalculation."""
    return f"重算第 {r['id']} 号“{r['name']}”：{r['reason']}"


def _batch(work: Work, r: Mapping[str, Any]) -> set[int] | None:
    """Judge the next records anew and move the mark; return the obligations that were touched, None where nothing is left."""
    registers = r["registers"]
    place, reached = r["place"], r["reached"]
    while place < len(registers):
        then = editions.newest_with(work, registers[place])
        table = then.table(registers[place])
        ids = (
            work.connection.execute(select(table.c.id).where(table.c.id > reached).order_by(table.c.id).limit(BATCH))
            .scalars()
            .all()
        )
        if ids:
            touched = _judge(work, r, registers[place], ids)
            _mark(work, r, place=place, reached=ids[-1], done=r["done"] + len(ids))
            return touched
        place, reached = place + 1, 0
    _mark(work, r, state="posted", state_at=work.now, place=place, reached=0)
    return None


def _judge(work: Work, r: Mapping[str, Any], register: str, ids: Sequence[int]) -> set[int]:
    if r["calendar"] is not None:
        work.memo["calendar"] = calendars.named(work, calendars.revision(work, r["calendar"]).name)
    then = editions.newest_with(work, register)
    spec = then.spec(register)
    o = obligation.c
    mine = (o.register == register, among(o.record_id, ids), o.started_on.between(r["from_day"], r["to_day"]))
    within = set(work.connection.execute(select(o.id).where(*mine, o.state != "void")).scalars())
    records = rows.read(then, spec, ids)
    again = limits.Again(within, rebind=r["revision"] is not None)
    written = list(records.values())
    settled = duties.settle(then, spec, written, again=again).add(periods.settle(then, spec, written, again=again))
    touched = breaches.settle(work, settled.changed)
    if r["revision"] is not None:
        touched |= rebinding.rebind(work, register, records, r["from_day"], r["to_day"])
    keeping.arm(work, settled.changed)
    consequences.of_breaches(work, touched)
    return {found["id"] for found, _, _ in settled.changed}


def _mark(work: Work, r: Mapping[str, Any], **values: Any) -> None:
    work.connection.execute(update(recalculation).where(recalculation.c.id == r["id"]).values(**values))


class _TriedOut(Exception):
    """Takes back everything that trying out wrote."""


def _try_out(panel: Panel, number: int, now: datetime) -> None:
    """Post a recalculation into a transaction that is taken back, and keep what it would have changed as its report.

    The report is what posting does, because it is done by posting. On SQLite other writers wait until it is ready.
    """
    found: list[dict[str, Any]] = []
    total = 0
    try:
        with panel.work(Actor.system(), now=now, source=SOURCE) as work:
            r = _of(work, number, lock=True)
            if r["state"] != "waiting":
                return
            work.connection.execute(
                update(recalculation)
                .where(recalculation.c.id == number)
                .values(state="approved", decided_at=now, place=0, reached=0, done=0)
            )
            work.reason = said(r)
            dated: set[int] = set()
            while (touched := _batch(work, _of(work, number))) is not None:
                dated |= touched
            total = _of(work, number)["done"]
            with panel.reading(Actor.system(), now=now) as before:
                found = _compared(before, work, dated)
            raise _TriedOut
    except _TriedOut:
        pass
    with panel.work(Actor.system(), now=now, source=SOURCE) as work:
        if _of(work, number, lock=True)["state"] != "waiting":
            return
        work.connection.execute(delete(recalculation_line).where(recalculation_line.c.recalculation == number))
        insert_rows(
            work.connection,
            recalculation_line,
            [{"recalculation": number, "seq": n, **x} for n, x in enumerate(found, 1)],
        )
        _mark(work, {"id": number}, state="ready", state_at=now, total=total, place=0, reached=0, done=0)


def _compared(before: Work, after: Work, dated: set[int]) -> list[dict[str, Any]]:
    """Return the obligations and tickets that differ between two readings, of those that were touched."""
    old_dates, new_dates = (_by_id(w, obligation, dated) for w in (before, after))
    found = []
    for key in sorted(new_dates):
        old, new = old_dates.get(key), new_dates[key]
        sides = [
            (o["due_at"], o["state"]) if o is not None and o["state"] != "void" else (None, "") for o in (old, new)
        ]
        if sides[0] != sides[1]:
            found.append(
                _line(
                    "obligation",
                    new,
                    new["duty"],
                    new["citation"],
                    f"{new['started_on']:%Y-%m}",
                    sides,
                    (Decimal(0), Decimal(0)),
                )
            )
    touched = {e["ticket"] for e in after.entries}
    old_tickets, new_tickets = (_by_id(w, ticket, touched) for w in (before, after))
    for key in sorted(new_tickets):
        old, new = old_tickets.get(key), new_tickets[key]
        states = [(None, t["state"] if t is not None else "") for t in (old, new)]
        amounts = tuple(t["amount"] if t is not None and t["state"] in CHARGED else Decimal(0) for t in (old, new))
        if states[0] != states[1] or amounts[0] != amounts[1]:
            found.append(
                _line("ticket", new, new["rule"], new["citation"], new["month"], states, (amounts[0], amounts[1]))
            )
    return found


def _line(
    kind: str,
    row: Mapping[str, Any],
    rule: str,
    clause: str,
    month: str,
    sides: Sequence[tuple[datetime | None, str]],
    amounts: tuple[Decimal, Decimal],
) -> dict[str, Any]:
    return {
        "kind": kind, "register": row["register"], "record_id": row["record_id"], "rule": rule, "clause": clause,
        "person": row["person"], "month": month, "due_before": sides[0][0], "due_after": sides[1][0],
        "state_before": sides[0][1], "state_after": sides[1][1], "amount_before": amounts[0], "amount_after": amounts[1],
    }  # fmt: skip


def _by_id(work: Work, table: Any, ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
    query = select(table).where(among(table.c.id, sorted(ids)))
    return {r["id"]: r for r in work.rows(query)}


def _of(work: Work, number: int, *, lock: bool = False) -> dict[str, Any]:
    query = select(recalculation).where(recalculation.c.id == number)
    row = work.rows(query.with_for_update() if lock else query).first()
    if row is None:
        raise Missing
    return _read(row)


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(row) | {"registers": tuple(orjson.loads(row["registers"]))}


def _sees(work: Work, r: Mapping[str, Any]) -> bool:
    return r["drafted_by"] == work.actor.person_id or may_decide(work, r["registers"])


def sentence(state: str) -> Sentence:
    """Return what a state is called."""
    return STATES[state]


def names(work: Work, found: Sequence[Mapping[str, Any]]) -> Mapping[int, str]:
    """Return the names of everybody whom recalculations or their lines name."""
    ids = {r.get(k) for r in found for k in ("drafted_by", "decided_by", "person")}
    return people.names(work, [i for i in ids if i is not None])


def concern(work: Work) -> bool:
    """Return whether recalculations are the actor's business at all."""
    return may_decide(work, [spec.code for spec in work.catalog.tables()])
