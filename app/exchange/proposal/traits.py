"""What one text of a cell looks like: a day, a number, a share, money, a number that is no amount, several words."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import InvalidOperation

from app.fields.base import Unreadable
from app.fields.numbers import YesNo, plain_number
from app.fields.times import Date, Moment

PLACES = 6
"""Most decimal places of a number; more are no longer typed by anybody."""
_SERIAL = re.compile(r"\d{5}(\.\d+)?")
_CLOCK = re.compile(r"\d\s*[:：时点]\s*\d|[:：]\d\d$|\d[时点]")
_BEGINS = re.compile(r"\d{4}\s*[-/.年]|\d{8}$")
"""How a day begins; asked first, for most texts are none."""
_DIGITS = re.compile(r"\d+")
_ID_CARD = re.compile(r"\d{17}[\dXx]")
_PHONE = re.compile(r"1[3-9]\d{9}|0\d{2,3}[- ]?\d{7,8}")
_GROUPED = re.compile(r"\d,\d{3}(\D|$)")
_MARKS = ("¥", "￥", "$", "元", "万", "亿")
_DATE = Date(code="x", label="x")  # type: ignore[arg-type]
_MOMENT = Moment(code="x", label="x")  # type: ignore[arg-type]
_YEARS = range(1900, 2101)
SEVERAL = re.compile(r"[;；、\n]+")
"""What stands between several words in one cell."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What a text may be read as; ``places`` is None where it is no number, ``label`` what kind of number on paper it is."""

    day: bool = False
    serial: bool = False
    """A day only if the column is one of days: 45992 is also a plain number."""
    clock: bool = False
    places: int | None = None
    whole: bool = False
    negative: bool = False
    beyond: bool = False
    """More than a hundred."""
    percent: bool = False
    money: bool = False
    yes_no: bool | None = None
    label: str = ""
    """``id``, ``phone``, ``zeros`` (leading), ``long``: digits that are read, not reckoned with."""


def traits_of(text: str) -> Traits:
    """Return what a text that is not blank looks like."""
    t = unicodedata.normalize("NFKC", text).strip()
    day, clock = _day(text)
    label = _label(t)
    percent = t.endswith("%")
    number = None
    if not t.isalpha():
        with suppress(InvalidOperation):
            number = plain_number(t.removesuffix("%"))
    if number is None or abs(number) >= 10**15:
        return Traits(day=day, clock=clock, yes_no=_yes_or_no(t), label=label)
    exponent = number.normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else PLACES + 1
    return Traits(
        day=day, clock=clock, serial=_SERIAL.fullmatch(t) is not None, places=places, whole=places == 0, negative=number < 0,
        beyond=abs(number) > 100, percent=percent, money=not percent and (t.startswith(_MARKS) or t.endswith(_MARKS) or bool(_GROUPED.search(t))),
        yes_no=_yes_or_no(t), label=label,
    )  # fmt: skip


def _day(text: str) -> tuple[bool, bool]:
    """Return whether a text is a day of our times, and whether it says an hour; the number of a day in a spreadsheet is none by itself."""
    t = text.strip()
    if _BEGINS.match(t) is None:
        return False, False
    clock = _CLOCK.search(t) is not None
    try:
        value = (_MOMENT if clock else _DATE).parse(t)
    except (Unreadable, OverflowError):
        return False, False
    return isinstance(value, date) and value.year in _YEARS, clock


def _label(t: str) -> str:
    if _ID_CARD.fullmatch(t):
        return "id"
    if _PHONE.fullmatch(t):
        return "phone"
    if not _DIGITS.fullmatch(t):
        return ""
    return "zeros" if t[0] == "0" and len(t) > 1 else "long" if len(t) >= 12 else ""


def _yes_or_no(t: str) -> bool | None:
    word = t.casefold()
    return True if word in YesNo.YES else False if word in YesNo.NO else None
