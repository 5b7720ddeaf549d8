"""What pydantic refuses, in the words of whoever wrote the definition."""

from __future__ import annotations

import ast
from pathlib import Path

import app.catalog
import app.fields
from app.catalog.misfits import PARTS
from tests.catalog.ground import found, register


def sentences(body: str) -> list[str]:
    """Return what is said about a register with this body."""
    return [str(f.sentence) for f in found(register(body))]


def raised() -> set[str]:
    """Return the beginning of each ValueError that a definition class raises."""
    starts = set()
    for package in (app.catalog, app.fields):
        for path in Path(package.__path__[0]).glob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Raise(exc=ast.Call(func=ast.Name(id="ValueError"), args=[message])):
                        first = message.values[0] if isinstance(message, ast.JoinedStr) else message
                        assert isinstance(first, ast.Constant)
                        starts.add(str(first.value))
    return starts


def test_every_error_of_our_own_classes_has_a_chinese_sentence() -> None:
    texts = raised()
    assert len(texts) >= 8
    assert [t for t in texts if not any(t.startswith(start) for start in PARTS)] == []


def test_an_unknown_key_names_the_one_that_was_meant_or_all_there_are() -> None:
    assert sentences("fields: [{code: a, label: 甲, type: money, minn: 1}]") == ["没有“minn”这一项，是否想写“min”？"]
    assert sentences("fields: []\nworkflow: {states: [{code: s, label: 始}], zzz: 1}") == [
        "没有“zzz”这一项，可写：states、transitions"
    ]


def test_the_keys_of_a_field_are_those_of_its_type() -> None:
    (said,) = sentences("fields: [{code: a, label: 甲, type: date, qqq: 1}]")
    assert "default" in said and "places" not in said


def test_a_number_where_text_belongs_asks_for_quotes() -> None:
    assert sentences("fields: []\nnumber: 12") == ["应为文字，这里是12，请加引号"]
    assert sentences("fields: []\nnumber: [a]") == ["应为文字，这里是列表"]


def test_every_kind_of_value_is_named() -> None:
    body = "fields:\n  - {code: a, label: 甲, type: integer, min: 多, required: maybe}\n"
    body += "  - {code: b, label: 乙, type: text, max_length: x, synonyms: 丙}"
    assert sorted(sentences(body)) == [
        "应为true 或 false，这里是“maybe”",
        "应为列表，这里是“丙”",
        "应为数字，这里是“多”",
        "应为整数，这里是“x”",
    ]


def test_a_day_that_is_none_says_how_to_write_it() -> None:
    assert [str(f.sentence) for f in found("policy: P09\nlabel: 九\neffective: 2026-02-30\n")] == [
        "应为日期，如 2026-03-05，这里是“2026-02-30”"
    ]


def test_nothing_given_where_something_is_needed_is_called_empty() -> None:
    assert sentences("fields:") == ["应为列表，这里是空"]


def test_a_mistyped_key_does_not_hide_what_else_is_wrong() -> None:
    assert sorted(
        f.check for f in found(register("fields: [{code: a, label: 甲, type: text, requird: true}]\ncolumns: [b]"))
    ) == ["D202", "D407"]
