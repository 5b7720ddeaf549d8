"""How a YAML document is laid out: which stretch of its text says which of its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class Node:
    """One value: ``text[start:end]`` says it.

    ``parts`` are the entries of a mapping or list in the order of the text; empty for what can only be written anew as a whole: a
    scalar, an alias, an empty collection. ``inline``: a scalar, or a collection in braces or brackets. A collection in lines reaches
    to the end of its last line, so that a comment there belongs to it.
    """

    start: int
    end: int
    inline: bool
    parts: list[Part] = field(default_factory=list)


@dataclass
class Part:
    """One entry of a mapping or list: from its key (or its dash) to its end; ``named`` is where its key, or its dash, ends."""

    key: str | int
    start: int
    named: int
    node: Node
    end: int


def layout(text: str) -> Node | None:
    """Return how the one document of ``text``, which must be readable, is laid out; None for an empty one."""
    events = iter([e for e in yaml.parse(text, Loader=_Loader) if not isinstance(e, _FRAME)])
    first = next(events, None)
    return None if first is None else _Layout(text, events).node(first, outer=True)


_FRAME = (yaml.StreamStartEvent, yaml.DocumentStartEvent, yaml.DocumentEndEvent, yaml.StreamEndEvent)


@dataclass
class _Layout:
    text: str
    events: Iterator[Any]

    def node(self, event: Any, outer: bool) -> Node:
        """Return the node that begins with ``event``; ``outer`` tells that it does not stand in braces or brackets."""
        start, end = int(event.start_mark.index), int(event.end_mark.index)
        if isinstance(event, yaml.AliasEvent):
            return Node(start, end, True)
        if isinstance(event, yaml.ScalarEvent):
            return Node(start, start + len(self.text[start:end].rstrip()), True)
        found = Node(start, end, bool(event.flow_style))
        outer = outer and not found.inline
        if isinstance(event, yaml.MappingStartEvent):
            while not isinstance(event := next(self.events), yaml.MappingEndEvent):
                key = self.node(event, outer)
                self._add(found, str(getattr(event, "value", "")), key.start, key.end, outer)
        else:
            while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
                at = self._dash(found) if outer else int(event.start_mark.index)
                self._add(found, len(found.parts), at, at + outer, outer, event)
        found.end = found.parts[-1].end if outer and found.parts else int(event.end_mark.index)
        return found

    def _add(self, found: Node, key: str | int, start: int, named: int, outer: bool, first: Any = None) -> None:
        node = self.node(first if first is not None else next(self.events), outer)
        end = max(node.end, named)
        found.parts.append(Part(key, start, named, node, self._line_end(end) if outer else end))

    def _dash(self, found: Node) -> int:
        """Return where the dash of the next element stands: the first text after the last one that is no comment."""
        at = found.parts[-1].end if found.parts else found.start
        while self.text[at] in " \r\n#":
            at = self._line_end(at) if self.text[at] == "#" else at + 1
        return at

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > at and self.text[end - 1] == "\r" else end
