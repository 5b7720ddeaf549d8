"""Files for the payroll: typed, safe to open, and their sums those of the statements."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.exchange import payroll
from app.services.statements import Statement
from tests.site import SHANGHAI

LINE = {
    "record_no": "CF2025-00001", "month": "2025-03", "rule_label": "迟交", "record_title": "+1", "citation": "P05-D1",
    "occurred_at": datetime(2025, 3, 6, 16, 0, tzinfo=UTC), "ordinal": 2, "factor": Decimal("2.00"), "amount": Decimal("100.00"),
    "due": Decimal("100.00"), "due_points": Decimal("1.50"),
}  # fmt: skip
PAY = {
    "month": "2025-03", "pay": Decimal("3000.00"), "rate": Decimal("20.00"), "amount": Decimal("600.00"), "citation": "P05-D6",
    "reason": "@SUM(1)",
}  # fmt: skip
CORRECTED = LINE | {"month": "2025-02", "due": Decimal("-50.00"), "due_points": Decimal(0)}
STATEMENTS = [
    Statement("2025-03", 1, "=HYPERLINK(1)", "007", 1, "销售部\x07", [LINE, CORRECTED], [PAY]),
    Statement("2025-03", 2, "李四", "310101199001011234", 0, "", [LINE], []),
]


@pytest.fixture(scope="module")
def book() -> Workbook:
    return load_workbook(io.BytesIO(payroll.as_workbook(STATEMENTS, SHANGHAI)))


def rows(book: Workbook, sheet: str) -> list[dict[str, Any]]:
    """Return a sheet's cells, each row by its headers."""
    head, *others = book[sheet].iter_rows()
    return [dict(zip((c.value for c in head), row, strict=True)) for row in others]


def test_a_csv_has_a_row_for_each_person_whose_texts_are_neither_formulas_nor_numbers() -> None:
    sent = payroll.as_csv(STATEMENTS)
    assert sent.startswith(b"\xef\xbb\xbf")
    head, first, second = csv.reader(io.StringIO(sent.decode("utf-8-sig")))
    assert dict(zip(head, first, strict=True)) == {
        "结账月份": "2025-03\t", "工号": "007\t", "姓名": "'=HYPERLINK(1)", "部门": "销售部\x07", "处罚单数": "2", "本月罚款": "100.00",
        "以前月份更正": "-50.00", "绩效扣罚": "600.00", "合计扣款": "650.00", "扣分": "1.50",
    }  # fmt: skip
    assert dict(zip(head, second, strict=True))["工号"] == "310101199001011234\t"


def test_every_sheet_keeps_its_header_in_sight(book: Workbook) -> None:
    assert book.sheetnames == ["汇总", "处罚单", "绩效扣罚"]
    assert [book[s].freeze_panes for s in book.sheetnames] == ["A2"] * 3


def test_texts_of_a_workbook_stay_texts_and_run_nothing(book: Workbook) -> None:
    first, second = rows(book, "汇总")
    name, number = first["姓名"], first["工号"]
    assert (name.value, name.data_type, name.quotePrefix) == ("=HYPERLINK(1)", "s", True)
    assert (number.value, number.data_type, number.number_format) == ("007", "s", "@")
    assert (second["工号"].value, second["工号"].data_type) == ("310101199001011234", "s")
    assert first["部门"].value == "销售部_x0007_", "a control character as it is would make a file that does not open"
    assert (rows(book, "处罚单")[0]["相关记录"].value, rows(book, "绩效扣罚")[0]["理由"].quotePrefix) == ("+1", True)


def test_numbers_and_moments_of_a_workbook_are_typed(book: Workbook) -> None:
    total = rows(book, "汇总")[0]["合计扣款"]
    assert (total.value, total.data_type, total.number_format) == (650, "n", "#,##0.00")
    at = rows(book, "处罚单")[0]["违规时间"]
    assert (at.value, at.number_format) == (datetime(2025, 3, 7), "yyyy-mm-dd hh:mm")  # noqa: DTZ001  # as on the site's clocks


def test_corrections_are_marked_and_all_lines_add_up_to_the_totals(book: Workbook) -> None:
    assert [(r["所属月份"].value, r["更正"].value) for r in rows(book, "处罚单")][:2] == [
        ("2025-03", None),
        ("2025-02", "是"),
    ]
    lines = sum(r["本次扣款"].value for r in rows(book, "处罚单"))
    shares = sum(r["绩效扣罚"].value for r in rows(book, "绩效扣罚"))
    assert lines + shares == sum(r["合计扣款"].value for r in rows(book, "汇总"))
