"""The smallest definition that each check objects to, with everything that is then found."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    """A file beside the ground, and the findings as they are printed."""

    text: str
    expected: str
    file: str = "bad.yaml"
    level: str = "error"


CASES: dict[str, Case] = {
    "D101": Case(
        "code: memo\nlabel:\n\tzh: 便签\n",
        "bad.yaml:3: 缩进里有制表符，请改用空格 [D101]",
    ),
    "D102": Case(
        "code: memo\nlabel: 便\x07签\n",
        "bad.yaml:2: 含有无法识别的字符，文件须为 UTF-8 文本 [D102]",
    ),
    "D103": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: []
label: 又一
""",
        "bad.yaml:6: registers.memo.label: “label”重复，第 2 行已经写过 [D103]",
    ),
    "D104": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: []
on: 1
""",
        "bad.yaml:6: registers.memo.on: YAML 会把键“on”读成布尔值，请加引号或换一个词 [D104]",
    ),
    "D105": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: []
? [a]
: 1
""",
        "bad.yaml:6: registers.memo: 键必须是一个词 [D105]",
    ),
    "D106": Case(
        "a:\n  " + "[" * 60 + "]" * 60,
        "bad.yaml:2: 层次太深，或引用展开后太大 [D106]",
    ),
    "D107": Case(
        """\
register: memo
""",
        "bad.yaml:1: 看不出这是哪一种定义：应有 policy、roles、domains、code 与 fields、indicator、extend 或 years 之一 [D107]",
    ),
    "D201": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, type: text}]
""",
        "bad.yaml:5: registers.memo.fields[0].label: 缺少“label” [D201]",
    ),
    "D202": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text,
  requird: true}]
""",
        "bad.yaml:6: registers.memo.fields[0].requird: 没有“requird”这一项，是否想写“required”？ [D202]",
    ),
    "D203": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: txt}]
""",
        "bad.yaml:5: registers.memo.fields[0].type: 没有“txt”这种字段类型，是否想写“text”？ [D203]",
    ),
    "D204": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: []
counters: [{code: c, label: 计, window: weekly}]
""",
        "bad.yaml:6: registers.memo.counters[0].window: “weekly”不可用，可写：calendar_month、week、quarter、half_year、year、ever、rolling [D204]",
    ),
    "D205": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: Big, label: 甲, type: text}]
""",
        "bad.yaml:5: registers.memo.fields[0].code: “Big”写法不对，以小写字母开头，只含小写字母、数字和下划线，最多 41 个字 [D205]",
    ),
    "D206": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 12, type: text}]
""",
        "bad.yaml:5: registers.memo.fields[0].label: 应为文字，这里是12，请加引号 [D206]",
    ),
    "D207": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: -1, cite: {policy: P01}}]

""",
        "bad.yaml:12: registers.memo.duties[0].within[0].days: -1 超出范围，须 ≥ 0 [D207]",
    ),
    "D208": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: []
workflow: {states: []}
""",
        "bad.yaml:6: registers.memo.workflow.states: 至少要有一项 [D208]",
    ),
    "D209": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, hours: 2, cite: {policy: P01}}]

""",
        "bad.yaml:12: registers.memo.duties[0].within[0]: "
        "“minutes”、“hours”、“days”、“working_days”、“half_working_days”、“months”、“field”必须且只能写一个 [D209]",
    ),
    "D301": Case(
        """\
extend: memo
label: 便签
""",
        "site/x.yaml:1: registers.memo.extend: 没有登记簿“memo”可扩展 [D301]",
        file="site/x.yaml",
    ),
    "D302": Case(
        """\
extend: letter
fields:
  - {code: subject, type: long_text}
""",
        "site/x.yaml:3: registers.letter.fields[0].type: 不能改变字段类型（text → long_text） [D302]",
        file="site/x.yaml",
    ),
    "D303": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
cite: {policy: P01, article: A1}
fields: [{code: a, label: 甲, type: text, required: true}]
---
extend: memo
fields: [{code: a, required: false}]
""",
        "site/x.yaml:9: registers.memo.fields[0].required: 依据 P01-A1 必填，不能放宽 [D303]",
        file="site/x.yaml",
    ),
    "D401": Case(
        """\
roles:
  - {code: clerk, label: 文员}
""",
        "bad.yaml:2: roles[0].code: “clerk”已在 about.yaml:1 定义 [D401]",
    ),
    "D402": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: a, label: 甲, type: text}
  - {code: a, label: 乙, type: text}
