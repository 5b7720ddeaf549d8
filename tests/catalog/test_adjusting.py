"""What a site wants of a shipped definition becomes an extension, and back."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.adjusting import adjusted, adjustment
from app.catalog.dump import in_lines
from app.catalog.editing import documents, same
from app.catalog.kinds import BY_WORD, LISTS, Kind, kind_of
from app.catalog.loader import load
from tests.catalog.ground import files
from tests.catalog.test_overlay import CITED
from tests.site import everything

(MEMO,) = documents(CITED)
REGISTER = BY_WORD["register"]


def shipped() -> Iterator[tuple[Kind, dict[str, Any]]]:
    """Yield every shipped definition with its kind."""
    for text in everything().values():
        for root in documents(text):
            if (kind := kind_of(root)) is not None:
                yield from ((kind, row) for row in (root[kind.group] if kind.group in LISTS else [root]))


SHIPPED = list(shipped())


def whole(document: Any) -> Any:
    """Return a document without its empty lists: they say nothing."""
    inside = document.items() if isinstance(document, dict) else ()
    return {k: whole(v) for k, v in inside if v != []} if isinstance(document, dict) else document


def found(change: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the extension that a change of the memo becomes, and what the loader says of it."""
    wanted = deepcopy(MEMO)
    change(wanted)
    extension = adjustment(REGISTER, MEMO, wanted)
    assert same(adjusted(REGISTER, MEMO, extension), whole(wanted))
    _, findings = load(files(CITED) | {"site/memo.yaml": in_lines(extension)})
    return extension, [f"{f.path}: {f.sentence}" for f in findings]


def test_what_is_renamed_added_and_tightened_is_said_and_nothing_else() -> None:
    def change(memo: dict[str, Any]) -> None:
        memo["label"] = "便条"
        memo["fields"][1] |= {"label": "备忘", "required": True}
        memo["fields"].append({"code": "room", "label": "房间", "type": "text"})
        memo["workflow"]["states"][0]["label"] = "开始"
        memo["access"].append({"role": "head", "can": ["read"]})

    assert found(change) == (
        {
            "extend": "memo", "label": "便条",
            "access": [{"role": "head", "can": ["read"]}],
            "fields": [
                {"code": "note", "label": "备忘", "required": True}, {"code": "room", "label": "房间", "type": "text"},
            ],
            "workflow": {"states": [{"code": "x", "label": "开始"}]},
        }, [],
    )  # fmt: skip


