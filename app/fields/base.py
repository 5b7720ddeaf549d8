"""What all fields have in common: declaration, and text to value and back."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict
from pydantic import Field as Declared

from app.errors import Sentence, say
from app.fields.label import Label


class Storage(StrEnum):
    """How a value lies in its column; ``app.models`` maps each to a column type of the database."""

    TEXT = "text"
    INTEGER = "integer"
    SCALED = "scaled"
    """A decimal kept as a whole number of its smallest unit: exact in every database."""
    DATE = "date"
    MOMENT = "moment"
    BOOLEAN = "boolean"
    WORDS = "words"
    """Several choices, kept as ``;a;b;`` so that one of them is found by LIKE '%;a;%'."""
    LINK = "link"
    """The id of a row elsewhere."""


class Unreadable(ValueError):
    """A text that is no value of its field; carries the sentence for the person who typed it."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(str(reason))
        self.reason = reason


class Field(BaseModel):
    """One column of a register: its declaration and its behaviour.

    Subclasses set ``type`` and ``storage`` and override ``parse``, ``format`` and ``check``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    storage: ClassVar[Storage] = Storage.TEXT
    worded: ClassVar[bool] = False
    """Holds words that the search box finds."""
    by_hand: ClassVar[bool] = True
    """Of a type that people type; false for what the panel itself writes."""

    code: str = Declared(pattern=r"^[a-z][a-z0-9_]{0,40}$")
    label: Label
    type: str
    help: Label | None = None
    required: bool = False
    required_when: dict[str, Any] | None = None
    """A condition on the other fields of the record under which the field must be filled."""
    required_from: str = ""
    """The state from which the field must be filled; before it a draft may leave it empty."""
    unique: bool = False
    default: Any = None
    synonyms: tuple[str, ...] = ()
    """Other column headers under which a file may bring it."""
    edited_by: tuple[str, ...] = ()
    """Roles that may write it; empty: whoever may edit the record."""
    seen_by: tuple[str, ...] = ()
    """Roles that may see it; empty: whoever may read the record."""
    formula: str = ""
    """What the panel works its value out from, such as ``[单价] * [数量]``, ``[客户].[等级]`` or ``SUM([回访].[分数])``; nobody types it then."""
    basis: str = ""
    """The clauses that demand the field, such as ``P05-A3; P08-6``, or ``impl`` where a written duty could not be checked without it."""

    kept_in: str = Declared(default="", pattern=r"^([a-z][a-z0-9_]{0,59})?$")
    """The column in which its values lie, where that is not one of its own code: written by the panel when a site changes a field's type."""
    original_of: str = ""
    """The field whose former values this one shows, as text, as long as they do not fit that field's new type."""

    @property
    def place(self) -> str:
        """The name of the column in which its values lie."""
        return self.kept_in or self.code

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses of ``basis``, each by itself."""
        return tuple(clause for part in self.basis.split(";") if (clause := part.strip()) and clause != "impl")

    @property
    def typed(self) -> bool:
        """True where people type it; false for what the panel itself writes or works out."""
        return self.by_hand and not self.formula

    @property
    def searchable(self) -> bool:
        """True where the search box finds it; what is worked out changes behind the index of texts and is filtered by instead."""
        return self.worded and not self.formula

    @property
    def many(self) -> bool:
        """True where a record holds several values of the field in a table of links."""
        return False

    def parse(self, text: str) -> Any:
        """Return the value that ``text`` stands for, None for blank.

        Raises Unreadable with a sentence. A value exported by ``format`` parses to itself.
        """
        return text or None

    def format(self, value: Any) -> str:
        """Return ``value`` as a person and a spreadsheet read it; empty for None."""
        return "" if value is None else str(value)

    def check(self, value: Any) -> Sentence | None:
        """Return why a value (never None) is not acceptable by itself, or None."""
        return None

    def to_json(self, value: Any) -> Any:
        """Return ``value`` as JSON carries it."""
        return value

    def from_json(self, value: Any) -> Any:
        """Return the value that JSON carried; strings are parsed as typed text.

        Raises Unreadable.
        """
        if value is None:
            return None
        if isinstance(value, str):
            return self.parse(value.strip())
        return self.parse(str(value))


def unreadable(label: str, text: str, hint: Sentence) -> Unreadable:
    """Return the error for a text that cannot be read as the field's type."""
    return Unreadable(say("“{text}”不是有效的{kind}，{hint}", text=text[:60], kind=label, hint=hint))
