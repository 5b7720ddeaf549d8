"""New definitions under a site's adjustments: where the two no longer fit, told before anything is applied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from app.catalog.findings import Finding
from app.catalog.loader import SITE
from app.catalog.marked import Loc, MarkedList, MarkedMap, Source, read_documents
from app.catalog.overlay import ADDED, FLOW
from app.catalog.words import KINDS
from app.errors import say

ADJUSTING = frozenset({"code", "label", "help", "required", "synonyms"})
"""Keys of an entry that renames or tightens what a register has already."""


def conflicts(old: Mapping[str, str], new: Mapping[str, str]) -> list[Finding]:
    """Return where the site's extensions in ``new`` (path → YAML) no longer fit its shipped registers, as they did those of ``old``.

    What the loader refuses anyhow is told here in the words of an upgrade: a register that is gone, an entry that both define now,
    an entry that was renamed or tightened and is gone.
    """
    if {p: t for p, t in old.items() if not p.startswith(SITE)} == {
        p: t for p, t in new.items() if not p.startswith(SITE)
    }:
        return []
    before, after = _registers(old), _registers(new)
    found: list[Finding] = []
    for file in sorted(p for p in new if p.startswith(SITE)):
        for root, _ in read_documents(file, new[file]):
            if isinstance(root, MarkedMap) and "extend" in root:
                code = str(root["extend"])
                found += _of_extension(root, code, before.get(code), after.get(code))
    return found


def _registers(files: Mapping[str, str]) -> dict[str, MarkedMap]:
    roots = (
        root for file, text in files.items() if not file.startswith(SITE) for root, _ in read_documents(file, text)
    )
    return {str(r["code"]): r for r in roots if isinstance(r, MarkedMap) and "code" in r and "fields" in r}


def _of_extension(root: MarkedMap, code: str, old: MarkedMap | None, new: MarkedMap | None) -> Iterator[Finding]:
    source = Source(root, f"registers.{code}")
    if old is None:
        return
    if new is None:
        gone = say("新版的随附定义没有《{name}》了，本地对它的调整不再适用", name=_label(old))
        yield source.finding("D311", ("extend",), gone)
        return
    for path in (*((key,) for key in ADDED), *(("workflow", key) for key in FLOW)):
        there, here = _codes(old, path), _codes(new, path)
        for i, entry in enumerate(_at(root, path)):
            named = entry.get("code") if isinstance(entry, dict) else None
            loc: Loc = (*path, i)
            if named is None or (named in there) == (named in here):
                continue
            adjusts = entry.keys() <= ADJUSTING
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


def _codes(register: MarkedMap, path: tuple[str, ...]) -> dict[str, Any]:
    return {str(e["code"]): e for e in _at(register, path) if isinstance(e, dict) and "code" in e}


def _label(entry: Any) -> str:
    label = entry.get("label", entry.get("code", ""))
    return str(label.get("zh", "") if isinstance(label, dict) else label)
