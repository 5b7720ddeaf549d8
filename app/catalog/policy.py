"""Policies with their articles, the roles they name, and the groups of the menu."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field

from app.catalog.base import CODE, Spec
from app.fields.label import Label


class Article(Spec):
    """A numbered part of a policy, in our own words."""

    no: str = Field(alias="article")
    """Written ``article``, as in a citation: YAML would read ``no`` as a boolean."""
    text: Label
    manual: Label | None = None
    """Why people alone carry it out and nothing in the panel does, such as a purpose, a meaning of words, a matter of attitude."""


class Policy(Spec):
    """A written policy that binds whoever adopts it."""

    code: str = Field(alias="policy", pattern=r"^[A-Z][A-Z0-9_]{0,19}$")
    label: Label
    source: str = ""
    """Where the document lies: the file and its lines, or the site's own reference."""
    effective: date | None = None
    lost: Label | None = None
    """What of the text is missing or damaged, so that nothing can be demanded from it."""
    adopt_from: date | None = None
    """A site's own policy is adopted by the whole site from this day when it is applied."""
    articles: tuple[Article, ...] = ()


Power = Literal["decide_appeals", "close_months", "reopen_months", "read_access_log", "approve_definitions"]


class RoleSpec(Spec):
    """A role that policies name; people hold any number of them."""

    code: str = Field(pattern=CODE)
    label: Label
    help: Label | None = None
    in_person: bool = False
    """Bound to the person who holds it: no deputy stands for him in it."""
    may: tuple[Power, ...] = ()
    """What its holders may do on the whole site: decide on appeals, close months, let closed ones be reopened, read who saw what,
    approve changes of the definitions."""


class Domain(Spec):
    """A group of registers in the menu."""

    code: str = Field(pattern=CODE)
    label: Label
    icon: str = "book"
    position: int | None = Field(default=None, ge=1)
    """Where it stands among the groups, counted from 1; by default in the order in which they are written."""
