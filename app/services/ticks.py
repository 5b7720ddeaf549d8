"""The sweep's wake-ups: each is written down, and none judges anything while the clock is in doubt."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, func, insert, select, text, update

from app.clock import Reading
from app.errors import Missing, Refused, Sentence, say
from app.models.channels import letter
from app.models.fixed import import_run
from app.models.ledger import outbox, timer
from app.models.ticks import clock_hold, tick
from app.rules.clock_doubt import doubt
from app.services import administration, indicators, notices, reporting, sweep
from app.services.panel import Actor, Panel, Work
from app.services.sweep import SweepReport

LATE = timedelta(minutes=10)
"""A longer time between two wake-ups is a gap: something that should have been done waited."""
KEPT = timedelta(days=8)
"""How long an ordinary tick is kept; gaps and holds stay."""


@dataclass(frozen=True)
class Standing:
    """How the sweep stands: its last wake-up, what waits, where it stood still, and what it cannot see ahead."""

    last: Mapping[str, Any] | None
    late: bool
    hold: Mapping[str, Any] | None
    gaps: list[Mapping[str, Any]]
    holds: list[Mapping[str, Any]]
    waiting: int
    letters: dict[str, int]
    imports: int
    calendar_until: date
    provisional_from: date | None


def database_clock(work: Work) -> datetime | None:
    """Return what a database server's own clock says; SQLite has none but ours."""
    if work.connection.dialect.name == "sqlite":
        return None
    found: datetime = work.connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def run(panel: Panel, reading: Reading, witness: Callable[[Work], datetime | None] | None = None) -> SweepReport | None:
    """Sweep as of ``reading``, and write down that it was done; None, and nothing judged, while the clock is in doubt.

    ``witness`` gives the time of another clock to compare with, None where there is none; by default the database's.

    What a wake-up finds to do depends on the tables alone: after a silence of days the first one does everything, each thing
    dated when it happened, and the gap is kept with the tick.
    """
    with panel.work(Actor.system(), now=reading.now, source="sweep") as work:
        number, held = _begin(work, reading, (witness or database_clock)(work))
    if held:
        return None
    report = do_due(panel, reading.now)
    with panel.work(Actor.system(), now=reading.now, source="sweep") as work:
        done = {k: v for k, v in asdict(report).items() if k in tick.c}
        work.connection.execute(update(tick).where(tick.c.id == number).values(finished_at=reading.now, **done))
    return report


def do_due(panel: Panel, now: datetime) -> SweepReport:
    """Do everything that is due by ``now``: figures of periods that are complete, reports of those that are over, what was missed."""
    indicators.keep_due(panel, now)
    reporting.fill_due(panel, now)
    return sweep.run(panel, now)  # last: a report that is made up late may have missed its limit already


def _begin(work: Work, reading: Reading, other: datetime | None) -> tuple[int, bool]:
    before = _last(work)
    hold = _hold(work)
    if hold is None:
        reason = doubt(reading, _believed(work, before), other, work.panel.calendar)
        if reason is not None:
            hold = _stand_still(work, reason)
    gap = int((reading.now - before["at"]).total_seconds()) if before is not None else 0
    row = {
        "at": reading.now, "elapsed": reading.elapsed, "stopwatch": reading.stopwatch, "held": hold is not None,
        "gap": gap if timedelta(seconds=gap) > LATE else None, "timers": 0, "breaches": 0, "tickets": 0, "notices": 0,
    }  # fmt: skip
    number = work.connection.execute(insert(tick).values(row)).inserted_primary_key
    t = tick.c
    work.connection.execute(delete(tick).where(t.at < work.now - KEPT, t.gap.is_(None), t.held.is_(False)))
    return int(number[0]) if number else 0, hold is not None


