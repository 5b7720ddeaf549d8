"""All field types by name; the one place that a new type is added to."""

from __future__ import annotations

from typing import Annotated

from pydantic import Discriminator

from app.fields.base import Field
from app.fields.links import File, Person, Reference, Role, Signature, Unit
from app.fields.numbers import DecimalNumber, Integer, Money, Percent, YesNo
from app.fields.texts import AutoNumber, Choice, LongText, SeveralChoices, Text
from app.fields.times import Date, Moment

AnyField = Annotated[
    Text | LongText | Integer | DecimalNumber | Money | Percent | Date | Moment | Choice | SeveralChoices | YesNo
    | Person | Unit | Role | Reference | File | Signature | AutoNumber,
    Discriminator("type"),
]  # fmt: skip

FIELD_TYPES: dict[str, type[Field]] = {
    str(kind.model_fields["type"].default): kind
    for kind in (
        Text, LongText, Integer, DecimalNumber, Money, Percent, Date, Moment, Choice, SeveralChoices, YesNo,
        Person, Unit, Role, Reference, File, Signature, AutoNumber,
    )
}  # fmt: skip
