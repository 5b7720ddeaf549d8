"""What breaches are charged with: their lines, measured from the facts as of a moment, and measured again when those change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, or_, select, update

from app.catalog.amount import Amount, Payments
from app.catalog.breach import Breach, Counter
from app.catalog.catalog import adopted
from app.catalog.condition import Condition
from app.catalog.register import RegisterSpec
from app.fields.links import Link
from app.models.bulk import insert_rows
from app.models.ledger import breach, breach_line, obligation
from app.rules.charge import Late, Payment, charge
from app.rules.dated import in_force
from app.services import adoption, editions, history, people, rows
from app.services.conditions import with_references
from app.services.panel import Work

Line = dict[str, Any]
WHOLE = (
    "kind",
    "label",
    "register",
    "record_id",
    "unit_amount",
    "quantity",
    "unit_points",
    "sanction",
    "from_nth",
    "formula",
)


def amount_of(
    work: Work,
    spec: RegisterSpec,
    amounts: Sequence[Amount],
    row: Mapping[str, Any],
    day: date,
    person: int | None,
    bound: frozenset[str],
) -> Amount | None:
    """Return the amount in force on a day for a record and the person charged: the first that fits of the latest.

    ``work`` is under the definitions that bind the breach, and ``bound`` are the policies that apply to it.
    """
    fitting = [a for a in amounts if adopted(a, bound)]
    if any(a.when is not None for a in fitting):
        whole = {**with_references(work, spec, [row], [a.when for a in fitting])[0], **_charged(work, person)}
        fitting = [a for a in fitting if a.when is None or a.when.holds(whole)]
    return in_force(fitting, day)


def lines_of(
    work: Work,
    spec: RegisterSpec,
    rule: Breach,
    amount: Amount | None,
    row: Mapping[str, Any],
    facts: Mapping[str, Any],
    bound: frozenset[str],
    *,
    quantity: int | None = None,
    late: Late | None = None,
) -> list[Line]:
    """Return the lines that a breach is charged with, as of the end of ``late`` where it depends on lateness.

    ``facts`` give the day and the person; ``quantity`` is how many items somebody reported, None: as the record says.
    """
    if rule.lines is not None and quantity is None:
        return _checklist(work, rule, row, facts, bound)
    if amount is None:
        return []
    items = quantity if quantity is not None else int(row.get(rule.quantity) or 0) if rule.quantity else 1
    line = {"kind": rule.clause or rule.code, "label": rule.label.zh, "register": None, "record_id": None}
    return _charge(work, spec, amount, row, line, items, late)


def subject(counter: Counter | None, row: Mapping[str, Any], register: str, facts: Mapping[str, Any]) -> str:
    """Return whose breaches a breach is judged together with, such as ``person:7``; empty where nobody is charged."""
    if facts.get("payer_id") is None and facts["person"] is None:
        return ""
    charged = f"{facts['payer_register']}:{facts['payer_id']}" if facts.get("payer_id") else f"person:{facts['person']}"
    per = counter.per if counter is not None else "person"
    if per == "person":
        return charged
    if per == "unit":
        return f"unit:{row.get('unit') or 0}"
    if per == "record":
        return f"{register}:{row['id']}"
    named = row.get(per)
    return charged if named is None else f"{per}:{named}"


def payer(spec: RegisterSpec, rule: Breach | None, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that pays for a breach, which is none of the staff, as register and id; both None for any other breach."""
    link = spec.column(rule.payer) if rule is not None and rule.payer else None
    named = row.get(link.code) if isinstance(link, Link) else None
    return {"payer_register": link.target if isinstance(link, Link) and named else None, "payer_id": named}


def follow(work: Work, spec: RegisterSpec, changed: Sequence[Mapping[str, Any]]) -> set[int]:
    """Measure again the breaches of records that depend on what may just have changed; return those that did."""
    codes = {code for c in editions.catalogs(work) for code in c.measured.get(spec.code, ())}
    if not codes or not changed:
        return set()
    b, ids = breach.c, [r["id"] for r in changed]
    found: list[int] = []
    for start in range(0, len(ids), 500):
        mine = b.register == spec.code, b.record_id.in_(ids[start : start + 500]), b.rule.in_(codes), b.state == "live"
        found += work.connection.execute(select(b.id).where(*mine)).scalars()
    return measure(work, found)


def growing(work: Work, before: datetime, limit: int) -> list[int]:
    """Return breaches that still grow and were last measured before a moment, locked for this transaction."""
    b = breach.c
    query = select(b.id).where(b.grows.is_(True), b.measured_at < before, b.state == "live")
    query = query.order_by(b.measured_at, b.id).limit(limit).with_for_update(skip_locked=True)
    return list(work.connection.execute(query).scalars())


def measure(work: Work, ids: Sequence[int]) -> set[int]:
    """Measure breaches anew as of ``work.now`` and return those whose lines have changed."""
    touched: set[int] = set()
    for start in range(0, len(ids), 500):
        touched |= _measure(work, ids[start : start + 500])
    return touched


def _measure(work: Work, ids: Sequence[int]) -> set[int]:
    b, o = breach.c, obligation.c
    query = select(breach, o.done_at, o.started_on).outerjoin(obligation, o.id == b.obligation).where(b.id.in_(ids))
    known = [dict(r) for r in work.rows(query)]
    there: dict[int, list[Mapping[str, Any]]] = {}
    for x in work.rows(select(breach_line).where(breach_line.c.breach.in_(ids)).order_by(breach_line.c.seq)):
        there.setdefault(x["breach"], []).append(x)
    work.connection.execute(update(breach).where(b.id.in_(ids)).values(measured_at=work.now))
    touched: set[int] = set()
    for revision, register in sorted({(r["revision"], r["register"]) for r in known}):
        mine = [r for r in known if (r["revision"], r["register"]) == (revision, register)]
        then = editions.bound(work, revision)
        if (spec := then.catalog.registers.get(register)) is None:
            continue
        whole = rows.read(then, spec, sorted({r["record_id"] for r in mine}))
        touched |= {r["id"] for r in mine if _moved(then, spec, r, whole.get(r["record_id"]), there.get(r["id"], []))}
    return touched


