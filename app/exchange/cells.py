"""Cells that a spreadsheet would run as a formula, or read as another value, are guarded; and read back identically."""

from __future__ import annotations

import re

from app.fields.base import Field, Storage

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_MISREAD = re.compile(
    r"0\d+|\d{12,}|\d+[-/.]\d+([-/.]\d+)?|\d+(\.\d+)?e[+-]?\d+|\d{1,2}:\d{2}(:\d{2})?|\d+\.\d*0", re.IGNORECASE
)
_VALUES = frozenset({Storage.INTEGER, Storage.SCALED, Storage.DATE, Storage.MOMENT, Storage.BOOLEAN})


def is_text(field: Field) -> bool:
    """Return whether a field's cells may hold any text; numbers, days and yes/no cannot begin a formula."""
    return field.storage not in _VALUES


def guarded(text: str) -> str:
    """Return the text of a cell as it is safe to open in a spreadsheet.

    What would be a formula gets ``'`` before it (OWASP, CSV Injection); what would become a number or a day, such as
    an 18-digit identity number, ``007`` or ``3-5``, a tab behind it, which spreadsheets take as a sign of text. CSV
    has no better one: a program that strips the tab and saves again still loses digits.
    """
    if text[:1].isdecimal():
        return f"{text}\t" if _MISREAD.fullmatch(text) else text
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """Return what ``guarded`` was given; any other text as it is."""
    if text[:1] == "'" and _FORMULA.match(text):
        return text[1:]
    return text[:-1] if text[-1:] == "\t" and _MISREAD.fullmatch(text[:-1]) else text
