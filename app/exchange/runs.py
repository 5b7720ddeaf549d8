"""Import runs: who brought which file when, how far it is, every error; kept so that a run can be taken up again."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson
from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select, update

from app import clock
from app.errors import CellError, Missing, Refused, Sentence, say
from app.exchange.corrected import Corrections
from app.exchange.reading import opened
from app.models.bulk import insert_one, insert_rows
from app.models.fixed import import_error, import_run
from app.services import scope
from app.services.panel import Actor, Panel, Work

OPEN = ("waiting", "running")
GOING = (*OPEN, "cancelling")
"""States of a run that has not come to its end."""
_SHOWN = 1_000
Writes = Literal["both", "insert", "update"]
"""What a file may do to records that its keys find, or do not find."""


class AlreadyImported(Refused):
    """The same content was imported into this register before; ``run_id`` says by which run."""

    status = 409

    def __init__(self, run: RowMapping) -> None:
        super().__init__(
            say(
                "同样内容的文件（{name}）已于 {at} 导入过；确实要再导入一次吗？",
                name=run["file_name"],
                at=f"{run['started_at']:%Y-%m-%d %H:%M} UTC",
            )
        )
        self.run_id = int(run["id"])


class Cancelled(Refused):
    """Raised by a progress callable to stop a run after the batch it is at."""

    status = 409

    def __init__(self) -> None:
        super().__init__(say("已取消"))


@dataclass(frozen=True)
class Options:
    """How a person wants a file to be imported; what is None is found from the file."""

    keys: tuple[str, ...] = ()
    mode: Literal["all", "good"] = "all"
    mapping: tuple[str | None, ...] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_line: int | None = None
    sheet: str | None = None
    writes: Writes = "both"
    year: int | None = None
    """Of days that the file writes without one, such as 3月5日."""
    corrections: Corrections = ()

    @classmethod
    def given(cls, options: Mapping[str, Any]) -> Options:
        """Return options from keyword arguments, with lists where tuples are kept."""
        found = {k: v for k, v in options.items() if v is not None}
        found |= {k: tuple(found[k]) for k in ("keys", "mapping") if k in found}
        if "corrections" in found:
            found["corrections"] = tuple((line, column, text) for line, column, text in found["corrections"])
        return cls(**found)

    def to_text(self) -> str:
        """Return the options as a run keeps them, in JSON."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_text(cls, text: str) -> Options:
        """Return the options that ``to_text`` wrote."""
        return cls.given(orjson.loads(text))


@dataclass(frozen=True)
class ImportReport:
    """What came of a run: ``state`` is waiting, running, cancelling, cancelled, failed or done.

    ``refused`` counts rows; ``errors`` are the first thousand; ``errors_file`` holds every refused row with its reason.
    """

    run_id: int
    state: str
    total: int | None
    created: int
    updated: int
    unchanged: int
    refused: int
    errors_file: Path | None
    errors: tuple[CellError, ...]
    message: str
    undoes: int | None = None
    """The run that this one takes back, or makes again; ``errors`` are then the records that were kept, ``row`` their ids."""
    undone_by: int | None = None

    @property
    def done(self) -> int:
        """The rows that have been dealt with."""
        return self.created + self.updated + self.unchanged + self.refused

    @property
    def going(self) -> bool:
        """Whether the run has not come to its end."""
        return self.state in GOING


def keep_file(panel: Panel, file: Path | BinaryIO) -> tuple[str, Path]:
    """Copy a file among the panel's own, under its SHA-256; return both. A file that is there already stays."""
    folder = panel.files / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    descriptor, part = tempfile.mkstemp(dir=folder)
    with os.fdopen(descriptor, "wb") as out, opened(file) as stream:
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            out.write(chunk)
    path = folder / digest.hexdigest()
    Path(part).replace(path)
    return digest.hexdigest(), path


def kept(panel: Panel, digest: str) -> Path:
    """Return the file that ``keep_file`` kept under a SHA-256. Raises Missing."""
    path = panel.files / "imports" / digest
    if len(digest) != 64 or not set(digest) <= set("0123456789abcdef") or not path.is_file():
        raise Missing
    return path


