"""A register's archive back into a site that has none of its records: all of it or nothing, under ids of this site."""

from __future__ import annotations

import hashlib
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import orjson
from sqlalchemy import Date, Table, func, insert, select
from sqlalchemy.exc import IntegrityError

from app.catalog.register import RegisterSpec
from app.errors import Refused, Sentence, say
from app.exchange import archive
from app.exchange.survey import batches
from app.fields.links import File, Link, Person, Signature
from app.models.bulk import insert_one, insert_rows
from app.models.fixed import attachment, person, signature
from app.models.types import ScaledNumber, UtcMoment, Words
from app.services import administration, consequences, files, lookup, publishing, rows
from app.services.panel import Actor, Panel, Work

_BATCH = 500
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass
class Restored:
    """What came back: records of the register itself, rows that they point to, people who were not here, files.

    ``fines`` did not: so many are in the archive, with what was decided, for whoever reads it. What this site's own rules make of the
    records it judges anew.
    """

    register: str
    records: int = 0
    pointed: int = 0
    people: int = 0
    files: int = 0
    fines: int = 0

    @property
    def left(self) -> Sentence | None:
        """What the archive holds and this site does not take over."""
        if not self.fines:
            return None
        return say(
            "存档里有 {n} 张处罚单及其裁决，可在 {file} 中查阅；没有恢复，因为账簿只由原来的站点续写",
            n=self.fines,
            file=archive.FINES,
        )


def definitions(file: IO[bytes]) -> dict[str, str]:
    """Return the definitions in an archive, path → YAML. Raises Refused for a file that is none."""
    zipped, _ = archive.opened(file)
    with zipped:
        names = [n for n in zipped.namelist() if n.startswith("definitions/")]
        return {n.removeprefix("definitions/"): zipped.read(n).decode() for n in names}


def with_definitions(panel: Panel, actor: Actor, file: IO[bytes], *, now: datetime) -> Panel:
    """Bring an archive's definitions into force beside those of this site, in the place of such of the same path, and return the panel.

    Raises Forbidden, Refused for a file that is none, Unsound where they do not go together; the same ones change nothing.
    """
    with panel.reading(actor, now=now) as work:
        administration.demand(work)
    every = {**publishing.current(panel.engine).files, **definitions(file)}
    reason = str(say("登记簿存档"))
    published = publishing.publish(panel.engine, every, actor=actor, reason=reason, now=now, zone=panel.zone)
    if published.revision == panel.catalog.revision:
        return panel
    return publishing.open_panel(panel.engine, published, panel.calendar, panel.zone, panel.files, panel.appeal_days)


def restore(panel: Panel, actor: Actor, file: IO[bytes], *, now: datetime) -> Restored:
    """Bring an archive's records back with their history, and let what they owe follow; in one transaction.

    People are found by user name, or entered without the right to sign in. A row that is pointed to is found by its number and name.
    Raises Forbidden, and Refused where the register holds records, where its fields are not those of the archive, or for a spoilt file.
    """
    with panel.reading(actor, now=now) as work:
        administration.demand(work)
    zipped, said = archive.opened(file)
    with zipped, panel.work(actor, now=now, source="archive") as work:
        try:
            return _Restoring(work, zipped, said).all()
        except IntegrityError as error:
            raise Refused(say("存档里的记录与本站已有的记录相冲突，什么都没有恢复")) from error
        except (KeyError, ValueError, TypeError, zipfile.BadZipFile, EOFError) as error:
            raise Refused(say("存档文件已损坏，什么都没有恢复")) from error


@dataclass
class _Ids:
    """The ids of this site for those of the archive."""

    people: dict[int, int] = field(default_factory=dict)
    files: dict[int, int] = field(default_factory=dict)
    rows: dict[str, dict[int, int]] = field(default_factory=dict)


