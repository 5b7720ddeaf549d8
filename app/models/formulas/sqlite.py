"""Formulas on SQLite, which has no exact decimals but runs within our process: its expressions ask our own evaluation."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Table, func, literal

from app.catalog.formula.evaluate import Circumstances, evaluate, from_column, to_column
from app.catalog.formula.graph import Formula
from app.catalog.formula.kinds import Kind, Shape
from app.catalog.formula.tree import Source, given
from app.models.formulas.sources import source_of
from app.models.registers import Models

_KNOWN: dict[str, tuple[Formula, tuple[Source, ...], Circumstances]] = {}
"""What an expression refers to by its key: the formula, what its arguments are, and the circumstances."""


def expression(models: Models, table: Table, formula: Formula, at: Circumstances) -> ColumnElement[Any]:
    """Return what a formula gives in a row of ``table``, as its column keeps it."""
    key = f"{formula.digest} {at.calendar.revision} {at.today}"
    sources = tuple(dict.fromkeys(g.source for g in given(formula.tree)))
    _KNOWN[key] = formula, sources, at
    return func.formula(literal(key), *(source_of(models, table, s) for s in sources))


def work_out(key: str, *values: Any) -> Any:
    """Return what the formula of ``key`` gives of what its sources hold, both as SQLite keeps them; a function of the connection."""
    formula, sources, at = _KNOWN[key]
    held = {s: from_column(s.shape, _typed(s.shape, v)) for s, v in zip(sources, values, strict=True)}
    found = to_column(formula.shape, evaluate(formula.tree, held.__getitem__, at))
    match found:
        case Decimal():
            return int(found.scaleb(formula.shape.places))
        case datetime():
            return f"{found.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case date():
            return found.isoformat()
        case bool():
            return int(found)
    return found


def _typed(shape: Shape, value: Any) -> Any:
    if value is None:
        return None
    match shape.kind:
        case Kind.NUMBER:
            return Decimal(value).scaleb(-shape.places)
        case Kind.DATE:
            return date.fromisoformat(value)
        case Kind.MOMENT:
            return datetime.fromisoformat(f"{value}+00:00")
        case Kind.BOOLEAN:
            return bool(value)
    return value
