"""Steps of those who look after the site: recalculations, months, calendars, the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from app.clock import Reading
from app.models.dating import recalculation
from app.services import calendars, closing, publishing, redating, ticks
from app.services import recalculation as recalculating
from app.services.panel import Actor
from app.services.recalculation import Wanted

if TYPE_CHECKING:
    from tests.cases.playing import Play
    from tests.cases.reading import Step


def set_days(play: Play, step: Step) -> None:
    """Let the site, or a unit, close and open days, or enter the notice of a year."""
    days = step.calendar
    assert days is not None
    unit = play.site.units[days.unit] if days.unit else None
    with play.work(step) as work:
        facts = calendars.facts_of(work, unit)
        if days.year is not None:
            facts = calendars.with_year(facts, days.year, "\n".join(days.holidays), days.notice)
        own = [
            {**before, **{date.fromisoformat(d): why for d, why in new.items()}}
            for before, new in ((facts.closed, days.closed), (facts.opened, days.opened))
        ]
        redating.save(work, unit, replace(facts, closed=own[0], opened=own[1]), step.reason or "本单位通知")


def recalculate(play: Play, step: Step) -> None:
    """Draft a recalculation by the newest definitions or calendar and let its report be made."""
    wanted = step.recalculate
    assert wanted is not None
    with play.work(step) as work:
        by = {
            "revision": publishing.current(play.site.panel.engine).revision if wanted.by == "制度" else None,
            "calendar": calendars.revisions(work)[0].number if wanted.by == "日历" else None,
        }
        registers = tuple(play.spec(r).code for r in wanted.registers)
        number = recalculating.draft(
            work, step.name or "重算", step.reason, Wanted(registers, wanted.first, wanted.last, **by)
        )
    recalculating.carry_on(play.site.panel, number, play.now)


def approve(play: Play, step: Step) -> None:
    """Approve the recalculation of a name, and let it be posted."""
    with play.work(step) as work:
        c = recalculation.c
        number = work.connection.execute(select(c.id).where(c.name == step.approve).order_by(c.id.desc())).scalar()
        recalculating.decide(work, int(number or 0), approve=True, reason=step.reason)
    recalculating.carry_on(play.site.panel, int(number or 0), play.now)


def close(play: Play, step: Step) -> None:
    """Close a month; with a reason what is undecided is carried over first."""
    with play.work(step) as work:
        month = step.close or ""
        if step.reason:
            closing.carry_over(work, month, [t["id"] for t in closing.undecided(work, month)], step.reason)
        closing.close(work, month)


def wake(play: Play, step: Step, first: datetime) -> None:
    """Wake everything up as the scheduler does; with ``jump`` the wall clock ran ahead of the stopwatch."""
    if not step.jump:
        play.stood = (play.now - first).total_seconds()
    ticks.run(play.site.panel, Reading(play.now, play.stood, "case"), lambda _work: None)


def release(play: Play, step: Step) -> None:
    """End the hold of a clock that was in doubt."""
    with play.work(step) as work:
        ticks.release(work, step.release or "")


def held(play: Play) -> bool:
    """Return whether the sweep stands still because the clock is in doubt."""
    with play.site.panel.reading(Actor.system(), now=play.now) as work:
        return ticks.standing(work).hold is not None
