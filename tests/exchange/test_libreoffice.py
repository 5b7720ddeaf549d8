"""What LibreOffice has saved again is read as it was, and what Excel and WPS put into their files besides is understood or asked about."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from app.errors import Invalid
from app.exchange import importing
from app.exchange.naming import folded
from app.exchange.opening import open_sheet
from app.exchange.reading import Row, Sheet
from app.exchange.xlsx import Xlsx
from app.services import records
from app.services.listing import select_rows
from app.services.panel import Panel
from tests.exchange.libreoffice import FILES, FORMS, HEADS, enter
from tests.exchange.sample import CLERK, NOW
from tests.exchange.test_spreadsheets import HEADS as FOUR
from tests.exchange.test_spreadsheets import changed, table


def read(file: Any) -> Sheet:
    return open_sheet(file, known={folded(h) for h in HEADS})


@pytest.mark.parametrize("dialect", ["sqlite"])
@pytest.mark.parametrize("form", FORMS)
def test_no_cell_of_a_register_that_libreoffice_saved_again_changes(panel: Panel, form: str) -> None:
    enter(panel)
    with panel.reading(CLERK, now=NOW) as work:
        before = select_rows(work, "card", order="id")
    report = importing.run(panel, CLERK, "card", FILES / f"hostile.{form}", now=NOW, keys=["record_no"])
    assert report.errors == ()
    assert (report.state, report.created, report.updated, report.unchanged) == ("done", 0, 0, len(before))
    with panel.reading(CLERK, now=NOW) as work:
        assert select_rows(work, "card", order="id") == before


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["dirty", "from1904"])
def test_formats_formulas_hidden_sheets_and_colours_hide_nothing(name: str, form: str) -> None:
    yes, no = ("1", "0") if form == "ods" else ("TRUE", "FALSE")  # LibreOffice keeps them as numbers
    found = read(FILES / f"{name}.{form}")
    assert (found.shape.sheet, found.shape.sheets, found.shape.columns) == ("投诉", ("投诉",), HEADS)
    rows = list(found.rows())
    assert [r.cells for r in rows] == [
        ["A1", "2026-03-05 09:30:00", "质量", "普通", "007", "1234.5", "7", "88.5%", yes, "2026-03-04"],
        ["A2", "2026-03-05 09:30:59", "质量", "=1+1", "420106199001011234", "1,234.50", "7", "88.5%", "是", "2026年3月4日"],
        ["A3", "2026-03-05", "质量", "合计", "0070", "1234.5", "7", "88.5%", yes, "2026-03-04"],
        ["A4", "2026-03-05 23:59:59", "服务", "多行\n第二行", "", "0.1", "-9", "100%", no, "1904-01-02"],
        ["A5", "2026-03-05", "费用", "#N/A", "1e5", "", "", "", "", ""],
        ["A6", "2026-03-05", "费用", "尾", "3-5", "-5.25", "", "", "", "2026-12-31"],
    ]  # fmt: skip
    assert [(r.line, list(r.doubts)) for r in rows] == [(3, []), (4, []), (5, []), (6, []), (7, [3]), (8, [])]


def test_a_sheet_that_is_coloured_down_to_the_last_row_ends_with_its_last_value() -> None:
    source = Xlsx(FILES / "dirty.xlsx")
    assert [line for line, _ in source.rows("投诉")] == list(range(1, 9))
    source.close()


def with_part(file: io.BytesIO, name: str, old: bytes, new: bytes) -> io.BytesIO:
    """Return a workbook in one of whose parts something else stands."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(out, "w") as after:
        for part in before.namelist():
            content = before.read(part)
            if part == name:
                assert old in content
                content = content.replace(old, new)
            after.writestr(part, content)
    return out


