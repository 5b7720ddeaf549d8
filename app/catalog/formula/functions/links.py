"""Functions that exist only over records that point here; the plain ones of numbers take such records too."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from app.catalog.formula.functions.function import Function, param, says
from app.catalog.formula.functions.logic import blank
from app.catalog.formula.kinds import Kind

_ROWS = param("[登记簿].[字段]", "[register].[field]", Kind.ANY)
_WANTED = param("条件", "criterion", Kind.ANY, fixed=True)
_FIGURE = param("[登记簿].[字段]", "[register].[field]", Kind.ANY)


def _count(*parts: Any) -> Decimal:
    return Decimal(sum(not blank(p) for p in parts))


COUNT = Function(
    "COUNT", (param("值", "value", Kind.ANY),), Kind.NUMBER, _count, repeats=1, takes_blanks=True, linked=True,
    help=says("指向本记录的条数：COUNT([回访])；写字段时不计空值", "How many records point here; with a field, those that fill it"),
)  # fmt: skip
COUNTIF = Function(
    "COUNTIF", (_ROWS, _WANTED), Kind.NUMBER, _count, linked=True,
    help=says('合乎条件的条数：COUNTIF([回访].[分数], ">=60")', "How many of the records that point here meet the criterion"),
)  # fmt: skip
SUMIF = Function(
    "SUMIF", (_ROWS, _WANTED, _FIGURE), Kind.NUMBER, _count, linked=True,
    help=says("合乎条件的各条之和：SUMIF([回访].[结果], \"满意\", [回访].[分数])", "The sum over the records that meet the criterion"),
)  # fmt: skip
AVERAGEIF = Function(
    "AVERAGEIF", (_ROWS, _WANTED, _FIGURE), Kind.NUMBER, _count, linked=True,
    help=says("合乎条件的各条的平均", "The average over the records that meet the criterion"),
)  # fmt: skip
