"""The sweep's wake-ups: written down, caught up after a silence, and standing still while the clock is in doubt."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.clock import Reading
from app.errors import Missing, Refused
from app.models.ledger import breach, notice
from app.models.ticks import tick
from app.services import notices, sweep, ticks
from app.services.panel import Actor
from app.services.sweep import SweepReport
from tests.services.test_sweep import late_archives
from tests.site import Site, at

START = at("2025-03-03 09:00")


def wake(site: Site, wall: datetime, stopwatch: datetime | None = None, of: str = "one") -> SweepReport | None:
    """Let a tick come at ``wall`` on the wall and ``stopwatch`` on the undisturbed clock."""
    elapsed = int(((stopwatch or wall) - START).total_seconds())
    return ticks.run(site.panel, Reading(wall, elapsed, of), lambda _work: None)


def standing(site: Site, now: datetime) -> ticks.Standing:
    with site.panel.reading(Actor.system(), now=now) as work:
        return ticks.standing(work)


def holding_notices(site: Site) -> int:
    query = select(func.count()).select_from(notice).where(notice.c.kind == "clock")
    with site.panel.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def late_at(site: Site) -> list[datetime]:
    b = breach.c
    query = select(b.occurred_at).where(b.register == "vehicle_archive").order_by(b.occurred_at)
    with site.panel.engine.connect() as connection:
        return list(connection.execute(query).scalars())


def test_a_scheduler_that_was_down_for_three_days_makes_up_for_everything_at_its_true_time(site: Site) -> None:
    late_archives(site, 6)
    wake(site, at("2025-03-06 09:00"))
    report = wake(site, at("2025-03-09 09:00"), of="restarted")
    assert report is not None
    found_before = [at("2025-03-05"), at("2025-03-06")]
    assert late_at(site) == [*found_before, *[at("2025-03-07")] * 2, *[at("2025-03-08")] * 2]
    now = standing(site, at("2025-03-09 09:01"))
    assert [(g["gap"], g["breaches"]) for g in now.gaps] == [(3 * 86_400, report.breaches)]
    assert (now.late, now.hold, now.waiting) == (False, None, 0)


def test_a_clock_that_jumps_ahead_fines_nobody_until_somebody_has_looked_at_it(site: Site) -> None:
    late_archives(site, 3)
    wake(site, at("2025-03-04 09:00"))
    assert wake(site, at("2025-06-04 09:00"), at("2025-03-04 09:01")) is None
    assert wake(site, at("2025-06-04 09:01"), at("2025-03-04 09:02")) is None
    assert late_at(site) == []
    now = standing(site, at("2025-06-04 09:01"))
    assert now.hold is not None
    assert str(ticks.reason_of(now.hold)) == "本机时间向前跳了 132479 分钟"
    with site.panel.reading(site.actor("admin")) as work:
        told = [str(n["sentence"]) for n in notices.inbox(work)]
    assert told == ["期限检查已暂停：本机时间向前跳了 132479 分钟。确认本机时间后，请在“运行状况”中恢复。"]

    with site.panel.work(site.actor("admin"), now=at("2025-06-04 09:03")) as work:
        ticks.release(work, "没有细看")
    assert wake(site, at("2025-03-04 10:00"), at("2025-03-04 10:00")) is None, (
        "it steps back by months from what was vouched for"
    )
    with site.panel.work(site.actor("admin"), now=at("2025-03-04 10:01")) as work:
        ticks.release(work, "时钟已校正，确认无误")
    assert wake(site, at("2025-03-04 10:02"), at("2025-03-04 10:02")) is not None
    assert late_at(site) == []
    assert wake(site, at("2025-03-10 00:05"), at("2025-03-10 00:05")) is not None
    assert len(late_at(site)) == 3


def test_a_hold_is_told_once_and_kept_with_who_ended_it_and_why(site: Site) -> None:
    wake(site, START)
    for minute in (1, 2, 3):
        wake(site, at("2025-05-03 09:00"), START + timedelta(minutes=minute))
    assert holding_notices(site) == 1
    with site.panel.work(site.actor("admin"), now=at("2025-05-03 09:05")) as work:
        ticks.release(work, "时间无误")
    held = standing(site, at("2025-05-03 09:05")).holds
    assert [(h["note"], h["released_by"], h["released_at"]) for h in held] == [
        ("时间无误", site.ids["admin"], at("2025-05-03 09:05"))
    ]


def test_only_an_administrator_sees_the_machinery_and_ends_a_hold(site: Site) -> None:
    wake(site, START)
    wake(site, at("2025-05-03 09:00"), START)
    for person in ("sales1", "director"):
        with site.panel.work(site.actor(person)) as work:
            with pytest.raises(Missing):
                ticks.standing(work)
            with pytest.raises(Missing):
                ticks.release(work, "我说没事")
    with site.panel.work(site.actor("admin")) as work:
        with pytest.raises(Refused, match="请写明理由"):
            ticks.release(work, "  ")
        ticks.release(work, "看过了")
        with pytest.raises(Refused, match="没有暂停"):
            ticks.release(work, "再看一次")


def test_ordinary_ticks_are_forgotten_after_eight_days_and_gaps_are_not(site: Site) -> None:
    wake(site, START)
    wake(site, START + timedelta(minutes=1))
    wake(site, START + timedelta(hours=2))
    wake(site, START + timedelta(days=9))
    wake(site, START + timedelta(days=9, minutes=1))
    assert [g["gap"] // 60 for g in standing(site, START).gaps] == [22 * 60 + 8 * 1440, 119]
    with site.panel.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(tick)).scalar_one() == 3


def test_whoever_watches_from_outside_learns_one_word(site: Site) -> None:
    def pulse(now: datetime) -> str:
        with site.panel.reading(Actor.system(), now=now) as work:
            return ticks.pulse(work)

    assert pulse(START) == "late"
    wake(site, START)
    assert pulse(START + timedelta(minutes=9)) == "ok"
    assert pulse(START + timedelta(minutes=11)) == "late"
    wake(site, at("2025-05-03 09:00"), START + timedelta(minutes=12))
    assert pulse(at("2025-05-03 09:00")) == "held"


def test_what_a_tick_did_is_what_the_sweep_says(site: Site) -> None:
    late_archives(site, 4)
    report = wake(site, at("2025-03-11 00:05"))
    assert report is not None
    with site.panel.engine.connect() as connection:
        row = connection.execute(select(tick)).mappings().one()
    assert (row["timers"], row["breaches"], row["tickets"], row["notices"]) == (
        report.timers, report.breaches, report.tickets, report.notices
    )  # fmt: skip
    assert sweep.run(site.panel, at("2025-03-11 00:05")).timers == 0
