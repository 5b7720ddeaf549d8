"""What publishing will change, told to a policy officer; and what it must not change."""

from __future__ import annotations

import pytest

from app.catalog.catalog import Catalog
from app.catalog.plan import plan, refusals
from tests.catalog.ground import GROUND, catalog, files

MEMO = """\
code: memo
label: 便签
domain: office
cite: {policy: P01, article: A1}
access: [{role: clerk, can: [read, add]}]
columns: [who]
fields:
  - {code: who, label: 谁, type: person, required: true}
  - {code: note, label: 说明, type: text}
  - {code: sum, label: 金额, type: money}
  - {code: kind, label: 类别, type: choice, choices: [红, 绿]}
  - {code: to, label: 致信, type: reference, register: letter}
workflow:
  states: [{code: x, label: 始}, {code: y, label: 终, locked: true}]
  transitions: [{code: go, label: 走, from: x, to: y, by: [clerk]}]
duties:
  - code: do
    label: 回复
    owed_by: who
    starts: created
    done: note
    within: [{working_days: 3, cite: {policy: P01, article: A1}}]
    breach: late
breaches:
  - code: late
    label: 迟复
    amount: [{money: 50, cite: {policy: P01, article: A1}}]
    confirmed_by: head
"""


def changed(*edits: tuple[str, str]) -> list[str]:
    """Return the plan for a memo in which each of ``edits`` was made once."""
    text = MEMO
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return [str(s) for s in plan(catalog(files(MEMO)), catalog(files(text)))]


def test_the_same_definitions_change_nothing() -> None:
    assert changed() == []


def test_the_first_publication_names_every_register_and_who_may_use_it() -> None:
    told = [str(s) for s in plan(None, catalog(files(MEMO)))]
    assert "新增登记簿《便签》（5 个字段，依据 P01-A1）" in told
    assert "《便签》允许“文员”查看、新增全部记录" in told
    assert {"新增制度“办公制度”", "新增角色“文员”", "新增领域“办公”"} <= set(told)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("working_days: 3", "working_days: 2", "《便签》时限责任“回复”：时限 3 个工作日（P01-A1） → 2 个工作日（P01-A1）"),
        ("money: 50", "money: 80", "《便签》违规“迟复”：金额 50 元（P01-A1） → 80 元（P01-A1）"),
        ("money: 50", "from: 2027-01-01, money: 50", "《便签》违规“迟复”：金额 50 元（P01-A1） → 50 元，自 2027-01-01 起（P01-A1）"),
        ("  - {code: note,", "  - {code: sign, label: 接收人签字, type: signature}\n  - {code: note,",
         "《便签》新增字段“接收人签字”（签字）"),
        ("  - {code: sum, label: 金额, type: money}\n", "", "《便签》停用字段“金额”：不再显示，已有数据保留"),
        ("label: 说明, type: text", "label: 备忘, type: text", "《便签》字段“备忘”：名称 说明 → 备忘"),
        ("label: 说明, type: text", "label: 说明, type: text, required: true", "《便签》字段“说明”：必填 否 → 是"),
        ("choices: [红, 绿]", "choices: [红, 绿, 蓝]", "《便签》字段“类别”新增选项“蓝”"),
        ("choices: [红, 绿]", "choices: [红]", "《便签》字段“类别”停用选项“绿”：已有记录保留原值"),
        ("choices: [红, 绿]", "choices: [绿, 红]", "《便签》字段“类别”选项的先后次序有改动"),
        ("owed_by: who", "owed_by: {superior_of: who}", "《便签》时限责任“回复”：责任人 谁 → “谁”的上级"),
        ("by: [clerk]", "by: [clerk, head]", "《便签》流转“走”：执行人 文员 → 文员、主管"),
        ("{code: x, label: 始}", "{code: x, label: 始, tone: active}", "《便签》状态“始”：颜色 plain → active"),
        ("columns: [who]", "columns: [who, note]", "《便签》：列表的列 谁 → 谁、说明"),
        ("    confirmed_by: head\n", "", "《便签》违规“迟复”：确认的角色 主管 → 无"),
        ("label: 便签", "label: 便条", "《便条》：名称 便签 → 便条"),
        ("    breach: late\n", "    breach: late\n    when: {field: note, filled: false}\n", "《便签》时限责任“回复”：条件有改动"),
        ("code: go, label: 走", "code: went, label: 走", "《便签》取消流转“走”"),
    ],
)  # fmt: skip
def test_a_change_is_told_in_one_sentence(old: str, new: str, told: str) -> None:
    assert told in changed((old, new))


