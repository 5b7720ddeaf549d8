"""Which policies bind which unit on which day; what nobody adopted is off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, Connection, String, cast, func, insert, select

from app.catalog.base import Cited
from app.catalog.catalog import adopted
from app.models.bulk import insert_new
from app.models.fixed import adoption
from app.services import people
from app.services.panel import Work


def policies(work: Work, unit: int | None, day: date) -> frozenset[str]:
    """Return the policies in force for a unit on a day: its own adoptions and those of the units above it.

    An adoption without unit binds everybody. A record of no unit is bound by whatever anybody adopted.
    """
    key = ("policies", unit, day)
    if key not in work.memo:
        around = set(people.chain(work, unit))
        work.memo[key] = frozenset(
            policy for of, policy in in_force(work, day) if of is None or unit is None or of in around
        )
    return work.memo[key]


def anywhere(work: Work) -> frozenset[str]:
    """Return the policies that any unit applies today."""
    key = ("policies", "anywhere")
    if key not in work.memo:
        work.memo[key] = policies(work, None, work.today)
    return work.memo[key]


def in_house(work: Work, unit: int | None) -> frozenset[str]:
    """Return the policies that the people of a unit work by today: those of its house, of the units above that, and of those below.

    The house is the nearest unit around them that applies policies of its own; where there is none they work by whatever anybody applies.
    """
    key = ("policies", "house", unit)
    if key not in work.memo:
        adopting = {of for of, *_ in in_force(work, work.today)}
        house = next((u for u in people.chain(work, unit) if u in adopting), None)
        near = {None, *people.chain(work, house), *(people.below(work, house) if house is not None else ())}
        work.memo[key] = frozenset(p for of, p in in_force(work, work.today) if house is None or of in near)
    return work.memo[key]


def in_force(work: Work, day: date) -> Iterator[tuple[int | None, str]]:
    """Yield each (unit, policy) that applies on a day by an adoption of the unit's own; unit None: everybody."""
    for of, policy, start, end in _adoptions(work):
        if start <= day and (end is None or day < end):
            yield of, policy


def adopters(work: Work, cited: Cited, day: date) -> frozenset[int | None]:
    """Return the units that apply on a day what something cites, without those below them; None among them: everybody does."""
    if not cited.cite:
        return frozenset({None})
    return frozenset(of for of, policy in in_force(work, day) if policy in cited.policies)


def live(work: Work, cited: Cited, unit: int | None, day: date) -> bool:
    """Return whether something a policy demands is in force for a unit on a day."""
    return adopted(cited, policies(work, unit, day))


def in_one_text() -> ColumnElement[str | None]:
    """Return a column with all adoptions in one text, for ``know``: so they are read together with something else."""
    a = adoption.c
    cells = (func.coalesce(cast(c, String), "") for c in (a.unit, a.policy, a.from_day, a.to_day))
    first, *others = cells
    line: ColumnElement[str] = first
    for cell in others:
        line = line.concat(" ").concat(cell)
    return select(func.aggregate_strings(line, "\n")).scalar_subquery()


def know(work: Work, text: str | None) -> None:
    """Let a unit of work go by what ``in_one_text`` read."""
    work.memo["adoptions"] = _told(text or "")


@lru_cache(maxsize=16)
def _told(text: str) -> list[tuple[int | None, str, date, date | None]]:
    day = date.fromisoformat
    told = (line.split(" ") for line in text.splitlines())
    return [(int(of) if of else None, policy, day(a), day(b) if b else None) for of, policy, a, b in told]


def adopt(work: Work, unit: int | None, codes: Iterable[str], day: date) -> None:
    """Record that a unit (None: everybody) applies policies from a day; what it already applies stays as it is."""
    rows = [
        {"unit": unit, "policy": c, "from_day": day, "recorded_by": work.actor.person_id, "recorded_at": work.now}
        for c in codes
        if not any(of == unit and p == c for of, p, _, _ in _adoptions(work))
    ]
    insert_new(work.connection, adoption, rows)
    forget(work)


def forget(work: Work) -> None:
    """Ask again who applies what: it has just been changed."""
    for key in [k for k in work.memo if k == "adoptions" or (isinstance(k, tuple) and k[0] in {"policies", "bound"})]:
        del work.memo[key]


def adopt_for_all(connection: Connection, policy: str, day: date, person: int | None, now: datetime) -> None:
    """Record that the whole site applies a policy from a day, unless it does already."""
    a = adoption.c
    if connection.execute(select(a.id).where(a.unit.is_(None), a.policy == policy)).scalar() is None:
        row = {"unit": None, "policy": policy, "from_day": day, "recorded_by": person, "recorded_at": now}
        connection.execute(insert(adoption).values(**row))


def _adoptions(work: Work) -> list[tuple[int | None, str, date, date | None]]:
    if "adoptions" not in work.memo:
        a = adoption.c
        work.memo["adoptions"] = [
            tuple(r) for r in work.connection.execute(select(a.unit, a.policy, a.from_day, a.to_day))
        ]
    return work.memo["adoptions"]
