"""Definitions in a draft, one by one: what each says as a plain document, and how a change of it comes into the site's files."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.catalog.adjusting import adjusted, adjustment
from app.catalog.dump import in_lines
from app.catalog.editing import Unwritable, documents, rewritten, same
from app.catalog.findings import Finding
from app.catalog.kinds import BY_GROUP, LISTS, kind_of
from app.catalog.loader import SITE
from app.catalog.locks import Lock, locks
from app.catalog.marked import document_spans
from app.catalog.overlay import REMOVE, member
from app.catalog.places import KEYS, Place, place_of, places
from app.errors import CellError, Invalid, Missing, Refused, say
from app.services import administration, drafting
from app.services.panel import Work

_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}")
_OVERLAY_CHECKS = ("D301", "D302", "D303", "D311", "D312", "D313")


@dataclass(frozen=True)
class Definition:
    """One definition of a draft.

    ``document`` is its plain value: of what was shipped as the site adjusts it; ``original`` is that as it was shipped, None for the
    site's own, and ``locks`` what of it stays. ``path`` is the
    site's file that says it, or would, and ``text`` what stands there (empty: nothing yet). ``shipped``: it came with the program;
    ``changed``: the draft changes it.
    """

    group: str
    code: str
    path: str
    document: dict[str, Any]
    text: str
    shipped: bool
    changed: bool
    locks: tuple[Lock, ...] = ()
    original: dict[str, Any] | None = None


def listed(work: Work, number: int, *, changed: bool = False) -> list[Definition]:
    """Return every definition of a draft, as ``get`` does; with ``changed`` those alone that it changes. Raises Forbidden, Missing."""
    drafting.get(work, number)
    files, changes = drafting.files(work, number), drafting.changes(work, number)
    known = places(files)
    if changed:
        touched = {(p.group, p.code) for p in known if p.file in changes}
        known = [p for p in known if (p.group, p.code) in touched]
    read = {p.file: documents(files[p.file]) for p in known}
    return [
        _definition(p, known, files, read, changes) for p in known if not p.extension and _value(p, read) is not None
    ]


def get(work: Work, number: int, group: str, code: str) -> Definition:
    """Return one definition of a draft. Raises Forbidden, Missing; Refused where the YAML of its file cannot be read."""
    drafting.get(work, number)
    return in_files(drafting.files(work, number), group, code, drafting.changes(work, number))


def in_files(files: Mapping[str, str], group: str, code: str, changes: Container[str] = ()) -> Definition:
    """Return one definition of files, of which a draft ``changes`` some. Raises Missing; Refused where the YAML of its file cannot be read."""
    known = places(files)
    place = _place(known, group, code)
    mine = {p.file for p in known if (p.group, p.code) == (group, code)}
    read = {f: documents(files[f]) for f in mine}
    if any(_value(p, read) is None for p in known if (p.group, p.code) == (group, code)):
        raise Refused(say("{file} 的 YAML 有误，请先在文本中更正", file="、".join(sorted(mine))))
    found = _definition(place, known, files, read, changes)
    if not found.shipped:
        return found
    original = _value(place, read)
    return replace(found, locks=tuple(locks(BY_GROUP[group], original, found.document)), original=original)


def _place(known: Sequence[Place], group: str, code: str) -> Place:
    place = place_of(known, group, code) if group in KEYS else None
    if place is None:
        raise Missing
    return place


def _value(place: Place, read: Mapping[str, Sequence[Any]]) -> Any:
    value = read[place.file][place.index]
    for step in place.base:
        value = value[step] if value is not None else None
    return value


def _definition(
    place: Place, known: Sequence[Place], files: Mapping[str, str], read: Mapping[str, Sequence[Any]], changes: Container[str]
) -> Definition:  # fmt: skip
    document, path = _value(place, read), place.file
    if not place.is_site:
        path = _new_path(place.group, place.code, files, extension=True)
        for over in _extensions(known, place):
            path, said = over.file, _value(over, read)
            document = adjusted(BY_GROUP[place.group], document, said) if said is not None else document
    text = files.get(path, "")
    return Definition(place.group, place.code, path, document, text, not place.is_site, path in changes)


def _extensions(known: Sequence[Place], place: Place) -> list[Place]:
    """Return where the site's adjustments of a shipped definition stand, in their order."""
    return [p for p in known if p.extension and (p.group, p.code) == (place.group, place.code)]