@pytest.mark.parametrize("said", [b'<calcPr calcId="191029"/>', b'<calcPr calcId="191029" fullCalcOnLoad="0"/>', b""])
def test_formulas_that_excel_has_computed_are_their_results(said: bytes) -> None:
    file = changed(table(FOUR, ["A1", "2026-03-05", "质量", 111]), b"<v>111</v>", b"<f>100+11</f><v>111</v>")
    (row,) = read(with_part(file, "xl/workbook.xml", b'<calcPr calcId="124519" fullCalcOnLoad="0" />', said)).rows()
    assert row == Row(2, ["A1", "2026-03-05", "质量", "111"])


def test_formulas_that_are_to_be_computed_anew_make_the_file_unusable() -> None:
    file = changed(table(FOUR, ["A1", "2026-03-05", "质量", 111]), b"<v>111</v>", b"<f>100+11</f><v>111</v>")
    with pytest.raises(Invalid, match="公式"):
        read(with_part(file, "xl/workbook.xml", b'fullCalcOnLoad="0"', b'fullCalcOnLoad="1"'))


def test_signs_that_only_look_escaped_are_told_from_those_that_are() -> None:
    (row,) = read(table(FOUR, ["_x005F_x0041_", "_x0041_", "质量", "x005F_"])).rows()
    assert row.cells == ["_x0041_", "A", "质量", "x005F_"]


def test_a_picture_in_a_cell_of_wps_is_asked_about() -> None:
    shown = '=DISPIMG("ID_0F",1)'
    file = changed(
        table(FOUR, ["A1", "2026-03-05", "质量", 111]),
        b't="n"><v>111</v>',
        f't="str"><f>_xlfn.DISPIMG("ID_0F",1)</f><v>{shown}</v>'.encode(),
    )
    (row,) = read(file).rows()
    assert (row.cells[3], list(row.doubts), "图片" in str(row.doubts[3])) == (shown, [3], True)


def test_a_workbook_in_the_strict_form_is_not_called_blank() -> None:
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    file = with_part(table(FOUR), "xl/workbook.xml", main, b"http://purl.oclc.org/ooxml/spreadsheetml/main")
    with pytest.raises(Invalid, match="Strict"):
        read(file)


def test_an_open_document_with_a_password_says_so() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("content.xml", b"\x8f\x01secret")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:file-entry><manifest:encryption-data manifest:checksum="x"/></manifest:file-entry>',
        )
    with pytest.raises(Invalid, match="密码"):
        read(out)


@pytest.mark.parametrize("dialect", ["sqlite"])
def test_what_another_program_wrote_into_a_csv_without_a_guard_is_what_the_record_says(panel: Panel) -> None:
    texts = ["'=1+1", "=1+1", "0070", "''-"]
    with panel.work(CLERK, now=NOW) as work:
        ids = records.create_many(work, "card", [{"received_at": NOW, "kind": "质量", "content": t} for t in texts])
        numbers = [r["record_no"] for r in select_rows(work, "card", order="id")]
    lines = [f"{number},{text}" for number, text in zip(numbers, texts, strict=True)]
    file = io.BytesIO("\n".join(["编号,投诉内容", *lines, ""]).encode())
    report = importing.run(panel, CLERK, "card", file, now=NOW, keys=["record_no"])
    assert (report.errors, report.unchanged) == ((), len(ids))
    file = io.BytesIO(f"编号,投诉内容\n{numbers[1]},'=1+2\n".encode())
    assert importing.run(panel, CLERK, "card", file, now=NOW, keys=["record_no"]).updated == 1
    with panel.reading(CLERK, now=NOW) as work:
        assert select_rows(work, "card", order="id")[1]["content"] == "=1+2"


def test_a_workbook_of_nothing_but_borders_is_blank() -> None:
    book, out = Workbook(), io.BytesIO()
    book.active["A1048576"].number_format = "0.00"
    book.save(out)
    with pytest.raises(Invalid, match="没有内容"):
        read(out)
    assert len(list(Xlsx(out).rows("Sheet"))) == 1
