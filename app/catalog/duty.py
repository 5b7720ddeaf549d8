"""Duties: something to be done within a time after an event or in each period, and what follows when it is not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from app.catalog.base import CODE, Cited, Dated, Party, Spec, Words
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


LENGTHS = ("minutes", "hours", "days", "working_days", "half_working_days", "months")
"""The units a term may be counted in."""
MonthDay = Annotated[str, Field(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
"""A day of the year, such as ``03-25``."""
PERIOD_FIELDS = ("period_start", "period_end")
"""What a term of a periodic duty may name beside fields: the first and the last day of the period."""


class Term(Spec):
    """A length of time and where it ends.

    Minutes and hours run by the clock. ``days``, ``working_days`` and ``months`` end with the last counted day: at 24:00,
    or at ``at`` (``"10:00"``: exactly then is late; ``close``: the site's closing time). ``field`` names a date or moment of the record that is
    itself the limit. A calendar-day or month limit whose last day is a rest day moves to the next working day unless ``on_rest_day: stay``
    (Civil Code art. 203).
    """

    minutes: int | None = Field(default=None, ge=0)
    hours: int | None = Field(default=None, ge=0)
    days: int | None = Field(default=None, ge=0)
    working_days: int | None = Field(default=None, ge=0)
    half_working_days: int | None = Field(default=None, ge=1)
    """Mornings (to 12:00) and afternoons (to 24:00) of working days, counted after the one it began in."""
    months: int | None = Field(default=None, ge=0)
    field: str = ""
    times: str = ""
    """An integer field, of the record or through one reference (``contract.term``), that the length is multiplied by:
    ``{months: 1, times: term}``. Where it is empty the term does not hold."""
    day: int | None = Field(default=None, ge=1, le=31)
    """With ``months``: this day of the month that is reached, or its last day."""
    working_day: int | None = Field(default=None, ge=1, le=23)
    """With ``months``: this working day of the month that is reached."""
    before: str = ""
    """Count back from this date or moment instead: the term ends so long before it. Whole days end with their last day, moved
    to the working day before where it is a rest day."""
    at: str = Field(default="", pattern=r"^(\d{2}:\d{2}|close)?$")
    on_rest_day: Literal["next_working_day", "stay"] = "next_working_day"

    @model_validator(mode="after")
    def _one_unit(self) -> Self:
        if sum(getattr(self, u) is not None for u in LENGTHS) + bool(self.field) != 1:
            raise ValueError(
                "give exactly one of: minutes, hours, days, working_days, half_working_days, months, field"
            )
        return self

    def fields(self) -> Iterator[str]:
        """Yield every field of the record that the end of the term depends on."""
        yield from (f for f in (self.field, self.times, self.before) if f)

    def by_the_clock(self) -> bool:
        """Return whether the end depends on the moment of the start, not on its day alone."""
        return self.minutes is not None or self.hours is not None or self.half_working_days is not None


class Bound(Term):
    """A term that another one may not fall behind or go beyond."""

    starts: str = ""
    """A date, moment or signature field that it is counted from; by default what the duty's own limit is counted from."""

    def fields(self) -> Iterator[str]:
        """Yield every field of the record that the end of the term depends on."""
        yield from super().fields()
        if self.starts:
            yield self.starts


class Limit(Dated, Term):
    """How long a duty may take: a term with its citation, from a day, for records of a kind."""

    not_before: tuple[Bound, ...] = ()
    """The latest of these and the term itself holds; one whose field is empty is passed over."""
    not_after: tuple[Bound, ...] = ()
    """The limit ends with the earliest of these at the latest, whatever else is written."""
    when: Condition | None = None
    """The limit holds for records of this kind only; the first limit that fits is taken."""

    def fields(self) -> Iterator[str]:
        """Yield every field of the record that the end of the limit depends on."""
        yield from Term.fields(self)
        for bound in (*self.not_before, *self.not_after):
            yield from bound.fields()

    def by_the_clock(self) -> bool:
        """Return whether the end depends on the moment of the start, not on its day alone."""
        return super().by_the_clock() or any(b.by_the_clock() for b in (*self.not_before, *self.not_after))


class Start(Spec):
    """What starts a duty's clock: a date, moment or signature field, the entry of the record, or a state being entered.

    Written as one word for a field; ``created`` for the entry.
    """

    field: str = ""
    state: Words = ()
    created: bool = False

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"created": True} if value == "created" else {"field": value}
        return value


