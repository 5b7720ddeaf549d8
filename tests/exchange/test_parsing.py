"""Cells become values: each text once, names together, every bad cell with its place."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from app.errors import say
from app.exchange.parsing import Parsed, Parser
from app.exchange.reading import Row
from app.fields.base import Field
from app.fields.texts import Choice
from app.services.panel import Panel
from tests.exchange.sample import CLERK, NOW, catalog

CARD = catalog().registers["card"]


def fields(*codes: str) -> list[Field | None]:
    return [CARD.column(c) if c else None for c in codes]


def parsed(panel: Panel, columns: list[Field | None], *rows: Row, first: int = 1) -> list[Parsed]:
    with panel.reading(CLERK, now=NOW) as work:
        return Parser(columns).parse(work, rows, first)


def test_every_bad_cell_is_told_with_its_row_line_label_and_text(panel: Panel) -> None:
    rows = (Row(2, ["质量", "x", "5"]), Row(3, ["蓝", "", "y"]), Row(7, ["服务", "3", "-1"]))
    found = parsed(panel, fields("kind", "score", "amount"), *rows, first=11)
    told = [(e.row, e.line, e.field, e.label, e.text) for one in found for e in one.errors]
    assert told == [
        (11, 2, "score", "评分", "x"), (12, 3, "kind", "类别", "蓝"), (12, 3, "amount", "涉及金额", "y"),
        (13, 7, "amount", "涉及金额", "-1"),
    ]  # fmt: skip
    assert found[1].values == {"score": None}


def test_a_faulty_row_carries_its_fault_and_no_values(panel: Panel) -> None:
    rows = (Row(2, ["质量"]), Row(3, ["a", "b"], say("太长")), Row(4, ["服务"]))
    found = parsed(panel, fields("kind"), *rows)
    assert [one.values for one in found] == [{"kind": "质量"}, {}, {"kind": "服务"}]
    assert [[str(e.reason) for e in one.errors] for one in found] == [[], ["太长"], []]


def test_columns_left_out_are_not_looked_at(panel: Panel) -> None:
    assert parsed(panel, fields("", "kind"), Row(2, ["蓝", "质量"]))[0].values == {"kind": "质量"}


def test_a_guarded_cell_is_read_as_what_it_was(panel: Panel) -> None:
    found = parsed(panel, fields("id_number", "amount"), Row(2, ["'=1+1", "'+5"]), Row(3, ["007\t", "5"]))
    assert [one.values["id_number"] for one in found] == ["=1+1", "007"]
    assert [str(one.values["amount"]) for one in found] == ["5.00", "5.00"]


def test_a_repeated_text_is_read_once(panel: Panel, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    usual = Choice.parse

    def counted(self: Choice, text: str) -> str | None:
        read.append(text)
        return usual(self, text)

    monkeypatch.setattr(Choice, "parse", counted)
    parsed(panel, fields("kind"), *(Row(n, ["质量" if n % 2 else "费用"]) for n in range(100)))
    assert sorted(read) == ["质量", "费用"]


def test_names_are_looked_up_together_and_several_may_stand_in_a_cell(panel: Panel) -> None:
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    rows = [Row(n, ["甲公司" if n % 2 else "KH-0002", "张三；lisi;\n张三"]) for n in range(200)]
    event.listen(panel.engine, "before_cursor_execute", note)
    found = parsed(panel, fields("customer", "helpers"), *rows)
    event.remove(panel.engine, "before_cursor_execute", note)
    assert {(one.values["customer"], one.values["helpers"]) for one in found} == {(1, (1, 2)), (2, (1, 2))}
    assert len(seen) < 8


def test_a_name_that_was_not_there_is_looked_up_again_later(panel: Panel) -> None:
    with panel.reading(CLERK, now=NOW) as work:
        parser = Parser(fields("customer"))
        assert parser.parse(work, [Row(2, ["丁公司"])])[0].errors
        work.connection.execute(panel.models.tables["customer"].update().values(name="丁公司").where(
            panel.models.tables["customer"].c.id == 1
        ))  # fmt: skip
        assert parser.parse(work, [Row(3, ["丁公司"])])[0].values == {"customer": 1}
