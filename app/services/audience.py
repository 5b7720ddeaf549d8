"""Whom rules tell of records: asked once for all records that look alike to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from app.catalog.base import Party
from app.catalog.register import RegisterSpec
from app.services import people
from app.services.panel import Work

Audience = Callable[[Mapping[str, Any]], tuple[int, ...]]


def audience(work: Work, spec: RegisterSpec, parties: Sequence[Party]) -> Audience:
    """Return who is to be told of a record, as ``people.told`` says for each party, without repetition.

    Holds as long as what ``work`` has read of people does.
    """
    key = ("audience", spec.code, id(parties))
    if key not in work.memo:
        work.memo[key] = (
            parties,
            _audience(work, spec, parties),
        )  # kept with the parties, so that the number stays theirs
    return work.memo[key][1]


def _audience(work: Work, spec: RegisterSpec, parties: Sequence[Party]) -> Audience:
    settled = [p.within(spec.codes) for p in parties]
    looked_at = ("unit", *spec.excluded, *(p.field or p.superior_of for p in settled if not p.role))
    asked = itemgetter(*looked_at)
    known: dict[Any, tuple[int, ...]] = {}

    def told(row: Mapping[str, Any]) -> tuple[int, ...]:
        try:
            alike = asked(row)
        except KeyError:  # a field that its definitions did not have yet
            alike = tuple(map(row.get, looked_at))
        found = known.get(alike)
        if found is None:
            everybody = (p for party in parties for p in people.told(work, party, spec, row))
            found = known[alike] = tuple(dict.fromkeys(everybody))
        return found

    return told
