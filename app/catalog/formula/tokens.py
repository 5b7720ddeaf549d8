"""A formula's text cut into tokens, each with its place."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from app.errors import Sentence, say

TokenKind = Literal["number", "text", "field", "name", "sign", "end"]


@dataclass(frozen=True)
class Token:
    """One word of a formula: ``text`` is its meaning (a name without brackets), from ``start`` to ``end`` counted in characters from 0."""

    kind: TokenKind
    text: str
    start: int
    end: int


@dataclass(frozen=True)
class Fault:
    """What is wrong with a formula, and where: characters ``start`` to ``end``, counted from 0."""

    sentence: Sentence
    start: int
    end: int


class Faulty(Exception):
    """A formula that cannot be read on; carries the fault."""

    def __init__(self, sentence: Sentence, start: int, end: int) -> None:
        super().__init__(str(sentence))
        self.fault = Fault(sentence, start, end)


_PLAINLY: dict[str | None, TokenKind] = {"number": "number", "name": "name", "sign": "sign"}
LONGEST = 2_000
"""Characters of a formula."""
_WORD = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>\d+(?:\.\d+)?|\.\d+)
    |(?P<text>"(?:[^"]|"")*")
    |(?P<field>\[[^\[\]]*\])
    |(?P<name>[^\W\d]\w*)
    |(?P<sign><>|<=|>=|[-+*/^&=<>%(),.])""",
    re.VERBOSE,
)


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of a formula and, at its end, ``end``; full-width signs, as a Chinese keyboard types them, count as plain ones.

    Raises Faulty.
    """
    if len(text) > LONGEST:
        raise Faulty(say("公式最多 {n} 个字符", n=LONGEST), LONGEST, len(text))
    plain = "".join(map(_plain, text))
    place = 1 if plain.startswith("=") else 0  # spreadsheets begin a formula with it
    while place < len(plain):
        found = _WORD.match(plain, place)
        if found is None:
            raise _unread(text, plain, place)
        kind, end = found.lastgroup, found.end()
        if kind == "text":
            yield Token("text", text[place + 1 : end - 1].replace('""', '"'), place, end)
        elif kind == "field":
            yield Token("field", text[place + 1 : end - 1].strip(), place, end)
        elif kind in _PLAINLY:
            yield Token(_PLAINLY[kind], found.group(), place, end)
        place = end
    yield Token("end", "", len(text), len(text))


def _plain(character: str) -> str:
    """Return the character that a full-width one stands for, one for one, so that places stay."""
    if character in "“”":
        return '"'
    if character in "【】":
        return "[" if character == "【" else "]"
    one = unicodedata.normalize("NFKC", character)
    return one if len(one) == 1 else character


def _unread(text: str, plain: str, place: int) -> Faulty:
    match plain[place]:
        case '"':
            return Faulty(say("文字缺少结尾的引号"), place, len(text))
        case "[":
            return Faulty(say("字段名缺少结尾的 ]"), place, len(text))
    return Faulty(say("不认识的符号“{sign}”", sign=text[place]), place, place + 1)