def _believed(work: Work, before: Mapping[str, Any] | None) -> Reading | None:
    """Return the reading to compare with: the last tick, or the moment at which somebody vouched for the clock after it stood still."""
    if before is None or not before["held"]:
        return Reading(before["at"], before["elapsed"], before["stopwatch"]) if before is not None else None
    latest = select(clock_hold.c.released_at).order_by(clock_hold.c.id.desc()).limit(1)
    vouched = work.connection.execute(latest).scalar()
    return Reading(vouched, 0, "") if vouched is not None else None


def _last(work: Work) -> Mapping[str, Any] | None:
    return work.rows(select(tick).order_by(tick.c.id.desc()).limit(1)).first()


def _hold(work: Work) -> Mapping[str, Any] | None:
    query = select(clock_hold).where(clock_hold.c.released_at.is_(None)).order_by(clock_hold.c.id).limit(1)
    return work.rows(query).first()


def _stand_still(work: Work, reason: Sentence) -> Mapping[str, Any]:
    said = orjson.dumps({"template": reason.template, "values": dict(reason.values)}, default=str).decode()
    work.connection.execute(insert(clock_hold).values(since=work.now, reason=said))
    hold = _hold(work)
    if hold is None:
        raise RuntimeError("the hold that was just written is not there")
    told = administration.administrators(work)
    notices.send(work, notices.tell(work, told, "clock", f"clock:{hold['id']}", {"why": reason}, {}))
    return hold


def reason_of(hold: Mapping[str, Any]) -> Sentence:
    """Return why the sweep stood still, to be shown in the reader's language."""
    said = orjson.loads(hold["reason"])
    return Sentence(said["template"], said["values"])


def release(work: Work, note: str) -> None:
    """Let the sweep judge again: the actor has looked at the clock and says so in ``note``.

    Raises Refused for anybody but an administrator, for a missing note, and where nothing stands still.
    """
    demand(work)
    if not note.strip():
        raise Refused(say("请写明理由"))
    done = update(clock_hold).where(clock_hold.c.released_at.is_(None))
    values = {"released_at": work.now, "released_by": work.actor.person_id, "note": note.strip()}
    if not work.connection.execute(done.values(values)).rowcount:
        raise Refused(say("期限检查没有暂停"))


def demand(work: Work) -> None:
    """Raise Missing for whoever has no business with the panel's machinery."""
    if not work.actor.is_system and administration.ADMINISTRATOR not in work.actor.roles:
        raise Missing(say("没有这个页面"))


def standing(work: Work) -> Standing:
    """Return how the sweep stands as of now. Raises Missing like ``demand``."""
    demand(work)
    last, t, h = _last(work), tick.c, clock_hold.c
    waiting = work.connection.execute(select(func.count()).where(timer.c.fire_at <= work.now)).scalar_one()
    laid = select(outbox.c.state, func.count()).where(outbox.c.state == "waiting").group_by(outbox.c.state)
    given_up = select(letter.c.state, func.count()).where(letter.c.state == "failed").group_by(letter.c.state)
    letters = [*work.connection.execute(laid), *work.connection.execute(given_up)]
    running = select(func.count()).select_from(import_run).where(import_run.c.state == "running")
    gaps = select(tick).where(t.gap.is_not(None)).order_by(t.id.desc()).limit(20)
    holds = select(clock_hold).order_by(h.id.desc()).limit(20)
    return Standing(
        last, last is None or work.now - last["at"] > LATE, _hold(work), list(work.rows(gaps)),
        list(work.rows(holds)), int(waiting), {s: int(n) for s, n in letters},
        int(work.connection.execute(running).scalar_one()), work.panel.calendar.last_day, work.panel.calendar.provisional_from,
    )  # fmt: skip


def pulse(work: Work) -> str:
    """Return in one word how the sweep stands, for machines that watch: ``ok``, ``late`` or ``held``."""
    if _hold(work) is not None:
        return "held"
    last = _last(work)
    return "late" if last is None or work.now - last["at"] > LATE else "ok"
