"""Calendars in revisions: what was counted stays counted, and only what stood on a year not announced is dated anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from app.errors import Forbidden, Invalid
from app.models.ledger import breach, notice
from app.rules.yearbook import read_yearbook
from app.services import calendars, notices, redating
from app.services.calendars import Facts
from app.services.panel import Actor
from tests.services.dated import archive, kept, make_administrator, owed, swept
from tests.site import Site, at

TYPHOON = {date(2025, 3, 12): "台风停业"}


def save(site: Site, when: str, facts: Facts, unit: str | None = None) -> Any:
    with site.panel.work(Actor.system(), now=at(when)) as work:
        return redating.save(work, site.units[unit] if unit else None, facts, "通知")


def announced(year: int, **holidays: Any) -> dict[str, Any]:
    """Return the shipped yearbook with a provisional year announced, its first holidays other than the statute alone says."""
    book = dict(read_yearbook())
    book["years"] = [dict(y) | ({"announced": True} | holidays if y["year"] == year else {}) for y in book["years"]]
    return book


def test_a_closed_day_moves_what_begins_later_and_nothing_that_is_owed(site: Site) -> None:
    before = archive(site, "2025-03-10", "2025-03-10 09:00")
    save(site, "2025-03-10 10:00", Facts(read_yearbook(), closed=TYPHOON))
    after = archive(site, "2025-03-10", "2025-03-10 11:00")
    assert [owed(site, one)[0]["due_on"] for one in (before, after)] == [date(2025, 3, 13), date(2025, 3, 14)]
    names = {owed(site, one)[0]["calendar"] for one in (before, after)}
    with site.panel.reading(Actor.system()) as work:
        assert names == {calendars.named(work, n).revision for n in names}
        assert [r.note for r in calendars.revisions(work)] == ["通知", "随程序附带的年历"]


def test_a_unit_counts_by_its_own_calendar_and_the_others_by_the_sites(site: Site) -> None:
    save(site, "2025-03-10 08:00", Facts(read_yearbook(), closed=TYPHOON, closing=time(17)), "客户关爱部")
    with site.panel.reading(Actor.system()) as work:
        own, other, group = (calendars.of(work, site.units[u]) for u in ("客户关爱部", "门店", "集团"))
    assert [c.is_working(date(2025, 3, 12)) for c in (own, other, group)] == [False, True, True]
    assert (own.closing, other.closing) == (time(17), time(18))


def test_a_year_that_is_announced_dates_anew_only_what_stood_on_it_and_is_open(site: Site) -> None:
    statute = Facts(
        announced(2026, announced=False)
        | {"years": [y for y in announced(2026, announced=False)["years"] if y["year"] <= 2026]}
    )
    save(site, "2025-12-01 08:00", statute)
    provisional = archive(site, "2025-12-31", "2025-12-31 09:00")
    certain = archive(site, "2025-12-24", "2025-12-31 09:00", "sales2")
    before = [owed(site, one)[0] for one in (provisional, certain)]
    assert [o["provisional"] for o in before] == [True, False]
    _, moved = save(site, "2025-12-31 10:00", Facts(read_yearbook()))
    after = [owed(site, one)[0] for one in (provisional, certain)]
    assert after[0]["provisional"] is False and after[0]["calendar"] != before[0]["calendar"]
    assert after[1] == before[1]
    assert [m.record_id for m in moved] == ([provisional] if after[0]["due_at"] != before[0]["due_at"] else [])
    again = save(site, "2025-12-31 11:00", Facts(read_yearbook()))[1]
    assert again == []


def test_what_is_announced_lifts_no_certain_breach_and_tells_administrators_what_moved(site: Site) -> None:
    make_administrator(site, "hr")
    longer = [{"label": {"zh": "元旦"}, "from": date(2026, 1, 1), "to": date(2026, 1, 2)}]
    years = announced(2026, announced=False, holidays=longer)["years"]
    save(site, "2025-12-01 08:00", Facts({**read_yearbook(), "years": [y for y in years if y["year"] <= 2026]}))
    one = archive(site, "2025-12-31", "2025-12-31 09:00")
    first = owed(site, one)[0]["due_on"]
    site.panel.memory.clear()
    _, moved = save(site, "2025-12-31 10:00", Facts(read_yearbook()))
    assert first == date(2026, 1, 7) and owed(site, one)[0]["due_on"] == date(2026, 1, 6)
    assert [(m.record_id, m.duty) for m in moved] == [(one, "hand_over_new_car")]
    swept(site, "2026-01-08 08:00")
    assert [b["day"] for b in kept(site, breach) if b["record_id"] == one and b["register"] == "vehicle_archive"] == [
        date(2026, 1, 7)
    ]
    told = [n for n in kept(site, notice) if n["kind"] == "redated"]
    assert site.ids["hr"] in [n["person"] for n in told]
    assert "2026-01-07 24:00" in str(notices.sentence(told[0]))


def test_only_administrators_change_the_calendar_and_never_without_saying_why(site: Site) -> None:
    facts = Facts(read_yearbook(), closed=TYPHOON)
    for who in ("archive", "director", "stranger"):
        with pytest.raises(Forbidden), site.panel.work(site.actor(who), now=at("2025-03-10 08:00")) as work:
            calendars.save(work, None, facts, "台风")
    for wrong, note in (
        (facts, " "),
        (replace(facts, closed={date(2050, 1, 3): "?"}), "x"),
        (replace(facts, opened=TYPHOON), "x"),
    ):
        with pytest.raises(Invalid), site.panel.work(Actor.system(), now=at("2025-03-10 08:00")) as work:
            calendars.save(work, None, wrong, note)
    assert kept(site, notice) == []


def test_the_shipped_yearbook_follows_the_program_and_keeps_the_sites_own_days(site: Site) -> None:
    book = read_yearbook()
    old = {**book, "years": [y for y in book["years"] if y["year"] <= 2025]}
    with site.panel.work(Actor.system(), now=at("2025-03-10 08:00")) as work:
        assert calendars.ship(work, old) is not None
        calendars.save(work, None, Facts(old, closed=TYPHOON), "台风")
        made = calendars.ship(work, book)
        assert made is not None and made.facts.closed == TYPHOON
        assert calendars.ship(work, book) is None and calendars.ship(work, old) is None
