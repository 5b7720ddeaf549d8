"""A site's adjustment of a shipped definition, from what the definition shall look like; and what it then looks like."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from app.catalog.adjustable import May, Members
from app.catalog.editing import same
from app.catalog.kinds import Kind
from app.catalog.overlay import REMOVE, listed, member

Document = dict[str, Any]


def adjustment(kind: Kind, shipped: Document, wanted: Document) -> Document:
    """Return the extension (``extend: …``) that makes ``wanted`` of a shipped definition, both plain.

    What an extension may not say is in it all the same, as a change or under ``remove``: the loader refuses it, naming the article.
    Of a list the extension says what is new, changed or gone, not the order.
    """
    gone: Document = {}
    changes = _changes(shipped, wanted, kind.may, gone, kind.key)
    for key, value in shipped.items():
        if key not in wanted:
            by = kind.may.lists[key].by if key in kind.may.lists else ""
            gone[key] = [member(e, by) or e for e in value] if by else True
    word = {} if kind.word == "register" else {"kind": kind.word}
    extension = {"extend": shipped[kind.key]} | word | changes
    _put(extension, REMOVE, gone)
    return extension


def adjusted(kind: Kind, shipped: Document, extension: Document) -> Document:
    """Return a shipped definition as an extension wants it, allowed or not; both plain and left as they are."""
    said = {k: v for k, v in extension.items() if k not in ("extend", "kind", REMOVE)}
    found = _laid(shipped, said, kind.may)
    gone = extension.get(REMOVE)
    for key, named in gone.items() if isinstance(gone, dict) else ():
        part = next((k for k, may in kind.may.inside.items() if key in may.lists), "")
        inside = found.get(part, {}) if part else found
        may = kind.may.inside[part] if part else kind.may
        if named is True or key not in may.lists.keys() | may.more:
            inside.pop(key, None)
            continue
        by = may.lists[key].by if key in may.lists else ""
        left = [e for e in listed(inside.get(key)) if not any(same(e, n) or (by and member(e, by) == n) for n in named)]
        alone = len(left) == 1 and key in may.more and not isinstance(shipped.get(key), list)
        inside[key] = left[0] if alone else left
        if not left:
            del inside[key]
    return found


def _changes(old: Document, new: Document, may: May, gone: Document, by: str) -> Document:
    """Return what ``new`` says otherwise than ``old``; what is missing from its lists goes to ``gone``, under their keys."""
    found: Document = {}
    for key, value in new.items():
        under = old.get(key)
        if key == by or same(value, under):
            continue
        if key in may.lists and isinstance(value, list):
            _put(found, key, _entries(under or [], value, may.lists[key], key, gone))
        elif key in may.inside and isinstance(value, dict) and isinstance(under, dict):
            inner = _changes(under, value, may.inside[key], gone, "")
            for part, members in may.inside[key].lists.items():
                if part not in value:
                    _entries(under.get(part) or [], [], members, part, gone)
            left_out = under.keys() - value.keys() - may.inside[key].lists.keys()
            _put(found, key, inner | dict.fromkeys(sorted(left_out)))
        elif key in may.more and isinstance(value, list | dict):
            _put(found, key, [v for v in listed(value) if not _among(v, listed(under))])
            _put(gone, key, [v for v in listed(under) if not _among(v, listed(value))])
        else:
            found[key] = value
    return found


def _entries(base: list[Any], wanted: list[Any], members: Members, key: str, gone: Document) -> list[Any]:
    """Return what of a list is new or changed; what is missing goes to ``gone`` under ``key``."""
    found, left, by = [], list(base), members.by
    for entry in wanted:
        code = member(entry, by)
        old = next((e for e in left if (member(e, by) == code if code else same(e, entry))), None)
        if old is None:
            found.append(entry)
            continue
        left.remove(old)
        if not same(old, entry):
            found.append({by: code} | _differing(old, entry, members.may))
    _put(gone, key, [member(e, by) or e for e in left])
    return found


def _differing(old: Document, new: Document, may: May) -> Document:
    """Return the keys of an entry that say something else; what was left out is said as nothing, a tick as not."""
    changes = {k: v for k, v in new.items() if k not in old or not same(v, old[k])}
    return changes | {k: False if k in may.stricter else None for k in old if k not in new}


def _laid(base: Document, said: Document, may: May) -> Document:
    """Return ``base`` with what is ``said`` in its place or beside it; nothing is said of a key by leaving it empty."""
    found = deepcopy(base)
    for key, value in said.items():
        under = found.get(key)
        if key in may.lists and isinstance(value, list):
            found[key] = _members(under or [], value, may.lists[key])
        elif key in may.inside and isinstance(value, dict) and isinstance(under, dict):
            found[key] = _laid(under, value, may.inside[key])
        elif key in may.more and isinstance(value, list | dict):
            more = [v for v in listed(value) if not _among(v, listed(under))]
            found[key] = [*listed(under), *deepcopy(more)] if more else under
        elif value is None:
            found.pop(key, None)
        else:
            found[key] = deepcopy(value)
    return found


def _members(base: list[Any], entries: list[Any], members: Members) -> list[Any]:
    found = list(base)
    for entry in entries:
        code = member(entry, members.by)
        at = next((i for i, e in enumerate(found) if code and member(e, members.by) == code), None)
        if at is None:
            found.append(deepcopy(entry))
        else:
            whole = found[at] | deepcopy(entry)
            dropped = {k for k, v in entry.items() if v is None or (k in members.may.stricter and v is False)}
            found[at] = {k: v for k, v in whole.items() if k not in dropped}
    return found


def _among(value: Any, values: list[Any]) -> bool:
    return any(same(value, v) for v in values)


def _put(document: Document, key: str, value: Any) -> None:
    if value:
        document[key] = value
