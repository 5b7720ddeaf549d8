"""Fields that point elsewhere: person, unit, role, reference, file, signature."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field as Declared

from app.fields.base import Field, Storage


class Link(Field):
    """What pointing fields share: the value is the id of a row elsewhere.

    The text a person types (a name, a number) is turned into an id by ``services.lookup``, which knows the rows.
    With ``several`` the record holds any number of ids, as a tuple in the order given.
    """

    storage: ClassVar[Storage] = Storage.LINK
    several: bool = False

    @property
    def many(self) -> bool:
        return self.several

    @property
    def target(self) -> str:
        """The register pointed to; empty where it is not a register."""
        return ""

    def to_json(self, value: Any) -> Any:
        return list(value) if isinstance(value, tuple) else value

    def from_json(self, value: Any) -> Any:
        if self.several:
            return tuple(int(v) for v in value) if value else None
        return None if value in (None, "") else int(value)


class Person(Link):
    """A person who can sign in; typed as user name, full name or staff number."""

    type: Literal["person"] = "person"


class Unit(Link):
    """A department or company: a row of the register ``unit``."""

    type: Literal["unit"] = "unit"

    @property
    def target(self) -> str:
        return "unit"


class Reference(Link):
    """A row of another register, typed as its title or number."""

    type: Literal["reference"] = "reference"
    register_code: str = Declared(alias="register")
    # "register" itself is a method of every abstract base class, hence the longer name in Python

    @property
    def target(self) -> str:
        return self.register_code


class Role(Field):
    """One of the roles of the catalog, by its code."""

    type: Literal["role"] = "role"


class File(Link):
    """Uploaded files; the value is the id of an attachment."""

    type: Literal["file"] = "file"
    extensions: tuple[str, ...] = (
        "pdf",
        "jpg",
        "jpeg",
        "png",
        "gif",
        "webp",
        "doc",
        "docx",
        "xls",
        "xlsx",
        "txt",
        "zip",
        "mp3",
        "wav",
    )
    max_mb: int = 20


class Signature(Link):
    """A person's signature with server time: never typed, never edited, given by a transition.

    Kept in two columns: ``code`` (who) and ``code_at`` (when).
    """

    type: Literal["signature"] = "signature"
    by_hand: ClassVar[bool] = False
    by: tuple[str, ...] = ()
    """Roles whose members may sign; empty: whoever may make the transition that asks for it."""
