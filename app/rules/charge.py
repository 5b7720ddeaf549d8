"""What one breach is charged with before it is numbered: an amount applied to lateness, items, values and payments.

Source: requirements 4.1 (PN-01 to PN-28). Money is in fen and points in hundredths, both whole numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.catalog.amount import LATENESS, Amount, Charge, Interest
from app.catalog.duty import Span
from app.rules.calendar import WorkCalendar
from app.rules.deadlines import months_after

UNITS = {"minute": "分钟", "hour": "小时", "day": "天", "working_day": "个工作日"}
_SECONDS = {"minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Late:
    """How late something was: the first instant and the first day too late, and the moment up to which it is counted."""

    since: datetime
    day: date
    until: datetime


@dataclass(frozen=True, slots=True)
class Payment:
    """A part payment in fen, on a day of the site."""

    day: date
    fen: int


@dataclass(frozen=True, slots=True)
class Charged:
    """One line of what a breach is charged with: unit price in fen and hundredths of a point, how many, a consequence in words.

    It holds from the ``from_nth`` counted breach on. ``formula`` says where the money of the whole line comes from, where
    quantity × unit price does not.
    """

    unit_fen: int = 0
    quantity: int = 1
    unit_points: int = 0
    sanction: str = ""
    from_nth: int = 1
    formula: str = ""


def charge(
    amount: Amount,
    record: Mapping[str, Any],
    calendar: WorkCalendar,
    *,
    items: int = 1,
    late: Late | None = None,
    payments: Iterable[Payment] = (),
) -> tuple[Charged, ...]:
    """Return the lines that an amount charges a breach with; none for one as much as another ticket.

    ``record`` (field code → value) holds what the amount is a share of or bears interest on; ``items`` is used by an amount per
    item only. An amount by lateness charges nothing where nothing was ``late``.
    Raises BeyondCalendar for working days that no calendar covers.
    """
    if amount.same_as or (amount.by_lateness and late is None):
        return ()
    value = _value(record, amount.of)
    if amount.interest is not None and late is not None:
        return (_capped(amount, _interest(amount.interest, record, late, payments, calendar)),)
    if amount.ladder:
        return tuple(_imposed(r, value, from_nth=r.from_nth) for r in amount.ladder)
    if amount.bands:
        return (_capped(amount, _banded(amount, value, late, calendar)),)
    quantity, note = items if amount.per == "item" else 1, ""
    if amount.per in LATENESS and late is not None:
        quantity = started(amount.per, late, calendar)
        note = f"逾期 {quantity} {UNITS[amount.per]}"
    if not quantity:
        return ()
    return (_capped(amount, _imposed(amount, value, quantity=quantity, note=note)),)


def started(unit: str, late: Late, calendar: WorkCalendar) -> int:
    """Return how many minutes, hours, days or working days of lateness have begun; at least one.

    Minutes and hours run by the clock; the first late day is day 1, and working days are those among the late days.
    """
    if unit in _SECONDS:
        return max(int((late.until - late.since).total_seconds()) // _SECONDS[unit] + 1, 1)
    last = calendar.day_of(late.until)
    if unit == "working_day":
        return max(calendar.working_days_between(late.day - timedelta(days=1), last), 1)
    return max((last - late.day).days + 1, 1)


def interest(
    balance_fen: int,
    percent: Decimal,
    first: date,
    last: date,
    payments: Iterable[Payment] = (),
    at_most_percent: Decimal | None = None,
) -> tuple[int, str]:
    """Return the simple interest in fen from the ``first`` late day to the ``last``, both included, and how it comes about.

    What is paid on a day reduces the balance from the next day on. Half a fen of the total is rounded up (PN-16).
    """
    sums: list[tuple[int, int]] = []
    open_fen, from_day = balance_fen, first
    for paid in sorted(payments, key=lambda p: p.day):
        if paid.day > last:
            break
        days = (paid.day - from_day).days + 1
        if days > 0:
            sums.append((open_fen, days))
            from_day = paid.day + timedelta(days=1)
        open_fen = max(open_fen - paid.fen, 0)
    if (days := (last - from_day).days + 1) > 0:
        sums.append((open_fen, days))
    sums = [(fen, days) for fen, days in sums if fen]
    fen = _round(sum((fen * days for fen, days in sums), Decimal(0)) * percent / 100)
    said = " + ".join(f"{yuan(fen)}×{plain(percent)}%×{days} 天" for fen, days in sums)
    if at_most_percent is not None and fen > (most := _round(balance_fen * at_most_percent / 100)):
        return most, f"{said}，最高 {yuan(balance_fen)}×{plain(at_most_percent)}%"
    return fen, said


def yuan(fen: int) -> str:
    """Return an amount as people write it: ``50``, ``50.50``."""
    return f"{fen // 100}" if fen % 100 == 0 else f"{fen // 100}.{fen % 100:02}"


def plain(number: Decimal) -> str:
    """Return a number without trailing zeros: ``0.05``, ``10``."""
    return f"{number.normalize():f}"


def _imposed(c: Charge, value: Decimal, *, quantity: int = 1, from_nth: int = 1, note: str = "") -> Charged:
    fen = _round((c.money or Decimal(0)) * 100)
    terms = [yuan(fen)] if c.money is not None else []
    if c.percent is not None:
        fen += _round(value * c.percent)
        terms.append(f"{plain(value)}×{plain(c.percent)}%")
    formula = ""
    if terms and (c.percent is not None or note):
        each = " + ".join(terms)
        formula = each if quantity == 1 else f"{quantity}×({each})" if c.percent is not None else f"{quantity}×{each}"
        formula += f"（{note}）" if note else ""
    sanction = c.sanction.zh if c.sanction is not None else ""
    return Charged(fen, quantity, _round((c.points or Decimal(0)) * 100), sanction, from_nth, formula)


def _banded(amount: Amount, value: Decimal, late: Late | None, calendar: WorkCalendar) -> Charged:
    for band in amount.bands:
        if isinstance(band.up_to, Span) and late is not None:
            fits = within(band.up_to, late, calendar)
        else:
            fits = band.up_to is None or (isinstance(band.up_to, Decimal) and value <= band.up_to)
        if fits:
            return _imposed(band, value, note="" if late is None else _lateness(amount.bands[0].up_to, late, calendar))
    return Charged()


def within(span: Span, late: Late, calendar: WorkCalendar) -> bool:
    """Return whether something was late by no more than a length of time."""
    if span.minutes is not None or span.hours is not None:
        return late.until - late.since < timedelta(minutes=span.minutes or 0, hours=span.hours or 0)
    if span.working_days is not None:
        return started("working_day", late, calendar) <= span.working_days
    if span.months is not None:
        return calendar.day_of(late.until) < months_after(late.day, span.months)
    return started("day", late, calendar) <= (span.days or 0)


def _lateness(span: Span | Decimal | None, late: Late, calendar: WorkCalendar) -> str:
    if not isinstance(span, Span):
        return ""
    unit = "minute" if span.minutes is not None else "hour" if span.hours is not None else "day"
    unit = "working_day" if span.working_days is not None else unit
    return f"逾期 {started(unit, late, calendar)} {UNITS[unit]}"


def _interest(
    rule: Interest, record: Mapping[str, Any], late: Late, payments: Iterable[Payment], calendar: WorkCalendar
) -> Charged:
    percent = rule.percent if rule.percent is not None else record.get(rule.percent_field)
    if percent is None:
        return Charged(formula="0（未约定费率）")
    balance = _round(_value(record, rule.balance) * 100)
    last = calendar.day_of(late.until)
    fen, said = interest(balance, Decimal(percent), late.day, last, payments, rule.at_most_percent)
    return Charged(fen, formula=said)


def _capped(amount: Amount, line: Charged) -> Charged:
    if amount.at_most is None:
        return line
    most, fen = _round(amount.at_most * 100), line.unit_fen * line.quantity
    if fen <= most:
        return line
    said = line.formula or (f"{line.quantity}×{yuan(line.unit_fen)}" if line.quantity != 1 else yuan(line.unit_fen))
    points = line.unit_points * line.quantity
    return Charged(most, 1, points, line.sanction, line.from_nth, f"{said}，最高 {yuan(most)}")


def _value(record: Mapping[str, Any], code: str) -> Decimal:
    return Decimal(record.get(code) or 0) if code else Decimal(0)


def _round(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_UP))
