"""The one reader: what a person may do with which rows and fields of a register."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true
from sqlalchemy.sql.elements import BooleanClauseList
from sqlalchemy.sql.operators import or_ as or_op

from app.catalog import rights
from app.catalog.catalog import adopted
from app.catalog.formula.tree import Looked, Own, Source
from app.catalog.register import Access, Grant, RegisterSpec
from app.catalog.words import VERB_NAMES
from app.errors import Forbidden, say
from app.fields.base import Field
from app.fields.links import Person, Signature
from app.services import adoption, people
from app.services.conditions import where
from app.services.panel import Actor, Work

_KEPT = 500
"""Row rules that one process remembers: one for each person, register and verb; to write one out costs more than to ask by it."""
_RULES = 5_000
"""Access rules that one process remembers, by the roles of those who ask: small, and asked for everywhere."""
AROUND: dict[str, Callable[[Work, int | None], list[int]]] = {"below": people.below, "company": people.company}
"""Rules for the rows of several units: which those of a person of a unit are."""


def may(work: Work, register: str, verb: str) -> bool:
    """Return whether the actor may do ``verb`` (read, add, edit, delete, import, export) with any row of the register."""
    spec = work.catalog.registers.get(register)
    if spec is None:
        return False
    if work.actor.is_system or (_on(work, spec) and bool(_rules(work, spec, verb))):
        return True
    return verb == "read" and any(may(work.acting(a), register, verb) for a in work.actor.deputises)


def demand(work: Work, register: str, verb: str) -> RegisterSpec:
    """Return the register's definition if the actor may do ``verb`` with it.

    Raises Missing where there is no such register, Forbidden otherwise.
    """
    spec = work.spec(register)
    if not may(work, register, verb):
        raise Forbidden(say("您没有{verb}“{register}”的权限", verb=VERB_NAMES[verb], register=spec.label))
    return spec


def readable(work: Work) -> list[RegisterSpec]:
    """Return the registers that the actor may read, in the catalog's order."""
    return [s for c, s in work.catalog.registers.items() if may(work, c, "read")]


def used(work: Work) -> list[RegisterSpec]:
    """Return the registers that the actor works with, for the menu: those whose policies the actor's own house applies, and of which
    a role, or everybody, may enter records or reads more than the rows in which one is named.
    """
    house = adoption.in_house(work, work.actor.unit_id)
    return [s for s in readable(work) if work.actor.is_system or (adopted(s, house) and _works_with(work, s))]


def _works_with(work: Work, spec: RegisterSpec) -> bool:
    if any(a.role != rights.EVERYONE or a.rows != "own" for a in _rules(work, spec, "read")) or may(
        work, spec.code, "add"
    ):
        return True
    above = _parent(work, spec) if spec.follows else None
    return above is not None and above.code != spec.code and _works_with(work, above)


def visible(work: Work, register: str, verb: str = "read", *, archived: bool = False) -> ColumnElement[bool]:
    """Return the WHERE clause on a register's table for the rows with which the actor may do ``verb``.

    Archived rows are never among them; with ``archived`` they alone are, those with which the actor might before.
    """
    key = ("visible", register, verb, archived, work.actor)
    if key not in work.memo:
        rule = rows_rule(work, register, verb)
        if rule is None:
            work.memo[key] = _visible(work, register, verb, archived)
        else:
            work.memo[key] = work.panel.once(
                "row rules", (archived, rule), lambda: _visible(work, register, verb, archived), most=_KEPT
            )
    return work.memo[key]


def rows_rule(work: Work, register: str, verb: str = "read") -> Hashable | None:
    """Return all that ``visible`` hangs on besides the definitions, to keep a statement by; None where that changes by the moment."""
    key = ("rule", register, verb, work.actor)
    if key not in work.memo:
        facts = _facts(work, work.spec(register), verb)
        work.memo[key] = None if facts is None else (register, verb, work.actor, facts)
    return work.memo[key]


def rows_rules(work: Work, register: str, verbs: Sequence[str], *more: Hashable) -> Hashable | None:
    """Return the rules of several verbs and what else a statement hangs on, to keep it by; None where a rule changes by the moment."""
    rules = tuple([rows_rule(work, register, v) for v in verbs])
    return None if None in rules else (*rules, *more)


