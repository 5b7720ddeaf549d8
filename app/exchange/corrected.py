"""A table with cells put right by whoever looked at it: the file stays what it was, its corrections lie beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from app.errors import CellError, Missing
from app.exchange.cells import guarded
from app.exchange.reading import FileShape, Row, Sheet

Corrections = tuple[tuple[int, int, str], ...]
"""Each (line, column from 0, text as typed), in order."""


@dataclass
class CorrectedSheet:
    """A sheet that says what it says, but in the corrected cells what was typed for them."""

    sheet: Sheet
    cells: Mapping[int, Mapping[int, str]]
    shape: FileShape = field(init=False)
    broken: list[CellError] = field(init=False)
    literal: bool = field(init=False)

    def __post_init__(self) -> None:
        self.shape, self.broken, self.literal = self.sheet.shape, self.sheet.broken, self.sheet.literal

    def rows(self) -> Iterator[Row]:
        for row in self.sheet.rows():
            mine = self.cells.get(row.line)
            if mine is None or row.fault is not None:
                yield row
            else:
                doubts = {n: why for n, why in row.doubts.items() if n not in mine}
                yield Row(row.line, [mine.get(n, c) for n, c in enumerate(row.cells)], None, doubts)


def corrected(sheet: Sheet, corrections: Corrections) -> Sheet:
    """Return a sheet with its corrections; what was typed is meant as it stands, also where the file guards its cells."""
    if not corrections:
        return sheet
    cells: dict[int, dict[int, str]] = {}
    for line, column, text in corrections:
        cells.setdefault(line, {})[column] = text if sheet.literal else guarded(text)
    return CorrectedSheet(sheet, cells)


def keep(folder: Path, given: Iterable[tuple[int, int, str]], before: Corrections = ()) -> str:
    """Keep corrections beside the imported files, later ones in the place of earlier ones, and return their name."""
    every = {(line, column): text for line, column, text in (*before, *given)}
    text = orjson.dumps([[*place, text] for place, text in sorted(every.items())])
    name = hashlib.sha256(text).hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_bytes(text)
    return name


def kept(folder: Path, name: str) -> Corrections:
    """Return the corrections that were kept under a name. Raises Missing."""
    path = folder / f"{name}.json"
    if len(name) != 64 or not set(name) <= set("0123456789abcdef") or not path.is_file():
        raise Missing
    return tuple((line, column, text) for line, column, text in orjson.loads(path.read_bytes()))
