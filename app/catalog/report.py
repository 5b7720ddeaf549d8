"""Reports: records that the panel enters after each period, filled with figures, for somebody to check and sign."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from app.catalog.base import CODE, Cited, Party, Spec
from app.fields.label import Label

ReportPeriod = Literal["week", "month", "quarter", "half_year", "year"]


class ReportFigure(Spec):
    """What a report says in one field: the figure of an indicator for the report's own period, whatever period the indicator has.

    ``numerator`` and ``denominator`` are what was counted; ``each`` is, in words, one line for each value that it is split by.
    """

    indicator: str = Field(pattern=CODE)
    take: Literal["value", "numerator", "denominator", "each"] = "value"


class Report(Cited):
    """A record that the panel enters by itself as soon as a period is over, one for each unit that applies what it cites.

    While it stands in the first state of its workflow it is brought up to date every day; from the first transition on, a signature
    as a rule, it says what it said then. Nobody types the fields that it fills.
    """

    code: str = Field(pattern=CODE)
    label: Label
    period: ReportPeriod
    first: str = Field(alias="from")
    """The date field that holds the first day of the period."""
    last: str = Field(alias="to")
    """The date field that holds its last day; a duty to hand the report in starts with it."""
    name: str = ""
    """A text field that holds what the period is called: ``2025-03``, ``2025-W10``, ``2025-Q1``, ``2025-H1``, ``2025``."""
    figures: dict[str, ReportFigure] = Field(default_factory=dict)
    """Field → figure: numbers into number fields, ``each`` into a long text."""
    sets: dict[str, Any] = Field(default_factory=dict)
    """Other fields and what they hold, such as the kind of report."""
    tell: tuple[Party, ...] = ()
    """Who is told that it is there to be checked and signed."""

    @property
    def filled(self) -> frozenset[str]:
        """The fields that it fills."""
        return frozenset({self.first, self.last, self.name, *self.figures, *self.sets} - {""})
