"""Plain documents as JSON carries them, and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from app.catalog.reference import models


def to_json(value: Any) -> Any:
    """Return a plain value with days as text and decimals as numbers (as text where a double could not hold them)."""
    match value:
        case dict():
            return {k: to_json(v) for k, v in value.items()}
        case list():
            return [to_json(v) for v in value]
        case date():
            return value.isoformat()
        case Decimal():
            near = float(value)
            return near if Decimal(repr(near)) == value else str(value)
    return value


def from_json(value: Any, key: str = "") -> Any:
    """Return the plain value that JSON carried, numbers with a point given as Decimal; text under a key that takes a day is one."""
    match value:
        case dict():
            return {str(k): from_json(v, str(k)) for k, v in value.items()}
        case list():
            return [from_json(v) for v in value]
        case str() if key in _days():
            try:
                return date.fromisoformat(value)
            except ValueError:
                return value
    return value


@cache
def _days() -> frozenset[str]:
    """Return the keys of definitions whose value is a day."""
    fields = ((f.alias or name, f.annotation) for m in models() for name, f in m.model_fields.items())
    return frozenset(key for key, kind in fields if date in (kind, *get_args(kind)))
