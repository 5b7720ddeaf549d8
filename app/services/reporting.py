"""Reports: entered when a period is over, kept up to date until somebody takes them in hand, and then left as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import func, select, update

from app.catalog.base import Cited
from app.catalog.catalog import adopted
from app.catalog.register import RegisterSpec
from app.catalog.report import Report, ReportFigure
from app.fields.base import Field
from app.fields.numbers import Scaled
from app.models.bulk import insert_new
from app.models.indicators import report_made
from app.rules.indicator import Period, period_of, rounded
from app.services import adoption, consequences, editions, indicators, notices, people, rows
from app.services.measuring import WHOLE, Units
from app.services.panel import Actor, Panel, Work

EVERYBODY = 0
"""The unit of a report of everybody, in the table of reports made."""


@dataclass(frozen=True)
class _Wanted:
    """A report of one unit (None: of everybody) and one period."""

    spec: RegisterSpec
    report: Report
    unit: int | None
    period: Period

    @property
    def key(self) -> dict[str, Any]:
        return {
            "register": self.spec.code, "report": self.report.code, "unit": self.unit or EVERYBODY, "first_day": self.period.first,
        }  # fmt: skip


def fill_due(panel: Panel, now: datetime, *, since: date | None = None) -> int:
    """Enter the reports of all periods that are over by ``now``, bring up to date those still in their first state; return how many are new.

    Done once a day by each process; a function of the tables and the time, so that two at once enter each report once, and after a
    silence those of the periods in between are made up. The first is that of the period in which its register began to have it: what
    was over by then was never asked of anybody. With ``since`` it is the period of that day, of records older than the definitions.
    """
    day = now.astimezone(panel.zone).date()
    if panel.memory.get("reports filled") == day:
        return 0
    with panel.reading(Actor.system(), now=now) as work:
        missing = list(_missing(work, since))
        standing = list(_standing(work))
    new = 0
    for wanted in missing:
        with panel.work(Actor.system(), now=now, source="sweep") as work:
            new += _enter(work, wanted)
    for wanted, record_id in standing:
        with panel.work(Actor.system(), now=now, source="sweep") as work:
            _refresh(work, wanted, record_id)
    panel.memory["reports filled"] = day
    return new


def _cited(spec: RegisterSpec, report: Report) -> Cited:
    return report if report.cite else spec


def _reports(work: Work) -> Iterator[tuple[RegisterSpec, Report]]:
    bound = adoption.anywhere(work)
    for spec in work.catalog.tables():
        if adopted(spec, bound):
            yield from ((spec, report) for report in spec.reports)


def _missing(work: Work, since: date | None) -> Iterator[_Wanted]:
    """Yield the reports of periods that are over and have none yet, oldest first."""
    m = report_made.c
    query = select(m.register, m.report, m.unit, func.max(m.first_day)).group_by(m.register, m.report, m.unit)
    last: dict[tuple[str, str, int], date] = {(r, c, u): day for r, c, u, day in work.connection.execute(query)}
    for spec, report in _reports(work):
        newest = period_of(report.period, work.today).before()
        for unit in _units(work, spec, report, newest.last):
            made = last.get((spec.code, report.code, unit or EVERYBODY))
            period = Period(made, report.period).next() if made else _first(work, spec, report, since)
            while period <= newest:
                if unit in _units(work, spec, report, period.last):
                    yield _Wanted(spec, report, unit, period)
                period = period.next()


def _first(work: Work, spec: RegisterSpec, report: Report, since: date | None) -> Period:
    """Return the first period that a report is made of: that of ``since``, else the one in which its register began to have it."""
    if since is not None:
        return period_of(report.period, since)
    key = ("first asked", work.catalog.revision, spec.code, report.code)
    if key not in work.panel.memory:
        said = ((e, editions.catalog_of(work, e.revision).registers.get(spec.code)) for e in editions.listed(work))
        having = (e for e, then in said if then is not None and any(r.code == report.code for r in then.reports))
        work.panel.memory[key] = min((editions.worked_by_since(work, e) for e in having), default=work.today)
    return period_of(report.period, work.panel.memory[key])


def _units(work: Work, spec: RegisterSpec, report: Report, day: date) -> Units:
    """Return the units that each make a report of their own on a day: those that apply what it cites, or everybody together."""
    found = adoption.adopters(work, _cited(spec, report), day)
    return frozenset({None}) if None in found else found


def _standing(work: Work) -> Iterator[tuple[_Wanted, int]]:
    """Yield the reports that nobody has taken in hand yet, with their records."""
    m = report_made.c
    for spec, report in _reports(work):
        if spec.workflow is None:
            continue
        t = work.tables[spec.code].c
        query = (
            select(m.unit, m.first_day, m.record_id).join(work.tables[spec.code], t.id == m.record_id)
            .where(m.register == spec.code, m.report == report.code, t.archived_at.is_(None), t.state == spec.workflow.initial)
        )  # fmt: skip
        for unit, first, record_id in work.connection.execute(query.order_by(m.first_day, m.unit)):
            yield _Wanted(spec, report, unit or None, Period(first, report.period)), record_id


def _enter(work: Work, wanted: _Wanted) -> int:
    """Enter a report unless another process just did; return how many were entered."""
    if not insert_new(work.connection, report_made, [wanted.key | {"record_id": None}]):
        return 0
    spec, report = wanted.spec, wanted.report
    entered = rows.insert(work, spec, [_values(work, wanted) | {"unit": wanted.unit}])
    made = update(report_made).where(*(report_made.c[k] == v for k, v in wanted.key.items()))
    work.connection.execute(made.values(record_id=entered[0]["id"]))
    consequences.of_rows(work, spec, entered, fresh=True)
    told = [p for party in report.tell for p in people.party(work, party, spec, entered[0])]
    words = {"register": spec.label, "number": entered[0]["record_no"], "period": wanted.period.key}
    about = {"register": spec.code, "record_id": entered[0]["id"]}
    notices.send(work, notices.tell(work, told, "report", f"report:{spec.code}:{entered[0]['id']}", words, about))
    return 1


def _refresh(work: Work, wanted: _Wanted, record_id: int) -> None:
    """Bring the figures of a report up to date if it still stands in its first state."""
    spec = wanted.spec
    row = rows.read(work, spec, [record_id])[record_id]
    if spec.workflow is None or row["state"] != spec.workflow.initial or row["archived_at"] is not None:
        return
    changes = {k: v for k, v in _values(work, wanted).items() if row[k] != v}
    if not changes:
        return
    now = rows.change(work, spec, row, changes)
    if consequences.hang_on(work, spec, changes):
        consequences.of_rows(work, spec, [now], before=[row])


def _values(work: Work, wanted: _Wanted) -> dict[str, Any]:
    """Return what a report says, by field."""
    spec, report, period = wanted.spec, wanted.report, wanted.period
    said: dict[str, Any] = {report.first: period.first, report.last: period.last}
    if report.name:
        said[report.name] = period.key
    for code, value in report.sets.items():
        field = spec.by_code[code]
        said[code] = field.parse(value) if isinstance(value, str) else field.from_json(value)
    of: Units = frozenset({wanted.unit})
    found: dict[str, Mapping[str, indicators.Figure]] = {}
    for code, figure in report.figures.items():
        if figure.indicator not in found:
            found[figure.indicator] = _figures(work, figure.indicator, period, of)
        said[code] = _value(work, spec.by_code[code], figure, found[figure.indicator])
    return said


def _figures(work: Work, code: str, period: Period, of: Units) -> Mapping[str, indicators.Figure]:
    """Return the figures that were kept for the period where they are of the same units; else those of now."""
    indicator = work.catalog.indicators[code]
    mine = adoption.adopters(work, indicator, period.last)
    if indicator.period == period.kind and (of == mine or (None in of and None in mine)):
        kept = indicators.kept(work, [code], [period]).get((code, period))
        if kept is not None:
            return kept
    return indicators.figures(work, indicator, period, of)


def _value(work: Work, field: Field, figure: ReportFigure, found: Mapping[str, indicators.Figure]) -> Any:
    """Return a figure as its field keeps it; None where there is none."""
    indicator = work.catalog.indicators[figure.indicator]
    if figure.take == "each":
        return _listed(work, figure, found)
    whole = found.get(WHOLE)
    if whole is None:
        return None
    if figure.take == "value":
        exact = whole.exact(indicator)
        amount = None if exact is None else rounded(exact, field.places if isinstance(field, Scaled) else 0)
    else:
        amount = whole.numerator if figure.take == "numerator" else whole.denominator
    if amount is None:
        return None
    return amount.quantize(Decimal(1).scaleb(-field.places)) if isinstance(field, Scaled) else int(amount)


def _listed(work: Work, figure: ReportFigure, found: Mapping[str, indicators.Figure]) -> str | None:
    """Return one line for each value that an indicator is split by: its name and its figure."""
    indicator = work.catalog.indicators[figure.indicator]
    split = {s: f for s, f in found.items() if s != WHOLE}
    names = indicators.subject_names(work, indicator, split)
    lines = []
    for s, f in split.items():
        exact = f.exact(indicator)
        lines.append((names[s].zh, "—" if exact is None else f"{rounded(exact, indicator.places):f}"))
    unit = "%" if indicator.unit == "percent" else ""
    return "\n".join(f"{name} {text}{unit if text != '—' else ''}" for name, text in sorted(lines)) or None
