"""A field that changes its type: where its values go, what each becomes, and which stay as they were until somebody decides."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import ColumnClause, Connection, bindparam, column, inspect, select, table, update

from app.catalog.catalog import Catalog
from app.catalog.editing import documents, rewritten
from app.catalog.loader import SITE
from app.errors import Refused, Sentence, say
from app.fields.base import Field, Unreadable
from app.fields.kinds import AnyField
from app.fields.links import File, Link, Signature
from app.fields.numbers import Money, Scaled
from app.fields.texts import AutoNumber
from app.models.registers import PREFIX, build_models, kind_of
from app.models.types import ID, UtcMoment
from app.services import lookup, searching
from app.services.panel import Actor, Panel, Work

BATCH = 5_000
SHOWN = 20
"""Rows that are shown of those that do not fit, and values of those that do."""
LONGEST = 60
"""Characters of a column's name at most."""
_FIELD: TypeAdapter[Any] = TypeAdapter(AnyField)
Known = Mapping[tuple[str, str], Field]
"""Fields by register and code: as they are in force, or were when they retired."""


@dataclass(frozen=True)
class Conversion:
    """A field of a register as it ``was`` and is ``now``; ``before`` and ``after`` are the columns of values that did not, and do not, fit."""

    register: str
    was: Field
    now: Field
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Read:
    """What one record's value becomes: its text before and its value after, or why it has none."""

    id: int
    number: str
    text: str
    value: Any = None
    reason: Sentence | None = None


@dataclass(frozen=True)
class Examined:
    """What a conversion would do: ``fits`` of ``total`` values; some of them with what they become, and some of those that do not fit."""

    total: int
    fits: int
    samples: Sequence[tuple[str, str]]
    strange: Sequence[Read]


def alike(was: Field, now: Field) -> bool:
    """Return whether values of one field are values of the other: they may lie in one column. What is typed is not what is worked out."""
    return _kind(was) == _kind(now)


def convertible(was: Field, now: Field) -> bool:
    """Return whether values of one field can be read as the other's; what the panel itself writes, files and lists of links cannot."""
    return not any(f.many or isinstance(f, File | Signature | AutoNumber) for f in (was, now))


def _kind(f: Field) -> tuple[Any, ...]:
    return f.type, f.many, _target(f), _places(f), bool(f.formula)


def _target(f: Field) -> str:
    return f.target if isinstance(f, Link) else ""


def _places(f: Field) -> int:
    return f.places if isinstance(f, Scaled) else 0


def place_for(f: Field) -> str:
    """Return the column for the values of a field that has come to be of this type."""
    places = f"{f.places}" if isinstance(f, Scaled) and not isinstance(f, Money) else ""
    name = f"{f.code}__{_target(f) or f.type}{places}{'_formula' if f.formula else ''}"
    if len(name) <= LONGEST:
        return name
    return f"{name[: LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def known_fields(
    connection: Connection, now: Catalog, earlier: Iterable[Catalog], files: Mapping[str, str]
) -> dict[tuple[str, str], Field]:
    """Return every field that has a column: those in force, and of those that ``files`` bring back how they were when they retired.

    ``earlier`` are the catalogs before ``now``, the newest first; read only as far as is needed.
    """
    known: dict[tuple[str, str], Field] = {(r.code, f.code): f for r in now.tables() for f in r.fields}
    there: dict[str, set[str]] = {}
    wanted = set()
    for register, code in _written(files):
        if (register, code) not in known:
            columns = there.setdefault(register, columns_there(connection, register))
            if any(c == code or c.startswith(f"{code}__") for c in columns):
                wanted.add((register, code))
    for catalog in earlier if wanted else ():
        for register, code in tuple(wanted):
            spec = catalog.registers.get(register)
            if spec is not None and (f := spec.field(code)) is not None:
                known[register, code] = f
                wanted.discard((register, code))
        if not wanted:
            break
    return known


