"""A register with a field of every type that formulas read, rows for it, and formulas of any shape."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from app.catalog.formula.functions import FUNCTIONS
from app.catalog.formula.functions.function import Function, Param
from app.catalog.formula.kinds import Kind

DEFINITIONS = """\
roles: [{code: clerk, label: 文员}]
---
domains: [{code: office, label: 办公}]
---
code: sheet
label: 单据
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: name, label: 名称, type: text}
  - {code: note, label: 说明, type: long_text}
  - {code: kind, label: 类别, type: choice, choices: [{code: a, zh: 甲类}, {code: b, zh: 乙类}]}
  - {code: n, label: 件数, type: integer}
  - {code: price, label: 单价, type: money, min: null}
  - {code: rate, label: 税率, type: percent, min: null, max: null}
  - {code: exact, label: 精度, type: decimal, places: 6}
  - {code: day, label: 日期, type: date}
  - {code: due, label: 期限, type: date}
  - {code: at, label: 时刻, type: moment}
  - {code: closed, label: 关闭, type: moment}
  - {code: ok, label: 可, type: yes_no}
  - {code: text_found, label: 得文, type: text, max_length: 60, formula: '"x"'}
  - {code: number_found, label: 得数, type: decimal, places: 4, formula: '1'}
  - {code: date_found, label: 得日, type: date, formula: 'DATE(2026, 1, 1)'}
  - {code: moment_found, label: 得时, type: moment, formula: '[时刻]'}
  - {code: boolean_found, label: 得否, type: yes_no, formula: 'TRUE'}
