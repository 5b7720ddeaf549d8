"""Workbooks saved again by LibreOffice. The tests read those under ``files``; ``python -m tests.exchange.libreoffice`` makes them anew.

It needs ``soffice`` (Debian: libreoffice-calc), which the tests do not.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from app.services import records
from app.services.panel import Panel
from tests.exchange.conftest import fill
from tests.exchange.hostile import TEXTS, exported
from tests.exchange.sample import CLERK, NOW, open_panel

PROGRAM = "soffice"
FILES = Path(__file__).parent / "files"
FORMS = {"xlsx": "xlsx:Calc MS Excel 2007 XML", "ods": "ods", "xls": "xls:MS Excel 97"}
HEADS = ("受理编号", "接到时间", "类别", "投诉内容", "身份证号", "涉及金额", "评分", "满意率", "是否紧急", "发生日期")


def saved(files: Sequence[Path], form: str, into: Path, profile: Path) -> list[Path]:
    """Return files as LibreOffice saves them in a form, of those that its ``--convert-to`` knows; ``profile`` is a folder for its settings."""
    into.mkdir(parents=True, exist_ok=True)
    command = [
        PROGRAM,
        f"-env:UserInstallation=file://{profile}",
        "--headless",
        "--convert-to",
        form,
        "--outdir",
        str(into),
    ]
    subprocess.run([*command, *map(str, files)], check=True, capture_output=True)
    return [into / f"{f.stem}.{form.split(':')[0]}" for f in files]


def enter(panel: Panel) -> None:
    """Enter the cards that ``hostile.*`` hold as well."""
    same = {"received_at": NOW, "kind": "质量"}
    new: list[dict[str, Any]] = [
        same | {"content": f"{t}\n第二行", "id_number": " ".join(t.split())[:40], "remark": t.strip(), "customer": 1 + n % 3}
        for n, t in enumerate(TEXTS)
    ]  # fmt: skip
    extremes = {"amount": Decimal("999999999999999.99"), "rate": Decimal("0.01"), "score": -9, "urgent": False}
    late = datetime(2026, 3, 5, 15, 59, 59, tzinfo=UTC)
    plain = {"kind": "费用", "content": "零"}
    new += [
        plain | extremes | {"received_at": late, "happened_on": date(1899, 12, 31)},
        plain | {"received_at": NOW, "happened_on": date(1900, 3, 1), "amount": Decimal("0.10"), "rate": Decimal("100.00"), "urgent": True},
        plain | {"received_at": NOW, "tags": ("首保", "媒体"), "helpers": (1, 2)},
    ]  # fmt: skip
    with panel.work(CLERK, now=NOW) as work:
        records.create_many(work, "card", new)


def dirty() -> Workbook:
    """Return a workbook as offices keep them: titles, hidden sheets, formulas, comments, merged cells, colours down to the last row."""
    book = Workbook()
    old = book.active
    old.title, old.sheet_state = "上月", "hidden"
    old.append(HEADS)
    sheet = book.create_sheet("投诉")
    book.active = 1
    at, day = datetime(2026, 3, 5, 9, 30), datetime(2026, 3, 5)  # noqa: DTZ001  # as cells hold them
    rows: list[tuple[list[Any], dict[str, str]]] = [
        (["某公司投诉台账（2026 年 3 月）"], {}),
        (list(HEADS), {}),
        (
            ["A1", at, "质量", "普通", "007", 1234.5, 7, 0.885, True, date(2026, 3, 4)],
            {"B": "yyyy/m/d h:mm", "F": "¥#,##0.00", "H": "0.00%", "J": 'yyyy"年"m"月"d"日"'},
        ),
        (
            ["A2", at.replace(second=59), None, "=1+1", "420106199001011234", "1,234.50", "7", "88.5%", "是", "2026年3月4日"],
            {"B": '[$-804]yyyy"年"m"月"d"日" hh:mm:ss'},
        ),
        (
            ["A3", day, None, '="合"&"计"', "0070", "=1000+234.5", "=3+4", "=0.5+0.385", "=TRUE()", "=DATE(2026,3,4)"],
            {"B": "m/d/yy", "F": '_ ¥* #,##0.00_ ;_ ¥* -#,##0.00_ ;_ ¥* "-"??_ ;_ @_ ', "H": "0%", "J": "[$-F800]dddd, mmmm dd, yyyy"},
        ),
        (
            ["A4", at.replace(hour=23, minute=59, second=59), "服务", "多行\n第二行", None, 0.1, -9, 1, False, date(1904, 1, 2)],
            {"B": "AM/PM h:mm", "H": "0%", "J": "d-mmm-yy"},
        ),
        (["A5", day, "费用", "=NA()", "1e5"], {}),
        (["A6", day, "费用", "尾", "3-5", -5.25, None, None, None, date(2026, 12, 31)], {"F": "#,##0.00_);[Red](#,##0.00)", "J": "mm-dd"}),
    ]  # fmt: skip
    for n, (cells, formats) in enumerate(rows, 1):
        sheet.append(cells)
        for column, shown in formats.items():
            sheet[f"{column}{n}"].number_format = shown
    sheet["D4"].data_type = "s"
    sheet["A3"].comment, sheet["D6"].comment = Comment("批注", "甲"), Comment("又一个\n批注", "乙")
    sheet.merge_cells("A1:J1")
    sheet.merge_cells("C3:C5")
    for n in range(9, 40):
        for column in range(1, 30):
            sheet.cell(n, column).fill = PatternFill("solid", fgColor="FFFFEE")
    sheet["A1048576"].fill = PatternFill("solid", fgColor="FFFF00")
    return book


def make(panel: Panel, folder: Path) -> None:
    """Make the files of the tests; ``panel`` holds what ``enter`` enters."""
    enter(panel)
    (folder / "hostile.xlsx").write_bytes(exported(panel, "card", form="xlsx"))
    book = dirty()
    book.save(folder / "dirty.xlsx")
    book = dirty()
    book.epoch = CALENDAR_MAC_1904
    book.save(folder / "from1904.xlsx")
    for form in FORMS.values():
        saved([folder / f"{n}.xlsx" for n in ("hostile", "dirty", "from1904")], form, FILES, folder / "profile")


def main() -> None:
    """Make the files on a panel of its own."""
    with tempfile.TemporaryDirectory(prefix="office-") as name:
        folder = Path(name)
        panel = open_panel(f"sqlite:///{folder}/panel.db", folder)
        fill(panel)
        make(panel, folder)


if __name__ == "__main__":
    main()
