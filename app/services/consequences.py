"""What follows from written facts: obligations, breaches, tickets, orders to correct, notices; in the same transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.catalog.register import RegisterSpec, Transition
from app.errors import say
from app.models.ledger import breach, ticket
from app.services import (
    assessing,
    breaches,
    charging,
    duties,
    editions,
    judged,
    keeping,
    notices,
    people,
    periods,
    recording,
    rows,
    telling,
    workflow,
)
from app.services.conditions import with_references
from app.services.panel import Actor, Work

Rows = Sequence[Mapping[str, Any]]


@dataclass
class Followed:
    """How much followed: for reports and tests."""

    obligations: int = 0
    breaches: int = 0
    tickets: list[dict[str, Any]] = field(default_factory=list)
    notices: int = 0

    def add(self, other: Followed) -> None:
        """Take in what followed from something else."""
        self.obligations += other.obligations
        self.breaches += other.breaches
        self.tickets += other.tickets
        self.notices += other.notices


def of_rows(
    work: Work, spec: RegisterSpec, now: Rows, *, before: Rows = (), fresh: bool = False, found: Iterable[int] = ()
) -> Followed:
    """Let everything follow that the new state of some records of one register brings about.

    ``before`` are the same records as they were, so that what they pointed to then is settled too; ``found`` are breaches that came
    to light otherwise.
    """
    touched = set(found)
    touched |= breaches.on_entry(work, spec, now) if fresh else breaches.corrected(work, spec, now)
    settled = duties.settle(work, spec, now, fresh=fresh)
    if not fresh:  # a record that has just been entered owes from the next period on
        settled.add(periods.settle(work, spec, now))
    touched |= breaches.settle(work, settled.changed, fresh=fresh)
    touched |= set() if fresh else charging.follow(work, spec, now)
    keeping.arm(work, settled.changed, fresh=fresh)
    followed = Followed(obligations=len(settled.changed))
    parents = [(settled, fresh)]
    for above, others in _fulfilled_elsewhere(work, spec, [*now, *before]):
        more = duties.settle(work, above, others).add(periods.settle(work, above, others, spec, [*now, *before]))
        touched |= breaches.settle(work, more.changed)
        touched |= charging.follow(work, above, others)
        keeping.arm(work, more.changed)
        followed.obligations += len(more.changed)
        parents.append((more, False))
    followed.breaches += len(touched)
    followed.add(of_breaches(work, touched))
    for more, _ in parents:
        _close_orders(work, more.fulfilled)
    _move_by_themselves(work, spec, now)
    return followed


def hang_on(work: Work, spec: RegisterSpec, changed: Iterable[str]) -> bool:
    """Return whether anything may follow from a change of these fields: what no rule names changes no obligation."""
    key = ("facts", spec.code, editions.newest(work))
    if key not in work.panel.memory:
        said = editions.catalogs(work)
        bound = [s for c in said if (s := c.registers.get(spec.code)) is not None]
        rules = [
            *(rule for s in bound for rule in (*s.duties, *s.breaches, *s.counters)),
            *(d.done for c in said for _, d in c.fulfilled_by.get(spec.code, ())),
            # a line of a checklist that is put right changes what a repeat on the archive above it costs
            *(
                b.lines
                for c in said
                for b in c.breaches.values()
                if b.lines is not None and b.lines.register_code == spec.code
            ),
            *(by for c in said for _, by in c.postponed_by.get(spec.code, ())),
            *(paid for c in said for _, paid in c.paid_by.get(spec.code, ())),
        ]
        rules += [t for t in spec.workflow.transitions if t.auto] if spec.workflow else []
        work.panel.memory[key] = judged.named(rules) | {"state", "unit", "archived_at", *spec.excluded}
    facts: set[str] = work.panel.memory[key]
    return not facts.isdisjoint(changed)


def of_breaches(
    work: Work,
    touched: Iterable[int],
    *,
    growing: bool = False,
    added: recording.Added | None = None,
    facts: telling.Known | None = None,
) -> Followed:
    """Let tickets, orders to correct and notices follow from breaches that are new or changed.

    ``growing``: they only cost more because another day has passed, which nobody is told daily. ``added``: more of them, which have
    just been added and need not be read; ``facts``: records of theirs that have just been read.
    """
    ids, added = list(touched), added or recording.Added()
    if not ids and not added.told:
        return Followed()
    assessed = assessing.assess(work, [*ids, *added.costly])
    letters = telling.of_tickets(work, assessed.new)
    if not growing:
        letters += telling.of_changes(work, ids) + telling.of_breaches(work, added.told, facts or {})
        letters += telling.of_moves(work, assessed.moved)
    followed = Followed(tickets=assessed.new)
    followed.notices += notices.send(work, letters)
    followed.add(_order_corrections(work, assessed.new))
    return followed


def of_transition(
    work: Work, spec: RegisterSpec, row: Mapping[str, Any], t: Transition, on_behalf: Actor | None = None
) -> int:
    """Tell whom a transition's definition names, and in whose place it was made; return how many were told."""
    about = {"register": spec.code, "record_id": row["id"]}
    who = say("{who} 代 {absent}", who=work.actor.name, absent=on_behalf.name) if on_behalf else work.actor.name
    words = {"register": spec.label, "number": row["record_no"], "move": t.label, "who": who}
    told = [p for party in t.tell for p in people.told(work, party, spec, row)]
    told += [on_behalf.person_id] if on_behalf is not None and on_behalf.person_id is not None else []
    people_told = [p for p in told if p != work.actor.person_id]
    return notices.send(
        work, notices.tell(work, people_told, "moved", f"moved:{spec.code}:{row['id']}:{row['version']}", words, about)
    )


