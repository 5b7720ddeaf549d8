"""Tables of what is owed and what lateness costs: obligations, timers, breaches, tickets, entries, notices."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.models.fixed import fixed
from app.models.types import ID, ScaledNumber, UtcMoment, Words

obligation = Table(
    "obligation", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False), Column("record_id", ID, nullable=False),
    Column("duty", String(41), nullable=False), Column("cycle", Integer, nullable=False),
    Column("person", Integer), Column("role", String(41)), Column("unit", ID),
    Column("started_at", UtcMoment, nullable=False), Column("started_on", Date, nullable=False),
    Column("due_at", UtcMoment, nullable=False), Column("due_on", Date, nullable=False),
    Column("limit", Text, nullable=False), Column("postponed", Text), Column("citation", String(80), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("calendar", String(40), nullable=False), Column("provisional", Boolean, nullable=False),
    Column("state", String(8), nullable=False), Column("done_at", UtcMoment),
    UniqueConstraint("register", "record_id", "duty", "cycle"),
    Index("ix_obligation_due", "register", "state", "due_at"),
)  # fmt: skip
for _name, _columns in {"person": ("person", "state", "due_at"), "role": ("role", "state")}.items():
    # what is owed by the one is not by the other: half of each would be empty
    _filled = obligation.c[_name].is_not(None)
    _keys = [obligation.c[c] for c in _columns]
    Index(f"ix_obligation_{_name}", *_keys, sqlite_where=_filled, postgresql_where=_filled)

obligation_move = Table(
    "obligation_move", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("obligation", ID, ForeignKey("obligation.id"), nullable=False, index=True),
    Column("at", UtcMoment, nullable=False), Column("person", Integer),
    Column("source", String(10), nullable=False), Column("reason", Text, nullable=False),
    Column("due_before", UtcMoment, nullable=False), Column("due_after", UtcMoment, nullable=False),
    Column("calendar_before", String(40), nullable=False), Column("calendar_after", String(40), nullable=False),
)  # fmt: skip
"""Append-only: how the limit of an obligation was moved, by corrected facts, another calendar or a recalculation."""

timer = Table(
    "timer", fixed,
    Column("obligation", ID, ForeignKey("obligation.id"), primary_key=True, autoincrement=False),
    Column("fire_at", UtcMoment, nullable=False, index=True),
    Column("kind", String(8), nullable=False), Column("seq", Integer, nullable=False),
)  # fmt: skip

breach = Table(
    "breach", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False), Column("record_id", ID, nullable=False),
    Column("rule", String(41), nullable=False), Column("occurrence", Integer, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("obligation", ID, ForeignKey("obligation.id"), index=True),
    Column("person", Integer), Column("roles", Words), Column("unit", ID),
    Column("payer_register", String(41)), Column("payer_id", ID),
    Column("clause", String(20), nullable=False), Column("counter", String(41), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("multiplied", Boolean, nullable=False),
    Column("occurred_at", UtcMoment, nullable=False), Column("day", Date, nullable=False),
    Column("root", ID), Column("basis", String(10), nullable=False),
    Column("citation", String(80), nullable=False),
    Column("grows", Boolean, nullable=False), Column("measured_at", UtcMoment, nullable=False),
    Column("state", String(8), nullable=False), Column("note", Text),
    Column("recorded_at", UtcMoment, nullable=False), Column("recorded_by", Integer),
    UniqueConstraint("register", "record_id", "rule", "occurrence"),
    Index("ix_breach_counter", "counter", "subject", "day"),
    Index("ix_breach_grows", "grows", "measured_at"),
    Index("ix_breach_root", "root"),
)  # fmt: skip
"""``subject`` names whose breaches are judged together, such as ``person:7``, and is empty where nobody is charged.

