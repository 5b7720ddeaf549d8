"""What spreadsheets of all kinds have in common: a cell as the text that our own export would write, or why it cannot be trusted."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import NamedTuple, Protocol
from xml.etree.ElementTree import ParseError

from app.errors import CellError, Invalid, Sentence, say
from app.exchange.workbook import LONGEST

MOST_COLUMNS = 16_384
DAMAGED = (
    zipfile.BadZipFile, zlib.error, ParseError, struct.error, EOFError, KeyError, ValueError, TypeError, IndexError, AttributeError,
    AssertionError, OverflowError, NotImplementedError, RecursionError,
)  # fmt: skip
"""What the readers of spreadsheets raise for a file that is none, or only half of one."""
_EXACT = 10**15
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')


@dataclass(frozen=True)
class Doubt:
    """A cell that cannot be taken as it is: what it shows, and why."""

    text: str
    reason: Sentence


class Span(NamedTuple):
    """Cells that are merged into one; rows count from 1, columns from 0, both ends included."""

    top: int
    bottom: int
    left: int
    right: int


class Source(Protocol):
    """A spreadsheet of one kind."""

    def sheets(self) -> Sequence[str]:
        """Return the names of its sheets."""
        ...

    def spans(self, sheet: str) -> Sequence[Span]:
        """Return a sheet's merged cells. Raises Invalid where the sheet as a whole cannot be trusted."""
        ...

    def rows(self, sheet: str) -> Iterator[tuple[int, list[str | Doubt]]]:
        """Yield each row with its number from 1; rows and cells at the end that are blank may be left out."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def damaged() -> Invalid:
    """Return the error for a spreadsheet that cannot be read."""
    return Invalid([CellError("", say("文件已损坏，或不是它的名称所说的那种表格；请用 Excel 或 WPS 打开并另存一次"))])


def locked() -> Invalid:
    """Return the error for a spreadsheet that opens with a password only."""
    return Invalid([CellError("", say("文件有打开密码；请先在 Excel 中去掉密码再导入"))])


def number(value: float, *, percent: bool = False) -> str | Doubt:
    """Return a number as text: as many digits as spreadsheets keep, never in powers of ten; with ``percent`` 0.885 is 88.5%.

    A whole number of 16 digits or more is doubted: the spreadsheet has put noughts in the place of its last ones.
    """
    if abs(value) >= _EXACT:
        reason = say("超过 15 位的数字已被表格软件改掉了末几位；请把这一格设为文本，重新填写完整的号码")
        return Doubt(f"{value:.5E}", reason)
    exact = Decimal(f"{value:.15g}")
    if percent:
        return f"{(exact * 100).normalize():f}%"
    return str(int(exact)) if exact == exact.to_integral_value() else f"{exact:f}"


def percentage(shown: str | None) -> bool:
    """Return whether a number format shows shares in percent; what it quotes, escapes or puts in brackets is only decoration."""
    return "%" in _QUOTED.sub("", shown or "")


def moment(value: datetime | date | time | timedelta) -> str:
    """Return a day or a time as text, to the nearest second; a day that begins is only a day."""
    if isinstance(value, datetime):
        at = (value + timedelta(milliseconds=500)).replace(microsecond=0)
        return at.date().isoformat() if at.time() == time() else at.isoformat(" ")
    if isinstance(value, time):
        return (datetime.combine(date(2000, 1, 1), value) + timedelta(milliseconds=500)).time().isoformat("seconds")
    return str(value)


def text(value: str) -> str | Doubt:
    """Return a text; one that fills a cell to the brim is doubted, for its end may be lost."""
    if len(value) > LONGEST // 2 and len(value.encode("utf-16-le", "surrogatepass")) // 2 >= LONGEST:
        return Doubt(value[:100], say("这一格超过了表格软件能容纳的 {n} 个字，末尾可能已丢失", n=LONGEST))
    return value


def failed(shown: str) -> Doubt:
    """Return the cell of a formula that came to nothing."""
    return Doubt(shown, say("这一格的公式出错：{text}", text=shown))


def uncomputed(place: str) -> Invalid:
    """Return the error for a formula whose result the file does not hold."""
    reason = say("{place} 等格的公式还没有算出结果；请用 Excel 或 WPS 打开文件，保存一次再导入", place=place)
    return Invalid([CellError("", reason)])
