"""Duties: something to be done within a time after an event, and what follows when it is not."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from app.catalog.base import CODE, Cited, Dated, Party, Spec
from app.catalog.condition import Condition
from app.fields.label import Label


class Span(Spec):
    """A length of time; exactly one unit."""

    minutes: int | None = Field(default=None, ge=0)
    hours: int | None = Field(default=None, ge=0)
    days: int | None = Field(default=None, ge=0)
    working_days: int | None = Field(default=None, ge=0)
    months: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_unit(self) -> Span:
        if sum(u is not None for u in (self.minutes, self.hours, self.days, self.working_days, self.months)) != 1:
            raise ValueError("give exactly one of: minutes, hours, days, working_days, months")
        return self


class Limit(Dated):
    """How long a duty may take.

    Minutes and hours run by the clock. ``days``, ``working_days`` and ``months`` end with the last counted day: at 24:00,
    or at ``at`` (``"10:00"``: exactly then is late; ``close``: the site's closing time). ``field`` names a date or moment of the record that is
    itself the limit. A calendar-day or month limit whose last day is a rest day moves to the next working day unless ``on_rest_day: stay``
    (Civil Code art. 203).
    """

    minutes: int | None = Field(default=None, ge=0)
    hours: int | None = Field(default=None, ge=0)
    days: int | None = Field(default=None, ge=0)
    working_days: int | None = Field(default=None, ge=0)
    months: int | None = Field(default=None, ge=0)
    field: str = ""
    at: str = Field(default="", pattern=r"^(\d{2}:\d{2}|close)?$")
    on_rest_day: Literal["next_working_day", "stay"] = "next_working_day"
    when: Condition | None = None
    """The limit holds for records of this kind only; the first limit that fits is taken."""

    @model_validator(mode="after")
    def _one_unit(self) -> Limit:
        lengths = (self.minutes, self.hours, self.days, self.working_days, self.months)
        if sum(u is not None for u in lengths) + bool(self.field) != 1:
            raise ValueError("give exactly one of: minutes, hours, days, working_days, months, field")
        return self


class Start(Spec):
    """What starts a duty's clock: a date, moment or signature field, the entry of the record, or a state being entered.

    Written as one word for a field; ``created`` for the entry.
    """

    field: str = ""
    state: tuple[str, ...] = ()
    created: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"created": True} if value == "created" else {"field": value}
        if isinstance(value, dict) and isinstance(value.get("state"), str):
            return value | {"state": [value["state"]]}
        return value


class Done(Spec):
    """What fulfils a duty: a field being filled, a state being entered, or a record elsewhere that points here.

    A date or moment field fulfils it at the moment it holds; a signature at the moment it was given; any other field when it was filled.
    """

    field: str = ""
    state: tuple[str, ...] = ()
    register_code: str = Field(default="", alias="register")
    through: str = ""
    """The reference field of that other register that points to this record."""
    where: Condition | None = None
    """Only records elsewhere of this kind count."""

    @model_validator(mode="before")
    @classmethod
    def _one_state(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"field": value}
        if isinstance(value, dict) and isinstance(value.get("state"), str):
            return value | {"state": [value["state"]]}
        return value

    @model_validator(mode="after")
    def _complete(self) -> Done:
        if bool(self.register_code) != bool(self.through):
            raise ValueError("a record elsewhere needs both register and through")
        if bool(self.field) == bool(self.state):
            raise ValueError("give field or state")
        return self


class Reminder(Spec):
    """Tell somebody before the time ends: ``before`` it, or when ``at_percent`` of it has passed."""

    before: Span | None = None
    at_percent: int | None = Field(default=None, gt=0, lt=100)
    tell: tuple[Party, ...]


class Escalation(Spec):
    """Tell somebody after the time ended: at once, or ``after`` a span without fulfilment."""

    after: Span | None = None
    tell: tuple[Party, ...]


class Duty(Cited):
    """Something owed after an event. Citations stand on each of its limits."""

    code: str = Field(pattern=CODE)
    label: Label
    owed_by: Party
    when: Condition | None = None
    starts: Start
    done: Done
    within: tuple[Limit, ...]
    repeat: Span | None = None
    """Each further span without fulfilment is another occurrence of the breach, until fulfilled."""
    remind: tuple[Reminder, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    breach: str = ""
    """The breach of this register that a missed limit is."""
