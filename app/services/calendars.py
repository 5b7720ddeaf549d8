"""Calendars in revisions: what the notices say and what a site, or one of its units, closes and opens; never changed, only followed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import insert, select

from app.errors import CellError, Invalid, Missing, say
from app.fields.label import Label
from app.models.dating import calendar_revision
from app.rules.calendar import CLOSING, WorkCalendar, calendar_from
from app.rules.yearbook import Yearbook, read_yearbook
from app.services import administration, people
from app.services.panel import Work

KEPT = 64
_built: OrderedDict[tuple[str, str], WorkCalendar] = OrderedDict()
"""Calendars by (zone, facts), the latest used last."""


@dataclass(frozen=True)
class Facts:
    """What a revision says: the yearbook of the notices, the site's own days off and on with their reasons, and its closing time."""

    yearbook: Mapping[str, Any]
    closed: Mapping[date, str] = field(default_factory=dict)
    opened: Mapping[date, str] = field(default_factory=dict)
    closing: time = CLOSING

    def to_text(self) -> str:
        """Return the facts as a revision keeps them, in JSON: days as ISO dates, each with its reason."""
        own = {
            name: {f"{d}": why for d, why in sorted(days.items())}
            for name, days in (("closed", self.closed), ("opened", self.opened))
        }
        book = Yearbook.model_validate(self.yearbook).model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return orjson.dumps({"yearbook": book, **own, "closing": f"{self.closing:%H:%M}"}).decode()

    @classmethod
    def from_text(cls, text: str) -> Facts:
        """Return the facts that ``to_text`` wrote."""
        read = orjson.loads(text)
        closed, opened = (
            {date.fromisoformat(d): why for d, why in read[name].items()} for name in ("closed", "opened")
        )
        return cls(read["yearbook"], closed, opened, time.fromisoformat(read["closing"]))


@dataclass(frozen=True)
class Revision:
    """One revision: its number, the name that obligations copy, the unit it is for (None: the whole site), who made it, when and why."""

    number: int
    name: str
    unit: int | None
    facts: Facts
    at: datetime
    person: int | None
    note: str


def of(work: Work, unit: int | None = None, about: tuple[str, int, str] | None = None) -> WorkCalendar:
    """Return the calendar by which what begins now is counted: the unit's own, else that of the nearest unit above, else the site's.

    ``about`` is the duty of a record (register, id, duty): a replay counts it by the calendar of the day on which it was first counted.
    """
    if "calendar" in work.memo:  # a recalculation, or a draft, counts by one it names
        return work.memo["calendar"]
    if (kept := work.memo.get("counted_by", {}).get(about)) is not None:
        return named(work, kept)
    newest = _newest(work)
    if not newest:
        return work.panel.calendar
    for around in (*people.chain(work, unit), None):
        if (name := newest.get(around)) is not None:
            return named(work, name)
    return work.panel.calendar


def named(work: Work, name: str) -> WorkCalendar:
    """Return the calendar that an obligation names, which is kept as it was; the site's where it is not known any more."""
    if name == work.panel.calendar.revision:
        return work.panel.calendar
    key = ("calendar", name)
    if key not in work.panel.memory:
        c = calendar_revision.c
        text = work.connection.execute(select(c.facts).where(c.name == name).limit(1)).scalar()
        work.panel.memory[key] = build(work, text) if text is not None else work.panel.calendar
    return work.panel.memory[key]


def own_days(work: Work, name: str) -> dict[date, str]:
    """Return which days a calendar has closed (``closed``) or opened (``opened``) by the site's own decision."""
    key = ("own days", name)
    if key not in work.panel.memory:
        c = calendar_revision.c
        text = work.connection.execute(select(c.facts).where(c.name == name).limit(1)).scalar()
        facts = Facts.from_text(text) if text is not None else Facts({})
        work.panel.memory[key] = dict.fromkeys(facts.closed, "closed") | dict.fromkeys(facts.opened, "opened")
    return work.panel.memory[key]


