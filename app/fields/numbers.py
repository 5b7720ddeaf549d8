"""Fields that hold numbers: integer, decimal, money, percent, yes/no."""

from __future__ import annotations

import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, ClassVar, Literal

from app.errors import Sentence, say
from app.fields.base import Field, Storage, unreadable

_GROUPS = re.compile(r"(?<=\d)[,\u00a0 ](?=\d{3}(\D|$))")
_SCALES = {"万": Decimal(10_000), "亿": Decimal(100_000_000)}


def plain_number(text: str) -> Decimal:
    """Return the number a Chinese clerk means: full-width digits, ¥, 元, thousands separators, 万 and 亿.

    Raises InvalidOperation for anything that is no finite number.
    """
    t = unicodedata.normalize("NFKC", text).strip().lstrip("¥$").removesuffix("元").strip()
    scale = Decimal(1)
    if t and t[-1] in _SCALES:
        scale, t = _SCALES[t[-1]], t[:-1].strip()
    while (shorter := _GROUPS.sub("", t)) != t:
        t = shorter
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d{1,2})?", t, re.IGNORECASE):
        raise InvalidOperation(text)
    return Decimal(t) * scale


class Number(Field):
    """What numbers share: limits, and reading them as people type them."""

    min: Decimal | None = None
    max: Decimal | None = None
    summed: bool = True
    """Whether adding it up over a list says anything; a place in an order, a score or a multiplier does not add up."""

    def check(self, value: Any) -> Sentence | None:
        if self.min is not None and value < self.min:
            return say("不能小于 {limit}", limit=self.format(self.min))
        if self.max is not None and value > self.max:
            return say("不能大于 {limit}", limit=self.format(self.max))
        return None


class Integer(Number):
    """A whole number of at most 15 digits: more would be an identity number, which is text."""

    type: Literal["integer"] = "integer"
    storage: ClassVar[Storage] = Storage.INTEGER

    def parse(self, text: str) -> int | None:
        if not text.strip():
            return None
        try:
            number = plain_number(text)
        except InvalidOperation:
            raise unreadable("整数", text, say("请填数字，如 12")) from None
        if number != number.to_integral_value():
            raise unreadable("整数", text, say("不能带小数"))
        if abs(number) >= 10**15:
            raise unreadable("整数", text, say("最多 15 位"))
        return int(number)


class Scaled(Number):
    """A decimal with a fixed number of places, kept as a whole number of its smallest unit."""

    storage: ClassVar[Storage] = Storage.SCALED
    kind: ClassVar[str] = "小数"
    places: int = 2

    def parse(self, text: str) -> Decimal | None:
        if not text.strip():
            return None
        try:
            number = plain_number(text)
        except InvalidOperation:
            raise unreadable(self.kind, text, say("请填数字，如 12.50")) from None
        if abs(number) >= Decimal(10) ** (17 - self.places):
            raise unreadable(self.kind, text, say("数值过大"))
        exact = number.quantize(Decimal(1).scaleb(-self.places), ROUND_HALF_UP)
        if exact != number:
            raise unreadable(self.kind, text, say("最多 {n} 位小数", n=self.places))
        return exact

    def format(self, value: Decimal | int | None) -> str:
        return "" if value is None else f"{Decimal(value):.{self.places}f}"

    def to_json(self, value: Decimal | None) -> str | None:
        return None if value is None else self.format(value)


class DecimalNumber(Scaled):
    """A decimal number with ``places`` digits after the point."""

    type: Literal["decimal"] = "decimal"


class Money(Scaled):
    """An amount in yuan with two places; kept as integer fen."""

    type: Literal["money"] = "money"
    kind: ClassVar[str] = "金额"
    places: Literal[2] = 2
    min: Decimal | None = Decimal(0)


class Percent(Scaled):
    """A share in percent: 12.5 means 12.5 %."""

    type: Literal["percent"] = "percent"
    kind: ClassVar[str] = "百分比"
    places: int = 2
    min: Decimal | None = Decimal(0)
    max: Decimal | None = Decimal(100)

    def parse(self, text: str) -> Decimal | None:
        return super().parse(unicodedata.normalize("NFKC", text).strip().removesuffix("%"))


class YesNo(Field):
    """Yes or no; blank is neither."""

    type: Literal["yes_no"] = "yes_no"
    storage: ClassVar[Storage] = Storage.BOOLEAN

    YES: ClassVar[frozenset[str]] = frozenset({"是", "有", "对", "√", "✓", "yes", "y", "true", "t", "1", "齐", "已"})
    NO: ClassVar[frozenset[str]] = frozenset({"否", "无", "不", "×", "✗", "no", "n", "false", "f", "0", "未"})

    def parse(self, text: str) -> bool | None:
        word = unicodedata.normalize("NFKC", text).strip().casefold()
        if not word:
            return None
        if word in self.YES:
            return True
        if word in self.NO:
            return False
        raise unreadable("是/否", text, say("请填“是”或“否”"))

    def format(self, value: bool | None) -> str:
        return "" if value is None else "是" if value else "否"
