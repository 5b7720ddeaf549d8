"""Two hundred small files as offices make them, each with what must come of it; made anew by every run, and always the same."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any

HEADER = ["受理编号", "接到时间", "类别", "投诉内容", "涉及金额", "身份证号", "发生日期", "是否紧急", "评分", "跟进人"]
CODES = [
    "card_no",
    "received_at",
    "kind",
    "content",
    "amount",
    "id_number",
    "happened_on",
    "urgent",
    "score",
    "handler",
]
SIZE = 200
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le")
DELIMITERS = (",", "\t", ";", "|")
ENDS = ("\r\n", "\n", "\r")
NINE_THIRTY = datetime(2026, 3, 5, 1, 30, tzinfo=UTC)
FILE = "file"
"""Asked about as a whole: nothing of the file may be taken before a person has answered."""

Grid = list[list[str]]
Expected = dict[int, dict[str, Any] | set[str]]


@dataclass(frozen=True)
class Made:
    """One file: ``asks`` is FILE, or nothing; else each data row, from 1, has its values or the fields that are asked about."""

    name: str
    content: bytes
    asks: str = ""
    rows: Expected | None = None


def row(n: int = 1, **cells: str) -> list[str]:
    """Return one ordinary row, with some cells other than usual."""
    texts = (
        "2026-03-05 09:30",
        "质量",
        f"第 {n} 件，异响𠮷㐂",
        "12.50",
        "420106199001011234",
        "2026-03-05",
        "是",
        "5",
        "张三",
    )
    return list((dict(zip(CODES, (f"A{n}", *texts), strict=True)) | cells).values())


def meant(n: int = 1, **values: Any) -> dict[str, Any]:
    """Return what ``row`` means."""
    usual = ("质量", f"第 {n} 件，异响𠮷㐂", Decimal("12.50"), "420106199001011234", date(2026, 3, 5), True, 5, 1)
    return dict(zip(CODES, (f"A{n}", NINE_THIRTY, *usual), strict=True)) | values


@dataclass(frozen=True)
class Dirt:
    """One shape of dirt: the grid, what is expected of it, and what happens to its text or bytes."""

    name: str
    grid: Grid
    rows: Expected | None = None
    asks: str = ""
    text: Callable[[str, str], str] = lambda text, end: text
    raw: Callable[[bytes], bytes] = lambda content: content
    only: tuple[str, ...] = ENCODINGS
    delimiters: tuple[str, ...] = DELIMITERS


def one(name: str, cells: dict[str, str], values: dict[str, Any] | None = None, asked: set[str] | None = None) -> Dirt:
    """Return a file with an ordinary row and one whose cells are dirty."""
    second: Any = asked if asked is not None else meant(2, **(values or {}))
    return Dirt(name, [HEADER, row(1), row(2, **cells)], {1: meant(1), 2: second})


def plain(name: str, grid: Grid, **more: Any) -> Dirt:
    """Return a file with one ordinary row around which something else is dirty."""
    return Dirt(name, grid, {1: meant(1)}, **more)


TRADITIONAL = [
    ["受理編號", "接到時間", "類別", "投訴內容"],
    ["A1", "2026-03-05 09:30", "质量".replace("质", "質"), "處理結果與報價單不符"],
]
DIRTS = (
    plain("plain", [HEADER, row()]),
    plain("titles above", [["投诉登记表"], ["单位：客户部", "", "二〇二六年三月"], [], HEADER, row()]),
    Dirt("blank lines", [HEADER, [], row(1), [""] * 10, row(2), [], []], {1: meant(1), 2: meant(2)}),
    plain("empty columns at the right", [[*HEADER, "", ""], [*row(), "", ""]]),
    plain("marked headers", [[f" {h} *" if n % 2 else f"{h}（必填）" for n, h in enumerate(HEADER)], row()]),
    plain("wide headers", [["　".join(h) for h in HEADER], row()]),
    plain("headers are codes", [CODES, row()]),
    plain("headers in English and synonyms", [["Ticket", "Received", "Kind", "Content", "Amount", *HEADER[5:9], "Handler"], row()]),
    plain("another order", [HEADER[::-1], row()[::-1]]),
    one("quotes, delimiters and ends of lines in a cell", {"content": '说"不行"，\n第二行,;|\t完'}, {"content": '说"不行"，\n第二行,;|\t完'}),
    one("full-width digits", {"amount": "￥１，２３４．５０", "score": "７"}, {"amount": Decimal("1234.50"), "score": 7}),
    one("ten thousands", {"amount": "1.2万"}, {"amount": Decimal("12000.00")}),
    one("yuan and groups", {"amount": "¥1,234.50元"}, {"amount": Decimal("1234.50")}),
    one("Chinese day and time", {"received_at": "2026年3月5日 上午9:30", "happened_on": "2026年3月5日"}),
    one("day with strokes and afternoon", {"received_at": "2026/3/5 下午1:30", "happened_on": "2026/3/5"},
        {"received_at": datetime(2026, 3, 5, 5, 30, tzinfo=UTC)}),
    one("compact days", {"happened_on": "20260305"}),
    one("serial days of Excel", {"received_at": "46086.395833333", "happened_on": "46086"}),
    one("ticks", {"urgent": "√"}),
    one("no", {"urgent": "否"}, {"urgent": False}),
    one("nothing said", dict.fromkeys(("urgent", "amount", "handler"), ""), dict.fromkeys(("urgent", "amount", "handler"))),
    one("guarded cells", {"id_number": "420106199001011234\t", "content": "'=1+1"}, {"content": "=1+1"}),
    one("leading noughts", {"id_number": "0070", "card_no": "007"}, {"id_number": "0070", "card_no": "007"}),
    one("digits lost to the spreadsheet", {"id_number": "4.20106E+17"}, asked={"id_number"}),
    one("day without year", {"happened_on": "3月5日"}, asked={"happened_on"}),
    one("day and month that may be either", {"happened_on": "05/03/2026"}, asked={"happened_on"}),
    one("two-digit year", {"happened_on": "26-3-5"}, asked={"happened_on"}),
    one("day that no calendar has", {"happened_on": "2026-02-30"}, asked={"happened_on"}),
    one("time where a day belongs", {"happened_on": "12:30"}, asked={"happened_on"}),
    one("words for days", {"received_at": "昨天"}, asked={"received_at"}),
    one("decimal comma", {"amount": "1,5"}, asked={"amount"}),
    one("groups in the wrong places", {"amount": "1,23,4.5"}, asked={"amount"}),
    one("too many places", {"amount": "12.345"}, asked={"amount"}),
    one("accountants' minus", {"amount": "(5.00)"}, asked={"amount"}),
    one("about", {"amount": "约500"}, asked={"amount"}),
    one("choice in English", {"kind": "service"}, {"kind": "服务"}),
    one("choice that there is not", {"kind": "颜色"}, asked={"kind"}),
    one("person by user name", {"handler": "lisi"}, {"handler": 2}),
    one("blanks around a name", {"handler": "\u00a0张三　", "kind": " 质量 "}),
    one("two people of one name", {"handler": "王五"}, asked={"handler"}),
    one("nobody of that name", {"handler": "赵六"}, asked={"handler"}),
    one("neither yes nor no", {"urgent": "也许"}, asked={"urgent"}),
    one("beyond the limits", {"score": "99"}, asked={"score"}),
    one("required cell is blank", {"content": ""}, asked={"content"}),
    Dirt("sums below", [HEADER, row(1), ["合计", "", "", "", "12.50", "", "", "", "", ""]], {1: meant(1), 2: {"received_at", "kind", "content"}}),
    Dirt("headers again in the middle", [HEADER, row(1), HEADER, row(2)],
         {1: meant(1), 3: meant(2), 2: {"received_at", "kind", "amount", "happened_on", "urgent", "score", "handler"}}),
    Dirt("row that is too short", [HEADER, row(1), row(2)[:6], row(3)], {1: meant(1), 2: {""}, 3: meant(3)}),
    Dirt("row that is too long", [HEADER, row(1), [*row(2), "多"], row(3)], {1: meant(1), 2: {""}, 3: meant(3)}),
    Dirt("the same number twice", [HEADER, row(1), row(2), row(2)], {1: meant(1), 2: {"card_no"}, 3: {"card_no"}}),
    Dirt("column that there is not", [[*HEADER, "颜色"], [*row(), "红"]], asks=FILE),
    Dirt("column that stands twice", [[*HEADER, "投诉内容"], [*row(), "另一句"]], asks=FILE),
    Dirt("column that must be there is missing", [[h for h in HEADER if h != "类别"], [c for c in row() if c != "质量"]], asks=FILE),
    Dirt("headers alone", [HEADER], asks=FILE),
    Dirt("nothing", [], asks=FILE),
    Dirt("quote that never closes", [HEADER, row()], asks=FILE, text=lambda text, end: text + f'"A2{end}' * 3),
    Dirt("a NUL in a row", [HEADER, row(1), row(2)], {1: meant(1), 2: {""}},
         text=lambda text, end: text.replace("A2", "A\x002"), only=("utf-8", "utf-8-sig", "gb18030")),
    Dirt("half a character", [HEADER, row(1), row(2)], asks=FILE,
         raw=lambda content: content.replace("第 2 件".encode(), "第 2 件".encode()[:-1] + b"\xff"), only=("utf-8", "utf-8-sig")),
    plain("says its own delimiter", [HEADER, row()],
          text=lambda text, end: f"sep={';' if ';' in text.split(end)[0] else ','}{end}{text}", delimiters=(";", ",")),
    Dirt("Traditional characters", TRADITIONAL, asks=FILE, only=("big5", "utf-8")),
    Dirt("Traditional characters under known headers",
         [HEADER[:4], ["A1", "2026-03-05 09:30", "服務", "處理結果與報價單不符"]], {1: {"kind"}}, only=("utf-8", "utf-16", "gb18030")),
)  # fmt: skip


def corpus() -> Iterator[Made]:
    """Yield the files: every shape of dirt in turn, in encodings, delimiters and ends of lines that change with it."""
    return islice(_every(), SIZE)


def _every() -> Iterator[Made]:
    for turn in range(len(ENCODINGS) * len(DELIMITERS)):
        for place, dirt in enumerate(DIRTS):
            encoding = dirt.only[(place + turn) % len(dirt.only)]
            delimiter = dirt.delimiters[(place + turn * 3) % len(dirt.delimiters)]
            end = ENDS[(place + turn) % len(ENDS)]
            text = dirt.text(_written(dirt.grid, delimiter, end), end)
            name = f"{dirt.name}: {encoding}, {delimiter!r}, {end!r}"
            yield Made(name, dirt.raw(text.encode(encoding)), dirt.asks, dirt.rows)


def _written(grid: Grid, delimiter: str, end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter, lineterminator=end).writerows(grid)
    return out.getvalue()
