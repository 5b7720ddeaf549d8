"""The working calendar of a year: rest days, holidays, make-up days, the site's own days; and what administrators change in it."""

from __future__ import annotations

import calendar as months
from dataclasses import replace
from datetime import date, time
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import Invalid
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.times import Date
from app.rules.calendar import WorkCalendar
from app.rules.yearbook import Yearbook
from app.services import administration, calendars, lookup, people, redating
from app.services.calendars import Facts
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.cells import moment
from app.web.language import label, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("calendar", __name__)

_DAY = Date(code="day", label=Label(zh="日期", en="Day"))
KINDS = {"closed": "休息", "opened": "上班", "plain": "取消本单位规定"}


@pages.get("/calendar")
@signed_in
def year() -> str:
    """Show a year of the site's calendar, or of a unit's own. Everybody may read it: deadlines are counted by it."""
    work, unit = reading(), _unit()
    shown = _year(work)
    facts, counted = calendars.facts_of(work, unit), calendars.of(work, unit)
    book = next((y for y in Yearbook.model_validate(facts.yearbook).years if y.year == shown), None)
    root = f"{request.script_root}/calendar?{f'unit={unit}&' if unit else ''}year="
    return render_template(
        "calendar.html",
        title=gettext("工作日历"),
        year=shown,
        prev_url=f"{root}{shown - 1}",
        next_url=f"{root}{shown + 1}",
        unit=lookup.titles(work, "unit", [unit]).get(unit, "") if unit else gettext("全公司"),
        announced=book.announced if book else None,
        notice=book.notice if book else "",
        closing=f"{counted.closing:%H:%M}",
        months=[_month(counted, facts, shown, n) for n in range(1, 13)] if book else [],
        names=[
            f"{d}：{w}（{gettext(KINDS[k])}）"
            for k, days in (("closed", facts.closed), ("opened", facts.opened))
            for d, w in sorted(days.items())
            if d.year == shown
        ],
        revisions=_revisions(work),
        actions=_actions(work, unit, shown, facts) if administration.may(work) else [],
    )


def _unit() -> int | None:
    text = request.values.get("unit", "")
    return int(text) if text.isdecimal() else None


def _year(work: Work) -> int:
    text = request.values.get("year", "")
    return int(text) if text.isdecimal() and 1990 <= int(text) <= 2100 else work.today.year


def _month(counted: WorkCalendar, facts: Facts, shown: int, month: int) -> dict[str, Any]:
    weeks = months.Calendar(0).monthdatescalendar(shown, month)
    return {
        "label": f"{shown}-{month:02}",
        "weeks": [[_cell(counted, facts, d) if d.month == month else None for d in week] for week in weeks],
        "count": sum(counted.is_working(d) for week in weeks for d in week if d.month == month),
    }


def _cell(counted: WorkCalendar, facts: Facts, day: date) -> dict[str, Any]:
    own = facts.closed.get(day) or facts.opened.get(day)
    name = counted.name(day)
    if counted.is_working(day):
        kind, sign = ("makeup", gettext("班")) if day.weekday() >= 5 or own else ("working", "")
    else:
        kind, sign = ("holiday", gettext("休")) if name is not None or own else ("rest", "")
    said = own or (label(name) if name is not None else "")
    return {"n": day.day, "kind": kind, "sign": sign, "own": bool(own), "name": said, "date": f"{day}"}


def _revisions(work: Work) -> list[dict[str, Any]]:
    found = calendars.revisions(work)[:30]
    names = people.names(work, [r.person for r in found if r.person is not None])
    units = lookup.titles(work, "unit", [r.unit for r in found if r.unit is not None])
    return [
        {
            "number": r.number,
            "at": moment(r.at),
            "by": names.get(r.person or 0, gettext("系统")),
            "note": r.note,
            "unit": units.get(r.unit, "") if r.unit is not None else gettext("全公司"),
        }
        for r in found
    ]


