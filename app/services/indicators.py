"""Indicators of each period: figured out of the records, kept when they are complete, corrected with a reason, shown to whom they concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select

from app.catalog.catalog import adopted
from app.catalog.indicator import Indicator
from app.errors import Forbidden, Missing, Refused, say
from app.fields.label import Label
from app.fields.texts import Choice
from app.models.bulk import insert_new
from app.models.indicators import PLACES, indicator_figure
from app.rules import indicator as rules
from app.rules.calendar import BeyondCalendar
from app.rules.indicator import Period, period_of
from app.services import adoption, editions, lookup, measuring, notices, people, scope
from app.services.measuring import WHOLE, Units
from app.services.panel import Actor, Panel, Work

REMEMBERED = 12
"""Months that are figured out when an indicator is kept for the first time, so that its course can be seen."""


@dataclass(frozen=True)
class Figure:
    """One figure: what was counted, over what; and when it was kept, where it was.

    ``numerator`` None: there was nothing to count. ``version`` 0: not kept, but figured out now.
    """

    numerator: Decimal | None
    denominator: Decimal | None
    version: int = 0
    made_at: datetime | None = None
    person: int | None = None
    reason: str = ""

    def exact(self, indicator: Indicator) -> Fraction | None:
        """Return its exact value; None where there is none."""
        return None if self.numerator is None else rules.value(indicator, self.numerator, self.denominator)


Figures = Mapping[str, Figure]
"""Figures of one indicator and period by subject; ``measuring.WHOLE`` is everything together."""


def live(work: Work) -> list[Indicator]:
    """Return the indicators of adopted policies over registers that are in use, in the catalog's order."""
    bound = adoption.anywhere(work)
    known = work.catalog.indicators
    return [
        i
        for i in known.values()
        if adopted(i, bound) and all(adopted(work.spec(code), bound) for code in measuring.registers(i, known))
    ]


def figures(work: Work, indicator: Indicator, period: Period, of: Units | None = None) -> dict[str, Figure]:
    """Return the figures of a period as the records stand now: at most four statements, and as many for each part of a composite.

    ``of``: by the records of these units only; by default of those that apply what the indicator cites.
    """
    if indicator.parts:
        return _composed(work, indicator, period, of)
    if indicator.numerator is None:
        return {}
    upper = measuring.measure(work, indicator, indicator.numerator, period, of)
    if indicator.denominator is None:
        return {s: Figure(t.amount, t.among) for s, t in upper.items()}
    lower = measuring.measure(work, indicator, indicator.denominator, period, of)
    nothing = measuring.Taken(Decimal(0))
    return {
        s: Figure(upper.get(s, nothing).amount, lower.get(s, nothing).amount)
        for s in [*lower, *(s for s in upper if s not in lower)]
    }


def _composed(work: Work, indicator: Indicator, period: Period, of: Units | None) -> dict[str, Figure]:
    known = work.catalog.indicators
    parts = [(known[p.indicator], figures(work, known[p.indicator], period, of), p.weight) for p in indicator.parts]
    subjects = dict.fromkeys(s for _, found, _ in parts for s in found if s == WHOLE or indicator.per)
    composed = {}
    for s in subjects:
        exact = rules.composite(indicator, [(f[s].exact(i) if s in f else None, w) for i, f, w in parts])
        composed[s] = Figure(None if exact is None else rules.rounded(exact, PLACES), None)
    return composed


def subject_names(work: Work, indicator: Indicator, subjects: Iterable[str]) -> dict[str, Label]:
    """Return what people call the subjects that figures are split by: one look-up for each kind of them."""
    by_kind: dict[str, list[str]] = {}
    for subject in subjects:
        if subject != WHOLE:
            kind, _, value = subject.partition(":")
            by_kind.setdefault(kind, []).append(value)
    return {f"{k}:{v}": name for k, some in by_kind.items() for v, name in _named(work, indicator, k, some).items()}