def test_permissions_are_told_as_taken_and_given() -> None:
    assert changed(("can: [read, add]", "can: [read], rows: own")) == [
        "《便签》不再允许“文员”查看、新增全部记录",
        "《便签》允许“文员”查看与本人有关的记录",
    ]


def test_a_register_left_out_is_retired_with_its_records() -> None:
    told = plan(catalog(files(MEMO)), catalog({"about.yaml": GROUND}))
    assert [str(s) for s in told] == ["停用登记簿《便签》：不再显示，已有记录全部保留"]


def test_a_second_limit_is_told_beside_the_first() -> None:
    told = changed(("within: [", "within: [{working_days: 1, from: 2027-01-01, cite: {policy: P01}}, "))
    assert told == ["《便签》时限责任“回复”：时限 无 → 1 个工作日，自 2027-01-01 起（P01）"]


def test_roles_and_articles_are_told_too() -> None:
    before, after = (
        catalog({"g.yaml": GROUND}),
        catalog({"g.yaml": GROUND.replace("label: 主管", "label: 主任").replace("逐件", "逐日")}),
    )
    assert [str(s) for s in plan(before, after)] == [
        "制度“办公制度”条款“A1”：内容 逐件登记。 → 逐日登记。",
        "角色“主任”：名称 主管 → 主任",
    ]


def refused(old: str, new: str) -> list[str]:
    given = files(MEMO.replace(old, new))
    return [str(f) for f in refusals(catalog(files(MEMO)), catalog(given), given)]


def test_nothing_is_refused_the_first_time_or_when_something_retires() -> None:
    assert refusals(None, catalog(files(MEMO)), files(MEMO)) == []
    assert refusals(catalog(files(MEMO)), catalog({"about.yaml": GROUND}), {"about.yaml": GROUND}) == []
    assert refused("  - {code: sum, label: 金额, type: money}\n", "") == []


def test_the_type_of_a_field_stays() -> None:
    assert refused("label: 说明, type: text", "label: 说明, type: long_text") == [
        "bad.yaml:9: registers.memo.fields[1].type: 字段“说明”已有数据，类型不能从文字改为长文字；请停用它并新增字段 [D951]"
    ]


@pytest.mark.parametrize(
    ("old", "new", "at"),
    [
        (
            "type: person, required: true",
            "type: person, several: true, required: true",
            "bad.yaml:8: registers.memo.fields[0].several",
        ),
        ("register: letter", "register: memo", "bad.yaml:12: registers.memo.fields[4].register"),
    ],
)
def test_what_a_field_stores_stays(old: str, new: str, at: str) -> None:
    (told,) = refused(old, new)
    assert told.startswith(at) and told.endswith("[D952]")


def test_decimal_places_stay() -> None:
    two = files("code: m\nlabel: 量\ndomain: office\naccess: []\nfields: [{code: a, label: 甲, type: decimal}]\n")
    three = {k: v.replace("type: decimal", "type: decimal, places: 3") for k, v in two.items()}
    (told,) = refusals(catalog(two), catalog(three), three)
    assert (told.check, str(told.sentence)) == ("D952", "字段“甲”已有数据，小数位数不能从 2 改为 3")


def test_what_people_have_filled_does_not_turn_into_a_formula_and_a_formula_may_change_or_go() -> None:
    plain = "code: m\nlabel: 量\ndomain: office\naccess: []\nfields: [{code: n, label: 数, type: integer}, {code: a, label: 甲, type: integer%s}]\n"
    typed, once, twice = (files(plain % f) for f in ("", ", formula: n", ", formula: 2 * n"))
    (told,) = refusals(catalog(typed), catalog(once), once)
    assert (told.check, told.path) == ("D954", "registers.m.fields[1].formula")
    assert refusals(catalog(once), catalog(twice), twice) == []
    assert refusals(catalog(once), catalog(typed), typed) == []


def test_a_register_does_not_turn_into_one_of_tickets() -> None:
    before = files("code: m\nlabel: 量\ndomain: office\naccess: []\nfields: []\n")
    after = {
        k: v.replace("fields: []\n", "fields: []\ntickets_of: [month]\n") if k == "bad.yaml" else v
        for k, v in before.items()
    }
    (told,) = refusals(catalog(before), catalog(after), after)
    assert (told.check, told.line) == ("D953", 6)


def test_an_empty_catalog_retires_everything() -> None:
    assert len(plan(catalog(files(MEMO)), Catalog())) == 7  # policy, two roles, domain, three registers
