"""Amounts reckoned anew from nothing but what the page of a ticket shows, by other means than the panel's own."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from html import unescape
from typing import NamedTuple

FEN = Decimal("0.01")


class Reckoned(NamedTuple):
    """What a page says a ticket comes to, and what its other figures come to."""

    said: tuple[Decimal, Decimal]
    found: tuple[Decimal, Decimal]


def reckon(page: str) -> Reckoned:
    """Return the (yuan, points) that a page tells, and those that follow from its lines, multiplier and limits."""
    section = re.search(r"<section[^>]*data-figures[^>]*>", page)
    assert section is not None
    told = _attributes(section[0])
    money = points = Decimal(0)
    for line in (_attributes(row) for row in re.findall(r"<tr data-line[^>]*>", page)):
        quantity = Decimal(line["quantity"])
        money += _formula(line["formula"]) if line["formula"] else quantity * Decimal(line["unit"])
        points += quantity * Decimal(line["unit-points"])
    found = tuple(
        min(_rounded(own * Decimal(told["factor"])), _left(told[f"limit-{what}"], told[f"earlier-{what}"]))
        for what, own in (("money", money), ("points", points))
    )
    if told["dropped"] == "1":
        found = Decimal(0), Decimal(0)
    return Reckoned((Decimal(told["amount"]), Decimal(told["points"])), (found[0], found[1]))


def _attributes(tag: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in re.findall(r'data-([\w-]+)="([^"]*)"', tag)}


def _left(limit: str, earlier: str) -> Decimal:
    return max(Decimal(limit) - Decimal(earlier), Decimal(0)) if limit else Decimal("Infinity")


def _rounded(number: Decimal) -> Decimal:
    return number.quantize(FEN, ROUND_HALF_UP)


def _formula(text: str) -> Decimal:
    """Return what a formula such as ``10000×0.05%×5 天 + 6000×0.05%×7 天，最高 50`` comes to, to the fen."""
    said, _, most = re.sub(r"（[^）]*）", "", text).partition("，最高 ")
    sum_, _ = _sum(re.findall(r"[\d.]+%?|[×+()]", said), 0)
    return min(_rounded(sum_), _formula(most)) if most else _rounded(sum_)


def _sum(tokens: list[str], at: int) -> tuple[Decimal, int]:
    total, at = _product(tokens, at)
    while at < len(tokens) and tokens[at] == "+":
        term, at = _product(tokens, at + 1)
        total += term
    return total, at


def _product(tokens: list[str], at: int) -> tuple[Decimal, int]:
    total, at = _number(tokens, at)
    while at < len(tokens) and tokens[at] == "×":
        term, at = _number(tokens, at + 1)
        total *= term
    return total, at


def _number(tokens: list[str], at: int) -> tuple[Decimal, int]:
    if tokens[at] == "(":
        inner, at = _sum(tokens, at + 1)
        return inner, at + 1
    word = tokens[at]
    return (Decimal(word[:-1]) / 100 if word.endswith("%") else Decimal(word)), at + 1
