"""Indicators: what is counted of registers and duties in a period, what it should be, and the reports that carry it."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from app.catalog.base import CODE, Cited, Spec
from app.catalog.condition import Condition
from app.catalog.duty import Span
from app.fields.label import Label

PeriodKind = Literal["month", "quarter", "half_year", "year"]


class Related(Spec):
    """Records of another register that point to the one in question: there must be one, or with ``absent`` none."""

    register_code: str = Field(alias="register")
    through: str
    """Its reference field that points here."""
    where: Condition | None = None
    absent: bool = False


class Measure(Spec):
    """One number of a period: of records of a register (one of tickets will do), or of what its duties owed.

    A record belongs to the period in which its ``by`` lies, an obligation to that in which it began or fell due. What is not yet
    due is not counted as owed.
    """

    register_code: str = Field(alias="register", pattern=CODE)
    duties: tuple[str, ...] = ()
    """Duties of that register: their obligations are counted instead of records, ``met`` or ``owed``."""
    take: Literal["count", "sum", "average", "distinct", "met", "owed"] = "count"
    of: str = ""
    """The field that is added up, averaged, or of which each different value counts once."""
    scores: dict[str, Decimal] = Field(default_factory=dict)
    """What each option of a choice is worth in a sum or an average; records with another answer are left out."""
    by: str = ""
    """The date, moment or signature field that says when; of duties ``started`` or ``due``."""
    until: str = ""
    """A second date or moment: the record counts in each period between the two; empty: still."""
    where: Condition | None = None
    having: tuple[Related, ...] = ()
    per: str = ""
    """The field whose values the figures are split by, where it is not that of the indicator."""


class Weighted(Spec):
    """A part of a composite score: another indicator of the same period, and its weight."""

    indicator: str
    weight: Decimal = Field(gt=0)


class Target(Cited):
    """What the value should be: at least, at most. ``tolerance`` per cent above ``le`` are still let pass."""

    ge: Decimal | None = None
    le: Decimal | None = None
    tolerance: Decimal = Field(default=Decimal(0), ge=0)

    @model_validator(mode="after")
    def _some(self) -> Target:
        if self.ge is None and self.le is None:
            raise ValueError("give ge or le")
        return self


class Grade(Spec):
    """A grade: values from ``ge`` on and below ``lt``, in words and in a colour."""

    ge: Decimal | None = None
    lt: Decimal | None = None
    label: Label
    tone: Literal["plain", "success", "warning", "danger"] = "plain"


class Indicator(Cited):
    """A figure of each period: a count, sum or average, or ``numerator`` over ``denominator``; or a weighted mean of others.

    Where there is nothing to divide by there is no figure: that is not zero.
    """

    code: str = Field(alias="indicator", pattern=CODE)
    label: Label
    help: Label | None = None
    domain: str = Field(pattern=CODE)
    numerator: Measure | None = None
    denominator: Measure | None = None
    parts: tuple[Weighted, ...] = ()
    unit: Literal["percent", "count", "yuan", "days", "points"] = "percent"
    period: PeriodKind = "month"
    per: str = ""
    """A field (of obligations also ``unit`` or ``person``): beside the whole, one figure for each of its values."""
    places: int = Field(default=1, ge=0, le=4)
    """Decimal places shown, half rounded up; compared is what was not rounded."""
    min: Decimal | None = None
    max: Decimal | None = None
    """The value is never shown below and above."""
    goal: Target | None = Field(default=None, alias="target")
    bands: tuple[Grade, ...] = ()
    """Grades from the lowest to the highest; without them the target has two: reached and missed."""
    ready: Span | None = None
    """How long after the period its figures are complete: they are then kept as they are, and corrected only with a reason."""
    receives: tuple[str, ...] = ()
    """Roles that see all its figures, whatever they may read of the records behind it."""

    @model_validator(mode="after")
    def _one_way(self) -> Indicator:
        if (self.numerator is None) == (not self.parts):
            raise ValueError("give numerator or parts")
        return self

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Its numerator and denominator, as far as it has them."""
        return tuple(m for m in (self.numerator, self.denominator) if m is not None)
