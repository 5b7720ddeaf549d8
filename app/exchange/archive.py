"""A whole register as one file: its definition, its records with their history, what they point to, and their attachments.

A zip archive. ``archive.json`` says what is in it; ``definitions/`` holds the definitions in force; of each register
``records/<code>.ndjson`` holds rows as their tables do, ``versions/`` their history, ``signatures/`` who signed; ``files/`` lie under
their SHA-256. Rows of other registers come along as far as records point to them. Ids are those of the site that it came from.

``fines.ndjson`` holds the fines for its records with all that was decided about each, to be read: a ledger is continued by its own
site alone, so restoring copies none of them.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any, BinaryIO

import orjson
from sqlalchemy import Table, and_, select

from app import clock
from app.catalog.register import RegisterSpec
from app.errors import Refused, say
from app.fields.links import File, Link, Person, Signature
from app.models.among import among
from app.models.bulk import insert_one
from app.models.fixed import attachment, export_log, person, record_version, signature
from app.models.ledger import ledger_entry, ticket
from app.services import administration, files, people, publishing, rows
from app.services.panel import Actor, Panel, Work

FORMAT = 1
MANIFEST = "archive.json"
FINES = "fines.ndjson"
_BATCH = 500
PEOPLE = ("created_by", "updated_by")
"""Columns of every register that hold people."""
_OF_FINE = (
    "record_no", "record_id", "record_title", "subject", "rule", "clause", "citation", "occurred_at", "amount", "points", "sanction", "paid",
    "arithmetic", "state", "state_at", "remark",
)  # fmt: skip
_OF_LINE = ("seq", "kind", "amount", "points", "paid", "at", "reason", "citation", "arithmetic")


@dataclass
class Pointed:
    """What records point to: rows of registers, people, attachments, by id."""

    rows: dict[str, set[int]] = field(default_factory=dict)
    people: set[int] = field(default_factory=set)
    files: set[int] = field(default_factory=set)


def target(work: Work, f: Link) -> str:
    """Return the register that a field points to; empty for people, files, and fines, which are no register's own rows."""
    if isinstance(f, Person | Signature | File):
        return ""
    spec = work.catalog.registers.get(f.target)
    return "" if spec is None or spec.tickets_of else f.target


def pack(panel: Panel, actor: Actor, register: str, out: BinaryIO, *, now: datetime) -> int:
    """Write a register's archive to ``out`` and return the number of its records; that it left is logged like every export.

    ``out`` takes bytes and can be sought in. Raises Missing, Forbidden for who does not look after the site, and Refused for a register
    of tickets, which the panel makes.
    """
    with panel.reading(actor, now=now) as work:
        administration.demand(work)
        spec = work.spec(register)
        if spec.tickets_of:
            raise Refused(say("处罚单由系统生成，没有存档"))
    line = {
        "register": register, "person": actor.person_id, "at": now, "source": "archive", "form": "archive", "criteria": "",
        "columns": orjson.dumps([f.code for f in spec.fields]).decode(),
    }  # fmt: skip
    with panel.work(actor, now=now, source="archive") as work:
        number = insert_one(work.connection, export_log, line)
    with panel.reading(Actor.system(), now=now) as work, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        count = _Packing(work, zipped).register(spec)
    with panel.work(Actor.system(), source="archive") as work:
        done = export_log.update().where(export_log.c.id == number)
        work.connection.execute(done.values(rows=count, finished_at=clock.now()))
    return count


