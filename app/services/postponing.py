"""Pauses and extensions: the facts that postpone limits, and the limits as they are postponed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import select

from app.catalog.catalog import adopted
from app.catalog.duty import Duty, Limit, Pause, Prolongation
from app.catalog.register import RegisterSpec
from app.models.among import among
from app.rules.deadlines import Due
from app.rules.postponing import Interval, Postponement, postponed
from app.services import adoption, calendars, history
from app.services.panel import Work

Row = Mapping[str, Any]


@dataclass
class Facts:
    """What may postpone the limits of one duty, by record: when the clock stood by each pause, and extensions granted."""

    stood: dict[int, list[tuple[Pause, Interval]]] = field(default_factory=dict)
    granted: dict[int, list[int]] = field(default_factory=dict)

    def touch(self, record_id: int) -> bool:
        """Return whether anything may postpone the limit of a record."""
        return record_id in self.stood or record_id in self.granted


def facts(work: Work, spec: RegisterSpec, duty: Duty, rows: Sequence[Row], *, fresh: bool) -> Facts:
    """Return what postpones the limits of a duty of records, in a few queries for all of them.

    ``fresh``: the records have just been entered, and nothing elsewhere points to them yet.
    """
    found = Facts()
    for pause in duty.pause:
        if not pause.register_code:
            _stand(work, spec, pause, rows, {r["id"]: r["id"] for r in rows}, found)
        elif rows and not fresh:
            there = _pointing(work, pause, rows)
            elsewhere = work.catalog.registers[pause.register_code]
            _stand(work, elsewhere, pause, there, {r["id"]: r[pause.through] for r in there}, found)
    if (by := duty.extend) is not None and rows and not fresh:
        for r in _pointing(work, by, rows):
            if r["state"] in by.state and r[by.by] is not None:
                found.granted.setdefault(r[by.through], []).append(r[by.by])
    return found


def _stand(
    work: Work, spec: RegisterSpec, pause: Pause, rows: Sequence[Row], of: Mapping[int, int], found: Facts
) -> None:
    for record_id, intervals in history.intervals(work, spec, rows, lambda r: r["state"] in pause.state).items():
        found.stood.setdefault(of[record_id], []).extend((pause, x) for x in intervals)


def _pointing(work: Work, by: Pause | Prolongation, rows: Sequence[Row]) -> list[Row]:
    """Return the records elsewhere that point to some records, in the order they were entered."""
    table = work.tables[by.register_code]
    query = select(table).where(among(table.c[by.through], [r["id"] for r in rows]), table.c.archived_at.is_(None))
    return [dict(r) for r in work.rows(query.order_by(table.c.id))]


def postpone(
    work: Work, duty: Duty, found: Facts, o: Row, row: Row, base: Due, done: datetime | None
) -> tuple[Due | None, str | None]:
    """Return when the limit of an obligation ``o`` that would end at ``base`` ends, None while the clock stands, and what to keep of it.

    What is ``done`` needs the clock no more. Pauses and extensions whose policies nobody adopted do nothing. Raises BeyondCalendar.
    """
    bound = adoption.policies(work, row.get("unit"), o["started_on"])
    stood = [
        (begin, done if done is not None and (end is None or end > done) else end)
        for pause, (begin, end) in found.stood.get(row["id"], ())
        if adopted(pause, bound) and (done is None or begin < done)
    ]
    extension = duty.extend if duty.extend is not None and adopted(duty.extend, bound) else None
    limit, calendar = Limit.model_validate_json(o["limit"]), calendars.named(work, o["calendar"])
    granted = found.granted.get(row["id"], ())
    ends, steps = postponed(base, limit, o["started_at"], stood, granted, extension, calendar)
    return ends, orjson.dumps([asdict(x) for x in steps]).decode() if steps else None


def again(work: Work, o: Row, duty: Duty, base: Due) -> datetime | None:
    """Return when a limit ends that would end at ``base``, from what its obligation keeps alone; None while the clock stands."""
    steps = read(o["postponed"])
    stood = [(x.begin, x.end) for x in steps if x.begin is not None]
    granted = [n for x in steps for n in x.by]
    limit, calendar = Limit.model_validate_json(o["limit"]), calendars.named(work, o["calendar"])
    ends, _ = postponed(base, limit, o["started_at"], stood, granted, duty.extend, calendar)
    return ends.late_at if ends is not None else None


def read(kept: str | None) -> tuple[Postponement, ...]:
    """Return what postponed a limit, from what its obligation keeps."""
    return tuple(
        Postponement(tuple(x["by"]), _moment(x["begin"]), _moment(x["end"]), x["day"] and date.fromisoformat(x["day"]))
        for x in (orjson.loads(kept) if kept else ())
    )


def _moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None