def _facts(work: Work, spec: RegisterSpec, verb: str) -> Hashable | None:
    """Return what the rows open to the actor hang on besides the definitions; None for an approval, which ends with a moment."""
    kinds = {rule.rows for rule in _rules(work, spec, verb)}
    if "granted" in kinds or work.actor.behind is not None:
        return None
    units = tuple((kind, *of(work, work.actor.unit_id)) for kind, of in AROUND.items() if kind in kinds)
    others: list[Hashable | None] = []
    if verb == "read":
        others = [_facts(work.acting(a), spec, verb) for a in work.actor.deputises]
        if spec.follows and (parent := _parent(work, spec)) is not None:
            others.append(_facts(work, parent, verb))
    return None if None in others else (adoption.anywhere(work), units, *others)


def _visible(work: Work, register: str, verb: str, archived: bool) -> ColumnElement[bool]:
    if work.actor.behind is not None:
        return and_(*(visible(work.acting(a), register, verb, archived=archived) for a in _both(work.actor)))
    spec = work.spec(register)
    table = work.tables[register]
    kept: ColumnElement[bool] = table.c.archived_at.is_not(None) if archived else table.c.archived_at.is_(None)
    if spec.tickets_of:
        kept = and_(kept, table.c.counter.in_(spec.tickets_of))
    if work.actor.is_system:
        return kept
    if not _on(work, spec):
        return false()
    granted = _each_once([_rows(work, spec, rule) for rule in _rules(work, spec, verb)])
    if spec.follows and verb == "read":
        granted.append(_through_parent(work, spec))
    if verb == "read":
        granted += [visible(work.acting(a), register, archived=archived) for a in work.actor.deputises]
    me = work.actor.person_id
    apart = [or_(table.c[f].is_(None), table.c[f] != me) for f in spec.excluded]
    if spec.follows and (parent := _parent(work, spec)) is not None and parent.excluded:
        apart.append(not_(_about_me(work, spec, parent)))
    return and_(kept, or_(false(), *granted), *apart)


def _both(actor: Actor) -> tuple[Actor, ...]:
    """Return the person seen as and whoever looks, each as he is alone; of everybody else just the actor."""
    return (actor,) if actor.behind is None else (replace(actor, behind=None), actor.behind)


def findable(work: Work, register: str) -> ColumnElement[bool]:
    """Return the WHERE clause for the rows that the actor may find by number and name: those he may read or look up."""
    return or_(visible(work, register, "read"), visible(work, register, "find"))


def _each_once(granted: Sequence[ColumnElement[bool]]) -> list[ColumnElement[bool]]:
    """Return the alternatives without repetitions, which several roles of one person bring; the database looks at each in every row."""
    flat = [
        p for g in granted for p in (g.clauses if isinstance(g, BooleanClauseList) and g.operator is or_op else (g,))
    ]
    kept: list[ColumnElement[bool]] = []
    for part in flat:
        if not any(part.compare(k) for k in kept):
            kept.append(part)
    return kept


def uncovered(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]], verb: str) -> list[int]:
    """Return which of some rows that are only about to exist, by their index, the actor may not do ``verb`` with."""
    if work.actor.is_system:
        return []
    me, unit = work.actor.person_id, work.actor.unit_id
    # other rules are of any unit: whoever enters a row owns it
    units: dict[str, list[int | None]] = {"unit": [unit], **{kind: [*of(work, unit)] for kind, of in AROUND.items()}}
    units["company"].append(None)
    tests = [
        (rule.when.holds if rule.when is not None else None, units.get(rule.rows))
        for rule in _rules(work, spec, verb)
        if rule.rows != "granted"
    ]

    return [
        i
        for i, row in enumerate(rows)
        if any([row.get(f) == me for f in spec.excluded])
        or not any([(holds is None or holds(row)) and (of is None or row.get("unit") in of) for holds, of in tests])
    ]


