"""Values as people read them, every name behind a number looked up once for the whole page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.register import RegisterSpec
from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import File, Link, Person, Role, Signature
from app.fields.numbers import Percent, YesNo
from app.fields.texts import Choices
from app.fields.times import Moment
from app.services import lookup, related
from app.services.panel import Work
from app.web.language import label, language, language_comma
from app.web.shapes import Cell

MOMENT = Moment(code="moment", label=Label(zh="时刻"))


class Names:
    """The names of everything that some records point to: one query for each kind of target."""

    def __init__(self, work: Work, fields: Iterable[Field], rows: Iterable[Mapping[str, Any]]) -> None:
        self.work = work
        self._known: dict[str, dict[int, str]] = {}
        wanted: dict[str, tuple[Link, set[int]]] = {}
        links = [f for f in fields if isinstance(f, Link)]
        for row in rows:
            for f in links:
                wanted.setdefault(_kind(f), (f, set()))[1].update(ids_of(row.get(f.code)))
        for kind, (f, ids) in wanted.items():
            self._known[kind] = lookup.link_names(work, f, ids) if ids else {}
        # A name may be read by whoever sees what points to it; the record behind it only by whoever may see that.
        self._open = related.seen(work, {f.target: ids for f, ids in wanted.values() if f.target})

    def address(self, field: Link, number: int) -> str:
        """Return the address of one row that ``field`` points to; empty where this person may not follow."""
        return record_url(field.target, number) if (field.target, number) in self._open else ""

    def of(self, field: Link, number: int) -> str:
        """Return the name of one row that ``field`` points to."""
        return self._known.get(_kind(field), {}).get(number) or f"#{number}"


def _kind(field: Link) -> str:
    return "person" if isinstance(field, Person | Signature) else field.target or "file"


def ids_of(value: Any) -> tuple[int, ...]:
    """Return the numbers in a pointing value: one, several or none."""
    return value if isinstance(value, tuple) else () if value is None else (value,)


def cell(names: Names, spec: RegisterSpec, field: Field, row: Mapping[str, Any]) -> Cell:
    """Return one value of a record, with its address where one can follow it."""
    value = row.get(field.code)
    if field.code == "state":
        return state_cell(spec, value)
    if isinstance(field, Link):
        links = [{"text": names.of(field, i), "url": _address(names, spec, field, row, i)} for i in ids_of(value)]
        text = language_comma().join(one["text"] for one in links)
        at = f" {moment(row.get(f'{field.code}_at'))}".rstrip() if isinstance(field, Signature) else ""
        several = field.many or isinstance(field, File)
        return Cell(
            text + at,
            field.type,
            url=links[0]["url"] if len(links) == 1 and not several else "",
            links=links if several and all(one["url"] for one in links) else [],
        )
    return Cell(text_of(names.work, field, value), kind_of(field))


def kind_of(field: Field) -> str:
    """Return a field's type as templates name it."""
    return "yesno" if isinstance(field, YesNo) else field.type


def state_cell(spec: RegisterSpec, code: str | None) -> Cell:
    """Return a state by its name and tone."""
    state = spec.workflow.state(code) if spec.workflow and code else None
    return Cell(label(state.label), "state", state.tone) if state else Cell(code or "", "state")


def text_of(work: Work, field: Field, value: Any) -> str:
    """Return a value that points nowhere, in the reader's language."""
    if value is None:
        return ""
    if isinstance(field, Choices):
        codes = value if isinstance(value, tuple) else (value,)
        return language_comma().join(o.text(language()) if (o := field.option(c)) else c for c in codes)
    if isinstance(field, YesNo):
        return gettext("是") if value else gettext("否")
    if isinstance(field, Role):
        role = work.catalog.roles.get(value)
        return label(role.label) if role else str(value)
    return field.format(value) + ("%" if isinstance(field, Percent) else "")


def in_place(who: str, absent: str) -> str:
    """Return a name with that of whom the person stood for, where there is one."""
    return gettext("%(who)s 代 %(absent)s", who=who, absent=absent) if absent else who


def moment(value: datetime | None) -> str:
    """Return a moment in the site's zone, empty for none."""
    return MOMENT.format(value)


def record_url(register: str, number: int) -> str:
    """Return the address of a record's page."""
    return f"{request.script_root}/registers/{register}/show/{number}"


def _address(names: Names, spec: RegisterSpec, field: Link, row: Mapping[str, Any], number: int) -> str:
    if isinstance(field, File):
        return f"{request.script_root}/registers/{spec.code}/file/{row['id']}/{number}"
    return names.address(field, number)


def until(late_at: datetime) -> str:
    """Return the first instant that is too late as people say a limit."""
    return Moment.until(late_at)
