"""YAML text to Python values that remember where they were written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import yaml

from app.catalog.findings import Finding, Level
from app.errors import Sentence, say

MAX_DEPTH = 50
MAX_VALUES = 100_000

_BOOLEAN_KEYS = frozenset({"on", "off", "yes", "no", "y", "n", "true", "false"})
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"[-+]?[0-9]+\.[0-9]+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Loc = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file, counted from 1."""

    file: str
    line: int


class MarkedMap(dict[str, Any]):
    """A mapping with the place of each of its keys."""

    __slots__ = ("at", "places")

    def __init__(self, at: Place) -> None:
        super().__init__()
        self.at = at
        self.places: dict[str | int, Place] = {}

    def put(self, key: str, value: Any, at: Place) -> None:
        """Set ``key`` to ``value``, written at ``at``."""
        self[key] = value
        self.places[key] = at


class MarkedList(list[Any]):
    """A list with the place of each of its elements."""

    __slots__ = ("at", "places")

    def __init__(self, at: Place) -> None:
        super().__init__()
        self.at = at
        self.places: dict[str | int, Place] = {}

    def put(self, value: Any, at: Place) -> None:
        """Append ``value``, written at ``at``."""
        self.places[len(self)] = at
        self.append(value)


def plain(value: Any) -> Any:
    """Return a marked value as ordinary dicts and lists."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list) else value


def words(loc: Loc) -> str:
    """Return a location as a person writes it: ``fields[3].type``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in loc).lstrip(".")


@dataclass(frozen=True)
class Source:
    """Where a definition was written: its document, what it is called, and where in the document it stands."""

    root: MarkedMap
    name: str = ""
    base: Loc = ()

    @property
    def written(self) -> Any:
        """What stands there, as it was written."""
        node: Any = self.root
        for step in self.base:
            node = node[step]
        return node

    def _walk(self, loc: Loc) -> tuple[Place, Loc]:
        """Follow ``loc`` as far as it was written, passing over the list of one that a short form leaves out."""
        node: Any = self.root
        at, kept = self.root.at, []
        for step in (*self.base, *loc):
            if isinstance(node, MarkedMap | MarkedList) and step in node.places:
                at, node = node.places[step], node[step]  # type: ignore[index]
                kept.append(step)
            elif isinstance(step, str):
                kept.append(step)
        return at, tuple(kept)

    def at(self, loc: Loc) -> Place:
        """Return where ``loc`` was written, or the nearest key above it."""
        return self._walk(loc)[0]

    def finding(self, check: str, loc: Loc, sentence: Sentence, level: Level = "error") -> Finding:
        """Return a finding at ``loc``, on the line of the nearest key that was written."""
        at, kept = self._walk(loc)
        return Finding(check, at.file, at.line, words((self.name, *kept)), sentence, level)


@dataclass
class _Reading:
    """One document on its way from parser events to values."""

    file: str
    first_line: int
    findings: list[Finding] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int]] = field(default_factory=dict)
    values: int = 0
    lines: dict[int, Place] = field(default_factory=dict)
    """The places of this document that were named so far: much stands on one line."""

    def place(self, mark: Any) -> Place:
        line = self.first_line + int(mark.line)
        return self.lines.get(line) or self.lines.setdefault(line, Place(self.file, line))

    def wrong(self, check: str, at: Place, loc: Loc, sentence: Sentence) -> None:
        self.findings.append(Finding(check, at.file, at.line, words(loc), sentence))

    def value(self, events: Iterator[Any], event: Any, loc: Loc) -> Any:
        """Return the value that begins with ``event``, taking the rest of it from ``events``."""
        at = self.place(event.start_mark)
        self.values += 1
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                self.wrong("D101", at, loc, say("没有名为“{name}”的锚点", name=event.anchor))
                return None
            value, size = self.anchors[event.anchor]
            self.values += size
            if self.values > MAX_VALUES:
                raise _TooLargeError(at)
            return value
        if event.tag not in (None, "!", "tag:yaml.org,2002:str") and isinstance(event, yaml.ScalarEvent):
            self.wrong("D101", at, loc, say("不支持 YAML 标签“{tag}”", tag=event.tag))
        before = self.values
        value = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else self._collection(events, event, loc, at)
        if event.anchor:
            self.anchors[event.anchor] = (value, self.values - before)
        return value

    def _scalar(self, event: Any) -> Any:
        text = str(event.value)
        return text if event.style or event.tag is not None else meaning(text)

    def _collection(self, events: Iterator[Any], event: Any, loc: Loc, at: Place) -> Any:
        if len(loc) > MAX_DEPTH:
            raise _TooLargeError(at)
        if isinstance(event, yaml.SequenceStartEvent):
            row = MarkedList(at)
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                row.put(self.value(events, event, (*loc, len(row))), self.place(event.start_mark))
            return row
        mapping = MarkedMap(at)
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            here = self.place(event.start_mark)
            key = self._key(events, event, loc)
            value = self.value(events, next(events), (*loc, key))
            if key in mapping:
                first = mapping.places[key].line
                self.wrong("D103", here, (*loc, key), say("“{key}”重复，第 {line} 行已经写过", key=key, line=first))
            elif key:
                mapping.put(key, value, here)
        return mapping

    def _key(self, events: Iterator[Any], event: Any, loc: Loc) -> str:
        """Return a key as text, empty for what cannot be one."""
        at = self.place(event.start_mark)
        if not isinstance(event, yaml.ScalarEvent):
            self.value(events, event, loc)
            self.wrong("D105", at, loc, say("键必须是一个词"))
            return ""
        key = str(event.value)
        if not event.style and key.lower() in _BOOLEAN_KEYS:
            self.wrong("D104", at, (*loc, key), say("YAML 会把键“{key}”读成布尔值，请加引号或换一个词", key=key))
            return ""
        if not key:
            self.wrong("D105", at, loc, say("键不能为空"))
        return key