def rows_read(work: Work, register: str) -> str:
    """Return the widest kind of rows of which the actor reads each one: ``all``, ``company``, ``below``, ``unit``, or ``own`` for less."""
    if work.actor.behind is not None:
        return rows_read(work.acting(work.actor.behind), register)
    spec = work.spec(register)
    kinds = {"all"} if work.actor.is_system else {a.rows for a in _rules(work, spec, "read") if a.when is None}
    if spec.follows and (parent := _parent(work, spec)) is not None and _rules(work, parent, "read"):
        kinds |= {rows_read(work, parent.code)}
    return next((k for k in ("all", "company", "below", "unit") if k in kinds), "own")


def fields_for(work: Work, register: str, verb: str = "read") -> tuple[Field, ...]:
    """Return the fields of a register that the actor may see (``read``) or write (``add``, ``edit``)."""
    spec = work.spec(register)
    if work.actor.is_system:
        return spec.fields
    key = (register, verb, work.actor, adoption.anywhere(work))
    return work.panel.once("fields", key, lambda: _fields_for(work, spec, verb), most=_KEPT)


def _fields_for(work: Work, spec: RegisterSpec, verb: str) -> tuple[Field, ...]:
    if verb != "read":
        new = verb == "add"  # a new record has no former values
        return tuple(f for f in spec.fields if rights.writes(spec, f, work.actor.roles) and not (new and f.original_of))
    seen = (f for f in spec.fields if all(rights.sees(f, a.roles) for a in _both(work.actor)))
    return tuple(f for f in seen if not f.formula or _sees_through(work, spec, f))


def _sees_through(work: Work, spec: RegisterSpec, field: Field) -> bool:
    """Return whether the actor may see everything that a formula is worked out from: otherwise its value would tell of it."""
    key = ("sees through", spec.code, field.code, work.actor)
    if key not in work.memo:
        sources = work.catalog.formulas.rests_on((spec.code, field.code))
        work.memo[key] = all(sees_source(work, register, part.source) for register, part in sources)
    return work.memo[key]


def sees_source(work: Work, register: str, source: Source) -> bool:
    """Return whether the actor may see what a formula of a register is given by a source, in whichever record."""
    match source:
        case Own(code, _):
            return _sees_field(work, register, code)
        case Looked(through, other, code, _):
            return _sees_field(work, register, through) and _sees_field(work, other, code) and _reads_all(work, other)
    codes = (source.through, source.field, source.only.field if source.only else "")
    follows = work.spec(source.register).follows == source.through and may(work, source.register, "read")
    return all(_sees_field(work, source.register, c) for c in codes if c) and (
        follows or _reads_all(work, source.register)
    )


def _sees_field(work: Work, register: str, code: str) -> bool:
    found = work.spec(register).column(code)
    return found is None or all(rights.sees(found, a.roles) for a in _both(work.actor))


def _reads_all(work: Work, register: str) -> bool:
    everyone = (work.acting(a) for a in _both(work.actor))
    return all(may(w, register, "read") and rows_read(w, register) == "all" for w in everyone)


def _on(work: Work, spec: RegisterSpec) -> bool:
    return adopted(spec, adoption.anywhere(work))


def _rules(work: Work, spec: RegisterSpec, verb: str) -> list[Access]:
    roles, lent, applied = work.actor.roles, work.actor.lent is not None, adoption.anywhere(work)

    def ruling() -> list[Access]:
        found = [a for a in rights.ruling(spec, roles, applied, lent=lent) if verb in a.can]
        if verb == "read" and spec.follows and not found and (parent := _parent(work, spec)):
            return [Access(role=rights.EVERYONE, can=("read",), rows="own")] if _rules(work, parent, verb) else []
        return found

    return work.panel.once("access", (spec.code, verb, roles, lent, applied), ruling, most=_RULES)


def _rows(work: Work, spec: RegisterSpec, rule: Access) -> ColumnElement[bool]:
    table = work.tables[spec.code]
    me, unit = work.actor.person_id, work.actor.unit_id
    match rule.rows:
        case "all":
            rows: ColumnElement[bool] = true()
        case "own":
            rows = or_(table.c.created_by == me, *_named(work, spec, rule.named_in))
        case "unit":
            rows = table.c.unit == unit if unit is not None else false()
        case "below":
            rows = table.c.unit.in_(people.below(work, unit)) if unit is not None else false()
        case "company":
            rows = or_(table.c.unit.in_(people.company(work, unit)), table.c.unit.is_(None))
        case "granted":
            rows = _granted(work, spec, rule)
    return rows if rule.when is None else and_(rows, where(table, spec, rule.when))


