"""Choosing policies: all of them with what they bring, ticked and put in force for a unit at once; asked at the first start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import Invalid
from app.fields.base import Unreadable
from app.fields.label import Label
from app.fields.times import Date
from app.services import choosing, lookup, people
from app.services.choosing import Offer, Overlap
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.language import label, language_comma, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Control

pages = Blueprint("choosing", __name__)

_DAY = Date(code="day", label=Label(zh="施行之日", en="In force from"))
HEADING = 12
"""An article of so few characters is a heading: it does not say what the policy is about."""
SHOWN = 6
"""So many steps and duties of a policy are named where policies meet; the others are only counted."""


@pages.get("/adoptions/choose")
@signed_in
def choose() -> str:
    """Show every policy with what it brings, and where the ticked ones meet. Raises Forbidden."""
    return _page(reading(), seen=False)


@pages.post("/adoptions/choose")
@signed_in
def begin() -> Response | str:
    """Put the ticked policies in force; where they meet in one register, only after that has been shown. Raises Forbidden, Missing."""
    work = reading()
    unit, codes, day = _unit(), request.form.getlist("policies"), _day(work)
    if choosing.overlaps(work, unit, codes, day) and not request.form.get("seen"):
        return _page(work, seen=True)
    try:
        with writing() as work:
            new = choosing.begin(work, unit, codes, day, request.form.get("reason", ""))
    except Invalid as invalid:
        for e in invalid.errors:
            flash(f"{e.label}：{sentence(e.reason)}", "danger")
        return _page(reading(), seen=False)
    flash(gettext("已施行 %(n)s 项制度", n=len(new)), "success")
    return redirect(f"{request.script_root}/adoptions")


def _page(work: Work, *, seen: bool) -> str:
    unit, codes, day = _unit(), request.values.getlist("policies"), _day(work)
    units = lookup.titles(work, "unit", sorted(people.units(work)))
    first = choosing.nothing_yet(work)
    return render_template(
        "choosing.html",
        title=gettext("选用制度"),
        first=first,
        seen=seen,
        offers=[_offer(o, codes) for o in choosing.offers(work, unit, day)],
        overlaps=[_overlap(o) for o in choosing.overlaps(work, unit, codes, day)],
        terms=_terms(unit, day, units, first),
        later=f"{request.script_root}/?later=1",
    )


def _terms(unit: int | None, day: date, units: dict[int, str], first: bool) -> Sequence[Control]:
    options = [{"code": str(i), "label": n} for i, n in sorted(units.items())]
    reason = request.values.get("reason") or (gettext("首次启用") if first else "")
    return [
        Control("unit", gettext("部门（空为全公司）"), "choice", str(unit or ""), options=options),
        Control("day", gettext("施行之日"), "date", f"{day}", True),
        Control("reason", gettext("理由"), "text", reason, True),
    ]


def _offer(o: Offer, ticked: Sequence[str]) -> dict[str, Any]:
    said = [label(a.text) for a in o.policy.articles]
    return {
        "code": o.policy.code, "label": label(o.policy.label), "gist": next((s for s in said if len(s) > HEADING), ""), "lost": bool(o.policy.lost),
        "registers": [label(r.label) for r in o.registers], "duties": [label(d.label) for d in o.duties],
        "applies": o.applies, "ticked": o.policy.code in ticked,
    }  # fmt: skip


def _overlap(o: Overlap) -> dict[str, Any]:
    demands = [
        {
            "policy": code,
            "said": language_comma().join(dict.fromkeys(label(p.label) for p in said[:SHOWN])),
            "more": max(len(said) - SHOWN, 0),
        }
        for code, said in o.demands.items()
    ]
    return {"label": label(o.register.label), "demands": demands}


def _unit() -> int | None:
    text = request.values.get("unit", "")
    return int(text) if text.isdecimal() else None


def _day(work: Work) -> date:
    try:
        return _DAY.parse(request.values.get("day", "")) or work.today
    except Unreadable:
        return work.today