""",
        "bad.yaml:7: registers.memo.fields[1].code: “a”重复，第 6 行已经写过 [D402]",
    ),
    "D403": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: state, label: 甲, type: text}]
""",
        "bad.yaml:5: registers.memo.fields[0].code: “state”是每个登记簿都有的字段，请换一个编码 [D403]",
    ),
    "D404": Case(
        """\
code: memo
label: 便签
domain: offce
access: [{role: clerk, can: [read]}]
fields: []
""",
        "bad.yaml:3: registers.memo.domain: 没有领域“offce”，是否想写“office”？ [D404]",
    ),
    "D405": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text, seen_by: [clark]}]
""",
        "bad.yaml:5: registers.memo.fields[0].seen_by[0]: 没有角色“clark”，是否想写“clerk”？ [D405]",
    ),
    "D406": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: reference, register: leter}]
""",
        "bad.yaml:5: registers.memo.fields[0].register: 没有登记簿“leter”，是否想写“letter”？ [D406]",
    ),
    "D407": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
columns: [b]
""",
        "bad.yaml:6: registers.memo.columns[0]: 《便签》没有字段“b”，可写：a [D407]",
    ),
    "D408": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
cite: {policy: P02}
""",
        "bad.yaml:6: registers.memo.cite.policy: 没有制度“P02”，是否想写“P01”？ [D408]",
    ),
    "D409": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
cite: {policy: P01, article: A2}
""",
        "bad.yaml:6: registers.memo.cite.article: 制度 P01 没有条款“A2”，可写：A1 [D409]",
    ),
    "D410": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1}]

""",
        "bad.yaml:12: registers.memo.duties[0].within[0]: 时限必须写明依据（cite） [D410]",
    ),
    "D411": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: nobody
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]

""",
        "bad.yaml:9: registers.memo.duties[0].owed_by: “nobody”既不是本登记簿的字段，也不是角色，可写：who、day、n、clerk、head [D411]",
    ),
    "D412": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: head, label: 头, type: person, required: true}]
duties:
  - {code: do, label: 做, owed_by: head, starts: created, done: head,
     within: [{days: 1, cite: {policy: P01}}]}
""",
        "bad.yaml:7: registers.memo.duties[0].owed_by: “head”既是字段又是角色，请写成 {field: …} 或 {role: …} [D412]",
    ),
    "D413": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: n
    done: day
    within: [{days: 1, cite: {policy: P01, article: A1}}]

""",
        "bad.yaml:10: registers.memo.duties[0].starts: “数”是整数，这里需要日期、日期时间或签字字段 [D413]",
    ),
    "D414": Case(
        """\
policy: P02
label: 便签办法
articles:
  - {article: "1", text: 节约用纸。, manual: 倡导}
---
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text, basis: "P01-A1; P02-1"}]
cite: {policy: P02, article: "1"}
""",
        "bad.yaml:10: registers.memo.fields[0].basis: 条款 P02-1 写明由人办理（倡导），不能作为依据 [D414]\n"
        "bad.yaml:11: registers.memo.cite.article: 条款 P02-1 写明由人办理（倡导），不能作为依据 [D414]",
    ),
    "D420": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
number: M-{yyyy}
""",
        "bad.yaml:6: registers.memo.number: 自动编号必须且只能含一个 {seq:n} [D420]",
    ),
    "D421": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: integer, default: many}]
""",
        "bad.yaml:5: registers.memo.fields[0].default: 默认值不可用：“many”不是有效的整数，请填数字，如 12 [D421]",
    ),
    "D422": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: choice, choices: []}]
""",
        "bad.yaml:5: registers.memo.fields[0].choices: 没有可选的值 [D422]",
    ),
    "D423": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text, pattern: "["}]
""",
        "bad.yaml:5: registers.memo.fields[0].pattern: “[”不是有效的正则表达式 [D423]",
    ),
    "D424": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: integer, min: 3, max: 2}]
""",
        "bad.yaml:5: registers.memo.fields[0].min: 下限 3 大于上限 2 [D424]",
    ),
    "D425": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: reference, register: memo}]
