"""The preview of a draft's register as the page shows it: its form, the heads of its grid, and examples in sentences."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.catalog.words import TYPES, consequence, sources
from app.rules.calendar import WorkCalendar
from app.services import previewing
from app.services.panel import Work
from app.services.previewing import Worked
from app.web import conditions
from app.web.counted import WEEKDAYS, allowed
from app.web.forms import controls
from app.web.language import label, language, sentence


def preview(work: Work, catalog: Catalog, spec: RegisterSpec) -> dict[str, Any]:
    """Return what ``parts/preview.html`` shows of a register of a draft."""
    within = replace_catalog(work, catalog)
    typed = [f for f in spec.fields if f.typed]
    columns = [
        f
        for code in ("record_no", *(["state"] if spec.workflow else []), *spec.listed)
        if (f := spec.column(code)) is not None
    ]
    states = spec.workflow.states if spec.workflow else ()
    return {
        "name": label(spec.label), "controls": controls(within, spec, typed, {f.code: None for f in typed}),
        "columns": [{"label": label(f.label), "type": sentence(TYPES[f.type]), "required": f.required} for f in columns],
        "states": [{"label": label(s.label), "tone": s.tone} for s in states],
        "duties": [_duty(work, catalog, spec, w) for w in previewing.worked(work, spec)],
        "breaches": [_breach(work, catalog, b) for b in spec.breaches],
    }  # fmt: skip


def replace_catalog(work: Work, catalog: Catalog) -> Work:
    """Return the same unit of work on a panel whose catalog is the draft's; its tables stay those in force."""
    return replace(work, panel=replace(work.panel, catalog=catalog))


def _duty(work: Work, catalog: Catalog, spec: RegisterSpec, w: Worked) -> dict[str, Any]:
    calendar = work.panel.calendar
    only = (
        gettext("（%(condition)s）", condition=conditions.words(spec, w.limit.when)) if w.limit.when is not None else ""
    )
    return {
        "label": label(w.duty.label), "cite": sources(w.limit), "record": w.record,
        "allowed": _with_names(f"{allowed(w.limit, spec)}{only}", catalog, spec, w),
        "says": gettext("%(start)s 起算 → %(due)s 到期", start=day(calendar, w.started), due=_end(calendar, w)),
        "provisional": w.due.provisional,
    }  # fmt: skip


def _with_names(text: str, catalog: Catalog, spec: RegisterSpec, w: Worked) -> str:
    """Return a sentence with the fields that lie behind a reference called by their names; the register alone knows their codes."""
    for path in (*w.limit.fields(), *(w.limit.when.fields() if w.limit.when is not None else ())):
        link, _, code = path.partition(".")
        there = catalog.registers.get(getattr(spec.field(link), "target", ""))
        if code and there is not None and (field := there.column(code)) is not None:
            text = text.replace(f"·{code}", f"·{label(field.label)}")
    return text


def _end(calendar: WorkCalendar, w: Worked) -> str:
    end = w.due.ends_at
    local = end.astimezone(calendar.zone)
    shown = day(calendar, w.due.day)
    return shown if (local.hour, local.minute) == (0, 0) else f"{shown} {local:%H:%M}"


def day(calendar: WorkCalendar, value: date | datetime) -> str:
    """Return a day with its weekday and what the calendar calls it; a moment with its time."""
    local = value.astimezone(calendar.zone) if isinstance(value, datetime) else None
    on = value if local is None else local.date()
    weekdays = WEEKDAYS[language() if language() in WEEKDAYS else "zh"]
    shown = f"{on} {'周' if language() == 'zh' else ''}{weekdays[on.weekday()]}"
    name = calendar.name(on)
    if calendar.first_day <= on <= calendar.last_day and on.weekday() >= 5 and calendar.is_working(on):
        shown += gettext("（调休上班日）")
    elif name is not None:
        shown += gettext("（%(condition)s）", condition=label(name))
    return f"{shown} {local:%H:%M}" if local is not None else shown


def _breach(work: Work, catalog: Catalog, b: Any) -> dict[str, Any]:
    steps = previewing.ladder(work, catalog, b)
    return {
        "label": label(b.label), "cite": sources(b),
        "steps": [
            {
                "nth": gettext("第 %(n)s 次", n=n),
                "says": sentence(consequence(Decimal(p.amount_fen) / 100, Decimal(p.points) / 100, p.sanction)),
                "factor": f"× {p.factor.normalize():f}" if p.factor != 1 else "",
            }
            for n, p in enumerate(steps, 1)
        ],
    }  # fmt: skip
