"""What a site wants of a shipped register becomes an extension, and back."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.adjusting import adjusted, adjustment
from app.catalog.dump import in_lines
from app.catalog.editing import documents, same
from app.catalog.loader import load
from tests.catalog.ground import files
from tests.catalog.test_overlay import CITED
from tests.site import everything

(MEMO,) = documents(CITED)
SHIPPED = [d for p, t in everything().items() if p.startswith("registers/") for d in documents(t) if "code" in d]


def whole(document: Any) -> Any:
    """Return a document without its empty lists: they say nothing."""
    inside = document.items() if isinstance(document, dict) else ()
    return {k: whole(v) for k, v in inside if v != []} if isinstance(document, dict) else document


def found(change: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the extension that a change of the memo becomes, and what the loader says of it."""
    wanted = deepcopy(MEMO)
    change(wanted)
    extension = adjustment(MEMO, wanted)
    assert same(adjusted(MEMO, extension), whole(wanted))
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
    for register in SHIPPED:
        assert adjustment(register, deepcopy(register)) == {"extend": register["code"]}


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
            lambda m: m.update(domain="x"),
            "registers.memo.domain: 扩展不能改动“domain”，只能改名、加严或新增（依据 P01-A1）",
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
            "registers.memo.workflow.states[0]: 扩展只能给已有的状态和流转改名",
        ),
    ],
)  # fmt: skip
def test_what_an_extension_may_not_do_is_refused_with_the_article(change: Any, said: str) -> None:
    assert said in found(change)[1]


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_wanted_of_a_shipped_register_is_kept(data: st.DataObject) -> None:
    register = data.draw(st.sampled_from(SHIPPED))
    wanted = deepcopy(register)
    for _ in range(data.draw(st.integers(1, 3))):
        key = data.draw(st.sampled_from(sorted(k for k in wanted if k != "code")))
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
    assert same(adjusted(register, adjustment(register, wanted)), wanted)


def test_the_register_and_the_extension_stay_as_they_were() -> None:
    before, extension = deepcopy(MEMO), {"extend": "memo", "fields": [{"code": "note", "label": "备忘"}]}
    adjusted(MEMO, extension)
    assert before == MEMO