title: [a]
""",
        "bad.yaml:6: registers.memo.title: 名称循环引用：memo → memo [D425]",
    ),
    "D426": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: a, label: 甲, type: text}
  - {code: b, label: 乙, type: money, kept_in: a}
  - {code: c, label: 丙, type: text, original_of: d}
""",
        """\
bad.yaml:7: registers.memo.fields[1].kept_in: “a”是别的字段的列 [D426]
bad.yaml:8: registers.memo.fields[2].original_of: 《便签》没有字段“d”，可写：a、b [D426]""",
    ),
    "D427": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: choice, choices: [门, {code: 窗, retired: true, into: 墙}]}]
""",
        "bad.yaml:5: registers.memo.fields[0].choices[1].into: 并入的选项须仍可选，自己则停用（retired）；可写：门 [D427]",
    ),
    "D430": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: n, label: 数, type: integer}
  - {code: twice, label: 倍, type: integer, formula: "[数] * [个]"}
""",
        "bad.yaml:7: registers.memo.fields[1].formula: 公式第 7 个字符处：《便签》没有字段“个”，可写：数、倍、n、twice [D430]",
    ),
    "D431": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: n, label: 数, type: integer}
  - {code: twice, label: 倍, type: integer, formula: 2 * n, required: true}
""",
        "bad.yaml:7: registers.memo.fields[1].required: “倍”由公式得出，不能写“required” [D431]",
    ),
    "D432": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: n, label: 数, type: integer}
  - {code: twice, label: 倍, type: integer, formula: 2 * n}
checks: [{code: c, field: n, require: {field: twice, ge: 1}, say: 太小}]
""",
        "bad.yaml:8: registers.memo.checks[0].require.field: “倍”由公式得出，只能显示、筛选和汇总；规则请直接使用填写的字段 [D432]",
    ),
    "D433": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields:
  - {code: many, label: 便条数, type: integer, formula: "COUNT([便条])"}
---
code: slip
label: 便条
domain: office
access: [{role: clerk, can: [read]}]
excluded: [about]
fields:
  - {code: memo, label: 便签, type: reference, register: memo}
  - {code: about, label: 关于, type: person}
""",
        "bad.yaml:6: registers.memo.fields[0].formula: 公式第 7 个字符处：《便条》的记录对被提及的人保密，不能由公式取出 [D433]",
    ),
    "D501": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]
    when: {field: b, filled: true}
""",
        "bad.yaml:13: registers.memo.duties[0].when.field: 《便签》没有字段“b”，可写：who、day、n [D501]",
    ),
    "D502": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: choice, choices: [红, 绿], required_when: {field: a, is: 蓝}}]
""",
        "bad.yaml:5: registers.memo.fields[0].required_when.is: “甲”没有选项“蓝”，可写：红、绿 [D502]",
    ),
    "D503": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]
    when: {field: day, ge: 3}
""",
        "bad.yaml:13: registers.memo.duties[0].when.ge: “日”是日期，不能与“3”比较 [D503]",
    ),
    "D504": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]
    when: {field: day, ge: {other: n}}
""",
        "bad.yaml:13: registers.memo.duties[0].when.ge: 与另一字段比较请写成 {field: 字段} [D504]",
    ),
    "D601": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text, required_from: done}]
""",
        "bad.yaml:5: registers.memo.fields[0].required_from: 《便签》没有状态“done”，还没有定义任何一个 [D601]",
    ),
    "D602": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
workflow:
  states: [{code: x, label: 始, locked: true}, {code: y, label: 终, locked: true}]
  transitions: []

""",
        "bad.yaml:7: registers.memo.workflow.states[1]: 没有流转能到达状态“终” [D602]",
    ),
    "D603": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
workflow:
  states: [{code: x, label: 始}, {code: y, label: 终}]
  transitions: [{code: go, label: 走, from: x, to: y, by: [clerk]}]

""",
        "bad.yaml:7: registers.memo.workflow.states[1]: 状态“终”没有出路；若是终点请设为“locked: true” [D603]",
        level="warning",
    ),
    "D604": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
workflow:
  states: [{code: x, label: 始}, {code: y, label: 终, locked: true}]
  transitions: [{code: go, label: 走, from: x, to: y}]

