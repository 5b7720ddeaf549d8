"""What a closed month takes from whom, as files for the payroll: CSV with one row a person, and a workbook that adds every ticket."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from app.exchange.cells import guarded
from app.exchange.workbook import cell, heads
from app.fields.label import Label
from app.services.statements import Statement

Column = tuple[Label, int]
"""A header and its width in characters."""
WHO: tuple[Column, ...] = (
    (Label(zh="工号", en="Staff no."), 12), (Label(zh="姓名", en="Name"), 14), (Label(zh="部门", en="Unit"), 18),
)  # fmt: skip
TOTALS: tuple[Column, ...] = (
    (Label(zh="结账月份", en="Month closed"), 10), *WHO, (Label(zh="处罚单数", en="Tickets"), 10),
    (Label(zh="本月罚款", en="Fines of the month"), 14), (Label(zh="以前月份更正", en="Corrections of earlier months"), 14),
    (Label(zh="绩效扣罚", en="Share of performance pay"), 14), (Label(zh="合计扣款", en="Total taken"), 14),
    (Label(zh="扣分", en="Points"), 10),
)  # fmt: skip
TICKETS: tuple[Column, ...] = (
    *WHO, (Label(zh="处罚单号", en="Ticket"), 16), (Label(zh="所属月份", en="Month of the violation"), 10),
    (Label(zh="更正", en="Correction"), 8), (Label(zh="事由", en="Violation"), 26), (Label(zh="相关记录", en="Record"), 26),
    (Label(zh="违规时间", en="Violated at"), 17), (Label(zh="依据", en="Citation"), 16), (Label(zh="当月第几次", en="Ordinal"), 10),
    (Label(zh="倍数", en="Factor"), 8), (Label(zh="应罚金额", en="Fine"), 12), (Label(zh="本次扣款", en="Taken now"), 12),
    (Label(zh="本次扣分", en="Points now"), 10),
)  # fmt: skip
SHARES: tuple[Column, ...] = (
    *WHO, (Label(zh="所属月份", en="Month"), 10), (Label(zh="当月绩效工资", en="Performance pay"), 14), (Label(zh="比例（%）", en="Share (%)"), 10),
    (Label(zh="绩效扣罚", en="Share of performance pay"), 14), (Label(zh="依据", en="Citation"), 16), (Label(zh="理由", en="Reason"), 30),
)  # fmt: skip
SHEETS = (Label(zh="汇总", en="Totals"), Label(zh="处罚单", en="Tickets"), Label(zh="绩效扣罚", en="Shares of pay"))
YES = Label(zh="是", en="yes")


def as_csv(statements: Sequence[Statement], language: str = "zh") -> bytes:
    """Return one row for each person, in UTF-8 with a mark that spreadsheets know it by; texts are no formulas."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([label.text(language) for label, _ in TOTALS])
    for row in _totals(statements):
        writer.writerow([guarded(one) if isinstance(one, str) else one for one in row])
    return out.getvalue().encode("utf-8-sig")


def as_workbook(statements: Sequence[Statement], zone: ZoneInfo, language: str = "zh") -> bytes:
    """Return a workbook of three sheets: totals of each person, every ticket, every share of pay; cells are typed, moments in ``zone``."""
    book = Workbook(write_only=True)
    tables = (
        (TOTALS, _totals(statements)),
        (TICKETS, _tickets(statements, zone, language)),
        (SHARES, _shares(statements)),
    )
    for name, (columns, rows) in zip(SHEETS, tables, strict=True):
        sheet = book.create_sheet(name.text(language))
        sheet.freeze_panes = "A2"
        for n, (_, width) in enumerate(columns, 1):
            sheet.column_dimensions[get_column_letter(n)].width = width
        heads(sheet, [label.text(language) for label, _ in columns])
        for row in rows:
            sheet.append([cell(sheet, value) for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _who(s: Statement) -> list[Any]:
    return [s.staff_no, s.name, s.unit_name]


def _totals(statements: Sequence[Statement]) -> Iterable[list[Any]]:
    for s in statements:
        yield [s.month, *_who(s), len(s.lines), s.fines, s.corrections, s.share, s.total, s.points]


def _tickets(statements: Sequence[Statement], zone: ZoneInfo, language: str) -> Iterable[list[Any]]:
    for s in statements:
        for x in s.lines:
            yield [
                *_who(s), x["record_no"], x["month"], YES.text(language) if x["month"] != s.month else "",
                x["rule_label"], x["record_title"], x["occurred_at"].astimezone(zone).replace(tzinfo=None), x["citation"],
                x["ordinal"], x["factor"], x["amount"], x["due"], x["due_points"],
            ]  # fmt: skip


def _shares(statements: Sequence[Statement]) -> Iterable[list[Any]]:
    for s in statements:
        for d in s.pays:
            yield [*_who(s), d["month"], d["pay"], d["rate"], d["amount"], d["citation"], d["reason"]]
