"""The types of the formula language, and how a column's values become values of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from app.errors import Sentence, say

Value = str | Decimal | date | datetime | bool | None
"""What a formula works with; None is blank, and the blank text is ``""``."""


class Kind(StrEnum):
    """The type of a value in a formula."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"
    BOOLEAN = "boolean"
    LINK = "link"
    """The id of a row elsewhere: it is blank or not, and its fields can be looked up; nothing else."""
    BLANK = "blank"
    """What ``""`` is by itself: it fits every type."""
    ANY = "any"
    """Only in the signature of a function: whatever comes."""


NAMES: dict[Kind, Sentence] = {
    Kind.TEXT: say("文字"),
    Kind.NUMBER: say("数字"),
    Kind.DATE: say("日期"),
    Kind.MOMENT: say("日期时间"),
    Kind.BOOLEAN: say("是/否"),
    Kind.LINK: say("引用"),
    Kind.BLANK: say("空"),
    Kind.ANY: say("任意"),
}


@dataclass(frozen=True)
class Shape:
    """How the values of a column read in a formula.

    ``places``: decimal places of a number in its column, which holds whole units of the last of them; a ``percent`` of 12.5 reads as
    0.125. ``words`` are the codes that the column holds with the texts they read as.
    """

    kind: Kind
    places: int = 0
    percent: bool = False
    words: tuple[tuple[str, str], ...] = ()
    longest: int = 0
    """Characters of text that the column holds; 0: any number."""
    target: str = ""
    """Of a link: the register pointed to, or ``person``."""