``grows``: its lines depend on how late something still is; they were measured as of ``measured_at``.
"""
breach_line = Table(
    "breach_line", fixed,
    Column("breach", ID, ForeignKey("breach.id"), primary_key=True, autoincrement=False), Column("seq", Integer, primary_key=True),
    Column("kind", String(41), nullable=False), Column("label", Text, nullable=False),
    Column("register", String(41)), Column("record_id", ID),
    Column("unit_amount", ScaledNumber(2), nullable=False), Column("quantity", Integer, nullable=False),
    Column("unit_points", ScaledNumber(2), nullable=False), Column("sanction", Text), Column("from_nth", Integer, nullable=False),
    Column("formula", Text),
    Column("corrected_at", UtcMoment),
    Index("ix_breach_line_record", "register", "record_id"),
)  # fmt: skip

counter_group = Table(
    "counter_group",
    fixed,
    Column("counter", String(41), primary_key=True),
    Column("subject", String(64), primary_key=True),
)
"""One row for each subject under a counter: who judges its breaches holds its lock."""

ticket = Table(
    "ticket", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("breach", ID, ForeignKey("breach.id"), nullable=False),
    Column("record_no", String(40), nullable=False, unique=True),
    Column("counter", String(41), nullable=False), Column("rule", String(41), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("register", String(41), nullable=False), Column("record_id", ID, nullable=False), Column("record_title", Text, nullable=False),
    Column("person", Integer), Column("payer_register", String(41)), Column("payer_id", ID), Column("subject", String(64), nullable=False),
    Column("clause", String(20), nullable=False), Column("citation", String(80), nullable=False),
    Column("occurred_at", UtcMoment, nullable=False), Column("day", Date, nullable=False), Column("month", String(7), nullable=False),
    Column("ordinal", Integer, nullable=False), Column("factor", ScaledNumber(2), nullable=False),
    Column("base_amount", ScaledNumber(2), nullable=False), Column("amount", ScaledNumber(2), nullable=False),
    Column("points", ScaledNumber(2), nullable=False), Column("sanction", Text),
    Column("paid", ScaledNumber(2), nullable=False),
    Column("repeat_index", Integer), Column("arithmetic", Text, nullable=False),
    Column("confirmed_by", String(41), nullable=False),
    Column("state", String(40), nullable=False), Column("state_at", UtcMoment, nullable=False),
    Column("unit", ID), Column("created_by", Integer), Column("created_at", UtcMoment, nullable=False),
    Column("updated_by", Integer), Column("updated_at", UtcMoment, nullable=False), Column("version", Integer, nullable=False),
    Column("archived_at", UtcMoment), Column("remark", Text),
    UniqueConstraint("breach", "person"),
    Index("ix_ticket_person", "person", "month"),
    Index("ix_ticket_state", "state", "confirmed_by"), Index("ix_ticket_record", "register", "record_id"),
)  # fmt: skip

ledger_entry = Table(
    "ledger_entry", fixed,
    Column("place", ID, primary_key=True, autoincrement=False),
    Column("ticket", ID, ForeignKey("ticket.id"), nullable=False), Column("seq", Integer, nullable=False),
    Column("kind", String(10), nullable=False), Column("amount", ScaledNumber(2), nullable=False),
    Column("points", ScaledNumber(2), nullable=False),
    Column("paid", ScaledNumber(2), nullable=False),
    Column("at", UtcMoment, nullable=False), Column("person", Integer), Column("reason", Text),
    Column("citation", String(80), nullable=False), Column("arithmetic", Text, nullable=False),
    Column("previous", LargeBinary(32), nullable=False), Column("hash", LargeBinary(32), nullable=False, index=True),
    UniqueConstraint("ticket", "seq"),
)  # fmt: skip
"""Append-only: triggers refuse UPDATE, DELETE and TRUNCATE. Each line names the hash of the line before it (services/chain.py)."""
ticket_file = Table(
    "ticket_file", fixed,
    Column("ticket", ID, ForeignKey("ticket.id"), primary_key=True, autoincrement=False),
    Column("attachment", ID, ForeignKey("attachment.id"), primary_key=True, autoincrement=False),
)  # fmt: skip
"""Files that a person fined gave with an appeal."""
ledger_head = Table(
    "ledger_head", fixed,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("place", ID, nullable=False), Column("hash", LargeBinary(32), nullable=False),
)  # fmt: skip
"""One row: the last line of the ledger, kept outside it so that lines missing at the end are missed; its lock orders the lines."""

pay_decision = Table(
    "pay_decision", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("counter", String(41), nullable=False), Column("offer", String(41), nullable=False),
    Column("person", Integer, nullable=False), Column("month", String(7), nullable=False),
    Column("count", Integer, nullable=False), Column("pay", ScaledNumber(2), nullable=False),
    Column("rate", Numeric(5, 2), nullable=False), Column("amount", ScaledNumber(2), nullable=False),
    Column("reason", Text, nullable=False), Column("citation", String(80), nullable=False),
    Column("decided_by", Integer), Column("decided_at", UtcMoment, nullable=False),
    UniqueConstraint("counter", "offer", "person", "month"),
)  # fmt: skip

closing = Table(
    "closing", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("month", String(7), nullable=False), Column("nth", Integer, nullable=False), Column("state", String(8), nullable=False),
    Column("closed_by", Integer), Column("closed_at", UtcMoment, nullable=False),
    Column("place", ID, nullable=False), Column("hash", LargeBinary(32), nullable=False),
    Column("asked_by", Integer), Column("asked_at", UtcMoment), Column("asked_reason", Text),
    Column("reopened_by", Integer), Column("reopened_at", UtcMoment), Column("reopened_reason", Text),
    UniqueConstraint("month", "nth"),
)  # fmt: skip
"""A month that was closed, for the ``nth`` time; ``place`` and ``hash``: the last line of the ledger then."""
closing_line = Table(
    "closing_line", fixed,
    Column("closing", ID, ForeignKey("closing.id"), primary_key=True, autoincrement=False),
    Column("ticket", ID, ForeignKey("ticket.id"), primary_key=True, autoincrement=False),
    Column("person", Integer, nullable=False), Column("unit", ID), Column("month", String(7), nullable=False),
    Column("ordinal", Integer, nullable=False), Column("factor", ScaledNumber(2), nullable=False),
    Column("amount", ScaledNumber(2), nullable=False), Column("due", ScaledNumber(2), nullable=False),
    Column("points", ScaledNumber(2), nullable=False), Column("due_points", ScaledNumber(2), nullable=False),
    Column("state", String(40), nullable=False),
    Index("ix_closing_line_ticket", "ticket"), Index("ix_closing_line_person", "person"),
)  # fmt: skip
"""A ticket as a closing found it; ``due`` and ``due_points``: what this closing takes, or gives back; ``unit``: the person's."""
closing_pay = Table(
    "closing_pay", fixed,
    Column("closing", ID, ForeignKey("closing.id"), primary_key=True, autoincrement=False),
    Column("decision", ID, ForeignKey("pay_decision.id"), primary_key=True, autoincrement=False),
    Column("unit", ID),
)  # fmt: skip
"""Shares of pay that a closing takes."""
carried_over = Table(
    "carried_over", fixed,
    Column("month", String(7), primary_key=True), Column("ticket", ID, ForeignKey("ticket.id"), primary_key=True, autoincrement=False),
    Column("reason", Text, nullable=False), Column("person", Integer), Column("at", UtcMoment, nullable=False),
)  # fmt: skip
"""Undecided tickets that a month is closed without, by somebody's decision."""

notice = Table(
    "notice", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("key", String(160), nullable=False, unique=True),
    Column("person", Integer, nullable=False), Column("kind", String(20), nullable=False),
    Column("register", String(41)), Column("record_id", ID), Column("ticket", ID),
    Column("words", Text, nullable=False), Column("at", UtcMoment, nullable=False), Column("read_at", UtcMoment),
    Index("ix_notice_person", "person", "read_at"),
)  # fmt: skip
outbox = Table(
    "outbox", fixed,
    Column("notice", ID, ForeignKey("notice.id"), primary_key=True, autoincrement=False), Column("channel", String(20), primary_key=True),
    Column("state", String(8), nullable=False), Column("next_at", UtcMoment, nullable=False), Column("letter", ID),
    Index("ix_outbox_next", "state", "next_at"),
)  # fmt: skip
"""What is to leave the panel: one row for each notice and channel; ``waiting`` until it is ``taken`` into a letter, or put ``aside``."""
Index(
    "ix_outbox_letter",
    outbox.c.letter,
    sqlite_where=outbox.c.letter.is_not(None),
    postgresql_where=outbox.c.letter.is_not(None),
)
