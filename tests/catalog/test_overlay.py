"""A site adds, tightens and renames; it never removes, retypes or relaxes what carries a citation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.catalog.catalog import Catalog
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
        "site/memo.yaml:2: registers.memo.remove: 扩展不能删除随附的内容（依据 P01-A1） [D302]"
    ]


def test_a_workflow_gets_no_shortcuts() -> None:
    over = "extend: memo\nworkflow:\n  transitions: [{code: skip, label: 跳过, from: x, to: y, by: [clerk]}]\n"
    assert extended(over) == [
        "site/memo.yaml:3: registers.memo.workflow.transitions[0]: 扩展不能增加状态和流转，只能调整已有的 [D302]"
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


RATE = """\
indicator: rate
label: 办结率
domain: office
cite: {policy: P01, article: A1}
numerator: {register: letter, by: sent_on}
target: {ge: 90, le: 100, cite: {policy: P01, article: A1}}
receives: [head]
"""
MORE = """\
roles: [{code: keeper, label: 专管人, in_person: true, may: [close_months]}]
---
domains: [{code: post, label: 收发}, {code: archive, label: 档案}]
---
code: parcel
label: 包裹
domain: office
cite: {policy: P01, article: A1}
access: [{role: clerk, can: [read]}]
fields: [{code: what, label: 物品, type: text}]
"""


def laid(text: str) -> tuple[Catalog | None, list[str]]:
    """Return what the site makes of the ground, an indicator, a role and groups, and what is found."""
    given = files(RATE) | {"more.yaml": MORE, "site/over.yaml": text}
    loaded, findings = load(given)
    return loaded, [f"{f.path}: {f.sentence}" for f in findings if f.level == "error"]


def sound(text: str) -> Catalog:
    loaded, said = laid(text)
    assert loaded is not None, said
    return loaded


def test_a_policy_gets_articles_of_the_companys_own_another_name_and_a_day() -> None:
    policy = sound(
        "extend: P01\nkind: policy\nlabel: 办公制度（本公司）\neffective: 2026-03-01\nadopt_from: 2026-04-01\n"
        "articles: [{article: H1, text: 加急件当日登记。}]\n"
    ).policies["P01"]
    assert (policy.label.zh, policy.effective, policy.adopt_from) == (
        "办公制度（本公司）",
        date(2026, 3, 1),
        date(2026, 4, 1),
    )
    assert [a.no for a in policy.articles] == ["A1", "H1"]


def test_what_the_companys_own_article_demands_may_cite_it() -> None:
    text = "extend: P01\nkind: policy\narticles: [{article: H1, text: 加急件当日登记。}]\n---\n"
    text += "extend: letter\nfields: [{code: urgent, label: 加急, type: yes_no, basis: P01-H1}]\n"
    assert sound(text).registers["letter"].by_code["urgent"].basis == "P01-H1"


def test_an_article_is_neither_reworded_nor_taken_away_nor_said_to_be_by_hand_where_it_is_cited() -> None:
    assert laid("extend: P01\nkind: policy\narticles: [{article: A1, text: 不必登记。}]\n")[1] == [
        "policies.P01.articles[0].text: 条款 P01-A1 的原文不能改写；公司自己的要求请另加条款"
    ]
    assert laid("extend: P01\nkind: policy\nremove: {articles: [A1]}\n")[1] == [
        "policies.P01.remove.articles[0]: 扩展不能删除“articles.A1”（依据 P01-A1）"
    ]
    by_hand = laid("extend: P01\nkind: policy\narticles: [{article: A1, manual: 由人办理}]\n")[1]
    assert by_hand
    assert all("条款 P01-A1 写明由人办理" in said for said in by_hand)


def test_an_indicators_target_is_tightened_and_its_colours_places_and_recipients_are_the_sites() -> None:
    rate = sound(
        "extend: rate\nkind: indicator\nlabel: 及时率\ndomain: post\nplaces: 2\ntarget: {ge: 95, le: 99.5}\nreceives: [clerk]\n"
        "bands: [{lt: 95, label: 差, tone: danger}, {ge: 95, label: 好, tone: success}]\n"
    ).indicators["rate"]
    assert rate.goal is not None
    assert (rate.label.zh, rate.domain, rate.places, rate.receives) == ("及时率", "post", 2, ("head", "clerk"))
    assert (rate.goal.ge, rate.goal.le, str(rate.goal.cite[0])) == (95, Decimal("99.5"), "P01-A1")
    assert [g.tone for g in rate.bands] == ["danger", "success"]


def test_an_indicators_target_is_not_relaxed_and_what_it_counts_stays() -> None:
    over = "extend: rate\nkind: indicator\ntarget: {ge: 80, le: 100, tolerance: 5}\nperiod: year\nremove: {receives: [head]}\n"
    assert laid(over)[1] == [
        "indicators.rate.target.ge: 依据 P01-A1，“ge”只能加严，原为 90",
        "indicators.rate.period: 扩展不能改动“period”，只能改名、加严或新增（依据 P01-A1）",
        "indicators.rate.remove.receives[0]: 扩展不能删除“receives.head”（依据 P01-A1）",
    ]


def test_a_role_is_renamed_and_asked_for_more_never_for_less() -> None:
    keeper = sound("extend: keeper\nkind: role\nlabel: 保管员\nmay: [reopen_months]\n").roles["keeper"]
    assert (keeper.label.zh, keeper.in_person, keeper.may) == ("保管员", True, ("close_months", "reopen_months"))
    assert sound("extend: clerk\nkind: role\nin_person: true\n").roles["clerk"].in_person
    assert laid("extend: keeper\nkind: role\nin_person: false\nremove: {may: [close_months]}\n")[1] == [
        "roles.keeper.in_person: 随程序附带的“in_person”不能取消",
        "roles.keeper.remove.may[0]: 扩展不能删除“may.close_months”",
    ]


def test_groups_of_the_menu_and_registers_in_them_stand_where_the_site_wants_them() -> None:
    text = "extend: archive\nkind: domain\nlabel: 档案室\nposition: 1\n---\nextend: parcel\nposition: 1\n---\nextend: ticket\ndomain: post\n"
    found = sound(text)
    assert [(d.code, d.label.zh) for d in found.domains.values()] == [
        ("archive", "档案室"),
        ("office", "办公"),
        ("post", "收发"),
    ]
    assert [r.code for r in found.registers.values() if r.domain == "office"] == ["parcel", "letter"]
    assert found.registers["ticket"].domain == "post"


def test_a_transition_asks_for_more_and_never_for_less() -> None:
    over = (
        "extend: letter\nworkflow: {transitions: [{code: close, needs: [sent_on], not_by: [writer], reason: true}]}\n"
    )
    flow = sound(over).registers["letter"].workflow
    assert flow is not None
    assert (flow.transitions[0].needs, flow.transitions[0].not_by, flow.transitions[0].reason) == (
        ("sent_on",),
        ("writer",),
        True,
    )


def test_more_people_are_told_and_nobody_less() -> None:
    over = (
        "extend: memo\nduties: [{code: do, remind: [{before: {days: 1}, tell: [who]}], escalate: [{tell: [head]}]}]\n"
    )
    base = CITED.replace("    done: note\n", "    done: note\n    remind: [{before: {days: 2}, tell: [who]}]\n")
    duty = catalog(files(base) | {"site/memo.yaml": over}).registers["memo"].duties[0]
    assert [r.before.days for r in duty.remind if r.before] == [2, 1]
    assert [p.word for p in duty.escalate[0].tell] == ["head"]


def test_an_extension_of_another_kind_or_of_what_is_not_there_is_refused_by_name() -> None:
    assert laid("extend: rate\nkind: index\n")[1] == [
        "registers.rate.kind: 没有“index”这一种定义，可写：policy、indicator、register、role、domain"
    ]
    assert laid("extend: rate\nkind: role\n")[1] == ["roles.rate.extend: 没有角色“rate”可扩展"]
    assert laid("extend: office\nkind: domain\norder: 1\n")[1] == [
        "domains.office.order: 没有“order”这一项，可写：extend、kind、label、icon、position"
    ]
    assert [str(f) for f in load(files(RATE + "---\nextend: rate\nkind: indicator\nlabel: 率\n"))[1]] == [
        "bad.yaml:9: indicators.rate.extend: 扩展只能写在 site/ 下 [D301]"
    ]