def _new_path(group: str, code: str, files: Mapping[str, str], *, extension: bool = False) -> str:
    """Return the file in which a site's new definition stands, or its adjustment of a shipped one."""
    if group in LISTS and not extension:
        return f"{SITE}{group}.yaml"
    free = (f"{SITE}{group}/{code}{n or ''}.yaml" for n in range(1000))
    return next(path for path in free if path not in files)


def write(work: Work, number: int, group: str, code: str, document: Mapping[str, Any], seen: str | None = None) -> str:
    """Let a definition say ``document``, rewriting only what differs; return its code, which a new one may change.

    What was shipped is adjusted by an extension under ``site/``; what that may not say is among the findings. ``seen`` is the text
    that was looked at (see ``drafting.save``). Raises Forbidden, Missing, Refused, Conflict, Invalid.
    """
    administration.demand(work)
    before = get(work, number, group, code)
    files = drafting.files(work, number)
    known = places(files)
    place = _place(known, group, code)
    called = _called(group, document)
    if called != code and (before.shipped or place_of(places(drafting.in_force(work)), group, code) is not None):
        raise Refused(say("代码“{code}”已经在用，不能改；要换名称请改显示名", code=code))
    if called != code:
        _demand_free(known, group, called)
    if seen is not None and seen != before.text:
        drafting.save(work, number, before.path, before.text, seen)
    if same(document, before.document):
        return code
    if place.is_site:
        text = _replaced(files[place.file], place, document)
        drafting.save(work, number, place.file, text)
    else:
        _adjust(work, number, place, known, files, dict(document))
    return called


def _replaced(text: str, place: Place, new: Any) -> str:
    root = documents(text)[place.index]
    if not place.base:
        return _written(text, dict(new), place.index)
    *path, last = place.base
    node = root
    for step in path:
        node = node[step]
    node[last] = new
    return _written(text, root, place.index)


def _written(text: str, root: Any, index: int) -> str:
    try:
        return rewritten(text, root, index)
    except Unwritable:
        raise Refused(say("这些内容写不成 YAML，请检查特殊字符")) from None


def _adjust(
    work: Work, number: int, place: Place, known: Sequence[Place], files: Mapping[str, str], wanted: dict[str, Any]
) -> None:
    """Keep what a site wants of a shipped definition as the last of its extensions."""
    kind, extensions = BY_GROUP[place.group], _extensions(known, place)
    read = {p.file: documents(files[p.file]) for p in (place, *extensions)}
    base = _value(place, read)
    for over in extensions[:-1]:
        base = adjusted(kind, base, _value(over, read))
    extension = adjustment(kind, base, wanted)
    if not extensions:
        path = _new_path(place.group, place.code, files, extension=True)
        drafting.save(work, number, path, in_lines(extension))
        return
    last = extensions[-1]
    if extension.keys() - {"extend", "kind"}:
        drafting.save(work, number, last.file, _written(files[last.file], extension, last.index))
    else:
        _cut(work, number, last, files[last.file])


def _cut(work: Work, number: int, place: Place, text: str) -> None:
    """Take a document out of its file, and the file away with its last one."""
    spans = document_spans(text.removeprefix("\ufeff"))
    if sum(d is not None for d in documents(text)) <= 1:
        drafting.take_away(work, number, place.file)
        return
    start, end = spans[place.index]
    body = text.removeprefix("\ufeff")
    drafting.save(work, number, place.file, (body[:start] + body[end:]).removeprefix("---\n"))


def _called(group: str, document: Mapping[str, Any]) -> str:
    code = document.get(KEYS.get(group, ""))
    if not isinstance(code, str) or not _CODE.fullmatch(code):
        reason = say("请给出代码：以字母开头，只含字母、数字和下划线，最多 41 个字")
        raise Invalid([CellError(KEYS.get(group, "code"), reason, str(code or ""), label="代码")])
    return code


def _demand_free(known: Sequence[Place], group: str, code: str) -> None:
    if place_of(known, group, code) is not None:
        raise Invalid([CellError(KEYS[group], say("代码“{code}”已经有了，请换一个", code=code), code, label="代码")])


