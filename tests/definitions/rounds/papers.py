"""A register as a file: out of one panel, into another that has none of its records, and what then differs."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import delete

from app.catalog.register import RegisterSpec
from app.exchange import exporting, importing
from app.exchange.columns import exported
from app.exchange.importing import ImportReport
from app.fields.links import File
from app.services.panel import Actor, Panel
from tests.definitions.rounds.company import NOW

Sheet = dict[str, dict[str, str]]
"""Record number → field code → cell."""


def csv_of(panel: Panel, register: str, actor: Actor) -> bytes:
    """Return the file that somebody exports, with codes as its headers."""
    with panel.reading(actor, now=NOW) as work:
        return b"".join(exporting.parts(work, register, exporting.Wanted(order="id")))


def sheet(spec: RegisterSpec, file: bytes) -> Sheet:
    """Return the rows of an exported file by record number, its columns by field code."""
    read = list(csv.reader(io.StringIO(file.decode("utf-8-sig"))))
    codes = [f.code for f in exported(spec, spec.fields)]
    assert len(read[0]) == len(codes), spec.code
    return {row[0]: dict(zip(codes, row, strict=True)) for row in read[1:]}


def brought(panel: Panel, spec: RegisterSpec, file: bytes, folder: Path, *, fresh: bool) -> ImportReport:
    """Import an exported file by record number; ``fresh``: into a register without these records, where all begin in the first state."""
    path = folder / f"{spec.code}.csv"
    path.write_bytes(file)
    codes = [f.code for f in exported(spec, spec.fields)]
    mapping = ["" if fresh and c == "state" else None for c in codes]
    return importing.run(
        panel, Actor.system(), spec.code, path, now=NOW, keys=("record_no",), mode="good", mapping=mapping, again=True
    )


def entered(panel: Panel, spec: RegisterSpec, file: bytes, folder: Path) -> dict[str, set[str]]:
    """Bring a file into a register without its records, as often as rows still find others of it; return the refused: number → fields."""
    numbers = [row[0] for row in csv.reader(io.StringIO(file.decode("utf-8-sig")))]
    left = len(numbers)
    while True:
        report = brought(panel, spec, file, folder, fresh=True)
        assert report.state == "done", report
        if report.refused in (0, left):
            refused: dict[str, set[str]] = {}
            for e in report.errors:
                refused.setdefault(numbers[e.row or 0], set()).add(e.field)
            return refused
        left = report.refused


def own(spec: RegisterSpec, found: Sheet) -> Sheet:
    """Return what people wrote: without states, signatures and files, which no file brings."""
    given = {f.code for f in spec.fields if not f.typed or isinstance(f, File)}
    given |= {f"{c}_at" for c in given} | {"state"}
    return {n: {k: v for k, v in row.items() if k not in given} for n, row in found.items()}


def emptied(panel: Panel, register: str) -> None:
    """Remove a register's records as if they had never been, whatever points to them; on SQLite."""
    tables = [*(t for (r, _), t in panel.models.links.items() if r == register), panel.models.tables[register]]
    with panel.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("BEGIN")
        for table in tables:
            connection.execute(delete(table))
        connection.commit()
    panel.engine.dispose()


def differences(before: Sheet, after: Sheet) -> list[tuple[str, str, str | None, str | None]]:
    """Return every cell that is not the same: record, field, before, after."""
    found: list[tuple[str, str, str | None, str | None]] = []
    for number in sorted(before.keys() | after.keys()):
        old: Mapping[str, str] = before.get(number, {})
        new: Mapping[str, str] = after.get(number, {})
        found += [
            (number, k, old.get(k), new.get(k)) for k in sorted(old.keys() | new.keys()) if old.get(k) != new.get(k)
        ]
    return found
