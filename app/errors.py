"""Every error a person can cause: what is wrong, where, and what to do; with its HTTP status."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Sentence:
    """A message for people, translated only when it is shown.

    ``template`` is the Chinese text and the key of the translation; ``values`` fill its named places, names in the reader's language.
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, translate: Callable[[str], str] = str, language: str = "zh") -> str:
        """Return the finished sentence; ``translate`` maps the template into the reader's ``language``."""
        values = {k: _text(v, translate, language) for k, v in self.values.items()}
        return translate(self.template).format(**values)

    def __str__(self) -> str:
        return self.text()


@runtime_checkable
class Named(Protocol):
    """What has a name in each language: the labels of definitions."""

    def text(self, language: str, /) -> str:
        """Return the name in a language."""


def _text(value: Any, translate: Callable[[str], str], language: str) -> Any:
    if isinstance(value, Sentence):
        return value.text(translate, language)
    return value.text(language) if isinstance(value, Named) else value


def say(template: str, **values: Any) -> Sentence:
    """Return a sentence to be translated when shown; the extraction keyword of our translations."""
    return Sentence(template, values)


@dataclass(frozen=True)
class Called(Sentence):
    """What pages call a word of the language of definitions; untranslated, as beside a file and its line, it is ``word`` itself."""

    word: str = ""

    def text(self, translate: Callable[[str], str] = str, language: str = "zh") -> str:
        if translate is str:
            return self.word
        return super().text(translate, language) if self.template else ""


@dataclass(frozen=True)
class CellError:
    """One value that cannot be accepted: where it stands, what was typed, why not.

    ``row`` counts data rows from 1 (None: a single record); ``line`` is the line of the file, where there is one;
    ``field`` is the field's code, empty when the whole row is meant; ``text`` is kept as typed.
    """

    field: str
    reason: Sentence
    text: str = ""
    row: int | None = None
    line: int | None = None
    label: str = ""


class Refused(Exception):
    """A request was understood and cannot be granted; carries a sentence."""

    status = 422

    def __init__(self, reason: Sentence) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Invalid(Refused):
    """Values of one or more records are not acceptable; carries every cell error."""

    def __init__(self, errors: Sequence[CellError]) -> None:
        super().__init__(errors[0].reason if len(errors) == 1 else say("有 {n} 处需要更正", n=len(errors)))
        self.errors = tuple(errors)


class Forbidden(Refused):
    """This person may not do that."""

    status = 403


class Missing(Refused):
    """There is no such thing, or this person may not know of it."""

    status = 404

    def __init__(self, reason: Sentence | None = None) -> None:
        super().__init__(reason or say("没有找到，或您无权查看"))


@dataclass(frozen=True)
class Clash:
    """One field that two people changed: the value both started from, mine, and theirs."""

    field: str
    base: Any
    mine: Any
    theirs: Any


class Conflict(Refused):
    """Somebody else changed the same fields meanwhile; carries both values of each."""

    status = 409

    def __init__(self, clashes: Sequence[Clash], version: int, by: str = "") -> None:
        super().__init__(say("{who} 已修改了同一内容，请选择保留哪一个", who=by or say("另一位同事")))
        self.clashes = tuple(clashes)
        self.version = version
        self.by = by


class Conflicts(Refused):
    """Somebody else changed the same fields of several records meanwhile; carries the conflict of each by its id."""

    status = 409

    def __init__(self, by_record: Mapping[int, Conflict]) -> None:
        several = say("有 {n} 条记录的同一内容已被别人修改，请选择保留哪一个", n=len(by_record))
        super().__init__(several if len(by_record) > 1 else next(iter(by_record.values())).reason)
        self.by_record = by_record
