"""Changing a definition's text: only what says something else is written anew, all the rest stays byte for byte."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from app.catalog.dump import WIDTH, in_line, in_lines
from app.catalog.layout import Node, Part, layout
from app.catalog.marked import document_spans, plain, read_documents

ORDERED = "choices"
"""The key under which the order of a mapping means something: choices with their English."""
_NAMES = ("code", "article", "policy", "role", "from", "field")
"""What an element of a list is known by, so that it is found again after it was changed."""


class Unwritable(Exception):
    """A document cannot be read, or a value not be written, as YAML."""


def documents(text: str) -> list[Any]:
    """Return the plain values of each YAML document of a text; None for one that cannot be read without a finding."""
    return [None if found else plain(root) for root, found in read_documents("", text)]


def same(a: Any, b: Any, ordered: bool = False) -> bool:
    """Return whether two plain values say the same; the order of a mapping's keys says nothing, unless ``ordered``."""
    match a, b:
        case dict(), dict():
            alike = list(a) == list(b) if ordered else a.keys() == b.keys()
            return alike and all(same(v, b[k], k == ORDERED) for k, v in a.items())
        case list(), list():
            return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
        case (bool(), _) | (_, bool()):
            return a is b
        case (int() | Decimal(), int() | Decimal()) | (str(), str()) | (date(), date()):
            return bool(a == b)
    return a is None and b is None


def rewritten(text: str, new: Any, index: int = 0) -> str:
    """Return ``text`` with its document of that index (from 0) saying ``new``, a plain mapping.

    Comments, order, quoting and layout of what stays the same are kept. Raises Unwritable where that document cannot be read, or
    where no YAML of ours says ``new``.
    """
    mark, body = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    start, end = document_spans(body)[index]
    document, (root, found) = body[start:end], list(read_documents("", body))[index]
    if found:
        raise Unwritable("the document cannot be read")
    if same(old := plain(root), new):
        return text
    for changed in _ways(document, old, new):
        if same(next(iter(documents(changed)), None), new):
            return mark + body[:start] + changed + body[end:]
    raise Unwritable("no YAML says this")


def _ways(document: str, old: Any, new: Any) -> Iterable[str]:
    """Yield texts that may say ``new``, the one that keeps most of ``document`` first."""
    root = layout(document)
    if root is None:
        yield document.rstrip("\n") + "\n" * bool(document.strip()) + in_lines(new)
        return
    edited = _Editing(document).edited(root, old, new)
    if edited is not None:
        yield document[: root.start] + edited + document[root.end :]
    yield document[: root.start] + in_lines(new).rstrip("\n") + document[root.end :]
    yield "---\n" * document.startswith("---") + in_lines(new)


