"""Rows of text to rows of values, column by column; every cell that cannot be read is collected."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import field as declared
from typing import Any, NamedTuple

from app.errors import CellError, Sentence, say
from app.exchange.cells import unguarded
from app.exchange.reading import Row
from app.fields.base import Field, Storage, Unreadable
from app.fields.links import Link
from app.fields.texts import LongText
from app.fields.times import Date, Moment, with_year
from app.services import lookup
from app.services.panel import Work

_SEVERAL = re.compile(r"[;；\n]+")
_REMEMBERED = 5_000
_SPOILT = re.compile(r"[+-]?\d(\.\d+)?E\+\d{2}")
"""A long number as spreadsheets show it, and save it as CSV: its last digits are gone."""
_DIGITS = (Storage.TEXT, Storage.INTEGER, Storage.SCALED)


@dataclass(slots=True)
class Parsed:
    """One row of a file: ``row`` counts data rows from 1, ``values`` holds field code → value of what could be read."""

    row: int
    line: int
    cells: list[str]
    values: dict[str, Any]
    errors: list[CellError] = declared(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Bad:
    """Stands in a column's memory for a text that its field refused."""

    reason: Sentence


class Plain(NamedTuple):
    """Columns of values by field, without those that name people, units and rows; and the fields of which a text has been refused so far."""

    columns: dict[str, list[Any]]
    refused: frozenset[str]


class Parser:
    """Reads the columns of one file; remembers in each what a text meant, for cells repeat.

    ``columns`` holds for each column of the file its field, or None to leave the column out; ``literal`` is that of the sheet;
    ``year`` that of days written without one.
    """

    def __init__(self, columns: Sequence[Field | None], literal: bool = False, year: int | None = None) -> None:
        self._literal, self._year = literal, year
        self._columns = [(index, f) for index, f in enumerate(columns) if f is not None]
        self._codes = [f.code for _, f in self._columns]
        self._memory: dict[str, dict[str, Any]] = {code: {} for code in self._codes}
        self._refused: set[str] = set()
        """Fields of which some text has been refused so far; the cells of all others need no second look."""
        self._read = {f.code: self._reader(f) for _, f in self._columns}

    def read(self, rows: Sequence[Row]) -> Plain:
        """Return the columns of some rows that can be read without asking the database; another process may do so."""
        cells = list(zip(*[r.cells for r in rows if r.fault is None], strict=True))
        plain = [(index, f) for index, f in self._columns if cells and not isinstance(f, Link)]
        columns = {f.code: self._column(f, cells[index]) for index, f in plain}
        return Plain(columns, frozenset(self._refused))

    def parse(self, work: Work, rows: Sequence[Row], first: int = 1, plain: Plain | None = None) -> list[Parsed]:
        """Return the rows as values; ``first`` is the number of the first row among the file's data rows, ``plain`` what was read of them.

        Names of people, units and rows are looked up together, once for each column.
        """
        plain = self.read(rows) if plain is None else plain
        self._refused |= plain.refused
        sound = [r for r in rows if r.fault is None]
        columns, bad = [], []
        for index, f in self._columns if sound else ():
            values = (
                self._links(work, f, [r.cells[index] for r in sound]) if isinstance(f, Link) else plain.columns[f.code]
            )
            for n, reason in [(n, r.doubts[index]) for n, r in enumerate(sound) if r.doubts and index in r.doubts]:
                values[n] = _Bad(reason)
                self._refused.add(f.code)
            columns.append(values)
            if f.code in self._refused and any(type(v) is _Bad for v in values):
                bad.append((index, f, values))
        read: list[dict[str, Any]] = [{} for _ in sound]
        if columns:
            read = [dict(zip(self._codes, values, strict=True)) for values in zip(*columns, strict=True)]
        following = iter(read)
        found = [
            Parsed(n, r.line, r.cells, next(following) if r.fault is None else {}) for n, r in enumerate(rows, first)
        ]
        for one, r in zip(found, rows, strict=True):
            if r.fault is not None:
                one.errors.append(CellError("", r.fault, row=one.row, line=one.line))
        whole = [one for one, r in zip(found, rows, strict=True) if r.fault is None]
        for index, f, values in bad:
            for one, value in zip(whole, values, strict=True):
                if type(value) is _Bad:
                    text = one.cells[index]
                    one.errors.append(CellError(f.code, value.reason, text, one.row, one.line, f.label.zh))
                    del one.values[f.code]
        needed = [(index, f) for index, f in self._columns if f.required and f.typed]
        for one in (x for x in whole if x.errors):
            for index, f in needed:
                if f.code in one.values and one.values[f.code] is None:
                    one.errors.append(CellError(f.code, say("必填"), one.cells[index], one.row, one.line, f.label.zh))
        return found

    def _column(self, field: Field, texts: Sequence[str]) -> list[Any]:
        read = self._read[field.code]
        if isinstance(field, LongText):
            # long texts hardly repeat, and remembering them would fill the memory
            return [read(t) for t in texts]
        memory, new = self._remembered(field, texts)
        memory.update(zip(new, map(read, new), strict=True))
        return [memory[t] for t in texts]

    def _links(self, work: Work, field: Link, texts: Sequence[str]) -> list[Any]:
        memory, new = self._remembered(field, texts)
        _look_up(work, field, new, memory, str if self._literal else unguarded)
        values = [memory[t] for t in texts]
        for text in [t for t in new if type(memory[t]) is _Bad]:
            self._refused.add(field.code)
            del memory[text]  # what was not there may be brought by this very file
        return values

    def _remembered(self, field: Field, texts: Sequence[str]) -> tuple[dict[str, Any], set[str]]:
        """Return what is remembered of a column, and the texts that are not known yet."""
        memory = self._memory[field.code]
        new = set(texts) - memory.keys()
        if len(memory) + len(new) > _REMEMBERED:
            memory.clear()
            new = set(texts)
        return memory, new

    def _reader(self, field: Field) -> Callable[[str], Any]:
        """Return what reads a text of a column: to what it means, or why it cannot be taken, so that a row tells all that is wrong at once."""
        parse, literal = field.parse, self._literal
        check = None if type(field).check is Field.check else field.check
        digits = field.storage in _DIGITS
        year = self._year if isinstance(field, Date | Moment) else None

        def read(text: str) -> Any:
            reason: Sentence | None
            if digits and "E+" in text and _SPOILT.fullmatch(text):
                reason = _spoilt(text)
            else:
                try:
                    meant = text if literal else unguarded(text)
                    value = parse(meant if year is None else with_year(meant, year))
                    reason = None if check is None or value is None else check(value)
                except Unreadable as error:
                    reason = error.reason
                if reason is None:
                    return value
            self._refused.add(field.code)
            return _Bad(reason)

        return read


