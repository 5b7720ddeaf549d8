"""Lines of JSON as a table: every line one object, every key a column."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from app.errors import CellError, Invalid, Sentence, say
from app.exchange.reading import FileShape, FileSheet, Row, opened

_MOST_COLUMNS = 1_000
_LONGEST = 1 << 22


class NdjsonSheet(FileSheet):
    """Rows of JSON objects; ``shape.columns`` are the keys of the first one, in its order."""

    def rows(self) -> Iterator[Row]:
        self.broken.clear()
        with opened(self.file) as stream:
            for line, found in _objects(stream):
                if isinstance(found, Sentence):
                    self.broken.append(CellError("", found, line=line))
                    return
                yield _row(line, found, self.shape.columns)


def is_ndjson(head: bytes) -> bool:
    """Return whether a file begins with a JSON object; ``head`` are its first bytes without a mark of UTF-8."""
    return head.lstrip().startswith((b'{"', b"{}", b'{ "'))


def open_ndjson(file: Path | BinaryIO) -> NdjsonSheet:
    """Return the table in a file of JSON objects, one in each line. Raises Invalid where the first line is none."""
    with opened(file) as stream:
        line, found = next(_objects(stream), (1, say("文件里没有内容")))
    if isinstance(found, Sentence):
        raise Invalid([CellError("", found, line=line)])
    if len(found) > _MOST_COLUMNS:
        raise Invalid([CellError("", say("一行的键超过 {n} 个", n=_MOST_COLUMNS), line=line)])
    sheet = NdjsonSheet(file, FileShape("utf-8-sig", "", 0, tuple(found)))
    sample = tuple(islice(sheet.rows(), 10))
    return NdjsonSheet(file, FileShape("utf-8-sig", "", 0, tuple(found), sample))


def _objects(stream: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | Sentence]]:
    """Yield the object in each line that is not blank, or why there is none; numbers stay the text that they were."""
    line = 0
    while raw := stream.readline(_LONGEST):
        line += 1
        if len(raw) == _LONGEST:
            yield line, say("这一行过长，文件可能不是表格")
            return
        try:
            text = raw.decode("utf-8-sig" if line == 1 else "utf-8").strip()
            if not text:
                continue
            found = json.loads(text, parse_float=str, parse_int=str, parse_constant=str, object_pairs_hook=_once)
        except UnicodeDecodeError:
            yield line, say("文件不是 {encoding} 编码，从这一行起无法读出", encoding="UTF-8")
            return
        except (ValueError, RecursionError):
            yield line, say("这一行不是 JSON，或同一个键写了两次；每行须是一个 JSON 对象")
            return
        if not isinstance(found, dict):
            yield line, say("这一行不是 JSON，或同一个键写了两次；每行须是一个 JSON 对象")
            return
        yield line, found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("twice")
    return found


def _row(line: int, found: dict[str, Any], columns: tuple[str, ...]) -> Row:
    """Return an object as a row; what it lacks must be said with null, for nothing would take values away in silence."""
    if lacking := [c for c in columns if c not in found]:
        return Row(line, [], say("这一行没有“{key}”；没有值请写 null", key=lacking[0]))
    if strange := [c for c in found if c not in columns]:
        return Row(line, [], say("第一行没有“{key}”这个键；各行的键须相同", key=strange[0]))
    cells: list[str] = []
    doubts: dict[int, Sentence] = {}
    for n, c in enumerate(columns):
        text = _text(found[c])
        cells.append(text if text is not None else json.dumps(found[c], ensure_ascii=False))
        if text is None:
            doubts[n] = say("这一格须是文本、数字、是否、null，或它们的列表")
    return Row(line, cells, None, doubts)


def _text(value: Any) -> str | None:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, list):
        parts = [_text(v) for v in value]
        return (
            None
            if any(p is None or isinstance(v, list) for p, v in zip(parts, value, strict=True))
            else ";".join(p or "" for p in parts)
        )
    return value if isinstance(value, str) else None
