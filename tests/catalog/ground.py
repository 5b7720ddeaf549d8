"""A small sound set of definitions that tests stand on, and short ways to load and to write more."""

from __future__ import annotations

from collections.abc import Mapping

from app.catalog.catalog import Catalog
from app.catalog.findings import Finding
from app.catalog.loader import load

GROUND = """\
roles: [{code: clerk, label: 文员}, {code: head, label: 主管}]
---
domains: [{code: office, label: 办公}]
---
policy: P01
label: 办公制度
articles: [{article: A1, text: 逐件登记。}]
---
code: letter
label: 信件
domain: office
fields:
  - {code: subject, label: 事由, type: text}
  - {code: writer, label: 撰写人, type: person, required: true}
  - {code: sent_on, label: 寄出日期, type: date}
  - {code: kind, label: 类别, type: choice, choices: [平信, 挂号]}
  - {code: tags, label: 标签, type: choices, choices: [急, 密]}
workflow:
  states: [{code: open, label: 待办}, {code: shut, label: 办结, locked: true}]
  transitions: [{code: close, label: 办结, from: open, to: shut, by: [clerk]}]
breaches: [{code: lost, label: 遗失, clause: A1, reported_by: [clerk], counter: month}]
counters: [{code: month, label: 月度}]
access: [{role: clerk, can: [read]}]
---
code: ticket
label: 处罚单
domain: office
tickets_of: [month]
fields: []
access: [{role: clerk, can: [read]}]
"""
"""No finding comes from it, not even a warning."""


def files(text: str, file: str = "bad.yaml") -> dict[str, str]:
    """Return the ground and one more file."""
    return {"about.yaml": GROUND, file: text}


def found(text: str, file: str = "bad.yaml") -> list[Finding]:
    """Return what is wrong with the ground and one more file."""
    return load(files(text, file))[1]


def catalog(given: Mapping[str, str]) -> Catalog:
    """Return the catalog of definitions that must be sound."""
    loaded, findings = load(given)
    assert loaded is not None, "\n".join(map(str, findings))
    return loaded


def register(body: str) -> str:
    """Return a register ``memo`` in four lines, which lacks nothing but ``fields``; ``body`` begins on line 5."""
    return f"code: memo\nlabel: 便签\ndomain: office\naccess: [{{role: clerk, can: [read]}}]\n{body}\n"
