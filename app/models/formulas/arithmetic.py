"""Numbers of formulas in PostgreSQL's numeric, which is exact where it is told how many places to keep."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Integer, Numeric, case, cast, func, literal, literal_column

from app.catalog.formula.functions.dates import FURTHEST
from app.catalog.formula.functions.numbers import DIGITS
from app.catalog.formula.functions.texts import MOST

_FINE: ColumnElement[Decimal] = literal_column(f"1.{'0' * 80}::numeric")
"""One, with so many places that a quotient by it is rounded only behind all that could decide."""


def number(value: Decimal | int) -> Any:
    """Return a written number."""
    return cast(literal(str(Decimal(value))), Numeric)


def kept(value: Any) -> Any:
    """Return a number with the places that it keeps."""
    return func.round(value, DIGITS)


def times(a: Any, b: Any) -> Any:
    """Return a product."""
    return kept(a * b)


def quotient(a: Any, b: Any) -> Any:
    """Return a quotient that is fine enough to be rounded; NULL for a division by zero."""
    return (a * _FINE) / func.nullif(b, number(0))


def over(a: Any, b: Any) -> Any:
    """Return a quotient with the places that it keeps."""
    return kept(quotient(a, b))


def power(base: Any, exponent: Decimal) -> Any:
    """Return a whole power."""
    found = base
    for _ in range(abs(int(exponent)) - 1):
        found = times(found, base)
    if not exponent:
        return base * number(0) + number(1)
    return over(number(1), found) if exponent < 0 else found


def size(n: Any, most: int = MOST) -> Any:
    """Return a number of characters, or of repetitions."""
    return case((n.is_not(None), cast(func.greatest(0, func.least(func.trunc(n), most)), Integer)))


def whole(n: Any, most: int = FURTHEST) -> Any:
    """Return a number without its fraction as an integer; NULL for one beyond ``most``."""
    return case((func.abs(n) <= number(most), cast(func.trunc(n), Integer)))
