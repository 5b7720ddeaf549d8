"""Breaches, what they cost, and what repetition does."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field, model_validator

from app.catalog.amount import Amount
from app.catalog.base import CODE, Cited, Party, Spec, Words
from app.catalog.condition import Condition
from app.catalog.duty import Limit
from app.fields.label import Label


class PayShare(Spec):
    """A share of a month's performance pay, chosen by an officer within limits, in percent."""

    min: Decimal
    max: Decimal


class LineKind(Cited):
    """One kind of defect that a line of a checklist may show; a line may show several."""

    code: str
    label: Label
    when: Condition
    amount: tuple[Amount, ...] = Field(min_length=1)


class Lines(Spec):
    """The checklist that a breach is found on: records elsewhere that point here, each defect one line of the ticket."""

    register_code: str = Field(alias="register")
    through: str
    corrected: str = ""
    """A date or moment field of the line: when it was put right."""
    kinds: tuple[LineKind, ...] = Field(min_length=1)


class Trigger(Spec):
    """What brings a breach about, where it is not a missed duty: a transition of the record, or another breach of it."""

    transition: Words = ()
    breach: str = ""
    created: bool = False


class Correction(Cited):
    """An order to put a breach right: the panel drafts a record of ``register``, which an officer signs.

    That register must have the fields ``ticket`` (reference to the register of tickets), ``person`` (person) and ``content``; its own duty
    carries the time limit and the repetition.
    """

    register_code: str = Field(alias="register")
    closed_by: str = ""
    """The transition of that register which the panel makes by itself when the missed duty is fulfilled."""


class Appeal(Cited):
    """Until when the person fined may appeal, counted from the confirmation, and who decides; never whoever confirmed.

    Without it the site's own number of working days holds, and the roles that ``may: [decide_appeals]`` decide.
    """

    within: Limit
    decided_by: str


class Breach(Cited):
    """A kind of violation: how it comes about, whom it is charged to, what it costs, and which counter it belongs to.

    One ticket is one record × one clause × one person × one occurrence; lines are its quantity.
    """

    code: str = Field(pattern=CODE)
    label: Label
    clause: str = ""
    charged_to: Party | None = None
    """Whom it is charged to; by default whoever owed the missed duty."""
    payer: str = ""
    """A reference field: it is charged to whom that record stands for, such as a customer, and to none of the staff."""
    trigger: Trigger | None = None
    reported_by: tuple[str, ...] = ()
    """Roles that may report it by hand, for a person they name."""
    when: Condition | None = None
    """Of a breach that a trigger brings about; what a missed limit is depends on the condition of its duty."""
    joins: str = ""
    """Another breach of the register, of the same clause: where the record has one that stands, the lines found now are added to its ticket."""
    lines: Lines | None = None
    quantity: str = ""
    """An integer field of the record: how many items."""
    amount: tuple[Amount, ...] = ()
    counter: str = ""
    multiplied: bool = True
    """False: it counts towards the counter but its own amount is never multiplied."""
    correct: Correction | None = None
    confirmed_by: str = ""
    """The role whose members confirm or waive the ticket."""
    appeal: Appeal | None = None
    tell: tuple[Party, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether the record says how many items it is charged for, and so may be corrected later."""
        return bool(self.quantity) and not self.reported_by


class Multiplier(Cited):
    """From the n-th breach in the window on, the amount is multiplied, once, for holders of a role."""

    role: str = ""
    """Empty: everybody."""
    from_nth: int = Field(ge=1)
    by: Decimal = Field(gt=0)


class Offer(Cited):
    """A further decision that a counter opens from the n-th confirmed breach on: a share of that month's performance pay."""

    code: str = Field(pattern=CODE)
    label: Label
    role: str = ""
    from_nth: int = Field(ge=1)
    share_of_pay: PayShare
    decided_by: str


class Ceiling(Cited):
    """What all breaches of one window together never exceed; the later ones are cut."""

    money: Decimal | None = Field(default=None, gt=0)
    points: Decimal | None = Field(default=None, gt=0, decimal_places=2)


class Counter(Spec):
    """Counts breaches in a window, and says what the n-th one changes.

    ``order`` ranks the clauses of breaches of the same moment.
    """

    code: str = Field(pattern=CODE)
    label: Label
    window: Literal["calendar_month", "week", "quarter", "half_year", "year", "ever", "rolling"] = "calendar_month"
    """A week begins on Monday; ``rolling`` looks back ``days`` days, the breach's own day included."""
    days: int | None = Field(default=None, ge=1)
    per: str = "person"
    """Whose breaches are counted together: of the ``person`` charged, of a ``unit``, of one ``record``, or of whatever a
    reference or person field of that code names, such as ``customer``."""
    waived_counts: bool = False
    only_confirmed: bool = False
    """Only what has been confirmed counts against later breaches."""
    clauses: tuple[str, ...] = ()
    """Only breaches of these clauses count; those of others are neither numbered nor multiplied. Empty: all."""
    order: tuple[str, ...] = ()
    multiply: tuple[Multiplier, ...] = ()
    at_most: Ceiling | None = None
    offers: tuple[Offer, ...] = ()

    @model_validator(mode="after")
    def _rolling(self) -> Counter:
        if (self.window == "rolling") != (self.days is not None):
            raise ValueError("days goes with window: rolling")
        return self
