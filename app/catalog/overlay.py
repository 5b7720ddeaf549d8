"""A site's own say in shipped definitions laid over them: it adds, tightens and renames; it never removes, retypes or relaxes."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.catalog.adjustable import May, Members
from app.catalog.findings import Finding
from app.catalog.kinds import Kind
from app.catalog.marked import Loc, MarkedList, MarkedMap, Place, Source, plain, words
from app.catalog.misfits import called_at
from app.catalog.words import KINDS, TYPES
from app.errors import Called, Sentence, say

REMOVE = "remove"
REMOVALS = frozenset({REMOVE, "delete", "drop", "hide"})


def articles(node: Any) -> str:
    """Return the articles that a written definition cites anywhere in it, as ``P05-C1、P05-D1``."""
    return "、".join(dict.fromkeys(_articles(node)))


def _articles(node: Any) -> Iterator[str]:
    for key, value in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        if key == "cite":
            for c in listed(value):
                if isinstance(c, dict):
                    yield "-".join(str(c[k]) for k in ("policy", "article") if c.get(k))
        elif key == "basis":
            yield from (clause for part in str(value).split(";") if (clause := part.strip()) not in ("", "impl"))
        else:
            yield from _articles(value)


def demanding(definition: Any, part: Any = None) -> str:
    """Return the articles that demand a part of a written definition: those it cites, else those of the whole; an article is one itself."""
    if isinstance(part, dict) and "policy" in definition and "article" in part:
        return f"{definition['policy']}-{part['article']}"
    return articles(part) or articles({"cite": definition.get("cite")})


def listed(value: Any) -> list[Any]:
    """Return a value that may be written as a list or as its only member as a list."""
    return list(value) if isinstance(value, list) else [] if value is None else [value]


def member(entry: Any, by: str) -> Any:
    """Return the code of a member of a list; None where it has none."""
    return entry.get(by) if isinstance(entry, dict) else None


def relaxes(may: May, key: str, old: Any, new: Any) -> bool:
    """Return whether saying ``new`` of a tick or a number asks for less than ``old``."""
    if key in may.stricter:
        return bool(old) and new is not True
    if old is None:
        return False
    if not isinstance(new, int | Decimal) or isinstance(new, bool):
        return True
    return bool(new < old if key in may.rising else new > old)


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


def extend(definition: MarkedMap, extension: MarkedMap, source: Source, kind: Kind) -> tuple[MarkedMap, list[Finding]]:
    """Return a ``definition`` with ``extension`` laid over it, and what was refused; ``source`` is the extension's.

    Each part keeps the place where it was written. The extension's shape has been checked.
    """
    merged: MarkedMap = _copy(definition)
    laying = _Laying(definition, source, kind)
    return merged, list(laying.over(merged, extension, (), kind.may, demanding(definition)))


class _Laying:
    """The laying of one extension over its definition."""

    def __init__(self, definition: MarkedMap, source: Source, kind: Kind) -> None:
        self.definition = definition
        self.source = source
        self.model = kind.model

    def over(self, old: MarkedMap, said: MarkedMap, loc: Loc, may: May, cited: str) -> Iterator[Finding]:
        """Lay what is ``said`` of a part over it; ``loc`` is where it is said, ``cited`` what demands the part."""
        for key, value in said.items():
            at, under = (*loc, key), old.get(key)
            if (not loc and key not in may.keys) or plain(value) == plain(under):
                continue
            if key in may.lists and isinstance(value, MarkedList):
                yield from self.members(old, said, key, loc, may.lists[key])
            elif key in may.inside and isinstance(value, MarkedMap) and isinstance(under, MarkedMap):
                yield from self.over(under, value, at, may.inside[key], articles(under) or cited)
            elif key in may.inside and may.inside[key].start and under is None:
                old.put(key, value, said.places[key])
            elif key in may.more and isinstance(value, list | dict | str):
                old.put(key, _both(under, value, said.places[key]), said.places[key])
            elif key not in may.anew | may.stricter | may.rising | may.falling:
                yield self.refused(old, at, value, cited)
            elif key not in may.anew and (cited or may.firm) and relaxes(may, key, under, value):
                yield self.source.finding("D303", at, self.relaxed(at, under, cited))
            else:
                old.put(key, value, said.places[key])

    def members(self, old: MarkedMap, said: MarkedMap, key: str, loc: Loc, members: Members) -> Iterator[Finding]:
        """Lay one list over that of the definition: what has a code there is changed, the rest is added."""
        entries = said[key]
        if not isinstance(old.get(key), MarkedList):
            old.put(key, MarkedList(said.places[key]), said.places[key])
        known = {member(e, members.by): e for e in old[key] if member(e, members.by) is not None}
        for i, entry in enumerate(entries):
            at = (*loc, key, i)
            before = known.get(member(entry, members.by))
            if before is not None:
                told = MarkedMap(entry.at)
                for k in entry:
                    if k != members.by:
                        told.put(k, entry[k], entry.places[k])
                yield from self.over(before, told, at, members.may, demanding(self.definition, before))
            elif members.grow:
                old[key].put(entry, entries.places[i])
            else:
                yield self.source.finding("D302", at, say("扩展不能增加状态和流转，只能调整已有的"))

    def refused(self, old: MarkedMap, at: Loc, value: Any, cited: str) -> Finding:
        """Return that a key stays as it was shipped."""
        if at[-1] == "type":
            sentence = say(
                "不能改变字段类型（{old} → {new}）{basis}",
                old=_type(old.get("type")),
                new=_type(value),
                basis=basis(cited),
            )
        elif at[0] == "workflow":
            sentence = say(
                "扩展不能改动“{key}”，流程里只能调整已有的状态和流转{basis}",
                key=called_at(self.model, at),
                basis=basis(cited),
            )
        elif at[0] == "articles":
            sentence = say("条款 {article} 的原文不能改写；公司自己的要求请另加条款", article=cited)
        else:
            sentence = say(
                "扩展不能改动“{key}”，只能改名、加严或新增{basis}", key=called_at(self.model, at), basis=basis(cited)
            )
        return self.source.finding("D302", at, sentence)

    def relaxed(self, at: Loc, old: Any, cited: str) -> Sentence:
        """Return that a key asks for no less than it was shipped with."""
        if at[-1] == "required":
            return say("依据 {articles} 必填，不能放宽", articles=cited)
        key = called_at(self.model, at)
        if isinstance(old, bool):
            return (
                say("依据 {articles}，“{key}”不能取消", articles=cited, key=key)
                if cited
                else say("随程序附带的“{key}”不能取消", key=key)
            )
        return say("依据 {articles}，“{key}”只能加严，原为 {old}", articles=cited, key=key, old=old)


def _type(word: Any) -> Any:
    return Called(TYPES[word].template, {}, word) if word in TYPES else word


def _both(old: Any, new: Any, at: Place) -> MarkedList:
    """Return what stood in a list with what is said beside it, each once."""
    both = MarkedList(at)
    for value in [*listed(old), *listed(new)]:
        if plain(value) not in plain(both):
            both.put(value, at)
    return both


def basis(cited: str) -> Any:
    """Return the article in brackets that a refusal rests on; nothing where there is none."""
    return say("（依据 {articles}）", articles=cited) if cited else ""


def removal(extension: MarkedMap, definition: MarkedMap, source: Source, kind: Kind) -> list[Finding]:
    """Return the findings for keys by which an extension tries to take something away.

    What ``remove: {fields: [subject]}`` names is told one by one, each with the article that demands it.
    """
    findings = []
    for key in extension:
        if key in REMOVALS and isinstance(named := extension[key], MarkedMap):
            for part, gone in named.items():
                for i, one in enumerate(gone if isinstance(gone, MarkedList) else [gone]):
                    loc = (key, part, i) if isinstance(gone, MarkedList) else (key, part)
                    there = _named(definition, part, one, kind)
                    what = {"name": _removed(part, one, there, kind), "basis": basis(demanding(definition, there))}
                    findings.append(source.finding("D302", loc, say("扩展不能删除{name}{basis}", **what)))
        elif key in REMOVALS:
            gone = say("扩展不能删除随附的内容{basis}", basis=basis(demanding(definition)))
            findings.append(source.finding("D302", (key,), gone))
    return findings


def _removed(part: str, one: Any, there: Any, kind: Kind) -> Called:
    """Return what an extension would remove: by its key and code for whoever writes files, by its name on pages."""
    word = f"“{words((part, str(one)))}”" if isinstance(one, str) else f"“{part}”"
    label = there.get("label", there.get("article")) if isinstance(there, dict) else None
    if label is not None and part in KINDS:
        name = label.get("zh", "") if isinstance(label, dict) else label
        return Called("{kind}“{name}”", {"kind": KINDS[part], "name": name}, word)
    return Called("“{key}”", {"key": called_at(kind.model, (part,))}, word)


def _named(definition: MarkedMap, part: str, one: Any, kind: Kind) -> Any:
    """Return what ``remove`` names: an element by its code or itself, or all of a key."""
    may = kind.may
    inside = next((definition.get(k) for k, m in may.inside.items() if part in m.lists), definition)
    group = inside.get(part) if isinstance(inside, dict) else None
    by = next((m.lists[part].by for m in (may, *may.inside.values()) if part in m.lists), "code")
    if not isinstance(group, list):
        return {part: group}
    found = (
        e
        for e in group
        if (member(e, by) == one if isinstance(e, dict) and isinstance(one, str | int) else plain(e) == plain(one))
    )
    return next(found, None)


def unchangeable(extension: MarkedMap, definition: MarkedMap, source: Source, kind: Kind) -> list[Finding]:
    """Return the findings for keys of a definition that an extension has no say in, such as what an indicator counts."""
    laying = _Laying(definition, source, kind)
    return [
        laying.refused(
            definition, (key,), extension[key], articles({key: definition.get(key)}) or demanding(definition)
        )
        for key in extension
        if key in kind.fixed
    ]
