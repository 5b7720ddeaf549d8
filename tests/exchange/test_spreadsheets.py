"""Spreadsheets are read as people mean them, or the cell is refused with the reason; nothing comes in as something else."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from app.errors import Invalid
from app.exchange import exporting, importing
from app.exchange.importing import ImportReport
from app.exchange.naming import folded
from app.exchange.opening import open_sheet
from app.exchange.reading import Sheet
from app.services import records
from app.services.listing import select_rows
from app.services.panel import Panel
from tests.exchange.sample import CLERK, NOW

FILES = Path(__file__).parent / "files"
HEADS = ["受理编号", "接到时间", "类别", "投诉内容"]
KNOWN = {folded(h) for h in (*HEADS, "身份证号")}
Fill = Callable[[Workbook], object]


def book(fill: Fill) -> io.BytesIO:
    """Return a workbook that ``fill`` wrote into, as a file."""
    made, out = Workbook(), io.BytesIO()
    fill(made)
    made.calculation.fullCalcOnLoad = False
    made.save(out)
    return out


def table(*rows: list[Any], **formats: str) -> io.BytesIO:
    """Return a workbook of one sheet; ``formats`` are number formats by cell."""

    def fill(made: Workbook) -> None:
        for row in rows:
            made.active.append(row)
        for place, shown in formats.items():
            made.active[place].number_format = shown

    return book(fill)


def read(file: io.BytesIO, **chosen: Any) -> Sheet:
    return open_sheet(file, known=KNOWN, **chosen)


def cells(of: Sheet) -> list[list[str]]:
    return [row.cells for row in of.rows()]


def run(panel: Panel, file: io.BytesIO | Path, **options: Any) -> ImportReport:
    return importing.run(panel, CLERK, "card", file, now=NOW, **options)


def cards(panel: Panel) -> list[dict[str, Any]]:
    with panel.reading(CLERK, now=NOW) as work:
        return select_rows(work, "card", order="id")


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_typed_cells_become_the_text_that_an_export_writes() -> None:
    row = [
        naive("2026-03-05 09:30:07"),
        date(2026, 3, 5),
        time(9, 30),
        True,
        7,
        12.50,
        0.1 + 0.2,
        13800138000,
        "007",
        None,
        "1,234.50",
    ]
    found = read(table([f"列{n}" for n in range(len(row))], row))
    assert cells(found) == [
        ["2026-03-05 09:30:07", "2026-03-05", "09:30:00", "TRUE", "7", "12.5", "0.3", "13800138000", "007", "", "1,234.50"]
    ]  # fmt: skip


def test_a_percentage_is_what_it_shows_and_a_sign_in_quotes_is_only_a_sign() -> None:
    found = read(table(["a", "b", "c"], [0.885, 88.5, 0.07], A2="0.00%", B2='0.00"%"', C2="0%"))
    assert cells(found) == [["88.5%", "88.5", "7%"]]


def test_a_number_whose_last_digits_excel_lost_is_refused_with_the_reason(panel: Panel) -> None:
    head = [*HEADS, "身份证号"]
    report = run(
        panel,
        table(
            head,
            ["A1", "2026-03-05", "质量", "甲", 420106199001011234.0],
            ["A2", "2026-03-05", "质量", "乙", 42010619900101],
        ),
    )
    assert (report.state, [(e.line, e.field, e.text) for e in report.errors]) == (
        "failed",
        [(2, "id_number", "4.20106E+17")],
    )
    assert "15 位" in str(report.errors[0].reason)
    assert cards(panel) == []


def test_a_number_in_powers_of_ten_is_refused_in_text_too(panel: Panel) -> None:
    csv = f"{','.join(HEADS)},身份证号\nA1,2026-03-05,质量,甲,4.20106E+17\n".encode()
    report = run(panel, io.BytesIO(csv))
    assert [(e.field, "科学计数法" in str(e.reason)) for e in report.errors] == [("id_number", True)]


def test_the_sheet_with_the_headers_is_found_and_another_can_be_chosen() -> None:
    def fill(made: Workbook) -> None:
        made.active.title = "说明"
        made.active.append(["填表说明"])
        sheet = made.create_sheet("投诉")
        for row in (["某公司投诉台账"], [], HEADS, ["A1", "2026-03-05", "质量", "甲"]):
            sheet.append(row)
        made.create_sheet("藏起来的").sheet_state = "hidden"

    file = book(fill)
    found = read(file)
    assert (found.shape.sheet, found.shape.sheets, found.shape.header_line) == ("投诉", ("说明", "投诉"), 3)
    assert (found.shape.columns, cells(found)) == (tuple(HEADS), [["A1", "2026-03-05", "质量", "甲"]])
    assert [r.line for r in found.rows()] == [4]
    assert read(file, sheet="说明").shape.columns == ("填表说明",)
    assert read(file, sheet="投诉", header_line=4).shape.columns[0] == "A1"


def test_a_cell_merged_over_rows_says_the_same_in_each() -> None:
    def fill(made: Workbook) -> None:
        for row in (
            HEADS,
            ["A1", "2026-03-05", "质量", "甲"],
            ["A2", None, None, "乙"],
            ["A3", "2026-03-06", "服务", "丙"],
        ):
            made.active.append(row)
        made.active.merge_cells("B2:B3")
        made.active.merge_cells("C2:C3")

    assert cells(read(book(fill)))[1] == ["A2", "2026-03-05", "质量", "乙"]


def test_a_cell_merged_over_columns_is_refused_for_each_of_them(panel: Panel) -> None:
    def fill(made: Workbook) -> None:
        for row in (HEADS, ["A1", "2026-03-05", "质量", None]):
            made.active.append(row)
        made.active.merge_cells("C2:D2")

    report = run(panel, book(fill))
    assert [(e.field, "合并" in str(e.reason)) for e in report.errors] == [("kind", True), ("content", True)]


def test_headers_of_two_rows_are_the_lower_ones_and_those_merged_over_both() -> None:
    def fill(made: Workbook) -> None:
        for row in (
            ["受理编号", "接到时间", "投诉", None],
            [None, None, "类别", "投诉内容"],
            ["A1", "2026-03-05", "质量", "甲"],
        ):
            made.active.append(row)
        for span in ("A1:A2", "B1:B2", "C1:D1"):
            made.active.merge_cells(span)

    found = read(book(fill))
    assert (found.shape.columns, cells(found)) == (tuple(HEADS), [["A1", "2026-03-05", "质量", "甲"]])


def test_a_formula_that_no_spreadsheet_has_computed_makes_the_file_unusable() -> None:
    with pytest.raises(Invalid) as refused:
        read(table(HEADS, ["A1", "2026-03-05", "质量", "=1+1"]))
    assert "D2" in str(refused.value.errors[0].reason)


def test_a_formula_that_failed_is_refused_and_one_that_worked_is_its_result(panel: Panel) -> None:
    plain = table(HEADS, ["A1", "2026-03-05", "质量", 111], ["A2", "2026-03-05", "质量", 222])
    file = changed(plain, b"<v>111</v>", b"<f>100+11</f><v>111</v>")
    file = changed(file, b'<c r="D3" t="n"><v>222</v>', b'<c r="D3" t="e"><f>1/0</f><v>#DIV/0!</v>')
    report = run(panel, file, mode="good")
    assert [(e.line, e.field, e.text) for e in report.errors] == [(3, "content", "#DIV/0!")]
    assert [c["content"] for c in cards(panel)] == ["111"]


def changed(file: io.BytesIO, old: bytes, new: bytes) -> io.BytesIO:
    """Return a workbook whose first sheet holds something else."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(out, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            if name.endswith("sheet1.xml"):
                assert old in content
                content = content.replace(old, new)
            after.writestr(name, content)
    return out


