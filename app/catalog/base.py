"""What every part of a definition shares: frozen, nothing unknown, citations."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from datetime import date
from functools import cache, lru_cache
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

CODE = r"^[a-z][a-z0-9_]{0,40}$"


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


_ONE_OR_MORE = BeforeValidator(_listed)
Words = Annotated[tuple[str, ...], _ONE_OR_MORE]
"""Several words, where one may be written without a list."""


class Spec(BaseModel):
    """A part of a definition: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Citation(Spec):
    """Why something is required: a policy and the number of its article. Written ``{policy: P05, article: D1}``."""

    policy: str = Field(pattern=r"^[A-Z][A-Z0-9_]{0,19}$")
    article: str = ""

    def __str__(self) -> str:
        return f"{self.policy}-{self.article}" if self.article else self.policy


class Cited(Spec):
    """Something a policy demands: one citation or several, written as one mapping or a list."""

    cite: tuple[Citation, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("cite"), dict):
            return value | {"cite": [value["cite"]]}
        return value

    @property
    def policies(self) -> frozenset[str]:
        """The policies any of which makes this hold where it is adopted; empty: it always holds."""
        return frozenset(c.policy for c in self.cite)


@cache
def one_or_more(kind: type[BaseModel], key: str) -> bool:
    """Return whether the list ``key`` of a part may be written as its only member."""
    if key == "cite":
        return issubclass(kind, Cited)
    return any(_ONE_OR_MORE in f.metadata for name, f in kind.model_fields.items() if key == (f.alias or name))


class Dated(Cited):
    """A value in force from a day; without ``from`` it holds since the policy was adopted."""

    since: date | None = Field(default=None, alias="from")


class Party(Spec):
    """Somebody: the person a field names, the holders of a role, or a person's superior.

    Written as one word where it is clear: a field of the register if there is one of that code, else a role.
    """

    word: str = ""
    field: str = ""
    role: str = ""
    superior_of: str = ""
    """A person field: the superior of whoever it names."""
    steps: int = Field(default=1, ge=1, le=9)
    """With ``superior_of``: how many steps up the chain; 2 is the superior's superior. A chain that ends earlier ends with its head."""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {"word": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _exactly_one(self) -> Party:
        if sum(map(bool, (self.word, self.field, self.role, self.superior_of))) != 1:
            raise ValueError("name one of: field, role, superior_of")
        if self.steps > 1 and not self.superior_of:
            raise ValueError("steps lead up from superior_of")
        return self

    def within(self, fields: Container[str]) -> Party:
        """Return this party with a bare word settled: a field of the register or whoever entered the record, else a role."""
        return _settled(self.word, self.word in fields or self.word == "created_by") if self.word else self


@lru_cache(maxsize=1024)
def _settled(word: str, is_field: bool) -> Party:
    return Party(field=word) if is_field else Party(role=word)


def texts_in(node: Any, *, keys: bool = False) -> Iterator[str]:
    """Yield every text in a dumped definition; with ``keys`` those of its mappings, too, some of which name fields."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if keys:
                yield str(key)
            yield from texts_in(value, keys=keys)
    elif isinstance(node, list | tuple):
        for part in node:
            yield from texts_in(part, keys=keys)
