"""A real table for each register, built from its definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, MetaData, String, Table, Text
from sqlalchemy.ext.compiler import compiles

from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.fields.base import Field, Storage
from app.fields.links import File, Link, Person, Signature
from app.fields.numbers import Scaled
from app.fields.texts import AutoNumber, Choice, LongText
from app.fields.texts import Text as TextField
from app.models.fixed import NAMES
from app.models.indexes import add_indexes
from app.models.ledger import ticket
from app.models.types import ID, ScaledNumber, UtcMoment, Words

PREFIX = "r_"


@dataclass(frozen=True)
class Models:
    """The tables of one catalog: ``tables`` by register, ``links`` by (register, field) for fields of several values."""

    metadata: MetaData
    tables: dict[str, Table]
    links: dict[tuple[str, str], Table]


def build_models(catalog: Catalog) -> Models:
    """Return tables for every register of ``catalog``, on a metadata of their own.

    A register of tickets has no table; its entry is the fixed table ``ticket``.
    """
    metadata = MetaData(naming_convention=NAMES)
    Table("ab_user", metadata, Column("id", Integer, primary_key=True), info={"owner": "flask_appbuilder"})
    tables: dict[str, Table] = {}
    links: dict[tuple[str, str], Table] = {}
    for spec in catalog.registers.values():
        if spec.tickets_of:
            tables[spec.code] = ticket
            continue
        tables[spec.code] = _table(catalog, spec, metadata)
        for f in spec.fields:
            if f.many:
                links[spec.code, f.code] = _link_table(catalog, spec, f, metadata)
    return Models(metadata, tables, links)


def alike(one: Catalog, other: Catalog) -> bool:
    """Return whether two catalogs have the same registers with the same columns, so that the tables of one are those of the other."""
    return one.registers.keys() == other.registers.keys() and all(
        spec is (twin := other.registers[code]) or _shape(spec) == _shape(twin) for code, spec in one.registers.items()
    )


def _shape(spec: RegisterSpec) -> tuple[Any, ...]:
    columns = (
        (f.code, f.kept_in, f.type, f.many, *(getattr(f, x, None) for x in ("places", "max_length", "target")))
        for f in spec.fields
    )
    return bool(spec.tickets_of), spec.workflow is None, *columns


def columns_of(f: Field) -> list[str]:
    """Return the column names of a field: none for several links, two for a signature."""
    if f.many:
        return []
    return [f.code, f"{f.code}_at"] if isinstance(f, Signature) else [f.code]


def _table(catalog: Catalog, spec: RegisterSpec, metadata: MetaData) -> Table:
    columns: list[Any] = [
        Column("id", ID, primary_key=True, autoincrement=False),
        Column("record_no", String(40), nullable=False, unique=True),
        Column("state", String(41)), Column("state_at", UtcMoment),
        Column("unit", ID, *_key(catalog, "unit")),
        Column("created_by", Integer, ForeignKey("ab_user.id")), Column("created_at", UtcMoment, nullable=False),
        Column("updated_by", Integer, ForeignKey("ab_user.id")), Column("updated_at", UtcMoment, nullable=False),
        Column("version", Integer, nullable=False), Column("archived_at", UtcMoment), Column("remark", Text),
    ]  # fmt: skip
    for f in spec.fields:
        columns += _columns(catalog, f)
    table = Table(PREFIX + spec.code, metadata, *columns)
    add_indexes(table, spec)
    return table


def _columns(catalog: Catalog, f: Field) -> list[Column[Any]]:
    match f:
        case _ if f.many:
            return []
        case Signature():
            return [Column(f.code, Integer, ForeignKey("ab_user.id")), Column(f"{f.code}_at", UtcMoment)]
        case Person():
            return [_column(f, Integer, ForeignKey("ab_user.id"))]
        case File():
            return [Column(f.code, ID)]
        case Link():
            return [_column(f, ID, *_key(catalog, f.target))]
    return [_column(f, type_of(f))]


def _column(f: Field, *kind: Any) -> Column[Any]:
    """Return a field's column: under its code, wherever its values lie."""
    return KeptColumn(f.kept_in, *kind, key=f.code) if f.kept_in else Column(f.code, *kind)


def kind_of(f: Field) -> Any:
    """Return the column type of a field that holds one value."""
    return _columns(Catalog(), f)[0].type


class KeptColumn(Column[Any]):
    """A column of another name than the field's code, which is what rows call it all the same."""

    inherit_cache = True


@compiles(KeptColumn)
def _by_key(element: KeptColumn, compiler: Any, add_to_result_map: Any = None, **options: Any) -> Any:
    told = add_to_result_map

    def by_key(_name: str, _same: str, objects: Any, kind: Any) -> None:
        told(element.key, element.key, objects, kind)

    return compiler.visit_column(element, add_to_result_map=by_key if told is not None else None, **options)


def type_of(f: Field) -> Any:
    """Return the column type of a field of one value that points nowhere."""
    match f.storage:
        case Storage.SCALED:
            return ScaledNumber(f.places if isinstance(f, Scaled) else 2)
        case Storage.INTEGER:
            return ID
        case Storage.DATE:
            return Date()
        case Storage.MOMENT:
            return UtcMoment()
        case Storage.BOOLEAN:
            return Boolean()
        case Storage.WORDS:
            return Words()
    return (
        String(80)
        if isinstance(f, Choice | AutoNumber)
        else String(f.max_length)
        if isinstance(f, TextField) and not isinstance(f, LongText)
        else Text()
    )


def _key(catalog: Catalog, target: str) -> list[Any]:
    """Return the foreign key to a register's table, if it has one; added after all tables exist, for they may point in circles."""
    spec = catalog.registers.get(target)
    if spec is None or spec.tickets_of:
        return []
    return [ForeignKey(f"{PREFIX}{target}.id", use_alter=True)]


def _link_table(catalog: Catalog, spec: RegisterSpec, f: Field, metadata: MetaData) -> Table:
    target = (
        [ForeignKey("ab_user.id")] if isinstance(f, Person) else _key(catalog, f.target) if isinstance(f, Link) else []
    )
    return Table(
        f"{PREFIX}{spec.code}__{f.code}", metadata,
        Column("record_id", ID, ForeignKey(f"{PREFIX}{spec.code}.id"), primary_key=True, autoincrement=False),
        Column("place", Integer, primary_key=True, autoincrement=False),
        Column("target", Integer if isinstance(f, Person) else ID, *target, nullable=False, index=True),
    )  # fmt: skip
