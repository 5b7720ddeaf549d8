"""Excel workbooks (xlsx, xlsm) read row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl.cell.text import Text
from openpyxl.reader.excel import ExcelReader
from openpyxl.utils import range_boundaries
from openpyxl.xml.constants import SHARED_STRINGS, SHEET_MAIN_NS
from openpyxl.xml.functions import iterparse

from app.errors import Sentence, say
from app.exchange.book import Doubt, Span, failed, moment, number, percentage, text, uncomputed
from app.exchange.workbook import understood

_CHUNK, _OVERLAP = 1 << 20, 1 << 16
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>|<)"
)
_STALE = re.compile(rb'<(?:\w+:)?calcPr\s[^>]*\bfullCalcOnLoad="(?:1|true)"')
_ROW = re.compile(rb'.row\s[^>]*?\br="(\d+)"')
_PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')

_PICTURES = ("=DISPIMG(", "=_xlfn.DISPIMG(")
"""What WPS keeps as the result of a cell that holds a picture."""
_PICTURE: Sentence = say("这一格放的是图片，不是文字；图片请作为附件上传")


class _Reader(ExcelReader):  # type: ignore[misc]  # openpyxl has no types
    """Reads a workbook as openpyxl does, but its shared texts as they stand in the file."""

    def read_strings(self) -> None:
        """Leave ``_x005F_`` where it is: openpyxl takes it away, and ``_x0041_`` in a cell could not be told from the letter A."""
        if (part := self.package.find(SHARED_STRINGS)) is None:
            return
        with self.archive.open(part.PartName[1:]) as source:
            for _, el in iterparse(source):
                if el.tag == f"{{{SHEET_MAIN_NS}}}si":
                    self.shared_strings.append(Text.from_tree(el).content)
                    el.clear()

    @property
    def stale(self) -> bool:
        """Whether the program that opens the workbook is to compute it anew; where nothing is said openpyxl takes it for yes."""
        return _STALE.search(self.archive.read(self.parser.workbook_part_name)) is not None


class Xlsx:
    """A workbook; of formulas it reads the results that the file holds."""

    def __init__(self, file: Path | BinaryIO) -> None:
        # from a path openpyxl takes only names that end as it likes
        self._own = file.open("rb") if isinstance(file, Path) else None
        try:
            reader = _Reader(self._own or file, read_only=True, data_only=True)
            reader.read()
        except BaseException:
            self._let_go()
            raise
        self._book = reader.wb
        self._stale = reader.stale

    def sheets(self) -> Sequence[str]:
        return [s.title for s in self._book.worksheets if s.sheet_state == "visible"]

    def spans(self, sheet: str) -> Sequence[Span]:
        """Return a sheet's merged cells, which stand behind its rows."""
        found: dict[bytes, Span] = {}
        for part in self._parts(sheet):
            if b"<f" in part or b":f" in part:
                self._refuse_stale(part)
            for match in _MERGED.finditer(part):
                left, top, right, bottom = range_boundaries(match[1].decode())
                found[match[1]] = Span(top, bottom, left - 1, right - 1)
        return list(found.values())

    def _parts(self, sheet: str) -> Iterator[bytes]:
        """Yield a sheet's XML in parts that overlap, so that whatever is looked for stands whole in one of them."""
        with self._book[sheet]._get_source() as source:
            tail = b""
            while part := source.read(_CHUNK):
                yield (part := tail + part)
                tail = part[-_OVERLAP:]

    def _last(self, sheet: str) -> int | None:
        """Return the last row with a value, at least the first; None where the rows are not numbered.

        Some sheets go on to the very last row there is, a million with nothing but borders: openpyxl would take many minutes.
        """
        last = begun = 0
        for part in self._parts(sheet):
            filled = max(part.rfind(end) for end in (b"v>", b"is>"))
            if filled >= 0:
                last = _begun(part, filled) or begun
            begun = _begun(part, len(part)) or begun
        return last or (1 if begun else None)

    def _refuse_stale(self, part: bytes) -> None:
        """Raise Invalid where a formula has no result: a program wrote it, and no spreadsheet has opened it since.

        A text that came to be empty is a result; Excel marks it as a text.
        """
        for match in _FORMULA.finditer(part):
            if self._stale or (match[2] != b"<" and b't="str"' not in match[1]):
                place = _PLACE.search(match[1])
                raise uncomputed(place[1].decode() if place else "?")

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str | Doubt]]]:
        page = self._book[sheet]
        page.reset_dimensions()  # what a file says of its own size is often wrong
        shares: dict[int, bool] = {}
        for line, cells in enumerate(page.iter_rows(max_row=self._last(sheet)), 1):
            yield line, [_read(c, shares) for c in cells]

    def close(self) -> None:
        self._book.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._own is not None:
            self._own.close()


def _begun(part: bytes, before: int) -> int:
    """Return the number of the last row that begins before a place; 0 where none does."""
    start = max(part.rfind(mark, 0, before) for mark in (b"<row ", b":row "))
    found = _ROW.match(part, start) if start >= 0 else None
    return int(found[1]) if found else 0


def _read(cell: Any, shares: dict[int, bool]) -> str | Doubt:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        if cell.data_type == "e":
            return failed(value)
        return Doubt(value, _PICTURE) if value.startswith(_PICTURES) else text(understood(value))
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        style = cell._style_id
        if style not in shares:
            shares[style] = percentage(cell.number_format)
        return number(value, percent=shares[style])
    return moment(value) if isinstance(value, date | time | timedelta) else text(str(value))