""",
        "bad.yaml:8: registers.memo.workflow.transitions[0]: 没有写谁可以执行“走”（by） [D604]",
    ),
    "D605": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
workflow:
  states: [{code: x, label: 始}, {code: y, label: 终, locked: true}]
  transitions: 
    - {code: go, label: 走, from: x, to: y, by: [clerk],
       sets: {who: 3}}

""",
        "bad.yaml:10: registers.memo.workflow.transitions[0].sets.who: 不能这样写入：指向其他记录的字段不能写死一个值 [D605]",
    ),
    "D606": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    trigger: {transition: go}
    charged_to: who
""",
        "bad.yaml:9: registers.memo.breaches[0].trigger.transition: 《便签》没有流转“go”，还没有定义任何一个 [D606]",
    ),
    "D607": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: n, label: 数, type: integer}]
workflow:
  states: [{code: x, label: 始}, {code: y, label: 终, locked: true}]
  transitions:
    - {code: go, label: 走, from: x, to: y, auto: true, when: {field: n, is: 1},
       optional: true}
""",
        "bad.yaml:10: registers.memo.workflow.transitions[0].optional: 自动流转“走”不等谁办理，不必写“optional” [D607]",
    ),
    "D701": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within:
      - {days: 1, cite: {policy: P01, article: A1}}
      - {days: 2, cite: {policy: P01, article: A1}}

""",
        "bad.yaml:14: registers.memo.duties[0].within[1]: 与第 1 条时限同日生效、适用相同的记录，无法决定用哪一条 [D701]",
    ),
    "D702": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: []

""",
        "bad.yaml:12: registers.memo.duties[0].within: “做”没有写时限 [D702]",
    ),
    "D703": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]

""",
        "bad.yaml:9: registers.memo.duties[0].owed_by: “谁”可以不填，这项责任可能没有人承担 [D703]",
        level="warning",
    ),
    "D704": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]
    breach: late
""",
        "bad.yaml:13: registers.memo.duties[0].breach: 本登记簿没有违规“late”，还没有定义任何一个 [D704]",
    ),
    "D705": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: {field: day, created: true}
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]

""",
        "bad.yaml:10: registers.memo.duties[0].starts: 起算点必须且只能写“field”、“state”、“created”之一 [D705]",
    ),
    "D706": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{hours: 1, at: "10:00", cite: {policy: P01, article: A1}}]

""",
        "bad.yaml:12: registers.memo.duties[0].within[0].at: “at”只能与“days”、“working_days”、“months”一起写 [D706]",
    ),
    "D707": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    every: {period: month}
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]

""",
        "bad.yaml:11: registers.memo.duties[0].done: 周期责任由别处的记录完成，须写明“register”与“through” [D707]",
    ),
    "D708": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]
    pause: [{cite: {policy: P01, article: A1}}]

""",
        "bad.yaml:13: registers.memo.duties[0].pause[0]: 须写明在哪些状态下（state） [D708]",
    ),
    "D710": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: day
    within: [{days: 3, cite: {policy: P01, article: A1}}]
""",
        "bad.yaml:11: registers.memo.duties[0].done.field: 完成的标志与起算点是同一个字段：刚开始就算办到了，请换一个字段 [D710]",
        level="warning",
    ),
    "D709": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
duties:
  - code: do
    label: 做
    owed_by: who
    starts: day
    done: n
    within: [{days: 1, cite: {policy: P01, article: A1}}]
    breach: late
breaches:
  - {code: late, label: 逾期, when: {field: n, gt: 1}}
""",
        "bad.yaml:13: registers.memo.duties[0].breach: 违规“late”由逾期产生，它的“when”不起作用；请写在时限责任上 [D709]",
    ),
    "D801": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    counter: year
""",
        "bad.yaml:10: registers.memo.breaches[0].counter: 没有计次“year”，可写：month [D801]",
    ),
    "D802": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    clause: A1

""",
        "bad.yaml:7: registers.memo.breaches[0]: 没有任何事情会产生违规“违规”：既无时限责任，也无“trigger”、“reported_by” [D802]",
    ),
    "D803": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    amount:
      - {money: 5, cite: {policy: P01, article: A1}}
      - {money: 8, cite: {policy: P01, article: A1}}
