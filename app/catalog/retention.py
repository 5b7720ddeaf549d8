"""Retention: how long records must be kept, and what it takes to delete them afterwards."""

from __future__ import annotations

from pydantic import Field

from app.catalog.base import Spec, Words
from app.catalog.duty import Limit


class Destruction(Spec):
    """An approved record elsewhere that lets records be deleted: ``{register: destruction, through: archives, state: approved}``."""

    register_code: str = Field(alias="register")
    through: str
    """Its reference field to the records to be destroyed; one or several."""
    state: Words = Field(min_length=1)
    """The states in which it is approved."""


class Retention(Spec):
    """Records may not be deleted before a time has passed, and then only as ``destroyed_by`` says. Citations stand on each limit.

    While the date is empty from which the time is counted, nothing may be deleted. What one has entered oneself by mistake may be
    taken back within the hour all the same.
    """

    starts: str = ""
    """A date, moment or signature field, or ``created_at``; needless where every limit is a ``field`` of the record."""
    keep: tuple[Limit, ...] = Field(min_length=1)
    """How long; rest days never prolong it."""
    destroyed_by: Destruction | None = None