class Share(Spec):
    """A share of the records of a register: ``{percent: 20, of: tenant, through: unit}``, rounded up.

    Of a population smaller than ``at_least`` all are needed.
    """

    percent: Decimal = Field(gt=0, le=100)
    at_least: int = Field(default=1, ge=1)
    """So many at least, however small the share is."""
    of: str
    through: str
    """The field of the population that equals what the done records are matched by."""
    where: Condition | None = None


class Every(Spec):
    """What a duty recurs with; each period is an obligation of its own, as of a record that was there when it began.

    One of: ``period``; ``between`` two days of the year, ``["03-25", "03-30"]``; ``months`` from ``since`` on. Who joins within a period owes
    from the next one on; who leaves before the limit owes that period no more.
    """

    period: Literal["", "day", "working_day", "week", "month", "quarter", "half_year", "year", "holiday"] = ""
    between: tuple[MonthDay, MonthDay] | None = None
    months: int | None = Field(default=None, ge=1)
    since: str = ""
    """The date field from which a record owes; by default its entry."""
    until: str = ""
    """The date field after which it owes no more: periods that end later are not owed."""

    @model_validator(mode="after")
    def _one_rhythm(self) -> Every:
        if bool(self.period) + (self.between is not None) + (self.months is not None) != 1:
            raise ValueError("give exactly one of: period, between, months")
        if self.months is not None and not self.since:
            raise ValueError("months are counted from since")
        return self


class Done(Spec):
    """What fulfils a duty: a field being filled, a state being entered, or a record elsewhere that points here.

    A date or moment field fulfils it at the moment it holds; a signature at the moment it was given; any other field when it was filled.
    """

    field: str = ""
    state: Words = ()
    register_code: str = Field(default="", alias="register")
    through: str = ""
    """The reference field of that other register that points to this record; to a row of ``unit``, a unit field too."""
    where: Condition | None = None
    """Only records elsewhere of this kind count."""
    matches: str = ""
    """The field of this record that ``through`` equals, such as a person; by default the record itself."""
    dated: str = ""
    """Of a periodic duty: the date or moment field elsewhere that tells its period; by default what fulfils it."""
    count: int = Field(default=1, ge=1)
    """Of a periodic duty: how many records each period needs."""
    each: str = ""
    """Of a periodic duty: records that have the same in this field of theirs count once."""
    share: Share | None = None
    """Of a periodic duty: as many records as this share of a population, instead of ``count``."""

    @model_validator(mode="before")
    @classmethod
    def _from_word(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"field": value}
        return value

    @model_validator(mode="after")
    def _complete(self) -> Done:
        if bool(self.register_code) != bool(self.through):
            raise ValueError("a record elsewhere needs both register and through")
        if bool(self.field) == bool(self.state):
            raise ValueError("give field or state")
        return self


class _Elsewhere(Spec):
    register_code: str = Field(default="", alias="register")
    through: str = ""
    """The reference field of that other register that points to this record."""
    state: Words = ()

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.register_code) != bool(self.through):
            raise ValueError("a record elsewhere needs both register and through")
        return self


class Pause(Cited, _Elsewhere):
    """The clock stands while this record is in one of these states, or while a record elsewhere that points here is in one of its.

    Days stand from the one after it began to the one it ended on; hours and minutes as long as it lasted. Only what began before the limit
    had passed stops it.
    """


class Prolongation(Cited, _Elsewhere):
    """Records elsewhere that point here and are in one of these states, approved, prolong the limit by what their field says."""

    by: str
    """Their integer field: by how much."""
    unit: Literal["days", "working_days", "months"]
    times: int | None = Field(default=None, ge=1)
    """How many extensions count at most, those entered first."""
    at_most: int | None = Field(default=None, ge=1)
    """By how much they prolong the limit at most, together."""


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
    """Something owed after an event, or in each period. Citations stand on each of its limits."""

    code: str = Field(pattern=CODE)
    label: Label
    owed_by: Party
    when: Condition | None = None
    starts: Start = Start()
    every: Every | None = None
    """Instead of ``starts``: owed anew in each period, by every record of this register. Its limits are counted from the period's last
    day; they may name ``period_start`` and ``period_end``."""
    done: Done
    within: tuple[Limit, ...]
    pause: tuple[Pause, ...] = ()
    """What makes the clock stand."""
    extend: Prolongation | None = None
    """What prolongs the limit."""
    repeat: Span | None = None
    """Each further span without fulfilment is another occurrence of the breach, until fulfilled."""
    remind: tuple[Reminder, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    breach: str = ""
    """The breach of this register that a missed limit is."""

    @property
    def postponed_by(self) -> tuple[Pause | Prolongation, ...]:
        """All that may postpone the limit after it has begun."""
        return (*self.pause, *([self.extend] if self.extend is not None else []))
