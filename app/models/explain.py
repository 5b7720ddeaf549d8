"""Asking PostgreSQL's planner how many rows it expects, without reading any."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Executable, Select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import ClauseElement


class _Explain(Executable, ClauseElement):
    inherit_cache = False

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement


@compiles(_Explain)
def _explain(element: _Explain, compiler: Any, **options: Any) -> str:
    return f"EXPLAIN (FORMAT JSON) {compiler.process(element.statement, **options)}"


def expected_rows(connection: Connection, statement: Select[Any]) -> int:
    """Return how many rows PostgreSQL's planner expects of a statement; as good as its statistics are."""
    plan = connection.execute(_Explain(statement)).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])
