"""Excel workbooks written row by row: typed cells, header that stays in sight, lists to choose from; nothing runs as a formula."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.compat import safe_string
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.datetime import to_excel
from openpyxl.worksheet.datavalidation import DataValidation

from app.exchange.cells import guarded
from app.fields.label import Label

MOST_ROWS = 1_048_575
"""Rows below the header of one sheet; what is more goes on in the next one."""
LONGEST = 32_767
"""Characters (UTF-16 units) that Excel keeps in a cell; a longer text is cut, and refused when it comes back."""
CHOICES = Label(zh="选项", en="Choices")
_UNSPOKEN = re.compile(r"_x[0-9A-Fa-f]{4}_|[\x00-\x08\x0b-\x1f\ufffe\uffff]")
_SPOKEN = re.compile(r"_x([0-9A-Fa-f]{4})_")
_EXACT_DIGITS = 15
_REMEMBERED = 20_000
_FIRST_DAY = date(1900, 3, 1)
_HEAD = Font(bold=True), PatternFill("solid", fgColor="DDE5EE")


@dataclass(frozen=True)
class Column:
    """A column: its header, its width in characters, how its numbers and days are shown, and the texts to choose from."""

    header: str
    width: float
    format: str = "@"
    choices: tuple[str, ...] = ()
    wrapped: bool = False


class Book:
    """A workbook being written. openpyxl makes all of it but the rows, whose cells it would make one by one; those are put in at the end."""

    def __init__(self, creator: str = "", about: str = "") -> None:
        self._book = Workbook(write_only=True)
        self._book.properties.creator, self._book.properties.description = creator or "Rulebook", about
        self._rows: list[tuple[Any, IO[bytes]]] = []

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *why: object) -> None:
        """Let go of the rows, also of a workbook that is not to be."""
        for _, file in self._rows:
            file.close()

    def sheet(self, title: str, columns: Sequence[Column], footer: str = "") -> Rows:
        """Begin a sheet; ``footer`` stands on every printed page."""
        return Rows(self._book, self._rows, title, columns, footer)

    def note(self, title: str, rows: Iterable[tuple[str, str]]) -> None:
        """Add a sheet of names and what they stand for."""
        sheet = self._book.create_sheet(title)
        sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 14, 80
        for row in rows:
            sheet.append([cell(sheet, text) for text in row])

    def choices(self, title: str, lists: Sequence[tuple[str, ...]]) -> None:
        """Add the hidden sheet that lists to choose from stand on, one in each column."""
        sheet = self._book.create_sheet(title)
        sheet.sheet_state = "hidden"
        for n in range(max(map(len, lists), default=0)):
            sheet.append([cell(sheet, one[n]) if n < len(one) else None for one in lists])

    def save(self, out: IO[bytes]) -> None:
        """Write the workbook."""
        with tempfile.TemporaryFile() as without:
            self._book.save(without)
            rows = {sheet.path.lstrip("/"): file for sheet, file in self._rows}
            with ZipFile(without) as given, ZipFile(out, "w", ZIP_DEFLATED) as made:
                for name in given.namelist():
                    if name in rows:
                        _put_in(made, name, given.read(name), rows[name])
                    else:
                        made.writestr(name, given.read(name))


def _put_in(made: ZipFile, name: str, sheet: bytes, rows: IO[bytes]) -> None:
    """Write a sheet with the rows that follow its header."""
    before, end, after = sheet.partition(b"</sheetData>")
    with made.open(name, "w", force_zip64=True) as out:
        out.write(before)
        rows.seek(0)
        shutil.copyfileobj(rows, out, 1 << 20)
        out.write(end + after)


class Rows:
    """A sheet, and those that follow it where Excel's rows do not suffice."""

    def __init__(
        self, book: Workbook, files: list[tuple[Any, IO[bytes]]], title: str, columns: Sequence[Column], footer: str
    ) -> None:
        self._book, self._files, self._title, self._columns, self._footer = book, files, title, columns, footer
        self._lists = [c.choices for c in columns if c.choices]
        self._number = 0
        self._begin()

    @property
    def lists(self) -> list[tuple[str, ...]]:
        """The lists to choose from, for ``Book.choices``."""
        return self._lists

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Append rows of text, numbers, days and naive moments; None leaves a cell empty."""
        for row in rows:
            if self._row > MOST_ROWS:
                self._begin()
            self._row += 1
            n = self._row
            cells = [
                f'<c r="{letter}{n}"{made(value)}'
                for (letter, made), value in zip(self._cells, row, strict=True)
                if value is not None and value != ""
            ]
            self._file.write(f'<row r="{n}">{"".join(cells)}</row>'.encode())

    def _begin(self) -> None:
        self._number += 1
        title = re.sub(r"[\[\]:*?/\\]", " ", self._title)[:25].strip() or "Sheet"
        sheet = self._book.create_sheet(title if self._number == 1 else f"{title} ({self._number})")
        sheet.freeze_panes = "A2"
        sheet.oddFooter.center.text = self._footer.replace("&", "&&")
        lists = iter(range(1, len(self._lists) + 1))
        letters = [get_column_letter(n) for n in range(1, len(self._columns) + 1)]
        for letter, column in zip(letters, self._columns, strict=True):
            sheet.column_dimensions[letter].width = column.width
            if column.choices:
                place = get_column_letter(next(lists))
                listed = f"'{CHOICES.zh}'!${place}$1:${place}${len(column.choices)}"
                choice = DataValidation("list", formula1=listed, allow_blank=True, showErrorMessage=True)
                choice.add(f"{letter}2:{letter}{MOST_ROWS + 1}")
                sheet.data_validations.append(choice)
        self._cells = [(letter, _Cells(sheet, c)) for letter, c in zip(letters, self._columns, strict=True)]
        heads(sheet, [c.header for c in self._columns])
        self._row, self._file = 1, tempfile.TemporaryFile()  # noqa: SIM115  # the book closes it
        self._files.append((sheet, self._file))


class _Cells:
    """The cells of one column as XML, from behind the place of each; one that has come before is not made again."""

    def __init__(self, sheet: Any, column: Column) -> None:
        text, safe, value = (WriteOnlyCell(sheet) for _ in range(3))
        for one in (text, safe):
            one.number_format = "@"
            if column.wrapped:
                one.alignment = Alignment(wrap_text=True, vertical="top")
        safe.quotePrefix = True
        value.number_format = column.format
        self._text, self._guarded, self._value = text.style_id, safe.style_id, value.style_id
        self._made: dict[Any, str] = {}

    def __call__(self, value: Any) -> str:
        if (made := self._made.get(value)) is None:
            if len(self._made) > _REMEMBERED:
                self._made.clear()
            made = self._made[value] = self._make(value)
        return made

    def _make(self, value: Any) -> str:
        if isinstance(value, str):
            return _worded(spoken(value), self._guarded if guarded(value) != value else self._text)
        if not kept_exactly(value):
            return _worded(f"{value:f}" if isinstance(value, Decimal) else str(value), self._text)
        number = to_excel(value) if isinstance(value, date) else value
        return f' s="{self._value}" t="n"><v>{safe_string(number)}</v></c>'


def _worded(text: str, style: int) -> str:
    kept = ' xml:space="preserve"' if text != text.strip() or "\n" in text else ""
    return f' s="{style}" t="inlineStr"><is><t{kept}>{escape(text)}</t></is></c>'


def heads(sheet: Any, texts: Sequence[str]) -> None:
    """Append the row of headers."""
    cells = [cell(sheet, text) for text in texts]
    for one in cells:
        one.font, one.fill = _HEAD
    sheet.append(cells)


def cell(sheet: Any, value: Any) -> WriteOnlyCell:
    """Return one cell: a text stays a text, neither a formula nor, as a number such as 007 would, something else when it is edited."""
    one = WriteOnlyCell(sheet)
    if isinstance(value, str):
        one._value = spoken(value)
        one.data_type, one.number_format, one.quotePrefix = "s", "@", guarded(value) != value
        return one
    one.value = value
    if isinstance(value, Decimal):
        one.number_format = "#,##0.00"
    elif isinstance(value, datetime):
        one.number_format = "yyyy-mm-dd hh:mm"
    return one


def kept_exactly(value: Any) -> bool:
    """Return whether Excel keeps a number or a day as it is: at most 15 digits, from March 1900 on."""
    if isinstance(value, Decimal):
        return len(value.as_tuple().digits) <= _EXACT_DIGITS
    if isinstance(value, datetime):
        return value.date() >= _FIRST_DAY
    return value >= _FIRST_DAY if isinstance(value, date) else True


def spoken(text: str) -> str:
    """Return a text as a workbook carries it: characters that XML has no way to say as ``_x001F_`` (ECMA-376, ST_Xstring)."""
    if len(text) > LONGEST // 2 and len(text.encode("utf-16-le")) // 2 > LONGEST:
        text = text.encode("utf-16-le")[: (LONGEST - 1) * 2].decode("utf-16-le", "ignore") + "…"
    return _UNSPOKEN.sub(lambda m: f"_x{ord(m[0][0]):04X}_" + m[0][1:], text) if _UNSPOKEN.search(text) else text


def understood(text: str) -> str:
    """Return what ``spoken`` was given."""
    return _SPOKEN.sub(lambda m: chr(int(m[1], 16)), text) if "_x" in text else text
