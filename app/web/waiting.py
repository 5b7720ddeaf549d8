"""What waits for a person as pages show it: each with what it is, since when, and the step itself where it asks for nothing more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.register import RegisterSpec, Transition
from app.services import enacting, ledger, limits, lookup, recalculation
from app.services.panel import Work
from app.services.waiting import Waiting
from app.web import tickets
from app.web.cells import moment, record_url, state_cell, until
from app.web.language import label
from app.web.shapes import Action

LISTS = {"waiting": "/waiting", "home": "/"}
"""The pages that one comes back to after a step."""


def back_to(name: str) -> str:
    """Return the address of the list in which a step was taken; empty where it was none."""
    return f"{request.script_root}{LISTS[name]}" if name in LISTS else ""


def entries(work: Work, found: Sequence[Waiting], here: str) -> list[dict[str, Any]]:
    """Return records that wait, in their order; ``here`` is the page that they stand on."""
    titles = lookup.titles_of(work, ((w.register, w.id) for w in found))
    return [_entry(work, w, titles.get((w.register, w.id), w.number), here) for w in found]


def _entry(work: Work, w: Waiting, title: str, here: str) -> dict[str, Any]:
    spec = work.spec(w.register)
    state, url = state_cell(spec, w.state), record_url(w.register, w.id)
    at_once = [t for t, _ in w.steps if not _asks(spec, t)]
    others = [t for t, _ in w.steps if _asks(spec, t)]
    late = w.due is not None and w.due <= work.now
    return {
        "title": title, "number": w.number if w.number not in title else "", "register": label(spec.label), "url": url,
        "state": {"label": state.text, "tone": state.tone}, "since": moment(w.since),
        "due": until(w.due) if w.due is not None and w.due != limits.PARKED else "",
        "days_left": _days_left(work, w, late),
        "absent": gettext("代 %(name)s", name=names[0]) if (names := [n for _, n in w.steps if n]) else "",
        "actions": [_action(spec, w, t, here) for t in at_once],
        "more": {"label": label(others[0].label) if len(others) == 1 else gettext("去办理"), "url": url} if others else None,
    }  # fmt: skip


def _days_left(work: Work, w: Waiting, late: bool) -> int | None:
    if w.due is None or w.due == limits.PARKED:
        return None
    days = (work.local_day(w.due - timedelta(microseconds=1)) - work.today).days  # due at 24:00 is due that day
    return min(days, -1) if late else days


def _asks(spec: RegisterSpec, t: Transition) -> bool:
    """Return whether a step wants something typed."""
    return any(f is not None and f.typed for f in map(spec.column, t.needs))


def _action(spec: RegisterSpec, w: Waiting, t: Transition, here: str) -> Action:
    signed = spec.field(t.sign) if t.sign else None
    target = spec.workflow.state(t.target) if spec.workflow else None
    url = f"{request.script_root}/registers/{w.register}/move/{w.id}/{t.code}?from={here}"
    tone = target.tone if target is not None else "plain"
    return Action(label(t.label), url, tone=tone, sign=label(signed.label) if signed else "", code=t.code)


def groups(work: Work, found: Sequence[Waiting]) -> list[dict[str, Any]]:
    """Return records that wait, register by register; the one with the most urgent record first."""
    by_register: dict[str, list[dict[str, Any]]] = {}
    for w, entry in zip(found, entries(work, found, "waiting"), strict=True):
        by_register.setdefault(w.register, []).append(entry)
    return [
        {
            "label": label(work.spec(code).label), "entries": those, "url": f"{request.script_root}/grid/{code}",
            "late": any((e["days_left"] or 0) < 0 for e in those),
        }
        for code, those in by_register.items()
    ]  # fmt: skip


def decisions(work: Work) -> list[dict[str, Any]]:
    """Return what the person is to decide on besides records, by kind: fines, appeals, drafts of definitions, recalculations."""
    root = request.script_root
    kinds = [
        ("confirm", gettext("待我确认的处罚单"), f"{root}/fines?tab=confirm", _fines(work, ledger.to_confirm(work))),
        ("appeals", gettext("待我裁定的申诉"), f"{root}/fines?tab=appeals", _fines(work, ledger.to_judge(work))),
        ("drafts", gettext("待我审批的定义草稿"), f"{root}/drafts", _drafts(work)),
        ("recalculations", gettext("待我审批的重算"), f"{root}/recalculations", _recalculations(work)),
    ]
    return [{"id": k, "label": name, "url": url, "entries": found} for k, name, url, found in kinds if found]


def _fines(work: Work, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "title": f"{t['number']} {t['label']}", "url": t["why_url"], "actions": t["actions"], "cite": t["cite"],
            "amount": f"{t['amount']} {t['beside']}".strip(), "facts": [t["person"], t["breached_at"]],
        }
        for t in tickets.rows(work, found)
    ]  # fmt: skip


def _drafts(work: Work) -> list[dict[str, Any]]:
    return [
        {"title": d["name"], "url": f"{request.script_root}/drafts/{d['id']}", "facts": [moment(d["changed_at"]), d["reason"]]}
        for d in enacting.to_decide(work)
    ]  # fmt: skip


def _recalculations(work: Work) -> list[dict[str, Any]]:
    found = recalculation.to_decide(work)
    names = recalculation.names(work, found)
    return [
        {
            "title": r["name"], "url": f"{request.script_root}/recalculations/{r['id']}",
            "facts": [names.get(r["drafted_by"], ""), f"{r['from_day']} – {r['to_day']}", r["reason"]],
        }
        for r in found
    ]  # fmt: skip


def owed(found: Sequence[Waiting], mine: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return what one owes besides what is due of the records that wait."""
    waits = {(w.register, w.id) for w in found}
    return [o for o in mine if (o["register"], o["record_id"]) not in waits]
