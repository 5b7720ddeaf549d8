"""Recalculations: drafted by one, approved by another, posted once; what they say beforehand is what they do."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.errors import Forbidden, Invalid, Missing, Refused
from app.models.dating import recalculation as table
from app.models.ledger import breach, ledger_entry, ticket
from app.rules.yearbook import read_yearbook
from app.services import calendars, recalculation, records
from app.services.calendars import Facts
from app.services.panel import Actor
from app.services.recalculation import Wanted
from tests.services.dated import EIGHTY, FIFTY, ONE_DAY, THREE_DAYS, archive, edited, kept, owed, publish, swept
from tests.site import Site, at

MARCH = (date(2025, 3, 1), date(2025, 3, 31))
NOW = "2025-04-10 09:00"


def draft(site: Site, who: str = "admin", **by: Any) -> int:
    with site.panel.work(site.actor(who), now=at(NOW)) as work:
        wanted = Wanted(("vehicle_archive",), *MARCH, **by)
        number = recalculation.draft(work, "三月移交时限", "原条款录入有误", wanted)
    recalculation.carry_on(site.panel, number, at(NOW))
    return number


def decide(site: Site, number: int, who: str = "director", *, approve: bool = True) -> None:
    with site.panel.work(site.actor(who), now=at(NOW)) as work:
        recalculation.decide(work, number, approve=approve, reason="核对无误")


def state(site: Site, number: int) -> str:
    return next(r["state"] for r in kept(site, table) if r["id"] == number)


def fines(site: Site) -> dict[int, tuple[Decimal, str]]:
    """Return the tickets of archives: amount and state by record."""
    mine = [t for t in kept(site, ticket) if t["register"] == "vehicle_archive"]
    return {t["record_id"]: (t["amount"], t["state"]) for t in mine}


def balanced(site: Site) -> bool:
    """Return whether the lines of each ticket add up to its amount."""
    sums: dict[int, Decimal] = {}
    for e in kept(site, ledger_entry):
        sums[e["ticket"]] = sums.get(e["ticket"], Decimal(0)) + e["amount"]
    return sums == {t["id"]: t["amount"] for t in kept(site, ticket)}


@pytest.fixture
def changed(site: Site) -> tuple[Site, list[int]]:
    """A site where two archives of March were late by the old rule, and a new rule came into force in April."""
    records = [archive(site, f"2025-03-{day}", f"2025-03-{day} 09:00") for day in (10, 11)]
    swept(site, "2025-04-01 08:00")
    newer = publish(site, edited((THREE_DAYS, ONE_DAY), (FIFTY, EIGHTY)), "2025-04-02 08:00")
    return newer, records


def test_a_recalculation_says_beforehand_what_it_does_and_does_it_once(changed: tuple[Site, list[int]]) -> None:
    site, (first, second) = changed
    before = fines(site)
    number = draft(site, revision=2)
    assert (state(site, number), fines(site), before) == (
        "ready",
        before,
        {first: (Decimal(50), "proposed"), second: (Decimal(100), "proposed")},
    )
    with site.panel.reading(site.actor("director")) as work:
        said, totals = recalculation.lines(work, number), recalculation.totals(work, number)
    decide(site, number)
    for _ in range(2):
        recalculation.carry_on(site.panel, number, at(NOW))
        assert state(site, number) == "posted"
        assert fines(site) == {first: (Decimal(80), "proposed"), second: (Decimal(160), "proposed")}
    assert [(o["due_on"], o["revision"]) for one in (first, second) for o in owed(site, one)] == [
        (date(2025, 3, 11), 2),
        (date(2025, 3, 12), 2),
    ]
    assert {(x["record_id"], x["amount_before"], x["amount_after"]) for x in said if x["kind"] == "ticket"} == {
        (first, Decimal(50), Decimal(80)),
        (second, Decimal(100), Decimal(160)),
    }
    assert [(x["record_id"], x["due_after"]) for x in said if x["kind"] == "obligation"] == [
        (o["record_id"], o["due_at"]) for one in (first, second) for o in owed(site, one)
    ]
    assert sum(t.after for t in totals) - sum(t.before for t in totals) == Decimal(90)
    reasons = {e["reason"] for e in kept(site, ledger_entry) if e["kind"] == "corrected"}
    assert reasons == {"重算第 1 号“三月移交时限”：原条款录入有误"}
    assert balanced(site)


def test_what_is_filed_late_for_a_recalculated_period_is_judged_like_the_rest_of_it(
    changed: tuple[Site, list[int]],
) -> None:
    site, _ = changed
    number = draft(site, revision=2)
    decide(site, number)
    recalculation.resume(site.panel, at(NOW))
    late, outside = (archive(site, day, "2025-04-10 10:00", "sales2") for day in ("2025-03-12", "2025-02-12"))
    assert [owed(site, one)[0]["revision"] for one in (late, outside)] == [2, 1]


def test_nobody_approves_what_he_drafted_and_strangers_see_nothing(changed: tuple[Site, list[int]]) -> None:
    site, _ = changed
    number = draft(site, "director", revision=2)
    with pytest.raises(Forbidden):
        decide(site, number, "director")
    for who in ("stranger", "sales1"):
        with pytest.raises(Missing):
            decide(site, number, who)
        with pytest.raises(Forbidden):
            draft(site, who, revision=2)
        with site.panel.reading(site.actor(who)) as work:
            assert recalculation.listed(work) == []
            with pytest.raises(Missing):
                recalculation.lines(work, number)
    decide(site, number, "admin")
    with pytest.raises(Refused):
        decide(site, number, "admin")


def test_a_refused_recalculation_changes_nothing(changed: tuple[Site, list[int]]) -> None:
    site, records = changed
    before = fines(site), [owed(site, one) for one in records]
    number = draft(site, revision=2)
    decide(site, number, approve=False)
    assert recalculation.resume(site.panel, at(NOW)) == 0
    assert (state(site, number), (fines(site), [owed(site, one) for one in records])) == ("refused", before)


def test_a_recalculation_killed_in_the_middle_goes_on_and_posts_nothing_twice(
    changed: tuple[Site, list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    site, (first, second) = changed
    number = draft(site, revision=2)
    decide(site, number)
    monkeypatch.setattr(recalculation, "BATCH", 1)
    judged = recalculation._judge

    class Killed(BaseException):
        pass

    def dies(work: Any, r: Any, register: str, ids: Any) -> set[int]:
        found = judged(work, r, register, ids)
        if ids[0] == second and not survived:
            survived.append(1)
            raise Killed
        return found

    survived: list[int] = []
    monkeypatch.setattr(recalculation, "_judge", dies)
    with pytest.raises(Killed):
        recalculation.resume(site.panel, at(NOW))
    assert state(site, number) == "approved"
    recalculation.resume(site.panel, at(NOW))
    assert state(site, number) == "posted"
    assert fines(site) == {first: (Decimal(80), "proposed"), second: (Decimal(160), "proposed")}
    assert balanced(site)


def test_a_kinder_rule_lifts_what_was_not_late_by_it_and_numbers_the_others_anew(site: Site) -> None:
    first, second = (archive(site, f"2025-03-{day}", f"2025-03-{day} 09:00") for day in (10, 11))
    swept(site, "2025-03-14 08:00")
    signoff = site.create(
        "sales1", "archive_signoff", "2025-03-14 09:00", from_department="销售部", entry_date=date(2025, 3, 14), archive=first, item_count=12
    )  # fmt: skip
    site.move("sales1", "archive_signoff", signoff, "hand_over", "2025-03-14 09:00")
    site.move("archive", "archive_signoff", signoff, "receive", "2025-03-14 10:00")
    swept(site, "2025-04-01 08:00")
    assert fines(site) == {first: (Decimal(50), "proposed"), second: (Decimal(100), "proposed")}
    newer = publish(site, edited((THREE_DAYS, THREE_DAYS.replace("3", "5", 1))), "2025-04-02 08:00")
    number = draft(newer, revision=2)
    decide(newer, number)
    recalculation.resume(newer.panel, at(NOW))
    assert fines(newer) == {first: (Decimal(0), "void"), second: (Decimal(50), "proposed")}
    assert [b["state"] for b in kept(newer, breach) if b["register"] == "vehicle_archive"] == ["void", "live"]
    assert balanced(newer)


def test_days_entered_as_closed_afterwards_lift_a_breach_only_through_a_recalculation(site: Site) -> None:
    one = archive(site, "2025-03-10", "2025-03-10 09:00")
    swept(site, "2025-03-14 08:00")
    with site.panel.work(site.actor("admin"), now=at("2025-03-20 08:00")) as work:
        closed = Facts(read_yearbook(), closed={date(2025, 3, 12): "台风停业"})
        made = calendars.save(work, None, closed, "台风")
    before = owed(site, one)
    assert fines(site) == {one: (Decimal(50), "proposed")}
    number = draft(site, calendar=made.number)
    assert owed(site, one) == before
    decide(site, number)
    recalculation.resume(site.panel, at(NOW))
    (after,) = owed(site, one)
    assert (after["due_on"], after["revision"], after["calendar"]) == (date(2025, 3, 14), 1, made.name)
    (late,) = [b for b in kept(site, breach) if b["register"] == "vehicle_archive" and b["state"] == "live"]
    assert (late["obligation"], late["occurred_at"]) == (after["id"], after["due_at"])


def test_a_draft_must_say_what_by_what_and_why(site: Site) -> None:
    good = Wanted(("vehicle_archive",), *MARCH, revision=1)
    for name, reason, wanted in (
        (" ", "x", good),
        ("x", " ", good),
        ("x", "x", Wanted((), *MARCH, revision=1)),
        ("x", "x", Wanted(("vehicle_archive",), *MARCH[::-1], revision=1)),
        ("x", "x", Wanted(("vehicle_archive",), *MARCH)),
    ):
        with pytest.raises(Invalid), site.panel.work(site.actor("admin"), now=at(NOW)) as work:
            recalculation.draft(work, name, reason, wanted)
    for missing in (Wanted(("vehicle_archive",), *MARCH, revision=9), Wanted(("vehicle_archive",), *MARCH, calendar=9)):
        with pytest.raises(Missing), site.panel.work(site.actor("admin"), now=at(NOW)) as work:
            recalculation.draft(work, "x", "x", missing)
    with site.panel.reading(Actor.system()) as work:
        assert "vehicle_archive" in recalculation.registers_of(work, ["P05"])
        assert isinstance(work.now, datetime)


def test_what_has_been_put_right_since_was_found_all_the_same(site: Site) -> None:
    mine = archive(site, "2025-03-10", "2025-03-10 09:00", "service1", "售后-保养")
    paper = {"item_kind": "结算单", "form": "原件", "present": False, "required": True, "missing_noted": True}
    with site.panel.work(Actor.system(), now=at("2025-03-10 10:00")) as work:
        item = records.create(work, "vehicle_archive_item", paper | {"archive": mine})
    site.move("archive", "vehicle_archive", mine, "take_over", "2025-03-11 09:00")
    swept(site, "2025-03-20 08:00")
    with site.panel.work(Actor.system(), now=at("2025-03-21 09:00")) as work:
        records.update(work, "vehicle_archive_item", item, {"present": True, "corrected_at": at("2025-03-21 09:00")})
    before = [t for t in kept(site, ticket) if t["register"] == "vehicle_archive"]
    assert "missing_items" in {t["rule"] for t in before}
    newer = publish(site, edited((FIFTY, EIGHTY)), "2025-04-02 08:00")
    number = draft(newer, revision=2)
    with newer.panel.reading(newer.actor("director")) as work:
        assert recalculation.lines(work, number) == []
    decide(newer, number)
    recalculation.carry_on(newer.panel, number, at(NOW))
    after = [t for t in kept(newer, ticket) if t["register"] == "vehicle_archive"]
    assert [(t["rule"], t["state"], t["amount"]) for t in after] == [
        (t["rule"], t["state"], t["amount"]) for t in before
    ]
    assert {t["revision"] for t in after} == {2}
