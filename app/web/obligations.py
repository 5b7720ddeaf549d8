"""Why something is due when it is: article, edition, the days one by one, who was told, what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.base import Party
from app.catalog.register import RegisterSpec
from app.rules.agenda import Event
from app.services import editions, ledger, limits, lookup, people, postponing, scope
from app.services import obligations as service
from app.services.obligations import Explanation
from app.services.panel import Work
from app.web import counted, tickets
from app.web.cells import moment, record_url, text_of, until
from app.web.language import headed, label, language_comma
from app.web.record_story import SOURCES, standing

STEPS = {"remind": "提醒", "escalate": "上报", "breach": "记为违规"}


def url(number: int) -> str:
    """Return the address of an obligation's page."""
    return f"{request.script_root}/obligations/{number}"


def page(work: Work, number: int) -> dict[str, Any]:
    """Return what ``obligation.html`` shows. Raises Missing."""
    e = service.why(work, number)
    o = e.obligation
    then = editions.catalog_of(work, o["revision"])
    spec = then.registers.get(o["register"])
    parked = o["due_at"] == limits.PARKED
    title = label(e.duty.label) if e.duty else o["duty"]
    return {
        "title": title, "state": standing(work, o),
        "record": {
            "title": lookup.titles(work, o["register"], [o["record_id"]]).get(o["record_id"], ""),
            "register": label(spec.label) if spec else o["register"], "url": record_url(o["register"], o["record_id"]),
        },
        "owed_by": _owed_by(work, e), "done_when": _done_when(work, e, spec), "done_at": moment(o["done_at"]),
        "due_at": "" if parked else until(o["due_at"]), "started_at": _started(e, spec),
        "allowed": counted.allowed(e.limit, spec), "rest_days": _rest_days(e), "provisional": o["provisional"],
        "days": counted.days(work, o, e.due), "postponed": _postponed(e), "paused": parked and o["postponed"] is not None,
        "looked_at": _looked_at(work, e),
        "articles": [
            {"code": c, "policy": label(p.label) if (p := then.policies.get(c.partition("-")[0])) else "", "text": _text(work, o, c)}
            for c in o["citation"].split("、") if c
        ],
        "edition": edition(work, o["revision"]), "calendar": _calendar(work, e),
        "told": [
            {"at": moment(n["at"]), "who": name, "what": gettext("提醒") if n["kind"] == "remind" else gettext("上报")}
            for n, name in _with_names(work, e.letters)
        ],
        "ahead": [{"at": moment(a.fire_at), "what": gettext(STEPS[a.kind]), "who": _told(work, e, a)} for a in e.ahead],
        "moves": [
            {
                "at": moment(m["at"]), "who": name or gettext("系统"), "before": _until(m["due_before"]), "after": _until(m["due_after"]),
                "why": m["reason"] or gettext(SOURCES.get(m["source"], m["source"])),
            }
            for m, name in _with_names(work, e.moves)
        ],
        "tickets": tickets.rows(work, e.tickets),
    }  # fmt: skip


def _postponed(e: Explanation) -> list[dict[str, str]]:
    """Return what postponed a limit after it had begun, and its last day after each."""
    units = {"days": gettext("天"), "working_days": gettext("个工作日"), "months": gettext("个月")}
    unit = units[e.duty.extend.unit] if e.duty is not None and e.duty.extend is not None else ""
    return [
        {
            "what": gettext("批准延期 %(n)s %(unit)s", n=" + ".join(map(str, x.by)), unit=unit) if x.by else gettext("暂停计时"),
            "from": moment(x.begin), "to": moment(x.end), "day": x.day.isoformat() if x.day is not None else "",
        }
        for x in postponing.read(e.obligation["postponed"])
    ]  # fmt: skip


def _until(late_at: datetime) -> str:
    return "—" if late_at == limits.PARKED else until(late_at)


def _with_names(work: Work, rows: Iterable[Mapping[str, Any]]) -> list[tuple[Mapping[str, Any], str]]:
    rows = list(rows)
    names = people.names(work, [r["person"] for r in rows if r["person"] is not None])
    return [(r, names.get(r["person"], "")) for r in rows]


def _text(work: Work, o: Mapping[str, Any], citation: str) -> str:
    found = ledger.article(editions.bound(work, o["revision"]), citation)
    return label(found.text) if found else ""


def _owed_by(work: Work, e: Explanation) -> str:
    """Return who owes it and by what: the field or the post that names them."""
    o = e.obligation
    spec = editions.catalog_of(work, o["revision"]).registers.get(o["register"])
    role = work.catalog.roles.get(o["role"] or "")
    who = people.names(work, [o["person"]]).get(o["person"], "") if o["person"] is not None else ""
    if standing := people.deputies(work, o["person"]) if o["person"] is not None else {}:
        named = people.names(work, standing)
        until = max(standing.values())
        who = gettext(
            "%(who)s，由%(deputy)s代理至 %(day)s", who=who, deputy=language_comma().join(named.values()), day=until
        )
    if e.duty is None or spec is None:
        return who or (label(role.label) if role else "")
    by = _party(work, spec, e.duty.owed_by)
    return gettext("%(who)s（%(by)s）", who=who, by=by) if who else by


