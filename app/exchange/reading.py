"""A file as rows of text with their true lines, read once through with flat memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from app.errors import CellError, Sentence, say
from app.exchange import sniffing

_CHUNK = 1 << 18
_LONGEST_LINE = 1 << 22


class Row(NamedTuple):
    """One row below the headers: the line it starts on, its cells as text, or why it cannot be used."""

    line: int
    cells: list[str]
    fault: Sentence | None = None
    doubts: Mapping[int, Sentence] = {}
    """Cells, by their place, that a spreadsheet has spoilt."""


@dataclass(frozen=True)
class FileShape:
    """How a file was understood; every part of it may be overridden by a person.

    ``header_line`` counts physical lines, or a sheet's rows, from 1. Of text there is no ``sheet``, of a spreadsheet no
    ``encoding`` and no ``delimiter``.
    """

    encoding: str
    delimiter: str
    header_line: int
    columns: tuple[str, ...]
    sample_rows: tuple[Row, ...] = ()
    sheet: str = ""
    sheets: tuple[str, ...] = ()


class Sheet(Protocol):
    """A table in a file of any kind; a spreadsheet's typed cells come as the text that our own export writes.

    ``broken`` fills up while rows are read: what makes the whole file unusable, as rows behind it
    cannot be trusted. ``literal``: a cell is what it says; in text it may be guarded (``cells.guarded``).
    """

    shape: FileShape
    broken: list[CellError]
    literal: bool

    def rows(self) -> Iterator[Row]:
        """Yield every row below the headers that is not blank; each call reads the file anew."""
        ...


@dataclass
class FileSheet:
    """What the tables in files of every kind hold; ``rows`` each reads in its own way."""

    file: Path | BinaryIO
    shape: FileShape
    broken: list[CellError] = field(default_factory=list)
    literal: bool = True


@dataclass
class TextSheet(FileSheet):
    """CSV and its kin: RFC 4180 quoting under any of ``sniffing.DELIMITERS``."""

    literal: bool = False

    def rows(self) -> Iterator[Row]:
        self.broken.clear()
        with opened(self.file) as stream:
            yield from self._rows(stream)

    def _rows(self, stream: BinaryIO) -> Iterator[Row]:
        nul_lines: set[int] = set()
        lines = _lines(stream, self.shape.encoding, self.broken, nul_lines)
        reader = csv.reader(lines, delimiter=self.shape.delimiter, strict=True)
        header, width, last = self.shape.header_line, len(self.shape.columns), 0
        while True:
            try:
                for cells in reader:
                    line, last = last + 1, reader.line_num
                    if line <= header or not cells or (not cells[0].strip() and not "".join(cells).strip()):
                        continue
                    if len(cells) == width and not nul_lines:
                        yield Row(line, cells)
                    elif nul_lines and not nul_lines.isdisjoint(range(line, last + 1)):
                        yield Row(line, cells, say("这一行含有无法显示的空字符（NUL），文件可能已损坏"))
                    else:
                        yield fitted(line, cells, width)
                return
            except csv.Error as error:
                line, last = last + 1, reader.line_num
                if last >= header:
                    self.broken.append(CellError("", _quoting(error), line=line))


def open_text(
    file: Path | BinaryIO,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_line: int | None = None,
    known: Collection[str] = (),
) -> TextSheet:
    """Return the table in a text file: a path, or a seekable stream of bytes.

    ``encoding``, ``delimiter`` and ``header_line`` are found where they are not given; ``known`` are folded headers
    (``naming.folded``) that help to find them. Raises Invalid where the file is empty or its encoding cannot be told.
    """
    with opened(file) as stream:
        encoding = (
            sniffing.unmarked(stream, sniffing.codec(encoding)) if encoding else sniffing.find_encoding(stream, known)
        )
        text = sniffing.head_text(stream, encoding)
    delimiter = delimiter or sniffing.find_delimiter(text)
    if header_line is None:
        header_line, cells = sniffing.find_header(text, delimiter, known)
    else:
        cells = next((c for line, c in sniffing.numbered(text, delimiter) if line >= header_line), [])
    shape = FileShape(encoding, delimiter, header_line, names_of(cells))
    sheet = TextSheet(file, shape)
    sample = tuple(row for row, _ in zip(sheet.rows(), range(10), strict=False))
    return TextSheet(file, FileShape(encoding, delimiter, header_line, shape.columns, sample))


@contextmanager
def opened(file: Path | BinaryIO) -> Iterator[BinaryIO]:
    """Give a file from its beginning; one that was open stays so."""
    if isinstance(file, Path):
        with file.open("rb") as stream:
            yield stream
    else:
        file.seek(0)
        yield file


def names_of(cells: list[str]) -> tuple[str, ...]:
    """Return the headers without the nameless columns that spreadsheets leave at the right."""
    names = [" ".join(c.split()) for c in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def fitted(line: int, cells: list[str], width: int) -> Row:
    """Return a row of any width as wide as the headers: fit where only blank cells are too many, else with its fault."""
    if len(cells) == width:
        return Row(line, cells)
    if len(cells) > width and not "".join(cells[width:]).strip():
        return Row(line, cells[:width])
    if len(cells) > width:
        return Row(line, cells, say("这一行有 {n} 格，比表头的 {m} 格多", n=len(cells), m=width))
    return Row(line, cells, say("这一行只有 {n} 格，比表头的 {m} 格少", n=len(cells), m=width))


def _quoting(error: csv.Error) -> Sentence:
    if "field limit" in str(error):
        return say("从这一行开始的一格超过 {n} 个字，可能是引号没有闭合", n=csv.field_size_limit())
    if "unexpected end" in str(error):
        return say("从这一行开始的引号直到文件末尾都没有闭合")
    return say("这一行的引号不成对；格内的引号要写成两个")


def _lines(stream: BinaryIO, encoding: str, broken: list[CellError], nul_lines: set[int]) -> Iterator[str]:
    """Yield physical lines with their ends, be they CR, LF or both; note where decoding fails and where NUL stands."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    read, tail = 0, ""
    while True:
        raw = stream.read(_CHUNK)
        try:
            text = tail + decoder.decode(raw, final=not raw)
        except UnicodeDecodeError as error:
            good = tail + error.object[: error.start].decode(encoding, "replace")
            at = read + len(_split(good + "x"))
            reason = say("文件不是 {encoding} 编码，从这一行起无法读出", encoding=encoding.upper())
            broken.append(CellError("", reason, line=at))
            return
        lines = _split(text)
        if raw and lines:
            # a CR at the very end may be half of CR LF
            tail = "" if text.endswith("\n") else lines.pop()
            if len(tail) > _LONGEST_LINE:
                broken.append(CellError("", say("这一行过长，文件可能不是表格"), line=read + len(lines) + 1))
                return
        if "\0" in text:
            nul_lines.update(read + n for n, one in enumerate(lines, 1) if "\0" in one)
        read += len(lines)
        yield from lines
        if not raw:
            return


def _split(text: str) -> list[str]:
    return list(io.StringIO(text, newline=""))
