"""Refusals: what a register does not take while records of another stand in the way."""

from __future__ import annotations

from pydantic import Field, model_validator

from app.catalog.base import CODE, Cited, Spec
from app.catalog.condition import Condition
from app.catalog.duty import Span
from app.fields.label import Label


class Standing(Spec):
    """Records of a register that match the one in question; a register of tickets will do."""

    register_code: str = Field(alias="register")
    match: dict[str, str] = Field(min_length=1)
    """Its field → the field of this register that must hold the same, such as ``{borrower: applicant}``.

    ``id`` is the record itself, on either side: ``{order: id}`` are those whose ``order`` is this record.
    """
    where: Condition | None = None
    """Only records of this kind; on fields of that register itself."""
    overdue: str = ""
    """Only records that owe this duty of that register and are late with it."""
    overdue_by: Span | None = None
    """Late by so much."""


class Refusal(Cited):
    """Something a register does not take: the entry of a record, or a transition, for the reason that ``say`` gives.

    ``while`` any such record stands, ``unless`` one does; without either, whenever ``when`` holds.
    """

    code: str = Field(pattern=CODE)
    add: bool = False
    """It refuses new records, and changes of what they are matched by."""
    transition: tuple[str, ...] = ()
    """It refuses these transitions."""
    when: Condition | None = None
    while_: Standing | None = Field(default=None, alias="while")
    unless: Standing | None = None
    say: Label

    @model_validator(mode="after")
    def _one_reason(self) -> Refusal:
        if sum(x is not None for x in (self.while_, self.unless)) > 1:
            raise ValueError("give while or unless")
        return self

    @property
    def standing(self) -> Standing | None:
        """The records it asks for, wanted or not."""
        return self.while_ or self.unless