def _party(work: Work, spec: RegisterSpec, party: Party) -> str:
    party = party.within(spec.codes)
    if party.role:
        role = work.catalog.roles.get(party.role)
        return label(role.label) if role else party.role
    named = counted.field_name(spec, party.field or party.superior_of)
    return gettext("%(field)s的上级", field=named) if party.superior_of else named


def _started(e: Explanation, spec: RegisterSpec | None) -> str:
    """Return when the time began to run, and by what."""
    o = e.obligation
    if e.cycle is not None:
        return gettext("本期 %(first)s 至 %(last)s", first=e.cycle.first, last=e.cycle.last)
    at = str(o["started_on"]) if e.by_day else moment(o["started_at"])
    if e.duty is None or spec is None:
        return at
    starts = e.duty.starts
    if starts.created:
        what = gettext("登记")
    elif starts.field:
        what = counted.field_name(spec, starts.field)
    else:
        what = _states(spec, starts.state)
    return gettext("%(at)s（%(what)s）", at=at, what=what)


def _states(spec: RegisterSpec, codes: Iterable[str]) -> str:
    found = [spec.workflow.state(c) if spec.workflow else None for c in codes]
    return gettext("进入“%(states)s”", states=language_comma().join(label(s.label) for s in found if s is not None))


def _done_when(work: Work, e: Explanation, spec: RegisterSpec | None) -> str:
    """Return what fulfils it."""
    if e.duty is None or spec is None:
        return ""
    d = e.duty.done
    there = editions.catalog_of(work, e.obligation["revision"]).registers.get(d.register_code, spec)
    what = _states(there, d.state) if d.state else gettext("填写“%(field)s”", field=counted.field_name(there, d.field))
    return headed(label(there.label), what) if d.register_code else what


def _rest_days(e: Explanation) -> str:
    """Return whether a last day that is a rest day moves; empty where that cannot be."""
    if e.limit.days is None and e.limit.months is None:
        return ""
    if e.limit.on_rest_day == "stay":
        return gettext("末日逢休息日不顺延。")
    return gettext("末日逢休息日提前至前一工作日。") if e.limit.before else gettext("末日逢休息日顺延至下一工作日。")


def _looked_at(work: Work, e: Explanation) -> list[dict[str, str]]:
    """Return the fields of the record that the limit depends on, with what they say; only those the actor may see."""
    o = e.obligation
    seen = {f.code for f in scope.fields_for(work, o["register"])}
    spec = work.catalog.registers[o["register"]]
    codes = dict.fromkeys(c for c in e.limit.fields() if c.partition(".")[0] in seen)
    return [
        {"label": counted.field_name(spec, c), "value": text_of(work, field, e.row.get(c))}
        for c in codes
        if (field := spec.column(c)) is not None
    ]


def edition(work: Work, revision: int) -> str:
    """Return in words which edition of the definitions a revision is: since when it is in force, who published it and when."""
    found = service.publication_of(work, revision)
    if found is None:
        return ""
    by = people.names(work, [found["person"]]).get(found["person"], gettext("系统"))
    if found["in_force_from"] == date.min:
        return gettext(
            "第 %(n)s 号目录（最初的版本），%(who)s 于 %(at)s 发布", n=revision, who=by, at=moment(found["at"])
        )
    return gettext(
        "第 %(n)s 号目录，自 %(day)s 起施行，%(who)s 于 %(at)s 发布",
        n=revision, day=found["in_force_from"], who=by, at=moment(found["at"]),
    )  # fmt: skip


def _calendar(work: Work, e: Explanation) -> str:
    if e.calendar is None:
        return gettext("随系统提供的日历（%(name)s）", name=e.obligation["calendar"])
    c = e.calendar
    unit = lookup.titles(work, "unit", [c["unit"]]).get(c["unit"], "") if c["unit"] else gettext("全公司")
    return gettext(
        "第 %(n)s 号日历（%(unit)s），%(at)s：%(note)s",
        n=c["revision"], unit=unit, at=moment(c["at"]), note=c["note"],
    )  # fmt: skip


def _told(work: Work, e: Explanation, event: Event) -> str:
    """Return who will be told by an event to come."""
    if e.duty is None or event.kind == "breach":
        return ""
    spec = editions.catalog_of(work, e.obligation["revision"]).registers[e.obligation["register"]]
    rule = e.duty.remind[event.seq - 1] if event.kind == "remind" else e.duty.escalate[event.seq - 1]
    return language_comma().join(_party(work, spec, p) for p in rule.tell)
