"""The State Council's yearly notices on rest days, as data: what a calendar file holds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator
from ruamel.yaml import YAML

from app.catalog.base import Spec
from app.fields.label import Label

MAINLAND = Path(__file__).parent.parent / "definitions" / "calendars" / "cn.yaml"
"""The shipped calendar of mainland China."""


class Holiday(Spec):
    """One holiday of a year: the days off, weekends in between included, and the weekend days worked for it (补班)."""

    label: Label
    first: date = Field(alias="from")
    last: date | None = Field(default=None, alias="to")
    work: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _plausible(self) -> Holiday:
        if self.last and self.last < self.first:
            raise ValueError(f"{self.label.zh} ends on {self.last}, before it begins on {self.first}")
        if weekdays := [d for d in self.work if d.weekday() < 5 or d in self.rest]:
            raise ValueError(f"{self.label.zh}: {weekdays[0]} is no weekend day that could be worked in exchange")
        return self

    @property
    def rest(self) -> tuple[date, ...]:
        """The days off, in order."""
        return tuple(self.first + timedelta(days=n) for n in range(((self.last or self.first) - self.first).days + 1))


class Year(Spec):
    """The rest days of one year; until its notice is published, those that the statute alone fixes."""

    year: int
    announced: bool
    notice: str = ""
    """Name and number of the notice; of the statute, where there is no notice yet."""
    holidays: tuple[Holiday, ...]


class Yearbook(Spec):
    """Rest days of consecutive years; announced years come before provisional ones."""

    calendar: str
    label: Label
    years: tuple[Year, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Yearbook:
        numbers = [y.year for y in self.years]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            raise ValueError(f"the years must follow one another: {numbers}")
        if sorted(self.years, key=lambda y: not y.announced) != list(self.years):
            raise ValueError("an announced year cannot follow one that is not announced")
        return self


def read_yearbook(path: Path = MAINLAND) -> Mapping[str, Any]:
    """Return the calendar file at ``path`` as plain values, for ``calendar_from``.

    Raises OSError when there is no such file and ruamel's YAMLError when it is no YAML.
    """
    found: Mapping[str, Any] = YAML(typ="safe", pure=True).load(path)
    return found
