"""Histories through the real doors leave the ledger that the reference reckons from the facts alone.

Matters are entered late or in time, closed late, closed again at another moment, given another start, waived, cancelled and swept
in any order, in several zones; what counts in the end is what the facts are.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.errors import Refused
from app.models.ledger import breach, ticket
from app.rules.calendar import calendar_from
from app.rules.yearbook import read_yearbook
from app.services import ledger, records, sweep, verify
from app.services.panel import Actor
from tests import servers
from tests.cases.ground import prepare
from tests.reference.reckoning import Violation, fines, repeats, tied, too_late
from tests.site import Site, open_site

ZONES = {name: ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York")}
CALENDARS = {name: calendar_from(read_yearbook(), zone) for name, zone in ZONES.items()}
LIMITS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "3工作日": ("working_days", 3, {}), "1工作日": ("working_days", 1, {}), "当日": ("working_days", 0, {}),
    "7天": ("days", 7, {}), "1个月不顺延": ("months", 1, {"stays": True}), "次日10点前": ("days", 1, {"clock": "10:00", "stays": True}),
    "下班前": ("days", 0, {"clock": "close", "stays": True}), "改正": ("working_days", 1, {}),
}  # fmt: skip
FIRST = datetime(2026, 2, 9, tzinfo=UTC)
LAST = FIRST + timedelta(days=75)
MATTERS = 4

starts = st.dates(date(2026, 2, 10), date(2026, 3, 31)) | st.sampled_from([date(2026, 2, 14), date(2026, 2, 28)])
midnights = st.builds(
    lambda n, s: FIRST + timedelta(days=n, hours=16, seconds=s), st.integers(1, 60), st.sampled_from([-1, 0])
)
moments = st.integers(0, 74 * 86400).map(lambda s: FIRST + timedelta(seconds=s)) | midnights
deeds = st.one_of(
    st.tuples(st.just("start"), starts), st.tuples(st.just("done"), st.none() | moments), st.tuples(st.just("sweep"), st.none()),
    st.tuples(st.sampled_from(["waive", "cancel"]), st.none()),
)  # fmt: skip
histories = st.tuples(
    st.sampled_from(sorted(ZONES)),
    st.lists(
        st.tuples(st.sampled_from(sorted(LIMITS)), starts, st.sampled_from(["sales1", "sales2"]), moments),
        min_size=2,
        max_size=MATTERS,
    ),
    st.lists(st.tuples(moments, st.integers(0, MATTERS - 1), deeds), max_size=12),
)


@dataclass
class Matter:
    """What is known of one matter at the end."""

    kind: str
    began: date
    owner: str
    record: int
    done: datetime | None = None
    decided: dict[int, str] = field(default_factory=dict)


@pytest.fixture(scope="session")
def templates(fresh_database: servers.Databases) -> dict[str, str]:
    """URLs of databases to copy, by dialect; made at first need."""
    return {}


@pytest.mark.parametrize(("dialect", "examples"), [("sqlite", 14), ("postgresql", 4)])
def test_any_history_leaves_the_ledger_that_its_facts_come_to(
    dialect: servers.Dialect, examples: int, fresh_database: servers.Databases, templates: dict[str, str], tmp_path_factory: Any
) -> None:  # fmt: skip
    if dialect not in templates:
        templates[dialect] = fresh_database(dialect)
        prepare(templates[dialect])
    folder: Path = tmp_path_factory.mktemp("doors")

    @settings(derandomize=True, deadline=None, max_examples=examples, database=None, phases=[Phase.generate])
    @given(histories)
    def tried(history: Any) -> None:
        url = fresh_database(dialect, templates[dialect])
        site = open_site(url, folder)
        try:
            _play(site, *history)
        finally:
            site.panel.engine.dispose()
            fresh_database.drop(url)

    tried()


def _play(site: Site, where: str, entered: list[Any], deeds: list[Any]) -> None:
    zone = ZONES[where]
    panel = replace(site.panel, zone=zone, calendar=CALENDARS[where])
    happens: list[tuple[datetime, int, Any]] = [(at, 0, one) for *one, at in entered]
    happens += [(at, 1, (number, deed)) for at, number, deed in deeds]
    matters: list[Matter] = []
    for now, later, what in sorted(happens, key=lambda h: (h[0], h[1])):
        if not later:
            kind, began, owner = what
            values = {"subject": f"事{len(matters)}", "kind": kind, "began_on": began, "owner": site.ids[owner]}
            with panel.work(Actor.system(), now=now) as work:
                matters.append(Matter(kind, began, owner, records.create(work, "x_duty", values)))
        elif what[1][0] == "sweep":
            sweep.run(panel, now)
        elif what[0] < len(matters):
            _do(panel, now, matters[what[0]], *what[1])
    sweep.run(panel, LAST)
    assert _found(panel) == _expected(matters, zone, site.ids)
    if zone.key == site.panel.zone.key:  # elsewhere the company itself was entered under other clocks
        assert [str(f.says) for f in verify.run(panel).flaws] == []


def _do(panel: Any, now: datetime, matter: Matter, deed: str, value: Any) -> None:
    with panel.work(Actor.system(), now=now) as work:
        if deed == "start":
            records.update(work, "x_duty", matter.record, {"began_on": value})
            matter.began = value
        elif deed == "done":
            value = None if value is None else min(value, now)
            records.update(work, "x_duty", matter.record, {"done_at": value})
            matter.done = value
        else:
            t = ticket.c
            query = select(t.id, breach.c.occurrence).join(breach, breach.c.id == t.breach)
            query = query.where(t.register == "x_duty", t.record_id == matter.record, t.state == "proposed")
            first = work.connection.execute(query.order_by(t.occurred_at).limit(1)).first()
            if first is not None:
                getattr(ledger, deed)(work, first.id, "试")
                matter.decided[first.occurrence] = {"waive": "waived", "cancel": "cancelled"}[deed]


def _expected(matters: list[Matter], zone: ZoneInfo, ids: dict[str, int]) -> Any:
    violations = []
    for m in matters:
        unit, count, how = LIMITS[m.kind]
        first = too_late(unit, count, m.began, zone, **how)
        until = LAST if m.done is None else m.done
        instants = repeats(first, until, zone) if m.kind == "改正" else [first] if first <= until else []
        violations += [
            Violation(m.owner, i, (m.record, n), 50, m.decided.get(n, "")) for n, i in enumerate(instants, 1)
        ]
    reckoned = fines(violations, zone, {"sales1": 2, "sales2": 2}, waived_counts=True)
    placed = [(v.instant, (ids[v.who], v.tie[0]), f) for v, f in zip(violations, reckoned, strict=True)]
    return tied((i, t, f) for i, t, f in placed if f.place)


def _found(panel: Any) -> Any:
    t = ticket.c
    query = (
        select(t.occurred_at, t.person, t.record_id, t.ordinal, t.amount)
        .join(breach, breach.c.id == t.breach)
        .where(t.register == "x_duty", breach.c.state == "live", t.ordinal > 0)
    )
    with panel.reading(Actor.system()) as work:
        return sorted((r[0], (r[1], r[2]), r[3], int(r[4])) for r in work.connection.execute(query))


def test_a_decision_on_what_was_lifted_is_refused(
    fresh_database: servers.Databases, templates: dict[str, str], tmp_path: Path
) -> None:
    if "sqlite" not in templates:
        templates["sqlite"] = fresh_database("sqlite")
        prepare(templates["sqlite"])
    site = open_site(fresh_database("sqlite", templates["sqlite"]), tmp_path)
    values = {"subject": "事", "kind": "1工作日", "began_on": date(2026, 3, 2), "owner": site.ids["sales1"]}
    with site.panel.work(Actor.system(), now=FIRST + timedelta(days=25)) as work:
        matter = records.create(work, "x_duty", values)
    sweep.run(site.panel, LAST)
    with site.panel.work(Actor.system(), now=LAST) as work:
        records.update(work, "x_duty", matter, {"done_at": datetime(2026, 3, 3, 9, tzinfo=UTC)})
        lifted = work.connection.execute(select(ticket.c.id)).scalar_one()
        with pytest.raises(Refused):
            ledger.confirm(work, lifted)
    site.panel.engine.dispose()
