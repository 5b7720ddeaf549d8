"""Functions of choice: IF and its kin. Conditions are never blank: what is blank does not hold."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.catalog.formula.functions.function import ANYTHING, CONDITION, Function, param, says
from app.catalog.formula.kinds import Kind

_THEN = param("成立时", "if true", Kind.ANY, group="a")
_ELSE = param("否则", "otherwise", Kind.ANY, group="a")


def blank(value: Any) -> bool:
    """Return whether a value of a formula is blank."""
    return value is None or value == ""


def _ifs(*parts: Any) -> Any:
    return next((then for held, then in zip(parts[::2], parts[1::2], strict=True) if held), None)


def _switch(value: Any, *parts: Any) -> Any:
    pairs, rest = (parts[:-1], parts[-1]) if len(parts) % 2 else (parts, None)
    return next((then for when, then in zip(pairs[::2], pairs[1::2], strict=True) if when == value), rest)


def _coalesce(*parts: Any) -> Any:
    return next((p for p in parts if not blank(p)), None)


def _choose(n: Any, *parts: Any) -> Any:
    return parts[int(n) - 1] if n is not None and 1 <= n < len(parts) + 1 else None


IF = Function(
    "IF", (CONDITION, _THEN, _ELSE), "a", lambda c, a, b=None: a if c else b, optional=1, takes_blanks=True,
    help=says("条件成立取第二项，否则取第三项", "The second part where the condition holds, else the third"),
)  # fmt: skip
IFS = Function(
    "IFS", (CONDITION, _THEN), "a", _ifs, repeats=2, takes_blanks=True,
    help=says("依次取第一个成立的条件之后的值", "The value behind the first condition that holds"),
)  # fmt: skip
SWITCH = Function(
    "SWITCH", (param("值", "value", Kind.ANY, group="m"), param("等于", "equals", Kind.ANY, group="m"), _THEN), "a", _switch,
    repeats=2, tail=_ELSE, takes_blanks=True,
    help=says("按值对照取结果，最后可写一个默认值", "The result beside the value that equals the first; a default may come last"),
)  # fmt: skip
CHOOSE = Function(
    "CHOOSE", (param("第几个", "n", Kind.NUMBER), ANYTHING), "a", _choose, repeats=1, takes_blanks=True,
    help=says("取第几个值", "The n-th of the values"),
)  # fmt: skip
AND = Function(
    "AND", (CONDITION,), Kind.BOOLEAN, lambda *c: all(c), repeats=1, takes_blanks=True,
    help=says("所有条件都成立", "All conditions hold"),
)  # fmt: skip
OR = Function(
    "OR", (CONDITION,), Kind.BOOLEAN, lambda *c: any(c), repeats=1, takes_blanks=True,
    help=says("至少一个条件成立", "At least one condition holds"),
)  # fmt: skip
XOR = Function(
    "XOR", (CONDITION, CONDITION), Kind.BOOLEAN, lambda a, b: bool(a) != bool(b), takes_blanks=True,
    help=says("两个条件恰有一个成立", "Exactly one of two conditions holds"),
)  # fmt: skip
NOT = Function(
    "NOT", (CONDITION,), Kind.BOOLEAN, lambda c: not c, takes_blanks=True,
    help=says("条件不成立", "The condition does not hold"),
)  # fmt: skip
ISBLANK = Function(
    "ISBLANK", (ANYTHING,), Kind.BOOLEAN, blank, takes_blanks=True,
    help=says("是否为空", "Whether it is blank"),
)  # fmt: skip
COALESCE = Function(
    "COALESCE", (ANYTHING,), "a", _coalesce, repeats=1, takes_blanks=True,
    help=says("第一个不为空的值", "The first value that is not blank"),
)  # fmt: skip
IFBLANK = replace(
    COALESCE, name="IFBLANK", params=(ANYTHING, param("为空时", "if blank", Kind.ANY, group="a")), repeats=0,
    help=says("为空时改取第二项", "The second value where the first is blank"),
)  # fmt: skip
IFERROR = replace(
    IFBLANK, name="IFERROR",
    help=says("算不出（如除以零）时改取第二项", "The second value where the first cannot be worked out, as in a division by zero")
)  # fmt: skip