"""
FIELDS = {
    Kind.TEXT: ("[名称]", "note", "[类别]"),
    Kind.NUMBER: ("[件数]", "单价", "[税率]", "exact"),
    Kind.DATE: ("[日期]", "due"),
    Kind.MOMENT: ("[时刻]", "closed"),
    Kind.BOOLEAN: ("[可]",),
}
_TEXTS = (
    "",
    "甲",
    "客户 甲乙丙",
    "aBc",
    " two  spaces ",
    "12.50",
    "-7",
    "2026-02-28",
    "2026-02-30",
    "é😀x",
    "%_\\",
    "a'b",
)
_DAYS = (
    date(2026, 2, 28),
    date(2024, 2, 29),
    date(2026, 10, 1),
    date(2025, 12, 31),
    date(1900, 1, 1),
    date(9999, 12, 31),
)
_NUMBERS = ("0", "1", "-1", "2.5", "0.005", "-0.015", "3", "1000000", "0.3333333333", "12", "7.25")
PLAIN = {
    Kind.TEXT: st.sampled_from([f'"{t}"' for t in _TEXTS]),
    Kind.NUMBER: st.sampled_from(_NUMBERS),
    Kind.DATE: st.sampled_from([f"DATE({d.year},{d.month},{d.day})" for d in _DAYS]) | st.just("TODAY()"),
    Kind.MOMENT: st.sampled_from(FIELDS[Kind.MOMENT]),
    Kind.BOOLEAN: st.sampled_from(["TRUE", "FALSE"]),
}


def rows() -> list[dict[str, Any]]:
    """Return rows in which each field is blank now and then, and holds every awkward value."""
    found: list[dict[str, Any]] = [{}]
    for i in range(40):
        day = _DAYS[i % 6] if i % 5 else date(2025, 11, 3) + timedelta(13 * i)
        row = {
            "name": _TEXTS[i % len(_TEXTS)] or None,
            "note": _TEXTS[(i * 5 + 1) % len(_TEXTS)] or None,
            "kind": ("a", "b", None)[i % 3],
            "n": (0, 1, -3, 7, 250, None, 999_999_999_999_999)[i % 7],
            "price": (Decimal("0.01"), Decimal("-19.99"), Decimal("0.05"), None, Decimal("123456789012.34"))[i % 5],
            "rate": (Decimal("6.00"), Decimal("0.01"), None, Decimal("33.33"))[i % 4],
            "exact": (Decimal("0.000001"), Decimal("-2.500000"), Decimal("1.005000"), None)[i % 4],
            "day": None if i % 9 == 0 else day,
            "due": None if i % 8 == 0 else date(2026, 1, 1) + timedelta(17 * i - 100),
            "at": None if i % 6 == 0 else datetime(2026, 3, 7, 16, i, 30, tzinfo=UTC),
            "closed": datetime(2026, 3, 8, (i * 7) % 24, 1, tzinfo=UTC),
            "ok": (True, False, None)[i % 3],
        }
        found.append(row)
    return found


DEEP = 3


def written(kind: Kind, depth: int = DEEP) -> st.SearchStrategy[str]:
    """Return formulas that give a type, functions within functions."""
    leaf = st.sampled_from(FIELDS[kind]) | PLAIN[kind]
    if not depth:
        return leaf
    fitting = [f for f in FUNCTIONS.values() if _gives(f, kind) and f.name not in _APART]
    called = st.sampled_from(fitting).flatmap(lambda f: _call(f, kind, depth))
    return called if depth == DEEP else leaf | called


_APART = {"COUNTIF", "SUMIF", "AVERAGEIF"}
"""Only over records that point here."""


def _gives(f: Function, kind: Kind) -> bool:
    if isinstance(f.gives, Kind):
        return f.gives is kind
    among = next(p.among for p in f.params if p.group == f.gives)
    return not among or kind in among


def _call(f: Function, kind: Kind, depth: int) -> st.SearchStrategy[str]:
    counts = [n for n in range(len(f.params) + 3) if f.arranged(n) is not None]
    others = {
        p.group: st.sampled_from(p.among or (Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.BOOLEAN))
        for p in f.params
        if p.group and p.group != f.gives
    }
    return st.fixed_dictionaries({"count": st.sampled_from(counts), **others}).flatmap(
        lambda chosen: _written_call(f, {**chosen, f.gives: kind}, chosen["count"], depth)
    )


def _written_call(f: Function, groups: dict[Any, Any], count: int, depth: int) -> st.SearchStrategy[str]:
    params = f.arranged(count) or ()
    parts = [_argument(f, p, groups.get(p.group, p.kind), depth, groups.get("a")) for p in params]
    return st.tuples(*parts).map(lambda given: _put(f, given))


def _argument(f: Function, param: Param, kind: Kind, depth: int, of: Kind | None) -> st.SearchStrategy[str]:
    if param.fixed and of in f.choices_of:
        return st.sampled_from([f'"{c}"' for c in f.choices_of[of]])
    if param.fixed:
        return st.sampled_from(
            [f'"{c}"' for c in f.choices] or (["1", "2"] if f.name == "WEEKDAY" else ["-2", "0", "1", "3"])
        )
    if param.loose or kind is Kind.ANY:
        return st.sampled_from([Kind.TEXT, Kind.NUMBER, Kind.DATE, Kind.MOMENT, Kind.BOOLEAN]).flatmap(
            lambda k: written(k, depth - 1)
        )
    return written(kind, depth - 1)


_SIGNS = {"date+": "+", "date-": "-", "days": "-", "span": "-"}
_SILENT = {
    "number text": '{} & ""',
    "date text": '{} & ""',
    "moment text": '{} & ""',
    "boolean text": '{} & ""',
    "day of": "EDATE({}, 0)",
}


def _put(f: Function, parts: tuple[str, ...]) -> str:
    sign = _SIGNS.get(f.name, f.name)
    if f.name in _SILENT:
        return _SILENT[f.name].format(f"({parts[0]})")
    if f.name == "neg":
        return f"(-({parts[0]}))"
    if f.name == "%":
        return f"(({parts[0]})%)"
    if not sign[0].isalpha():
        return f"(({parts[0]}) {sign} ({parts[1]}))"
    return f"{f.name}({', '.join(parts)})"


EVERY = {
    Kind.TEXT: """\
