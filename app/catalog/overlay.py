"""A site's own adjustments of shipped registers: they add, tighten and rename; they never remove, retype or relax."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from app.catalog.base import Spec
from app.catalog.findings import Finding
from app.catalog.marked import Loc, MarkedList, MarkedMap, Source, plain, words
from app.catalog.register import RegisterSpec
from app.errors import say
from app.fields.label import Label

REMOVALS = frozenset({"remove", "delete", "drop", "hide"})


class Extension(Spec):
    """What this site adds to a register that it was shipped with.

    An entry whose ``code`` the register has already may rename it (``label``, ``help``) and make a field ``required``;
    any other entry is added.
    """

    extend: str
    """The register's code."""
    label: Label | None = None
    help: Label | None = None
    title: tuple[str, ...] | None = None
    columns: tuple[str, ...] | None = None
    order: str | None = None
    fields: tuple[dict[str, Any], ...] = ()
    unique_together: tuple[tuple[str, ...], ...] = ()
    checks: tuple[dict[str, Any], ...] = ()
    workflow: dict[str, tuple[dict[str, Any], ...]] = Field(default_factory=dict)
    """``states`` and ``transitions``, to be renamed only."""
    duties: tuple[dict[str, Any], ...] = ()
    breaches: tuple[dict[str, Any], ...] = ()
    counters: tuple[dict[str, Any], ...] = ()
    access: tuple[dict[str, Any], ...] = ()
    prints: tuple[dict[str, Any], ...] = ()


REPLACED = ("label", "help", "title", "columns", "order")
ADDED = ("fields", "unique_together", "checks", "duties", "breaches", "counters", "access", "prints")
FLOW = ("states", "transitions")
FIXED = frozenset(f.alias or k for k, f in RegisterSpec.model_fields.items()) - {*REPLACED, *ADDED, "workflow", "code"}
"""What of a register only its own definition says."""


def articles(node: Any) -> str:
    """Return the articles that a written definition cites anywhere in it, as ``P05-C1、P05-D1``."""
    return "、".join(dict.fromkeys(_articles(node)))


