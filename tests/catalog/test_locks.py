"""What of a shipped register stays is known before anybody tries to change it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from app.catalog.adjusting import adjusted
from app.catalog.editing import documents
from app.catalog.locks import locks

SHIPPED: dict[str, Any] = documents("""
code: letter
label: 信件
domain: post
cite: {policy: P1, article: A1}
fields:
  - {code: writer, label: 撰写人, type: person, basis: P1-A2; P2-3}
  - {code: subject, label: 事由, type: text, basis: impl}
duties:
  - code: answer
    label: 答复
    owed_by: writer
    within: [{working_days: 3, cite: {policy: P1, article: C1}}, {days: 9, cite: [{policy: P1, article: C2}, {policy: P3}]}]
access: [{role: clerk, can: [read]}, {role: chief, can: [read], cite: {policy: P1, article: E1}}]
retention: {keep: [{months: 60, cite: {policy: P1, article: R1}}]}
""")[0]


def told(document: dict[str, Any]) -> dict[tuple[str | int, ...], tuple[tuple[str, ...], str]]:
    return {lock.at: (lock.articles, lock.leaves) for lock in locks(SHIPPED, document)}


def test_each_entry_names_its_articles_else_those_of_the_register_and_what_may_be_done_all_the_same() -> None:
    assert told(SHIPPED) == {
        ("fields", "writer"): (("P1-A2", "P2-3"), "field"),
        ("fields", "subject"): (("P1-A1",), "field"),
        ("duties", "answer"): (("P1-C1", "P1-C2", "P3"), "entry"),
        ("duties", "answer", "within", 0): (("P1-C1",), "nothing"),
        ("duties", "answer", "within", 1): (("P1-C2", "P3"), "nothing"),
        ("access", 0): (("P1-A1",), "entry"),
        ("access", 1): (("P1-E1",), "entry"),
        ("cite",): (("P1-A1",), "nothing"),
        ("domain",): (("P1-A1",), "nothing"),
        ("retention",): (("P1-R1",), "nothing"),
        ("retention", "keep", 0): (("P1-R1",), "nothing"),
    }


def test_what_the_site_added_itself_is_not_locked_and_what_it_took_away_has_no_place() -> None:
    document = adjusted(
        deepcopy(SHIPPED),
        {
            "extend": "letter",
            "fields": [{"code": "room", "label": "房间", "type": "text"}],
            "access": [{"role": "auditor", "can": ["read"]}],
        },
    )
    document["access"] = document["access"][1:]
    found = told(document)
    assert ("fields", "room") not in found
    assert {at: articles for at, (articles, _) in found.items() if at[0] == "access"} == {("access", 0): ("P1-E1",)}