def earlier(work: Work, register: str, sha256: str) -> RowMapping | None:
    """Return the latest run that brought the same content into the register, or still does, and was not taken back."""
    t = import_run.c
    wrote = or_(t.state.in_((*GOING, "done")), t.created + t.updated > 0)
    query = select(import_run).where(t.register == register, t.sha256 == sha256, wrote, t.undone_by.is_(None))
    query = query.order_by(t.id.desc())
    return work.connection.execute(query).mappings().first()


def hold(work: Work, name: str) -> None:
    """Wait for whoever holds what is so named, and keep it to this transaction; on SQLite every writer waits for the other anyway."""
    if work.connection.dialect.name == "postgresql":
        work.connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(name))))


def begin(work: Work, register: str, name: str, sha256: str, path: Path, options: Options, *, again: bool) -> int:
    """Note a new run, waiting, and return its number; of two at the same moment one sees the other.

    Raises AlreadyImported unless ``again``.
    """
    hold(work, f"import:{register}:{sha256}")
    if not again and (run := earlier(work, register, sha256)) is not None:
        raise AlreadyImported(run)
    row = {
        "register": register, "file_name": name[:255], "sha256": sha256, "stored": path.name,
        "options": options.to_text(), "person": work.actor.person_id, "source": work.source,
        "started_at": work.now, "state": "waiting", "done_line": 0,
        "created": 0, "updated": 0, "unchanged": 0, "refused": 0,
    }  # fmt: skip
    return insert_one(work.connection, import_run, row)


def row_of(connection: Connection, run_id: int) -> RowMapping:
    """Return a run's row. Raises Missing."""
    found = connection.execute(select(import_run).where(import_run.c.id == run_id)).mappings().first()
    if found is None:
        raise Missing
    return found


def visible_runs(work: Work, register: str | None = None, limit: int = 50) -> list[RowMapping]:
    """Return the latest runs that the actor may know of: one's own, and those of registers one may import into."""
    t = import_run.c
    query = select(import_run).where(_known(work))
    if register is not None:
        query = query.where(t.register == register)
    return list(work.connection.execute(query.order_by(t.id.desc()).limit(limit)).mappings())


def demand(work: Work, register: str, run_id: int) -> None:
    """Raise Missing for a run into a register that the actor may not know of, or that there is not."""
    t = import_run.c
    query = select(t.id).where(t.id == run_id, t.register == register, _known(work))
    if work.connection.execute(query).scalar() is None:
        raise Missing


def _known(work: Work) -> ColumnElement[bool]:
    allowed = [code for code in work.catalog.registers if scope.may(work, code, "import")]
    return or_(import_run.c.register.in_(allowed), import_run.c.person == work.actor.person_id)


def take_up(panel: Panel, run_id: int) -> RowMapping:
    """Mark a run as running, if it may run at all, and return it as it is now."""
    t = import_run.c
    with panel.work(Actor.system(), source="system") as work:
        work.connection.execute(update(import_run).where(t.id == run_id, t.state.in_(OPEN)).values(state="running"))
        return row_of(work.connection, run_id)


def claim(work: Work, run_id: int, before: int, line: int) -> bool:
    """Move a run from line ``before`` to ``line`` in this transaction; False where it is not ours to move any more.

    Whoever is second, or comes after a cancellation, finds the run elsewhere and writes nothing: this and the rows of
    the batch are one transaction, so each row goes in exactly once, whatever is killed and whoever begins again.
    """
    t = import_run.c
    moved = update(import_run).where(t.id == run_id, t.state == "running", t.done_line == before)
    return work.connection.execute(moved.values(done_line=line)).rowcount == 1


def count(work: Work, run_id: int, **more: int) -> None:
    """Add to a run's counts (created, updated, unchanged, refused)."""
    t = import_run.c
    added = {name: t[name] + n for name, n in more.items() if n}
    if added:
        work.connection.execute(update(import_run).where(t.id == run_id).values(**added))


