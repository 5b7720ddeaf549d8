"""YAML as we read it: exact, narrow, and never an exception."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.loader import load
from app.catalog.marked import MarkedMap, Source, plain, read_documents


def read(text: str) -> Any:
    ((root, findings),) = read_documents("x.yaml", text)
    assert findings == []
    return root


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3), ("-3", -3), ("0.10", Decimal("0.10")), ("2026-03-05", date(2026, 3, 5)), ("true", True),
        ("False", False), ("~", None), ("", None), ("10:00", "10:00"), ("007", "007"), ("yes", "yes"), ("no", "no"),
        ("1e3", "1e3"), ("0x10", "0x10"), ("2026-02-30", "2026-02-30"), ("'3'", "3"), ("!!str 3", "3"), ("1_000", "1_000"),
    ],
)  # fmt: skip
def test_a_plain_scalar_means_what_a_clerk_means(text: str, value: Any) -> None:
    found = read(f"a: {text}\n")["a"]
    assert (type(found), found) == (type(value), value)


def test_aliases_stand_for_what_they_name_and_leave_no_trace() -> None:
    root = read("a: &x {policy: P05}\nb: *x\nc: [*x, *x]\n")
    assert plain(root) == {"a": {"policy": "P05"}, "b": {"policy": "P05"}, "c": [{"policy": "P05"}] * 2}


def test_each_key_and_element_keeps_its_line() -> None:
    source = Source(read("a:\n  - x\n  - b: 1\n    c:\n      d: 2\n"))
    assert [source.at(loc).line for loc in [("a",), ("a", 1), ("a", 1, "c", "d"), ("a", 1, "c", "e")]] == [1, 3, 5, 4]


def test_a_list_of_one_that_was_written_without_brackets_is_found_at_its_only_member() -> None:
    source = Source(read("cite:\n  policy: P05\n"), "registers.memo")
    assert source.at(("cite", 0, "policy")).line == 2


@pytest.mark.parametrize(
    "text",
    [
        "a: [1,\n", "a: b: c\n", "a: *x\n", "a: 'x\n", "- a\nb: 1\n", "a: @x\n", "{a: 1}}\n", "a: 1\n b: 2\n",
        "a: &x [*x]\n", "%YAML 3.0\n---\na: 1\n", "a: !!python/object:os.system x\n", 'a: "\\q"\n', "a: |x\n  b\n",
        "[" * 100_000, "a\ud800: 1\n", "? {a: b}\n: c\n", ": 1\n", "null: 1\n", "- 1\n", "3\n",
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_finding(text: str) -> None:
    loaded, findings = load({"x.yaml": text})
    assert loaded is None
    assert all(f.file == "x.yaml" and f.line >= 1 and str(f.sentence) for f in findings)


def test_aliases_that_multiply_beyond_measure_are_refused() -> None:
    rows = "\n".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]" for a, b in zip("abcdef", "bcdefg", strict=True))
    _, findings = load({"x.yaml": f"a: &a [1, 2]\n{rows}\n"})
    assert [f.check for f in findings] == ["D106"]


def test_a_mistake_in_one_document_hides_nothing_of_the_next() -> None:
    documents = list(read_documents("x.yaml", "a: 1\n---\nb: [\n--- # third\nc: 3\nc: 4\n"))
    assert [plain(root) for root, _ in documents] == [{"a": 1}, None, {"c": 3}]
    assert [[f.line for f in findings] for _, findings in documents] == [[], [3], [6]]


def test_a_mark_of_byte_order_and_windows_line_ends_change_nothing() -> None:
    root = read("\ufeffa: 1\r\nb: 2\r\n")
    assert plain(root) == {"a": 1, "b": 2}
    assert isinstance(root, MarkedMap) and root.places["b"].line == 2


@given(st.text(alphabet="ab:-[]{}&*!|>'\"# \n\t,?%@`0.~字", max_size=60))
def test_no_text_whatever_raises(text: str) -> None:
    _, findings = load({"x.yaml": text})
    assert all(1 <= f.line <= text.count("\n") + 1 for f in findings)