def build(work: Work, text: str) -> WorkCalendar:
    """Return the calendar of the facts of a revision, as kept. Raises Invalid where no working day is left."""
    key = (work.panel.zone.key, text)
    if key not in _built:
        facts = Facts.from_text(text)
        own = [{d: Label(zh=why) for d, why in days.items()} for days in (facts.closed, facts.opened)]
        try:
            made = calendar_from(facts.yearbook, work.panel.zone, facts.closing, closed=own[0], opened=own[1])
        except ValidationError as invalid:
            raise Invalid([CellError("yearbook", say("年历有误：{why}", why=invalid.errors()[0]["msg"]))]) from None
        except ValueError:
            raise Invalid([CellError("closed", say("日历中没有工作日"))]) from None
        _built[key] = made
        while len(_built) > KEPT:
            _built.popitem(last=False)
    return _built[key]


def revisions(work: Work) -> list[Revision]:
    """Return every revision, latest first."""
    rows = work.rows(select(calendar_revision).order_by(calendar_revision.c.revision.desc()))
    return [
        Revision(r["revision"], r["name"], r["unit"], Facts.from_text(r["facts"]), r["at"], r["person"], r["note"])
        for r in rows
    ]


def revision(work: Work, number: int) -> Revision:
    """Return one revision. Raises Missing."""
    found = next((r for r in revisions(work) if r.number == number), None)
    if found is None:
        raise Missing(say("没有第 {n} 号日历", n=number))
    return found


def facts_of(work: Work, unit: int | None) -> Facts:
    """Return what the calendar of a unit (None: the site) now says; of a unit without one of its own, what the site's says."""
    newest = {r.unit: r.facts for r in reversed(revisions(work))}
    return newest.get(unit) or newest.get(None) or Facts(read_yearbook())


def save(work: Work, unit: int | None, facts: Facts, note: str) -> Revision:
    """Keep a new revision for the site or a unit; what is said already changes nothing.

    What is owed keeps the calendar that it was counted by, but for what was counted through a year that had not been announced
    (``redating``). Raises Forbidden, and Invalid for days outside the yearbook, named twice, or without a note.
    """
    administration.demand(work)
    _check(facts, note)
    before = facts_of(work, unit)
    if not revisions(work):
        _insert(work, None, Facts(read_yearbook()), "随程序附带的年历", None)
    if before.to_text() == facts.to_text() and any(r.unit == unit for r in revisions(work)):
        return next(r for r in revisions(work) if r.unit == unit)
    return _insert(work, unit, facts, note.strip(), work.actor.person_id)


def ship(work: Work, yearbook: Mapping[str, Any]) -> Revision | None:
    """Keep the shipped yearbook as a revision of the site where it says something else than the latest; the site's own days stay."""
    now = Facts(yearbook)
    kept = revisions(work)
    last = next((r for r in kept if r.unit is None), None)
    if last is not None and replace(last.facts, yearbook=yearbook).to_text() == last.facts.to_text():
        return None
    # a year that the site has entered by hand from its notice is not taken back by an older program
    if last is not None and _announced(last.facts.yearbook) >= _announced(yearbook):
        return None
    return _insert(work, None, replace(last.facts, yearbook=yearbook) if last else now, "随程序附带的年历", None)


def _announced(yearbook: Mapping[str, Any]) -> int:
    return max((y.year for y in Yearbook.model_validate(yearbook).years if y.announced), default=0)


def _check(facts: Facts, note: str) -> None:
    errors = [] if note.strip() else [CellError("note", say("请写明依据或理由"), label="说明")]
    try:
        book = Yearbook.model_validate(facts.yearbook)
    except ValidationError as invalid:
        raise Invalid([CellError("yearbook", say("年历有误：{why}", why=invalid.errors()[0]["msg"]))]) from None
    years = {y.year for y in book.years}
    errors += [
        CellError("days", say("{day} 不在年历所载的年份内", day=d), label="本单位休息或上班日")
        for d in (*facts.closed, *facts.opened)
        if d.year not in years
    ]
    errors += [
        CellError("days", say("{day} 既列为休息又列为上班", day=d), label="本单位休息或上班日")
        for d in facts.closed.keys() & facts.opened.keys()
    ]
    if errors:
        raise Invalid(errors)


