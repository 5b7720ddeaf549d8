"""The sweep is a function of now and the tables: repeated, doubled, interrupted, it does everything once."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from app.models.channels import letter
from app.models.ledger import breach, breach_line, ledger_entry, notice, obligation, outbox, ticket, timer
from app.services import breaches, committing, ledger, letters, listing, notices, records, sweep
from app.services.letters import Letter, Office
from app.services.panel import Actor, Work
from tests.servers import Databases, Dialect
from tests.site import CAR_OWNER, Site, at, open_site

ROOT = Path(__file__).resolve().parents[2]


def late_archives(
    site: Site,
    count: int,
    advisors: Sequence[str] = ("sales1", "sales2", "service1"),
    kinds: Sequence[str] = ("售后-保养", "新车档案", "新车档案"),
    days: Sequence[int] = (3, 4),
) -> None:
    """Enter archives whose handover falls due on Thu 6 and Fri 7 March 2025, as begun on some ``days`` of it."""
    with site.panel.work(Actor.system(), now=at("2025-03-03 09:00")) as work:
        owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]["id"]
        cars = [
            {"vin": f"LSV{n:014}", "model": "明锐", "origin": "它店用户到店维修", "customer": owner}
            for n in range(count)
        ]
        archives = [
            {
                "vehicle": v, "archive_kind": kinds[n % len(kinds)], "trigger_date": date(2025, 3, days[n % len(days)]),
                "responsible_advisor": site.ids[advisors[n % len(advisors)]],
            }
            for n, v in enumerate(records.create_many(work, "vehicle", cars))
        ]  # fmt: skip
        records.create_many(work, "vehicle_archive", archives)


def picture(site: Site) -> dict[str, Any]:
    """Return everything a sweep may write, without the numbers that depend on who came first."""
    with site.panel.engine.connect() as connection:
        b, t = breach.c, ticket.c
        tickets = select(b.register, b.record_id, b.rule, b.occurrence, t.person, t.ordinal, t.amount, t.day).join(
            breach, b.id == t.breach
        )
        return {
            "breaches": sorted(
                map(tuple, connection.execute(select(b.register, b.record_id, b.rule, b.occurrence, b.person, b.day)))
            ),
            "tickets": sorted(map(tuple, connection.execute(tickets))),
            "entries": connection.execute(select(func.count()).select_from(ledger_entry)).scalar(),
            "notices": sorted(
                connection.execute(select(notice.c.person, notice.c.kind, notice.c.record_id)).all(), key=str
            ),
            "timers": sorted(map(tuple, connection.execute(select(timer.c.obligation, timer.c.fire_at, timer.c.kind)))),
            "orders": connection.execute(text("SELECT count(*) FROM r_archive_rectification")).scalar(),
        }


def test_two_sweeps_at_once_do_what_one_does(site: Site) -> None:
    late_archives(site, 60)
    now = at("2025-03-11 00:05")
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        sweep.run(site.panel, now)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    after = picture(site)
    assert len(after["tickets"]) == 60
    assert after["entries"] >= 60
    for person in ("sales1", "sales2", "service1"):
        mine = sorted(t[5] for t in after["tickets"] if t[4] == site.ids[person])
        assert mine == list(range(1, 21)), "each has a place of its own among the person's violations of the month"
    sweep.run(site.panel, now)
    assert picture(site) == after


def said(site: Site) -> dict[str, Any]:
    """Return every cell that a sweep writes, but for numbers that are given as things come: of rows, of tickets."""
    given = {"id", "breach", "ticket", "record_no", "place", "previous", "hash", "key", "obligation", "notice"}
    with site.panel.engine.connect() as connection:
        return {
            table.name: sorted(
                re.sub(r"CF\d{4}-\d+", "CF", str([x for c, x in zip(table.c, row, strict=True) if c.key not in given]))
                for row in connection.execute(select(table))
            )
            for table in (breach, breach_line, ticket, ledger_entry, notice, outbox)
        }


def test_a_batch_leaves_what_one_obligation_after_the_other_leaves(
    site: Site, dialect: Dialect, fresh_database: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late_archives(site, 12, ["sales1"], ["新车档案"], [3])  # all alike, so that none is found before an earlier one
    site.panel.engine.dispose()
    url = site.panel.engine.url.render_as_string(hide_password=False)
    other = open_site(fresh_database(dialect, like=url), tmp_path)
    for moment in ("2025-03-06 08:00", "2025-03-20 00:05"):
        sweep.run(site.panel, at(moment))
    monkeypatch.setitem(sweep.BATCH, dialect, 1)
    for moment in ("2025-03-06 08:00", "2025-03-20 00:05"):
        report = sweep.run(other.panel, at(moment))
        assert report.batches >= report.timers > 0
    assert picture(other) == picture(site)
    assert said(other) == said(site)
    assert len(said(site)["ticket"]) == 12
    other.panel.engine.dispose()


def test_what_was_entered_late_does_not_keep_the_others_of_a_batch(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    late_archives(site, 8)
    with site.panel.work(Actor.system(), now=at("2025-03-10 09:00")) as work:
        row = {"vehicle": 1, "archive_kind": "新车档案", "trigger_date": date(2025, 3, 3)}
        records.create(work, "vehicle_archive", row | {"responsible_advisor": site.ids["sales1"]})
    assert len(picture(site)["tickets"]) == 1, "it was late when it was entered"
    settled: list[int] = []
    settle = breaches.settle

    def counted(work: Work, changed: Any, **how: Any) -> set[int]:
        settled.append(len(changed := list(changed)))
        return settle(work, changed, **how)

    monkeypatch.setattr(breaches, "settle", counted)
    sweep.run(site.panel, at("2025-03-11 00:05"))
    assert len(picture(site)["tickets"]) == 9
    assert sum(settled) == 1, "what is there already is looked at again, and nothing else"


def test_a_batch_is_as_large_as_it_is_done_in_time() -> None:
    def settles(per_obligation: float) -> int:
        size = sweep.FIRST
        for _ in range(20):
            size = sweep._paced(size, 4_000, size * per_obligation)
        return size

    assert settles(0.00005) == 4_000
    assert settles(0.0003) == 2_000
    assert settles(0.01) == sweep.FEWEST
    assert sweep._paced(1, 1, 60.0) == sweep._paced(1, 1, 0.0) == 1


def test_a_sweep_killed_anywhere_is_finished_by_the_next(site: Site) -> None:
    late_archives(site, 90)
    url = site.panel.engine.url.render_as_string(hide_password=False)
    for wait in (1.2, 1.6, 2.0, 2.4):
        child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("sweeper.py")), url, "2025-03-11 00:05"],
            cwd=ROOT,
            env={"PYTHONPATH": str(ROOT)},
        )
        time.sleep(wait)
        child.kill()
        child.wait()
    sweep.run(site.panel, at("2025-03-11 00:05"))
    after = picture(site)
    assert len(after["tickets"]) == 90
    assert len({t[:4] for t in after["tickets"]}) == 90
    sweep.run(site.panel, at("2025-03-11 00:05"))
    assert picture(site) == after


def test_what_cannot_be_judged_is_set_aside_and_told_and_all_else_is_done(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    late_archives(site, 6)
    now, judge = at("2025-03-11 00:05"), committing.Missing.drafts

    def broken(kind: committing.Missing, work: Work, o: Mapping[str, Any], *rest: Any) -> list[committing.Draft]:
        if o["record_id"] == 3:
            raise KeyError("a field that is not there")
        return judge(kind, work, o, *rest)

    def told() -> list[tuple[int, int]]:
        with site.panel.engine.connect() as connection:
            query = select(notice.c.person, notice.c.record_id).where(notice.c.kind == "stuck")
            return [tuple(r) for r in connection.execute(query)]

    with monkeypatch.context() as patch:
        patch.setattr(committing.Missing, "drafts", broken)
        for minutes in (0, 5):
            sweep.run(site.panel, now + timedelta(minutes=minutes))
            assert sorted(t[1] for t in picture(site)["tickets"]) == [1, 2, 4, 5, 6]
        assert told() == [(site.ids["admin"], 3)], "once, to who looks after the site"
        assert "cannot be judged" in caplog.text
    sweep.run(site.panel, now + timedelta(hours=2))
    (ticket_day,) = (t[7] for t in picture(site)["tickets"] if t[1] == 3)
    assert ticket_day == date(2025, 3, 7), "it is dated when it happened, not when it could be judged at last"


def test_an_idle_sweep_asks_once_and_writes_nothing(site: Site) -> None:
    late_archives(site, 5)
    sweep.run(site.panel, at("2025-03-03 10:00"))
    before = picture(site)
    report = sweep.run(site.panel, at("2025-03-03 10:01"))
    assert report.batches == 0
    assert picture(site) == before


def test_reminders_come_before_and_escalations_after_each_once(site: Site) -> None:
    late_archives(site, 1, ["service1"])
    moments = ["2025-03-04 00:01", "2025-03-04 09:00", "2025-03-05 00:01", "2025-03-05 00:01", "2025-03-06 00:01"]
    for moment in moments:
        sweep.run(site.panel, at(moment))
    with site.panel.engine.connect() as connection:
        told = sorted(
            connection.execute(
                select(notice.c.kind, notice.c.person).where(notice.c.register == "vehicle_archive")
            ).all()
        )
    mine = [kind for kind, person in told if person == site.ids["service1"]]
    assert mine == ["breach", "overdue", "remind"]
    assert ("overdue", site.ids["archive"]) in told


def test_a_reminder_is_not_sent_for_what_is_late_already(site: Site) -> None:
    late_archives(site, 1, ["service1"])
    sweep.run(site.panel, at("2025-03-20 00:05"))
    with site.panel.engine.connect() as connection:
        kinds = set(connection.execute(select(notice.c.kind)).scalars())
    assert "remind" not in kinds


def test_what_is_handed_over_in_time_has_no_timer_and_is_never_fined(site: Site) -> None:
    late_archives(site, 1, ["sales1"])
    with site.panel.reading(Actor.system()) as work:
        archive = listing.select_rows(work, "vehicle_archive")[0]["id"]
    values = {"entry_date": date(2025, 3, 4), "archive": archive, "from_department": "销售部", "item_count": 12}
    signed = site.create("sales1", "archive_signoff", "2025-03-04 09:00", **values)
    site.move("sales1", "archive_signoff", signed, "hand_over", "2025-03-04 09:10")
    site.move("archive", "archive_signoff", signed, "receive", "2025-03-04 09:20")
    sweep.run(site.panel, at("2025-03-20 00:05"))
    with site.panel.engine.connect() as connection:
        done = connection.execute(
            select(obligation.c.state, obligation.c.done_at).where(obligation.c.duty.like("hand_over%"))
        ).all()
        assert connection.execute(select(func.count()).select_from(ticket)).scalar() == 0
    assert [tuple(d) for d in done] == [("done", at("2025-03-04 09:20"))]


def test_a_correction_of_the_delivery_day_voids_the_fine_and_a_later_one_revives_it(site: Site) -> None:
    late_archives(site, 1, ["sales1"])
    sweep.run(site.panel, at("2025-03-07 00:05"))
    with site.panel.reading(Actor.system()) as work:
        (archive,) = [r["id"] for r in listing.select_rows(work, "vehicle_archive")]
    states = []
    for moment, day in (("2025-03-07 09:00", date(2025, 3, 6)), ("2025-03-07 10:00", date(2025, 3, 3))):
        with site.panel.work(Actor.system(), now=at(moment)) as work:
            records.update(work, "vehicle_archive", archive, {"trigger_date": day})
        with site.panel.reading(site.actor("director")) as work:
            states += [(t["state"], t["amount"]) for t in ledger.tickets(work)]
    assert states == [("void", 0), ("proposed", 50)]


def test_letters_go_out_once_and_are_tried_again_when_the_server_fails(site: Site) -> None:
    late_archives(site, 1, ["service1"])
    sweep.run(site.panel, at("2025-03-05 00:05"))
    sent: list[Letter] = []

    def broken(_letter: Letter) -> None:
        raise ConnectionRefusedError("no server")

    now = at("2025-03-05 09:06")
    assert letters.deliver(site.panel, now, Office(broken)) == 0
    assert letters.deliver(site.panel, now, Office(sent.append)) == 0, "it waits before it tries again"
    later = now + timedelta(hours=2)
    waiting = letters.deliver(site.panel, later, Office(sent.append))
    assert waiting == len(sent) > 0
    assert letters.deliver(site.panel, later, Office(sent.append)) == 0
    assert len({each.message_id for each in sent}) == len(sent)
    with site.panel.engine.connect() as connection:
        assert set(connection.execute(select(outbox.c.state)).scalars()) == {"taken"}
        assert set(connection.execute(select(letter.c.state)).scalars()) == {"sent"}
    for each in sent:
        assert CAR_OWNER not in each.text


def test_the_inbox_is_ones_own(site: Site) -> None:
    late_archives(site, 1, ["service1"])
    sweep.run(site.panel, at("2025-03-05 00:05"))
    with site.panel.work(site.actor("service1"), now=at("2025-03-05 09:00")) as work:
        mine = notices.inbox(work)
        assert notices.unread(work) == len(mine) > 0
        notices.mark_read(work)
        assert notices.unread(work) == 0
    with site.panel.reading(site.actor("stranger")) as work:
        assert notices.inbox(work) == []


@pytest.mark.parametrize("who", ["service1", "sales2", "stranger"])
def test_a_ticket_is_seen_by_the_fined_and_those_entitled(site: Site, who: str) -> None:
    late_archives(site, 1, ["service1"])
    sweep.run(site.panel, at("2025-03-05 00:05"))
    with site.panel.reading(site.actor(who)) as work:
        assert len(ledger.tickets(work)) == (1 if who == "service1" else 0)
        assert ledger.to_confirm(work) == []
    with site.panel.reading(site.actor("director")) as work:
        assert len(ledger.to_confirm(work)) == 1
