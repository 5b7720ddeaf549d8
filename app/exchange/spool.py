"""Errors set aside outside the database, while a transaction that will be rolled back is still open."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType

import orjson

from app.errors import CellError
from app.exchange.runs import pack, unpack

_IN_MEMORY = 1 << 20


class Spool:
    """A list of errors of any length in little memory: past one megabyte it lies in a temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed by __exit__

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, errors: Iterable[CellError]) -> None:
        """Append errors."""
        for e in errors:
            self._file.write(orjson.dumps([e.field, pack(e.reason), e.text, e.row, e.line, e.label]) + b"\n")

    def parts(self, size: int = 2_000) -> Iterator[list[CellError]]:
        """Yield all errors in their order, in lists of at most ``size``."""
        self._file.seek(0)
        while lines := list(islice(self._file, size)):
            yield [
                CellError(f, unpack(r), t, row, line, label) for f, r, t, row, line, label in map(orjson.loads, lines)
            ]
