"""New definitions under a site's adjustments: where the two no longer fit, told before anything is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.catalog.adjustable import Members
from app.catalog.findings import Finding
from app.catalog.kinds import LISTS, Kind, kind_of
from app.catalog.loader import SITE
from app.catalog.marked import Loc, MarkedList, MarkedMap, Source, read_documents
from app.catalog.overlay import member
from app.catalog.words import KINDS
from app.errors import say


def conflicts(old: Mapping[str, str], new: Mapping[str, str]) -> list[Finding]:
    """Return where the site's extensions in ``new`` (path → YAML) no longer fit its shipped definitions, as they did those of ``old``.

    What the loader refuses anyhow is told here in the words of an upgrade: a definition that is gone, an entry that both define now,
    an entry that was renamed or tightened and is gone.
    """
    if {p: t for p, t in old.items() if not p.startswith(SITE)} == {
        p: t for p, t in new.items() if not p.startswith(SITE)
    }:
        return []
    before, after = _shipped(old), _shipped(new)
    found: list[Finding] = []
    for file in sorted(p for p in new if p.startswith(SITE)):
        for root, _ in read_documents(file, new[file]):
            if isinstance(root, MarkedMap) and "extend" in root and (kind := kind_of(root)) is not None:
                which = kind.group, str(root["extend"])
                found += _of_extension(root, kind, before.get(which), after.get(which))
    return found


def _shipped(files: Mapping[str, str]) -> dict[tuple[str, str], MarkedMap]:
    """Return the shipped definitions of files by (group, code)."""
    roots = (root for f, text in files.items() if not f.startswith(SITE) for root, _ in read_documents(f, text))
    found: dict[tuple[str, str], MarkedMap] = {}
    for root in (r for r in roots if isinstance(r, MarkedMap)):
        if (kind := kind_of(root)) is not None:
            rows = _at(root, (kind.group,)) if kind.group in LISTS else [root]
            found |= {(kind.group, str(r[kind.key])): r for r in rows if isinstance(r, MarkedMap) and kind.key in r}
    return found


def _of_extension(root: MarkedMap, kind: Kind, old: MarkedMap | None, new: MarkedMap | None) -> Iterator[Finding]:
    source = Source(root, f"{kind.group}.{root['extend']}")
    if old is None:
        return
    if new is None:
        gone = say("新版的随附定义没有《{name}》了，本地对它的调整不再适用", name=_label(old))
        yield source.finding("D311", ("extend",), gone)
        return
    lists: list[tuple[tuple[str, ...], Members]] = [((key,), members) for key, members in kind.may.lists.items()]
    lists += [((key, inner), members) for key, may in kind.may.inside.items() for inner, members in may.lists.items()]
    for path, members in lists:
        there, here = _codes(old, path, members.by), _codes(new, path, members.by)
        for i, entry in enumerate(_at(root, path)):
            named = member(entry, members.by)
            loc: Loc = (*path, i)
            if named is None or (named in there) == (named in here):
                continue
            adjusts = entry.keys() <= members.may.keys | {members.by}
            what = {"kind": KINDS.get(path[-1], path[-1]), "name": _label((here | there)[named])}
            if named in here and not adjusts:
                yield source.finding(
                    "D312",
                    loc,
                    say("本地新增的{kind}“{name}”，新版的随附定义里也有了：请删去本地的，或另取代码", **what),
                )
            elif named in there and adjusts:
                yield source.finding(
                    "D313", loc, say("本地调整过的{kind}“{name}”，新版的随附定义里没有了：请删去这项调整", **what)
                )


def _at(root: Any, path: tuple[str, ...]) -> list[Any]:
    for key in path:
        root = root.get(key) if isinstance(root, dict) else None
    return root if isinstance(root, MarkedList) else []


def _codes(definition: MarkedMap, path: tuple[str, ...], by: str) -> dict[Any, Any]:
    return {e[by]: e for e in _at(definition, path) if isinstance(e, dict) and by in e}


def _label(entry: Any) -> str:
    label = entry.get("label", entry.get("code", entry.get("article", "")))
    return str(label.get("zh", "") if isinstance(label, dict) else label)
