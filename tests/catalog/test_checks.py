"""Names that must exist and parts that must fit, wherever a definition may name them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from app.catalog.checks.subject import parts
from tests.catalog.ground import catalog, files, found
from tests.site import everything

MEMO = """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: who, label: 谁, type: person, required: true}
  - {code: letter, label: 信, type: reference, register: letter}
  - {code: fine, label: 单, type: reference, register: ticket}
  - {code: at, label: 时刻, type: moment}
  - {code: day, label: 日, type: date}
  - {code: sum, label: 额, type: money}
  - {code: n, label: 数, type: integer}
  - {code: ok, label: 可, type: yes_no}
  - {code: role, label: 角色, type: role}
  - {code: colour, label: 色, type: choice, choices: [红, 绿]}
  - {code: papers, label: 件, type: reference, register: letter, several: true}
  - {code: text, label: 文, type: long_text}
  - {code: seal, label: 签, type: signature, by: [head]}
"""
FLOW = """\
workflow:
  states: [{code: x, label: 始}, {code: y, label: 终, locked: true}]
  transitions:
    - {code: go, label: 走, from: x, to: y, by: [clerk, seal, {superior_of: who}], sign: seal, not_by: [who], needs: [n],
       sets: {at: now, who: actor, ok: true}}
"""
LINE = """\
---
code: line
label: 明细
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: memo, label: 便签, type: reference, register: memo}
  - {code: other, label: 信, type: reference, register: letter}
  - {code: bad, label: 坏, type: yes_no}
  - {code: fixed, label: 改, type: date}
  - {code: who, label: 谁, type: person}
  - {code: until, label: 至, type: moment}
