"""A site's adjustment of a shipped register, from what the register shall look like; and what it then looks like."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from app.catalog.editing import same
from app.catalog.overlay import ADDED, FLOW

REMOVE = "remove"

Document = dict[str, Any]


def adjustment(register: Document, wanted: Document) -> Document:
    """Return the extension (``extend: …``) that makes ``wanted`` of a shipped register, both plain.

    What an extension may not say is in it all the same, as a change or under ``remove``: the loader refuses it, naming the article.
    Of a list the extension says what is new, changed or gone, not the order.
    """
    extension: Document = {"extend": register["code"]}
    gone: Document = {}
    for key, value in wanted.items():
        if key in ADDED and isinstance(value, list):
            _put(extension, key, _entries(register.get(key) or [], value or [], key, gone))
        elif key == "workflow" and isinstance(value, dict) and isinstance(under := register.get(key), dict):
            flow = {k: v for k, v in value.items() if k not in FLOW and not same(v, under.get(k))}
            for part in FLOW:
                _put(flow, part, _entries(under.get(part) or [], value.get(part) or [], part, gone))
            _put(extension, key, flow)
        elif key != "code" and not same(value, register.get(key)):
            extension[key] = value
    for key, value in register.items():
        if key not in wanted:
            gone[key] = [e["code"] if _code(e) else e for e in value] if key in ADDED else True
    _put(extension, REMOVE, gone)
    return extension


def adjusted(register: Document, extension: Document) -> Document:
    """Return a shipped register as an extension wants it, allowed or not; both plain and left as they are."""
    found = deepcopy(register)
    for key, value in extension.items():
        if key in ADDED and isinstance(value, list):
            found[key] = _laid(found.get(key) or [], value)
        elif key == "workflow" and isinstance(value, dict) and isinstance(under := found.get(key), dict):
            for part, entries in value.items():
                under[part] = (
                    _laid(under.get(part) or [], entries) if part in FLOW and isinstance(entries, list) else entries
                )
        elif key not in ("extend", REMOVE):
            found[key] = deepcopy(value)
    gone = extension.get(REMOVE)
    for key, named in gone.items() if isinstance(gone, dict) else ():
        inside = found.get("workflow", {}) if key in FLOW else found
        if named is True or not isinstance(inside.get(key), list):
            inside.pop(key, None)
        else:
            inside[key] = [e for e in inside[key] if not any(same(e, n) or _code(e) == n for n in named)]
            if not inside[key]:
                del inside[key]
    return found


def _entries(base: list[Any], wanted: list[Any], key: str, gone: Document) -> list[Any]:
    """Return what of a list is new or changed; what is missing goes to ``gone`` under ``key``."""
    found, left = [], list(base)
    for entry in wanted:
        code = _code(entry)
        old = next((e for e in left if (_code(e) == code if code else same(e, entry))), None)
        if old is None:
            found.append(entry)
            continue
        left.remove(old)
        if not same(old, entry):
            found.append({"code": code} | _changes(old, entry))
    _put(gone, key, [_code(e) or e for e in left])
    return found


def _changes(old: Document, new: Document) -> Document:
    """Return the keys of an entry that say something else; what was left out is said as nothing, ``required`` as not."""
    changes = {k: v for k, v in new.items() if k not in old or not same(v, old[k])}
    return changes | {k: False if k == "required" else None for k in old if k not in new}


def _laid(base: list[Any], entries: list[Any]) -> list[Any]:
    found = list(base)
    for entry in entries:
        code = _code(entry)
        at = next((i for i, e in enumerate(found) if code and _code(e) == code), None)
        if at is None:
            found.append(deepcopy(entry))
        else:
            whole = found[at] | deepcopy(entry)
            dropped = {k for k, v in entry.items() if v is None or (k == "required" and v is False)}
            found[at] = {k: v for k, v in whole.items() if k not in dropped}
    return found


def _code(entry: Any) -> Any:
    return entry.get("code") if isinstance(entry, dict) else None


def _put(document: Document, key: str, value: Any) -> None:
    if value:
        document[key] = value