def _named(work: Work, spec: RegisterSpec, named_in: tuple[str, ...]) -> list[ColumnElement[bool]]:
    table, me = work.tables[spec.code], work.actor.person_id
    found: list[ColumnElement[bool]] = []
    for f in spec.fields:
        if isinstance(f, Person | Signature) and f.code not in spec.excluded and (not named_in or f.code in named_in):
            if f.many:
                link = work.links[spec.code, f.code]
                found.append(exists().where(link.c.record_id == table.c.id, link.c.target == me))
            else:
                found.append(table.c[f.code] == me)
    return found


def _granted(work: Work, spec: RegisterSpec, rule: Access) -> ColumnElement[bool]:
    if rule.grant is None:
        return false()
    return exists().select_from(work.tables[rule.grant.register_code]).where(_opening(work, spec, rule.grant))


def _opening(work: Work, spec: RegisterSpec, grant: Grant) -> ColumnElement[bool]:
    """Return which approvals open a row of the query around it to the actor now."""
    other, table = work.tables[grant.register_code], work.tables[spec.code]
    target = work.catalog.registers[grant.register_code].field(grant.target)
    opens: ColumnElement[bool]
    if target is not None and target.many:
        link = work.links[grant.register_code, grant.target]
        # two queries deep, the row around must be named: otherwise any approval would open every row
        opens = other.c.id.in_(select(link.c.record_id).where(link.c.target == table.c.id).correlate(table))
    else:
        opens = other.c[grant.target] == table.c.id
    return and_(opens, *_standing(work, grant))


def _standing(work: Work, grant: Grant) -> list[ColumnElement[bool]]:
    """Return which approvals let the actor in now."""
    other = work.tables[grant.register_code]
    return [
        other.c[grant.person] == work.actor.person_id,
        other.c.state.in_(grant.state),
        other.c[grant.until] > work.now,
        other.c.archived_at.is_(None),
    ]


def granting(work: Work, spec: RegisterSpec) -> Grant | None:
    """Return by which approvals rows of a register are opened to the actor, where a rule of his says so."""
    return next((rule.grant for rule in _rules(work, spec, "read") if rule.grant is not None), None)


def approval_of(work: Work, spec: RegisterSpec, grant: Grant) -> ColumnElement[Any]:
    """Return the column with the approval that opens each row of a register to the actor."""
    other = work.tables[grant.register_code]
    found = select(func.max(other.c.id)).where(_opening(work, spec, grant))
    return found.correlate(work.tables[spec.code]).scalar_subquery()


def approvals(work: Work, rule: Access) -> list[tuple[str, str, datetime]]:
    """Return the approvals that let the actor in now by a rule, as (register, number, until)."""
    if (grant := rule.grant) is None:
        return []
    other = work.tables[grant.register_code]
    query = select(other.c.record_no, other.c[grant.until]).where(*_standing(work, grant)).order_by(other.c.id)
    return [(grant.register_code, number, until) for number, until in work.connection.execute(query)]


def _parent(work: Work, spec: RegisterSpec) -> RegisterSpec | None:
    return rights.above(work.catalog, spec)


def _through_parent(work: Work, spec: RegisterSpec) -> ColumnElement[bool]:
    parent = _parent(work, spec)
    if parent is None or not may(work, parent.code, "read"):
        return false()
    table, above = work.tables[spec.code], work.tables[parent.code]
    return table.c[spec.follows].in_(select(above.c.id).where(visible(work, parent.code)))


def _about_me(work: Work, spec: RegisterSpec, parent: RegisterSpec) -> ColumnElement[bool]:
    above = work.tables[parent.code]
    mine = select(above.c.id).where(or_(*(above.c[f] == work.actor.person_id for f in parent.excluded)))
    column = work.tables[spec.code].c[spec.follows]
    return and_(column.is_not(None), column.in_(mine))
