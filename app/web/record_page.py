"""Everything that stands on a record's page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.register import SYSTEM, RegisterSpec
from app.fields.base import Field
from app.fields.links import Signature
from app.services import (
    indicators,
    ledger,
    listing,
    lookup,
    obligations,
    people,
    printing,
    records,
    related,
    rows,
    scope,
    workflow,
)
from app.services.listing import Filter
from app.services.panel import Work
from app.web import listing as lists
from app.web import prints, record_story, reports, tickets
from app.web.cells import Names, cell, in_place, moment, record_url, state_cell
from app.web.forms import Typed, controls
from app.web.language import headed, label, language_comma
from app.web.shapes import Action, Cell

CHILDREN = 6
"""Registers of child records that are shown with their first rows; the others only by their number."""


def heading(spec: RegisterSpec) -> dict[str, Any]:
    """Return a register as the head of a page names it."""
    return {
        "code": spec.code, "label": label(spec.label), "help": label(spec.help) if spec.help else "",
        "cites": [str(c) for c in spec.cite], "list_url": f"{request.script_root}/registers/{spec.code}/list/",
    }  # fmt: skip


def record_heading(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as the head of a page names it."""
    state = state_cell(spec, row.get("state"))
    return {
        "id": row["id"], "number": row["record_no"], "title": lookup.titles(work, spec.code, [row["id"]]).get(row["id"], row["record_no"]),
        "state": {"label": state.text, "tone": state.tone} if state.text else None, "version": row["version"],
        "unit": lookup.titles(work, "unit", [row["unit"]]).get(row["unit"], "") if row.get("unit") else "",
        "archived": False, "url": record_url(spec.code, row["id"]),
    }  # fmt: skip


def page(work: Work, spec: RegisterSpec, number: int, tried: str = "", typed: Typed | None = None) -> dict[str, Any]:
    """Return what ``record.html`` shows; ``tried`` is the transition whose form was refused, with what was ``typed``.

    Raises Missing.
    """
    row = records.get(work, spec.code, number)
    seen = scope.fields_for(work, spec.code)
    head = record_heading(work, spec, row)
    return {
        "title": f"{head['title']} · {label(spec.label)}", "register": heading(spec), "record": head,
        "moves": (moves := _moves(work, spec, row, tried, typed)), "actions": _actions(work, spec, row),
        "awaits": [] if moves else _awaits(work, spec, row),
        "sections": _sections(work, spec, seen, row), "signatures": _signatures(work, spec, seen, row),
        "obligations": record_story.obligations(work, obligations.of_record(work, spec.code, number)),
        "tickets": tickets.rows(work, ledger.tickets(work, register=spec.code, record_id=number)),
        "children": _children(work, spec, number), "history": record_story.history(work, spec, number),
        "citations": record_story.citations(work, record_story.cites(work, spec, row.get("unit"))),
        "print_url": next((prints.url(spec.code, p.code, [number]) for p in printing.offered(work, spec.code, [number])), ""),
    }  # fmt: skip


def _moves(work: Work, spec: RegisterSpec, row: Mapping[str, Any], tried: str, typed: Typed | None) -> list[Action]:
    found = []
    for m in records.moves(work, spec.code, row["id"]):
        t = m.transition
        asked = [f for f in (*m.needs, *m.asks) if f.typed]
        made = controls(work, spec, asked, row, typed if t.code == tried else None)
        for c in made:
            c.required = c.required or c.code in t.needs
        target = spec.workflow.state(t.target) if spec.workflow else None
        signed = spec.field(t.sign) if t.sign else None
        tone = target.tone if target else "plain"
        if t.reason and tone != "danger":  # a way back is offered, not urged
            tone = "plain"
        found.append(Action(
            label(t.label), f"{request.script_root}/registers/{spec.code}/move/{row['id']}/{t.code}", "post", "arrow-right",
            tone, "", t.reason, made, label(signed.label) if signed else "", t.code,
        ))  # fmt: skip
    return found


FEW = 3
"""People named where a record waits for them; more stand there as their posts."""


