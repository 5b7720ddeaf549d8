"""What stands on a printed sheet: which sheets of a register a person may print, and of the records what that person may read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from app.catalog import rights
from app.catalog.print import Block, Print, Sublist
from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Missing, Refused, say
from app.fields.base import Field
from app.fields.links import Link
from app.services import adoption, listing, scope
from app.services.conditions import where
from app.services.listing import Filter
from app.services.panel import Work

MOST = 400
"""Records that are printed in one go."""
MOST_LINES = 2_000
"""Lines of other registers that are printed in one go."""

PRINTED = "print"
"""What the access log calls it."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """One value to be printed: the field, the register that it is a field of, and the row that holds it."""

    spec: RegisterSpec
    field: Field
    row: Row


@dataclass(frozen=True)
class Lines:
    """A table: its register, its columns and its rows."""

    spec: RegisterSpec
    columns: Sequence[Field]
    rows: Sequence[Row]


@dataclass
class Sheet:
    """One sheet of paper: of one record, or (``row`` None) of all that were chosen.

    ``values``: what it says of the record, by field code or ``reference.field``; what the reader may not see is not in it. ``tables``:
    its tables by the place of their block in the layout.
    """

    row: Row | None
    values: dict[str, Value] = field(default_factory=dict)
    tables: dict[int, Lines] = field(default_factory=dict)


@dataclass(frozen=True)
class Printed:
    """What is printed at once; ``left_out`` counts the chosen records that may not be printed on it as they stand."""

    spec: RegisterSpec
    print: Print
    sheets: list[Sheet]
    left_out: int


def offered(work: Work, register: str, ids: Sequence[int] = ()) -> list[Print]:
    """Return the prints of a register that the actor may make; with ``ids`` those that any of these records may be printed on.

    Raises Missing.
    """
    spec = work.spec(register)
    if not scope.may(work, register, "read"):
        return []
    roles = work.actor.roles | {rights.EVERYONE}
    mine = [
        p
        for p in spec.sheets
        if adoption.live(work, p, None, work.today) and (not p.by or work.actor.is_system or not roles.isdisjoint(p.by))
    ]
    return [p for p in mine if _fit(work, spec, p, ids)] if ids else mine


def sheets(work: Work, register: str, code: str, ids: Sequence[int]) -> Printed:
    """Return what is printed of the chosen records, in their order.

    Records that the actor may not read are passed over as if they were not there. Raises Missing for a print that is not there or
    not his to make and where no record is left, Refused where none of them may be printed as they stand, or too many were chosen.
    """
    spec = work.spec(register)
    found = next((p for p in offered(work, register) if p.code == code), None)
    if found is None:
        raise Missing
    if len(ids) > MOST:
        raise Refused(say("一次最多打印 {n} 条记录", n=MOST))
    rows = listing.rows_of(work, register, ids, logged_as=PRINTED)
    if not rows:
        raise Missing
    fit = _fit(work, spec, found, [r["id"] for r in rows])
    chosen = [r for r in rows if r["id"] in fit]
    if not chosen:
        raise Refused(say("所选记录在当前状态下不能打印“{name}”", name=found.label))
    made = [_together(work, spec, found, chosen)] if found.together else _each(work, spec, found, chosen)
    return Printed(spec, found, made, len(rows) - len(chosen))


def _fit(work: Work, spec: RegisterSpec, p: Print, ids: Sequence[int]) -> set[int]:
    """Return which records may be printed as they stand."""
    if not p.state and p.when is None:
        return set(ids)
    table = work.tables[spec.code]
    query = select(table.c.id).where(table.c.id.in_(list(ids)))
    if p.state:
        query = query.where(table.c.state.in_(p.state))
    if p.when is not None:
        query = query.where(where(table, spec, p.when, work))
    return set(work.connection.execute(query).scalars())


def _seen(work: Work, spec: RegisterSpec) -> dict[str, Field]:
    return SYSTEM | {f.code: f for f in scope.fields_for(work, spec.code)}


def _together(work: Work, spec: RegisterSpec, p: Print, rows: Sequence[Row]) -> Sheet:
    seen = _seen(work, spec)
    tables = {
        i: Lines(spec, [seen[c] for c in b.rows if c in seen], rows) for i, b in enumerate(p.layout) if b.rows
    }  # fmt: skip
    return Sheet(None, tables=tables)


def _each(work: Work, spec: RegisterSpec, p: Print, rows: Sequence[Row]) -> list[Sheet]:
    seen = _seen(work, spec)
    made = [Sheet(r) for r in rows]
    paths = list(dict.fromkeys(path for b in p.layout for path in b.paths))
    for s, r in zip(made, rows, strict=True):
        s.values |= {path: Value(spec, seen[path], r) for path in paths if path in seen}
    for head in dict.fromkeys(p.partition(".")[0] for p in paths if "." in p):
        link = seen.get(head)
        if isinstance(link, Link):
            _behind(work, link, [p for p in paths if p.startswith(f"{head}.")], made)
    for i, b in enumerate(p.layout):
        _lines(work, i, b, made)
    return made


def _behind(work: Work, link: Link, paths: Iterable[str], made: Sequence[Sheet]) -> None:
    """Add what stands in the records that a reference points to, as far as the actor may read them."""
    if not scope.may(work, link.target, "read"):
        return
    target, seen = work.spec(link.target), _seen(work, work.spec(link.target))
    ids = {s.row[link.code] for s in made if s.row is not None and s.row.get(link.code) is not None}
    rows = {r["id"]: r for r in listing.rows_of(work, link.target, sorted(ids), logged_as=PRINTED)}
    for path in paths:
        f = seen.get(path.partition(".")[2])
        for s in made:
            row = rows.get(s.row.get(link.code)) if s.row is not None else None
            if f is not None and row is not None:
                s.values[path] = Value(target, f, row)


def _lines(work: Work, place: int, block: Block, made: Sequence[Sheet]) -> None:
    """Add the table of the records that point to each printed one, as far as the actor may read them."""
    sub: Sublist | None = block.lines
    if sub is None or not scope.may(work, sub.register_code, "read"):
        return
    spec = work.spec(sub.register_code)
    seen = _seen(work, spec)
    if sub.through not in seen:
        return
    columns = [seen[c] for c in sub.columns if c in seen]
    rows = listing.select_rows(
        work, spec.code, filters=[Filter(sub.through, "in", [s.row["id"] for s in made if s.row is not None])],
        order=sub.order if sub.order.lstrip("-") in {"id", *seen} else "id", limit=MOST_LINES + 1,
        columns=[sub.through, *(c.code for c in columns)], logged_as=PRINTED,
    )  # fmt: skip
    if len(rows) > MOST_LINES:
        raise Refused(say("《{register}》的明细超过 {n} 行，请少选几条记录", register=spec.label, n=MOST_LINES))
    for s in made:
        number = s.row["id"] if s.row is not None else None
        mine = [
            r
            for r in rows
            if r[sub.through] == number or (isinstance(r[sub.through], tuple) and number in r[sub.through])
        ]
        s.tables[place] = Lines(spec, columns, mine)
