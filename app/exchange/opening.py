"""Any file as a table: text or spreadsheet, told by its content, not by its name."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from app.errors import CellError, Invalid, say
from app.exchange.ndjson import is_ndjson, open_ndjson
from app.exchange.reading import Sheet, open_text, opened
from app.exchange.spreadsheet import is_book, open_book

_WEB_PAGE = (b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta")


def open_sheet(
    file: Path | BinaryIO,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    header_line: int | None = None,
    sheet: str | None = None,
    known: Collection[str] = (),
) -> Sheet:
    """Return the table in a file: a path, or a seekable stream of bytes.

    What is not given is found; ``known`` are folded headers (``naming.folded``) that help to find it. Raises Invalid where
    the file cannot be read as a table.
    """
    if is_book(file):
        return open_book(file, sheet=sheet, header_line=header_line, known=known)
    head = _head(file)
    if is_ndjson(head):
        return open_ndjson(file)
    if _is_page(head):
        reason = say("这是网页或 XML，不是表格（有些系统把网页存成 .xls）；请用 Excel 或 WPS 打开，另存为 xlsx 再导入")
        raise Invalid([CellError("", reason)])
    return open_text(file, encoding=encoding, delimiter=delimiter, header_line=header_line, known=known)


def has_encoding(file: Path | BinaryIO) -> bool:
    """Return whether how a file is encoded may be asked: it is neither a spreadsheet, nor lines of JSON, nor a web page."""
    head = _head(file)
    return not (is_book(file) or is_ndjson(head) or _is_page(head))


def _head(file: Path | BinaryIO) -> bytes:
    with opened(file) as stream:
        return stream.read(512).removeprefix(b"\xef\xbb\xbf")


def _is_page(head: bytes) -> bool:
    return head.lstrip().lower().startswith(_WEB_PAGE)