def test_a_size_that_a_file_states_wrongly_hides_no_row() -> None:
    file = changed(table(HEADS, ["A1", "2026-03-05", "质量", "甲"]), b'<dimension ref="A1:D2"', b'<dimension ref="A1"')
    assert len(cells(read(file))) == 1


def test_an_old_workbook_is_read_alike(panel: Panel) -> None:
    report = run(panel, FILES / "cards.xls", mode="good")
    assert [(e.line, e.field) for e in report.errors] == [(5, "id_number")]
    (card,) = cards(panel)
    expected = {
        "card_no": "007", "received_at": datetime(2026, 3, 5, 1, 30, 7, tzinfo=UTC), "kind": "质量", "content": "=1+1",
        "id_number": "420106199001011234", "amount": Decimal("1234.50"), "rate": Decimal("88.50"), "happened_on": date(2026, 3, 4),
        "urgent": True,
    }  # fmt: skip
    assert {k: card[k] for k in expected} == expected


ODS = """<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"
 xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0">
<office:body><office:spreadsheet><table:table table:name="空"/><table:table table:name="投诉">
<table:table-row table:number-rows-repeated="2"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>
<table:table-row>{heads}<table:table-cell table:number-columns-repeated="1000"/></table:table-row>{rows}
<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def ods(heads: list[str], *rows: str) -> io.BytesIO:
    out = io.BytesIO()
    said = "".join(
        f"<table:table-cell office:value-type='string'><text:p>{h}</text:p></table:table-cell>" for h in heads
    )
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "content.xml", ODS.format(heads=said, rows="".join(f"<table:table-row>{r}</table:table-row>" for r in rows))
        )
    return out


def of(kind: str, value: str, **more: str) -> str:
    name = {"date": "date-value", "boolean": "boolean-value", "time": "time-value"}.get(kind, "value")
    extra = "".join(f" {k.replace('_', ':', 1).replace('_', '-')}='{v}'" for k, v in more.items())
    if kind == "string":
        return f"<table:table-cell office:value-type='string'{extra}>{value}</table:table-cell>"
    return f"<table:table-cell office:value-type='{kind}' office:{name}='{value}'{extra}/>"


def test_an_open_document_is_read_alike() -> None:
    row = (
        of("float", "12.50") + of("percentage", "0.885") + of("date", "2026-03-05T09:30:07") + of("date", "2026-03-05")
        + of("time", "PT09H30M00S") + of("boolean", "true")
        + of("string", "<text:p>一<text:s text:c='2'/>二<text:span>三</text:span></text:p><text:p>四</text:p>")
        + of("float", "4.20106199001011E+017")
    )  # fmt: skip
    found = read(ods([f"列{n}" for n in range(8)], row))
    assert (found.shape.sheet, found.shape.header_line) == ("投诉", 3)
    (only,) = found.rows()
    assert only.cells == [
        "12.5",
        "88.5%",
        "2026-03-05 09:30:07",
        "2026-03-05",
        "09:30:00",
        "TRUE",
        "一  二三\n四",
        "4.20106E+17",
    ]
    assert (only.line, list(only.doubts)) == (4, [7])


def test_rows_and_cells_that_an_open_document_repeats_or_merges_are_each_there() -> None:
    twice = of("string", "<text:p>甲</text:p>", table_number_columns_repeated="2") + of(
        "string", "<text:p>质量</text:p>", table_number_rows_spanned="2"
    )
    covered = of("string", "<text:p>乙</text:p>") + of("string", "<text:p>丙</text:p>") + "<table:covered-table-cell/>"
    assert cells(read(ods(["a", "b", "c"], twice, covered))) == [["甲", "甲", "质量"], ["乙", "丙", "质量"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html><table><tr><td>1</td></tr></table></html>", "网页"),
        (b"PK\x03\x04nonsense", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1nonsense", "损坏"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "密码"),
    ],
)
def test_what_only_looks_like_a_spreadsheet_is_refused_with_a_sentence(content: bytes, says: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(io.BytesIO(content))
    assert says in str(refused.value.errors[0].reason)


def test_a_zip_of_something_else_and_a_blank_workbook_are_refused() -> None:
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("hello.txt", "x")
    for file in (other, book(lambda made: None)):
        with pytest.raises(Invalid):
            read(file)


def test_a_file_that_swells_beyond_reason_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/workbook.xml", "w") as part:
        for _ in range(210):
            part.write(bytes(1 << 20))
    with pytest.raises(Invalid, match="过大"):
        read(out)


@pytest.mark.parametrize("kind", ["xlsx", "xls", "ods"])
def test_no_damage_whatever_ends_in_a_traceback(kind: str) -> None:
    whole = {
        "xlsx": lambda: table(HEADS, ["A1", "2026-03-05", "质量", 1.5]).getvalue(),
        "xls": (FILES / "cards.xls").read_bytes,
        "ods": lambda: ods(HEADS, of("float", "1") + of("date", "2026-03-05")).getvalue(),
    }[kind]()
    chance = random.Random(7)  # noqa: S311
    refused = 0
    for _ in range(150):
        spoilt = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            spoilt[chance.randrange(8, len(spoilt))] = chance.randrange(256)
        try:
            found = read(io.BytesIO(bytes(spoilt[: chance.choice((len(spoilt), len(spoilt) // 2))])))
            assert all(r.fault or len(r.cells) == len(found.shape.columns) for r in found.rows())
        except Invalid:
            refused += 1
    assert refused


HOSTILE = [
    "第一行\n第二行", '"引号",逗号;\t制表', "=1+1", "+86 138", "-", "@SUM(A1)", "'=1", "''-", "420106199001011234", "007", "3-5", "1e5",
    "1.1E+17", "9:30", "1.50", "😀", "𠮷㐂", "_x0041_", "a\x07b", "TRUE", "#N/A", "空 格", "＝1", "12", "0", "\u200b零宽", "%", "2026-03-05",
]  # fmt: skip


@pytest.mark.parametrize("form", ["utf-8-sig", "gb18030", "xlsx"])
def test_a_round_trip_of_hostile_values_changes_no_cell(panel: Panel, form: str) -> None:
    with panel.work(CLERK, now=NOW) as work:
        new: list[dict[str, Any]] = [
            {"received_at": NOW, "kind": "质量", "content": t, "id_number": " ".join(t.split())[:40], "remark": t}
            for t in HOSTILE
        ]
        extremes = {"amount": Decimal("999999999999999.99"), "rate": Decimal("0.01"), "score": -9, "urgent": False}
        new += [
            extremes | {"received_at": NOW, "kind": "费用", "content": "零", "happened_on": date(1899, 12, 31)},
            new[0] | {"id_number": None},
        ]
        ids = records.create_many(work, "card", new)
    before = cards(panel)
    out = io.BytesIO()
    options: dict[str, Any] = {"form": "xlsx"} if form == "xlsx" else {"encoding": form}
    with panel.reading(CLERK, now=NOW) as work:
        exporting.export(work, "card", out, **options)
    report = run(panel, out, keys=["record_no"])
    assert report.errors == ()
    assert (report.state, report.created, report.updated, report.unchanged) == ("done", 0, 0, len(ids))
    assert cards(panel) == before


def test_what_is_edited_in_a_workbook_and_nothing_else_changes(panel: Panel) -> None:
    with panel.work(CLERK, now=NOW) as work:
        records.create_many(
            work,
            "card",
            [{"received_at": NOW, "kind": "质量", "content": t, "amount": 3, "customer": 2} for t in "甲乙丙"],
        )
    out = io.BytesIO()
    with panel.reading(CLERK, now=NOW) as work:
        exporting.export(
            work, "card", out, form="xlsx", keyed=True, columns=["content", "amount", "customer"], order="id"
        )
    edited, back = load_workbook(out), io.BytesIO()
    sheet = edited.worksheets[0]
    sheet["C3"] = 7.5
    sheet["D4"] = "甲公司"
    edited.save(back)
    report = run(panel, back, keys=["record_no"])
    assert (report.updated, report.unchanged, report.errors) == (2, 1, ())
    assert [(c["content"], c["amount"], c["customer"]) for c in cards(panel)] == [
        ("甲", 3, 2),
        ("乙", Decimal("7.50"), 2),
        ("丙", 3, 1),
    ]
