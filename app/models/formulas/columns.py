"""What a formula gives, as an expression of whichever database it is."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, type_coerce

from app.catalog.formula.evaluate import Circumstances
from app.catalog.formula.graph import Formula
from app.models.formulas import postgres, sqlite
from app.models.registers import Models, type_of


def _type(table: Table, formula: Formula) -> Any:
    code = formula.field.code
    return table.c[code].type if code in table.c else type_of(formula.field)


def worked_out(connection: Connection, models: Models, formula: Formula, at: Circumstances) -> ColumnElement[Any]:
    """Return what a formula gives in each row of its register's table, as a value of its column."""
    table = models.tables[formula.register]
    way = sqlite if connection.dialect.name == "sqlite" else postgres
    return type_coerce(way.expression(models, table, formula, at), _type(table, formula))
