"""Old Excel workbooks (xls): at most 65,536 rows, read whole."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import xlrd

from app.exchange.book import Doubt, Span, damaged, failed, locked, moment, number, percentage, text
from app.exchange.reading import opened


class Xls:
    """A workbook; of formulas it reads the results that the file holds."""

    def __init__(self, file: Path | BinaryIO) -> None:
        with opened(file) as stream:
            content = stream.read()
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise locked()
        try:
            self._book = xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=io.StringIO())
        except (xlrd.XLRDError, xlrd.compdoc.CompDocError) as error:
            if "encrypt" in str(error).lower():
                raise locked() from error
            raise damaged() from error

    def sheets(self) -> Sequence[str]:
        return [s.name for s in self._book.sheets() if s.visibility == 0]

    def spans(self, sheet: str) -> Sequence[Span]:
        merged = self._book.sheet_by_name(sheet).merged_cells
        return [Span(top + 1, bottom, left, right - 1) for top, bottom, left, right in merged]

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str | Doubt]]]:
        page = self._book.sheet_by_name(sheet)
        for n in range(page.nrows):
            yield n + 1, [self._read(c) for c in page.row(n)]

    def close(self) -> None:
        self._book.release_resources()

    def _read(self, cell: Any) -> str | Doubt:
        match cell.ctype:
            case xlrd.XL_CELL_EMPTY | xlrd.XL_CELL_BLANK:
                return ""
            case xlrd.XL_CELL_BOOLEAN:
                return "TRUE" if cell.value else "FALSE"
            case xlrd.XL_CELL_ERROR:
                return failed(xlrd.error_text_from_code.get(cell.value, "#?"))
            case xlrd.XL_CELL_DATE:
                try:
                    day = xlrd.xldate_as_datetime(cell.value, self._book.datemode)
                except (ValueError, OverflowError):
                    return number(cell.value)
                return moment(day if cell.value >= 1 else day.time())
            case xlrd.XL_CELL_NUMBER:
                shown = self._book.format_map[self._book.xf_list[cell.xf_index].format_key].format_str
                return number(cell.value, percent=percentage(shown))
        return text(str(cell.value))
