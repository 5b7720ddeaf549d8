"""Registers: the tables that policies tell us to keep, with workflow and access."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Literal

from pydantic import ConfigDict, Field

from app.catalog.base import CODE, Cited, Party, Spec, Words
from app.catalog.breach import Breach, Counter
from app.catalog.condition import Condition
from app.catalog.duty import Duty
from app.catalog.print import Print, usual
from app.catalog.refusal import Refusal
from app.catalog.report import Report
from app.catalog.retention import Retention
from app.fields.base import Field as Column
from app.fields.kinds import AnyField
from app.fields.label import Label
from app.fields.links import File, Person
from app.fields.links import Unit as UnitField
from app.fields.texts import LongText, Text
from app.fields.times import Moment

VERBS = ("find", "read", "add", "edit", "delete", "import", "export")
"""``find``: to look a row up by number and name and point at it, as in a finding aid, without reading it."""
RESERVED = frozenset(
    {
        "id",
        "record_no",
        "state",
        "state_at",
        "unit",
        "created_by",
        "created_at",
        "updated_by",
        "updated_at",
        "version",
        "archived_at",
        "remark",
    }
)
"""Fields that every register has; a definition may not declare them again."""


class State(Spec):
    """A state of a workflow."""

    code: str = Field(pattern=CODE)
    label: Label
    locked: bool = False
    """In it no field can be edited; only transitions change the record."""
    tone: Literal["plain", "active", "success", "warning", "danger"] = "plain"


class Transition(Cited):
    """A way from one state to another, and what it takes."""

    code: str = Field(pattern=CODE)
    label: Label
    source: Words = Field(alias="from")
    target: str = Field(alias="to")
    by: tuple[Party, ...] = ()
    """Who may; empty only for automatic transitions."""
    needs: tuple[str, ...] = ()
    """Fields that must be filled before or with it; asked for on its form."""
    asks: tuple[str, ...] = ()
    """Fields offered on its form that may stay empty."""
    sign: str = ""
    """The signature field that it signs."""
    reason: bool = False
    """A reason must be written; kept in the record's history."""
    not_by: tuple[str, ...] = ()
    """Person or signature fields whose person may not make it (separation of duties)."""
    when: Condition | None = None
    sets: dict[str, Any] = Field(default_factory=dict)
    """Fields it fills: ``now``, ``actor``, or a value."""
    auto: bool = False
    """The panel makes it by itself as soon as ``when`` holds."""
    optional: bool = False
    """It may be made and need not: no record waits for it, and it is in nobody's list of what waits for him. One that asks for a reason is
    a way back or out, and never is waited for."""
    tell: tuple[Party, ...] = ()

    @property
    def awaited(self) -> bool:
        """Whether a record waits for it: it leads on, and somebody has to make it."""
        return not (self.auto or self.optional or self.reason)


class Workflow(Spec):
    """The states of a register and the ways between them; a new record stands in the first state."""

    states: tuple[State, ...] = Field(min_length=1)
    transitions: tuple[Transition, ...] = ()

    @property
    def initial(self) -> str:
        return self.states[0].code

    def state(self, code: str) -> State | None:
        """Return the state of that code."""
        return next((s for s in self.states if s.code == code), None)

    def transition(self, code: str) -> Transition | None:
        """Return the transition of that code."""
        return next((t for t in self.transitions if t.code == code), None)


class Grant(Spec):
    """An approved record elsewhere that opens rows to a person for a limited time."""

    register_code: str = Field(alias="register")
    person: str
    """Its person field: who is let in."""
    target: str
    """Its reference field to this register: which rows."""
    state: tuple[str, ...]
    until: str
    """Its moment field: until when."""


class Access(Cited):
    """What holders of a role may do, and with which rows.

    ``own``: rows I created or am named in (in any person field, or just those of ``named_in``); ``unit``: of my unit;
    ``below``: of my unit and the units under it; ``company``: of my company, which is the nearest unit around mine that is a company or a
    group, with all units under it, and records of no unit; ``granted``: opened to me by an approval. Role ``everyone`` is each person who can
    sign in.
    """

    role: str
    can: tuple[str, ...]
    rows: Literal["all", "own", "unit", "below", "company", "granted"] = "all"
    named_in: tuple[str, ...] = ()
    grant: Grant | None = None
    when: Condition | None = None
    """Only rows of this kind; on fields of the register itself."""


class Check(Spec):
    """Something that must hold between the fields of a record; broken, it is shown at ``field``."""

    code: str = Field(pattern=CODE)
    field: str
    require: Condition
    when: Condition | None = None
    say: Label