class _Editing:
    """The changing of one document."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.line_break = "\r\n" if "\r\n" in text else "\n"

    def edited(self, node: Node, old: Any, new: Any, ordered: bool = False) -> str | None:
        """Return the text of ``node`` saying ``new`` instead of ``old``; None where it must be written anew as a whole."""
        if same(old, new, ordered):
            return self.text[node.start : node.end]
        if not node.parts or not new or type(old) is not type(new) or not isinstance(new, dict | list):
            return None
        placed = self._matched(node, old, new, ordered)
        if not node.inline:
            return self._in_lines(node, old, placed)
        text = self._in_line(node, old, placed)
        grown = len(text) > WIDTH and len(text) > node.end - node.start and self._alone(node)
        return None if grown else text

    def _alone(self, node: Node) -> bool:
        """Return whether a collection in braces ends its line, so that it may as well be written in lines."""
        return self.text[node.end :].split("\n", 1)[0].strip()[:1] in ("", "#")

    def _matched(self, node: Node, old: Any, new: Any, ordered: bool) -> list[tuple[Part | None, Any, Any]]:
        """Return the new entries in order: the part that said each before, if any, its key and its value."""
        if isinstance(new, list):
            return [(None if i is None else node.parts[i], i, v) for i, v in zip(_found(old, new), new, strict=True)]
        parts = {p.key: p for p in node.parts}
        keys = list(new)
        if not ordered:
            keys = [p.key for p in node.parts if p.key in new]
            for i, key in enumerate(new):
                if key not in parts:  # after the nearest of those that stand before it
                    before = next((k for k in reversed(list(new)[:i]) if k in keys), None)
                    keys.insert(keys.index(before) + 1 if before is not None else len(keys), key)
        return [(parts.get(k), k, new[k]) for k in keys]

    def _body(self, part: Part | None, old: Any, key: Any, value: Any, column: int, inline: bool) -> str:
        """Return the text of one entry."""
        if part is None:
            return self._fresh(key, value, column, inline)
        node = part.node
        kept = self.edited(node, old[part.key], value, part.key == ORDERED)
        if kept is not None and node.start >= part.named:
            return self.text[part.start : node.start] + kept + self.text[node.end : part.end]
        name = self.text[part.start : part.named]
        written = self._fresh(key, value, column, inline)
        if isinstance(part.key, str):
            written = name + self._fresh("k", value, column, inline)[1:]
        return written + (self.text[node.end : part.end] if node.inline and node.start >= part.named else "")

    def _fresh(self, key: Any, value: Any, column: int, inline: bool) -> str:
        """Return an entry written anew; in lines each but the first stands ``column`` further to the right."""
        entry = {key: value} if isinstance(key, str) else [value]
        if inline:
            return in_line(entry)[1:-1]
        return in_lines(entry).rstrip("\n").replace("\n", self.line_break + " " * column)

    def _in_line(self, node: Node, old: Any, placed: Sequence[tuple[Part | None, Any, Any]]) -> str:
        text = self.text[node.start : node.parts[0].start]
        before: Part | None = None
        for n, (part, key, value) in enumerate(placed):
            if n:
                text += self._between(node, before, part) or ", "
            text += self._body(part, old, key, value, 0, True)
            before = part
        return text + self.text[node.parts[-1].end : node.end]

    def _between(self, node: Node, a: Part | None, b: Part | None) -> str:
        """Return the text between two entries that already followed each other."""
        for one, next_one in zip(node.parts, node.parts[1:], strict=False):
            if one is a and next_one is b:
                return self.text[one.end : next_one.start]
        return ""

    def _in_lines(self, node: Node, old: Any, placed: Sequence[tuple[Part | None, Any, Any]]) -> str:
        column = node.parts[0].start - (self.text.rfind("\n", 0, node.parts[0].start) + 1)
        leads = self._leads(node, {p.start for p, _, _ in placed if p is not None})
        text, waiting = self.text[node.start : node.parts[0].start], ""
        for n, (part, key, value) in enumerate(placed):
            lead = leads[part.start] if part is not None else ""
            if n:
                text += waiting + (lead or self.line_break) + " " * column
            # before the first entry there may be no line of its own: its comments follow it
            waiting = "" if n else lead.removesuffix(self.line_break)
            text += self._body(part, old, key, value, column, False)
        return text + waiting

    def _leads(self, node: Node, kept: set[int]) -> dict[int, str]:
        """Return what stands before each entry (by its start): a line break and lines of comments.

        Those of an entry that is not ``kept`` go with it, but for what an empty line sets apart, which the next one takes over.
        """
        leads, left = {node.parts[0].start: ""}, ""
        for before, part in zip(node.parts, node.parts[1:], strict=False):
            lead = self.text[before.end : self.text.rfind("\n", 0, part.start) + 1]
            leads[part.start] = left + lead
            left = "" if part.start in kept else _apart(left + lead)
        return leads


def _apart(lead: str) -> str:
    """Return the part of what stands before an entry that an empty line sets apart from it."""
    lines = lead.split("\n")
    blank = [i for i, line in enumerate(lines) if i and not line.strip() and i < len(lines) - 1]
    return "\n".join(lines[: blank[-1] + 1]) if blank else ""


def _found(old: Sequence[Any], new: Sequence[Any]) -> list[int | None]:
    """Return for each element of a new list which element of the old one it was: an equal one, else one of the same name or place."""
    found: list[int | None] = [None] * len(new)
    left = dict(enumerate(old))
    for alike in (same, _namesakes):
        for n, value in enumerate(new):
            if found[n] is None:
                found[n] = next((i for i in _near(left, n) if alike(left[i], value)), None)
                if (at := found[n]) is not None:
                    del left[at]
    for n, value in enumerate(new):
        if found[n] is None and n in left and type(left[n]) is type(value) and _name(left[n]) is None:
            found[n] = n
            left.pop(n)
    return found


def _near(places: Iterable[int], n: int) -> list[int]:
    return sorted(places, key=lambda i: abs(i - n))


def _namesakes(a: Any, b: Any) -> bool:
    return _name(a) is not None and same(_name(a), _name(b))


def _name(element: Any) -> Any:
    """Return what an element of a list is known by."""
    return next((element[k] for k in _NAMES if k in element), None) if isinstance(element, dict) else None