def _named(work: Work, indicator: Indicator, kind: str, values: list[str]) -> dict[str, Label]:
    if kind == "choice":
        fields = (work.spec(m.register_code).column(m.per or indicator.per) for m in indicator.measures)
        field = next((f for f in fields if isinstance(f, Choice)), None)
        options = {v: field.option(v) if field else None for v in values}
        return {v: o or Label(zh=v) for v, o in options.items()}
    ids = [int(v) for v in values]
    found = people.names(work, ids) if kind == "person" else lookup.titles(work, kind, ids)
    return {str(i): Label(zh=found.get(i) or f"#{i}") for i in ids}


def keep_due(panel: Panel, now: datetime) -> int:
    """Keep the figures of every period that is complete by ``now`` and has none yet; return how many figures are new.

    A function of the tables and the time: run twice, or by two at once, it keeps each once; after a silence it catches up.
    """
    with panel.reading(Actor.system(), now=now) as work:
        due = [(i, p) for i in live(work) for p in _unkept(work, i, _last(work))]
    groups: dict[tuple[Period, date], list[Indicator]] = {}
    for indicator, period in due:
        ready = period.ready_on(indicator.ready, panel.calendar)
        groups.setdefault((period, ready), []).append(indicator)
    new = 0
    for (period, ready), some in groups.items():
        with panel.work(Actor.system(), now=now, source="sweep") as work:
            kept_now = sum(keep(work, indicator, period) for indicator in some)
            # those of before the panel are history that nobody waits for
            if kept_now and period.last >= editions.beginning(work):
                _tell(work, period, ready, some)
        new += kept_now
    return new


def _tell(work: Work, period: Period, ready: date, some: Sequence[Indicator]) -> None:
    """Tell those who receive indicators that their figures of a period are there, everybody once for all that were ready on a day."""
    tops = {i.code: adoption.adopters(work, i, work.today) for i in some}
    mine: dict[int, list[Label]] = {}
    for i in some:
        received = {p for role in i.receives for top in tops[i.code] for p in people.holders(work, role, top)}
        for person in received:
            mine.setdefault(person, []).append(i.label)
    letters = []
    for person, names in sorted(mine.items()):
        words = {"period": period.key, "indicators": names}
        letters += notices.tell(work, [person], "figures", f"figures:{period.key}:{ready}", words, {})
    notices.send(work, letters)


def keep(work: Work, indicator: Indicator, period: Period) -> int:
    """Keep the figures of a period as they stand now, those that were not kept before; return how many those are."""
    rows = [_row(work, indicator, period, s, f) for s, f in figures(work, indicator, period).items()]
    return insert_new(work.connection, indicator_figure, rows)


def _last(work: Work) -> dict[tuple[str, str], date]:
    """Return the first day of the latest period kept, by indicator and kind of period."""
    if "figures kept" not in work.memo:
        f = indicator_figure.c
        query = select(f.indicator, f.kind, func.max(f.first_day)).group_by(f.indicator, f.kind)
        work.memo["figures kept"] = {(code, kind): day for code, kind, day in work.connection.execute(query)}
    return work.memo["figures kept"]


