"""Tables that do not depend on definitions: people, history, files, views, adoption, publications, imports."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from app.models.types import ID, UtcMoment

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
fixed = MetaData(naming_convention=NAMES)

# Flask-AppBuilder owns the ab_ tables; these are the columns that services read of them.
person = Table(
    "ab_user", fixed,
    Column("id", Integer, primary_key=True),
    Column("first_name", String(64)), Column("last_name", String(64)), Column("username", String(64)),
    Column("active", Boolean), Column("email", String(320)), Column("password", String(256)),
    info={"owner": "flask_appbuilder"},
)  # fmt: skip
role = Table(
    "ab_role",
    fixed,
    Column("id", Integer, primary_key=True),
    Column("name", String(64)),
    info={"owner": "flask_appbuilder"},
)
person_role = Table(
    "ab_user_role", fixed,
    Column("id", Integer, primary_key=True), Column("user_id", Integer), Column("role_id", Integer),
    info={"owner": "flask_appbuilder"},
)  # fmt: skip

sequence = Table("sequence", fixed, Column("key", String(120), primary_key=True), Column("value", ID, nullable=False))

record_version = Table(
    "record_version", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False), Column("record_id", ID, nullable=False), Column("version", Integer, nullable=False),
    Column("at", UtcMoment, nullable=False), Column("person", Integer), Column("source", String(10), nullable=False),
    Column("transition", String(41)), Column("reason", Text), Column("import_run", ID),
    Column("change_set", ID), Column("on_behalf", Integer), Column("changes", Text, nullable=False),
    UniqueConstraint("register", "record_id", "version"),
    Index("ix_record_version_newest", "register", "id"),
)  # fmt: skip
for _of, _also in ((record_version.c.change_set, ()), (record_version.c.import_run, (record_version.c.record_id,))):
    _named = _of.is_not(None)
    Index(f"ix_record_version_{_of.name}", _of, *_also, sqlite_where=_named, postgresql_where=_named)

change_set = Table(
    "change_set", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False), Column("person", Integer, nullable=False), Column("at", UtcMoment, nullable=False),
    Column("label", String(200), nullable=False), Column("size", Integer, nullable=False),
    Column("reverts", ID), Column("state", String(8), nullable=False), Column("newest", ID),
    Index("ix_change_set_person", "person", "register", "state"),
)  # fmt: skip
"""What one person changed at once in the grid. ``reverts``: the change that this one took back or made again; ``newest``: what did so last."""

saved_view = Table(
    "saved_view", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False, index=True), Column("person", Integer, nullable=False),
    Column("name", String(80), nullable=False), Column("config", Text, nullable=False),
    Column("created_at", UtcMoment, nullable=False), Column("updated_at", UtcMoment, nullable=False),
    UniqueConstraint("register", "person", "name"),
)  # fmt: skip
saved_view_role = Table(
    "saved_view_role", fixed,
    Column("view", ID, ForeignKey("saved_view.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("role", String(41), primary_key=True),
)  # fmt: skip

signature = Table(
    "signature", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False), Column("record_id", ID, nullable=False), Column("field", String(41), nullable=False),
    Column("person", Integer, nullable=False), Column("signed_at", UtcMoment, nullable=False),
    Column("transition", String(41), nullable=False), Column("scan", ID), Column("on_behalf", Integer),
    Index("ix_signature_record", "register", "record_id"),
)  # fmt: skip

access_log = Table(
    "access_log", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("at", UtcMoment, nullable=False), Column("person", Integer, nullable=False), Column("action", String(10), nullable=False),
    Column("register", String(41)), Column("record_id", ID), Column("approved_in", String(41)), Column("approval", ID),
    Column("subject", Integer), Column("began", ID, index=True), Column("reason", Text),
    Index("ix_access_log_record", "register", "record_id"),
)  # fmt: skip
"""Who saw what, append-only. ``action``: read or export of a record, and the approval (a record of ``approved_in``) that opened it;
or begin and end of looking at the panel as ``subject``, the end with the line that ``began`` it."""

attachment = Table(
    "attachment", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("sha256", String(64), nullable=False), Column("name", String(255), nullable=False),
    Column("size", ID, nullable=False), Column("content_type", String(120), nullable=False),
    Column("uploaded_by", Integer), Column("uploaded_at", UtcMoment, nullable=False),
)  # fmt: skip

adoption = Table(
    "adoption", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("unit", ID), Column("policy", String(20), nullable=False),
    Column("from_day", Date, nullable=False), Column("to_day", Date),
    Column("recorded_by", Integer), Column("recorded_at", UtcMoment, nullable=False), Column("reason", Text),
    Column("ended_by", Integer), Column("ended_at", UtcMoment), Column("end_reason", Text),
    UniqueConstraint("unit", "policy", "from_day"),
)  # fmt: skip

go_live = Table(
    "go_live", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False, index=True), Column("day", Date, nullable=False),
    Column("reason", Text, nullable=False), Column("person", Integer), Column("at", UtcMoment, nullable=False),
)  # fmt: skip
"""The days on which registers went live, append-only; of each register the newest line holds."""

publication = Table(
    "publication", fixed,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False), Column("at", UtcMoment, nullable=False), Column("person", Integer),
    Column("in_force_from", Date, nullable=False),
    Column("reason", Text, nullable=False), Column("plan", Text, nullable=False), Column("catalog", Text, nullable=False),
)  # fmt: skip
"""``plan``: what it changed, as JSON of sentences, each worded when it is read."""
publication_file = Table(
    "publication_file", fixed,
    Column("revision", Integer, ForeignKey("publication.revision"), primary_key=True),
    Column("path", String(200), primary_key=True), Column("text", Text, nullable=False),
)  # fmt: skip

import_run = Table(
    "import_run", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False), Column("file_name", String(255), nullable=False), Column("sha256", String(64), nullable=False),
    Column("stored", Text), Column("options", Text, nullable=False),
    Column("person", Integer), Column("source", String(10), nullable=False),
    Column("started_at", UtcMoment, nullable=False), Column("finished_at", UtcMoment),
    Column("state", String(12), nullable=False), Column("total", Integer), Column("done_line", Integer, nullable=False),
    Column("created", Integer, nullable=False), Column("updated", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False), Column("refused", Integer, nullable=False),
    Column("message", Text), Column("errors_file", Text),
    Column("undoes", ID, index=True), Column("reverses", ID), Column("undone_by", ID),
    Index("ix_import_run_again", "register", "sha256"),
)  # fmt: skip
"""One file brought in; or what takes such a run back or makes it again. The latter names that run (``undoes``) and the one whose
changes it reverses; ``undone_by`` names, of a file's run, the one by which it is taken back now."""
import_error = Table(
    "import_error", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("run", ID, ForeignKey("import_run.id"), nullable=False, index=True),
    Column("line", Integer), Column("row", Integer), Column("field", String(41), nullable=False),
    Column("label", Text, nullable=False), Column("text", Text, nullable=False), Column("reason", Text, nullable=False),
)  # fmt: skip

