"""A draft tried on history says who would have been late and what it would cost; the ledger does not change; promoting it does just that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app.errors import Forbidden, Invalid, Missing, Refused
from app.models.ledger import breach, ledger_entry, obligation, ticket
from app.services import enacting, publishing, replay, sweep, whatif
from app.services.panel import Actor
from app.services.whatif import Trial
from tests import servers
from tests.services.test_fines import archives, hand_over
from tests.site import SHANGHAI, Site, at, open_site

PATH = "registers/vehicle_archives/vehicle_archive.yaml"
FIRST, LAST, END = date(2025, 3, 3), date(2025, 3, 31), "2025-04-10 09:00"
DELIVERED = ["2025-03-03", "2025-03-05", "2025-03-10", "2025-03-17", "2025-03-20"]


def drafted(site: Site) -> Trial:
    """Return the shipped archive with two working days in the place of three, and 80 yuan in that of 50."""
    text = publishing.current(site.panel.engine).files[PATH]
    changed = text.replace("{working_days: 3,", "{working_days: 2,", 1).replace('money: "50"', 'money: "80"')
    assert changed.count('money: "80"') >= 1
    assert changed.count("{working_days: 2,") == text.count("{working_days: 2,") + 1
    return Trial({PATH: changed})


def facts(site: Site, tmp_path: Path) -> None:
    """Let March happen: archives in time, late and never handed over, one waived, sweeps in between."""
    records = [archives(site, tmp_path, "sales1", "新车档案", [d])[0] for d in DELIVERED]
    for record, when in zip(records, ["2025-03-05 17:00", "2025-03-10 10:00", "2025-03-13 10:00"], strict=False):
        hand_over(site, "sales1", record, when)
    for when in ("2025-03-15 09:00", "2025-03-24 09:00", END):
        sweep.run(site.panel, at(when))


@pytest.fixture
def twin(
    dialect: servers.Dialect, fresh_database: servers.Databases, site: Site, prepared: dict[str, str], tmp_path: Path
) -> Iterator[Site]:
    """Another copy of the same site."""
    url = fresh_database(dialect, prepared[dialect])
    other = open_site(url, tmp_path / "twin")
    yield other
    other.panel.engine.dispose()
    fresh_database.drop(url)


def everything(site: Site) -> dict[str, Any]:
    with site.panel.reading(Actor.system()) as work:
        return {
            t.name: work.connection.execute(select(t).order_by(*t.primary_key)).all()
            for t in (obligation, breach, ticket, ledger_entry)
        }


def tried(site: Site, trial: Trial, first: date = FIRST, last: date = LAST) -> int:
    with site.panel.work(site.actor("director"), now=at(END)) as work:
        run = whatif.begin(work, "两天交接", trial, first, last)
    whatif.run(site.panel, run, at(END))
    with site.panel.reading(Actor.system()) as work:
        row = whatif.get(work, run)
    assert (row["state"], row["message"]) == ("done", None)
    return run


def priced(site: Site) -> list[tuple[Any, ...]]:
    with site.panel.reading(Actor.system()) as work:
        b, t = breach.c, ticket.c
        query = select(b.record_id, b.rule, b.occurrence, b.person, b.day, t.ordinal, t.amount, t.arithmetic)
        return [
            tuple(r)
            for r in work.connection.execute(
                query.join(ticket, t.breach == b.id).order_by(b.record_id, b.rule, b.occurrence)
            )
        ]


def test_a_draft_says_who_would_have_been_late_and_leaves_the_ledger_alone(site: Site, tmp_path: Path) -> None:
    facts(site, tmp_path)
    before = everything(site)
    run = tried(site, drafted(site))
    assert everything(site) == before
    with site.panel.reading(site.actor("director")) as work:
        (mine,) = whatif.sums(work, run, "person")
        assert mine.key == site.ids["sales1"]
        assert mine.would_count > mine.was_count
        assert mine.difference > 0
        assert sum((s.difference for s in whatif.sums(work, run, "month")), Decimal(0)) == mine.difference
        found = list(whatif.lines(work, run))
        fresh = [d for d in found if d["was"] is None]
        assert fresh
        assert fresh[0]["person_name"] == "sales1"
        said = whatif.line(work, run, found[0]["seq"])
        assert said["would"]["due_on"]
        assert said["would"]["arithmetic"]


def test_promoting_a_draft_gives_exactly_the_figures_it_was_tried_with(site: Site, twin: Site, tmp_path: Path) -> None:
    facts(site, tmp_path)
    with site.panel.reading(Actor.system(), now=at(END)) as work:
        now = work.now
    catalog = publishing.plan(site.panel.engine, whatif.merged(site.panel, drafted(site).files)).catalog
    with replay.replayed(site.panel, now, draft=replay.Draft(FIRST, date.max.replace(year=9000), catalog)) as found:
        b, t = breach.c, ticket.c
        query = select(b.record_id, b.rule, b.occurrence, b.person, b.day, t.ordinal, t.amount, t.arithmetic)
        query = query.join(ticket, t.breach == b.id).order_by(b.record_id, b.rule, b.occurrence)
        expected = [tuple(r) for r in found.work.connection.execute(query)]
    now = at("2025-03-03 08:00")
    with twin.panel.work(twin.actor("admin"), now=now) as work:
        run = whatif.begin(work, "两天交接", drafted(twin), FIRST, LAST)
        number = whatif.promote(work, run, FIRST, "试算之后")
    published = enacting.publish(twin.panel, Actor.system(), number, now=now, reason="试算之后", since=FIRST)
    panel = publishing.open_panel(twin.panel.engine, published, twin.panel.calendar, SHANGHAI, twin.panel.files)
    promoted = Site(panel, twin.ids, twin.units)
    facts(promoted, tmp_path)
    assert priced(promoted) == expected
    assert priced(site) != expected


def test_a_draft_calendar_moves_what_begins_in_its_days_only(site: Site, tmp_path: Path) -> None:
    facts(site, tmp_path)
    before = everything(site)
    day = date(2025, 3, 17)
    run = tried(site, Trial({}, closed=(date(2025, 3, 18),)), day, day)
    assert everything(site) == before
    with site.panel.reading(Actor.system()) as work:
        assert whatif.get(work, run)["moved"] == 1
        (line,) = whatif.lines(work, run)
        assert (line["was"]["due_on"], line["would"]["due_on"]) == ("2025-03-20", "2025-03-21")
        assert line["was_amount"] == line["would_amount"] > 0


def test_a_stranger_tries_nothing_and_whoever_may_not_read_a_record_sees_no_difference_of_it(
    site: Site, tmp_path: Path
) -> None:
    facts(site, tmp_path)
    run = tried(site, drafted(site))
    asks: tuple[Callable[[Any], Any], ...] = (
        whatif.listed, lambda work: whatif.get(work, run), lambda work: whatif.line(work, run, 1),
        lambda work: whatif.begin(work, "x", drafted(site), FIRST, LAST), lambda work: whatif.cancel(work, run),
    )  # fmt: skip
    for who in ("stranger", "sales1", "archive"):
        with site.panel.work(site.actor(who), now=at(END)) as work:
            for ask in asks:
                with pytest.raises(Forbidden):
                    ask(work)
    blind = Actor(site.ids["stranger"], "stranger", frozenset({"system_admin"}))
    with site.panel.reading(blind, now=at(END)) as work:
        assert whatif.get(work, run)["state"] == "done"
        assert list(whatif.lines(work, run)) == whatif.sums(work, run, "person") == []
        with pytest.raises(Missing):
            whatif.line(work, run, 1)


def test_what_cannot_be_tried_is_refused_with_its_reason(site: Site) -> None:
    text = publishing.current(site.panel.engine).files[PATH]
    with site.panel.work(site.actor("director"), now=at(END)) as work:
        with pytest.raises(Invalid) as wrong:
            whatif.begin(work, " ", Trial({}), LAST, FIRST)
        assert {e.field for e in wrong.value.errors} == {"name", "last", "files"}
        with pytest.raises(publishing.Unsound):
            whatif.begin(work, "错", Trial({PATH: text.replace("owed_by", "owned_by")}), FIRST, LAST)
        new = "  - {code: shelf_of_draft, label: {zh: 新架位}, type: text, basis: P05-A1}\n"
        with pytest.raises(Refused, match="shelf_of_draft"):
            whatif.begin(work, "新字段", Trial({PATH: text.replace("fields:\n", f"fields:\n{new}", 1)}), FIRST, LAST)


def test_a_trial_that_was_cancelled_keeps_nothing_and_runs_no_more(site: Site, tmp_path: Path) -> None:
    facts(site, tmp_path)
    with site.panel.work(site.actor("director"), now=at(END)) as work:
        run = whatif.begin(work, "取消", drafted(site), FIRST, LAST)
        whatif.cancel(work, run)
    whatif.run(site.panel, run, at(END))
    with site.panel.reading(Actor.system()) as work:
        assert whatif.get(work, run)["state"] == "cancelled"
        assert list(whatif.lines(work, run)) == []
    with site.panel.work(site.actor("director"), now=at(END)) as work, pytest.raises(Refused):
        whatif.cancel(work, run)