""",
        "bad.yaml:12: registers.memo.breaches[0].amount[1]: 与第 1 条金额同日生效，无法决定用哪一条 [D803]",
    ),
    "D804": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    correct: {register: letter, cite: {policy: P01}}
""",
        "bad.yaml:10: registers.memo.breaches[0].correct.register: 《信件》需要字段“ticket”（引用字段） [D804]\n"
        "bad.yaml:10: registers.memo.breaches[0].correct.register: 《信件》需要字段“person”（人员字段） [D804]\n"
        "bad.yaml:10: registers.memo.breaches[0].correct.register: 《信件》需要字段“content”（文字字段） [D804]",
    ),
    "D805": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: of, label: 信, type: reference, register: letter},
  {code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    amount: [{same_as: of, cite: {policy: P01, article: A1}}]
""",
        "bad.yaml:11: registers.memo.breaches[0].amount[0].same_as: “信”没有引用处罚单登记簿（tickets_of） [D805]",
    ),
    "D806": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    trigger: {}
""",
        "bad.yaml:10: registers.memo.breaches[0].trigger: “trigger”必须写“transition”、“breach”或“created” [D806]",
    ),
    "D807": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    trigger: {created: true}

""",
        "bad.yaml:7: registers.memo.breaches[0]: 没有写违规“违规”由谁承担（charged_to） [D807]",
    ),
    "D808": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
counters: [{code: c, label: 计, order: [Z9]}]
""",
        "bad.yaml:6: registers.memo.counters[0].order[0]: 计次里没有违规属于“Z9” [D808]",
    ),
    "D809": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    amount:
      - of: n
        bands: [{up_to: 5, money: 1}, {up_to: 5, money: 2}, {up_to: 9}]
        cite: {policy: P01, article: A1}
""",
        "bad.yaml:12: registers.memo.breaches[0].amount[0].bands[1].up_to: 各档须由低到高，不能重叠 [D809]\n"
        "bad.yaml:12: registers.memo.breaches[0].amount[0].bands[2]: 这一档没有写“money”、“percent”、“points”或“sanction” [D809]\n"
        "bad.yaml:12: registers.memo.breaches[0].amount[0].bands[2]: 最后一档不能写“up_to”，否则超出的部分没有规定 [D809]",
    ),
    "D810": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    counter: month
    amount: [{ladder: [{from_nth: 2, sanction: 书面警告}], cite: {policy: P01, article: A1}}]
""",
        "bad.yaml:11: registers.memo.breaches[0].amount[0].ladder[0].from_nth: 缺少第一级：须从第 1 次写起 [D810]",
    ),
    "D811": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    amount: [{money: 5, per: day, cite: {policy: P01, article: A1}}]
""",
        "bad.yaml:10: registers.memo.breaches[0].amount[0]: 金额按逾期长短计算，但这项违规不是某项不重复的时限责任逾期所致 [D811]",
    ),
    "D812": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
counters: [{code: c, label: 计}]
""",
        "bad.yaml:6: registers.memo.counters[0]: 没有任何违规计入“计” [D812]",
        level="warning",
    ),
    "D813": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
refuse:
  - code: no
    say: 不行
    while: {register: letter, match: {writer: who}, overdue: answer}
    cite: {policy: P01, article: A1}
""",
        "bad.yaml:7: registers.memo.refuse[0]: 没有写拒绝什么：“add”或“transition” [D813]\n"
        "bad.yaml:9: registers.memo.refuse[0].while.overdue: 《信件》没有时限责任“answer”，还没有定义任何一个 [D813]",
    ),
    "D814": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    amount: [{percent: 10, cite: {policy: P01, article: A1}}]
""",
        "bad.yaml:10: registers.memo.breaches[0].amount[0]: 写了百分比或按数值分段，须写明是哪个字段的（of） [D814]",
    ),
    "D815": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: who, label: 谁, type: person, required: true}, {code: day, label: 日, type: date}, {code: n, label: 数, type: integer}]
breaches:
  - code: bad
    label: 违规
    reported_by: [clerk]
    counter: c
counters: [{code: c, label: 计, per: n}]
""",
        "bad.yaml:11: registers.memo.counters[0].per: 按“n”计次，但《便签》没有这个引用字段（违规“违规”） [D815]",
    ),
    "D821": Case(
        """\
