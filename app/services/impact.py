"""What a publication means for the records that are there: values that change their type, and rows that stand in a new rule's way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnClause, ColumnElement, Connection, and_, column, func, or_, select, table

from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.catalog.words import TYPES
from app.errors import Sentence, say
from app.fields.base import Field, Storage
from app.fields.texts import Choices, Option
from app.models.holding import held
from app.models.registers import PREFIX, kind_of
from app.models.types import ID, UtcMoment
from app.services import converting
from app.services.converting import Known

SHOWN = 20
"""Rows that are named."""


@dataclass(frozen=True)
class Row:
    """A record concerned: its id and number, what stands there, and why that will not do."""

    id: int
    number: str
    text: str = ""
    why: Sentence | None = None


@dataclass(frozen=True)
class Impact:
    """One effect on the records of a register: it ``converts`` a field, makes one ``required`` or ``unique``, or ``merges`` an option.

    ``samples`` are values with what they become; ``rows`` the first of the records that do not fit or stand in the way.
    """

    kind: Literal["converts", "required", "unique", "merges"]
    register: str
    says: Sentence
    rows: Sequence[Row] = ()
    samples: Sequence[tuple[str, str]] = ()
    count: int = 0
    """Records that stand in the way; of a conversion, values that do not fit; of an option, records that still hold it."""
    merge: tuple[str, str, str] | None = None
    """The field, the option that is merged, and the one that takes its place."""


def impacts(connection: Connection, old: Catalog, new: Catalog, known: Known, zone: ZoneInfo) -> list[Impact]:
    """Return every effect that bringing ``new`` into force instead of ``old`` has on records; changes nothing."""
    found = [_converts(connection, old, zone, c, new) for c in converting.conversions(known, new)]
    for spec in new.tables():
        if spec.code in old.registers and not old.registers[spec.code].tickets_of:
            there = (
                converting.columns_there(connection, spec.code) if _stricter(old.registers[spec.code], spec) else set()
            )
            if there:
                found += _rules(connection, old.registers[spec.code], spec, known, there)
    return found


def _stricter(old: RegisterSpec, new: RegisterSpec) -> bool:
    """Return whether a register demands anything of its fields that it did not before."""

    def demanded(spec: RegisterSpec) -> set[Any]:
        return {(f.code, f.place, f.required and f.typed, f.unique) for f in spec.fields} | set(spec.unique_together)

    return not demanded(new) <= demanded(old) or any(_merged(f) for f in new.fields)


def _merged(f: Field) -> list[Option]:
    return [o for o in f.choices if o.into] if isinstance(f, Choices) else []


def _converts(connection: Connection, old: Catalog, zone: ZoneInfo, c: converting.Conversion, new: Catalog) -> Impact:
    seen = converting.examine(connection, old, zone, c)
    spec = new.registers[c.register]
    left = seen.total - seen.fits
    values = {
        "register": spec.label, "field": c.now.label, "old": TYPES[c.was.type], "new": TYPES[c.now.type], "total": f"{seen.total:,}",
        "fits": f"{seen.fits:,}", "left": f"{left:,}",
    }  # fmt: skip
    says = (
        say(
            "《{register}》的“{field}”由{old}改为{new}：{total} 个值中 {fits} 个可以转换，{left} 个不符合，保留原值待更正",
            **values,
        )
        if left
        else say("《{register}》的“{field}”由{old}改为{new}：{total} 个值全部可以转换", **values)
    )
    return Impact(
        "converts", c.register, says, [Row(r.id, r.number, r.text, r.reason) for r in seen.strange], seen.samples, left
    )


def _rules(
    connection: Connection, old: RegisterSpec, new: RegisterSpec, known: Known, there: set[str]
) -> Iterator[Impact]:
    fixed: list[ColumnClause[Any]] = [column("id", ID), column("record_no"), column("archived_at", UtcMoment())]
    places = {f.code: (known.get((new.code, f.code)) or f).place for f in new.fields}
    cells = {
        p: kind_of(known.get((new.code, c)) or _field(new, c))
        for c, p in places.items()
        if p in there and not _field(new, c).many
    }
    columns: list[ColumnClause[Any]] = [column(n, kind) for n, kind in cells.items()]
    kept = table(f"{PREFIX}{new.code}", *fixed, *columns)
    for f in new.fields:
        was = old.field(f.code)
        if f.required and f.typed and not f.many and not (was is not None and was.required):
            yield from _missing(connection, new, f, kept, places[f.code] if places[f.code] in cells else "")
        if f.unique and not f.many and not (was is not None and was.unique) and places[f.code] in cells:
            yield from _repeated(connection, new, [f], kept, [places[f.code]])
    for f in new.fields:
        if isinstance(f, Choices) and places[f.code] in cells:
            for option in _merged(f):
                yield from _held(connection, new, f, option, kept, kept.c[places[f.code]])
    for together in new.unique_together:
        fields = [_field(new, c) for c in together]
        if together not in old.unique_together and all(places[c] in cells for c in together):
            yield from _repeated(connection, new, fields, kept, [places[c] for c in together])


def _field(spec: RegisterSpec, code: str) -> Field:
    found = spec.column(code)
    assert found is not None, code  # noqa: S101  # checked with the definitions
    return found


def _missing(connection: Connection, spec: RegisterSpec, f: Field, kept: Any, place: str) -> Iterator[Impact]:
    """Yield the records in which a field that becomes required is empty: all of them where it is new."""
    empty: list[ColumnElement[bool]] = [kept.c.archived_at.is_(None)]
    if place:
        blank = kept.c[place].is_(None)
        empty.append(or_(blank, kept.c[place] == "") if f.storage is Storage.TEXT else blank)
    count = connection.execute(select(func.count()).select_from(kept).where(*empty)).scalar_one()
    if count:
        query = select(kept.c.id, kept.c.record_no).where(*empty).order_by(kept.c.id).limit(SHOWN)
        rows = [Row(*r) for r in connection.execute(query)]
        yield Impact(
            "required",
            spec.code,
            say(
                "《{register}》的“{field}”改为必填，{n} 条记录还空着",
                register=spec.label,
                field=f.label,
                n=f"{count:,}",
            ),
            rows,
            count=count,
        )


def _repeated(
    connection: Connection, spec: RegisterSpec, fields: Sequence[Field], kept: Any, places: Sequence[str]
) -> Iterator[Impact]:
    """Yield the records that share a value which is to be unique."""
    cells = [kept.c[p] for p in places]
    live = and_(kept.c.archived_at.is_(None), *(c.is_not(None) for c in cells))
    twice = select(*cells).where(live).group_by(*cells).having(func.count() > 1).subquery()
    both = kept.join(twice, and_(*(twice.c[p] == kept.c[p] for p in places)))
    count = connection.execute(select(func.count()).select_from(both).where(live)).scalar_one()
    if count:
        query = (
            select(kept.c.id, kept.c.record_no, *cells)
            .select_from(both)
            .where(live)
            .order_by(*cells, kept.c.id)
            .limit(SHOWN)
        )
        rows = [
            Row(r[0], r[1], " ".join(f.format(v) for f, v in zip(fields, r[2:], strict=True)))
            for r in connection.execute(query)
        ]
        label = "、".join(f.label.zh for f in fields)
        yield Impact(
            "unique",
            spec.code,
            say(
                "《{register}》的“{field}”改为唯一，{n} 条记录的值重复",
                register=spec.label,
                field=label,
                n=f"{count:,}",
            ),
            rows,
            count=count,
        )


def _held(
    connection: Connection, spec: RegisterSpec, f: Choices, option: Option, kept: Any, cell: Any
) -> Iterator[Impact]:
    """Yield the records that hold an option which was merged into another."""
    holding = [kept.c.archived_at.is_(None), held(cell, f, option.code)]
    count = connection.execute(select(func.count()).select_from(kept).where(*holding)).scalar_one()
    if count:
        query = select(kept.c.id, kept.c.record_no).where(*holding).order_by(kept.c.id).limit(SHOWN)
        rows = [Row(*r) for r in connection.execute(query)]
        values = {
            "register": spec.label,
            "field": f.label,
            "old": option,
            "new": f.option(option.into),
            "n": f"{count:,}",
        }
        says = say("《{register}》“{field}”的“{old}”并入“{new}”：{n} 条记录仍是“{old}”，保持可读，可以改写", **values)
        yield Impact("merges", spec.code, says, rows, count=count, merge=(f.code, option.code, option.into))
