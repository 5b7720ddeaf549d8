"""A file is read as people made it, whatever program wrote it; what cannot be read is said with its line."""

from __future__ import annotations

import codecs
import csv
import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import CellError, Invalid
from app.exchange.naming import folded
from app.exchange.reading import Row, TextSheet, open_text

TABLE = "编号,姓名,金额\r\nTS-1,张三,5\r\nTS-2,李四,6.50\r\n"
RARE = "姓名,备注\n𠮷田,㐂\n鄢陵,爨底下\n"
TRADITIONAL = "編號,姓名,投訴內容\n1,張三豐,處理結果與報價單不符\n2,歐陽鋒,車輛異響,\n"


def sheet(content: str | bytes, written_as: str = "utf-8", **chosen: str) -> TextSheet:
    return open_text(io.BytesIO(content if isinstance(content, bytes) else content.encode(written_as)), **chosen)


def cells(of: TextSheet) -> list[list[str]]:
    rows = list(of.rows())
    assert of.broken == []
    assert [r.fault for r in rows] == [None] * len(rows)
    return [r.cells for r in rows]


def broken(of: TextSheet) -> list[CellError]:
    list(of.rows())
    return of.broken


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_of_chinese_offices_is_found(encoding: str) -> None:
    assert cells(sheet(TABLE, encoding)) == [["TS-1", "张三", "5"], ["TS-2", "李四", "6.50"]]


@pytest.mark.parametrize(
    ("mark", "codec"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"", "utf-16-le")]
)
def test_utf_16_is_read_in_both_orders_and_without_its_mark(mark: bytes, codec: str) -> None:
    assert cells(sheet(mark + TABLE.encode(codec)))[1] == ["TS-2", "李四", "6.50"]


def test_characters_of_four_bytes_come_back_from_gb18030() -> None:
    found = sheet(RARE, "gb18030")
    assert found.shape.encoding == "gb18030"
    assert cells(found) == [["𠮷田", "㐂"], ["鄢陵", "爨底下"]]


def test_big5_is_told_from_gb18030() -> None:
    found = sheet(TRADITIONAL, "big5")
    assert found.shape.encoding == "big5hkscs"
    assert cells(found)[0] == ["1", "張三豐", "處理結果與報價單不符"]


def test_a_known_header_decides_between_possible_encodings() -> None:
    korean = "이름,전화\n김철수,010\n이영희,011\n"
    found = open_text(io.BytesIO(korean.encode("euc_kr")), known={folded("이름")})
    assert found.shape.encoding == "euc_kr"


def test_ascii_for_a_long_way_does_not_hide_the_encoding_of_what_follows() -> None:
    text = "no,name\n" + "1,abc\n" * 100_000 + "2,张三丰\n"
    found = sheet(text, "gb18030")
    assert found.shape.encoding == "gb18030"
    assert list(found.rows())[-1] == Row(100_002, ["2", "张三丰"])


def test_a_chosen_encoding_is_obeyed_and_its_superset_taken() -> None:
    assert sheet(RARE, "gb18030", encoding="GBK").shape.encoding == "gb18030"


def test_an_unknown_encoding_is_refused_with_a_sentence() -> None:
    with pytest.raises(Invalid) as refusal:
        sheet(TABLE, encoding="klingon")
    assert "klingon" in str(refusal.value.errors[0].reason)


def test_a_wrong_encoding_is_an_error_with_the_line_where_reading_ends() -> None:
    (error,) = broken(sheet(TABLE, "gb18030", encoding="utf-8"))
    assert (error.line, "UTF-8" in str(error.reason)) == (1, True)


def test_utf_8_with_a_damaged_character_is_not_taken_for_another_encoding() -> None:
    (error,) = broken(sheet(TABLE.encode() + b"TS-3,\xff\xff,1\r\nTS-4,x,1\r\n"))
    assert error.line == 4
    assert "UTF-8" in str(error.reason)


def test_a_mangled_character_far_inside_is_found_on_its_line() -> None:
    lines = [f"{n},客户反映车辆异响\n".encode("gb18030") for n in range(60_000)]
    lines[50_000] = b"50000,\x81\n"
    (error,) = broken(sheet("编号,内容\n".encode("gb18030") + b"".join(lines), encoding="gb18030"))
    assert error.line == 50_002


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_every_delimiter_is_found_in_spite_of_the_others_inside_quotes(delimiter: str) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerows(
        [["编号", "内容", "备注"], ["1", "甲,乙,丙;丁", "a|b|c\td"], ["2", "一，二,三;四", '引"号"\n换行']]
    )
    found = sheet(out.getvalue())
    assert found.shape.delimiter == delimiter
    assert cells(found)[1] == ["2", "一，二,三;四", '引"号"\n换行']


def test_decimal_commas_do_not_beat_the_semicolons_between_them() -> None:
    assert sheet("名称;单价;总价\nA;1,5;2,5\nB;3,5;4,5\n").shape.delimiter == ";"


def test_the_line_that_excel_writes_about_its_separator_is_obeyed() -> None:
    found = sheet("sep=|\n编号|内容\n1|a,b,c\n")
    assert (found.shape.delimiter, found.shape.columns) == ("|", ("编号", "内容"))


