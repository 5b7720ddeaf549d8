"""The days of a limit as pages show them, one by one: weekday, what kind of day, the number where it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from app.catalog.duty import Limit, Term
from app.catalog.register import RegisterSpec
from app.catalog.words import length
from app.rules.calendar import WorkCalendar
from app.rules.deadlines import Due
from app.services import calendars
from app.services.panel import Work
from app.web.language import label, language, sentence

WEEKDAYS = {"zh": "一二三四五六日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


def days(work: Work, o: Mapping[str, Any], due: Due) -> list[dict[str, Any]]:
    """Return the counted days of an obligation's limit: date, weekday, kind, name, and number where it counts."""
    calendar = calendars.named(work, o["calendar"])
    own = calendars.own_days(work, o["calendar"])
    weekdays = WEEKDAYS[language() if language() in WEEKDAYS else "zh"]
    return [
        {
            "date": f"{c.day:%m-%d}", "iso": c.day.isoformat(), "weekday": weekdays[c.day.weekday()],
            "kind": _kind(calendar, own, c.day), "name": label(c.name) if c.name is not None else "",
            "n": "" if c.number is None else c.number, "last": c.day == due.day,
        }
        for c in due.counted
    ]  # fmt: skip


def _kind(calendar: WorkCalendar, own: Mapping[date, str], day: date) -> str:
    """Return what a day is: one of the site's own (``closed``, ``opened``), of the notices, or as the week has it."""
    if day in own:
        return own[day]
    if not calendar.first_day <= day <= calendar.last_day:
        return "rest" if day.weekday() >= 5 else "working"
    if calendar.is_working(day):
        return "makeup" if day.weekday() >= 5 else "working"
    return "holiday" if calendar.name(day) is not None else "rest"


def allowed(limit: Limit, spec: RegisterSpec | None) -> str:
    """Return the time that a limit allows, in words, with fields by their names."""
    return sentence(length(_named(limit, spec)))


def field_name(spec: RegisterSpec | None, code: str) -> str:
    """Return the name of a field of a record, or of the record that one of them points to."""
    field = spec.column(code.partition(".")[0]) if spec is not None else None
    named = label(field.label) if field is not None else code
    return f"{named}·{code.partition('.')[2]}" if "." in code else named


def _named(term: Term, spec: RegisterSpec | None) -> Any:
    """Return a term whose fields are called by their names."""
    codes = {k: v for k in ("field", "times", "before", "starts") if (v := getattr(term, k, ""))}
    said: dict[str, Any] = {k: field_name(spec, v) for k, v in codes.items()}
    if isinstance(term, Limit):
        said |= {k: tuple(_named(b, spec) for b in getattr(term, k)) for k in ("not_before", "not_after")}
    return term.model_copy(update=said)