workflow: {states: [{code: on, label: 开, locked: true}]}
"""
CITE = "cite: {policy: P01, article: A1}"
COUNTED = "breaches: [{code: b, label: 违规, reported_by: [clerk], counter: c}]\n"
OFFER = (
    COUNTED
    + "counters: [{code: c, label: 月, offers: [{code: o, label: 扣, from_nth: 2, share_of_pay: {min: 5, max: 1}, decided_by: head, "
)
OFFER += CITE + "}]}]"


def said(more: str) -> list[str]:
    """Return what is found when ``more`` is added to a sound memo with a checklist: id and path of each."""
    return [f"{f.check} {f.path}".replace("registers.memo.", "") for f in found(MEMO + FLOW + more + LINE)]


def test_the_memo_that_the_tests_stand_on_is_sound() -> None:
    assert said("") == []


@pytest.mark.parametrize(
    "condition",
    [
        "{field: letter.kind, is: 平信}",
        "{field: letter.tags, has: 急}",
        "{field: letter.state, in: [open]}",
        "{field: letter.sent_on, lt: {field: day}}",
        "{field: colour, not_in: [红]}",
        "{field: papers, filled: false}",
        "{field: sum, ge: {field: n}}",
        "{field: sum, ge: 10.5}",
        "{field: day, ge: 2026-01-01}",
        "{field: ok, is: true}",
        "{field: role, is: head}",
        "{field: state, is: x}",
        "{field: created_by, is: {field: who}}",
        "{field: text, is: 旧}",
        "{any: [{all: [{field: n, gt: 1}]}, {not: {field: at, filled: true}}]}",
    ],
)
def test_a_condition_that_can_hold_is_accepted(condition: str) -> None:
    assert said(f"checks: [{{code: c, field: n, require: {condition}, say: 不对}}]\n") == []


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ("{field: letter.knd, is: 平信}", "D501 checks[0].require.field"),
        ("{field: n.kind, is: 平信}", "D501 checks[0].require.field"),
        ("{field: letter.writer.name, filled: true}", "D501 checks[0].require.field"),
        ("{field: letter.kind, is: 快件}", "D502 checks[0].require.is"),
        ("{field: letter.tags, is: 急}", "D503 checks[0].require.is"),
        ("{field: letter.tags, in: [急]}", "D503 checks[0].require.in"),
        ("{field: letter.state, is: x}", "D601 checks[0].require.is"),
        ("{field: colour, in: [红, 蓝]}", "D502 checks[0].require.in[1]"),
        ("{field: colour, has: 红}", "D503 checks[0].require.has"),
        ("{field: colour, ge: 红}", "D503 checks[0].require.ge"),
        ("{field: ok, is: 是}", "D503 checks[0].require.is"),
        ("{field: n, is: true}", "D503 checks[0].require.is"),
        ("{field: day, ge: '2026-01-01'}", "D503 checks[0].require.ge"),
        ("{field: at, ge: 2026-01-01}", "D503 checks[0].require.ge"),
        ("{field: at, ge: {field: day}}", "D503 checks[0].require.ge"),
        ("{field: who, is: 7}", "D503 checks[0].require.is"),
        ("{field: role, is: hed}", "D405 checks[0].require.is"),
        ("{field: n, ge: {field: m}}", "D501 checks[0].require.ge.field"),
        ("{not: {any: [{field: nn, filled: true}]}}", "D501 checks[0].require.not.any[0].field"),
    ],
)
def test_a_condition_that_cannot_hold_is_found_at_its_part(condition: str, told: str) -> None:
    assert said(f"checks: [{{code: c, field: n, require: {condition}, say: 不对}}]\n") == [told]


def test_access_and_required_when_look_at_the_record_itself_only() -> None:
    bad = MEMO.replace("can: [read]}]", "can: [read], when: {field: letter.kind, is: 平信}}]")
    bad = bad.replace("type: money}", "type: money, required_when: {field: letter.kind, is: 平信}}")
    assert [f.path for f in found(bad)] == [
        "registers.memo.access[0].when.field",
        "registers.memo.fields[5].required_when.field",
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("title: [ok]", "D413 title[0]"),
        ("title: [who, letter, colour]", None),
        ("order: -papers", "D413 order"),
        ("order: -created_at", None),
        ("unique_together: [[who, papers]]", "D413 unique_together[0][1]"),
        ("excluded: [who, seal]", None),
        ("excluded: [n]", "D413 excluded[0]"),
        ("follows: who", "D413 follows"),
        ("checks: [{code: c, field: m, require: {field: n, filled: true}, say: 不对}]", "D407 checks[0].field"),
        ("number: B-{yyyy}-{seq:4}", None),
        ("number: B-{year}-{seq:4}", "D420 number"),
        ("tickets_of: [yearly]", "D801 tickets_of[0]"),
        ("counters: [{code: month, label: 月}]", "D401 counters[0].code"),
        (COUNTED + "counters: [{code: c, label: M, multiply: [{role: hed, from_nth: 2, by: 2, " + CITE + "}]}]", "D405 counters[0].multiply[0].role"),
        (COUNTED + "counters: [{code: c, label: 月, multiply: [{from_nth: 2, by: 2}]}]", "D410 counters[0].multiply[0]"),
        (OFFER, "D424 counters[0].offers[0].share_of_pay"),
    ],
)  # fmt: skip
def test_a_register_names_fields_that_fit(more: str, told: str | None) -> None:
    assert said(more + "\n") == ([told] if told else [])


def duty(**parts: str) -> list[str]:
    """Return what is found of a duty in which some parts were replaced."""
    whole = {"owed_by": "who", "starts": "day", "done": "n", "within": f"[{{days: 1, {CITE}}}]"} | parts
    return said("duties:\n  - {code: do, label: 做, " + ", ".join(f"{k}: {v}" for k, v in whole.items()) + "}\n")


@pytest.mark.parametrize("start", ["day", "at", "seal", "created", "{state: y}"])
def test_a_duty_starts_with_a_time_a_signature_the_entry_or_a_state(start: str) -> None:
    assert duty(starts=start) == []


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("owed_by", "n", "D413 duties[0].owed_by"),
        ("owed_by", "{superior_of: n}", "D413 duties[0].owed_by.superior_of"),
        ("owed_by", "{role: hed}", "D405 duties[0].owed_by.role"),
        ("owed_by", "everyone", "D411 duties[0].owed_by"),
        ("starts", "{state: z}", "D601 duties[0].starts.state"),
        ("done", "{state: z}", "D601 duties[0].done.state"),
        ("done", "{register: lin, through: memo, field: bad}", "D406 duties[0].done.register"),
        ("done", "{register: line, through: other, field: bad}", "D413 duties[0].done.through"),
        ("done", "{register: line, through: bad, field: bad}", "D413 duties[0].done.through"),
        ("done", "{register: line, through: memo, field: n}", "D407 duties[0].done.field"),
        ("done", "{register: line, through: memo, field: bad, where: {field: ok, is: true}}", "D501 duties[0].done.where.field"),
        ("within", "[{field: n, " + CITE + "}]", "D413 duties[0].within[0].field"),
        ("within", "[{days: 1, times: day, " + CITE + "}]", "D413 duties[0].within[0].times"),
        ("within", "[{days: 1, times: letter.subject, " + CITE + "}]", "D413 duties[0].within[0].times"),
        ("within", "[{days: 1, before: period_end, " + CITE + "}]", "D407 duties[0].within[0].before"),
        ("within", "[{days: 1, day: 5, " + CITE + "}]", "D706 duties[0].within[0]"),
        ("within", "[{half_working_days: 1, before: day, " + CITE + "}]", "D706 duties[0].within[0]"),
        ("within", "[{days: 1, not_after: [{days: 1, starts: n}], " + CITE + "}]", "D413 duties[0].within[0].not_after[0].starts"),
        ("done", "{field: n, count: 2}", "D707 duties[0].done"),
        ("within", "[{days: 1, at: '25:00', " + CITE + "}]", "D706 duties[0].within[0].at"),
        ("within", "[{working_days: 1, on_rest_day: stay, " + CITE + "}]", "D706 duties[0].within[0].on_rest_day"),
        ("pause", "[{state: y}]", "D410 duties[0].pause[0]"),
        ("pause", "[{state: z, " + CITE + "}]", "D601 duties[0].pause[0].state"),
        ("pause", "[{" + CITE + "}]", "D708 duties[0].pause[0]"),
        ("pause", "[{register: line, through: other, state: on, " + CITE + "}]", "D413 duties[0].pause[0].through"),
        ("pause", "[{register: line, through: memo, state: off, " + CITE + "}]", "D601 duties[0].pause[0].state"),
        ("extend", "{register: line, through: memo, state: on, by: n, unit: days, " + CITE + "}", "D407 duties[0].extend.by"),
        ("extend", "{register: line, through: memo, state: on, by: fixed, unit: days, " + CITE + "}", "D413 duties[0].extend.by"),
        ("extend", "{register: lines, through: memo, state: on, by: n, unit: days, " + CITE + "}", "D406 duties[0].extend.register"),
        ("extend", "{state: y, by: n, unit: days, " + CITE + "}", "D708 duties[0].extend"),
        ("remind", "[{before: {days: 1}, tell: [hed]}]", "D411 duties[0].remind[0].tell[0]"),
        ("escalate", "[{tell: [{field: n}]}]", "D413 duties[0].escalate[0].tell[0].field"),
    ],
)  # fmt: skip
def test_a_duty_names_what_fits(part: str, value: str, told: str) -> None:
    assert duty(**{part: value}) == [told]


@pytest.mark.parametrize(
    ("limits", "second"),
    [
        ("{days: 1, %s}, {days: 2, from: 2027-01-01, %s}", False),
        ("{days: 1, when: {field: ok, is: true}, %s}, {days: 2, %s}", False),
        ("{days: 1, when: {field: ok, is: true}, %s}, {days: 2, when: {field: ok, is: false}, %s}", False),
        ("{days: 1, %s}, {days: 2, when: {field: ok, is: true}, %s}", True),
        ("{days: 1, when: {field: ok, is: true}, %s}, {days: 2, when: {field: ok, is: true}, %s}", True),
        ("{days: 1, from: 2027-01-01, %s}, {days: 2, from: 2027-01-01, %s}", True),
    ],
)
def test_two_limits_compete_when_the_first_fits_all_that_the_second_fits(limits: str, second: bool) -> None:
    assert duty(within=f"[{limits % (CITE, CITE)}]") == (["D701 duties[0].within[1]"] if second else [])


def test_limits_of_two_policies_do_not_compete() -> None:
    two = "policy: P02\nlabel: 另一制度\n---\n" + MEMO
    limits = f"[{{days: 1, {CITE}}}, {{days: 2, cite: {{policy: P02}}}}]"
    two += f"duties:\n  - {{code: do, label: 做, owed_by: who, starts: day, done: n, within: {limits}}}\n"
    assert found(two) == []


def breach(**parts: str) -> list[str]:
    """Return what is found of a breach in which some parts were added."""
    whole = {"reported_by": "[clerk]"} | parts
    return said("breaches:\n  - {code: wrong, label: 违规, " + ", ".join(f"{k}: {v}" for k, v in whole.items()) + "}\n")


LINES = "{register: line, through: memo, corrected: fixed, kinds: [{code: k, label: 坏, when: {field: bad, is: true}, amount: [{money: 1, %s}]}]}"


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("lines", LINES % CITE, None),
        ("lines", LINES % "per: item", "D410 breaches[0].lines.kinds[0].amount[0]"),
        ("lines", (LINES % CITE).replace("through: memo", "through: other"), "D413 breaches[0].lines.through"),
        ("lines", (LINES % CITE).replace("corrected: fixed", "corrected: bad"), "D413 breaches[0].lines.corrected"),
        ("lines", (LINES % CITE).replace("field: bad", "field: ok"), "D501 breaches[0].lines.kinds[0].when.field"),
        ("lines", (LINES % CITE).replace("register: line", "register: lines"), "D406 breaches[0].lines.register"),
        ("quantity", "n", None),
        ("quantity", "sum", "D413 breaches[0].quantity"),
        ("amount", "[{same_as: fine, " + CITE + "}]", None),
        ("amount", "[{same_as: who, " + CITE + "}]", "D413 breaches[0].amount[0].same_as"),
        ("charged_to", "n", "D413 breaches[0].charged_to"),
        ("confirmed_by", "hed", "D405 breaches[0].confirmed_by"),
        ("reported_by", "[hed]", "D405 breaches[0].reported_by[0]"),
        ("trigger", "{breach: other}", "D704 breaches[0].trigger.breach"),
        ("when", "{field: nn, filled: true}", "D501 breaches[0].when.field"),
        ("correct", "{register: nothing, " + CITE + "}", "D406 breaches[0].correct.register"),
    ],
)  # fmt: skip
def test_a_breach_names_what_fits(part: str, value: str, told: str | None) -> None:
    assert breach(**{part: value}) == ([told] if told else [])


def test_an_order_to_correct_needs_a_ticket_a_person_a_content_and_its_transition() -> None:
    lacking = ["D804 breaches[0].correct.register"] * 3
    assert breach(correct=f"{{register: memo, closed_by: went, {CITE}}}") == [
        "D606 breaches[0].correct.closed_by",
        *lacking,
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("from: x", "from: z"), ["D601 workflow.transitions[0].from", "D602 workflow.states[1]"]),
        (("to: y", "to: z"), ["D601 workflow.transitions[0].to", "D602 workflow.states[1]"]),
        (("sign: seal", "sign: who"), ["D413 workflow.transitions[0].sign"]),
        (("not_by: [who]", "not_by: [n]"), ["D413 workflow.transitions[0].not_by[0]"]),
        (("needs: [n]", "needs: [m]"), ["D407 workflow.transitions[0].needs[0]"]),
        (("needs: [n]", "asks: [m]"), ["D407 workflow.transitions[0].asks[0]"]),
        (("at: now", "seal: now"), ["D605 workflow.transitions[0].sets.seal"]),
        (("at: now", "colour: 蓝"), ["D605 workflow.transitions[0].sets.colour"]),
        (("at: now", "m: 1"), ["D407 workflow.transitions[0].sets.m"]),
        (("by: [clerk,", "by: [everyone,"), []),
        (("by: [clerk,", "by: [n,"), ["D413 workflow.transitions[0].by[0]"]),
        (("by: [clerk,", "auto: true, by: [clerk,"), ["D604 workflow.transitions[0].auto"]),
    ],
)
def test_a_transition_names_what_fits(change: tuple[str, str], told: list[str]) -> None:
    assert change[0] in FLOW
    findings = found(MEMO + FLOW.replace(*change) + LINE)
    assert {f"{f.check} {f.path}".replace("registers.memo.", "") for f in findings if f.level == "error"} == set(told)


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ("layout: [{fields: [who, letter.subject, record_no]}, {signs: [seal, who, {label: 收件人}]}]", None),
        ("state: [y], by: [head, everyone], when: {field: letter.kind, is: 挂号}, layout: [{fields: [n]}]", None),
        ("layout: [{lines: {register: line, through: memo, columns: [bad, fixed], order: -fixed}}, {text: '{who}：{letter.subject}'}]", None),
        ("layout: [{rows: [record_no, n]}, {signs: [{label: 登记人}]}]", None),
        ("layout: [{fields: [wo]}]", "D407 prints[0].layout[0].fields[0]"),
        ("layout: [{fields: [letter.subjct]}]", "D407 prints[0].layout[0].fields[0]"),
        ("layout: [{fields: [papers.subject]}]", "D922 prints[0].layout[0].fields[0]"),
        ("layout: [{fields: [letter.writer.name]}]", "D922 prints[0].layout[0].fields[0]"),
        ("layout: [{text: '{wo}'}]", "D407 prints[0].layout[0].text"),
        ("layout: [{signs: [n]}]", "D413 prints[0].layout[0].signs[0].field"),
        ("layout: [{rows: [m]}]", "D407 prints[0].layout[0].rows[0]"),
        ("layout: [{lines: {register: lien, through: memo, columns: [bad]}}]", "D406 prints[0].layout[0].lines.register"),
        ("layout: [{lines: {register: line, through: other, columns: [bad]}}]", "D413 prints[0].layout[0].lines.through"),
        ("layout: [{lines: {register: line, through: memo, columns: [n], order: fixed}}]", "D407 prints[0].layout[0].lines.columns[0]"),
        ("layout: [{lines: {register: line, through: memo, columns: [bad], order: n}}]", "D407 prints[0].layout[0].lines.order"),
        ("state: [z], layout: [{fields: [n]}]", "D601 prints[0].state[0]"),
        ("by: [hed], layout: [{fields: [n]}]", "D405 prints[0].by[0]"),
        ("when: {field: m, filled: true}, layout: [{fields: [n]}]", "D501 prints[0].when.field"),
        ("layout: [{rows: [n]}, {signs: [seal]}]", "D921 prints[0].layout[1]"),
    ],
)  # fmt: skip
def test_a_print_names_what_is_there(parts: str, told: str | None) -> None:
    assert said("prints: [{code: p, label: 单, " + parts + "}]\n") == ([told] if told else [])


GRANT = "{register: line, person: who, target: memo, state: [on], until: until}"


@pytest.mark.parametrize(
    ("access", "told"),
    [
        (f"{{role: everyone, can: [read], rows: granted, grant: {GRANT}}}", []),
        (f"{{role: everyone, can: [read], grant: {GRANT}}}", ["D903 access[0].grant"]),
        (
            f"{{role: everyone, can: [read], rows: granted, grant: {GRANT.replace('person: who', 'person: bad')}}}",
            ["D413 access[0].grant.person"],
        ),
        (
            f"{{role: everyone, can: [read], rows: granted, grant: {GRANT.replace('target: memo', 'target: other')}}}",
            ["D413 access[0].grant.target"],
        ),
        (
            f"{{role: everyone, can: [read], rows: granted, grant: {GRANT.replace('[on]', '[off]')}}}",
            ["D601 access[0].grant.state[0]"],
        ),
        (
            f"{{role: everyone, can: [read], rows: granted, grant: {GRANT.replace('until: until', 'until: fixed')}}}",
            ["D413 access[0].grant.until"],
        ),
        (
            f"{{role: everyone, can: [read], rows: granted, grant: {GRANT.replace('line', 'lien')}}}",
            ["D406 access[0].grant.register"],
        ),
        ("{role: clark, can: [read]}", ["D405 access[0].role"]),
        ("{role: clerk, can: [go]}", ["D901 access[0].can[0]"]),
        ("{role: clerk, can: [read], rows: own, named_in: [seal, who]}", []),
        ("{role: clerk, can: [read], rows: own, named_in: [n]}", ["D413 access[0].named_in[0]"]),
    ],
)
def test_access_names_what_fits(access: str, told: list[str]) -> None:
    findings = found(MEMO.replace("{role: clerk, can: [read]}", access) + FLOW + LINE)
    assert [f"{f.check} {f.path}".replace("registers.memo.", "") for f in findings] == told


def test_a_signature_takes_a_second_code_for_its_time() -> None:
    twice = MEMO.replace("fields:\n", "fields:\n  - {code: seal_at, label: 时, type: moment}\n")
    assert [str(f) for f in found(twice)] == [
        "bad.yaml:6: registers.memo.fields[0].code: “seal_at”是签字“签”的时间，请换一个编码 [D403]"
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("duties: [{code: do, label: 做, owed_by: who, starts: day, done: {register: line, through: memos, field: fixed}, "
         f"within: [{{days: 1, {CITE}}}]}}]\n", "D413 duties[0].done.through"),
        ("duties: [{code: do, label: 做, owed_by: who, starts: day, done: ok, pause: [{register: line, through: memos, state: [on], "
         f"{CITE}}}], within: [{{days: 1, {CITE}}}]}}]\n", "D413 duties[0].pause[0].through"),
        ("follows: papers\n", "D413 follows"),
        ("checks: [{code: c, field: ok, require: {field: papers.kind, is: 平信}, say: 否}]\n", "D501 checks[0].require.field"),
    ],
)  # fmt: skip
def test_one_value_cannot_be_taken_from_a_field_that_holds_several(more: str, told: str) -> None:
    lines = LINE.replace(
        "- {code: other",
        "- {code: memos, label: 各便签, type: reference, register: memo, several: true}\n  - {code: other",
    )
    assert [f"{f.check} {f.path}".replace("registers.memo.", "") for f in found(MEMO + more + FLOW + lines)] == [told]


def test_a_signature_is_given_by_one_person() -> None:
    assert [str(f) for f in found(MEMO.replace("by: [head]", "several: true") + FLOW)] == [
        "bad.yaml:18: registers.memo.fields[12].several: “签”是签字，只能由一人签一次；多人签字请各写一个字段 [D413]"
    ]


def test_titles_and_rights_that_rest_on_each_other_are_told_with_the_way() -> None:
    pair = "code: {a}\nlabel: 册\ndomain: office\naccess: [{{role: clerk, can: [read]}}]\nfollows: to\ntitle: [to]\n"
    pair += "fields: [{{code: to, label: 至, type: reference, register: {b}}}]\n"
    told = [str(f.sentence) for f in found(pair.format(a="one", b="two") + "---\n" + pair.format(a="two", b="one"))]
    assert told == [
        "查看权限循环：one → two → one",
        "名称循环引用：one → two → one",
        "查看权限循环：two → one → two",
        "名称循环引用：two → one → two",
    ]


def test_the_ledger_moves_tickets_so_their_states_need_no_transitions() -> None:
    states = "workflow: {states: [{code: new, label: 新}, {code: paid, label: 已缴}]}\n"
    text = (
        "code: t\nlabel: 单\ndomain: office\naccess: [{role: clerk, can: [read]}]\ntickets_of: [month]\nfields: []\n"
        + states
    )
    assert "t" in catalog(files(text)).registers
    assert found(text) == []


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("{starts: day, keep: [{months: 120, " + CITE + "}]}", None),
        ("{keep: [{field: day, " + CITE + "}]}", None),
        ("{keep: [{months: 120, " + CITE + "}]}", "D705 retention"),
        ("{starts: n, keep: [{months: 120, " + CITE + "}]}", "D413 retention.starts"),
        ("{starts: day, keep: [{months: 120}]}", "D410 retention.keep[0]"),
        ("{starts: day, keep: [{days: 1, " + CITE + "}, {days: 2, " + CITE + "}]}", "D701 retention.keep[1]"),
        ("{starts: day, keep: [{days: 1, " + CITE + "}], destroyed_by: {register: line, through: other, state: on}}",
         "D413 retention.destroyed_by.through"),
        ("{starts: day, keep: [{days: 1, " + CITE + "}], destroyed_by: {register: line, through: memo, state: gone}}",
         "D601 retention.destroyed_by.state"),
    ],
)  # fmt: skip
def test_retention_names_what_fits(more: str, told: str | None) -> None:
    assert said(f"retention: {more}\n") == ([told] if told else [])


PERIODIC = {"every": "{period: month}", "done": "{register: line, through: memo, field: fixed}"}


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({}, None),
        ({"within": "[{days: 1, before: period_start, " + CITE + "}]"}, None),
        ({"done": "{register: line, through: who, matches: who, field: fixed, each: other, dated: until, count: 3}"}, None),
        ({"done": "{register: line, through: memo, field: fixed, dated: bad}"}, "D413 duties[0].done.dated"),
        ({"done": "{register: line, through: memo, field: fixed, each: nothing}"}, "D407 duties[0].done.each"),
        ({"every": "{months: 2, since: n}"}, "D413 duties[0].every.since"),
        ({"done": "{register: line, through: memo, field: fixed, share: {percent: 20, of: lin, through: memo}}"},
         "D406 duties[0].done.share.of"),
        ({"done": "{register: line, through: memo, field: fixed, share: {percent: 20, of: line, through: x}}"},
         "D407 duties[0].done.share.through"),
    ],
)  # fmt: skip
def test_a_periodic_duty_names_what_fits(parts: dict[str, str], told: str | None) -> None:
    whole = {"owed_by": "who", "within": f"[{{days: 1, {CITE}}}]"} | PERIODIC | parts
    text = "duties:\n  - {code: do, label: 做, " + ", ".join(f"{k}: {v}" for k, v in whole.items()) + "}\n"
    assert said(text) == ([told] if told else [])


INDICATOR = "indicator: rate\nlabel: 率\ndomain: office\ncite: {policy: P01, article: A1}\n"


def measured(more: str) -> list[str]:
    """Return what is found in an indicator: id and path of each."""
    return [
        f"{f.check} {f.path}".replace("indicators.rate.", "")
        for f in found(MEMO + FLOW + LINE + "---\n" + INDICATOR + more)
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("numerator: {register: letter, by: sent_on, per: writer}", []),
        ("numerator: {register: memo, take: average, of: colour, scores: {红: 1, 绿: 2}, by: day}", []),
        ("numerator: {register: ticket, take: sum, of: nothing, by: created_at}", ["D407 numerator.of"]),
        ("numerator: {register: nothing, by: day}", ["D406 numerator.register"]),
        ("numerator: {register: memo, by: sum}", ["D413 numerator.by"]),
        ("numerator: {register: memo, by: day, until: n}", ["D413 numerator.until"]),
        ("numerator: {register: memo, take: sum, of: text, by: day}", ["D413 numerator.of"]),
        ("numerator: {register: memo, take: sum, of: n, scores: {红: 1}, by: day}", ["D413 numerator.of"]),
        ("numerator: {register: memo, take: sum, of: colour, scores: {蓝: 1}, by: day}", ["D502 numerator.scores.蓝"]),
        ("numerator: {register: memo, take: distinct, of: papers, by: day}", ["D413 numerator.of"]),
        ("numerator: {register: memo, take: met, by: day}", ["D821 numerator.take"]),
        ("numerator: {register: memo, by: day, where: {field: letter.kind, is: 快件}}", ["D502 numerator.where.is"]),
        ("numerator: {register: memo, by: day, having: [{register: line, through: memo, where: {field: bad, is: true}}]}", []),
        ("numerator: {register: memo, by: day, having: [{register: line, through: other}]}", ["D413 numerator.having[0].through"]),
        ("numerator: {register: memo, by: day}\nper: n", ["D413 per"]),
        ("numerator: {register: memo, take: average, of: n, by: day}\ndenominator: {register: memo, by: day}", ["D821 numerator.take"]),
        ("numerator: {register: memo, by: day}\nready: {hours: 3}", ["D821 ready"]),
        ("numerator: {register: memo, by: day}\nreceives: [nobody]", ["D405 receives[0]"]),
        ("numerator: {register: memo, by: day}\nbands: [{ge: 1, label: 多}]", ["D822 bands[0].ge"]),
        ("numerator: {register: memo, by: day}\nbands: [{lt: 1, label: 少}]", ["D822 bands[0].lt"]),
        ("parts: [{indicator: other, weight: 1}]", ["D823 parts[0].indicator"]),
        ("numerator: {register: memo, by: day}\nparts: [{indicator: other, weight: 1}]", ["D209 indicators.rate"]),
        ("numerator: {register: memo, by: day}\ntarget: {tolerance: 5}", ["D209 target"]),
    ],
)  # fmt: skip
def test_an_indicator_counts_only_what_there_is_to_count(written: str, expected: list[str]) -> None:
    assert measured(written) == expected


def test_an_indicator_needs_its_article_and_its_domain() -> None:
    text = "indicator: rate\nlabel: 率\ndomain: nowhere\nnumerator: {register: letter, by: sent_on}\n"
    assert [f.check for f in found(text)] == ["D410", "D404"]


def test_every_part_of_a_definition_is_looked_at() -> None:
    def all_of(node: BaseModel) -> Iterator[BaseModel]:
        yield node
        for value in vars(node).values():
            for part in value if isinstance(value, tuple) else (value,):
                if isinstance(part, BaseModel):
                    yield from all_of(part)

    for spec in catalog(everything()).registers.values():
        assert [part for _, part in parts(spec)] == list(all_of(spec))