def _unkept(work: Work, indicator: Indicator, last: Mapping[tuple[str, str], date]) -> list[Period]:
    """Return the complete periods after the last one kept, oldest first."""
    newest = period_of(indicator.period, work.today).before()
    while not complete(work, indicator, newest):
        newest = newest.before()
    if (kept := last.get((indicator.code, indicator.period))) is None:
        many = max(1, REMEMBERED // _months(newest))
        return [newest.before(n) for n in reversed(range(many))]
    found = []
    period = Period(kept, indicator.period).next()
    while period <= newest:
        found.append(period)
        period = period.next()
    return found


def _months(period: Period) -> int:
    return (period.after.year - period.first.year) * 12 + period.after.month - period.first.month


def complete(work: Work, indicator: Indicator, period: Period) -> bool:
    """Return whether the figures of a period are complete by now; not while the calendar does not reach so far."""
    try:
        return period.ready_on(indicator.ready, work.panel.calendar) <= work.today
    except BeyondCalendar:
        return False


def _row(
    work: Work, indicator: Indicator, period: Period, subject: str, figure: Figure, version: int = 1, reason: str = ""
) -> dict[str, Any]:
    exact = figure.exact(indicator)
    return {
        "indicator": indicator.code, "kind": period.kind, "first_day": period.first, "subject": subject, "version": version,
        "numerator": figure.numerator, "denominator": figure.denominator,
        "value": None if exact is None else rules.rounded(exact, min(indicator.places, PLACES)),
        "made_at": work.now, "revision": work.catalog.revision, "person": work.actor.person_id, "reason": reason,
    }  # fmt: skip


def kept(work: Work, codes: Iterable[str], periods: Iterable[Period]) -> dict[tuple[str, Period], dict[str, Figure]]:
    """Return the figures that were kept, in their latest version, by indicator and period: one statement for all."""
    f = indicator_figure.c
    wanted = set(periods)
    query = select(indicator_figure).where(f.indicator.in_(list(codes)), f.first_day.in_({p.first for p in wanted}))
    found: dict[tuple[str, Period], dict[str, Figure]] = {}
    for r in work.connection.execute(query.order_by(f.version, f.subject)).mappings():
        period = Period(r["first_day"], r["kind"])
        if period in wanted:
            figure = Figure(r["numerator"], r["denominator"], r["version"], r["made_at"], r["person"], r["reason"])
            found.setdefault((r["indicator"], period), {})[r["subject"]] = figure
    return found


def versions(work: Work, indicator: Indicator, period: Period, subject: str = WHOLE) -> list[Figure]:
    """Return every version of one kept figure, the first one first."""
    f = indicator_figure.c
    query = select(indicator_figure).where(
        f.indicator == indicator.code, f.kind == period.kind, f.first_day == period.first, f.subject == subject
    )
    return [
        Figure(r["numerator"], r["denominator"], r["version"], r["made_at"], r["person"], r["reason"])
        for r in work.connection.execute(query.order_by(f.version)).mappings()
    ]


def changes(work: Work, indicator: Indicator, period: Period) -> dict[str, tuple[Figure | None, Figure]]:
    """Return what records that changed since would make different: by subject the kept figure and that of now."""
    before = kept(work, [indicator.code], [period]).get((indicator.code, period), {})
    if not before:
        return {}
    now = figures(work, indicator, period)
    gone = {
        s: Figure(Decimal(0), None if f.denominator is None else Decimal(0)) for s, f in before.items() if s not in now
    }
    return {s: (before.get(s), f) for s, f in (now | gone).items() if not _same(before.get(s), f)}


def _same(a: Figure | None, b: Figure) -> bool:
    return a is not None and (a.numerator, a.denominator) == (b.numerator, b.denominator)


def correct(work: Work, indicator: Indicator, period: Period, reason: str) -> int:
    """Keep what records that changed since make different as new versions, with a reason; return how many figures that were.

    Raises Forbidden for who does not receive the indicator, Refused without a reason, where nothing differs, or where
    somebody else corrects it at the same moment.
    """
    if not corrects(work, indicator):
        raise Forbidden(say("只有接收该指标的人才能更正它"))
    if not reason.strip():
        raise Refused(say("请写明理由"))
    different = changes(work, indicator, period)
    if not different:
        raise Refused(say("与现有记录一致，无须更正"))
    rows = [
        _row(work, indicator, period, s, now, (before.version if before else 0) + 1, reason.strip())
        for s, (before, now) in different.items()
    ]
    if insert_new(work.connection, indicator_figure, rows) != len(rows):
        raise Refused(say("该指标刚刚已被更正，请重新查看"))
    return len(rows)


def corrects(work: Work, indicator: Indicator) -> bool:
    """Return whether the actor may correct kept figures of an indicator: he receives all of them."""
    return work.actor.is_system or _received(work, indicator) is None


def _received(work: Work, indicator: Indicator) -> list[int] | None:
    """Return the units whose figures come to the actor for the role that he holds there; None: all figures.

    Of companies that apply the same policy apart from each other, each sees its own.
    """
    if not work.actor.roles.intersection(indicator.receives):
        return []
    tops = adoption.adopters(work, indicator, work.today)
    around = {*people.chain(work, work.actor.unit_id), *people.below(work, work.actor.unit_id)}
    if None in tops or tops <= around:
        return None
    return [u for top in tops & around for u in people.below(work, top)]


def sight(work: Work, indicator: Indicator) -> frozenset[str] | None:
    """Return the subjects whose figures the actor may see; None: all of them.

    All where he receives the indicator or may read every record behind it; of a unit where he receives it there or may read all its
    records; and of a person his own.
    """
    received = _received(work, indicator)
    if work.actor.is_system or received is None:
        return None
    own = {f"unit:{u}" for u in received}
    codes = measuring.registers(indicator, work.catalog.indicators)
    if not all(scope.may(work, code, "read") for code in codes):
        return frozenset(own)
    widest = {scope.rows_read(work, code) for code in codes}
    if widest == {"all"}:
        return None
    own.add(f"person:{work.actor.person_id}")
    if work.actor.unit_id is not None and "own" not in widest:
        narrowest = next((of for kind, of in scope.AROUND.items() if kind in widest), None)
        units = [work.actor.unit_id] if "unit" in widest or narrowest is None else narrowest(work, work.actor.unit_id)
        own |= {f"unit:{u}" for u in units}
    return frozenset(own)


def seen(work: Work, indicator: Indicator, all_figures: Figures) -> dict[str, Figure]:
    """Return the figures that the actor may see."""
    subjects = sight(work, indicator)
    return {s: f for s, f in all_figures.items() if subjects is None or s in subjects}


@dataclass(frozen=True)
class Entry:
    """What somebody sees of one indicator in one period, and its course up to then.

    ``figures`` are those kept, or where none are kept yet those of now; ``course`` holds the figures of ``subject``, oldest first.
    """

    indicator: Indicator
    period: Period
    figures: dict[str, Figure]
    subject: str
    kept_at: datetime | None
    course: list[tuple[Period, Figure | None]]


def board(work: Work, day: date, only: str = "") -> list[Entry]:
    """Return what the actor sees of every indicator, or ``only`` one, in the period in which ``day`` lies; empty ones left out."""
    chosen = [i for i in live(work) if (not only or i.code == only) and concerns(work, i)]
    periods = {i.code: period_of(i.period, day) for i in chosen}
    back = {i.code: [periods[i.code].before(n) for n in reversed(range(_shown(i)))] for i in chosen}
    before = kept(work, periods, {p for past in back.values() for p in past})
    entries = []
    for i in chosen:
        period = periods[i.code]
        stored = before.get((i.code, period))
        if stored is None and period.first > work.today:
            continue
        mine = seen(work, i, figures(work, i, period) if stored is None else stored)
        if not mine:
            continue
        subject = WHOLE if WHOLE in mine else next(iter(mine))
        past: list[tuple[Period, Figure | None]] = [
            (p, before.get((i.code, p), {}).get(subject)) for p in back[i.code][:-1]
        ]
        made = max((f.made_at for f in mine.values() if f.made_at is not None), default=None)
        entries.append(Entry(i, period, mine, subject, made, [*past, (period, mine[subject])]))
    return entries


def concerns(work: Work, indicator: Indicator) -> bool:
    """Return whether there could be a figure that the actor may see, so that none is figured out for nothing."""
    subjects = sight(work, indicator)
    if subjects is None or not indicator.per:
        return subjects is None
    split = [indicator, *(work.catalog.indicators[p.indicator] for p in indicator.parts)]
    kinds = {measuring.subject_kind(work.spec(m.register_code), m, m.per or i.per) for i in split for m in i.measures}
    return any(s.partition(":")[0] in kinds for s in subjects)


def _shown(indicator: Indicator) -> int:
    return {"month": 12, "quarter": 8, "half_year": 6, "year": 5}[indicator.period]


def entry(work: Work, code: str, day: date) -> Entry:
    """Return what the actor sees of one indicator in the period of a day; without figures where there are none for him to see.

    Raises Missing where he could never see one.
    """
    if found := board(work, day, code):
        return found[0]
    chosen = next((i for i in live(work) if i.code == code and concerns(work, i)), None)
    if chosen is None:
        raise Missing(say("没有名为 {code} 的指标", code=code))
    return Entry(chosen, period_of(chosen.period, day), {}, WHOLE, None, [])
