"""A formula means the same to our own evaluation, to SQLite and to PostgreSQL, whatever it says and whatever the rows hold."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select

from app.catalog.catalog import Catalog
from app.catalog.formula.evaluate import Circumstances, evaluate, from_column, to_column
from app.catalog.formula.functions import FUNCTIONS
from app.catalog.formula.graph import Formula
from app.catalog.formula.kinds import Kind
from app.catalog.formula.meaning import read_for
from app.catalog.formula.names import shape_of
from app.catalog.formula.tokens import Faulty
from app.fields.times import Moment
from app.models.engine import open_engine
from app.models.formulas.columns import worked_out
from app.models.registers import Models, build_models, build_schema
from tests.catalog.ground import catalog
from tests.models.formulas import DEFINITIONS, EVERY, rows, written
from tests.rules.site import CALENDAR, SHANGHAI
from tests.servers import DIALECTS, Databases

AT = Circumstances(date(2026, 3, 7), CALENDAR)
FOUND = {k: f"{k.value}_found" for k in (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.MOMENT, Kind.BOOLEAN)}


@pytest.fixture(scope="module")
def sheets() -> Catalog:
    """The definitions of the register."""
    Moment.zone = SHANGHAI
    return catalog({"sheet.yaml": DEFINITIONS})


@pytest.fixture(scope="module")
def models(sheets: Catalog) -> Models:
    """Its tables."""
    return build_models(sheets)


@pytest.fixture(scope="module")
def connections(sheets: Catalog, models: Models, fresh_database: Databases) -> Iterator[list[Connection]]:
    """A database of each kind with the rows in it."""
    urls = [fresh_database(d) for d in DIALECTS]
    engines = [open_engine(u) for u in urls]
    opened = [e.connect() for e in engines]
    table = models.tables["sheet"]
    now = datetime(2026, 3, 7, tzinfo=UTC)
    for connection in opened:
        build_schema(sheets).create_all(connection)
        for i, row in enumerate(rows(), 1):
            fixed = {"id": i, "record_no": str(i), "created_at": now, "updated_at": now, "version": 1}
            connection.execute(insert(table).values(**fixed, **row))
        connection.commit()
    yield opened
    for connection, engine, url in zip(opened, engines, urls, strict=True):
        connection.close()
        engine.dispose()
        fresh_database.drop(url)


def formula_of(sheets: Catalog, kind: Kind, text: str) -> Formula:
    """Return a formula in the field for values of its type."""
    spec = sheets.registers["sheet"]
    declared = spec.by_code[FOUND[kind]].model_copy(update={"formula": text})
    shape = shape_of(spec, declared)
    assert shape is not None
    return Formula("sheet", declared, read_for(declared, sheets, spec), shape)


def by_ourselves(formula: Formula, row: dict[str, Any]) -> Any:
    """Return what our own evaluation gives of a row."""
    found = evaluate(formula.tree, lambda s: from_column(s.shape, row.get(s.field)), AT)
    return to_column(formula.shape, found)


def agree(sheets: Catalog, models: Models, connections: list[Connection], kind: Kind, texts: list[str]) -> None:
    """Demand that all three ways give the same of every row."""
    table = models.tables["sheet"]
    formulas = [formula_of(sheets, kind, t) for t in texts]
    expected = [[by_ourselves(f, row) for f in formulas] for row in rows()]
    for connection in connections:
        cells = [worked_out(connection, models, f, AT).label(f"f{i}") for i, f in enumerate(formulas)]
        found = [list(r)[1:] for r in connection.execute(select(table.c.id, *cells).order_by(table.c.id))]
        for row, ours, theirs in zip(rows(), expected, found, strict=True):
            for text, a, b in zip(texts, ours, theirs, strict=True):
                assert a == b, f"{connection.dialect.name}: {text} of {row}"


@pytest.mark.parametrize("kind", FOUND)
def test_all_three_ways_agree_on_every_function(
    kind: Kind, sheets: Catalog, models: Models, connections: list[Connection]
) -> None:
    agree(sheets, models, connections, kind, EVERY[kind].splitlines())


def test_every_function_and_operator_is_compared(sheets: Catalog) -> None:
    used = {
        name for kind, texts in EVERY.items() for t in texts.splitlines() for name in formula_of(sheets, kind, t).names
    }
    apart = {"COUNTIF", "SUMIF", "AVERAGEIF"}  # become figures over records that point here when they are read
    assert used >= set(FUNCTIONS) - apart


@pytest.mark.parametrize("kind", FOUND)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_all_three_ways_agree_on_random_formulas(
    kind: Kind, data: st.DataObject, sheets: Catalog, models: Models, connections: list[Connection]
) -> None:
    text = data.draw(written(kind))
    try:
        formula_of(sheets, kind, text)
    except Faulty:
        assume(False)
    agree(sheets, models, connections, kind, [text])