class _TooLargeError(Exception):
    """A document that nobody wrote by hand; ends its reading."""

    def __init__(self, at: Place) -> None:
        super().__init__(str(at))
        self.at = at


def meaning(text: str) -> Any:
    """Return what a plain scalar stands for: nothing, true, false, an integer, an exact decimal, a day, else its text.

    Narrower than YAML 1.1, so that ``10:00`` stays a time, ``007`` a number on paper, and ``no`` a word.
    """
    if text in ("", "~", "null", "Null", "NULL"):
        return None
    if text in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return text.lower() == "true"
    if _INTEGER.fullmatch(text) and len(text) < 20:
        return int(text)
    if _DECIMAL.fullmatch(text):
        return Decimal(text)
    if _DAY.fullmatch(text):
        try:
            return date.fromisoformat(text)
        except ValueError:
            return text
    return text


_PROBLEMS = {
    "cannot start any token": say("这里有不能使用的字符（以 @ ` % 开头的文字请加引号）"),
    "mapping values are not allowed": say("冒号的位置不对：检查缩进，含有“: ”的文字请加引号"),
    "could not find expected ':'": say("这一行缺少冒号"),
    "unexpected end of stream": say("引号没有闭合"),
    "expected ',' or": say("括号没有闭合，或缺少逗号"),
    "expected node content": say("括号没有闭合，或这里缺少内容"),
    "did not find expected key": say("缩进不一致，或这里缺少键"),
    "expected '-' indicator": say("列表的缩进不一致"),
    "expected <document start>": say("多出了内容：检查括号和缩进"),
    "unknown escape character": say("双引号里的反斜杠要写两个，或改用单引号"),
}


def _syntax(error: yaml.YAMLError, file: str, first_line: int, text: str) -> Finding:
    problem = getattr(error, "problem", None) or str(error)
    mark = getattr(error, "problem_mark", None)
    lines = text.splitlines() or [""]
    row = min(mark.line, len(lines) - 1) if mark else 0
    line = first_line + row
    if "\t" in lines[row] and "token" in problem:
        return Finding("D101", file, line, "", say("缩进里有制表符，请改用空格"))
    other = say("不符合 YAML 写法：{problem}", problem=problem)
    sentence = next((s for part, s in _PROBLEMS.items() if part in problem), other)
    return Finding("D101", file, line, "", sentence)


def read_documents(file: str, text: str) -> Iterator[tuple[Any, list[Finding]]]:
    """Yield each YAML document of a file with what was wrong in reading it; None for one unreadable or empty.

    Documents are read apart from each other, so that a mistake in one does not hide those of the next.
    """
    if bad := _CONTROL.search(text):
        line = text.count("\n", 0, bad.start()) + 1
        yield None, [Finding("D102", file, line, "", say("含有无法识别的字符，文件须为 UTF-8 文本"))]
        return
    text = text.removeprefix("\ufeff")
    for start, end in document_spans(text):
        yield _read_one(file, text.count("\n", 0, start) + 1, text[start:end])


def document_spans(text: str) -> list[tuple[int, int]]:
    """Return where each YAML document of a text without byte order mark begins and ends, with the ``---`` that leads it."""
    starts = [0, *(m.start() for m in re.finditer(r"^---(?=\s|$)", text, re.MULTILINE) if m.start())]
    return list(zip(starts, [*starts[1:], len(text)], strict=True))


def _read_one(file: str, first_line: int, text: str) -> tuple[Any, list[Finding]]:
    reading = _Reading(file, first_line)
    try:
        starts = (yaml.StreamStartEvent, yaml.DocumentStartEvent)
        events = (e for e in yaml.parse(text, Loader=_Loader) if not isinstance(e, starts))
        first = next(events)
        root = None if isinstance(first, yaml.StreamEndEvent) else reading.value(events, first, ())
        for _ in events:
            pass
    except yaml.YAMLError as error:
        return None, [*reading.findings, _syntax(error, file, first_line, text)]
    except _TooLargeError as error:
        return None, [*reading.findings, Finding("D106", file, error.at.line, "", say("层次太深，或引用展开后太大"))]
    return root, reading.findings