def _articles(node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "cite":
            for c in value if isinstance(value, list) else [value]:
                if isinstance(c, dict):
                    yield "-".join(str(c[k]) for k in ("policy", "article") if c.get(k))
        elif key == "basis":
            yield from (clause for part in str(value).split(";") if (clause := part.strip()) not in ("", "impl"))
        else:
            yield from _articles(value)


def _copy(node: Any) -> Any:
    """Return a marked value that can be changed without changing the original."""
    if isinstance(node, MarkedMap):
        mapping = MarkedMap(node.at)
        for key, value in node.items():
            mapping.put(key, _copy(value), node.places[key])
        return mapping
    if isinstance(node, MarkedList):
        row = MarkedList(node.at)
        for i, value in enumerate(node):
            row.put(_copy(value), node.places[i])
        return row
    return node


def extend(register: MarkedMap, extension: MarkedMap, source: Source) -> tuple[MarkedMap, list[Finding]]:
    """Return ``register`` with ``extension`` laid over it, and what was refused; ``source`` is the extension's.

    Each part keeps the place where it was written. The extension's shape has been checked.
    """
    merged: MarkedMap = _copy(register)
    findings: list[Finding] = []
    whole = articles({"cite": register.get("cite")})
    for key in REPLACED:
        if key in extension:
            merged.put(key, extension[key], extension.places[key])
    for key in ADDED:
        findings += _lay(merged, extension, key, (key,), source, whole, add=True)
    if isinstance(flow := extension.get("workflow"), MarkedMap):
        under = merged.get("workflow")
        for key in flow:
            if key in FLOW and isinstance(under, MarkedMap):
                findings += _lay(under, flow, key, ("workflow", key), source, whole, add=False)
            else:
                findings.append(source.finding("D302", ("workflow", key), say("扩展只能给已有的状态和流转改名")))
    return merged, findings


def _lay(
    base: MarkedMap, over: MarkedMap, key: str, loc: Loc, source: Source, whole: str, *, add: bool
) -> Iterator[Finding]:
    """Lay one list of an extension over that of the register."""
    if not isinstance(entries := over.get(key), MarkedList):
        return
    if not isinstance(base.get(key), MarkedList):
        base.put(key, MarkedList(over.places[key]), over.places[key])
    existing = {e["code"]: e for e in base[key] if isinstance(e, MarkedMap) and "code" in e}
    for i, entry in enumerate(entries):
        old = existing.get(entry.get("code")) if isinstance(entry, MarkedMap) else None
        if old is not None:
            yield from _change(old, entry, (*loc, i), source, whole)
        elif add:
            base[key].put(entry, entries.places[i])
        else:
            yield source.finding("D302", (*loc, i), say("扩展只能给已有的状态和流转改名"))


def _change(old: MarkedMap, entry: MarkedMap, loc: Loc, source: Source, whole: str) -> Iterator[Finding]:
    """Rename or tighten one part of a register; refuse the rest, naming the article."""
    cited = articles(old) or whole
    is_field = loc[0] == "fields"
    for key, value in entry.items():
        if key == "code" or plain(value) == plain(old.get(key)):
            continue
        tightens = is_field and key == "required" and (value is True or not (old.get(key) and cited))
        if key in ("label", "help") or tightens:
            old.put(key, value, entry.places[key])
        elif is_field and key == "synonyms" and isinstance(value, list):
            both = MarkedList(entry.places[key])
            for synonym in dict.fromkeys([*plain(old.get(key) or []), *value]):
                both.put(synonym, entry.places[key])
            old.put(key, both, entry.places[key])
        elif is_field and key == "required":
            yield source.finding("D303", (*loc, key), say("依据 {articles} 必填，不能放宽", articles=cited))
        elif is_field and key == "type":
            retyped = say("不能改变字段类型（{old} → {new}）{basis}", old=old.get(key), new=value, basis=basis(cited))
            yield source.finding("D302", (*loc, key), retyped)
        else:
            changed = say("扩展不能改动“{key}”，只能改名、加严或新增{basis}", key=key, basis=basis(cited))
            yield source.finding("D302", (*loc, key), changed)


def basis(cited: str) -> Any:
    """Return the article in brackets that a refusal rests on; nothing where there is none."""
    return say("（依据 {articles}）", articles=cited) if cited else ""


def removal(extension: MarkedMap, register: MarkedMap, source: Source) -> list[Finding]:
    """Return the findings for keys by which an extension tries to take something away.

    What ``remove: {fields: [subject]}`` names is told one by one, each with the article that demands it.
    """
    whole = articles({"cite": register.get("cite")})
    findings = []
    for key in extension:
        if key in REMOVALS and isinstance(named := extension[key], MarkedMap):
            for part, gone in named.items():
                for i, one in enumerate(gone if isinstance(gone, MarkedList) else [gone]):
                    loc = (key, part, i) if isinstance(gone, MarkedList) else (key, part)
                    cited = basis(articles(_named(register, part, one)) or whole)
                    name = words((part, str(one))) if isinstance(one, str) else part
                    findings.append(
                        source.finding("D302", loc, say("扩展不能删除“{name}”{basis}", name=name, basis=cited))
                    )
        elif key in REMOVALS:
            findings.append(source.finding("D302", (key,), say("扩展不能删除登记簿的内容{basis}", basis=basis(whole))))
    return findings


def _named(register: MarkedMap, part: str, one: Any) -> Any:
    """Return what ``remove`` names: an element by its code or itself, or all of a key."""
    inside = register.get("workflow") if part in FLOW else register
    group = inside.get(part) if isinstance(inside, dict) else None
    if not isinstance(group, list):
        return {part: group}
    found = (
        e
        for e in group
        if (e.get("code") == one if isinstance(one, str) and isinstance(e, dict) else plain(e) == plain(one))
    )
    return next(found, None)


def unchangeable(extension: MarkedMap, register: MarkedMap, source: Source) -> list[Finding]:
    """Return the findings for keys of a register that an extension has no say in, such as its number or its citation."""
    return [
        source.finding(
            "D302", (key,), say("扩展不能改动“{key}”，只能改名、加严或新增{basis}", key=key, basis=basis(cited))
        )
        for key in extension
        if key in FIXED
        for cited in [articles({key: register.get(key)}) or articles({"cite": register.get("cite")})]
    ]