def _insert(work: Work, unit: int | None, facts: Facts, note: str, person: int | None) -> Revision:
    text = facts.to_text()
    name = build(work, text).revision
    number = len(_numbers(work)) + 1
    row = {
        "revision": number,
        "name": name,
        "unit": unit,
        "facts": text,
        "at": work.now,
        "person": person,
        "note": note,
    }
    work.connection.execute(insert(calendar_revision).values(**row))
    work.memo.pop("calendars", None)
    return Revision(number, name, unit, facts, work.now, person, note)


def _numbers(work: Work) -> Sequence[int]:
    return work.connection.execute(select(calendar_revision.c.revision)).scalars().all()


def _newest(work: Work) -> Mapping[int | None, str]:
    if "calendars" not in work.memo:
        c = calendar_revision.c
        rows = work.connection.execute(select(c.unit, c.name).order_by(c.revision))
        work.memo["calendars"] = {r.unit: r.name for r in rows}
    return work.memo["calendars"]


def with_day(facts: Facts, day: date, kind: str, why: str) -> Facts:
    """Return facts with a day of the site's own: ``closed``, ``opened``, or neither any more (``plain``)."""
    closed = {d: w for d, w in facts.closed.items() if d != day}
    opened = {d: w for d, w in facts.opened.items() if d != day}
    if kind in {"closed", "opened"}:
        (closed if kind == "closed" else opened)[day] = why
    return replace(facts, closed=closed, opened=opened)


def year_lines(facts: Facts, year: int) -> str:
    """Return the holidays of a year as people type them, one to a line: name, first and last day off, then 补班 and the days worked for it."""
    book = Yearbook.model_validate(facts.yearbook)
    found = next((y for y in book.years if y.year == year), None)
    return "\n".join(
        " ".join((h.label.zh, f"{h.first}", f"{h.last or h.first}", *(("补班", *map(str, h.work)) if h.work else ())))
        for h in (found.holidays if found else ())
    )


def with_year(facts: Facts, year: int, text: str, notice: str) -> Facts:
    """Return facts with a year announced as ``text`` says (see ``year_lines``), and the year after it provisional where it is new.

    Raises Invalid, with every line that cannot be read.
    """
    errors: list[CellError] = []
    holidays = []
    for n, line in enumerate(text.strip().splitlines(), 1):
        words = line.replace("，", " ").replace("、", " ").split()
        try:
            off, worked = (
                (words[1 : words.index("补班")], words[words.index("补班") + 1 :])
                if "补班" in words
                else (words[1:], [])
            )
            days = [date.fromisoformat(w) for w in (*off, *worked)]
            first, last = days[0], days[len(off) - 1]
            holidays.append({"label": {"zh": words[0]}, "from": first, "to": last, "work": days[len(off) :]})
        except (ValueError, IndexError):
            errors.append(CellError("holidays", say("应为“名称 首日 末日 补班 日期…”"), line, line=n, label="放假安排"))
    if not notice.strip():
        errors.append(CellError("notice", say("请写明通知的名称和文号"), label="通知"))
    book = Yearbook.model_validate(facts.yearbook).model_dump(mode="json", by_alias=True, exclude_defaults=True)
    others = [y for y in book["years"] if y["year"] != year]
    if year not in {y["year"] for y in book["years"]} and year != max(y["year"] for y in others) + 1:
        errors.append(CellError("year", say("年历须逐年相接"), str(year), label="年份"))
    if errors:
        raise Invalid(errors)
    now = {"year": year, "announced": True, "notice": notice.strip(), "holidays": holidays}
    return replace(facts, yearbook=book | {"years": sorted([*others, now], key=lambda y: y["year"])})
