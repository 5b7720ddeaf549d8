"""A definition that is changed keeps everything else of its text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalog.editing import Unwritable, documents, rewritten, same
from tests.catalog import specs
from tests.site import everything

FILES = everything()

TEXT = """\
# What this register is for.
code: letter   # its code
label:   {zh: 信件, en: "Letter"}

fields:
  # who writes
  - {code: writer, label: 撰写人, type: person, required: true}  # always

  # --- about the letter ---
  - code: subject
    label: '事由'   # in quotes
    type: text
  # the last
  - {code: kind, label: 类别, type: choice, choices: {平信: Plain, 挂号: Registered}}
access: [{role: clerk, can: [read]}]
# the end
"""


def changed(change: Any) -> str:
    """Return TEXT after ``change`` of its document."""
    (document,) = documents(TEXT)
    change(document)
    text = rewritten(TEXT, document)
    assert same(documents(text)[0], document)
    return text


@pytest.mark.parametrize("folder", sorted({p.split("/")[0] for p in FILES}))
def test_every_shipped_definition_saved_unchanged_is_the_same_bytes(folder: str) -> None:
    for path, text in FILES.items():
        if path.startswith(folder):
            for i, document in enumerate(documents(text)):
                assert rewritten(text, document, i) == text, path


def test_a_value_is_changed_and_nothing_else() -> None:
    text = changed(lambda d: d["fields"][1].update(label="标题"))
    assert text == TEXT.replace("'事由'", "标题")


def test_a_key_in_braces_is_changed_added_and_taken_away_within_them() -> None:
    assert changed(lambda d: d["fields"][0].update(label="作者")) == TEXT.replace("撰写人", "作者")
    assert changed(lambda d: d["fields"][0].update(unique=True)) == TEXT.replace(
        "required: true}", "required: true, unique: true}"
    )
    assert changed(lambda d: d["fields"][0].pop("required")) == TEXT.replace(", required: true", "")


def test_an_element_is_added_taken_away_and_moved_with_its_comment() -> None:
    added = changed(lambda d: d["fields"].insert(1, {"code": "no", "label": "编号", "type": "text"}))
    assert added == TEXT.replace("# always\n", "# always\n  - {code: 'no', label: 编号, type: text}\n")
    gone = changed(lambda d: d["fields"].pop(2))
    assert gone == TEXT.replace(TEXT[TEXT.index("  # the last") : TEXT.index("access")], "")
    moved = changed(lambda d: d["fields"].append(d["fields"].pop(0)))
    assert "# who writes" in moved
    assert moved.index("code: kind") < moved.index(
        "{code: writer, label: 撰写人, type: person, required: true}  # always"
    )


def test_a_new_key_stands_where_it_was_put() -> None:
    def change(document: dict[str, Any]) -> None:
        access = document.pop("access")
        document |= {"checks": [{"code": "a"}], "access": access}

    assert changed(change) == TEXT.replace("access:", "checks: [{code: a}]\naccess:")


def test_what_no_longer_fits_a_line_is_written_in_lines() -> None:
    text = changed(lambda d: d["fields"][0].update(help="写信的人" * 20))
    assert f"    help: {'写信的人' * 20}" in text


def test_the_order_of_choices_is_kept_as_given_and_that_of_other_keys_is_no_change() -> None:
    def turned(document: dict[str, Any]) -> None:
        document["fields"][2]["choices"] = {"挂号": "Registered", "平信": "Plain"}

    assert changed(turned) == TEXT.replace("平信: Plain, 挂号: Registered", "挂号: Registered, 平信: Plain")
    (document,) = documents(TEXT)
    assert rewritten(TEXT, dict(reversed(document.items()))) == TEXT


def test_each_document_of_a_file_is_changed_by_itself_and_windows_line_ends_stay() -> None:
    text = "\ufeff" + (TEXT + "---\ncode: b # two\nlabel: 乙\n").replace("\n", "\r\n")
    second = documents(text)[1] | {"label": "丙", "domain": "office"}
    assert rewritten(text, second, 1) == text.replace("乙", "丙\r\ndomain: office")


def test_what_was_named_once_and_used_twice_is_changed_in_one_place() -> None:
    text = "code: a\nlabel: &l {zh: 甲, en: A}\nhelp: *l\ntitle: [x]\n"
    (document,) = documents(text)
    document["help"] = {"zh": "乙", "en": "A"}
    assert same(documents(rewritten(text, document))[0], document)
    (document,) = documents(text)
    document["label"] = {"zh": "乙", "en": "A"}
    assert same(documents(rewritten(text, document))[0], document)


def test_a_text_that_cannot_be_read_is_not_guessed_at() -> None:
    with pytest.raises(Unwritable, match="cannot be read"):
        rewritten("code: [a\n", {"code": "b"})


def test_an_empty_text_takes_a_whole_document() -> None:
    assert rewritten("", {"code": "a", "label": "甲"}) == "code: a\nlabel: 甲\n"
    assert rewritten("# to come\n", {"code": "a"}) == "# to come\ncode: a\n"


key = (
    st.sampled_from(["code", "label", "fields", "choices", "on", "yes", "3", "a b", "甲", "from", "cite"]) | specs.code
)
scalar = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | specs.yuan | specs.text | st.dates()
value = st.recursive(
    scalar, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(key, inner, max_size=4), max_leaves=12
)
document = st.dictionaries(key, value, min_size=1, max_size=6)


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, Any]:
    """Return a shipped text and its document with something in it changed, at any depth."""
    path = draw(st.sampled_from(sorted(p for p, t in FILES.items() if len(t) < 12_000)))
    text = FILES[path]
    whole = documents(text)[0]
    for _ in range(draw(st.integers(1, 4))):
        node = whole
        while True:
            steps = [
                k
                for k, v in (node.items() if isinstance(node, dict) else enumerate(node))
                if v and isinstance(v, dict | list)
            ]
            if not steps or draw(st.integers(0, 2)) == 0:
                break
            node = node[draw(st.sampled_from(steps))]
        _change(draw, node)
    return text, whole


def _change(draw: st.DrawFn, node: Any) -> None:
    act = draw(st.sampled_from(["set", "add", "remove", "turn"]))
    places = list(node) if isinstance(node, dict) else list(range(len(node)))
    if act == "add" or not places:
        if isinstance(node, dict):
            node[draw(key)] = draw(value)
        else:
            node.insert(draw(st.integers(0, len(node))), draw(value))
    elif act == "set":
        node[draw(st.sampled_from(places))] = draw(value)
    elif act == "remove" and len(node) > 1:
        node.pop(draw(st.sampled_from(places)))
    elif isinstance(node, list):
        node.reverse()


@given(edits())
@settings(max_examples=40, deadline=None)
def test_whatever_is_changed_the_text_says_it(edit: tuple[str, Any]) -> None:
    text, wanted = edit
    after = rewritten(text, wanted)
    assert same(documents(after)[0], wanted)


@given(document, document)
@settings(max_examples=30, deadline=None)
def test_any_document_becomes_any_other(a: Any, b: Any) -> None:
    assert same(documents(rewritten(rewritten("", a), b))[0], b)