def _moved(
    work: Work,
    spec: RegisterSpec,
    fact: Mapping[str, Any],
    row: Mapping[str, Any] | None,
    old: Sequence[Mapping[str, Any]],
) -> bool:
    """Measure one breach anew under the definitions that bind it, and return whether its lines have changed."""
    rule = work.catalog.breaches.get((spec.code, fact["rule"]))
    if rule is None or row is None:
        return False
    bound = adoption.policies(work, row.get("unit"), fact["started_on"] or fact["day"])
    amount = amount_of(work, spec, rule.amount, row, fact["day"], fact["person"], bound)
    if amount is None or not (amount.measured or rule.counted):
        return False
    late = lateness(work, fact, fact["done_at"]) if fact["obligation"] is not None else None
    reported = old[0]["quantity"] if old and amount.per == "item" and not rule.quantity and rule.lines is None else None
    new = lines_of(work, spec, rule, amount, row, fact, bound, quantity=reported, late=late)
    grows = amount.by_lateness and late is not None and fact["done_at"] is None
    work.connection.execute(update(breach).where(breach.c.id == fact["id"]).values(grows=grows))
    if [{k: x[k] for k in WHOLE} for x in old] == [{k: x[k] for k in WHOLE} for x in new]:
        return False
    corrected = {"corrected_at": old[0]["corrected_at"] if old else None}
    work.connection.execute(delete(breach_line).where(breach_line.c.breach == fact["id"]))
    lines = [{"breach": fact["id"], "seq": n, **x, **corrected} for n, x in enumerate(new, 1)]
    insert_rows(work.connection, breach_line, lines)
    return True


def lateness(work: Work, facts: Mapping[str, Any], done_at: datetime | None) -> Late:
    """Return how late something is whose breach occurred at a moment: until it was done, or as of now."""
    return Late(facts["occurred_at"], facts["day"], done_at if done_at is not None else work.now)


def _charge(
    work: Work, spec: RegisterSpec, amount: Amount, row: Mapping[str, Any], line: Line, items: int, late: Late | None
) -> list[Line]:
    interest = amount.interest
    paths = [amount.of, *((interest.balance, interest.percent_field) if interest is not None else ())]
    whole = with_references(work, spec, [row], [Condition(field=p, filled=True) for p in paths if "." in p])[0]
    paid = _paid(work, interest.paid, row["id"]) if interest is not None and interest.paid is not None else []
    return [
        line
        | {
            "unit_amount": Decimal(c.unit_fen).scaleb(-2), "quantity": c.quantity, "unit_points": Decimal(c.unit_points).scaleb(-2),
            "sanction": c.sanction or None, "from_nth": c.from_nth, "formula": c.formula or None, "corrected_at": None,
        }
        for c in charge(amount, whole, work.panel.calendar, items=items, late=late, payments=paid)
    ]  # fmt: skip


def _paid(work: Work, paid: Payments, record_id: int) -> list[Payment]:
    t = work.tables[paid.register_code].c
    mine = (
        t[paid.through] == record_id,
        t.archived_at.is_(None),
        t[paid.amount].is_not(None),
        t[paid.paid_on].is_not(None),
    )
    found = work.connection.execute(select(t[paid.paid_on], t[paid.amount]).where(*mine))
    return [Payment(work.local_day(d) if isinstance(d, datetime) else d, int(m * 100)) for d, m in found]


def _checklist(
    work: Work, rule: Breach, row: Mapping[str, Any], facts: Mapping[str, Any], bound: frozenset[str]
) -> list[Line]:
    lines = rule.lines
    if lines is None:
        return []
    spec, table = work.catalog.registers[lines.register_code], work.tables[lines.register_code]
    query = select(table).where(
        table.c[lines.through] == row["id"],
        table.c.created_at <= work.now,
        or_(table.c.archived_at.is_(None), table.c.archived_at > work.now),
    )
    children = [dict(r) for r in work.rows(query.order_by(table.c.id))]
    then = [history.as_of(work, spec, c, work.now) for c in children]
    found: list[Line] = []
    for now, child in zip(children, with_references(work, spec, then, [k.when for k in lines.kinds]), strict=True):
        put_right = corrected_at(work, now.get(lines.corrected))
        for kind in lines.kinds:
            if not kind.when.holds(child) or not adopted(kind, bound):
                continue
            price = amount_of(work, spec, kind.amount, child, facts["day"], facts["person"], bound)
            if price is not None:
                line = {"kind": kind.code, "label": kind.label.zh, "register": spec.code, "record_id": child["id"]}
                charged = _charge(work, spec, price, child, line, 1, None)
                found += [x | {"corrected_at": put_right} for x in charged]
    return found


def corrected_at(work: Work, value: date | datetime | None) -> datetime | None:
    """Return the moment at which a line was put right, of the day or moment that its record says."""
    return value if isinstance(value, datetime) or value is None else work.panel.calendar.start_of(value)


def _charged(work: Work, person: int | None) -> dict[str, Any]:
    """Return what conditions may ask of the person charged."""
    profile = people.profiles(work).get(person) if person is not None else None
    roles = tuple(sorted(people.roles_of(work, person))) if person is not None else ()
    return {"charged.roles": roles, "charged.rank": profile.get("rank") if profile else None}