def _actions(work: Work, unit: int | None, shown: int, facts: Facts) -> list[Action]:
    hidden = f"{request.script_root}/calendar"
    asked = f"?year={shown}{f'&unit={unit}' if unit else ''}"
    kinds = [{"code": k, "label": gettext(v)} for k, v in KINDS.items()]
    units = [
        {"code": str(i), "label": name}
        for i, name in sorted(lookup.titles(work, "unit", sorted(people.units(work))).items())
    ]
    return [
        Action(
            gettext("登记本单位休息或上班日"),
            f"{hidden}/day{asked}",
            icon="calendar-plus",
            tone="primary",
            reason=True,
            confirm=gettext("只影响此后产生的期限；已经产生的不变。"),
            controls=[
                Control("day", gettext("日期"), "date", required=True),
                Control("kind", gettext("安排"), "choice", "closed", True, options=kinds),
                Control("unit", gettext("部门（空为全公司）"), "choice", str(unit or ""), options=units),
            ],
        ),
        Action(
            gettext("录入放假通知"),
            f"{hidden}/announce{asked}",
            icon="speakerphone",
            confirm=gettext("公布后，以未公布的日历计算且仍未办结的待办会重新推算，并通知管理员。"),
            controls=[
                Control("year", gettext("年份"), "integer", shown, True),
                Control("notice", gettext("通知名称与文号"), "text", "", True),
                Control(
                    "holidays",
                    gettext("放假安排"),
                    "long_text",
                    calendars.year_lines(facts, shown),
                    True,
                    gettext("每行一个节日：名称 首日 末日 补班 日期…"),
                ),
            ],
        ),
        Action(
            gettext("修改下班时间"),
            f"{hidden}/closing{asked}",
            icon="clock",
            reason=True,
            controls=[Control("closing", gettext("下班时间（时:分）"), "text", f"{facts.closing:%H:%M}", True)],
        ),
    ]


@pages.post("/calendar/day")
@signed_in
def keep_day() -> Response:
    """Enter a day off or on of the site's or a unit's own. Raises Forbidden; what is wrong is said."""
    why = request.form.get("reason", "").strip()
    try:
        day = _DAY.parse(request.form.get("day", ""))
    except Unreadable as unreadable:
        return _back(sentence(unreadable.reason), "danger")
    if day is None:
        return _back(gettext("请填写日期"), "danger")
    text = request.form.get("unit", "")
    unit = int(text) if text.isdecimal() else None
    facts = calendars.with_day(calendars.facts_of(reading(), unit), day, request.form.get("kind", ""), why)
    return _save(unit, facts, why)


@pages.post("/calendar/announce")
@signed_in
def announce() -> Response:
    """Enter the notice of a year. Raises Forbidden; what is wrong is said."""
    notice, number = request.form.get("notice", ""), request.form.get("year", "")
    if not number.isdecimal():
        return _back(gettext("请填写年份"), "danger")
    try:
        facts = calendars.with_year(
            calendars.facts_of(reading(), _asked_unit()), int(number), request.form.get("holidays", ""), notice
        )
    except Invalid as invalid:
        return _refused(invalid)
    return _save(_asked_unit(), facts, notice)


@pages.post("/calendar/closing")
@signed_in
def closing() -> Response:
    """Change the closing time. Raises Forbidden; what is wrong is said."""
    try:
        at = time.fromisoformat(request.form.get("closing", "").strip().zfill(5))
    except ValueError:
        return _back(gettext("下班时间应写作 18:00"), "danger")
    facts = replace(calendars.facts_of(reading(), _asked_unit()), closing=at)
    return _save(_asked_unit(), facts, request.form.get("reason", ""))


def _asked_unit() -> int | None:
    text = request.args.get("unit", "")
    return int(text) if text.isdecimal() else None


def _save(unit: int | None, facts: Facts, note: str) -> Response:
    try:
        with writing() as work:
            made, moved = redating.save(work, unit, facts, note)
    except Invalid as invalid:
        return _refused(invalid)
    return _back(gettext("已保存为第 %(n)s 号日历，%(moved)s 项待办改期", n=made.number, moved=len(moved)), "success")


def _refused(invalid: Invalid) -> Response:
    return _back("；".join(f"{e.label}：{sentence(e.reason)}" for e in invalid.errors), "danger")


def _back(said: str, tone: str) -> Response:
    flash(said, tone)
    unit = f"&unit={_asked_unit()}" if _asked_unit() else ""
    return redirect(f"{request.script_root}/calendar?year={request.args.get('year', '')}{unit}")
