"""Excel workbooks (xlsx, xlsm) read row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from openpyxl import load_workbook
from openpyxl.utils import range_boundaries

from app.exchange.book import Doubt, Span, failed, moment, number, percentage, text, uncomputed

_CHUNK, _OVERLAP = 1 << 20, 1 << 16
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z0-9:]+)"')
_FORMULA = re.compile(
    rb"<(?:\w+:)?c\b([^>]*)>\s*<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)\s*"
    rb"(</(?:\w+:)?c>|<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>|<)"
)
_PLACE = re.compile(rb'\br="([A-Z]+[0-9]+)"')


class Xlsx:
    """A workbook; of formulas it reads the results that the file holds."""

    def __init__(self, file: Path | BinaryIO) -> None:
        # from a path openpyxl takes only names that end as it likes
        self._own = file.open("rb") if isinstance(file, Path) else None
        try:
            self._book = load_workbook(self._own or file, read_only=True, data_only=True)
        except BaseException:
            self._let_go()
            raise
        self._stale = bool(getattr(self._book.calculation, "fullCalcOnLoad", False))

    def sheets(self) -> Sequence[str]:
        return [s.title for s in self._book.worksheets if s.sheet_state == "visible"]

    def spans(self, sheet: str) -> Sequence[Span]:
        """Return a sheet's merged cells, which stand behind its rows, so that all of it is looked through."""
        found: dict[bytes, Span] = {}
        with self._book[sheet]._get_source() as source:
            tail = b""
            while part := source.read(_CHUNK):
                part = tail + part
                if b"<f" in part or b":f" in part:
                    self._refuse_stale(part)
                for match in _MERGED.finditer(part):
                    left, top, right, bottom = range_boundaries(match[1].decode())
                    found[match[1]] = Span(top, bottom, left - 1, right - 1)
                tail = part[-_OVERLAP:]
        return list(found.values())

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
        for line, cells in enumerate(page.iter_rows(), 1):
            yield line, [_read(c, shares) for c in cells]

    def close(self) -> None:
        self._book.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._own is not None:
            self._own.close()


def _read(cell: Any, shares: dict[int, bool]) -> str | Doubt:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return failed(value) if cell.data_type == "e" else text(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        style = cell._style_id
        if style not in shares:
            shares[style] = percentage(cell.number_format)
        return number(value, percent=shares[style])
    return moment(value) if isinstance(value, date | time | timedelta) else text(str(value))