def test_nothing_changed_is_an_extension_of_nothing() -> None:
    for kind, one in SHIPPED:
        nothing = adjustment(kind, one, deepcopy(one))
        assert nothing.keys() <= {"extend", "kind"}
        assert (nothing["extend"], nothing.get("kind", "register")) == (one[kind.key], kind.word)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["fields"].pop(1), "registers.memo.remove.fields[0]: 扩展不能删除“fields.note”（依据 P01-A1）"),
        (lambda m: m.pop("duties"), "registers.memo.remove.duties[0]: 扩展不能删除“duties.do”（依据 P01-A1）"),
        (lambda m: m["access"].pop(0), "registers.memo.remove.access[0]: 扩展不能删除“access”（依据 P01-A1）"),
        (
            lambda m: m["workflow"]["transitions"].pop(0),
            "registers.memo.remove.transitions[0]: 扩展不能删除“transitions.go”（依据 P01-A1）",
        ),
        (lambda m: m.pop("cite"), "registers.memo.remove.cite: 扩展不能删除“cite”（依据 P01-A1）"),
        (
            lambda m: m.update(number="x"),
            "registers.memo.number: 扩展不能改动“number”，只能改名、加严或新增（依据 P01-A1）",
        ),
        (
            lambda m: m["fields"][1].update(type="long_text"),
            "registers.memo.fields[0].type: 不能改变字段类型（text → long_text）（依据 P01-A1）",
        ),
        (lambda m: m["fields"][0].pop("required"), "registers.memo.fields[0].required: 依据 P01-A1 必填，不能放宽"),
        (
            lambda m: m["duties"][0]["within"][0].update(days=30),
            "registers.memo.duties[0].within: 扩展不能改动“within”，只能改名、加严或新增（依据 P01-A1）",
        ),
        (
            lambda m: m["workflow"]["states"].append({"code": "z", "label": "后"}),
            "registers.memo.workflow.states[0]: 扩展不能增加状态和流转，只能调整已有的",
        ),
    ],
)  # fmt: skip
def test_what_an_extension_may_not_do_is_refused_with_the_article(change: Any, said: str) -> None:
    assert said in found(change)[1]


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_whatever_is_wanted_of_a_shipped_definition_is_kept(data: st.DataObject) -> None:
    word = data.draw(st.sampled_from(sorted(BY_WORD)))
    kind, definition = data.draw(st.sampled_from([s for s in SHIPPED if s[0].word == word]))
    wanted = deepcopy(definition)
    for _ in range(data.draw(st.integers(1, 3))):
        if not (left := sorted(k for k in wanted if k != kind.key)):
            break
        key = data.draw(st.sampled_from(left))
        entries = wanted[key]
        if isinstance(entries, list) and entries and isinstance(entries[0], dict) and "code" in entries[0]:
            entry = data.draw(st.sampled_from(entries))
            entry[data.draw(st.sampled_from(["label", "help", "type", "amount"]))] = data.draw(
                st.sampled_from(["一", 2, True])
            )
            if data.draw(st.booleans()):
                entries.append({"code": f"new_{len(entries)}", "label": "新"})
        elif data.draw(st.booleans()):
            del wanted[key]
        else:
            wanted[key] = "别的"
    assert same(adjusted(kind, definition, adjustment(kind, definition, wanted)), wanted)


def test_what_a_target_a_role_and_a_policy_may_and_may_not_say_is_kept_in_their_own_words() -> None:
    rate = {
        "indicator": "rate", "cite": {"policy": "P1"}, "receives": ["head"], "target": {"ge": 90, "cite": {"policy": "P1", "article": "3"}},
    }  # fmt: skip
    tight = rate | {"receives": ["head", "clerk"], "target": rate["target"] | {"ge": 95, "tolerance": 1}}  # type: ignore[operator]
    said = {"extend": "rate", "kind": "indicator", "receives": ["clerk"], "target": {"ge": 95, "tolerance": 1}}
    assert (adjustment(BY_WORD["indicator"], rate, tight), adjusted(BY_WORD["indicator"], rate, said)) == (said, tight)
    less = rate | {"receives": [], "target": {"cite": rate["target"]["cite"]}}  # type: ignore[index]
    assert adjustment(BY_WORD["indicator"], rate, less) == {
        "extend": "rate", "kind": "indicator", "target": {"ge": None}, "remove": {"receives": ["head"]},
    }  # fmt: skip
    assert same(adjusted(BY_WORD["indicator"], rate, adjustment(BY_WORD["indicator"], rate, less)), whole(less))
    policy = {
        "policy": "P1",
        "label": "制度",
        "articles": [{"article": "1", "text": "一"}, {"article": "2", "text": "二"}],
    }
    wanted = policy | {"articles": [{"article": "2", "text": "贰"}, {"article": "H1", "text": "三"}]}
    extension = adjustment(BY_WORD["policy"], policy, wanted)
    assert extension == {
        "extend": "P1", "kind": "policy", "articles": [{"article": "2", "text": "贰"}, {"article": "H1", "text": "三"}],
        "remove": {"articles": ["1"]},
    }  # fmt: skip
    assert same(adjusted(BY_WORD["policy"], policy, extension), wanted)


def test_the_register_and_the_extension_stay_as_they_were() -> None:
    before, extension = deepcopy(MEMO), {"extend": "memo", "fields": [{"code": "note", "label": "备忘"}]}
    adjusted(REGISTER, MEMO, extension)
    assert before == MEMO
