"""From text to syntax: a Pratt parser, for operators bind as in a spreadsheet."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from app.catalog.formula.syntax import Apply, Constant, Name, Written
from app.catalog.formula.tokens import Faulty, Token, tokens
from app.errors import Sentence, say

_BINDS = {"=": 1, "<>": 1, "<": 1, "<=": 1, ">": 1, ">=": 1, "&": 2, "+": 3, "-": 3, "*": 4, "/": 4, "^": 5}
"""How strongly an operator between two parts holds them."""
_SIGN = 6
"""A sign before a part holds it more strongly than any operator between two, as spreadsheets have it: -2^2 is 4."""
DEEPEST = 40
"""Parts within parts."""


def parse(text: str) -> Written:
    """Return what a formula says.

    Raises Faulty with the place where it cannot be read on.
    """
    reader = _Reader(list(tokens(text)))
    if reader.at_end():
        raise Faulty(say("公式是空的"), 0, len(text))
    found = reader.part(0)
    if not reader.at_end():
        raise _unexpected(reader.here)
    return found


class _Reader:
    """The tokens, and how far they are read."""

    def __init__(self, read: list[Token]) -> None:
        self._read, self._place, self._depth = read, 0, 0

    @property
    def here(self) -> Token:
        return self._read[self._place]

    def at_end(self) -> bool:
        """Return whether nothing is left to read."""
        return self.here.kind == "end"

    def part(self, least: int) -> Written:
        """Return the part that begins here, with all operators that bind more strongly than ``least``."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise Faulty(say("公式嵌套太深，最多 {n} 层", n=DEEPEST), self.here.start, self.here.end)
        left = self._first()
        while self.here.kind == "sign":
            sign = self.here.text
            if sign == "%":
                end = self._next().end
                left = Apply(left.start, end, "%", (left,))
            elif _BINDS.get(sign, 0) > least:
                self._next()
                right = self.part(_BINDS[sign])
                left = Apply(left.start, right.end, sign, (left, right))
            else:
                break
        self._depth -= 1
        return left

    def _first(self) -> Written:
        token = self._next()
        match token.kind, token.text:
            case "number", text:
                return Constant(token.start, token.end, Decimal(text))
            case "text", text:
                return Constant(token.start, token.end, text)
            case "field", _:
                return self._path(token)
            case "name", text if self._is("("):
                return self._call(token)
            case "name", text if text.upper() in ("TRUE", "FALSE"):
                return Constant(token.start, token.end, text.upper() == "TRUE")
            case "name", _:
                return self._path(token)
            case "sign", "(":
                inner = self.part(0)
                end = self._demand(")", say("缺少右括号")).end
                return replace(inner, start=token.start, end=end)
            case "sign", "-" | "+":
                inner = self.part(_SIGN)
                return Apply(token.start, inner.end, "neg", (inner,)) if token.text == "-" else inner
        raise _unexpected(token)

    def _path(self, first: Token) -> Name:
        parts, end = [first.text], first.end
        while self._is("."):
            self._next()
            if self.here.kind not in ("field", "name"):
                raise Faulty(say("点号之后应是字段名"), self.here.start, self.here.end)
            token = self._next()
            parts.append(token.text)
            end = token.end
        return Name(first.start, end, tuple(parts))

    def _call(self, name: Token) -> Apply:
        self._next()
        parts: list[Written] = []
        if not self._is(")"):
            parts.append(self.part(0))
            while self._is(","):
                self._next()
                parts.append(self.part(0))
        end = self._demand(")", say("{name} 缺少右括号", name=name.text.upper())).end
        return Apply(name.start, end, name.text.upper(), tuple(parts))

    def _is(self, sign: str) -> bool:
        return self.here.kind == "sign" and self.here.text == sign

    def _next(self) -> Token:
        token = self.here
        if token.kind != "end":
            self._place += 1
        return token

    def _demand(self, sign: str, sentence: Sentence) -> Token:
        if not self._is(sign):
            raise Faulty(sentence, self.here.start, max(self.here.end, self.here.start))
        return self._next()


def _unexpected(token: Token) -> Faulty:
    """Return the fault that a token does not belong where it stands."""
    if token.kind == "end":
        return Faulty(say("公式没有写完"), token.start, token.end)
    return Faulty(say("这里不应出现“{word}”", word=token.text), token.start, token.end)
