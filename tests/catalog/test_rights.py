"""What the definitions give to holders of roles, with the role and the article that give it."""

from __future__ import annotations

from app.catalog.catalog import Catalog
from app.catalog.loader import load
from app.catalog.rights import Rights, powers, rights

FILES = {
    "roles.yaml": """
roles:
  - {code: keeper, label: 保管人}
  - {code: head, label: 主任, may: [decide_appeals]}
---
domains: [{code: keys, label: 钥匙}]
---
policy: K1
label: 钥匙办法
articles: [{article: "1", text: 一}, {article: "2", text: 二}]
---
policy: K2
label: 另一办法
articles: [{article: "1", text: 一}]
""",
    "key.yaml": """
code: key
label: 钥匙
domain: keys
fields:
  - {code: name, label: 名称, type: text, required: true}
  - {code: worth, label: 价值, type: money, seen_by: [head]}
  - {code: place, label: 位置, type: text, edited_by: [head]}
  - {code: holder, label: 持有人, type: person}
  - {code: checked_by, label: 检查人签字, type: signature, by: [head]}
workflow:
  states: [{code: kept, label: 在库}, {code: checked, label: 已检查, locked: true}]
  transitions:
    - {code: check, label: 检查, from: kept, to: checked, by: [keeper, head], sign: checked_by, not_by: [holder], cite: {policy: K1, article: "2"}}
    - {code: give_back, label: 归还, from: checked, to: kept, by: [holder]}
    - {code: strike_out, label: 注销, from: kept, to: checked, by: [created_by]}
    - {code: melt, label: 熔毁, from: checked, to: kept, by: [head], cite: {policy: K2, article: "1"}}
access:
  - {role: keeper, can: [read, edit], cite: {policy: K1, article: "1"}}
  - {role: keeper, can: [delete], cite: {policy: K2, article: "1"}}
  - {role: head, can: [read, edit]}
---
code: use
label: 使用
domain: keys
follows: of
fields:
  - {code: of, label: 钥匙, type: reference, register: key, required: true}
access: [{role: head, can: [add]}]
""",
}


def catalog() -> Catalog:
    found, findings = load(FILES)
    assert found is not None, findings
    return found


def held(role: str, *bound: str) -> dict[str, Rights]:
    return {r.spec.code: r for r in rights(catalog(), {role}, bound)}


def test_a_rule_is_given_with_its_role_and_article_where_its_policy_is_adopted() -> None:
    rules = held("keeper", "K1")["key"].access
    assert [(a.role, a.can, str(a.cite[0])) for a in rules] == [("keeper", ("read", "edit"), "K1-1")]
    assert [a.can for a in held("keeper", "K1", "K2")["key"].access] == [("read", "edit"), ("delete",)]


def test_fields_of_others_are_hidden_or_closed() -> None:
    keeper, head = held("keeper", "K1")["key"], held("head", "K1")["key"]
    assert ([f.code for f in keeper.hidden], [f.code for f in keeper.closed]) == (["worth"], ["place"])
    assert (head.hidden, head.closed) == ((), ())


def test_a_transition_needs_its_party_its_signature_and_its_policy() -> None:
    def steps(role: str, *bound: str) -> list[str]:
        return [s.transition.code for s in held(role, *bound)["key"].steps]

    assert steps("keeper", "K1") == ["give_back", "strike_out"]  # of the two who may check only the head may sign it
    assert steps("head", "K1") == ["check", "give_back", "strike_out"]
    assert steps("head", "K1", "K2") == ["check", "give_back", "strike_out", "melt"]


def test_who_reads_a_record_reads_what_follows_it() -> None:
    assert held("keeper", "K1")["use"].above is not None
    assert "use" not in held("keeper", "K2")  # where the keeper reads no key there is nothing to follow


def test_whoever_holds_no_role_has_no_right_and_no_power() -> None:
    assert rights(catalog(), (), {"K1", "K2"}) == []
    assert powers(catalog(), (), {"K1", "K2"}) == []
    assert [p.kind for p in powers(catalog(), {"head"}, {"K1"})] == ["decide_appeals"]