def note(work: Work, run_id: int, **values: Any) -> None:
    """Write columns of a run's row that concern nobody else."""
    work.connection.execute(update(import_run).where(import_run.c.id == run_id).values(**values))


def finish(work: Work, run_id: int, state: str, message: Sentence | None = None, **values: Any) -> bool:
    """End a run that is still going; False where another process ended it."""
    t = import_run.c
    going = t.state.in_(GOING)
    values |= {"state": state, "finished_at": clock.now(), "message": pack(message) if message else None}
    return work.connection.execute(update(import_run).where(t.id == run_id, going).values(**values)).rowcount == 1


def cancelling(connection: Connection, run_id: int) -> bool:
    """Return whether somebody asked for a run to stop."""
    return bool(row_of(connection, run_id)["state"] == "cancelling")


def keep_errors(work: Work, run_id: int, errors: Iterable[CellError]) -> None:
    """Keep what is wrong with a run's rows."""
    rows = [
        {
            "run": run_id, "line": e.line, "row": e.row, "field": e.field, "label": _storable(e.label),
            "text": _storable(e.text[:1_000]), "reason": pack(e.reason),
        }
        for e in errors
    ]  # fmt: skip
    insert_rows(work.connection, import_error, rows)


def errors(connection: Connection, run_id: int, limit: int | None = None) -> Iterator[CellError]:
    """Yield what is wrong with a run's rows, in the order of the file, with flat memory."""
    t = import_error.c
    query = select(import_error).where(t.run == run_id).order_by(t.line, t.id).limit(limit)
    for e in connection.execution_options(stream_results=True, max_row_buffer=1_000).execute(query).mappings():
        yield CellError(e["field"], unpack(e["reason"]), e["text"], e["row"], e["line"], e["label"])


def report(panel: Panel, run_id: int) -> ImportReport:
    """Return what came of a run so far."""
    with panel.reading(Actor.system()) as work:
        row = row_of(work.connection, run_id)
        found = tuple(errors(work.connection, run_id, _SHOWN))
    file = panel.files / "imports" / row["errors_file"] if row["errors_file"] else None
    counts: Mapping[str, int] = {n: row[n] for n in ("created", "updated", "unchanged", "refused")}
    message = str(unpack(row["message"])) if row["message"] else ""
    return ImportReport(run_id, row["state"], row["total"], **counts, errors_file=file, errors=found, message=message,
        undoes=row["undoes"], undone_by=row["undone_by"],
    )  # fmt: skip


def cancel(work: Work, run_id: int) -> None:
    """Ask a run to stop after the batch it is at; what it committed stays.

    Raises Missing, Forbidden, and Refused when it is over. On SQLite an all-or-nothing run holds the only write lock:
    there the request waits, and ``progress`` of ``importing.carry_on`` is the way to stop it.
    """
    row = row_of(work.connection, run_id)
    if not work.actor.is_system and row["person"] != work.actor.person_id:
        scope.demand(work, row["register"], "import")
    t = import_run.c
    asked = update(import_run).where(t.id == run_id, t.state.in_(OPEN)).values(state="cancelling")
    if work.connection.execute(asked).rowcount != 1:
        raise Refused(say("导入已经结束，不能取消"))


def pack(sentence: Sentence) -> str:
    """Return a sentence as text that keeps it translatable."""
    return orjson.dumps(_plain(sentence)).decode()


def unpack(text: str) -> Sentence:
    """Return the sentence that ``pack`` kept."""
    return _sentence(orjson.loads(text))


def _plain(sentence: Sentence) -> dict[str, Any]:
    values = {
        k: _plain(v) if isinstance(v, Sentence) else v if isinstance(v, int) else _storable(str(v))
        for k, v in sentence.values.items()
    }
    return {"say": sentence.template, "values": values}


def _sentence(read: Mapping[str, Any]) -> Sentence:
    values = {k: _sentence(v) if isinstance(v, dict) else v for k, v in read["values"].items()}
    return Sentence(read["say"], values)


def _storable(text: str) -> str:
    """Return text without the one character that PostgreSQL cannot keep."""
    return text.replace("\0", "\ufffd")