def _written(files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (register, code) of each field that the site's own files declare."""
    for path, text in files.items():
        for document in documents(text) if path.startswith(SITE) else ():
            register = document.get("code") or document.get("extend") if isinstance(document, dict) else None
            for entry in (document.get("fields") or ()) if register else ():
                if isinstance(entry, dict) and "type" in entry:
                    yield str(register), str(entry.get("code"))


def settled(
    connection: Connection, known: Known, old: Catalog, zone: ZoneInfo, files: Mapping[str, str]
) -> dict[str, str]:
    """Return files in which each of the site's fields says where its values lie, as far as that is not the column of its own code.

    A field whose type changes gets a column of its own; where values do not fit, a field beside it shows them as they were.
    """
    found = dict(files)
    for path, text in files.items():
        if not path.startswith(SITE):
            continue
        for index, document in enumerate(documents(text)):
            register = str(document.get("code") or document.get("extend") or "") if isinstance(document, dict) else ""
            if (
                register
                and isinstance(document.get("fields"), list)
                and _settle(connection, known, old, zone, register, document)
            ):
                found[path] = rewritten(found[path], document, index)
    return found


def _settle(
    connection: Connection, known: Known, old: Catalog, zone: ZoneInfo, register: str, document: dict[str, Any]
) -> bool:
    """Let the fields of one document say where their values lie; return whether anything is different now."""
    changed = False
    for entry in list(document["fields"]):
        was = known.get((register, str(entry.get("code")))) if isinstance(entry, dict) and "type" in entry else None
        if was is None:
            continue
        try:
            now: Field = _FIELD.validate_python(entry)
        except ValidationError:
            continue
        if not alike(was, now) and not convertible(was, now):
            continue
        kept = was.kept_in if alike(was, now) else place_for(now)
        if kept != now.kept_in:
            changed = True
            entry.pop("kept_in", None)
            entry |= {"kept_in": kept} if kept else {}
        if (
            not alike(was, now)
            and not now.formula
            and not any(isinstance(e, dict) and e.get("original_of") == now.code for e in document["fields"])
        ):
            conversion = Conversion(
                register, was, now.model_copy(update={"kept_in": kept}), _before(known, register, now.code)
            )
            if examine(connection, old, zone, conversion).strange:
                _show_original(document, entry, now, {c for r, c in known if r == register})
                changed = True
    return changed


def _show_original(document: dict[str, Any], entry: dict[str, Any], now: Field, taken: set[str]) -> None:
    """Put a field for what does not fit behind the one that changes."""
    codes = taken | {str(e.get("code")) for e in document["fields"] if isinstance(e, dict)}
    code = next(c for n in range(1, 99) if (c := f"{now.code[:34]}_was{n if n > 1 else ''}") not in codes)
    label: Any = (
        {"zh": f"{now.label.zh}（原值）", "en": f"{now.label.en} (before)"}
        if now.label.en
        else f"{now.label.zh}（原值）"
    )
    field = {"code": code, "label": label, "type": "text", "max_length": 20_000, "original_of": now.code}
    if now.seen_by:
        field["seen_by"] = list(now.seen_by)
    document["fields"].insert(document["fields"].index(entry) + 1, field)
    columns = document.get("columns")
    if isinstance(columns, list) and now.code in columns:
        columns.insert(columns.index(now.code) + 1, code)


def _before(known: Known, register: str, code: str) -> str:
    return next((f.place for (r, _), f in known.items() if r == register and f.original_of == code), "")


def conversions(known: Known, new: Catalog) -> list[Conversion]:
    """Return the fields whose values go into another column."""
    found = []
    for spec in new.tables():
        for f in spec.fields:
            was = known.get((spec.code, f.code))
            if was is not None and not f.many and was.place != f.place and not f.formula:
                after = next((o.place for o in spec.fields if o.original_of == f.code), "")
                found.append(Conversion(spec.code, was, f, _before(known, spec.code, f.code), after))
    return found


def examine(connection: Connection, old: Catalog, zone: ZoneInfo, conversion: Conversion) -> Examined:
    """Return what a conversion would do to every record; changes nothing."""
    work = _work(connection, old, zone)
    total = fits = 0
    samples: dict[str, Any] = {}
    strange: list[Read] = []
    for one in _read(work, conversion):
        total += 1
        if one.reason is None:
            fits += 1
            if len(samples) < SHOWN:
                samples.setdefault(one.text, one.value)
        elif len(strange) < SHOWN:
            strange.append(one)
    shown = lookup.cell_texts(work, conversion.now, samples.values())
    return Examined(total, fits, [(text, shown.get(v, "")) for text, v in samples.items()], strange)


def convert(connection: Connection, old: Catalog, zone: ZoneInfo, conversion: Conversion) -> None:
    """Write every value of a field into the column of its new type, and what does not fit beside it.

    The former column stays as it is. Raises Refused where a value does not fit and there is no place for it.
    """
    kept, now, after = _table(conversion), conversion.now.place, conversion.after
    connection.execute(
        update(kept).where(kept.c[now].is_not(None)).values({now: None})
    )  # from an earlier time of this type
    if after and after != conversion.before:
        connection.execute(update(kept).where(kept.c[after].is_not(None)).values({after: None}))
    values = {now: bindparam("_value", type_=kind_of(conversion.now))} | ({after: bindparam("_text")} if after else {})
    change = update(kept).where(kept.c.id == bindparam("_id")).values(values)
    rows: list[dict[str, Any]] = []
    for one in _read(_work(connection, old, zone), conversion):
        if one.reason is not None and not after:
            raise Refused(
                say(
                    "“{label}”有新的值不符合新类型（{number}），请重新核对后再发布",
                    label=conversion.now.label,
                    number=one.number,
                )
            )
        rows.append(
            {"_id": one.id, "_value": one.value} | ({"_text": one.text if one.reason else None} if after else {})
        )
        if len(rows) >= BATCH:
            connection.execute(change, rows)
            rows = []
    if rows:
        connection.execute(change, rows)
    if conversion.now.searchable and not conversion.was.searchable:
        searching.begin_anew(connection, conversion.register)


def _read(work: Work, conversion: Conversion) -> Iterator[Read]:
    """Yield what each value becomes, in the order of the records; those that were never filled are passed over."""
    kept, was = _table(conversion), conversion.was
    cells = [
        kept.c.id,
        kept.c.record_no,
        kept.c[was.place],
        *([kept.c[conversion.before]] if conversion.before else []),
    ]
    last = 0
    while True:
        page = work.connection.execute(select(*cells).where(kept.c.id > last).order_by(kept.c.id).limit(BATCH)).all()
        if not page:
            return
        last = page[-1][0]
        texts = lookup.cell_texts(work, was, [r[2] for r in page])
        said = {r[0]: texts[r[2]] if r[2] is not None else (r[3] if conversion.before else None) for r in page}
        become = _meanings(work, conversion.now, {t for t in said.values() if t})
        for row in page:
            if text := said[row[0]]:
                value = become[text]
                yield (
                    Read(row[0], row[1], text, reason=value)
                    if isinstance(value, Sentence)
                    else Read(row[0], row[1], text, value)
                )


def _meanings(work: Work, now: Field, texts: set[str]) -> Mapping[str, Any]:
    """Return what texts mean as values of a field; a Sentence for what means nothing."""
    if isinstance(now, Link):
        return lookup.resolve(work, now, texts)
    return {text: _meaning(now, text) for text in texts}


def _meaning(now: Field, text: str) -> Any:
    try:
        value = now.parse(text)
    except Unreadable as error:
        return error.reason
    return value if value is None or (reason := now.check(value)) is None else reason


def _table(conversion: Conversion) -> Any:
    """Return the register's table with the columns that a conversion reads and writes, whichever definitions know them."""
    cells: dict[str, Any] = {
        conversion.was.place: kind_of(conversion.was),
        conversion.now.place: kind_of(conversion.now),
    }
    columns: list[ColumnClause[Any]] = [column(name, kind) for name, kind in cells.items()]
    texts: list[ColumnClause[Any]] = [
        column(name) for name in dict.fromkeys((conversion.before, conversion.after)) if name
    ]
    fixed: list[ColumnClause[Any]] = [column("id", ID), column("record_no"), column("archived_at", UtcMoment())]
    return table(f"{PREFIX}{conversion.register}", *fixed, *columns, *texts)


def _work(connection: Connection, catalog: Catalog, zone: ZoneInfo) -> Work:
    """Return a unit of work of the panel itself, to look names up; no day is counted in it."""
    panel = Panel(catalog, build_models(catalog), connection.engine, None, zone, Path())  # type: ignore[arg-type]
    return Work(panel, connection, Actor.system(), datetime.min.replace(tzinfo=UTC), "system")


def columns_there(connection: Connection, register: str) -> set[str]:
    """Return the columns of a register's table, also those that no field shows any more; none where it has no table."""
    seen = inspect(connection)
    name = f"{PREFIX}{register}"
    return {c["name"] for c in seen.get_columns(name)} if seen.has_table(name) else set()
