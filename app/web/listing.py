"""The list of a register: what an address asks for, and the table that answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from dataclasses import field as member
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import flash, request
from flask_babel import gettext

from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Refused, Sentence, say
from app.fields.base import Field, Unreadable
from app.fields.links import File, Link
from app.fields.numbers import YesNo
from app.fields.texts import Choices, LongText
from app.fields.times import Moment
from app.services import lookup
from app.services.panel import Work
from app.web.cells import Names, cell, kind_of, record_url
from app.web.language import headed, label, language, sentence
from app.web.shapes import Column, Control, Row, Table

SIZES = (25, 50, 100, 200)
"""Rows of one page; the last is the most that an address can ask for."""


@dataclass
class Asked:
    """What an address asks of a list: words to search, order, page (from 1) and its size."""

    search: str = ""
    order: str = ""
    page: int = 1
    size: int = SIZES[0]
    filters: list[tuple[Field, str]] = member(default_factory=list)

    @property
    def order_column(self) -> str:
        return self.order.lstrip("-")

    @property
    def direction(self) -> str:
        return "" if not self.order else "desc" if self.order.startswith("-") else "asc"


def asked(fields: tuple[Field, ...]) -> Asked:
    """Return what this request's address asks for; numbers that cannot be are brought within their limits."""
    args = request.args
    sortable = {f.code for f in fields if not f.many} | {"id", *SYSTEM}
    order = args.get("order", "")
    known = [*fields, *(SYSTEM[c] for c in ("record_no", "state", "unit"))]
    return Asked(
        args.get("q", "").strip()[:100],
        order if order.lstrip("-") in sortable else "",
        max(1, min(args.get("page", 1, int), 1_000_000)),
        max(1, min(args.get("size", SIZES[0], int), SIZES[-1])),
        [(f, text.strip()) for f in known if (text := args.get(f"f.{f.code}", "")).strip()],
    )


def comparisons(work: Work, wanted: Asked) -> Iterator[tuple[Field, str, Any]]:
    """Yield the filters of an address as (field, operation, value); one that cannot be read is named on the page and left out."""
    for f, text in wanted.filters:
        try:
            yield from [(f, operation, value) for operation, value in _comparisons(work, f, text)]
        except (Unreadable, Refused) as unreadable:
            flash(headed(label(f.label), sentence(unreadable.reason)), "warning")


def _comparisons(work: Work, f: Field, text: str) -> Iterator[tuple[str, Any]]:
    if isinstance(f, Moment):
        start = f.parse(text)
        end = start + timedelta(days=1) if isinstance(start, datetime) else start
        yield from (("ge", f.to_json(start)), ("lt", f.to_json(end)))
    elif isinstance(f, Link):
        yield "eq", int(text) if text.isdecimal() else _named(work, f, text)
    elif f.type == "choices":
        yield "has", text
    elif f.searchable:
        yield "ct", text
    elif isinstance(f, Choices | YesNo) or f.code == "state":
        yield "eq", text
    else:
        yield "eq", f.to_json(f.parse(text))


def _named(work: Work, f: Link, text: str) -> int:
    found = lookup.resolve(work, f, [text]).get(text) or say("没有找到")
    if isinstance(found, Sentence):
        raise Refused(found)
    return found


def shown_fields(spec: RegisterSpec, seen: tuple[Field, ...]) -> list[Field]:
    """Return the columns of the list that this person sees, after the record's number and state."""
    chosen = [
        f for c in spec.listed if (f := next((x for x in seen if x.code == c), None) or SYSTEM.get(c)) is not None
    ]
    head = [SYSTEM["record_no"]] + ([SYSTEM["state"]] if spec.workflow else [])
    return [*(f for f in head if f.code not in spec.listed), *chosen]


def table(
    work: Work, spec: RegisterSpec, fields: list[Field], rows: list[dict[str, Any]], wanted: Asked | None = None
) -> Table:
    """Return rows as people read them; with ``wanted`` the columns can be sorted and filtered."""
    names = Names(work, fields, rows)
    made = [Row(r["id"], record_url(spec.code, r["id"]), [cell(names, spec, f, r) for f in fields]) for r in rows]
    return Table([_column(work, spec, f, wanted) for f in fields], made)


def _column(work: Work, spec: RegisterSpec, f: Field, wanted: Asked | None) -> Column:
    column = Column(f.code, label(f.label), kind_of(f))
    if wanted is None:
        return column
    if not f.many and not isinstance(f, LongText | File):
        column.sorted = wanted.direction if wanted.order_column == f.code else ""
        column.sort_url = address(order=f"-{f.code}" if column.sorted == "asc" else f.code, page=None)
    if not isinstance(f, File):
        column.filter = _filter(work, spec, f, next((t for g, t in wanted.filters if g.code == f.code), ""))
    return column


def _filter(work: Work, spec: RegisterSpec, f: Field, text: str) -> Control:
    made = Control(f"f.{f.code}", label(f.label), kind_of(f), text)
    if f.code == "state" and spec.workflow:
        made.type, made.options = "state", [{"code": s.code, "label": label(s.label)} for s in spec.workflow.states]
    elif isinstance(f, Choices):
        made.options = [{"code": o.code, "label": o.text(language())} for o in f.choices]
    elif isinstance(f, YesNo):
        made.options = [{"code": "1", "label": gettext("是")}, {"code": "0", "label": gettext("否")}]
    elif f.type == "role":
        made.options = [{"code": r.code, "label": label(r.label)} for r in work.catalog.roles.values()]
    elif f.type == "moment":
        made.type = "date"
    return made


def address(**changes: Any) -> str:
    """Return this request's address with some of its arguments changed; None takes one away."""
    args = {**request.args.to_dict(flat=True), **changes}
    query = urlencode({k: v for k, v in args.items() if v not in (None, "")})
    return f"{request.script_root}{request.path}" + (f"?{query}" if query else "")


def page_address() -> Callable[[int], str]:
    """Return the function from a page's number to its address."""
    return lambda number: address(page=number if number > 1 else None)


def chips(wanted: Asked) -> list[dict[str, str]]:
    """Return the filters in force, each with the address that takes it away."""
    found = [
        {"label": headed(label(f.label), text), "remove_url": address(**{f"f.{f.code}": None, "page": None})}
        for f, text in wanted.filters
    ]
    if wanted.search:
        found.append({"label": gettext("搜索：%(text)s", text=wanted.search), "remove_url": address(q=None, page=None)})
    return found
