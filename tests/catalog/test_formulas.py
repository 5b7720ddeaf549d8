"""What formulas say, and every way in which one can be wrong, with its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.catalog.catalog import Catalog
from app.catalog.formula.evaluate import Circumstances, evaluate, from_column
from app.catalog.formula.meaning import read
from app.catalog.formula.tokens import Faulty
from app.catalog.loader import load
from tests.catalog.ground import catalog, files
from tests.rules.site import CALENDAR

ORDERS = """\
code: customer
label: 客户
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: name, label: 名称, type: text}
  - {code: grade, label: 等级, type: choice, choices: [{code: a, zh: 甲级}, {code: b, zh: 乙级}]}
---
code: order
label: 订单
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: customer, label: 客户, type: reference, register: customer}
  - {code: n, label: 件数, type: integer}
  - {code: price, label: 单价, type: money}
  - {code: rate, label: 税率, type: percent}
  - {code: day, label: 日期, type: date}
  - {code: at, label: 时刻, type: moment}
  - {code: ok, label: 可, type: yes_no}
  - {code: kind, label: 类别, type: choice, choices: [{code: x, zh: 急}, {code: y, zh: 缓}]}
  - {code: same, label: 同名, type: text}
  - {code: other, label: 同名, type: text}
  - {code: people, label: 人员, type: person, several: true}
---
code: visit
label: 回访
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: order, label: 订单, type: reference, register: order}
  - {code: score, label: 分数, type: decimal, places: 1}
  - {code: result, label: 结果, type: choice, choices: [满意, 不满意]}
---
code: swap
label: 换货
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: old, label: 原单, type: reference, register: order}
  - {code: new, label: 新单, type: reference, register: order}