IF([可], [名称], "否")
IFS([件数] > 5, "多", [件数] > 0, "少")
SWITCH([类别], "甲类", 名称, "乙类", note, "无")
CHOOSE([件数], "一", "二", 名称)
COALESCE([名称], [说明], [类别])
IFBLANK([名称], "空")
IFERROR([名称], "空")
LEFT(note, 3)
RIGHT([名称], [件数])
MID([名称], [件数], 2)
CONCAT([件数], [日期], [时刻], [可], [单价], [税率])
TEXTJOIN("、", [名称], note, [件数])
TRIM(note)
UPPER(note) & LOWER([名称])
SUBSTITUTE(note, " ", "")
REPLACE([名称], 2, [件数], [类别])
REPT([类别], [件数])
TEXT([单价] * 10000, "#,##0.00")
TEXT([税率], "0.0%")
TEXT(exact, "0.000")
TEXT([时刻], "yyyy年m月d日")
TEXT(due, "yyyymmdd")
""",
    Kind.NUMBER: """\
[件数] * [单价] - exact / 3
[单价] / [件数]
-[单价] ^ 3 + [税率]%
POWER(exact, -2)
ABS([单价]) + SIGN([件数])
ROUND([单价], 1) + ROUND(exact)
ROUNDUP([单价], 1) + ROUNDDOWN(exact, 3) + TRUNC([单价], -1)
INT([单价]) + INT(exact)
CEILING([单价], 0.05) + FLOOR(exact, 0.3)
MOD([件数], 4) + MOD([单价], -0.3)
QUOTIENT([单价], [件数])
MIN([件数], [单价], exact)
MAX([件数], [税率])
SUM([件数], [单价], exact)
AVERAGE([件数], [单价], exact)
PRODUCT([税率], exact, [单价])
COUNT([名称], [件数], [日期])
N([可]) + N(ISEVEN([件数])) + N(ISODD([单价]))
VALUE([名称])
LEN([名称]) + LEN(note)
FIND("甲", note)
YEAR([日期]) * 100 + MONTH(due) + DAY([时刻])
QUARTER(due) + WEEKDAY(due) + WEEKDAY(due, 2)
ISOWEEKNUM([日期])
HOUR([时刻]) * 60 + MINUTE(closed)
DAYS(due, [日期]) + (due - [日期]) + (closed - [时刻])
HOURS(closed, [时刻]) + MINUTES([时刻], closed)
DATEDIF([日期], due, "M") + DATEDIF(due, [日期], "Y") + DATEDIF([日期], due, "D")
NETWORKDAYS([日期], due)
NETWORKDAYS(due, TODAY())
""",
    Kind.DATE: """\
DATE([件数] + 2000, [件数] * 5, [件数])
EDATE([日期], [件数])
EOMONTH(due, [件数])
[日期] + [件数]
due - [单价]
DATEVALUE([名称])
[时刻]
WORKDAY(due, [件数])
WORKDAY([日期], -2)
IF([可], [日期], due)
MIN([日期], due)
MAX([日期], [时刻])
TODAY() - 1
""",
    Kind.MOMENT: """\
IF([可], [时刻], closed)
MIN([时刻], closed)
COALESCE([时刻], closed)
""",
    Kind.BOOLEAN: """\
AND([可], [件数] > 0)
OR([可], [单价] <= exact)
XOR([可], ISBLANK([名称]))
NOT([可])
[可] = FALSE
[名称] = note
[名称] < note
[类别] <> "甲类"
[日期] >= due
[时刻] < closed
[件数] = exact
[日期] <> due
CONTAINS(note, "甲")
BEGINS([名称], "客")
EXACT([名称], note)
ISBLANK([日期])
[日期] = [时刻]
""",
}
"""Formulas that between them use every function and operator, one in each line."""