def _awaits(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> list[str]:
    """Return what a record waits for that is not for this person to do, each with those who may."""
    found = records.awaited(work, spec.code, row["id"])
    names = people.names(work, {p for a in found for p in a.people})
    said = []
    for a in found:
        posts = [label(r.label) for c in a.roles if (r := work.catalog.roles.get(c)) is not None]
        who = [names[p] for p in a.people if p in names] if len(a.people) <= FEW else []
        said.append(headed(label(a.transition.label), language_comma().join(who or posts) or gettext("无人在岗")))
    return said


def _actions(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> list[Action]:
    base = f"{request.script_root}/registers/{spec.code}"
    locked = spec.append_only or spec.tickets_of or workflow.locked(spec, row)
    mine = {
        v
        for v in ("edit", "delete")
        if not locked and scope.may(work, spec.code, v) and _within(work, spec, row["id"], v)
    }
    found = [Action(gettext("修改"), f"{base}/edit/{row['id']}", "get", "edit")] if "edit" in mine else []
    if "delete" in mine:
        found.append(
            Action(
                gettext("归档"),
                f"{base}/delete/{row['id']}",
                "post",
                "archive",
                "danger",
                gettext("归档后不再出现在列表中，但会保留。确定吗？"),
            )
        )
    return found + reports.offered(work, spec, row)


def _within(work: Work, spec: RegisterSpec, number: int, verb: str) -> bool:
    return bool(listing.select_rows(work, spec.code, ids=[number], columns=(), verb=verb))


def _sections(work: Work, spec: RegisterSpec, seen: Sequence[Field], row: Mapping[str, Any]) -> list[dict[str, Any]]:
    own = [f for f in seen if not isinstance(f, Signature)]
    sources = _sources(work, spec, row)
    entry = [SYSTEM[c] for c in ("unit", "created_by", "created_at", "updated_by", "updated_at", "remark")]
    names = Names(work, [*own, *entry], [row])

    def values(fields: Iterable[Field]) -> list[Cell]:
        made = [(f, cell(names, spec, f, row)) for f in fields]
        for f, c in made:
            c.label = label(f.label)
            c.url = c.url or (sources.get(f.code, "") if c.text else "")
        return [c for _, c in made]

    return [{"label": gettext("内容"), "values": values(own)}, {"label": gettext("登记"), "values": values(entry)}]


def _sources(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> dict[str, str]:
    """Return what the figures of a report are to be checked against: of each field the page of its indicator for the report's month."""
    found: dict[str, str] = {}
    for report in spec.reports:
        last = row.get(report.last)
        if not isinstance(last, date) or any(row.get(code) != value for code, value in report.sets.items()):
            continue
        mine = {i.code for i in indicators.live(work) if indicators.concerns(work, i)}
        for code, figure in report.figures.items():
            if figure.indicator in mine:
                found[code] = f"{request.script_root}/indicators/{figure.indicator}?month={last:%Y-%m}"
    return found


def _signatures(work: Work, spec: RegisterSpec, seen: Sequence[Field], row: Mapping[str, Any]) -> list[dict[str, str]]:
    signed = [f for f in seen if isinstance(f, Signature)]
    absent = rows.signed_for(work, spec, row["id"]) if any(row.get(f.code) is not None for f in signed) else {}
    names = people.names(work, [*(i for f in signed if (i := row.get(f.code)) is not None), *absent.values()])
    return [
        {
            "label": label(f.label),
            "person": in_place(names.get(row.get(f.code) or 0, ""), names.get(absent.get(f.code, 0), "")),
            "at": moment(row.get(f"{f.code}_at")),
            "url": "",
        }
        for f in signed
    ]


def _children(work: Work, spec: RegisterSpec, number: int) -> list[dict[str, Any]]:
    found = []
    for place, (child, field, count) in enumerate(related.children(work, spec.code, number)):
        base = f"{request.script_root}/registers/{child.code}"
        shown = lists.shown_fields(child, scope.fields_for(work, child.code))
        columns = [f for f in shown if f.code != field.code][:6]
        rows = [] if place >= CHILDREN else listing.select_rows(
            work, child.code, filters=[Filter(field.code, "eq", number)], limit=5, columns=[f.code for f in columns]
        )  # fmt: skip
        found.append({
            "label": label(child.label), "count": count, "url": f"{base}/list/?f.{field.code}={number}",
            "add_url": f"{base}/add?{field.code}={number}" if scope.may(work, child.code, "add") and not child.tickets_of else "",
            "table": lists.table(work, child, columns, rows) if rows else None,
        })  # fmt: skip
    return found
