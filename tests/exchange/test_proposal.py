"""What a spreadsheet's columns are taken for: from all rows, with the dirt that clerks leave in them, and said with figures."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.catalog.codes import code_from
from app.catalog.loader import load
from app.errors import Invalid
from app.exchange.proposal.guess import Guess, guess
from app.exchange.proposal.proposing import propose
from app.exchange.proposal.register import Wanted, WantedColumn, make
from app.exchange.proposal.seen import Seen
from app.services.panel import Actor, Panel


def guessed(header: str, values: Sequence[str], doubted: Sequence[int] = ()) -> Guess:
    """Return what a column of these values below a header is taken for; its first value stands in line 2."""
    seen = Seen()
    for start in range(0, len(values), 7):  # rows come in batches, and none of them is a sample
        part = values[start : start + 7]
        lines = list(range(start + 2, start + 2 + len(part)))
        seen.take(part, lines, {n: t for n, t in enumerate(part) if start + n in doubted})
    return guess(header, seen, {}, {})


def said(found: Guess) -> str:
    return "\n".join(map(str, found.why))


@pytest.mark.parametrize(
    ("header", "values", "kind"),
    [
        ("发生日期", ["2026-03-05", "2026/3/6", "2026年3月7日", "20260308", " 2026.3.9 "], "date"),
        ("接到时间", ["2026-03-05 14:30", "2026年3月6日 下午3点", "2026-03-07"], "moment"),
        ("押金", ["1200", "1,200.50", "300元", "￥18"], "money"),
        ("单价", ["12", "13.5", "0.75"], "money"),
        ("重量", ["12", "13.5", "0.755"], "decimal"),
        ("件数", ["3", "1", "12"], "integer"),
        ("满意率", ["88.5%", "9%", "100%"], "percent"),
        ("是否归还", ["是", "否", "是"], "yes_no"),
        ("是否归还", ["1", "0", "1"], "yes_no"),
        ("收据", ["有", "无", "√"], "yes_no"),
        ("身份证号", ["310101199001011234", "31010119900101123X"], "text"),
        ("工号", ["0007", "0123", "1001"], "text"),
        ("电话", ["13800000000", "021-55550000"], "text"),
        ("卡号", ["6222021234567890123", "6222021234567890124"], "text"),
        ("类别", ["质量", "服务"] * 5, "choice"),
        ("标签", ["首保;返修", "返修", "媒体、首保"] * 4, "choices"),
        ("情况", ["客户反映\n发动机异响", "无"], "long_text"),
        ("备忘", ["字" * 201, "短"], "long_text"),
        ("地址", ["上海", "北京", "天津"], "text"),
        ("年份", ["2024", "2025", "2026"], "integer"),
        ("规格", ["3-5", "1/2", "12寸"], "text"),
    ],
)  # fmt: skip
def test_types_are_told_as_clerks_type_them(header: str, values: list[str], kind: str) -> None:
    assert guessed(header, values).type == kind


def test_a_few_values_that_do_not_fit_are_counted_and_named() -> None:
    values = [f"2026-03-{n % 28 + 1:02}" for n in range(1210)]
    for n in (3, 400, 401, 700, 900, 1209):
        values[n] = "待定" if n % 2 else "2026-02-30"
    found = guessed("借出日期", values)
    assert (found.type, found.refused, found.required) == ("date", 6, False)
    assert "1,210 个值中有 1,204 个是日期；6 个不是：第 5 行“待定”、第 402 行“2026-02-30”、第 403 行“待定”…" in said(
        found
    )


def test_the_last_row_counts_as_much_as_the_first() -> None:
    numbers = [str(n % 9) for n in range(2000)]
    assert guessed("号数", numbers).type == "integer"
    assert guessed("号数", [*numbers, "007"]).type == "text"


def test_too_many_strange_values_leave_a_column_text_and_say_why() -> None:
    found = guessed("借出日期", ["2026-03-05"] * 7 + ["待定", "未知", "下周"])
    assert found.type == "text"
    assert "10 个值中只有 7 个能读成日期，先按文字保存；第 9 行“待定”" in said(found)


def test_serial_numbers_are_days_only_among_days() -> None:
    assert guessed("借出日期", ["2026-03-05", "2026-03-06", "46085"]).type == "date"
    assert guessed("借出日期", ["46085", "46086"]).type == "date"
    assert guessed("件数", ["46085", "46086"]).type == "integer"


def test_money_below_nothing_and_shares_above_a_hundred_lose_their_limits() -> None:
    assert guessed("差额（元）", ["-12.50", "30"]).options == {"min": None}
    assert guessed("完成率", ["120%", "30%"]).options == {"max": None}


def test_a_column_of_row_numbers_is_left_out_and_so_is_an_empty_one() -> None:
    assert not guessed("序号", ["1", "2", "3", "4"]).wanted
    assert guessed("数量", ["1", "2", "3", "5"]).wanted
    assert not guessed("附注", ["", " ", ""]).wanted


def test_different_spellings_of_one_choice_are_one() -> None:
    found = guessed("类别", ["A类"] * 5 + ["Ａ类", "a 类"] + ["B类"] * 5)
    assert found.type == "choice"
    assert [(c["code"], c["synonyms"], c["count"]) for c in found.choices] == [
        ("A类", ["Ａ类", "a 类"], 7),
        ("B类", [], 5),
    ]


def test_keys_are_unique_columns_that_look_like_keys() -> None:
    numbers = [f"JY{n:04}" for n in range(1000)]
    assert guessed("借用单号", numbers).unique
    assert not guessed("说明", [f"第{n}次" for n in range(1000)]).unique
    twice = guessed("借用单号", [*numbers, "JY0007"])
    assert not twice.unique
    assert "像编号，但有 1 个值重复（第 9、1002 行等），不设唯一" in said(twice)
    assert not guessed("编号", ["A1", "B2"] * 300).unique


def test_required_is_what_every_row_has() -> None:
    assert guessed("地址", ["上海", "北京", "天津"]).required
    blank = guessed("地址", ["上海", "", "天津"])
    assert not blank.required and "1 行空着，不设必填" in said(blank)


def test_cells_that_a_spreadsheet_has_spoilt_are_counted_apart() -> None:
    found = guessed("卡号", ["6222021234567890123", "6.22202E+18", "6222021234567890125"], doubted=[1])
    assert (found.type, found.refused) == ("text", 1)
    assert "1 格已被表格软件改坏" in said(found) and "第 3 行“6.22202E+18”" in said(found)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("设备借用登记", "she_bei_jie_yong_deng_ji"), ("押金（元）", "ya_jin_yuan"), ("客户Name", "ke_hu_name"), ("18位号码", "field_18_wei_hao_ma"),
        ("ＡＢ类", "ab_lei"), ("！！", "field"), ("备注", "bei_zhu_2"),
    ],
)  # fmt: skip
def test_codes_are_pinyin(name: str, code: str) -> None:
    assert code_from(name, {"bei_zhu"}) == code


CARDS = """设备借用登记表,,,,
借用单号,客户名称,跟进人,所属部门,备注
JY001,甲公司,张三,总部,急
JY002,KH-0001,lisi,总部,
JY003,甲公司,张三,总部,
"""


def test_people_units_and_records_are_found_by_name_and_number(panel: Panel, tmp_path: Path) -> None:
    file = tmp_path / "设备借用(2).csv"
    file.write_text(CARDS, encoding="gb18030")
    with panel.reading(Actor.system()) as work:
        found = propose(work, file, file.name)
    assert (found.label, found.rows, found.shape.header_line) == ("设备借用", 3, 2)
    assert [(c.guess.type, c.guess.options) for c in found.columns[1:4]] == [
        ("reference", {"register": "customer"}), ("person", {}), ("unit", {}),
    ]  # fmt: skip
    assert found.columns[4].system == "remark"


def test_names_that_fit_two_records_are_none(panel: Panel, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("客户\n乙公司\n乙公司\n甲公司\n", encoding="utf-8")
    with panel.reading(Actor.system()) as work:
        assert propose(work, file).columns[0].guess.type == "text"


def test_what_one_may_not_look_up_is_not_told(panel: Panel, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("卡\nTS-2026-00001\n", encoding="utf-8")
    stranger = Actor(99, "stranger")
    with panel.reading(Actor.system()) as work:
        assert work.spec("card").access and not any(a.role == "everyone" for a in work.spec("card").access)
    with panel.reading(stranger) as work:
        found = propose(work, file)
    assert found.columns[0].guess.type == "text" and "找不到" not in said(found.columns[0].guess)


def test_a_proposal_makes_a_definition_that_loads(panel: Panel, tmp_path: Path) -> None:
    file = tmp_path / "设备借用.csv"
    kinds = "\n".join(
        f"JY{n:03},{'甲公司' if n % 2 else 'KH-0001'},{'相机' if n % 3 else '投影仪'},{n}.50,x" for n in range(12)
    )
    file.write_text(f"借用单号,客户,类别,押金（元）,备注\n{kinds}\n", encoding="utf-8")
    with panel.reading(Actor.system()) as work:
        found = propose(work, file, file.name)
    columns = [
        WantedColumn(
            n, c.label, g.type, g.required, g.unique, "\n".join(o["code"] for o in g.choices), g.options.get("register", "")
        )
        for n, c in enumerate(found.columns)
        for g in [c.guess]
    ]  # fmt: skip
    made = make(found, Wanted("设备借用", "test", ["clerk"], ["guest"], columns), {"she_bei_jie_yong"})
    assert (made.code, made.mapping) == (
        "she_bei_jie_yong_2",
        ("jie_yong_dan_hao", "ke_hu", "lei_bie", "ya_jin", "remark"),
    )
    roles = "roles: [{code: clerk, label: 文员}, {code: guest, label: 访客}]\n---\ndomains: [{code: test, label: 测试}]\n---\n"
    customer = "code: customer\nlabel: 客户\ndomain: test\nfields: [{code: name, label: 名称, type: text}]\n---\n"
    catalog, findings = load({f"site/{made.path}": roles + customer + made.text})
    assert catalog is not None, findings
    assert [f.type for f in catalog.registers[made.code].fields] == ["text", "reference", "choice", "money"]
    with pytest.raises(Invalid) as wrong:
        make(found, Wanted("", "test", [], [], []), set())
    assert len(wrong.value.errors) == 3


def test_memory_does_not_grow_with_the_rows() -> None:
    def peak(rows: int) -> int:
        tracemalloc.start()
        try:
            numbers, kinds = Seen(), Seen()
            for start in range(0, rows, 2_000):
                lines = range(start, start + 2_000)
                numbers.take([f"JY{n}" for n in lines], lines, {})
                kinds.take(["甲" if n % 3 else "乙" for n in lines], lines, {})
            assert (guess("单号", numbers, {}, {}).unique, guess("类别", kinds, {}, {}).type) == (True, "choice")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    few, many = peak(2_000 * 4), peak(2_000 * 20)
    assert (
        many - few < 32_000 * 80
    )  # of each row of a key 16 bytes, and their order at the end; nothing of what it says