"""
ROW: dict[str, Any] = {
    "n": 3, "price": Decimal("19.99"), "rate": Decimal("12.50"), "day": date(2026, 9, 30), "ok": True, "kind": "x", "same": "甲乙丙",
}  # fmt: skip
AT = Circumstances(date(2026, 3, 7), CALENDAR)


@pytest.fixture(scope="module")
def orders() -> Catalog:
    """Registers that point to each other."""
    return catalog(files(ORDERS))


def value(orders: Catalog, text: str) -> Any:
    """Return what a formula gives of ``ROW``."""
    tree = read(text, orders, orders.registers["order"])
    return evaluate(tree, lambda s: from_column(s.shape, ROW.get(getattr(s, "field", ""))), AT)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", Decimal(7)),
        ("-2 ^ 2", Decimal(4)),
        ("2 ^ 3 ^ 2", Decimal(64)),
        ("10 - 2 - 3", Decimal(5)),
        ("50% * 8", Decimal(4)),
        ("0.1 + 0.2 = 0.3", True),
        ("=[件数] * [单价]", Decimal("59.97")),
        ("n * price", Decimal("59.97")),
        ("ROUND([单价] * [税率], 2)", Decimal("2.50")),
        ("ROUND(2.5) & \"|\" & ROUND(-2.5)", "3|-3"),
        ("ROUNDUP(-1.21, 1)", Decimal("-1.3")),
        ("INT(-1.5)", Decimal(-2)),
        ("MOD(-3, 2)", Decimal(1)),
        ("1 / 3", Decimal("0.3333333333")),
        ("2 / 3", Decimal("0.6666666667")),
        ("1 / 0", None),
        ("IFERROR(1 / 0, -1)", Decimal(-1)),
        ("[备注] = \"\"", True),
        ("IF([类别] = \"急\", \"快\", \"慢\")", "快"),
        ("IF([类别] = \"x\", \"快\", \"慢\")", "快"),
        ("[类别] & \"件\"", "急件"),
        ("IF（［件数］＞２，“多”，“少”）", "多"),
        ("SWITCH([类别], \"急\", 1, \"缓\", 2, 9)", Decimal(1)),
        ("IFS([件数] > 5, \"大\", TRUE, \"小\")", "小"),
        ("AND([可], NOT([件数] = 4))", True),
        ("LEFT([same], 2) & RIGHT([same])", "甲乙丙"),
        ("MID(\"abcdef\", 2, 3)", "bcd"),
        ("LEN(\"甲乙\")", Decimal(2)),
        ("FIND(\"丙\", [same])", Decimal(3)),
        ("TRIM(\"  a   b \")", "a b"),
        ("SUBSTITUTE(\"a-b-c\", \"-\", \"\")", "abc"),
        ("TEXT(1234.5, \"#,##0.00\")", "1,234.50"),
        ("TEXT([日期], \"yyyy年m月d日\")", "2026年9月30日"),
        ("TEXT(0.125, \"0.0%\")", "12.5%"),
        ("[日期] + 1", date(2026, 10, 1)),
        ("DATE(2026, 3, 1) - DATE(2026, 2, 1)", Decimal(28)),
        ("EDATE(DATE(2026, 1, 31), 1)", date(2026, 2, 28)),
        ("EOMONTH(DATE(2024, 1, 15), 1)", date(2024, 2, 29)),
        ("DATEDIF(DATE(2024, 2, 29), DATE(2026, 2, 28), \"Y\")", Decimal(1)),
        ("WEEKDAY(DATE(2026, 3, 7), 2)", Decimal(6)),
        ("TODAY()", date(2026, 3, 7)),
        ("WORKDAY([日期], 3)", date(2026, 10, 10)),
        ("WORKDAY(DATE(2026, 10, 10), -3)", date(2026, 9, 30)),
        ("NETWORKDAYS([日期], DATE(2026, 10, 10))", Decimal(4)),
        ("SUM(1, [备注的长度], 2)", "没有字段"),
        ("AVERAGE(1, 2, 6)", Decimal(3)),
        ("MAX(DATE(2026, 1, 1), [日期])", date(2026, 9, 30)),
    ],
)  # fmt: skip
def test_a_formula_gives_what_a_spreadsheet_would(orders: Catalog, text: str, expected: Any) -> None:
    if expected == "没有字段":
        with pytest.raises(Faulty, match=expected):
            value(orders, text)
        return
    found = value(orders, text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "start", "told"),
    [
        ("", 0, "公式是空的"),
        ("1 +", 3, "公式没有写完"),
        ("1 2", 2, "这里不应出现“2”"),
        ("(1", 2, "缺少右括号"),
        ("ROUND(1, 2", 10, "ROUND 缺少右括号"),
        ('"abc', 0, "引号"),
        ("[件数", 0, "缺少结尾的 ]"),
        ("1 ? 2", 2, "不认识的符号"),
        ("[件] + 1", 0, "没有字段“件”"),
        ("1 + [同名]", 4, "有几个字段叫“同名”，请写编码：same、other"),
        ("[人员]", 0, "不能使用“人员”"),
        ("SUMM(1)", 0, "没有函数“SUMM”，是否想写“SUM”"),
        ("LEFT(1, 2, 3)", 0, "写法：LEFT(文字, [个数])"),
        ("1 + \"2\"", 4, "这里应是数字，现在是文字，可用 VALUE 转换"),
        ("IF([件数], 1, 2)", 3, "这里应是是/否，现在是数字"),
        ("IF([可], 1, \"多\")", 11, "这里是文字，与前面的数字不是同一类型"),
        ("[类别] = \"慢\"", 7, "没有选项“慢”"),
        ("ROUND(1, [件数])", 9, "须直接写出"),
        ("TEXT(1, \"0.0.0\")", 8, "这里可写"),
        ("TEXT([日期], \"0.00\")", 11, "这里可写：yyyy-mm-dd"),
        ("ROUND(1, \"\")", 9, "须直接写出"),
        ("2 ^ 10", 4, "-9 至 9"),
        ("[件数].[名称]", 0, "不是指向一条登记簿记录的字段"),
        ("[客户].[名字]", 0, "《客户》没有字段“名字”"),
        ("[回访].[分数]", 0, "请用 SUM"),
        ("SUM([回访])", 4, "请写明字段"),
        ("SUM([回访].[结果])", 4, "不能用 SUM 汇总"),
        ("COUNT([换货])", 6, "请写成 [换货:字段]"),
        ("COUNTIF([回访].[结果], \"还行\")", 19, "没有选项“还行”"),
        ("COUNTIF([件数], 1)", 0, "应是指向这里的记录"),
        ("+".join(["1"] * 1100), 2000, "最多 2000 个字符"),
        ("(" * 60 + "1" + ")" * 60, 40, "嵌套太深"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_at_its_place(orders: Catalog, text: str, start: int, told: str) -> None:
    with pytest.raises(Faulty) as wrong:
        read(text, orders, orders.registers["order"])
    assert told in str(wrong.value.fault.sentence)
    assert wrong.value.fault.start == start


@pytest.mark.parametrize(
    "text",
    [
        "[客户].[等级] = \"甲级\"", "SUM([回访].[分数])", "AVERAGE(visit.score)", "COUNT([回访])", "COUNTIF([回访].[结果], \"满意\")",
        "COUNTIF([回访].[分数], \">=3.5\")", "SUMIF([回访].[结果], \"<>满意\", [回访].[分数])", "COUNT([换货:原单])", "MAX([回访].[分数]) + 1",
    ],
)  # fmt: skip
def test_records_elsewhere_can_be_named(orders: Catalog, text: str) -> None:
    assert read(text, orders, orders.registers["order"]) is not None


def test_formulas_that_rest_on_each_other_are_told_with_the_whole_way() -> None:
    text = ORDERS.replace(
        "---\ncode: visit",
        "  - {code: sum_of, label: 合计, type: decimal, formula: 'SUM([回访].[得分])'}\n---\ncode: visit",
    ).replace(
        "---\ncode: swap",
        "  - {code: points, label: 得分, type: decimal, formula: '2 * [订单].[合计]'}\n---\ncode: swap",
    )
    told = [str(f) for f in load(files(text))[1]]
    assert len(told) == 2
    assert all("公式循环引用：订单.合计 → 回访.得分 → 订单.合计" in t for t in told)
    assert "公式第 5 个字符处" in told[0]