column_choice = Table(
    "column_choice", fixed,
    Column("person", Integer, primary_key=True, autoincrement=False), Column("register", String(41), primary_key=True),
    Column("header", String(200), primary_key=True), Column("field", String(41), nullable=False),
)  # fmt: skip
"""What a person took a column of a file for the last time, by its folded header; an empty field: for nothing."""

export_log = Table(
    "export_log", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("register", String(41), nullable=False), Column("person", Integer), Column("at", UtcMoment, nullable=False),
    Column("source", String(10), nullable=False), Column("form", String(20), nullable=False),
    Column("columns", Text, nullable=False), Column("criteria", Text, nullable=False),
    Column("rows", Integer), Column("finished_at", UtcMoment),
    Index("ix_export_log_person", "person"),
)  # fmt: skip
"""Every file that left: whose, of what, how many rows; ``finished_at`` is empty where the file broke off."""

whatif_run = Table(
    "whatif_run", fixed,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("name", String(200), nullable=False), Column("draft", Text, nullable=False),
    Column("first_day", Date, nullable=False), Column("last_day", Date, nullable=False),
    Column("person", Integer), Column("started_at", UtcMoment, nullable=False), Column("finished_at", UtcMoment),
    Column("state", String(12), nullable=False), Column("done", Integer, nullable=False), Column("total", Integer),
    Column("moved", Integer), Column("message", Text),
    Index("ix_whatif_run_person", "person"),
)  # fmt: skip
"""One trial of a draft on history. ``draft`` is its JSON; ``moved`` counts the time limits that would end on another day."""
whatif_line = Table(
    "whatif_line", fixed,
    Column("run", ID, ForeignKey("whatif_run.id"), primary_key=True, autoincrement=False), Column("seq", Integer, primary_key=True),
    Column("register", String(41), nullable=False), Column("record_id", ID, nullable=False), Column("record_title", Text, nullable=False),
    Column("rule", String(41), nullable=False), Column("rule_label", Text, nullable=False), Column("occurrence", Integer, nullable=False),
    Column("person", Integer), Column("unit", ID), Column("month", String(7), nullable=False), Column("citation", String(80), nullable=False),
    Column("was_fen", ID, nullable=False), Column("would_fen", ID, nullable=False),
    Column("was", Text), Column("would", Text),
)  # fmt: skip
"""One breach that a draft would judge otherwise. ``was`` and ``would``: how it is judged now and by the draft, as JSON; empty where it is none."""

text_reach = Table(
    "text_reach", fixed,
    Column("register", String(41), primary_key=True), Column("number", Integer, nullable=False, unique=True),
    Column("upto", ID, nullable=False),
)  # fmt: skip
"""How far the index of texts has come in each register (the record's id), and the number under which it keeps that register."""
formula_reach = Table(
    "formula_reach", fixed,
    Column("register", String(41), primary_key=True), Column("field", String(41), primary_key=True),
    Column("meaning", String(64), nullable=False), Column("upto", ID, nullable=False),
    Column("since", UtcMoment, nullable=False), Column("done", Boolean, nullable=False),
)  # fmt: skip
"""Up to which record (its id) a formula of this ``meaning``, in force ``since`` then, has been worked out; ``done``: in all of them."""
