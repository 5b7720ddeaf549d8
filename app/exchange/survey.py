"""The first reading of a file: how many rows, whether it holds together, which keys stand in it twice."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar

from app.catalog.register import RegisterSpec
from app.errors import CellError, say
from app.exchange.columns import Matching
from app.exchange.parsing import Parsed, Parser, shown
from app.exchange.reading import Sheet
from app.services.panel import Work

T = TypeVar("T")
Key = tuple[str, ...]
"""Codes of fields that together name a record."""


@dataclass
class Survey:
    """What was found without writing anything: ``rows`` in the file, what breaks it, and keys that stand in it twice.

    ``doubles`` holds, for each key, the fingerprint of a repeated value → the lines it stands on.
    """

    rows: int = 0
    broken: tuple[CellError, ...] = ()
    doubles: dict[Key, dict[int, list[int]]] = field(default_factory=dict)

    def refuse_doubles(self, spec: RegisterSpec, parsed: Iterable[Parsed]) -> None:
        """Add to each row whose key stands in the file twice an error that names the other lines."""
        repeated = [(key, found) for key, found in self.doubles.items() if found]
        for key, found in repeated:
            for one in parsed:
                mark = fingerprint(key, one.values)
                if mark is not None and mark in found:
                    lines = "、".join(str(n) for n in found[mark] if n != one.line)
                    label = "、".join(f.label.zh for c in key if (f := spec.column(c)))
                    reason = say("{label}在文件中重复，另见第 {lines} 行", label=label, lines=lines)
                    text = ";".join(shown(spec.column(c), one.values[c]) for c in key)
                    one.errors.append(CellError(key[0], reason, text, one.row, one.line, label))


def survey(
    work: Work, spec: RegisterSpec, sheet: Sheet, matching: Matching, keys: Key, batch: int, year: int | None = None
) -> Survey:
    """Read a whole file once and return what is wrong with it as a whole; 16 bytes of memory for each row and key."""
    wanted = _unique_keys(spec, matching, keys)
    needed = {c for key in wanted for c in key}
    parser = Parser([f if f is not None and f.code in needed else None for f in matching.columns], sheet.literal, year)
    marks = {key: (array("q"), array("Q")) for key in wanted}
    found = Survey()
    for rows in batches(sheet.rows(), batch):
        found.rows += len(rows)
        if not wanted:
            continue
        for one in parser.parse(work, rows):
            for key, (prints, lines) in marks.items():
                mark = fingerprint(key, one.values)
                if mark is not None:
                    prints.append(mark)
                    lines.append(one.line)
    found.broken = tuple(sheet.broken)
    found.doubles = {key: _repeated(prints, lines) for key, (prints, lines) in marks.items()}
    return found


def fingerprint(key: Key, values: Mapping[str, Any]) -> int | None:
    """Return 63 bits that equal keys share, None where a part is blank.

    Two different ones among a million rows agree in less than one of ten million files.
    """
    parts = [values.get(c) for c in key]
    if None in parts:
        return None
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=8).digest(), "big") >> 1


def batches(rows: Iterator[T], size: int) -> Iterator[list[T]]:
    """Yield rows in lists of at most ``size``."""
    while batch := list(islice(rows, size)):
        yield batch


def _unique_keys(spec: RegisterSpec, matching: Matching, keys: Key) -> list[Key]:
    """Return the keys that no two rows of the file may share: the chosen one, and what the register holds unique."""
    filled = set(matching.codes)
    unique: Sequence[Key] = [
        *((f.code,) for f in spec.fields if f.unique and not f.many),
        *spec.unique_together,
        ("record_no",),
    ]
    return list(dict.fromkeys(k for k in ([keys] if keys else []) + list(unique) if filled.issuperset(k)))


def _repeated(prints: array[int], lines: array[int]) -> dict[int, list[int]]:
    ordered = sorted(prints)
    twice = {a for a, b in zip(ordered, islice(ordered, 1, None), strict=False) if a == b}
    found: dict[int, list[int]] = {}
    if twice:
        for mark, line in zip(prints, lines, strict=True):
            if mark in twice:
                found.setdefault(mark, []).append(line)
    return found