def _spoilt(text: str) -> Sentence:
    return say("“{text}”是表格软件的科学计数法，原来的数字已经丢失；请把这一列设为文本，重新填写", text=text)


def read_texts(work: Work, field: Field, texts: Sequence[str]) -> list[Any]:
    """Return what texts typed into one column mean, in their order, just as a file's cells would; a Sentence for what means nothing."""
    parser = Parser([field])
    found = parser._links(work, field, texts) if isinstance(field, Link) else parser._column(field, texts)
    return [v.reason if type(v) is _Bad else v for v in found]


def shown(field: Field | None, value: Any) -> str:
    """Return a value as an error quotes it; nothing for what is only an id."""
    return "" if value is None or field is None or isinstance(field, Link) else field.format(value)


def _look_up(work: Work, field: Link, texts: set[str], memory: dict[str, Any], meant: Callable[[str], str]) -> None:
    """Put the ids that texts name into ``memory``: one id, or a tuple where the field holds several."""
    parts: dict[str, list[str]] = {}
    for text in texts:
        plain = meant(text)
        named = _SEVERAL.split(plain) if field.many else [plain]
        parts[text] = list(dict.fromkeys(" ".join(p.split()) for p in named if p.strip()))
    found = lookup.resolve(work, field, {p for named in parts.values() for p in named})
    for text, named in parts.items():
        ids = [found[p] for p in named]
        why_not = next((i for i in ids if isinstance(i, Sentence)), None)
        if why_not is not None:
            memory[text] = _Bad(why_not)
        elif field.many:
            memory[text] = tuple(dict.fromkeys(ids)) or None
        else:
            memory[text] = ids[0] if ids else None
