"""What a person took the columns of files for: next time they are offered as chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from app.exchange.naming import folded
from app.models.bulk import insert_rows
from app.models.fixed import column_choice
from app.services.panel import Work

_LONGEST = 200


def chosen(work: Work, register: str) -> dict[str, str]:
    """Return what the actor chose for columns of a register's files, by folded header; ``""``: left out."""
    c = column_choice.c
    query = select(c.header, c.field).where(c.person == work.actor.person_id, c.register == register)
    return {r.header: r.field for r in work.connection.execute(query)}


def keep(work: Work, register: str, headers: Sequence[str], mapping: Sequence[str | None]) -> None:
    """Remember what the actor chose for columns; a header without a name, or found by itself, is not remembered."""
    new = {folded(h)[:_LONGEST]: m for h, m in zip(headers, mapping, strict=False) if m is not None}
    new.pop("", None)
    if work.actor.is_system or not new:
        return
    c = column_choice.c
    mine = delete(column_choice).where(c.person == work.actor.person_id, c.register == register)
    work.connection.execute(mine.where(c.header.in_(list(new))))
    rows = [{"person": work.actor.person_id, "register": register, "header": h, "field": f} for h, f in new.items()]
    insert_rows(work.connection, column_choice, rows)


def remembered(choices: Mapping[str, str], header: str) -> str | None:
    """Return what was chosen for a header, None where nothing was."""
    return choices.get(folded(header)[:_LONGEST])