class _Packing:
    def __init__(self, work: Work, zipped: zipfile.ZipFile) -> None:
        self.work, self.zipped = work, zipped
        self.pointed = Pointed()

    def register(self, spec: RegisterSpec) -> int:
        work = self.work
        table = work.tables[spec.code]
        ids = list(work.connection.execute(select(table.c.id).order_by(table.c.id)).scalars())
        done: dict[str, list[int]] = {spec.code: ids}
        waiting = [(spec.code, ids)]
        while waiting:  # what points is read before what it points to is known to be there
            for code, new in waiting:
                for row in self._rows(code, new):
                    look(work, work.spec(code), row, self.pointed)
            waiting = []
            for code, wanted in self.pointed.rows.items():
                if new := sorted(wanted.difference(done.get(code, ()))):
                    done[code] = [*done.get(code, ()), *new]
                    waiting.append((code, new))
        for code, ids_of in done.items():
            self._write(f"records/{code}.ndjson", self._rows(code, ids_of))
            for name, source in (("versions", record_version), ("signatures", signature)):
                self._write(f"{name}/{code}.ndjson", self._of(source, code, ids_of))
        self._write(FINES, self._fines(spec.code, ids))
        attached = self._some(attachment, self.pointed.files)
        self._files(attached)
        self.pointed.people |= {a["uploaded_by"] for a in attached if a["uploaded_by"] is not None}
        published = publishing.current(work.panel.engine)
        for path, text in sorted(published.files.items()):
            self.zipped.writestr(f"definitions/{path}", text)
        self.zipped.writestr(MANIFEST, orjson.dumps({
            "format": FORMAT, "register": spec.code, "digest": work.catalog.digest, "made_at": work.now,
            "registers": [{"code": c, "rows": len(i)} for c, i in done.items()],
            "people": [{k: p[k] for k in ("id", "username", "first_name", "last_name")} for p in self._some(person, self.pointed.people)],
            "files": [{k: a[k] for k in ("id", "sha256", "name", "size", "content_type", "uploaded_by", "uploaded_at")} for a in attached],
        }, option=orjson.OPT_INDENT_2))  # fmt: skip
        return len(ids)

    def _rows(self, code: str, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
        spec = self.work.spec(code)
        for start in range(0, len(ids), _BATCH):
            yield from rows.read(self.work, spec, ids[start : start + _BATCH]).values()

    def _of(self, table: Table, code: str, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield the lines of a table that belong to rows of a register; whom they name goes along."""
        for start in range(0, len(ids), _BATCH):
            mine = among(table.c.record_id, ids[start : start + _BATCH])
            query = select(table).where(table.c.register == code, mine).order_by(table.c.id)
            for r in self.work.connection.execute(query).mappings():
                self.pointed.people |= {r[c] for c in ("person", "on_behalf") if r[c] is not None}
                self._look_back(code, r.get("changes"))
                yield {k: v for k, v in r.items() if k not in ("id", "register", "import_run", "change_set", "scan")}

    def _fines(self, code: str, ids: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Yield the fines for records as a person reads them, each with its lines of the ledger."""
        for start in range(0, len(ids), _BATCH):
            about = and_(ticket.c.register == code, among(ticket.c.record_id, ids[start : start + _BATCH]))
            lines: dict[int, list[dict[str, Any]]] = {}
            of = select(ledger_entry).where(ledger_entry.c.ticket.in_(select(ticket.c.id).where(about)))
            entries = list(self.work.connection.execute(of.order_by(ledger_entry.c.place)).mappings())
            found = list(self.work.connection.execute(select(ticket).where(about).order_by(ticket.c.id)).mappings())
            names = people.names(self.work, [r["person"] for r in (*entries, *found) if r["person"] is not None])
            for e in entries:
                lines.setdefault(e["ticket"], []).append(
                    {c: e[c] for c in _OF_LINE} | {"person": names.get(e["person"])}
                )
            for f in found:
                yield {c: f[c] for c in _OF_FINE} | {"person": names.get(f["person"]), "lines": lines.get(f["id"], [])}

    def _look_back(self, code: str, changes: str | None) -> None:
        """Note the people that earlier values name."""
        named = {f.code for f in self.work.spec(code).fields if isinstance(f, Person | Signature)}
        for c, (old, new) in orjson.loads(changes or "{}").items():
            if c in named:
                self.pointed.people |= {
                    i for v in (old, new) for i in (v if isinstance(v, list) else [v]) if isinstance(i, int)
                }

    def _some(self, table: Table, ids: Iterable[int]) -> list[Mapping[str, Any]]:
        query = select(table).where(among(table.c.id, sorted(ids))).order_by(table.c.id)
        return [dict(r) for r in self.work.connection.execute(query).mappings()]

    def _write(self, name: str, lines: Iterable[Mapping[str, Any]]) -> None:
        with self.zipped.open(name, "w") as out:
            for one in lines:
                out.write(_line(one))

    def _files(self, attached: Iterable[Mapping[str, Any]]) -> None:
        for sha256 in sorted({a["sha256"] for a in attached}):
            path = files.place(self.work.panel.files, sha256)
            if path.is_file():
                self.zipped.write(path, f"files/{sha256}")


def look(work: Work, spec: RegisterSpec, row: Mapping[str, Any], found: Pointed) -> None:
    """Add to ``found`` what a row points to."""
    found.people |= {row[c] for c in PEOPLE if row.get(c) is not None}
    if row.get("unit") is not None and "unit" in work.tables:
        found.rows.setdefault("unit", set()).add(row["unit"])
    for f in (f for f in spec.fields if isinstance(f, Link)):
        value = row.get(f.code)
        ids = {i for i in (value if isinstance(value, tuple) else (value,)) if i is not None}
        if isinstance(f, Person | Signature):
            found.people |= ids
        elif isinstance(f, File):
            found.files |= ids
        elif code := target(work, f):
            found.rows.setdefault(code, set()).update(ids)


def _line(one: Mapping[str, Any]) -> bytes:
    # names of columns are texts of a kind of their own
    return orjson.dumps(
        {str(k): v for k, v in one.items()}, default=str, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE
    )


def opened(file: IO[bytes]) -> tuple[zipfile.ZipFile, dict[str, Any]]:
    """Return an archive and what it says of itself. Raises Refused for a file that is none, or of a later version of the program."""
    try:
        zipped = zipfile.ZipFile(file)
        said = orjson.loads(zipped.read(MANIFEST))
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise Refused(say("这不是登记簿的存档文件")) from error
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise Refused(say("存档的格式是这个版本的程序读不懂的"))
    return zipped, said
