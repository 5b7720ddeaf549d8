"""What one case costs: money, points, a share of a value, a consequence in words; by lateness, by size or by ordinal."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from app.catalog.base import Dated, Spec
from app.catalog.condition import Condition
from app.catalog.duty import Span
from app.fields.label import Label

LATENESS = ("minute", "hour", "day", "working_day")
"""What an amount may be counted per where somebody was late; each unit that has begun counts."""


class Charge(Spec):
    """What is imposed: money, a share of a value, points, a consequence in words; one of them or several together."""

    money: Decimal | None = Field(default=None, ge=0)
    """Yuan."""
    percent: Decimal | None = Field(default=None, ge=0)
    """A share, in percent, of the field ``of`` of the amount; half a fen is rounded up."""
    points: Decimal | None = Field(default=None, ge=0, decimal_places=2)
    """扣分, totalled apart from money."""
    sanction: Label | None = None
    """A consequence in words, such as 书面警告 or 由总经理决定."""

    @property
    def says(self) -> bool:
        """Whether anything is imposed."""
        return any(x is not None for x in (self.money, self.percent, self.points, self.sanction))


class Band(Charge):
    """What is imposed up to and including a lateness or a value; the last band has no ``up_to`` and takes the rest."""

    up_to: Span | Decimal | None = None


class Rung(Charge):
    """What is imposed from the n-th counted breach of the window on, until the next rung."""

    from_nth: int = Field(ge=1)


class Payments(Spec):
    """The register in which part payments of an outstanding balance are recorded."""

    register_code: str = Field(alias="register")
    through: str
    """Its reference field that points to this record."""
    amount: str
    """Its money field."""
    paid_on: str
    """Its date or moment field; what is paid on a day still bears that day's interest."""


class Interest(Spec):
    """Simple interest for each day late on what is still unpaid, from the day after the limit until it is paid.

    The days of each balance are counted whole; the total is rounded once, half a fen upwards.
    """

    balance: str
    """The money field that holds what was due."""
    percent: Decimal | None = Field(default=None, ge=0)
    """Per day."""
    percent_field: str = ""
    """The field that holds the percentage, where a contract agrees it; while it is empty nothing accrues."""
    paid: Payments | None = None
    at_most_percent: Decimal | None = Field(default=None, gt=0)
    """Never more than this share of ``balance``."""

    @model_validator(mode="after")
    def _one_rate(self) -> Interest:
        if (self.percent is None) != bool(self.percent_field):
            raise ValueError("give percent or percent_field")
        return self


class Amount(Dated, Charge):
    """What one case costs, in exactly one form.

    Imposed ``per`` case, per item (of a breach with lines or a ``quantity``), or per unit of lateness that has begun;
    or by ``bands`` of lateness (of the field ``of``, where that is named); or by a ``ladder`` of the ordinal under the
    counter; or as ``interest``; or as much as the ticket that ``same_as`` names, for what of it is still uncorrected
    (``basis: remaining``) or for all of it (``full``).
    """

    per: Literal["case", "item", "minute", "hour", "day", "working_day"] = "case"
    of: str = ""
    """A number of the record: what ``percent`` is taken of, and bands without a length of time are measured by."""
    at_most: Decimal | None = Field(default=None, gt=0)
    """Yuan that one case never exceeds, before it is multiplied."""
    bands: tuple[Band, ...] = ()
    ladder: tuple[Rung, ...] = ()
    interest: Interest | None = None
    same_as: str = ""
    """A reference field of the record that names a ticket."""
    basis: Literal["remaining", "full"] = "remaining"
    when: Condition | None = None
    """It holds for records of this kind only, or for charged people of this kind: ``charged.roles``, ``charged.rank``."""

    @model_validator(mode="after")
    def _one_form(self) -> Amount:
        forms = (self.says, bool(self.bands), bool(self.ladder), self.interest is not None, bool(self.same_as))
        if sum(forms) != 1:
            raise ValueError("give one form of amount")
        return self

    @property
    def by_lateness(self) -> bool:
        """Whether it depends on how late something was, so that it grows while it is not done."""
        spans = any(isinstance(b.up_to, Span) for b in self.bands)
        return self.per in LATENESS or self.interest is not None or spans

    @property
    def measured(self) -> bool:
        """Whether it depends on facts that may change after the breach: lateness, or a value of the record."""
        return self.by_lateness or bool(self.of)
