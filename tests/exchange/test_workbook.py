"""A workbook carries what a register holds: typed, safe to open, its choices at hand, nothing lost on the way."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from app.errors import Forbidden
from app.exchange import exporting, leaving, workbook
from app.exchange.exporting import Wanted
from app.exchange.workbook import Book, Column, kept_exactly, spoken, understood
from app.models.fixed import export_log
from app.services import records
from app.services.listing import Filter, Sort
from app.services.panel import Panel
from tests.exchange.sample import CLERK, GUEST, NOW

CARD = {
    "card_no": "007", "received_at": datetime(2026, 3, 5, 1, 30, 7, tzinfo=UTC), "customer": 2, "handler": 3, "helpers": (2, 4),
    "kind": "质量", "tags": ("首保", "安全"), "content": '=1+1\n"引号"\x07_x0041_𠮷㐂😀', "id_number": "420106199001011234",
    "amount": Decimal("1234.50"), "score": -5, "rate": Decimal("88.50"), "urgent": False, "happened_on": date(2026, 3, 5),
    "remark": "+86 138",
}  # fmt: skip


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def enter(panel: Panel, *cards: dict[str, Any]) -> None:
    with panel.work(CLERK, now=NOW) as work:
        records.create_many(work, "card", cards)


def opened(panel: Panel, **options: Any) -> Workbook:
    out = io.BytesIO()
    with panel.reading(CLERK, now=NOW) as work:
        exporting.export(work, "card", out, form="xlsx", **options)
    return load_workbook(out)


def rows(book: Workbook) -> list[dict[str, Any]]:
    head, *others = book.worksheets[0].iter_rows()
    return [dict(zip((c.value for c in head), row, strict=True)) for row in others]


def test_cells_are_typed_and_numbers_that_are_names_stay_texts(panel: Panel) -> None:
    enter(panel, CARD)
    (row,) = rows(opened(panel))
    values = {k: c.value for k, c in row.items()}
    expected = {
        "编号": "TS-2026-00001", "状态": "处理中", "受理编号": "007", "接到时间": naive("2026-03-05 09:30:07"), "投诉客户": "KH-0002",
        "协办人": "李四;wangwu2", "身份证号": "420106199001011234", "涉及金额": 1234.5, "评分": -5, "满意率": 88.5, "是否紧急": "否",
        "发生日期": naive("2026-03-05"), "备注": "+86 138", "结案人": None,
    }  # fmt: skip
    assert {k: values[k] for k in expected} == expected
    assert [row[k].number_format for k in ("涉及金额", "满意率", "身份证号", "发生日期")] == [
        "#,##0.00", '#,##0.00"%"', "@", "yyyy-mm-dd",
    ]  # fmt: skip


def test_no_text_runs_as_a_formula_not_even_once_it_is_edited(panel: Panel) -> None:
    enter(panel, CARD)
    (row,) = rows(opened(panel))
    assert [(row[k].data_type, row[k].quotePrefix) for k in ("投诉内容", "备注", "身份证号", "类别")] == [
        ("s", True), ("s", True), ("s", True), ("s", False),
    ]  # fmt: skip
    assert understood(row["投诉内容"].value) == CARD["content"]


def test_the_header_stays_in_sight_and_choices_are_at_hand(panel: Panel) -> None:
    book = opened(panel)
    sheet = book.worksheets[0]
    assert (sheet.freeze_panes, sheet["A1"].font.b) == ("A2", True)
    lists = {v.formula1: str(v.sqref) for v in sheet.data_validations.dataValidation}
    column = next(c.column_letter for c in sheet[1] if c.value == "类别")
    assert lists["'选项'!$A$1:$A$3"] == f"{column}2:{column}1048576"
    assert [c.value for c in book["选项"]["A"]] == ["质量", "服务", "费用"]
    assert book["选项"].sheet_state == "hidden"


def test_columns_rows_and_order_are_as_asked_and_the_number_comes_first_where_it_is_the_key(panel: Panel) -> None:
    enter(panel, CARD, CARD | {"card_no": "8", "kind": "服务"}, CARD | {"card_no": "9", "kind": "服务"})
    chosen: dict[str, Any] = {"filters": [Filter("kind", "eq", "服务")], "order": [Sort("card_no", down=True)]}
    found = rows(opened(panel, columns=["kind", "card_no"], keyed=True, **chosen))
    assert [[c.value for c in r.values()] for r in found] == [
        ["TS-2026-00003", "服务", "9"], ["TS-2026-00002", "服务", "8"],
    ]  # fmt: skip
    assert list(found[0]) == ["编号", "类别", "受理编号"]


def test_rows_past_the_end_of_a_sheet_go_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 2)
    with Book() as book, io.BytesIO() as out:
        book.sheet("投诉[1]", [Column("数", 8, "0")]).add([(n,) for n in range(5)])
        book.save(out)
        found = load_workbook(out)
        assert found.sheetnames == ["投诉 1", "投诉 1 (2)", "投诉 1 (3)"]
        assert [[c.value for c in s["A"]] for s in found] == [["数", 0, 1], ["数", 2, 3], ["数", 4]]


@pytest.mark.parametrize(
    "value", [Decimal("12345678901234.56"), date(1899, 12, 31), datetime.fromisoformat("1900-02-28 01:00:00")]
)
def test_what_excel_would_change_is_written_as_text(value: Any) -> None:
    assert not kept_exactly(value)
    with Book() as book, io.BytesIO() as out:
        book.sheet("x", [Column("x", 8, "0.00")]).add([(value,)])
        book.save(out)
        assert load_workbook(out).worksheets[0]["A2"].value == str(value)


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30) | st.text("_x0041F\x1f", max_size=12)
)
def test_every_text_can_be_said_in_a_workbook(text: str) -> None:
    assert understood(spoken(text)) == text


def test_a_file_is_noted_before_it_leaves_and_again_when_it_is_whole(panel: Panel) -> None:
    enter(panel, CARD, CARD | {"card_no": "8", "kind": "服务"})
    wanted = Wanted(
        filters=[Filter("kind", "eq", "服务"), Filter("handler", "eq", 3)], columns=["kind"], encoding="gb18030"
    )
    file = leaving.issue(panel, CLERK, "card", wanted, now=NOW, source="form")
    assert noted(panel)[0] | {"at": None, "id": 0} == {
        "id": 0, "register": "card", "person": 1, "at": None, "source": "form", "form": "csv gb18030", "columns": '["kind"]',
        "criteria": "类别 = 服务；跟进人 = 王五", "rows": None, "finished_at": None,
    }  # fmt: skip
    assert b"".join(file.parts).decode("gb18030") == "类别\r\n服务\r\n"
    (whole,) = noted(panel)
    assert (whole["rows"], whole["finished_at"] is not None) == (1, True)
    assert file.name == f"投诉卡_张三_20260305-1000_{file.number}.csv"


def test_a_file_that_breaks_off_is_noted_as_such(panel: Panel) -> None:
    enter(panel, CARD)
    file = leaving.issue(panel, CLERK, "card", Wanted(), now=NOW, source="form")
    next(file.parts)
    file.parts.close()  # type: ignore[attr-defined]
    assert (noted(panel)[0]["rows"], noted(panel)[0]["finished_at"]) == (0, None)


def test_who_may_not_export_takes_nothing_and_nothing_is_noted(panel: Panel) -> None:
    with pytest.raises(Forbidden):
        leaving.issue(panel, GUEST, "card", Wanted(form="xlsx"), now=NOW, source="form")
    assert noted(panel) == []


def noted(panel: Panel) -> list[dict[str, Any]]:
    with panel.engine.connect() as connection:
        return [dict(r) for r in connection.execute(select(export_log)).mappings()]
