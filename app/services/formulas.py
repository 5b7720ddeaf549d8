"""Values of formulas, kept in columns: they follow within the same transaction when anything changes that they rest on.

Every value is worked out by the database itself, from the columns as they now stand. Before that the rows are locked, and those that
they look up: two transactions that change what one value rests on wait for each other, and the later one sees both changes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, select, update

from app.catalog.formula.evaluate import Circumstances
from app.catalog.formula.graph import Formula
from app.catalog.formula.tree import Gathered, Looked, Own, given
from app.catalog.register import RegisterSpec
from app.fields.links import Link
from app.models.among import among
from app.models.formulas.columns import worked_out
from app.services import calendars
from app.services.panel import Work

ENTERED = frozenset({"archived_at"})
"""What changes of a record that comes or goes, whatever its values."""


def reserve(
    work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]], changed: Collection[str] | None = None
) -> None:
    """Let nobody else change the records that these point to and whose values rest on them, or theirs on those, before these are written.

    ``rows`` are the records as they will be and were; ``changed`` their fields that change, None for all. Whoever changes records that
    point and records that are pointed to locks these first, so that two never wait for each other.
    """
    if work.connection.dialect.name == "sqlite":
        return
    own = work.catalog.formulas.of.get(spec.code, ())
    looked = {s.through for f in own for s in f.far if isinstance(s, Looked)}
    wanted = _gathering(work, spec.code) | (looked if changed is None else looked.intersection(changed))
    for through in sorted(wanted):
        link = spec.column(through)
        ids = {r[through] for r in rows if r.get(through) is not None}
        if ids and isinstance(link, Link):
            _hold(work, work.tables[link.target], ids)


def _hold(work: Work, table: Table, ids: Collection[int]) -> None:
    """Lock rows as a change of them would, which leaves others free to point to them."""
    mine = select(table.c.id).where(among(table.c.id, ids)).order_by(table.c.id)
    work.connection.execute(mine.with_for_update(key_share=True)).all()


def follow_new(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> None:
    """Work out everything that rests on records which have just been entered, their own formulas included."""
    own = work.catalog.formulas.of.get(spec.code, ())
    if not own and not work.catalog.formulas.taking.get(spec.code):
        return
    ids = [r["id"] for r in rows]
    work_out(work, spec.code, own, ids)
    _pass_on(work, spec.code, ids, spec.codes | ENTERED, _pointed_at(work, spec.code, rows))


def follow_placed(work: Work, spec: RegisterSpec, ids: Sequence[int]) -> None:
    """Work out everything that rests on records which stand in the table as they came from elsewhere."""
    if ids and (work.catalog.formulas.of.get(spec.code) or work.catalog.formulas.taking.get(spec.code)):
        follow_new(work, spec, [{"id": i} for i in ids])
        _pass_on(work, spec.code, ids, spec.codes | ENTERED, _current(work, spec.code, ids))


def follow_change(
    work: Work, spec: RegisterSpec, old: Sequence[Mapping[str, Any]], changes: Mapping[int, Mapping[str, Any]]
) -> None:
    """Work out what rests on fields of records that have just been changed; ``old`` are the records as they were."""
    if not work.catalog.formulas.of.get(spec.code) and not work.catalog.formulas.taking.get(spec.code):
        return
    codes = set().union(*changes.values())
    new, ids = [{**r, **changes[r["id"]]} for r in old], [r["id"] for r in old]
    parents = _pointed_at(work, spec.code, [*old, *new])
    if any(t not in r for t in parents for r in old):  # what was read of the records is not all of them
        parents = {t: found | parents[t] for t, found in _current(work, spec.code, ids).items()}
    _follow(work, spec.code, ids, codes, parents)


def _follow(work: Work, register: str, ids: Sequence[int], codes: set[str], parents: Mapping[str, set[int]]) -> None:
    touched = touched_by(work, register, codes)
    work_out(work, register, touched, ids)
    _pass_on(work, register, ids, codes.union(f.field.code for f in touched), parents)


def touched_by(work: Work, register: str, codes: Collection[str]) -> list[Formula]:
    """Return the formulas of a register that rest on some of its own fields, directly or through one another."""
    changed, found = set(codes), []
    for formula in work.catalog.formulas.of.get(register, ()):
        looked = {c for g in given(formula.tree) for c in _own(g.source)}
        if not changed.isdisjoint(looked):
            changed.add(formula.field.code)
            found.append(formula)
    return found


def _own(source: Own | Looked | Gathered) -> tuple[str, ...]:
    """Return what a source reads of the record itself."""
    match source:
        case Own(field, _):
            return (field,)
        case Looked(through=through):
            return (through,)
    return ()


def _pass_on(
    work: Work, register: str, ids: Sequence[int], codes: Collection[str], parents: Mapping[str, set[int]]
) -> None:
    """Work out what other records take from these; ``parents`` are the records that each of their references points or pointed to."""
    for formula, source in work.catalog.formulas.taking.get(register, ()):
        match source:
            case Looked() if source.field in codes:
                affected = pointing(work, formula.register, source.through, ids)
            case Gathered() if not moves(source).isdisjoint(codes):
                affected = sorted(parents.get(source.through, set()))
            case _:
                continue
        if affected:
            renew(work, formula, affected)


def renew(work: Work, formula: Formula, ids: Sequence[int]) -> None:
    """Work one formula out for some records, and then what rests on it."""
    work_out(work, formula.register, [formula], ids)
    code = formula.field.code
    takes = work.catalog.formulas.taking.get(formula.register, ())
    parents = _current(work, formula.register, ids) if any(isinstance(s, Gathered) for _, s in takes) else {}
    _follow(work, formula.register, ids, {code}, parents)


def moves(source: Gathered) -> set[str]:
    """Return the fields of the records that point here with which a figure over them changes."""
    return {source.field, source.through, source.only.field if source.only else "", *ENTERED} - {""}


def _gathering(work: Work, register: str) -> set[str]:
    """Return the references of a register through which figures over its records are taken."""
    return {s.through for _, s in work.catalog.formulas.taking.get(register, ()) if isinstance(s, Gathered)}


def _pointed_at(work: Work, register: str, rows: Iterable[Mapping[str, Any]]) -> dict[str, set[int]]:
    through = _gathering(work, register)
    return {t: {r[t] for r in rows if r.get(t) is not None} for t in through} if through else {}


def _current(work: Work, register: str, ids: Sequence[int]) -> dict[str, set[int]]:
    through = sorted(_gathering(work, register))
    if not through:
        return {}
    table = work.tables[register]
    rows = work.connection.execute(select(*(table.c[t] for t in through)).where(among(table.c.id, ids))).mappings()
    return _pointed_at(work, register, [dict(r) for r in rows])


def pointing(work: Work, register: str, through: str, ids: Sequence[int]) -> list[int]:
    """Return the records of a register whose reference points to one of some records."""
    table = work.tables[register]
    query = select(table.c.id).where(among(table.c[through], ids)).order_by(table.c.id)
    return list(work.connection.execute(query).scalars())


def circumstances(work: Work) -> Circumstances:
    """Return the day and the calendar by which formulas are worked out now."""
    return Circumstances(work.today, calendars.of(work))


def work_out(work: Work, register: str, formulas: Sequence[Formula], ids: Sequence[int]) -> None:
    """Write what some formulas of a register give for records, in the formulas' order; nothing else follows from it."""
    if not formulas or not ids:
        return
    table = work.tables[register]
    _lock(work, table, formulas, ids)
    at = circumstances(work)
    for together in _ranks(formulas):
        values = {f.field.code: worked_out(work.connection, work.panel.models, f, at) for f in together}
        work.connection.execute(update(table).where(among(table.c.id, ids)).values(values))


def _ranks(formulas: Sequence[Formula]) -> Iterator[list[Formula]]:
    """Yield the formulas in parts that can be worked out at once: none rests on another of its part."""
    part: list[Formula] = []
    for formula in formulas:
        if any(f.key in formula.needs for f in part):
            yield part
            part = []
        part.append(formula)
    yield part


def _lock(work: Work, table: Table, formulas: Sequence[Formula], ids: Sequence[int]) -> None:
    """Let nobody else change meanwhile what the values are kept in and looked up from; SQLite has one writer anyway."""
    far = [s for f in formulas for s in f.far]
    if work.connection.dialect.name == "sqlite" or not far:
        return
    _hold(work, table, ids)
    for register, through in dict.fromkeys((s.register, s.through) for s in far if isinstance(s, Looked)):
        other = work.tables[register]
        wanted = select(table.c[through]).where(among(table.c.id, ids), table.c[through].is_not(None)).distinct()
        _hold(work, other, list(work.connection.execute(wanted).scalars()))
