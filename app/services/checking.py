"""Whether values may be written: required, acceptable by themselves, together, and against what is there; all errors at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Table, select

from app.catalog.condition import Condition
from app.catalog.register import RegisterSpec
from app.errors import CellError, Sentence, say
from app.fields.base import Field
from app.fields.links import File, Link, Person, Signature
from app.models.bulk import by_column
from app.models.fixed import attachment, person
from app.models.foreseen import WRITTEN
from app.services.conditions import with_references
from app.services.panel import Work

CHUNK = 500
Error = tuple[int, str, Sentence]
"""(index of the row, field, reason)"""


def check_rows(
    work: Work,
    spec: RegisterSpec,
    rows: Sequence[Mapping[str, Any]],
    own_ids: Sequence[int | None] | None = None,
    *,
    changed: Collection[str] | None = None,
) -> list[CellError]:
    """Return everything wrong with rows that are about to be written whole: field code → Python value.

    ``own_ids`` are the ids of the rows where they exist already, so that a row does not clash with itself; ``changed`` the fields
    that differ from what they hold: only those are compared with other rows.
    ``CellError.row`` counts from 1.
    """
    ids = own_ids or [None] * len(rows)
    errors = [*_each(work, spec, rows), *_taken(work, spec, rows, ids, changed), *_absent(work, spec, rows, changed)]
    return [
        CellError(f, reason, text=_text(spec, f, rows[i].get(f)), row=i + 1, label=_label(spec, f))
        for i, f, reason in sorted(errors, key=lambda e: (e[0], e[1]))
    ]


def _label(spec: RegisterSpec, code: str) -> str:
    field = spec.column(code)
    return field.label.zh if field else code


def _text(spec: RegisterSpec, code: str, value: Any) -> str:
    field = spec.column(code)
    return "" if value is None else field.format(value) if field and not isinstance(field, Link) else str(value)


def _each(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> Iterable[Error]:
    """Yield what is wrong with the rows by themselves."""
    needed_when = spec.needed_when
    whole = with_references(work, spec, rows, spec.far_conditions)
    filled: set[str] = set().union(*whole)
    columns = by_column(whole, [f.code for f in spec.fields if f.code in filled])
    empty = (None,) * len(whole)
    for f in spec.fields:
        if isinstance(f, Signature) or f.formula:
            continue
        demanded = f.required and f.typed
        if f.code not in filled and not demanded and f.code not in needed_when:
            continue
        values = columns.get(f.code, empty)
        distinct = set(values)  # each value is looked at once: a file brings the same few choices thousands of times
        blank = not distinct.isdisjoint(_BLANK)
        if blank and demanded:
            yield from ((i, f.code, say("必填")) for i, v in enumerate(values) if v in _BLANK)
        elif blank and (needed := needed_when.get(f.code)) is not None:
            missing = (i for i, v in enumerate(values) if v in _BLANK and needed.holds(whole[i]))
            yield from ((i, f.code, say("在此情形下必填")) for i in missing)
        if type(f).check is not Field.check:
            reasons = {v: reason for v in distinct - _BLANK if (reason := f.check(v)) is not None}
            yield from ((i, f.code, reasons[v]) for i, v in enumerate(values) if v in reasons) if reasons else ()
    for c in spec.checks:
        judged = _judged(c.require)
        if not filled.issuperset(judged):
            continue  # no row has all that is compared
        for i, row in enumerate(whole):
            if (
                not c.require.holds(row)
                and (c.when is None or c.when.holds(row))
                and all([row.get(f) is not None for f in judged])
            ):
                yield i, c.field, Sentence(c.say.zh.replace("{", "{{").replace("}", "}}"))


_BLANK = frozenset({None, "", ()})


def _judged(condition: Condition) -> list[str]:
    """Return the fields without which a comparison cannot be judged: an empty one is the business of ``required``."""
    return [] if any(c.filled is not None for c in _parts(condition)) else list(condition.fields())


def _parts(condition: Condition) -> Iterable[Condition]:
    yield condition
    for part in (*(condition.all_ or ()), *(condition.any_ or ()), *((condition.not_,) if condition.not_ else ())):
        yield from _parts(part)


def _taken(
    work: Work,
    spec: RegisterSpec,
    rows: Sequence[Mapping[str, Any]],
    ids: Sequence[int | None],
    changed: Collection[str] | None,
) -> Iterable[Error]:
    """Yield the rows whose unique values are used already, in the table or further up."""
    table = work.tables[spec.code]
    sets = [*((f.code,) for f in spec.fields if f.unique and not f.many), *spec.unique_together, ("record_no",)]
    for fields in sets:
        at = fields[0] if changed is None else next((f for f in fields if f in changed), None)
        if at is None:
            continue
        keys = [tuple(r.get(f) for f in fields) for r in rows]
        wanted = {k for k in keys if None not in k}
        if not wanted:
            continue
        there = _there(work, table, fields, wanted)
        first: dict[tuple[Any, ...], int] = {}
        for i, key in enumerate(keys):
            if None in key:
                continue
            label = "、".join(_label(spec, f) for f in fields)
            if key in there and there[key] != ids[i]:
                yield i, at, say("{label}与已有记录重复", label=label)
            elif key in first:
                yield i, at, say("{label}与第 {n} 行重复", label=label, n=first[key] + 1)
            first.setdefault(key, i)


def _there(work: Work, table: Table, fields: Sequence[str], wanted: set[tuple[Any, ...]]) -> dict[tuple[Any, ...], int]:
    found: dict[tuple[Any, ...], int] = {}
    firsts = list({k[0] for k in wanted})
    for start in range(0, len(firsts), CHUNK):
        query = select(table.c.id, *(table.c[f] for f in fields)).where(
            table.c[fields[0]].in_(firsts[start : start + CHUNK])
        )
        if fields[0] != "record_no":  # a number is never used twice; other values are free again once archived
            query = query.where(table.c.archived_at.is_(None))
        # what is still to be written the database itself keeps apart
        for row_id, *key in work.connection.execute(query.execution_options(**WRITTEN)):
            if tuple(key) in wanted:
                found[tuple(key)] = row_id
    return found


def _absent(
    work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]], changed: Collection[str] | None
) -> Iterable[Error]:
    """Yield the rows that point to something which is not there."""
    filled: set[str] = set().union(*rows)
    if changed is not None:
        filled.intersection_update(changed)
    for f in spec.fields:
        if not isinstance(f, Link) or isinstance(f, Signature) or f.code not in filled:
            continue
        values = [r.get(f.code) for r in rows]
        wanted = {i for v in set(values) for i in (v if isinstance(v, tuple) else (v,)) if i is not None}
        if not wanted:
            continue
        target = person if isinstance(f, Person) else attachment if isinstance(f, File) else work.tables.get(f.target)
        there = _existing(work, target, wanted) if target is not None else set()
        if wanted <= there:
            continue
        for i, v in enumerate(values):
            if any(p is not None and p not in there for p in (v if isinstance(v, tuple) else (v,))):
                yield i, f.code, say("所选的{label}不存在", label=f.label.zh)


def _existing(work: Work, table: Table, wanted: set[int]) -> set[int]:
    ids, found = list(wanted), set()
    for start in range(0, len(ids), CHUNK):
        query = select(table.c.id).where(table.c.id.in_(ids[start : start + CHUNK]))
        if "archived_at" in table.c:
            query = query.where(table.c.archived_at.is_(None))
        found |= set(work.connection.execute(query).scalars())
    return found