def _fulfilled_elsewhere(work: Work, spec: RegisterSpec, now: Rows) -> Iterable[tuple[RegisterSpec, Rows]]:
    """Yield the records of other registers whose duties these records may fulfil or postpone, or whose balances they pay, each whole."""
    pointed: dict[str, set[int]] = {}
    for said in editions.catalogs(work):
        for above, duty in said.fulfilled_by.get(spec.code, ()):
            named = {i for r in now if (i := r.get(duty.done.through)) is not None}
            if duty.done.matches and named:
                table = work.tables[above.code]
                matching = select(table.c.id).where(table.c[duty.done.matches].in_(named))
                named = set(work.connection.execute(matching).scalars())
            pointed.setdefault(above.code, set()).update(named)
        for above, by in said.postponed_by.get(spec.code, ()):
            pointed.setdefault(above.code, set()).update(i for r in now if (i := r.get(by.through)) is not None)
        for above, paid in said.paid_by.get(spec.code, ()):
            pointed.setdefault(above.code, set()).update(i for r in now if (i := r.get(paid.through)) is not None)
    for code, ids in pointed.items():
        if ids:
            then = editions.newest_with(work, code)
            above = then.catalog.registers[code]
            yield above, list(rows.read(then, above, sorted(ids)).values())


def _order_corrections(work: Work, tickets: Sequence[Mapping[str, Any]]) -> Followed:
    """Draft the order to correct of each new ticket whose breach asks for one; an officer signs it."""
    followed = Followed()
    drafts: dict[str, list[dict[str, Any]]] = {}
    numbers = {t["id"]: t["record_no"] for t in tickets}
    for t in tickets:
        rule = telling.rule_of(work, t)
        if rule is not None and rule.correct is not None and t["repeat_index"] is None and t["person"] is not None:
            content = f"{rule.label.zh}：{t['record_title']}"
            draft = {"ticket": t["id"], "person": t["person"], "content": content, "unit": t["unit"]}
            drafts.setdefault(rule.correct.register_code, []).append(draft)
    for register, values in drafts.items():
        panel = editions.newest_with(work, register).acting(Actor.system(), "system")
        spec = panel.catalog.registers[register]
        orders = rows.insert(panel, spec, values)
        followed.add(of_rows(panel, spec, orders, fresh=True))
        letters: list[notices.Told] = []
        for order in orders:
            words = {"register": spec.label, "number": order["record_no"], "ticket": numbers[order["ticket"]]}
            about = {"register": register, "record_id": order["id"], "ticket": order["ticket"]}
            letters += notices.tell(work, [order["person"]], "ordered", f"order:{order['id']}", words, about)
        followed.notices += notices.send(work, letters)
    return followed


def _close_orders(work: Work, obligations: Sequence[int]) -> None:
    """Make the closing transition of orders to correct whose missed duty has been fulfilled at last."""
    if not obligations:
        return
    query = select(ticket).join(breach, breach.c.id == ticket.c.breach).where(breach.c.obligation.in_(obligations))
    for t in work.rows(query).all():
        rule = telling.rule_of(work, t)
        if rule is None or rule.correct is None or not rule.correct.closed_by:
            continue
        panel = editions.newest_with(work, rule.correct.register_code).acting(Actor.system(), "system")
        spec = panel.catalog.registers[rule.correct.register_code]
        move = workflow.find(spec, rule.correct.closed_by)
        table = panel.tables[spec.code]
        mine = select(table.c.id).where(
            table.c.ticket == t["id"], table.c.state.in_(move.source), table.c.archived_at.is_(None)
        )
        for order_id in work.connection.execute(mine).scalars().all():
            order = rows.one(panel, spec, order_id)
            after = workflow.apply(panel, spec, order, move, {}, "逾期事项已办结")
            of_rows(panel, spec, [after], before=[order])


def _move_by_themselves(work: Work, spec: RegisterSpec, now: Rows) -> None:
    """Make the automatic transitions whose condition holds."""
    auto = [t for t in spec.workflow.transitions if t.auto] if spec.workflow else []
    if not auto:
        return
    panel = work.acting(Actor.system(), "system")
    for row in with_references(work, spec, now, [t.when for t in auto]):
        move = next((t for t in auto if workflow.obstacle(panel, spec, row, t) is None), None)
        if move is not None:
            plain = {k: v for k, v in row.items() if "." not in k}
            after = workflow.apply(panel, spec, plain, move, {})
            of_rows(panel, spec, [after], before=[plain], found=breaches.on_transition(panel, spec, after, move.code))
