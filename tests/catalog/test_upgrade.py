"""New shipped definitions are laid under what the site adjusted; where the two no longer fit is told first."""

from __future__ import annotations

from app.catalog.loader import load
from app.catalog.upgrade import conflicts
from tests.catalog.ground import files
from tests.catalog.test_overlay import CITED

OVER = """\
extend: memo
fields:
  - {code: note, label: 备忘, required: true}
  - {code: room, label: 房间, type: text}
workflow: {states: [{code: x, label: 开始}]}
"""
OLD = files(CITED) | {"site/memo.yaml": OVER}


def said(new: str, over: str = OVER) -> list[str]:
    """Return what stands in the way of a new definition of the memo."""
    return [str(f) for f in conflicts(OLD, files(new) | {"site/memo.yaml": over})]


def test_what_changes_elsewhere_stands_in_nobodys_way() -> None:
    assert said(CITED) == []
    assert said(CITED.replace("label: 谁", "label: 何人") + "number: 'BQ-{yyyy}-{seq:3}'\n") == []


def test_a_register_that_is_gone_is_told_at_the_extension() -> None:
    assert [str(f) for f in conflicts(OLD, files("roles: []\n") | {"site/memo.yaml": OVER})] == [
        "site/memo.yaml:1: registers.memo.extend: 新版的随附定义没有《便签》了，本地对它的调整不再适用 [D311]"
    ]


def test_a_field_that_both_define_now_is_told_until_the_site_gives_way() -> None:
    new = CITED.replace("workflow:", "  - {code: room, label: 会议室, type: choice, choices: [甲]}\nworkflow:")
    assert said(new) == [
        "site/memo.yaml:4: registers.memo.fields[1]: "
        "本地新增的字段“会议室”，新版的随附定义里也有了：请删去本地的，或另取代码 [D312]"
    ]
    assert said(new, OVER.replace(", type: text", "")) == []


def test_a_field_or_state_that_was_adjusted_and_is_gone_is_told() -> None:
    new = CITED.replace("  - {code: note, label: 说明, type: text}\n", "").replace("{code: x, label: 始}, ", "")
    assert said(new) == [
        "site/memo.yaml:3: registers.memo.fields[0]: 本地调整过的字段“说明”，新版的随附定义里没有了：请删去这项调整 [D313]",
        "site/memo.yaml:5: registers.memo.workflow.states[0]: 本地调整过的状态“始”，新版的随附定义里没有了：请删去这项调整 [D313]",
    ]


def test_a_change_of_the_sites_own_files_is_no_upgrade() -> None:
    assert conflicts(OLD, files(CITED) | {"site/memo.yaml": "extend: nothing\n"}) == []


RATE = """\
indicator: rate
label: 率
domain: office
cite: {policy: P01, article: A1}
numerator: {register: letter, by: sent_on}
target: {ge: 90, cite: {policy: P01, article: A1}}
"""
OTHERS = {
    "site/rate.yaml": "extend: rate\nkind: indicator\ntarget: {ge: 95}\n",
    "site/policy.yaml": "extend: P01\nkind: policy\narticles: [{article: H1, text: 加急件当日登记。}]\n",
    "site/clerk.yaml": "extend: clerk\nkind: role\nlabel: 经办\n",
}


def test_what_is_gone_of_any_kind_or_is_now_in_both_is_told_at_the_extension() -> None:
    old = files(RATE) | OTHERS
    assert conflicts(old, files(RATE.replace("率", "比率")) | OTHERS) == []
    new = files("roles: []\n") | OTHERS
    new["about.yaml"] = new["about.yaml"].replace("roles: [{code: clerk, label: 文员}, ", "roles: [")
    new["about.yaml"] = new["about.yaml"].replace(
        "{article: A1, text: 逐件登记。}", "{article: A1, text: 逐件登记。}, {article: H1, text: 有了。}"
    )
    assert [str(f) for f in conflicts(old, new)] == [
        "site/clerk.yaml:1: roles.clerk.extend: 新版的随附定义没有《文员》了，本地对它的调整不再适用 [D311]",
        "site/policy.yaml:3: policies.P01.articles[0]: 本地新增的条款“H1”，新版的随附定义里也有了：请删去本地的，或另取代码 [D312]",
        "site/rate.yaml:1: indicators.rate.extend: 新版的随附定义没有《率》了，本地对它的调整不再适用 [D311]",
    ]


def test_a_target_that_the_new_definition_tightens_beyond_the_sites_own_is_told() -> None:
    found = load(files(RATE.replace("90", "98")) | OTHERS)[1]
    assert [str(f) for f in found if f.level == "error"] == [
        "site/rate.yaml:3: indicators.rate.target.ge: 依据 P01-A1，“ge”只能加严，原为 98 [D303]"
    ]
