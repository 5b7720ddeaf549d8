"""What a text file is made of: its encoding, its delimiter, the line of its headers."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Iterator
from itertools import islice
from typing import BinaryIO

from charset_normalizer import from_bytes

from app.errors import CellError, Invalid, say
from app.exchange.naming import folded

DELIMITERS = ",\t;|"
ENCODINGS = ("gb18030", "big5hkscs", "shift_jis", "euc_kr", "cp1252")
"""What an unmarked file that is not UTF-8 may be, the likelier first."""
HEAD = 1 << 18
"""Bytes that delimiter and headers are found from."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ALIASES = {"gbk": "gb18030", "gb2312": "gb18030", "cp950": "big5hkscs", "big5": "big5hkscs"}
_NO_WRITING = {
    "idna",
    "punycode",
    "undefined",
    "unicode-escape",
    "raw-unicode-escape",
    "unicode_escape",
    "raw_unicode_escape",
}
"""What Python calls encodings of text and nobody writes files in."""
_SAMPLE = 1 << 14
_SEP = re.compile(r"sep=([,;|\t])\r?\n?", re.IGNORECASE)


def codec(name: str) -> str:
    """Return the codec for an encoding that a person chose; of GBK, GB2312 and Big5 the superset.

    Raises Invalid where Python knows no such encoding of text.
    """
    try:
        known = codecs.lookup(name)
        if known.name in _NO_WRITING:
            raise LookupError(name)
        "".encode(known.name)
    except (LookupError, UnicodeError):
        raise Invalid([CellError("", say("不认识的文字编码“{name}”", name=name), text=name)]) from None
    return "utf-8-sig" if known.name == "utf-8" else _ALIASES.get(known.name, known.name)


def unmarked(stream: BinaryIO, encoding: str) -> str:
    """Return the encoding of a stream for which ``encoding`` was chosen: of UTF-16 and UTF-32 without a mark the usual half."""
    stream.seek(0)
    head = stream.read(4)
    if encoding == "utf-16" and not head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16-le"
    if encoding == "utf-32" and not head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32-le"
    return encoding


def find_encoding(stream: BinaryIO, known: Collection[str] = ()) -> str:
    """Return the encoding of a whole stream: by its mark, else strict UTF-8, else the likeliest of ``ENCODINGS``.

    ``known`` are folded column headers; among several possible encodings one that shows such a header wins.
    Raises Invalid where nothing fits: a person must say.
    """
    stream.seek(0)
    head = stream.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        for name in ("utf-16-le", "utf-16-be"):
            text = codecs.getincrementaldecoder(name)("replace").decode(head)
            ends = len(re.findall(r"[\r\n]", text))
            if ends * 2 > head.count(b"\n") + head.count(b"\r") and not re.search("[\0\ufffd]", text):
                return name
    sample = _not_utf8(stream)
    if sample is None or _mostly_utf8(head + sample):
        return "utf-8-sig"
    for (
        name
    ) in ENCODINGS:  # a header that reads as one of ours says more than any likelihood, also beside rare characters
        if _decodes(sample, name) and any(not w.isascii() and folded(w) in known for w in _words(head, name)):
            return name
    fitting = {codec(m.encoding) for m in from_bytes(sample, cp_isolation=list(ENCODINGS))}
    candidates = [e for e in ENCODINGS if e in fitting]
    for name in candidates:
        if any(folded(w) in known for w in _words(head, name)):
            return name
    if not candidates:
        raise Invalid([CellError("", say("看不出文件的文字编码，请指定（常见的是 GB18030 或 UTF-8）"))])
    return candidates[0]


def _words(head: bytes, encoding: str) -> list[str]:
    return re.split(r"[,\t;|\r\n\"]+", head.decode(encoding, "replace"))


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        codecs.getincrementaldecoder(encoding)("strict").decode(sample)
    except UnicodeDecodeError:
        return False
    return True


def _not_utf8(stream: BinaryIO) -> bytes | None:
    """Return lines from the first on that is not UTF-8; None where all of the stream is."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = b""
    while chunk := stream.read(HEAD):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError:
            # no byte of a GB18030 or Big5 character is a line feed, so lines can be cut before decoding
            parts = (line + chunk).split(b"\n")
            bad = next(i for i, part in enumerate(parts) if not _utf8(part))
            rest = b"\n".join(parts[bad:]) + stream.read(_SAMPLE)
            return rest[:_SAMPLE].rpartition(b"\n")[0] or rest
        line = chunk.rpartition(b"\n")[2]
    return None if _utf8(decoder.getstate()[0]) else line


def _mostly_utf8(sample: bytes) -> bool:
    """Return whether this is UTF-8 that was damaged: reading must then say where, not see other characters in it."""
    text = sample.decode("utf-8", "replace")
    bad = text.count("\ufffd")
    return sum(c > "\x7f" for c in text) - bad > 2 * bad


def _utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def head_text(stream: BinaryIO, encoding: str) -> str:
    """Return the whole lines at the start of a stream, at most ``HEAD`` bytes of them."""
    stream.seek(0)
    raw = stream.read(HEAD)
    text = codecs.getincrementaldecoder(encoding)("replace").decode(raw, final=len(raw) < HEAD)
    return text if len(raw) < HEAD else text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text


def find_delimiter(text: str) -> str:
    """Return the delimiter that cuts most rows of ``text`` into one number of cells, at least two; else a comma."""
    if said := _SEP.match(text):
        return said[1]
    best, found = (0.0, 0), ","
    for mark in DELIMITERS:
        rows_seen = islice(numbered(text, mark), 200)
        widths = Counter(len(cells) for _, cells in rows_seen if any(cells))
        for width, rows in widths.items():
            # three quarters is a table; above it the wider cut wins only by being as regular
            if width > 1 and (score := (round(rows / widths.total(), 2), width)) > best:
                best, found = score, mark
    return found


def find_header(text: str, delimiter: str, known: Collection[str] = ()) -> tuple[int, list[str]]:
    """Return (physical line, cells) of the header row below blank and title rows.

    It is the row with most ``known`` headers, else the first that fills three quarters of the widest row.
    Raises Invalid for a file without any filled row.
    """
    filled_rows = (
        (line, cells)
        for line, cells in numbered(text, delimiter)
        if any(c.strip() for c in cells) and not (line == 1 and _SEP.match(text))
    )
    return header_among(list(islice(filled_rows, 50)), known)


def header_among(rows: list[tuple[int, list[str]]], known: Collection[str] = ()) -> tuple[int, list[str]]:
    """Return the header row of the first filled rows of a table, as ``find_header`` does. Raises Invalid where there are none."""
    if not rows:
        raise Invalid([CellError("", say("文件里没有内容"))])
    hits = [sum(folded(c) in known for c in cells) for _, cells in rows]
    if any(hits):
        return rows[hits.index(max(hits))]
    filled = [sum(bool(c.strip()) for c in cells) for _, cells in rows]
    return next(row for row, n in zip(rows, filled, strict=True) if n * 4 >= max(filled) * 3)


def numbered(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield (physical line of its start, cells) of each row; ends where quotes make no sense any more."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        return