class _Restoring:
    def __init__(self, work: Work, zipped: zipfile.ZipFile, said: Mapping[str, Any]) -> None:
        self.work, self.zipped, self.said = work, zipped, said
        self.ids = _Ids()
        self.report = Restored(said["register"])

    def all(self) -> Restored:
        codes = [r["code"] for r in self.said["registers"]]
        specs = [self._fitting(code) for code in codes]
        table = self.work.tables[self.report.register]
        if self.work.connection.execute(select(func.count()).select_from(table)).scalar_one():
            raise Refused(say("“{register}”里已有记录；存档只能恢复到空的登记簿", register=specs[0].label))
        self._people()
        self._files()
        new = {spec.code: list(self._place(spec)) for spec in specs}
        for spec in specs:
            self._connect(spec, new[spec.code])
            self._history(spec, {r["_id"] for r in new[spec.code]})
        for spec in specs:
            self._follow(spec, [self.ids.rows[spec.code][r["_id"]] for r in new[spec.code]])
        self.report.records = len(new[self.report.register])
        if archive.FINES in self.zipped.namelist():  # archives of earlier versions have none
            self.report.fines = sum(1 for _ in self._lines(archive.FINES))
        self.report.pointed = sum(map(len, new.values())) - self.report.records
        return self.report

    def _fitting(self, code: str) -> RegisterSpec:
        """Return a register of this site that has every column of the archive's. Raises Refused."""
        spec = self.work.catalog.registers.get(code)
        first = next(self._lines(f"records/{code}.ndjson"), {})
        known = {f.code for f in spec.fields if f.many} | {c.name for c in self.work.tables[code].c} if spec else set()
        lacking = sorted(first.keys() - known)
        if spec is None or lacking:
            reason = say(
                "本站的定义与存档不同（{what}）；请先让存档里的定义生效",
                what=code if spec is None else "、".join(lacking),
            )
            raise Refused(reason)
        return spec

    def _lines(self, name: str) -> Iterator[dict[str, Any]]:
        with self.zipped.open(name) as stream:
            for raw in stream:
                yield orjson.loads(raw)

    def _people(self) -> None:
        here = {name: i for name, i in self.work.connection.execute(select(person.c.username, person.c.id))}
        for p in self.said["people"]:
            if p["username"] not in here:
                row = {k: p[k] for k in ("username", "first_name", "last_name")}
                row |= {"active": False, "email": f"{p['username']}@archive.invalid"}
                key = self.work.connection.execute(insert(person).values(row)).inserted_primary_key
                here[p["username"]] = int(key[0]) if key else 0
                self.report.people += 1
            self.ids.people[p["id"]] = here[p["username"]]

    def _files(self) -> None:
        for a in self.said["files"]:
            if not _SHA256.fullmatch(a["sha256"]):
                raise ValueError(a["sha256"])
            place = files.place(self.work.panel.files, a["sha256"])
            if not place.is_file():
                content = self.zipped.read(f"files/{a['sha256']}")
                if hashlib.sha256(content).hexdigest() != a["sha256"]:
                    raise ValueError(a["sha256"])
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(content)
            row = {k: a[k] for k in ("sha256", "name", "size", "content_type")}
            row |= {
                "uploaded_by": self.ids.people.get(a["uploaded_by"]),
                "uploaded_at": datetime.fromisoformat(a["uploaded_at"]),
            }
            self.ids.files[a["id"]] = insert_one(self.work.connection, attachment, row)
            self.report.files += 1

    def _place(self, spec: RegisterSpec) -> Iterator[dict[str, Any]]:
        """Enter the rows of a register that are not here, without what they point to, and yield them with that (``_id``: the old id)."""
        table = self.work.tables[spec.code]
        mine = self.ids.rows.setdefault(spec.code, {})
        for batch in batches(self._lines(f"records/{spec.code}.ndjson"), _BATCH):
            read = [{c: _value(table, c, v) for c, v in r.items()} for r in batch]
            new = []
            for r in read:
                if (there := self._same(spec, table, r)) is not None:
                    mine[r["id"]] = there
                else:
                    new.append(r)
            plain = [{c: v for c, v in self._local(spec, r).items() if c != "id"} for r in new]
            for r, placed in zip(new, rows.place(self.work, spec, plain), strict=True):
                mine[r["id"]] = placed
                yield {**r, "_id": r["id"]}

    def _same(self, spec: RegisterSpec, table: Table, r: Mapping[str, Any]) -> int | None:
        """Return the row of this site that has the number and the name of one that is pointed to."""
        names = [n for n in lookup.title_fields(spec) if n in table.c and not isinstance(spec.column(n), Link)]
        if not names:
            return None
        same = [table.c.record_no == r["record_no"], *(table.c[n].is_not_distinct_from(r[n]) for n in names)]
        return self.work.connection.execute(select(table.c.id).where(*same)).scalar()

    def _local(self, spec: RegisterSpec, r: Mapping[str, Any]) -> dict[str, Any]:
        """Return a row with the people of this site and without what it points to; with a new number where its own is taken."""
        table = self.work.tables[spec.code]
        later = {f.code for f in spec.fields if isinstance(f, Link) and not isinstance(f, Person | Signature)} | {
            "unit"
        }
        row = {c: v for c, v in r.items() if c not in later and not (spec.field(c) and spec.field(c).many)}  # type: ignore[union-attr]
        for c in (*archive.PEOPLE, *(f.code for f in spec.fields if isinstance(f, Person | Signature) and not f.many)):
            if row.get(c) is not None:
                row[c] = self.ids.people[row[c]]
        taken = select(table.c.id).where(table.c.record_no == r["record_no"])
        if self.work.connection.execute(taken).scalar() is not None:
            row["record_no"] = None
        return row

    def _connect(self, spec: RegisterSpec, new: Sequence[Mapping[str, Any]]) -> None:
        """Let rows point to what has come with them."""
        mine = self.ids.rows[spec.code]
        held: dict[int, dict[str, Any]] = {}
        for r in new:
            found = {"unit": self.ids.rows.get("unit", {}).get(r["unit"])} if r.get("unit") is not None else {}
            for f in (f for f in spec.fields if isinstance(f, Link) and r.get(f.code) is not None):
                if f.many or not isinstance(f, Person | Signature):
                    found[f.code] = self._meant(f, r[f.code])
            held[mine[r["_id"]]] = found
        rows.point(self.work, spec, held)

    def _meant(self, f: Link, value: Any) -> Any:
        """Return a value of a pointing field as this site has it: what did not come along is left out."""
        code = archive.target(self.work, f)
        person_like = isinstance(f, Person | Signature)
        ids = self.ids.people if person_like else self.ids.files if isinstance(f, File) else self.ids.rows.get(code, {})
        if isinstance(value, list | tuple):
            return [i for v in value if (i := ids.get(v)) is not None]
        return ids.get(value)

    def _history(self, spec: RegisterSpec, new: set[int]) -> None:
        mine, links = self.ids.rows[spec.code], {f.code: f for f in spec.fields if isinstance(f, Link)}
        ours = {mine[i] for i in new}

        def local(v: Mapping[str, Any]) -> dict[str, Any]:
            people = {c: self.ids.people.get(v[c]) for c in ("person", "on_behalf")}
            return {**v, **people, "register": spec.code, "record_id": mine[v["record_id"]]}

        def changes(text: str) -> str:
            found = orjson.loads(text)
            for c, pair in found.items():
                if c in links:
                    found[c] = [None if v is None else self._meant(links[c], v) for v in pair]
                elif c == "unit":
                    found[c] = [self.ids.rows.get("unit", {}).get(v) for v in pair]
            return orjson.dumps(found).decode()

        for batch in batches(self._lines(f"versions/{spec.code}.ndjson"), _BATCH):
            kept = [v for v in batch if mine[v["record_id"]] in ours]
            lines = [
                {**local(v), "at": datetime.fromisoformat(v["at"]), "changes": changes(v["changes"])} for v in kept
            ]
            rows.keep_versions(self.work, lines)
        for batch in batches(self._lines(f"signatures/{spec.code}.ndjson"), _BATCH):
            signed = [local(s) for s in batch if mine[s["record_id"]] in ours]
            lines = [{**s, "signed_at": datetime.fromisoformat(s["signed_at"])} for s in signed]
            insert_rows(self.work.connection, signature, lines)

    def _follow(self, spec: RegisterSpec, ids: Sequence[int]) -> None:
        panel = self.work.acting(Actor.system(), "system")
        for start in range(0, len(ids), _BATCH):
            whole = rows.read(panel, spec, ids[start : start + _BATCH]).values()
            consequences.of_rows(panel, spec, [r for r in whole if r["archived_at"] is None])


def _value(table: Table, column: str, kept: Any) -> Any:
    """Return the value that JSON carried, as its column holds it."""
    kind = table.c[column].type if column in table.c else None
    if kept is None or kind is None:
        return kept
    if isinstance(kind, UtcMoment):
        return datetime.fromisoformat(kept)
    if isinstance(kind, Date):
        return date.fromisoformat(kept)
    if isinstance(kind, ScaledNumber):
        return Decimal(kept)
    return tuple(kept) if isinstance(kind, Words) else kept
