"""Functions of text. Characters count one each; capitals are those of the Latin alphabet; blank text is the empty one."""

from __future__ import annotations

import re
import string
from datetime import date
from decimal import Decimal
from typing import Any

from app.catalog.formula.functions.function import COUNT, LOOSE, TEXT, Function, param, says
from app.catalog.formula.functions.numbers import rounded
from app.catalog.formula.kinds import Kind

MOST = 1_000
"""Characters or repetitions that are counted; more are as many."""
WIDEST = Decimal(10) ** 24
"""What is as large or larger is shown in no format."""
_UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)
_START = param("起始位置", "start", Kind.NUMBER)
_PART = param("要找的文字", "part", Kind.TEXT)

_SHOWN = param("数字或日期", "number or date", Kind.ANY, group="a", among=(Kind.NUMBER, Kind.DATE))

NUMBER_FORMATS = {
    "0": 0,
    "0.0": 1,
    "0.00": 2,
    "0.000": 3,
    "0.0000": 4,
    "#,##0": 0,
    "#,##0.0": 1,
    "#,##0.00": 2,
    "0%": 0,
    "0.0%": 1,
    "0.00%": 2,
}
"""Formats of numbers with their decimal places."""
DATE_FORMATS = (
    "yyyy-mm-dd",
    "yyyy/mm/dd",
    "yyyy-mm",
    "yyyy",
    "mm-dd",
    "m月d日",
    "yyyy年m月d日",
    "yyyy年m月",
    "yyyymmdd",
    "yyyymm",
)


def size(n: Decimal) -> int:
    """Return a number of characters, from 0 to ``MOST``."""
    return max(0, min(int(n), MOST))


def _mid(text: str, start: Decimal, count: Decimal) -> str:
    first = int(start)
    return text[first - 1 : first - 1 + size(count)] if 1 <= first <= MOST else ""


def _replace(text: str, start: Decimal, count: Decimal, new: str) -> str:
    first = int(start)
    return text[: first - 1] + new + text[first - 1 + size(count) :] if 1 <= first <= MOST else ""


def _find(part: str, text: str) -> Decimal | None:
    place = text.find(part)
    return Decimal(place + 1) if place >= 0 else None


def _joined(between: str, *parts: str) -> str:
    return between.join(p for p in parts if p)


def figure(value: Decimal, form: str) -> str:
    """Return a number in one of ``NUMBER_FORMATS``."""
    if abs(value) >= WIDEST:
        raise ValueError(value)
    places = NUMBER_FORMATS[form]
    shown = rounded("ROUND_HALF_UP")(value * 100 if form.endswith("%") else value, Decimal(places))
    return f"{shown:{',' if ',' in form else ''}.{places}f}{'%' if form.endswith('%') else ''}"


def day(value: date, form: str) -> str:
    """Return a day in one of ``DATE_FORMATS``."""
    parts = {
        "yyyy": f"{value.year:04}",
        "mm": f"{value.month:02}",
        "dd": f"{value.day:02}",
        "m": str(value.month),
        "d": str(value.day),
    }
    return re.sub("yyyy|mm|dd|m|d", lambda found: parts[found.group()], form)


def shown(value: Any, form: str) -> str:
    """Return a number or a day in a format."""
    return figure(value, form) if isinstance(value, Decimal) else day(value, form)


LEFT = Function(
    "LEFT",
    (TEXT, COUNT),
    Kind.TEXT,
    lambda t, n=Decimal(1): t[: size(n)],
    optional=1,
    help=says("左边几个字", "The first characters"),
)
RIGHT = Function(
    "RIGHT", (TEXT, COUNT), Kind.TEXT, lambda t, n=Decimal(1): t[len(t) - min(size(n), len(t)) :], optional=1,
    help=says("右边几个字", "The last characters"),
)  # fmt: skip
MID = Function(
    "MID", (TEXT, _START, COUNT), Kind.TEXT, _mid, help=says("从第几个字起取几个字", "Characters from a place on")
)
LEN = Function("LEN", (TEXT,), Kind.NUMBER, lambda t: Decimal(len(t)), help=says("字数", "How many characters"))
CONCAT = Function(
    "CONCAT",
    (LOOSE,),
    Kind.TEXT,
    lambda *t: "".join(t),
    repeats=1,
    help=says("连接几段文字", "Texts one after the other"),
)
TEXTJOIN = Function(
    "TEXTJOIN", (param("分隔符", "between", Kind.TEXT), LOOSE), Kind.TEXT, _joined, repeats=1,
    help=says("用分隔符连接，跳过空的", "Texts with another between them, blank ones left out"),
)  # fmt: skip
TRIM = Function(
    "TRIM", (TEXT,), Kind.TEXT, lambda t: re.sub(" +", " ", t.strip(" ")),
    help=says("去掉首尾和多余的空格", "Without needless spaces")
)  # fmt: skip
UPPER = Function(
    "UPPER", (TEXT,), Kind.TEXT, lambda t: t.translate(_UPPER), help=says("字母变大写", "Latin letters as capitals")
)
LOWER = Function(
    "LOWER", (TEXT,), Kind.TEXT, lambda t: t.translate(_LOWER), help=says("字母变小写", "Latin letters as small ones")
)
SUBSTITUTE = Function(
    "SUBSTITUTE", (TEXT, param("旧文字", "old", Kind.TEXT), param("新文字", "new", Kind.TEXT)), Kind.TEXT,
    lambda t, old, new: t.replace(old, new) if old else t,
    help=says("替换其中的文字", "One text put in place of another wherever it stands"),
)  # fmt: skip
REPLACE = Function(
    "REPLACE", (TEXT, _START, COUNT, param("新文字", "new", Kind.TEXT)), Kind.TEXT, _replace,
    help=says("替换指定位置的几个字", "Characters from a place on replaced"),
)  # fmt: skip
REPT = Function(
    "REPT",
    (TEXT, COUNT),
    Kind.TEXT,
    lambda t, n: t * min(size(n), 100),
    help=says("重复几遍，最多 100", "A text again and again, at most 100 times"),
)
FIND = Function(
    "FIND", (_PART, TEXT), Kind.NUMBER, _find,
    help=says("在文字中的位置，找不到为空", "The place of a text in another; blank if it is not there")
)  # fmt: skip
CONTAINS = Function(
    "CONTAINS",
    (TEXT, _PART),
    Kind.BOOLEAN,
    lambda t, p: p in t,
    help=says("是否含有某文字", "Whether a text holds another"),
)
BEGINS = Function(
    "BEGINS",
    (TEXT, _PART),
    Kind.BOOLEAN,
    lambda t, p: t.startswith(p),
    help=says("是否以某文字开头", "Whether a text begins with another"),
)
EXACT = Function(
    "EXACT",
    (TEXT, TEXT),
    Kind.BOOLEAN,
    lambda a, b: a == b,
    help=says("两段文字是否完全相同", "Whether two texts are the same"),
)
TEXT_OF = Function(
    "TEXT", (_SHOWN, param("格式", "format", Kind.TEXT, fixed=True)),
    Kind.TEXT, shown, choices_of={Kind.NUMBER: tuple(NUMBER_FORMATS), Kind.DATE: DATE_FORMATS},
    help=says('按格式变成文字：TEXT([金额], "#,##0.00")、TEXT([日期], "yyyy年m月d日")', "A number or a day as text in a format"),
)  # fmt: skip
