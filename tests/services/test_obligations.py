"""Why something is due when it is: counted again from what was kept, told with its moves and letters."""

from __future__ import annotations

from datetime import date

import pytest

from app.catalog.duty import Limit
from app.errors import Missing
from app.rules.deadlines import due
from app.services import obligations, records, sweep
from app.services.panel import Actor
from tests.services.dated import archive, owed
from tests.site import CALENDAR, Site, at


def test_the_days_are_counted_again_with_holidays_and_end_where_the_obligation_does(site: Site) -> None:
    number = archive(site, "2025-04-29", "2025-04-29 10:00")
    (o,) = owed(site, number)
    with site.panel.reading(site.actor("archive"), now=at("2025-04-30 09:00")) as work:
        e = obligations.why(work, o["id"])
    assert [c.number for c in e.due.counted if c.number is not None] == [0, 1, 2, 3]
    assert "劳动节" in {c.name.zh for c in e.due.counted if c.name}
    assert e.due.late_at == o["due_at"]
    with site.panel.reading(Actor.system()) as work:
        assert (obligations.publication_of(work, o["revision"]) or {})["at"] <= o["started_at"]
    assert {a.kind for a in e.ahead} >= {"breach"}


def test_a_limit_that_moved_tells_when_by_whom_and_from_where_to_where(site: Site) -> None:
    number = archive(site, "2025-03-03", "2025-03-03 10:00")
    (o,) = owed(site, number)
    with site.panel.work(Actor.system(), now=at("2025-03-04 09:00"), reason="交车日期录错") as work:
        records.update(work, "vehicle_archive", number, {"trigger_date": date(2025, 3, 4)})
    with site.panel.reading(Actor.system()) as work:
        (move,) = obligations.why(work, o["id"]).moves
    assert (move["due_before"], move["due_after"]) == (at("2025-03-07"), at("2025-03-08"))
    assert (move["reason"], move["at"]) == ("交车日期录错", at("2025-03-04 09:00"))


def test_letters_that_went_out_are_told_and_what_is_to_come_is_not_told_as_sent(site: Site) -> None:
    number = archive(site, "2025-03-03", "2025-03-03 10:00")
    (o,) = owed(site, number)
    sweep.run(site.panel, at("2025-03-20 00:05"))
    with site.panel.reading(Actor.system(), now=at("2025-03-20 09:00")) as work:
        e = obligations.why(work, o["id"])
        assert all(n["at"] <= work.now < a.fire_at for n in e.letters for a in e.ahead)
        assert [t["record_id"] for t in e.tickets] == [number]


def test_an_obligation_is_seen_by_whoever_may_see_its_record(site: Site) -> None:
    (o,) = owed(site, archive(site, "2025-03-03", "2025-03-03 10:00"))
    for who, seen in (("archive", True), ("sales1", True), ("stranger", False)):
        with site.panel.reading(site.actor(who)) as work:
            if seen:
                assert obligations.get(work, o["id"])["id"] == o["id"]
            else:
                with pytest.raises(Missing):
                    obligations.get(work, o["id"])
            with pytest.raises(Missing):
                obligations.get(work, 10**6)


def test_a_limit_counted_back_shows_every_day_up_to_its_event() -> None:
    found = due(Limit(working_days=3, before="ends"), date(2026, 9, 1), CALENDAR, {"ends": date(2026, 10, 9)})
    assert [(f"{c.day:%m-%d}", c.number) for c in found.counted if c.number is not None] == [
        ("09-29", 3), ("09-30", 2), ("10-08", 1), ("10-09", 0),
    ]  # fmt: skip
    assert [c.name.zh for c in found.counted if c.name] == ["国庆节"] * 7
