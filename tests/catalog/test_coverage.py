"""What implements each article of each policy, and what is left open."""

from __future__ import annotations

import pytest

from app.catalog.coverage import Covered, counts, coverage
from tests.catalog.ground import GROUND, catalog

POLICY = """\
policy: P05
label: 便签办法
articles:
  - {article: "1", text: 标题}
  - {article: "1.1", text: 便签须登记}
  - {article: "1.2", text: 逾期罚款}
  - {article: "11", text: 爱惜纸张, manual: 倡导}
  - {article: "2", text: 无人实现}
  - {article: 三, text: 标题}
  - {article: 三(一), text: 倡导节约, manual: 倡导}
  - {article: "12", text: 谁可查看}
  - {article: "13", text: 保存一年}
"""
MEMO = """\
code: memo
label: 便签
domain: office
cite: {policy: P05, article: "1.1"}
fields:
  - {code: who, label: 谁, type: person, required: true, basis: "P05-1.1; impl"}
  - {code: day, label: 日, type: date, basis: "P05-1.2; P05-1.1"}
  - {code: n, label: 数, type: integer, basis: impl}
duties:
  - {code: do, label: 办理, owed_by: who, starts: day, done: n, within: [{days: 1, cite: {policy: P05, article: "1.2"}}], breach: late}
breaches:
  - code: late
    label: 逾期
    cite: {policy: P05, article: "1.2"}
    amount: [{money: 5, cite: {policy: P05, article: "1.2"}}]
refuse:
  - {code: first, transition: [], add: true, when: {field: n, is: 1}, cite: {policy: P05, article: "12"}, say: 不收}
retention: {starts: day, keep: [{months: 12, cite: {policy: P05, article: "13"}}]}
access: [{role: clerk, can: [read], cite: {policy: P05, article: "12"}}, {role: everyone, can: [find], cite: {policy: P05, article: "12"}}]
---
indicator: memos
label: 便签数
domain: office
cite: {policy: P05, article: "1.1"}
numerator: {register: memo, by: day}
"""


@pytest.fixture(scope="module")
def articles() -> dict[str, Covered]:
    """The articles of a small policy by their numbers."""
    found = coverage(catalog({"a.yaml": GROUND + "---\n" + POLICY, "b.yaml": MEMO}))
    return {c.article.no: c for c in found["P05"]}


def by(covered: Covered) -> list[tuple[str, str, str]]:
    return [(one.kind, one.path, one.label.zh) for one in covered.by]


def test_an_article_is_implemented_by_whatever_cites_it_and_by_the_fields_it_demands(
    articles: dict[str, Covered],
) -> None:
    assert by(articles["1.1"]) == [
        ("register", "register:memo", "便签"),
        ("field", "memo.who", "谁"),
        ("field", "memo.day", "日"),
        ("indicator", "indicator:memos", "便签数"),
    ]


def test_a_part_that_cites_an_article_twice_is_named_once(articles: dict[str, Covered]) -> None:
    assert by(articles["1.2"]) == [
        ("field", "memo.day", "日"),
        ("duty", "memo.do", "办理"),
        ("penalty", "memo.late", "逾期"),
    ]


def test_rights_refusals_and_retention_implement_articles_too(articles: dict[str, Covered]) -> None:
    assert by(articles["12"]) == [
        ("refusal", "memo.first", "不收"),
        ("right", "memo.access.clerk", "文员"),
        ("right", "memo.access.everyone", "每个人"),
    ]
    assert by(articles["13"]) == [("retention", "memo.retention", "便签")]


def test_an_article_is_implemented_or_manual_or_carried_by_its_parts_or_else_open(articles: dict[str, Covered]) -> None:
    assert {no: c.state for no, c in articles.items()} == {
        "1": "parts",
        "1.1": "implemented",
        "1.2": "implemented",
        "11": "manual",
        "2": "open",
        "三": "parts",
        "三(一)": "manual",
        "12": "implemented",
        "13": "implemented",
    }
    assert counts(tuple(articles.values())) == {"implemented": 4, "manual": 2, "parts": 2, "open": 1}


def test_what_is_below_an_article_is_told_by_its_number(articles: dict[str, Covered]) -> None:
    assert articles["1"].parts == ("1.1", "1.2"), "11, 12 and 13 are articles of their own"
    assert articles["三"].parts == ("三(一)",)


def test_a_catalog_without_policies_has_nothing_to_cover() -> None:
    ground = catalog({"a.yaml": "roles: [{code: clerk, label: 文员}]\n"})
    assert coverage(ground) == {}
    assert counts(()) == {"implemented": 0, "manual": 0, "parts": 0, "open": 0}
