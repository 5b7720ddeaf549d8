"""Fields that hold words: text, long text, automatic numbers, choices."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal

from pydantic import model_validator

from app.errors import Sentence, say
from app.fields.base import Field, Storage, Unreadable
from app.fields.label import Label


class Text(Field):
    """One line of text, at most ``max_length`` characters."""

    type: Literal["text"] = "text"
    worded: ClassVar[bool] = True
    max_length: int = 200
    pattern: str = ""
    """A regular expression the whole text must match."""

    def parse(self, text: str) -> str | None:
        return " ".join(text.split()) or None

    def check(self, value: str) -> Sentence | None:
        if len(value) > self.max_length:
            return say("最多 {n} 个字，现有 {m} 个", n=self.max_length, m=len(value))
        if self.pattern and not re.fullmatch(self.pattern, value):
            return say("格式不符：{help}", help=self.help.zh if self.help else self.pattern)
        return None


class LongText(Field):
    """Several lines of text."""

    type: Literal["long_text"] = "long_text"
    worded: ClassVar[bool] = True
    max_length: int = 20_000

    def parse(self, text: str) -> str | None:
        return text.replace("\r\n", "\n").replace("\r", "\n").strip() or None

    def check(self, value: str) -> Sentence | None:
        if len(value) > self.max_length:
            return say("最多 {n} 个字，现有 {m} 个", n=self.max_length, m=len(value))
        return None


class AutoNumber(Field):
    """A number the panel gives each record once, such as ``TS-{yyyy}-{seq:5}``.

    ``{yyyy}``, ``{mm}``, ``{dd}`` come from the day of entry; ``{seq:n}`` counts within what stands before it.
    """

    type: Literal["autonumber"] = "autonumber"
    worded: ClassVar[bool] = True
    by_hand: ClassVar[bool] = False
    pattern: str
    unique: bool = True

    @model_validator(mode="after")
    def _one_sequence(self) -> AutoNumber:
        if len(re.findall(r"\{seq(?::\d+)?\}", self.pattern)) != 1:
            raise ValueError("an automatic number needs exactly one {seq:n}")
        if left := re.sub(r"\{(yyyy|yy|mm|dd|seq(:\d+)?)\}", "", self.pattern).count("{"):
            raise ValueError(f"an automatic number knows {{yyyy}} {{yy}} {{mm}} {{dd}} {{seq:n}}; {left} other places")
        return self


class Option(Label):
    """One of the values of a choice; its code is what is stored, compared and exported by machines."""

    code: str
    synonyms: tuple[str, ...] = ()
    retired: bool = False
    """No longer offered; records that have it keep it."""
    into: str = ""
    """The option that took its place: whoever still brings this one means that one. Written with ``retired``."""


class Choices(Field):
    """What one choice and several choices share: a closed list, found by code, name or synonym."""

    choices: tuple[Option, ...]

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        """Accept ``[来电, 到店]`` and ``{来电: Phone, 到店: Walk-in}`` beside the full form."""
        given = value.get("choices") if isinstance(value, dict) else None
        if isinstance(given, dict):
            given = [{"code": str(k), "zh": str(k), "en": v or ""} for k, v in given.items()]
        elif isinstance(given, list):
            given = [{"code": g, "zh": g} if isinstance(g, str) else g for g in given]
        return (
            value | {"choices": [{"zh": g["code"]} | g if isinstance(g, dict) and "code" in g else g for g in given]}
            if given
            else value
        )

    def option(self, code: str) -> Option | None:
        """Return the option stored as ``code``."""
        return next((o for o in self.choices if o.code == code), None)

    def named(self, text: str) -> Option | None:
        """Return the option that a person means by ``text``: its code, its name in either language, a synonym."""
        folded = text.strip().casefold()
        for o in self.choices:
            if folded in {o.code.casefold(), o.zh.casefold(), o.en.casefold() or o.zh.casefold()}:
                return self.option(o.into) or o if o.into else o
        return next((o for o in self.choices if text.strip() in o.synonyms), None)

    def _refuse(self, text: str) -> Unreadable:
        return Unreadable(
            say(
                "“{text}”不在可选范围：{options}",
                text=text[:60],
                options="、".join(o.zh for o in self.choices if not o.retired),
            )
        )


class Choice(Choices):
    """One value of a closed list."""

    type: Literal["choice"] = "choice"

    def parse(self, text: str) -> str | None:
        if not text.strip():
            return None
        if (found := self.named(text)) is None:
            raise self._refuse(text)
        return found.code

    def format(self, value: str | None) -> str:
        found = self.option(value) if value else None
        return found.zh if found else (value or "")

    def check(self, value: str) -> Sentence | None:
        return None if self.option(value) else self._refuse(value).reason


class SeveralChoices(Choices):
    """Any number of values of a closed list, in the list's order; ``;`` or ``、`` between them in text."""

    type: Literal["choices"] = "choices"
    storage: ClassVar[Storage] = Storage.WORDS

    def parse(self, text: str) -> tuple[str, ...] | None:
        picked = set()
        for part in re.split(r"[;；、,，\n|]+", text):
            if part.strip():
                if (found := self.named(part)) is None:
                    raise self._refuse(part)
                picked.add(found.code)
        return tuple(o.code for o in self.choices if o.code in picked) or None

    def format(self, value: tuple[str, ...] | None) -> str:
        return ";".join(o.zh if (o := self.option(v)) else v for v in value or ())

    def check(self, value: tuple[str, ...]) -> Sentence | None:
        return next((self._refuse(v).reason for v in value if not self.option(v)), None)

    def to_json(self, value: tuple[str, ...] | None) -> list[str] | None:
        return None if value is None else list(value)

    def from_json(self, value: Any) -> tuple[str, ...] | None:
        return self.parse(";".join(map(str, value)) if isinstance(value, list | tuple) else str(value or ""))