def create(work: Work, number: int, group: str, document: Mapping[str, Any]) -> str:
    """Add a definition of the site's own and return its code. Raises Forbidden, Missing, Refused, Invalid."""
    administration.demand(work)
    if group not in KEYS:
        raise Missing
    code, files = _called(group, document), drafting.files(work, number)
    _demand_free(places(files), group, code)
    if group not in LISTS and kind_of(document) is not BY_GROUP[group]:
        raise Refused(
            say("看不出这是哪一种定义：应有 policy、roles、domains、code 与 fields、indicator、extend 或 years 之一")
        )
    path = _new_path(group, code, files)
    if group in LISTS and path in files:
        rows = documents(files[path])
        index = next((i for i, d in enumerate(rows) if isinstance(d, dict) and isinstance(d.get(group), list)), None)
        if index is None:
            raise Refused(say("{file} 的 YAML 有误，请先在文本中更正", file=path))
        rows[index][group].append(dict(document))
        text = _written(files[path], rows[index], index)
    else:
        text = in_lines({group: [dict(document)]} if group in LISTS else dict(document))
    drafting.save(work, number, path, text)
    return code


def remove(work: Work, number: int, group: str, code: str) -> None:
    """Take a definition of the site's own away, or its adjustment of a shipped one. Raises Forbidden, Missing, Refused."""
    administration.demand(work)
    files = drafting.files(work, number)
    known = places(files)
    place: Place | None = _place(known, group, code)
    if place is not None and not place.is_site:
        place = place_of(known, group, code, extension=True)
    if place is None:
        raise Refused(say("随程序附带的定义不能直接改，请在 {folder} 下扩展或新增", folder=SITE))
    if place.base:
        root = documents(files[place.file])[place.index]
        if len(root[group]) > 1:
            del root[group][place.base[1]]
            drafting.save(work, number, place.file, _written(files[place.file], root, place.index))
            return
    _cut(work, number, place, files[place.file])


@dataclass(frozen=True)
class Remark:
    """A finding at its place in a document: ``at`` leads there; group and code are empty for what belongs to no definition."""

    finding: Finding
    group: str
    code: str
    at: tuple[str | int, ...]


def remarks(work: Work, number: int, findings: Sequence[Finding]) -> list[Remark]:
    """Return findings with the places in the documents of ``get`` that they speak of."""
    files = drafting.files(work, number)
    known = places(files)
    return [_remark(f, known, files) for f in findings]


def _remark(finding: Finding, known: Sequence[Place], files: Mapping[str, str]) -> Remark:
    steps = [int(n) if n else word for word, n in re.findall(r"([^.\[\]]+)|\[(\d+)\]", finding.path)]
    group = str(steps[0]) if steps else ""
    if group in LISTS and len(steps) > 1 and isinstance(steps[1], int):
        place = next((p for p in known if p.file == finding.file and p.base == (group, steps[1])), None)
        return Remark(finding, group, place.code if place else "", tuple(steps[2:]))
    if group not in KEYS or len(steps) < 2:
        return Remark(finding, "", "", ())
    code, at = str(steps[1]), steps[2:]
    if finding.check in _OVERLAY_CHECKS:
        at = _in_whole(group, code, at, known, files)
    return Remark(finding, group, code, tuple(at))


def _in_whole(group: str, code: str, at: list[Any], known: Sequence[Place], files: Mapping[str, str]) -> list[Any]:
    """Return where in the adjusted definition a place of its extension is: elements are found by their codes."""
    may = BY_GROUP[group].may
    if at[:1] == [REMOVE]:
        return [*(k for k, m in may.inside.items() if at[1] in m.lists), at[1]] if len(at) > 1 else []
    path, lists = (at[:2], may.inside[at[0]].lists) if at and at[0] in may.inside else (at[:1], may.lists)
    if path[-1:] and path[-1] in lists and len(at) > len(path):
        by, index = lists[path[-1]].by, at[len(path)]
        read = {p.file: documents(files[p.file]) for p in known if (p.group, p.code) == (group, code)}
        shipped, over = place_of(known, group, code), place_of(known, group, code, extension=True)
        if shipped is not None and over is not None and (value := _value(over, read)) is not None:
            named = member(_at(_at(value, path), [index]), by)
            whole = _at(adjusted(BY_GROUP[group], _value(shipped, read) or {}, value), path) or []
            found = next((i for i, e in enumerate(whole) if isinstance(e, dict) and e.get(by) == named), index)
            return [*path, found, *at[len(path) + 1 :]]
    return at


def _at(value: Any, path: Sequence[Any]) -> Any:
    for step in path:
        inside = isinstance(value, dict) or (isinstance(value, list) and isinstance(step, int) and step < len(value))
        value = (value.get(step) if isinstance(value, dict) else value[step]) if inside else None
    return value