def test_title_rows_and_blank_rows_are_skipped_and_lines_stay_true() -> None:
    found = sheet("2026年3月投诉登记表,,\n\n单位：规簿公司,,制表：王\n编号,姓名,金额\n\n1,张三,5\n,,\n2,李四,6\n")
    assert found.shape.header_line == 4
    assert list(found.rows()) == [Row(6, ["1", "张三", "5"]), Row(8, ["2", "李四", "6"])]


def test_known_headers_win_over_a_fuller_row() -> None:
    text = "一,二,三,四\n姓名,金额,,\n张三,5,,\n"
    assert open_text(io.BytesIO(text.encode()), known={folded("姓名")}).shape.columns == ("姓名", "金额")


def test_a_row_s_line_is_where_it_starts_even_behind_newlines_inside_quotes() -> None:
    found = sheet('编号,内容\n1,"一\n二\r\n三\r四"\n2,x\n')
    assert [(r.line, r.cells[0]) for r in found.rows()] == [(2, "1"), (6, "2")]


def test_the_three_kinds_of_line_end_may_be_mixed() -> None:
    assert cells(sheet("a,b\r1,2\n3,4\r\n5,6")) == [["1", "2"], ["3", "4"], ["5", "6"]]


def test_a_line_end_cut_by_the_reading_block_is_one_line_end() -> None:
    text = "a,b\r\n" + "1,22\r\n" * 200_000
    rows = list(sheet(text).rows())
    assert (len(rows), rows[-1].line) == (200_000, 200_001)


def test_too_many_and_too_few_cells_are_faults_of_their_rows_only() -> None:
    rows = list(sheet("a,b,c\n1,2,3\n1,2\n1,2,3,4\n1,2,3,,\n").rows())
    assert [bool(r.fault) for r in rows] == [False, True, True, False]
    assert "2 格" in str(rows[1].fault)
    assert rows[3].cells == ["1", "2", "3"]


def test_a_nul_byte_is_a_fault_of_its_row_only() -> None:
    rows = list(sheet(b"a,b\n1,2\n3,\x00\n5,6\n").rows())
    assert [(r.line, bool(r.fault)) for r in rows] == [(2, False), (3, True), (4, False)]


def test_a_quote_that_never_closes_is_reported_on_the_line_it_opens() -> None:
    (error,) = broken(sheet('a,b\n1,2\n3,"four\n5,6\n'))
    assert error.line == 3


def test_a_quote_that_swallows_the_file_is_reported_on_the_line_it_opens() -> None:
    error = broken(sheet('a,b\n1,2\n3,"four\n' + "5,6\n" * 50_000))[0]
    assert (error.line, "引号" in str(error.reason)) == (3, True)


def test_text_behind_a_closing_quote_is_reported_and_the_next_one_too() -> None:
    assert [e.line for e in broken(sheet('a,b\n1,"x"y\n2,ok\n3,"x"z\n'))] == [2, 4]


def test_a_broken_header_is_reported() -> None:
    assert broken(sheet('a,"b"c\n1,2\n'))[0].line == 1


def test_an_endless_line_is_refused_before_it_fills_the_memory() -> None:
    (error,) = broken(sheet(b"a,b\n" + b"x" * (6 << 20)))
    assert error.line == 2


@pytest.mark.parametrize("content", ["", "\n\n", ",,\n,,\n", "\ufeff"])
def test_a_file_without_content_is_refused_with_a_sentence(content: str) -> None:
    with pytest.raises(Invalid):
        sheet(content)


def test_a_path_is_read_as_well_as_a_stream_and_both_again(tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text(TABLE, encoding="gb18030")
    found = open_text(path)
    assert cells(found) == cells(found) == cells(sheet(TABLE))
    assert [r.cells[0] for r in found.shape.sample_rows] == ["TS-1", "TS-2"]


def test_reading_needs_as_little_memory_for_a_long_file_as_for_a_short_one(tmp_path: Path) -> None:
    def needed(rows: int) -> int:
        path = tmp_path / f"{rows}.csv"
        with path.open("w", encoding="utf-8") as out:
            out.write("编号,内容\n")
            out.writelines(f"{n},客户反映车辆在行驶过程中发动机舱出现明显异响\n" for n in range(rows))
        tracemalloc.start()
        assert sum(1 for _ in open_text(path).rows()) == rows
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert needed(60_000) < needed(15_000) * 1.5


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_whatever_end_in_a_traceback(content: bytes) -> None:
    try:
        found = sheet(content)
    except Invalid:
        return
    assert all(r.fault or len(r.cells) == len(found.shape.columns) for r in found.rows())


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=20))
def test_what_the_csv_module_writes_is_what_is_read(rows: list[tuple[str, str, str]]) -> None:
    out = io.StringIO()
    csv.writer(out).writerows([("甲", "乙", "丙"), *rows])
    found = open_text(io.BytesIO(out.getvalue().encode()), delimiter=",", header_line=1)
    assert cells(found) == [list(r) for r in rows if "".join(r).strip()]
