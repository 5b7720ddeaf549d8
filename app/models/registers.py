"""A real table for each register, built from its definition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import Boolean, Column, Date, ForeignKey, Integer, MetaData, String, Table, Text
from sqlalchemy.ext.compiler import compiles

from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.fields.base import Field, Storage
from app.fields.links import File, Link, Person, Signature
from app.fields.numbers import Scaled
from app.fields.texts import AutoNumber, Choice
from app.fields.texts import Text as TextField
from app.models.fixed import NAMES
from app.models.indexes import add_indexes
from app.models.ledger import ticket
from app.models.types import ID, ScaledNumber, UtcMoment, Words

PREFIX = "r_"
PEOPLE = "ab_user"


Keys = Callable[[str], list[Any]]
"""Gives the foreign key to what a register's code, or ``PEOPLE``, stands for, as an argument of a column."""

_known: WeakValueDictionary[tuple[Any, ...], Table] = WeakValueDictionary()
"""Tables that some panel of this process holds, by all they consist of: a publication leaves most registers as they were."""


@dataclass(frozen=True)
class Models:
    """The tables of one catalog: ``tables`` by register, ``links`` by (register, field) for fields of several values."""

    tables: dict[str, Table]
    links: dict[tuple[str, str], Table]


def build_models(catalog: Catalog) -> Models:
    """Return the tables in which the records of every register of ``catalog`` are read and written.

    Registers that have the same columns in two catalogs share one table. It knows neither foreign keys nor indexes, which are
    ``build_schema``'s: no query asks for them, and they are two thirds of a table. A register of tickets has no table of its own; its
    entry is the fixed table ``ticket``.
    """
    tables: dict[str, Table] = {}
    links: dict[tuple[str, str], Table] = {}
    for spec in catalog.registers.values():
        tables[spec.code] = ticket if spec.tickets_of else _shared(spec)
        if not spec.tickets_of:
            links |= {(spec.code, f.code): _shared(spec, f) for f in spec.fields if f.many}
    return Models(tables, links)


def _shared(spec: RegisterSpec, several: Field | None = None) -> Table:
    key = (spec.code, several.code, isinstance(several, Person)) if several else (spec.code, *_shape(spec))
    table = _known.get(key)
    if table is None:
        made = _link_table(spec, several, MetaData(), _no_key) if several else _table(spec, MetaData(), _no_key)
        table = _known.setdefault(key, made)
    return table


def build_schema(catalog: Catalog) -> MetaData:
    """Return the tables of every register of ``catalog`` as the database holds them, with foreign keys and indexes."""
    metadata = MetaData(naming_convention=NAMES)
    Table(PEOPLE, metadata, Column("id", Integer, primary_key=True), info={"owner": "flask_appbuilder"})

    def key(target: str) -> list[Any]:
        # added after all tables exist, for they may point in circles
        if target == PEOPLE:
            return [ForeignKey(f"{PEOPLE}.id")]
        spec = catalog.registers.get(target)
        return [] if spec is None or spec.tickets_of else [ForeignKey(f"{PREFIX}{target}.id", use_alter=True)]

    for spec in catalog.tables():
        add_indexes(_table(spec, metadata, key), spec)
        for f in spec.fields:
            if f.many:
                _link_table(spec, f, metadata, key)
    return metadata


def _no_key(_target: str) -> list[Any]:
    return []


def alike(one: Catalog, other: Catalog) -> bool:
    """Return whether two catalogs have the same registers with the same columns, so that the tables of one are those of the other."""
    return one.registers.keys() == other.registers.keys() and all(
        spec is (twin := other.registers[code]) or _shape(spec) == _shape(twin) for code, spec in one.registers.items()
    )


def _shape(spec: RegisterSpec) -> tuple[Any, ...]:
    more = ("places", "max_length", "target")
    columns = (
        (f.code, f.kept_in, f.type, f.storage, f.many, *(getattr(f, x, None) for x in more)) for f in spec.fields
    )
    return bool(spec.tickets_of), spec.workflow is None, *columns


def columns_of(f: Field) -> list[str]:
    """Return the column names of a field: none for several links, two for a signature."""
    if f.many:
        return []
    return [f.code, f"{f.code}_at"] if isinstance(f, Signature) else [f.code]


def _table(spec: RegisterSpec, metadata: MetaData, key: Keys) -> Table:
    columns: list[Any] = [
        Column("id", ID, primary_key=True, autoincrement=False),
        Column("record_no", String(40), nullable=False, unique=True),
        Column("state", String(41)), Column("state_at", UtcMoment),
        Column("unit", ID, *key("unit")),
        Column("created_by", Integer, *key(PEOPLE)), Column("created_at", UtcMoment, nullable=False),
        Column("updated_by", Integer, *key(PEOPLE)), Column("updated_at", UtcMoment, nullable=False),
        Column("version", Integer, nullable=False), Column("archived_at", UtcMoment), Column("remark", Text),
    ]  # fmt: skip
    for f in spec.fields:
        columns += _columns(f, key)
    return Table(PREFIX + spec.code, metadata, *columns)


def _columns(f: Field, key: Keys) -> list[Column[Any]]:
    match f:
        case _ if f.many:
            return []
        case Signature():
            return [Column(f.code, Integer, *key(PEOPLE)), Column(f"{f.code}_at", UtcMoment)]
        case Person():
            return [_column(f, Integer, *key(PEOPLE))]
        case File():
            return [Column(f.code, ID)]
        case Link():
            return [_column(f, ID, *key(f.target))]
    return [_column(f, type_of(f))]


def _column(f: Field, *kind: Any) -> Column[Any]:
    """Return a field's column: under its code, wherever its values lie."""
    return KeptColumn(f.kept_in, *kind, key=f.code) if f.kept_in else Column(f.code, *kind)


def kind_of(f: Field) -> Any:
    """Return the column type of a field that holds one value."""
    return _columns(f, _no_key)[0].type


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
        if isinstance(f, TextField)
        else Text()
    )


def _link_table(spec: RegisterSpec, f: Field, metadata: MetaData, key: Keys) -> Table:
    target = key(PEOPLE) if isinstance(f, Person) else key(f.target) if isinstance(f, Link) else []
    record_id = Column("record_id", ID, *key(spec.code), primary_key=True, autoincrement=False)
    return Table(
        f"{PREFIX}{spec.code}__{f.code}", metadata, record_id,
        Column("place", Integer, primary_key=True, autoincrement=False),
        Column("target", Integer if isinstance(f, Person) else ID, *target, nullable=False, index=True),
    )  # fmt: skip
