"""Writing rows of registers with their history; permission and consequences are the business of ``records``."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, cast

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Table,
    Update,
    bindparam,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy import cast as cast_to

from app.catalog.register import RegisterSpec
from app.errors import Missing
from app.fields.base import Field
from app.fields.links import Person, Signature
from app.fields.texts import AutoNumber
from app.fields.times import Date, Moment
from app.models.among import among, among_given
from app.models.bulk import by_column, insert_columns, insert_new, insert_one, insert_rows
from app.models.fixed import record_version, signature
from app.services import formulas, numbering, scope, searching
from app.services.panel import Work

ALWAYS = frozenset({"id", "record_no", "unit"})
VERSION_COLUMNS = (
    "register", "record_id", "version", "at", "person", "source", "transition", "reason", "import_run", "change_set", "on_behalf", "changes",
)  # fmt: skip


def read(
    work: Work,
    spec: RegisterSpec,
    ids: Sequence[int],
    verbs: Sequence[str] = (),
    fields: Container[str] | None = None,
) -> dict[int, dict[str, Any]]:
    """Return whole rows by id, for services that act on them, archived ones too; with ``verbs`` those with which the actor may do them.

    ``fields``: those that are wanted beside id, number and unit; by default all.
    """
    usual = fields is None and spec is work.catalog.registers.get(spec.code)
    key = scope.rows_rules(work, spec.code, verbs, spec.code) if usual else None
    query = work.panel.once("whole rows", key, lambda: _reading(work, spec, verbs, fields))
    rows = work.connection.execute(query, {"ids": list(ids)})
    names = list(rows.keys())
    place = names.index("id")
    found = {r[place]: dict(zip(names, r, strict=True)) for r in rows.all()}
    for code in (f.code for f in spec.fields if f.many and f.code in names):
        for row in found.values():
            row[code] = _targets(row[code])
    return found


def _reading(work: Work, spec: RegisterSpec, verbs: Sequence[str], fields: Container[str] | None) -> Select[Any]:
    """Return the query for rows by ``ids``; what fields of several links hold stands in it as one text each."""
    table = work.tables[spec.code]
    columns: list[ColumnElement[Any]] = [c for c in table.c if fields is None or c.key in fields or c.key in ALWAYS]
    for f in spec.fields:
        if f.many and (fields is None or f.code in fields):
            link = work.links[spec.code, f.code]
            one = cast_to(link.c.place, String).concat(":").concat(cast_to(link.c.target, String))
            held = select(func.aggregate_strings(one, " ")).where(link.c.record_id == table.c.id)
            columns.append(held.correlate(table).scalar_subquery().label(f.code))
    mine = (scope.visible(work, spec.code, v) for v in verbs)
    return select(*columns).where(among_given(table.c.id, "ids"), *mine)


def _targets(text: str | None) -> tuple[int, ...] | None:
    """Return what a field of several links holds, in its order, from places and targets in one text; None for nothing."""
    if text is None:
        return None
    placed = sorted(tuple(map(int, one.split(":"))) for one in text.split(" "))
    return tuple(target for _, target in placed)


def attach(work: Work, register: str, fields: Iterable[Field], rows: Iterable[dict[str, Any]]) -> None:
    """Add to rows of a register what those of the fields hold that hold several values, in one query for all of them."""
    many, by_id = [f for f in fields if f.many], {row["id"]: row for row in rows}
    if not many or not by_id:
        return
    for row in by_id.values():
        row.update(dict.fromkeys(f.code for f in many))
    for code, held in several(work, register, many, list(by_id)).items():
        for record, targets in held.items():
            by_id[record][code] = targets


def several(
    work: Work, register: str, many: Sequence[Field], ids: Sequence[int]
) -> dict[str, dict[int, tuple[int, ...]]]:
    """Return for each field that holds several values what those records hold of which ``ids`` are given and that hold any."""
    found: dict[str, dict[int, tuple[int, ...]]] = {f.code: {} for f in many}
    parts = []
    for n, f in enumerate(many):
        link = work.links[register, f.code]
        held = select(literal(n).label("field"), link.c.record_id, link.c.place, link.c.target)
        parts.append(held.where(among(link.c.record_id, ids)))
    for n, record, _, target in sorted(work.connection.execute(union_all(*parts))) if parts else ():
        of = found[many[n].code]
        of[record] = (*of.get(record, ()), target)
    return found


def one(work: Work, spec: RegisterSpec, record_id: int) -> dict[str, Any]:
    """Return one whole row that is not archived.

    Raises Missing.
    """
    row = read(work, spec, [record_id]).get(record_id)
    if row is None or row["archived_at"] is not None:
        raise Missing
    return row


def insert(
    work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]], import_run: int | None = None
) -> list[dict[str, Any]]:
    """Insert checked rows with their first version and return them whole, with ids and numbers, in the same order."""
    if not rows:
        return []
    table = work.tables[spec.code]
    first = numbering.take(work, f"{spec.code}.id", len(rows))
    state = spec.workflow.initial if spec.workflow else None
    stamp = {
        "state": state, "state_at": work.now if state else None, "created_by": work.actor.person_id, "created_at": work.now,
        "updated_by": work.actor.person_id, "updated_at": work.now, "version": 1,
    }  # fmt: skip
    defaults = {"unit": work.actor.unit_id, **{f.code: default(work, f) for f in spec.fields if f.default is not None}}
    whole = [{**defaults, **row, **stamp, "id": first + i} for i, row in enumerate(rows)]
    for code, value in defaults.items():
        for row in whole:
            if row[code] is None:
                row[code] = value
    _give_numbers(work, spec, whole)
    formulas.reserve(work, spec, whole)
    filled = set().union(*whole) - stamp.keys()
    cells = by_column(whole, [c.key for c in table.columns if c.key in filled])
    insert_columns(work.connection, table, cells, stamp)
    for f in spec.fields:
        if f.many:
            insert_rows(
                work.connection, work.links[spec.code, f.code], _held([(r["id"], r.get(f.code)) for r in whole])
            )
            cells[f.code] = [r.get(f.code) for r in whole]
    first_version = _version(work, spec, 1, import_run=import_run)
    insert_columns(
        work.connection, record_version, {"record_id": cells["id"], "changes": _said(spec, cells)}, first_version
    )
    searching.follow_new(work, spec, whole)
    formulas.follow_new(work, spec, whole)
    return whole


def place(work: Work, spec: RegisterSpec, found: Sequence[dict[str, Any]]) -> list[int]:
    """Insert rows as they stood in another site, stamps and version included, and return their ids; their history is the caller's.

    Only a number that is missing is given anew; what they point to follows with ``point``.
    """
    if not found:
        return []
    first = numbering.take(work, f"{spec.code}.id", len(found))
    whole = [{**r, "id": first + i} for i, r in enumerate(found)]
    _give_numbers(work, spec, whole)
    filled = set().union(*whole)
    table = work.tables[spec.code]
    insert_rows(work.connection, table, whole, [c.name for c in table.columns if c.name in filled])
    searching.follow_new(work, spec, whole)
    formulas.follow_new(work, spec, whole)
    return [r["id"] for r in whole]


def point(work: Work, spec: RegisterSpec, held: Mapping[int, Mapping[str, Any]]) -> None:
    """Let placed rows point to others: record → pointing field, or ``unit``, → id, or ids where the field holds several."""
    table = work.tables[spec.code]
    for f in (f for f in spec.fields if f.many):
        _link(work, spec, f, [(i, pointing.get(f.code)) for i, pointing in held.items() if pointing.get(f.code)])
    for i, pointing in held.items():
        if plain := {c: v for c, v in pointing.items() if c in table.c and v is not None}:
            work.connection.execute(update(table).where(table.c.id == i).values(plain))
    formulas.follow_placed(work, spec, list(held))


def change(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    changes: Mapping[str, Any],
    *,
    transition: str | None = None,
    reason: str | None = None,
    import_run: int | None = None,
    on_behalf: int | None = None,
) -> dict[str, Any]:
    """Write checked changes of one row with their version, and in whose place they were made, and return the row as it is now."""
    how = {"transition": transition, "reason": reason, "import_run": import_run, "on_behalf": on_behalf}
    return change_many(work, spec, [row], {row["id"]: changes}, **how)[0]


def change_many(
    work: Work,
    spec: RegisterSpec,
    old: Sequence[Mapping[str, Any]],
    changes: Mapping[int, Mapping[str, Any]],
    **how: Any,
) -> list[dict[str, Any]]:
    """Write checked changes of several rows, as ``change`` does of one, and return them as they are now, in the same order.

    Raises Missing where somebody else has changed one of them since it was read.
    """
    table = work.tables[spec.code]
    changes = _resolved(spec, old, changes)
    many = {f.code: f for f in spec.fields if f.many}
    stamp = {"updated_by": work.actor.person_id, "updated_at": work.now}
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in old:
        plain = {k: v for k, v in changes[row["id"]].items() if k not in many}
        wanted = {f"_{k}": v for k, v in (plain | stamp | {"id": row["id"], "version": row["version"]}).items()}
        alike.setdefault(tuple(sorted(plain)), []).append(wanted)
    formulas.reserve(work, spec, [*old, *changes.values()], set().union(*changes.values()))
    for codes, given in alike.items():
        if work.connection.execute(_update(work, table, codes), given).rowcount != len(given):
            raise Missing
    for code, f in many.items():
        if held := [(r["id"], changes[r["id"]][code]) for r in old if code in changes[r["id"]]]:
            link = work.links[spec.code, code]
            work.connection.execute(delete(link).where(among(link.c.record_id, [i for i, _ in held])))
            _link(work, spec, f, held)
    new = [{**r, **changes[r["id"]], **stamp, "version": r["version"] + 1} for r in old]
    keep_versions(work, [
        _version(work, spec, r["version"], **how)
        | {"record_id": r["id"], "changes": _dumped(_differences(spec, was, changes[r["id"]]))}
        for was, r in zip(old, new, strict=True)
    ])  # fmt: skip
    searching.follow_changes(work, spec, old, changes)
    formulas.follow_change(work, spec, old, changes)
    return new


def _update(work: Work, table: Table, codes: tuple[str, ...]) -> Update:
    """Return the statement that changes some fields of a row that is still as it was read; one for a single field is kept."""
    key = ("update", table.name, codes)
    if (kept := work.panel.memory.get(key)) is not None:
        return cast(Update, kept)
    made = update(table).where(table.c.id == bindparam("_id"), table.c.version == bindparam("_version"))
    given: dict[str, Any] = {c: bindparam(f"_{c}") for c in (*codes, "updated_by", "updated_at")}
    made = made.values({**given, "version": table.c.version + 1})
    if len(codes) == 1:
        work.panel.memory[key] = made
    return made


def _resolved(
    spec: RegisterSpec, old: Sequence[Mapping[str, Any]], changes: Mapping[int, Mapping[str, Any]]
) -> Mapping[int, Mapping[str, Any]]:
    """Return changes that also empty what a field was before its type changed, where the field is filled."""
    before = [(f.code, f.original_of) for f in spec.fields if f.original_of]
    if not before:
        return changes
    found = dict(changes)
    for row in old:
        given = changes[row["id"]]
        solved = {
            c: None for c, of in before if given.get(of) is not None and row.get(c) is not None and c not in given
        }
        if solved:
            found[row["id"]] = {**given, **solved}
    return found


def _differences(spec: RegisterSpec, row: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {k: [_plain(spec, k, row.get(k)), _plain(spec, k, v)] for k, v in changes.items() if row.get(k) != v}


def keep_versions(work: Work, versions: Sequence[Mapping[str, Any]]) -> None:
    """Append versions to the history, which nothing ever changes."""
    insert_rows(work.connection, record_version, versions, VERSION_COLUMNS)


def sign(
    work: Work, spec: RegisterSpec, record_id: int, field: str, transition: str, on_behalf: int | None = None
) -> None:
    """Keep a signature of the actor, and in whose place, at the server's time; the row's own columns repeat it for reading."""
    row = {
        "register": spec.code, "record_id": record_id, "field": field, "person": work.actor.person_id,
        "signed_at": work.now, "transition": transition, "on_behalf": on_behalf,
    }  # fmt: skip
    insert_one(work.connection, signature, row)
    work.memo.pop(("signed for", spec.code, record_id), None)


def signed_for(work: Work, spec: RegisterSpec, record_id: int) -> dict[str, int]:
    """Return in whose place the signatures of a record were given, by field; of those given by a deputy alone."""
    if "delegation" not in work.tables:
        return {}
    key = ("signed for", spec.code, record_id)
    if key not in work.memo:
        s = signature.c
        mine = select(s.field, s.on_behalf).where(s.register == spec.code, s.record_id == record_id)
        found = work.connection.execute(mine.where(s.on_behalf.is_not(None)).order_by(s.id))
        work.memo[key] = {field: person for field, person in found}
    return work.memo[key]


def default(work: Work, field: Field) -> Any:
    """Return the value that a new record has where none is given; ``now`` and ``actor`` are the moment and the person of entry."""
    if field.default == "now" and isinstance(field, Date | Moment):
        return work.today if isinstance(field, Date) else work.now
    if field.default == "actor" and isinstance(field, Person):
        return work.actor.person_id
    return field.parse(field.default) if isinstance(field.default, str) else field.from_json(field.default)


def _give_numbers(work: Work, spec: RegisterSpec, rows: list[dict[str, Any]]) -> None:
    patterns = {"record_no": numbering.pattern_of(spec)} | {
        f.code: f.pattern for f in spec.fields if isinstance(f, AutoNumber)
    }
    for code, pattern in patterns.items():
        without = [r for r in rows if not r.get(code)]
        if brought := [r[code] for r in rows if r.get(code)]:
            numbering.remember(work, f"{spec.code}.{code}", pattern, work.today, brought)
        if without:
            for r, number in zip(
                without, numbering.numbers(work, f"{spec.code}.{code}", pattern, work.today, len(without)), strict=True
            ):
                r[code] = number


def _link(work: Work, spec: RegisterSpec, field: Field, held: Sequence[tuple[int, Any]]) -> None:
    insert_new(work.connection, work.links[spec.code, field.code], _held(held))


def _held(held: Sequence[tuple[int, Any]]) -> list[dict[str, Any]]:
    """Return what records hold of several links, each once, as rows of the table of the links."""
    return [
        {"record_id": record_id, "place": place, "target": target}
        for record_id, targets in held
        for place, target in enumerate(dict.fromkeys(targets or ()))
    ]


def _said(spec: RegisterSpec, cells: Mapping[str, Sequence[Any]]) -> list[str]:
    """Return what the first versions of rows say, given as columns: every filled field, from nothing."""
    said = [f for f in spec.fields if f.code in cells and not isinstance(f, Signature)]
    codes = [f.code for f in said]
    columns = [cells["id"], *(_as_json(f, cells[f.code]) for f in said)]
    return [
        _dumped({code: (None, v) for code, v in zip(codes, values, strict=True) if v is not None})
        for _, *values in zip(*columns, strict=True)
    ]


def _as_json(field: Field, values: Sequence[Any]) -> Sequence[Any]:
    if type(field).to_json is Field.to_json:
        return values
    ready = {v: None if v is None else field.to_json(v) for v in set(values)}
    return [ready[v] for v in values]


def _dumped(changes: Mapping[str, Any]) -> str:
    return orjson.dumps(changes, default=str).decode()


def _plain(spec: RegisterSpec, code: str, value: Any) -> Any:
    field = spec.column(code) or spec.column(code.removesuffix("_at"))
    if value is None or field is None or isinstance(field, Signature):
        return value
    return field.to_json(value)


def _version(
    work: Work,
    spec: RegisterSpec,
    version: int,
    transition: str | None = None,
    reason: str | None = None,
    import_run: int | None = None,
    on_behalf: int | None = None,
) -> dict[str, Any]:
    """Return what a version says besides whose it is and what it changes."""
    return {
        "register": spec.code, "version": version, "at": work.now, "person": work.actor.person_id,
        "source": work.source, "transition": transition, "reason": reason or work.reason or None, "import_run": import_run,
        "change_set": work.change_set, "on_behalf": on_behalf,
    }  # fmt: skip