indicator: n
label: 数
domain: office
cite: {policy: P01, article: A1}
numerator: {register: letter, take: sum}
""",
        "bad.yaml:5: indicators.n.numerator: 没有写按哪个日期归入期间（by） [D821]\n"
        "bad.yaml:5: indicators.n.numerator.take: 求和、平均或去重计数要写“of”，其他不写 [D821]",
    ),
    "D822": Case(
        """\
indicator: n
label: 数
domain: office
cite: {policy: P01, article: A1}
numerator: {register: letter, by: sent_on}
bands: [{lt: 1, label: 少}, {ge: 2, label: 多}]
""",
        "bad.yaml:6: indicators.n.bands[0].lt: 各档须由低到高首尾相接：上一档的“lt”等于下一档的“ge” [D822]",
    ),
    "D823": Case(
        """\
indicator: n
label: 数
domain: office
cite: {policy: P01, article: A1}
parts: [{indicator: n, weight: 1}]
""",
        "bad.yaml:5: indicators.n.parts[0].indicator: “数”本身由其他指标组成，不能再作组成部分 [D823]",
    ),
    "D824": Case(
        """\
indicator: n
label: 数
domain: office
cite: {policy: P01, article: A1}
numerator: {register: letter, duties: [answer], take: met}
""",
        "bad.yaml:5: indicators.n.numerator.duties[0]: 《信件》没有时限责任“answer”，还没有定义任何一个 [D824]",
    ),
    "D831": Case(
        """\
code: memo
label: 便签
domain: office
cite: {policy: P01, article: A1}
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: date}, {code: b, label: 乙, type: date}, {code: num, label: 数, type: integer}]
workflow: {states: [{code: x, label: 新}, {code: y, label: 结, locked: true}], transitions: [{code: t, label: 提交, from: x, to: y, by: [clerk]}]}
reports: [{code: m, label: 月报, period: month, from: a, to: b, figures: {num: {indicator: letters}}}]
""",
        "bad.yaml:8: registers.memo.reports[0].figures.num.indicator: 没有指标“letters”，还没有定义任何一个 [D831]",
    ),
    "D832": Case(
        """\
code: memo
label: 便签
domain: office
cite: {policy: P01, article: A1}
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: date}, {code: b, label: 乙, type: date}, {code: n, label: 数, type: integer, required: true}]
reports: [{code: m, label: 月报, period: month, from: a, to: b}]
""",
        "bad.yaml:6: registers.memo.fields[2].required: “数”必填，而报表“月报”不填它：请写“required_from” [D832]\n"
        "bad.yaml:7: registers.memo.reports[0]: 有自动报表的登记簿须有流程（workflow）：报表先在首个状态，再由人核对、签字 [D832]",
    ),
    "D901": Case(
        """\
code: memo
label: 便签
domain: office
fields: []
access: [{role: clerk, can: [raed]}]
""",
        "bad.yaml:5: registers.memo.access[0].can[0]: 没有“raed”这种权限，是否想写“read”？ [D901]",
    ),
    "D902": Case(
        """\
code: memo
label: 便签
domain: office
fields: []
""",
        "bad.yaml:1: registers.memo: 没有人能使用《便签》：没有写“access” [D902]",
        level="warning",
    ),
    "D903": Case(
        """\
code: memo
label: 便签
domain: office
fields: []
access: [{role: clerk, can: [read], rows: granted}]
""",
        "bad.yaml:5: registers.memo.access[0]: “rows: granted”需要写明由哪种批准开放（grant） [D903]",
    ),
    "D904": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: reference, register: memo}]
follows: a
""",
        "bad.yaml:6: registers.memo.follows: 查看权限循环：memo → memo [D904]",
    ),
    "D921": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
prints:
  - code: all
    label: 全部
    layout:
      - {rows: [a]}
      - {fields: [a]}
""",
        "bad.yaml:11: registers.memo.prints[0].layout[1]: 一张打印全部所选记录的单子上，不能有某一条记录的内容 [D921]",
    ),
    "D922": Case(
        """\
code: memo
label: 便签
domain: office
access: [{role: clerk, can: [read]}]
fields: [{code: a, label: 甲, type: text}]
prints:
  - {code: one, label: 单, layout: [{fields: [a.b]}]}
""",
        "bad.yaml:7: registers.memo.prints[0].layout[0].fields[0]: “a.b”：只能经过一个指向单条记录的引用 [D922]",
    ),
}
