"""Prints: the sheets of paper that a register's records are set on, with their copies, signatures and seal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator

from app.catalog.base import CODE, Cited, Spec
from app.catalog.condition import Condition
from app.fields.base import Field as Column
from app.fields.label import Label
from app.fields.links import Signature

PLACE = re.compile(r"\{([a-z][a-z0-9_.]*)\}")
"""A place in a fixed text that a field's value is put into."""


class Sign(Spec):
    """A place for a signature: of a person or signature field, filled where the record holds it, or to be signed by hand.

    Written as one word it is the field. With ``seal`` it is the place of a seal instead.
    """

    field: str = ""
    label: Label | None = None
    """Who signs; by default the field's name."""
    seal: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        return {"field": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _somebody(self) -> Sign:
        if (not self.field and self.label is None) or (self.field and self.seal):
            raise ValueError("name a field or a label; a seal has a label only")
        return self


class Sublist(Spec):
    """The records of another register that point to the printed one, as a table."""

    register_code: str = Field(alias="register")
    through: str
    """Its reference field that points here."""
    columns: tuple[str, ...] = Field(min_length=1)
    order: str = "id"
    """Its field that the lines are sorted by; ``-`` for the latest first."""


class Block(Spec):
    """A part of a sheet; exactly one of ``fields``, ``lines``, ``rows``, ``text`` and ``signs``.

    A field may be reached through one reference: ``customer.phone``. What the reader may not see is left out.
    """

    label: Label | None = None
    """Its heading."""
    fields: tuple[str, ...] = ()
    """Names and values in a grid; a long text takes the whole width."""
    columns: int = Field(default=2, ge=1, le=4)
    """So many fields beside each other."""
    lines: Sublist | None = None
    rows: tuple[str, ...] = ()
    """The chosen records themselves as one table with these columns: one sheet for all of them."""
    text: Label | None = None
    """A fixed text; ``{field}`` is replaced by the value, or by a line to write on where that is empty."""
    signs: tuple[Sign, ...] = ()
    room: int = Field(default=0, ge=0, le=30)
    """So many empty lines to write on by hand: in each long text that is empty, below a table or a fixed text."""

    @model_validator(mode="after")
    def _one_kind(self) -> Block:
        if sum(map(bool, (self.fields, self.lines, self.rows, self.text, self.signs))) != 1:
            raise ValueError("give one of: fields, lines, rows, text, signs")
        return self

    @property
    def paths(self) -> Iterator[str]:
        """Every field of the printed record that it shows, each as it is written."""
        yield from self.fields
        if self.text is not None:
            yield from dict.fromkeys(PLACE.findall(self.text.zh) + PLACE.findall(self.text.en))
        yield from (s.field for s in self.signs if s.field)


class Print(Cited):
    """A sheet of a register: on A4, with number, day and who printed it; read with the rights of whoever prints."""

    code: str = Field(pattern=CODE)
    label: Label
    """How it is called where one chooses it."""
    title: Label | None = None
    """The heading of the sheet; by default its label."""
    copies: tuple[Label, ...] = ()
    """Names of its copies, such as 第一联 客户: the sheet is printed once for each."""
    state: tuple[str, ...] = ()
    """The states in which a record may be printed; by default all."""
    when: Condition | None = None
    """Only records of this kind may be printed."""
    by: tuple[str, ...] = ()
    """Roles that may print it; by default all who may read the record."""
    wide: bool = False
    """Across the paper."""
    layout: tuple[Block, ...] = Field(min_length=1)
    foot: Label | None = None
    """A note at the end of the sheet."""

    @property
    def together(self) -> bool:
        """Whether all chosen records stand on one sheet."""
        return any(b.rows for b in self.layout)


ENTRY = ("unit", "created_by", "created_at", "remark")
"""Fields of every register that the usual sheet closes with."""


def usual(label: Label, fields: tuple[Column, ...]) -> Print:
    """Return the sheet of a register that defines none: all its fields, then its signatures."""
    signs = tuple(Sign(field=f.code) for f in fields if isinstance(f, Signature))
    own = tuple(f.code for f in fields if not isinstance(f, Signature))
    blocks = [Block(fields=(*own, *ENTRY))] + ([Block(signs=signs)] if signs else [])
    return Print(code="record", label=label, layout=tuple(blocks))