class RegisterSpec(Cited):
    """A table that a policy tells us to keep: fields, workflow, duties, breaches, counters, access."""

    model_config = ConfigDict(ignored_types=(cached_property,))

    code: str = Field(pattern=CODE)
    label: Label
    domain: str = Field(pattern=CODE)
    position: int | None = Field(default=None, ge=1)
    """Where it stands in its group of the menu, counted from 1; by default in the order in which registers are written."""
    help: Label | None = None
    number: str = ""
    """Pattern of ``record_no``, such as ``TS-{yyyy}-{seq:5}``; by default the code's initials with year and sequence."""
    title: tuple[str, ...] = ()
    """Fields that name a record where another one points to it; by default the first text."""
    columns: tuple[str, ...] = ()
    """Columns of the list, in order; by default all but long texts and files."""
    order: str = "-id"
    """Field that a list is sorted by at first; ``-`` for the latest first."""
    fields: tuple[AnyField, ...]
    unique_together: tuple[tuple[str, ...], ...] = ()
    checks: tuple[Check, ...] = ()
    workflow: Workflow | None = None
    duties: tuple[Duty, ...] = ()
    breaches: tuple[Breach, ...] = ()
    counters: tuple[Counter, ...] = ()
    refuse: tuple[Refusal, ...] = ()
    reports: tuple[Report, ...] = ()
    access: tuple[Access, ...] = ()
    follows: str = ""
    """A reference field: who may read the record it points to may read this one."""
    excluded: tuple[str, ...] = ()
    """Person fields; whoever they name sees nothing of the record and takes no part in it."""
    tickets_of: tuple[str, ...] = ()
    """Counters: the register has no table of its own and shows the tickets of these counters."""
    logged: Condition | None = None
    """Each view and export of records of this kind is written to the access log; those that an approval opened always are."""
    retention: Retention | None = None
    """How long records must be kept; by default they may be deleted by whoever has that right."""
    append_only: bool = False
    """Records are added and never changed."""
    prints: tuple[Print, ...] = ()
    """The sheets of paper it is printed on; by default one with all its fields."""

    @cached_property
    def by_code(self) -> dict[str, Column]:
        """Fields by their code."""
        return {f.code: f for f in self.fields}

    @cached_property
    def listed(self) -> tuple[str, ...]:
        """The columns of its list, in order: codes of its own fields, or of those that every register has."""
        return self.columns or tuple(f.code for f in self.fields if not isinstance(f, LongText | File))

    @cached_property
    def filled(self) -> frozenset[str]:
        """The fields that the panel fills with its reports, and nobody types."""
        return frozenset().union(*(r.filled for r in self.reports))

    @cached_property
    def needed_when(self) -> dict[str, Condition]:
        """The fields that are required under a condition, with it."""
        return {f.code: Condition.model_validate(f.required_when) for f in self.fields if f.required_when}

    @cached_property
    def far_conditions(self) -> tuple[Condition, ...]:
        """The conditions of its checks that look at what a record points to."""
        said = (*self.needed_when.values(), *(c.require for c in self.checks), *(c.when for c in self.checks if c.when))
        return tuple(c for c in said if any("." in path for path in c.fields()))

    @cached_property
    def codes(self) -> frozenset[str]:
        """The codes of its fields and of those that every register has."""
        return frozenset((*self.by_code, *SYSTEM))

    @cached_property
    def sheets(self) -> tuple[Print, ...]:
        """Its prints; where none of them is of one record, also the one with all its fields."""
        own = () if any(not p.together for p in self.prints) else (usual(self.label, self.fields),)
        return (*self.prints, *own)

    def field(self, code: str) -> Column | None:
        """Return the field of that code."""
        return self.by_code.get(code)

    def column(self, code: str) -> Column | None:
        """Return the field of that code, or the one that every register has."""
        return self.by_code.get(code) or SYSTEM.get(code)


SYSTEM: dict[str, Column] = {
    f.code: f
    for f in (
        Text(code="record_no", label=Label(zh="编号", en="No."), max_length=40),
        Text(code="state", label=Label(zh="状态", en="State"), max_length=40),
        UnitField(code="unit", label=Label(zh="归属部门", en="Unit")),
        Person(code="created_by", label=Label(zh="登记人", en="Entered by")),
        Moment(code="created_at", label=Label(zh="登记时间", en="Entered at")),
        Person(code="updated_by", label=Label(zh="最后修改人", en="Changed by")),
        Moment(code="updated_at", label=Label(zh="最后修改时间", en="Changed at")),
        LongText(code="remark", label=Label(zh="备注", en="Remark")),
    )
}
"""The fields that every register has beside its own; of these a person writes only ``unit`` and ``remark``."""
