"""The condition that a cell holds an option, whether the field holds one or several."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Text, type_coerce

from app.fields.texts import Choice, Choices


def held(cell: ColumnElement[Any], f: Choices, option: str) -> ColumnElement[bool]:
    """Return the condition that a cell of a field of choices holds the option of that code."""
    if isinstance(f, Choice):
        return cell == option
    return type_coerce(cell, Text).contains(f";{option};", autoescape=True)
