"""A site adds, tightens and renames; it never removes, retypes or relaxes what carries a citation."""

from __future__ import annotations

from app.catalog.loader import load
from tests.catalog.ground import catalog, files, found

CITED = """\
code: memo
label: 便签
domain: office
cite: {policy: P01, article: A1}
access: [{role: clerk, can: [read]}]
fields:
  - {code: who, label: 谁, type: person, required: true, synonyms: [人]}
  - {code: note, label: 说明, type: text}
workflow:
  states: [{code: x, label: 始}, {code: y, label: 终, locked: true}]
  transitions: [{code: go, label: 走, from: x, to: y, by: [clerk]}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: created
    done: note
    within: [{days: 3, cite: {policy: P01, article: A1}}]
"""


def extended(text: str) -> list[str]:
    """Return what is found when the site extends the memo."""
    _, findings = load(files(CITED) | {"site/memo.yaml": text})
    return [str(f) for f in findings]


def test_a_site_renames_a_register_its_fields_states_and_transitions() -> None:
    over = "extend: memo\nlabel: 便条\nfields: [{code: note, label: 备忘}]\nworkflow:\n"
    over += "  states: [{code: x, label: 开始}]\n  transitions: [{code: go, label: 前进}]\n"
    memo = catalog(files(CITED) | {"site/memo.yaml": over}).registers["memo"]
    assert memo.workflow is not None
    assert [memo.label.zh, memo.by_code["note"].label.zh] == ["便条", "备忘"]
    assert [memo.workflow.states[0].label.zh, memo.workflow.transitions[0].label.zh] == ["开始", "前进"]


def test_a_site_adds_fields_access_duties_breaches_and_checks() -> None:
    over = """\
extend: memo
fields: [{code: due, label: 到期, type: date}]
access: [{role: head, can: [read]}]
duties: [{code: more, label: 再做, owed_by: who, starts: due, done: note, within: [{days: 1, cite: {policy: P01}}], breach: late}]
breaches: [{code: late, label: 迟}]
checks: [{code: named, field: note, require: {field: note, filled: true}, say: 要写}]
columns: [who, due]
"""
    memo = catalog(files(CITED) | {"site/memo.yaml": over}).registers["memo"]
    assert [f.code for f in memo.fields] == ["who", "note", "due"]
    assert [a.role for a in memo.access] == ["clerk", "head"]
    assert [d.code for d in memo.duties] == ["do", "more"]
    assert ([b.code for b in memo.breaches], [c.code for c in memo.checks]) == (["late"], ["named"])
    assert memo.columns == ("who", "due")


def test_a_site_makes_a_field_required_and_gives_it_more_synonyms() -> None:
    over = "extend: memo\nfields: [{code: note, required: true}, {code: who, synonyms: [人, 姓名]}]\n"
    memo = catalog(files(CITED) | {"site/memo.yaml": over}).registers["memo"]
    assert memo.by_code["note"].required
    assert memo.by_code["who"].synonyms == ("人", "姓名")


def test_the_shipped_definition_stays_as_it_was() -> None:
    before = catalog(files(CITED)).registers["memo"]
    catalog(files(CITED) | {"site/memo.yaml": "extend: memo\nlabel: 便条\nfields: [{code: note, required: true}]\n"})
    assert catalog(files(CITED)).registers["memo"] == before


def test_what_an_extension_adds_is_found_at_its_own_line() -> None:
    assert extended("extend: memo\nfields:\n  - {code: due, label: 到期, type: reference, register: lettr}\n") == [
        "site/memo.yaml:3: registers.memo.fields[2].register: 没有登记簿“lettr”，是否想写“letter”？ [D406]"
    ]


def test_a_required_field_is_not_relaxed_and_the_article_is_named() -> None:
    assert extended("extend: memo\nfields: [{code: who, required: false}]\n") == [
        "site/memo.yaml:2: registers.memo.fields[0].required: 依据 P01-A1 必填，不能放宽 [D303]"
    ]


def test_a_field_is_not_retyped_and_the_article_is_named() -> None:
    assert extended("extend: memo\nfields: [{code: note, type: long_text}]\n") == [
        "site/memo.yaml:2: registers.memo.fields[0].type: 不能改变字段类型（text → long_text）（依据 P01-A1） [D302]"
    ]


def test_a_time_limit_is_not_changed_and_the_article_is_named() -> None:
    assert extended("extend: memo\nduties: [{code: do, within: [{days: 30, cite: {policy: P01}}]}]\n") == [
        "site/memo.yaml:2: registers.memo.duties[0].within: 扩展不能改动“within”，只能改名、加严或新增（依据 P01-A1） [D302]"
    ]


def test_nothing_is_removed() -> None:
    assert extended("extend: memo\nremove: [note]\n") == [
        "site/memo.yaml:2: registers.memo.remove: 扩展不能删除登记簿的内容（依据 P01-A1） [D302]"
    ]


def test_a_workflow_gets_no_shortcuts() -> None:
    over = "extend: memo\nworkflow:\n  transitions: [{code: skip, label: 跳过, from: x, to: y, by: [clerk]}]\n"
    assert extended(over) == [
        "site/memo.yaml:3: registers.memo.workflow.transitions[0]: 扩展只能给已有的状态和流转改名 [D302]"
    ]


def test_what_carries_no_citation_may_be_relaxed() -> None:
    over = "extend: letter\nfields: [{code: writer, required: false}]\n"
    assert not catalog(files(over, "site/letter.yaml")).registers["letter"].by_code["writer"].required


def test_an_extension_is_refused_outside_the_site() -> None:
    assert [str(f) for f in found("extend: letter\nlabel: 函\n")] == [
        "bad.yaml:1: registers.letter.extend: 扩展只能写在 site/ 下 [D301]"
    ]


def test_an_extension_of_the_wrong_shape_is_told_like_any_other() -> None:
    assert extended("extend: memo\nfields: {note: 1}\nlable: 便条\n") == [
        "site/memo.yaml:2: registers.memo.fields: 应为列表，这里是一组“键: 值” [D206]",
        "site/memo.yaml:3: registers.memo.lable: 没有“lable”这一项，是否想写“label”？ [D202]",
    ]


def test_two_extensions_of_one_register_both_hold() -> None:
    more = {
        "site/a.yaml": "extend: memo\nlabel: 便条\n",
        "site/b.yaml": "extend: memo\nfields: [{code: z, label: 末, type: text}]\n",
    }
    memo = catalog(files(CITED) | more).registers["memo"]
    assert (memo.label.zh, memo.fields[-1].code) == ("便条", "z")
