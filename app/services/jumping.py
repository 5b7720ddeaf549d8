"""Jumps in a long list: from the nearest place that is known instead of from its beginning."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select

from app.services import listing, scope, totals
from app.services.filtering import Part
from app.services.listing import Page
from app.services.ordering import Order, Sort, order_of
from app.services.panel import Work
from app.services.remembering import keep, place_of, recall

FAR = 1_000
"""Rows that are skipped faster than a better way is found."""
_KEPT = 2_000
"""Places of one list that are remembered."""


def page(
    work: Work,
    register: str,
    *,
    filters: Sequence[Part] = (),
    search: str = "",
    sort: Sequence[Sort] = (),
    limit: int = 100,
    offset: int = 0,
    told: int | None = None,
) -> Page:
    """Return the same page as ``listing.page``; where rows skipped before or the end are nearer than the beginning, from there.

    ``told``: how many rows the reader was told that there are, by whichever process counted them. Raises Forbidden, Missing, Refused.
    """
    if offset < FAR:
        return listing.page(work, register, filters=filters, search=search, sort=sort, limit=limit, offset=offset)
    scope.demand(work, register, "read")
    order = order_of(work, register, sort)
    found = listing.keyed(order, listing.matching(work, register, filters, search))
    place = place_of(work, register, order.apply(found))
    marks: dict[int, str] = recall(work, place, "marks") or {}
    total = totals.known(work, register, filters, search)
    rows, ahead = _rows(work, order, found, marks, told if total is None else total, offset, limit)
    # what a reader was told may be of before a change: of that nothing is remembered for others
    if rows and place.key is not None and (total is not None or told is None):
        ends = {offset: order.mark(rows[0]), offset + len(rows) - 1: order.mark(rows[-1])}
        keep(work, place, "marks", dict([*marks.items(), *ends.items()][-_KEPT:]))
    return listing.page_of(order, rows, ahead=ahead)


def _rows(
    work: Work, order: Order, found: Select[Any], marks: dict[int, str], total: int | None, offset: int, limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """Return the rows of a jump and whether more follow, coming from where the fewest must be skipped."""
    if total is not None:
        limit = max(0, min(limit, total - offset))
        if not limit:
            return [], False
    until = offset + limit
    before = max((n for n in marks if n < offset), default=-1)
    behind = min((n for n in marks if n >= until), default=None)
    ways = {"forth": offset - before - 1}
    if behind is not None:
        ways["back"] = behind - until
    if total is not None:
        ways["end"] = total - until
    match min(ways, key=lambda w: ways[w]):
        case "back" if behind is not None:
            return listing.beyond(work, order, found, marks[behind], limit, back=True, skip=ways["back"])[::-1], True
        case "end":
            query = order.apply(found, back=True).limit(limit).offset(ways["end"])
            return [dict(r) for r in work.connection.execute(query).mappings()][::-1], ways["end"] > 0
    if before < 0:
        query = order.apply(found).limit(limit + 1).offset(offset)
        rows = [dict(r) for r in work.connection.execute(query).mappings()]
    else:
        rows = listing.beyond(work, order, found, marks[before], limit + 1, skip=ways["forth"])
    return rows[:limit], len(rows) > limit
