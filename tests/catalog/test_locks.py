"""What of a shipped register stays is known before anybody tries to change it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from app.catalog.adjusting import adjusted
from app.catalog.editing import documents
from app.catalog.kinds import BY_WORD
from app.catalog.locks import Lock, locks

SHIPPED: dict[str, Any] = documents("""
code: letter
label: 信件
domain: post
number: XJ-{seq:4}
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


REGISTER = BY_WORD["register"]
FIELD = ("help", "label"), ("synonyms",), ("required",)
ENTRY = ("help", "label"), (), ()
NOTHING = (), (), ()


def told(document: dict[str, Any]) -> dict[tuple[str | int, ...], tuple[tuple[str, ...], Any]]:
    """Return the articles of each lock, and what may be said anew, added to and tightened all the same."""
    found = locks(REGISTER, SHIPPED, document)
    return {lock.at: (lock.articles, (lock.anew, lock.more, lock.tighter)) for lock in found}


def test_each_entry_names_its_articles_else_those_of_the_register_and_what_may_be_done_all_the_same() -> None:
    assert told(SHIPPED) == {
        ("fields", "writer"): (("P1-A2", "P2-3"), FIELD),
        ("fields", "subject"): (("P1-A1",), FIELD),
        ("duties", "answer"): (("P1-C1", "P1-C2", "P3"), (("help", "label"), ("escalate", "remind"), ())),
        ("duties", "answer", "within", 0): (("P1-C1",), NOTHING),
        ("duties", "answer", "within", 1): (("P1-C2", "P3"), NOTHING),
        ("access", 0): (("P1-A1",), ENTRY),
        ("access", 1): (("P1-E1",), ENTRY),
        ("cite", 0): (("P1-A1",), NOTHING),
        **{(key,): (("P1-A1",), NOTHING) for key in ("number", "follows", "tickets_of")},
        ("retention",): (("P1-R1",), NOTHING),
        ("retention", "keep", 0): (("P1-R1",), NOTHING),
    }


def test_what_the_site_added_itself_is_not_locked_and_what_it_took_away_has_no_place() -> None:
    document = adjusted(
        REGISTER,
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


def test_a_tick_and_a_member_that_were_shipped_are_locked_and_a_target_says_what_may_be_tightened() -> None:
    rate = documents("""
indicator: rate
cite: {policy: P1, article: A1}
numerator: {register: letter}
receives: [head]
target: {ge: 90, cite: {policy: P1, article: C1}}
""")[0]
    assert {lock.at: lock for lock in locks(BY_WORD["indicator"], rate, rate | {"receives": ["head", "clerk"]})} == {
        at: Lock(at, articles, **more)
        for at, articles, more in (
            (("cite", 0), ("P1-A1",), {}),
            (("receives", 0), ("P1-A1",), {}),
            *(((key,), ("P1-A1",), {}) for key in sorted(BY_WORD["indicator"].fixed)),
            (("target",), ("P1-C1",), {"more": ("cite",), "tighter": ("ge", "le", "tolerance")}),
            (("target", "cite", 0), ("P1-C1",), {}),
        )
    }
    keeper = {"code": "keeper", "label": "专管人", "in_person": True, "may": ["close_months"]}
    assert {lock.at for lock in locks(BY_WORD["role"], keeper, keeper)} == {("in_person",), ("may", 0)}
    policy = {"policy": "P1", "label": "制度", "articles": [{"article": "1", "text": "一"}]}
    assert list(locks(BY_WORD["policy"], policy, policy)) == [Lock(("articles", "1"), ("P1-1",), ("manual",))]


def test_a_field_that_is_required_by_an_article_says_so_at_its_tick() -> None:
    register = deepcopy(SHIPPED)
    register["fields"][0]["required"] = True
    found = {lock.at: lock for lock in locks(REGISTER, register, register)}
    assert found["fields", "writer", "required"].articles == ("P1-A2", "P2-3")
    assert found["fields", "writer"].tighter == ()
