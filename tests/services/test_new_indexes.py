"""Indexes of large tables are built behind a publication, without keeping anybody waiting."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event, inspect, text

from app.models import ddl
from app.services import upkeep
from tests.services import test_converting as ground
from tests.services.test_converting import LOAN, Office

made, office = ground.made, ground.office


def indexes(office: Office) -> set[str]:
    return {str(i["name"]) for i in inspect(office.engine).get_indexes("r_loan")}


WIDER = LOAN.replace("[what, price, who]", "[what, price, who, day]").replace(
    "  - {code: note",
    "  - {code: day, label: 日期, type: date}\n  - {code: serial, label: 序列号, type: text, unique: true}\n  - {code: note",
)


def test_a_large_table_gets_its_new_index_afterwards_and_a_small_one_at_once(
    office: Office, dialect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ddl, "LARGE", 3)
    office.publish(WIDER)
    assert "ix_r_loan_day_listed" not in indexes(office)
    assert "uq_r_loan_serial" in indexes(office), "what keeps values unique cannot wait"
    if dialect == "postgresql":  # as if a builder had been killed: the index is there and never used
        with office.engine.begin() as connection:
            connection.execute(text("CREATE INDEX ix_r_loan_day_listed ON r_loan (day)"))
            connection.execute(
                text("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_r_loan_day_listed'::regclass")
            )
    upkeep.run(office.panel)
    assert "ix_r_loan_day_listed" in indexes(office)
    assert ddl.add_indexes(office.engine, office.panel.catalog) == []
    monkeypatch.setattr(ddl, "LARGE", 20_000)
    office.publish(WIDER.replace("who, day]", "who, day, note]"))
    assert "ix_r_loan_note_listed" in indexes(office)


def test_an_added_column_touches_no_row(office: Office) -> None:
    statements: list[str] = []
    event.listen(office.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    office.publish(LOAN.replace("  - {code: note", "  - {code: day, label: 日期, type: date}\n  - {code: note"))
    mine = [
        s
        for s in statements
        if "r_loan" in s and not s.lstrip().upper().startswith(("SELECT", "PRAGMA", "ALTER", "CREATE"))
    ]
    assert mine == []
    assert [s for s in statements if s.startswith("ALTER TABLE r_loan ADD COLUMN")]


def test_where_a_definition_names_no_columns_the_first_of_its_list_are_indexed_formulas_too(office: Office) -> None:
    more = "".join(f"  - {{code: n{n}, label: 数{n}, type: integer}}\n" for n in range(9))
    formula = '  - {code: twice, label: 倍, type: integer, formula: "2 * [数0]"}\n'
    fields = LOAN.replace("columns: [what, price, who]\n", "").replace("access", f"{formula}{more}access")
    office.publish(fields)
    listed = {
        name.removeprefix("ix_r_loan_").removesuffix("_listed") for name in indexes(office) if name.endswith("_listed")
    }
    assert listed == {"state", "what", "price", "who", "kind", "note", "twice", *(f"n{n}" for n in range(6))}
