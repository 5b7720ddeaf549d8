"""Which of several values holds on a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TypeVar

from app.catalog.base import Dated

D = TypeVar("D", bound=Dated)


def in_force(values: Iterable[D], on: date) -> D | None:
    """Return the value with the latest ``from`` not after ``on``, the first of several; None before all of them.

    A value without ``from`` has held since the policy was adopted.
    """
    begun = [v for v in values if v.since is None or v.since <= on]
    return max(begun, key=lambda v: v.since or date.min, default=None)
