"""The table in a spreadsheet of any kind: which sheet, which rows are its headers, what merged cells mean."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from app.errors import CellError, Invalid, Sentence, say
from app.exchange import sniffing
from app.exchange.book import DAMAGED, Doubt, Source, Span, damaged
from app.exchange.naming import folded
from app.exchange.ods import Ods
from app.exchange.reading import FileShape, FileSheet, Row, fitted, names_of, opened
from app.exchange.xls import Xls
from app.exchange.xlsx import Xlsx

_HEAD = 60
"""Rows that sheet and headers are found from."""
_SWOLLEN, _RATIO = 200 << 20, 200
_STRICT = b"http://purl.oclc.org/ooxml/"
Line = tuple[int, list[str | Doubt]]


class BookSheet(FileSheet):
    """One sheet of a spreadsheet as a table."""

    def rows(self) -> Iterator[Row]:
        self.broken.clear()
        try:
            with closing(_source(self.file)) as source:
                yield from _rows(source, self.shape)
        except Invalid as invalid:
            self.broken += invalid.errors
        except DAMAGED:
            self.broken += damaged().errors


def is_book(file: Path | BinaryIO) -> bool:
    """Return whether a file is a spreadsheet, whatever its name says."""
    with opened(file) as stream:
        head = stream.read(8)
    return head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))


def open_book(
    file: Path | BinaryIO, *, sheet: str | None = None, header_line: int | None = None, known: Collection[str] = ()
) -> BookSheet:
    """Return the table in a spreadsheet.

    Without ``sheet`` it is the one whose rows hold most of the ``known`` headers, else the first that is not blank. Raises
    Invalid for a file that is damaged, locked, blank, or holds formulas without results.
    """
    try:
        with closing(_source(file)) as source:
            sheets = tuple(source.sheets())
            heads = {s: list(islice(_filled(source.rows(s)), _HEAD)) for s in ([sheet] if sheet in sheets else sheets)}
            heads = {s: rows for s, rows in heads.items() if rows}
            if not heads:
                raise Invalid([CellError("", say("文件里没有内容"))])
            chosen = max(heads, key=lambda s: max(_hits(cells, known) for _, cells in heads[s]))
            shape = _shape(source, chosen, sheets, heads[chosen], header_line, known)
            sample = tuple(islice(_rows(source, shape), 10))
    except DAMAGED as error:
        raise damaged() from error
    return BookSheet(file, replace(shape, sample_rows=sample))


def _source(file: Path | BinaryIO) -> Source:
    with opened(file) as stream:
        old = stream.read(2) != b"PK"
    if old:
        return Xls(file)
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        if any(i.file_size > max(_SWOLLEN, _RATIO * i.compress_size) for i in archive.infolist()):
            raise Invalid([CellError("", say("文件解开后过大，可能不是正常的表格"))])
        if "xl/workbook.xml" in names and _STRICT in archive.read("xl/workbook.xml"):
            raise Invalid(
                [CellError("", say("这是“Strict Open XML”格式；请在 Excel 中另存为普通的“Excel 工作簿（*.xlsx）”"))]
            )
    if "xl/workbook.xml" in names:
        return Xlsx(file)
    if "content.xml" in names:
        return Ods(file)
    raise Invalid([CellError("", say("不认识这种文件；请另存为 xlsx 或 CSV"))])


def _shape(
    source: Source,
    sheet: str,
    sheets: tuple[str, ...],
    head: list[Line],
    header_line: int | None,
    known: Collection[str],
) -> FileShape:
    """Return where the headers are: the row itself, or the lowest of those that merged cells bind to it."""
    texts = [(line, [_text(c) for c in cells]) for line, cells in head]
    top = sniffing.header_among(texts, known)[0] if header_line is None else header_line
    spans = source.spans(sheet)
    bound = [s for s in spans if s.top <= top <= s.bottom and s.bottom - s.top < _HEAD]
    bottom = max((s.bottom for s in bound), default=top)
    first = min((s.top for s in bound if s.bottom > s.top), default=top)
    names: list[str] = []
    for line, cells in _merged(iter(head), [s for s in spans if s.top <= bottom], 0):
        if min(top, first) <= line <= bottom:
            names += [""] * (len(cells) - len(names))
            names = [_text(c) or n for c, n in zip(cells + [""] * (len(names) - len(cells)), names, strict=True)]
    return FileShape("", "", bottom, names_of(names), sheet=sheet, sheets=sheets)


def _rows(source: Source, shape: FileShape) -> Iterator[Row]:
    width = len(shape.columns)
    spans = [s for s in source.spans(shape.sheet) if s.bottom > shape.header_line]
    for line, cells in _filled(_merged(source.rows(shape.sheet), spans, shape.header_line)):
        if line <= shape.header_line:
            continue
        cells += [""] * (width - len(cells))
        doubts = {n: c.reason for n, c in enumerate(cells) if isinstance(c, Doubt)}
        row = fitted(line, [_text(c) for c in cells], width)
        yield row if not doubts else row._replace(doubts=doubts)


def _merged(lines: Iterator[Line], spans: Sequence[Span], header_line: int) -> Iterator[Line]:
    """Let a cell that spans rows say the same in each of them; below the headers one that spans columns is doubted."""
    coming = sorted(spans, reverse=True)
    active: list[tuple[Span, str | Doubt]] = []
    for line, cells in lines:
        if coming or active:
            while coming and coming[-1].top <= line:
                span = coming.pop()
                held = cells[span.left] if span.top == line and span.left < len(cells) else ""
                if held != "" and span.right > span.left and line > header_line:
                    held = Doubt(_text(held), _UNCLEAR)
                active.append((span, held))
            active = [(s, held) for s, held in active if s.bottom >= line]
            cells = list(cells)
            for span, held in active:
                if held != "":
                    last = span.right if isinstance(held, Doubt) else span.left
                    cells += [""] * (last + 1 - len(cells))
                    cells[span.left : last + 1] = [held] * (last + 1 - span.left)
        yield line, cells


_UNCLEAR: Sentence = say("几列合并成了一格，看不出属于哪一列；请取消合并，分别填写")


def _filled(lines: Iterator[Line]) -> Iterator[Line]:
    return ((line, cells) for line, cells in lines if any(_text(c).strip() for c in cells))


def _hits(cells: Sequence[str | Doubt], known: Collection[str]) -> int:
    return sum(folded(_text(c)) in known for c in cells)


def _text(cell: str | Doubt) -> str:
    return cell.text if isinstance(cell, Doubt) else cell
