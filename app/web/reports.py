"""Reporting a breach by hand: what is asked, and who is offered it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.register import RegisterSpec
from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import Person
from app.fields.numbers import Integer
from app.fields.texts import LongText
from app.fields.times import Moment
from app.services import ledger
from app.services.panel import Work
from app.web.forms import controls
from app.web.language import label
from app.web.shapes import Action

FIELDS: tuple[Field, ...] = (
    Person(code="person", label=Label(zh="责任人", en="Person"), required=True),
    Integer(code="quantity", label=Label(zh="数量", en="Quantity")),
    Moment(code="at", label=Label(zh="违规时间", en="Happened at")),
    LongText(code="note", label=Label(zh="说明", en="Note"), required=True),
)


def offered(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> list[Action]:
    """Return a form for each breach that this person may report of a record."""
    base = f"{request.script_root}/registers/{spec.code}/report/{row['id']}"
    asked = controls(work, spec, FIELDS, {"quantity": 1})
    return [
        Action(
            gettext("登记违规：%(name)s", name=label(b.label)),
            f"{base}/{b.code}",
            icon="flag",
            tone="danger",
            controls=asked,
        )
        for b in ledger.reportable(work, spec.code)
    ]
