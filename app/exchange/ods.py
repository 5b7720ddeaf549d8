"""OpenDocument spreadsheets (ods), read row by row from their XML."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element, iterparse

from app.exchange.book import MOST_COLUMNS, Doubt, Span, failed, locked, moment, number, text

_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_CLOCK = re.compile(r"PT(\d+)H(\d+)M(\d+(?:[.,]\d+)?)S")
_MOST_ROWS = 1_048_576


class Ods:
    """A spreadsheet; of formulas it reads the results that the file holds."""

    def __init__(self, file: Path | BinaryIO) -> None:
        self._archive = zipfile.ZipFile(file)
        self._first = datetime(1899, 12, 30)  # noqa: DTZ001  # a day of no zone
        """The day that moments count from, where the file says no other."""
        with suppress(KeyError):
            if b"encryption-data" in self._archive.read("META-INF/manifest.xml"):
                self.close()
                raise locked()

    def sheets(self) -> Sequence[str]:
        """Return the names of the sheets that are shown; the styles that hide them stand before them."""
        found, hidden = [], set()
        for event, el in self._walk():
            if (
                event == "end"
                and el.tag == f"{_STYLE}style"
                and el.find(f"{_STYLE}table-properties[@{_TABLE}display='false']") is not None
            ):
                hidden.add(el.get(f"{_STYLE}name"))
            elif event == "start" and el.tag == f"{_TABLE}table" and el.get(f"{_TABLE}style-name", "") not in hidden:
                found.append(el.get(f"{_TABLE}name", ""))
        return found

    def spans(self, sheet: str) -> Sequence[Span]:
        found = []
        for line, _, row in self._rows(sheet):
            at = 0
            for cell in row:
                if cell.tag not in _CELLS:
                    continue
                down, across = (int(cell.get(f"{_TABLE}number-{n}-spanned", 1)) for n in ("rows", "columns"))
                if down > 1 or across > 1:
                    found.append(Span(line, line + down - 1, at, at + across - 1))
                at += int(cell.get(f"{_TABLE}number-columns-repeated", 1))
        return found

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str | Doubt]]]:
        for line, times, row in self._rows(sheet):
            cells: list[str | Doubt] = []
            blank = 0
            for cell in row:
                if cell.tag not in _CELLS:
                    continue
                repeated, read = int(cell.get(f"{_TABLE}number-columns-repeated", 1)), _read(cell, self._first)
                if read == "":
                    blank += repeated  # to the right of everything there are often thousands
                    continue
                cells += [""] * min(blank, MOST_COLUMNS - len(cells))
                cells += [read] * min(repeated, MOST_COLUMNS - len(cells))
                blank = 0
            if cells:
                for n in range(min(times, _MOST_ROWS - line + 1)):
                    yield line + n, cells

    def close(self) -> None:
        self._archive.close()

    def _rows(self, sheet: str) -> Iterator[tuple[int, int, Element]]:
        """Yield each row of a sheet with its number and how many rows are alike."""
        line, inside = 1, False
        for event, el in self._walk():
            if el.tag == f"{_TABLE}table":
                if inside and event == "end":
                    return
                inside = inside or (event == "start" and el.get(f"{_TABLE}name") == sheet)
            elif el.tag == f"{_TABLE}null-date":
                self._first = datetime.fromisoformat(el.get(f"{_TABLE}date-value", "1899-12-30"))
            elif inside and event == "end" and el.tag == f"{_TABLE}table-row":
                times = int(el.get(f"{_TABLE}number-rows-repeated", 1))
                yield line, times, el
                line += times
                el.clear()

    def _walk(self) -> Iterator[tuple[str, Element]]:
        # no entity of a document is ever followed out of it, and expat refuses those that swell
        with self._archive.open("content.xml") as source:
            for event, el in iterparse(source, events=("start", "end")):  # noqa: S314
                yield event, el
                if event == "end" and el.tag == f"{_TABLE}table":
                    el.clear()


def _read(cell: Element, first: datetime) -> str | Doubt:
    if cell.tag != _CELLS[0]:
        return ""
    kind = cell.get(f"{_OFFICE}value-type")
    if cell.get(f"{_CALC}value-type") == "error":
        return failed(_words(cell) or "#?")
    match kind:
        case "float" | "currency":
            return number(float(cell.get(f"{_OFFICE}value", "")))
        case "percentage":
            return number(float(cell.get(f"{_OFFICE}value", "")), percent=True)
        case "boolean":
            return cell.get(f"{_OFFICE}boolean-value", "").upper()
        case "date":
            return moment(datetime.fromisoformat(cell.get(f"{_OFFICE}date-value", "").rstrip("Z")))
        case "time" if m := _CLOCK.fullmatch(cell.get(f"{_OFFICE}time-value", "")):
            since = timedelta(hours=int(m[1]), minutes=int(m[2]), seconds=float(m[3].replace(",", ".")))
            # a moment of which only the time is shown is kept as the time since the first day
            return moment(first + since if since >= timedelta(days=1) else (first + since).time())
    if kind is None and cell.get(f"{_TABLE}formula"):
        return failed(cell.get(f"{_TABLE}formula", ""))
    said = cell.get(f"{_OFFICE}string-value")
    return text(_words(cell) if said is None else said)


def _words(cell: Element) -> str:
    return "\n".join(_said(p) for p in cell if p.tag == f"{_TEXT}p")


def _said(part: Element) -> str:
    """Return the text of a paragraph; blanks in a row, tabs and line breaks are elements of their own."""
    found = [part.text or ""]
    for inner in part:
        if inner.tag == f"{_TEXT}s":
            found.append(" " * int(inner.get(f"{_TEXT}c", 1)))
        elif inner.tag == f"{_TEXT}tab":
            found.append("\t")
        elif inner.tag == f"{_TEXT}line-break":
            found.append("\n")
        elif inner.tag != f"{_OFFICE}annotation":
            found.append(_said(inner))
        found.append(inner.tail or "")
    return "".join(found)
