"""Who comes in, asked together with all else that a request goes by: who applies which policy, which publication is the newest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select

from app.models.fixed import person, publication
from app.services import adoption, people
from app.services.panel import Work

_KEPT = ("adoptions", "newest edition")


@dataclass(frozen=True)
class Account:
    """A person who may come in, as the page's head names him."""

    id: int
    first_name: str
    last_name: str
    username: str


def arrive(work: Work, person_id: int) -> Account | None:
    """Return the active person of that number, None where there is none; ``people.actor`` of him then asks no more."""
    query = work.panel.once("arrival", "", lambda: _query(work))
    row = work.connection.execute(query, {"whose": person_id, "today": work.today}).first()
    if row is None or not row.active:
        return None
    work.memo.setdefault("alone", {})[person_id] = people.alone(person_id, row)
    adoption.know(work, row.adoptions)
    work.memo["newest edition"] = row.newest
    return Account(person_id, row.first_name, row.last_name, row.username)


def _query(work: Work) -> Select[Any]:
    newest = select(func.max(publication.c.revision)).scalar_subquery()
    return people.alone_query(work).add_columns(
        person.c.username, person.c.active, adoption.in_one_text().label("adoptions"), newest.label("newest")
    )


def carry_over(before: Work, work: Work) -> None:
    """Let a unit of work go by what another one of the same request has read of the site as a whole."""
    work.memo |= {key: before.memo[key] for key in _KEPT if key in before.memo}
