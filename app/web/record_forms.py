"""The form of a record, what was really changed in it, and the choice that a conflict leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import Clash, Conflict, Forbidden, Missing, say
from app.fields.base import Field, Unreadable
from app.fields.links import Reference
from app.services import listing, rows, scope, versions, workflow
from app.services.panel import Work
from app.web.cells import Names, cell
from app.web.forms import Typed, controls, input_text
from app.web.language import headed, label, sentence
from app.web.record_page import heading, record_heading


def fields(work: Work, spec: RegisterSpec, verb: str) -> list[Field]:
    """Return what this person may write in a record, the two fields that every register has at the end."""
    own = [f for f in scope.fields_for(work, spec.code, verb) if f.typed]
    return [*own, *(SYSTEM[c] for c in ("unit", "remark") if c != "unit" or "unit" in work.catalog.registers)]


def editable(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> list[Field]:
    """Return what this person may change in one record.

    Raises Forbidden where that is nothing: the record is locked, or only to be read.
    """
    scope.demand(work, spec.code, "edit")
    if spec.append_only or spec.tickets_of or workflow.locked(spec, row):
        raise Forbidden(say("记录在当前状态下已锁定，只能通过流转办理"))
    try:
        listing.row(work, spec.code, row["id"], "edit")
    except Missing:
        raise Forbidden(say("您没有修改这条记录的权限")) from None
    return fields(work, spec, "edit")


def prefilled(work: Work, offered: Sequence[Field]) -> dict[str, Any]:
    """Return the defaults of a new record, and what the address brings along, such as the record it belongs to."""
    found: dict[str, Any] = {}
    for f in offered:
        given = request.args.get(f.code)
        if given is None:
            found[f.code] = (
                rows.default(work, f) if f.default is not None else work.actor.unit_id if f.code == "unit" else None
            )
            continue
        try:
            found[f.code] = f.from_json([given] if f.many and given else given) if given else None
        except (Unreadable, ValueError):
            found[f.code] = None
    _carry(work, offered, found)
    return found


def _carry(work: Work, offered: Sequence[Field], found: dict[str, Any]) -> None:
    """Fill in what the record that the address names points to by the same name: the revisit of a repair has its customer."""
    links = [f for f in offered if isinstance(f, Reference) and not f.many]
    for parent in (f for f in links if f.code in request.args and found[f.code] is not None):
        try:
            row = listing.row(work, parent.register_code, found[parent.code])
        except Missing:
            continue
        theirs = {f.code: f for f in scope.fields_for(work, parent.register_code, "read") if isinstance(f, Reference)}
        for f in (f for f in links if f.code in theirs and found[f.code] is None):
            if theirs[f.code].register_code == f.register_code and not theirs[f.code].many:
                found[f.code] = row[f.code]


def page(
    work: Work,
    spec: RegisterSpec,
    title: str,
    offered: Sequence[Field],
    values: Mapping[str, Any],
    typed: Typed,
    row: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Return what ``record_form.html`` shows: an input for each field, each error at its own."""
    made = controls(work, spec, offered, values, typed)
    at = {c.code for c in made}
    head = [c for c in made if c.code not in SYSTEM]
    tail = [c for c in made if c.code in SYSTEM]
    others = [
        sentence(e.reason) if not e.label else headed(e.label, sentence(e.reason))
        for e in typed.errors
        if e.field not in at
    ]
    back = f"{request.script_root}/registers/{spec.code}/" + (f"show/{row['id']}" if row else "list/")
    return {
        "title": f"{title} · {label(spec.label)}", "register": heading(spec), "action": request.script_root + request.path, "back_url": back,
        "version": request.form.get("version", type=int) or (row or {}).get("version"), "errors": others,
        "groups": [g for g in ({"label": "", "controls": head}, {"label": gettext("其他"), "controls": tail}) if g["controls"]],
        "record": record_heading(work, spec, row) if row else None,
    }  # fmt: skip


def changes(
    work: Work,
    spec: RegisterSpec,
    row: Mapping[str, Any],
    typed: Mapping[str, Any],
    version: int | None,
    form: MultiDict[str, str],
) -> dict[str, Any]:
    """Return what the person really changed: typed values other than those the form showed when it was opened.

    Without this, every field that a colleague changed meanwhile would look as if this person wanted the old value back.
    Where the answer to a conflict chose theirs, mine is dropped.
    """
    base = dict(row)
    if version is not None and version < row["version"]:
        # latest first, so that the oldest old value wins
        for revision in versions.of_record(work, spec.code, row["id"]):
            if revision.version > version:
                base.update({code: _kept(spec, code, was) for code, (was, _) in revision.changes.items()})
    chosen = {k: v for k, v in typed.items() if form.get(f"pick.{k}") != "theirs"}
    return {k: v for k, v in chosen.items() if _blank(v) != _blank(base.get(k))}


def _blank(value: Any) -> Any:
    return None if value in ("", ()) else value


def _kept(spec: RegisterSpec, code: str, value: Any) -> Any:
    field = spec.column(code)
    return field.from_json(value) if field is not None else value


def conflict(work: Work, spec: RegisterSpec, row: Mapping[str, Any], typed: Typed, refused: Conflict) -> dict[str, Any]:
    """Return what ``conflict.html`` shows: both values of each clash, and everything else that was changed, to be sent again."""
    version = request.form.get("version", type=int)
    mine = changes(work, spec, row, typed.values, version, request.form)
    return {
        "title": gettext("内容已被别人修改"), "register": heading(spec), "record": record_heading(work, spec, row), "by": refused.by,
        "action": request.script_root + request.path, "version": refused.version,
        "back_url": f"{request.script_root}/registers/{spec.code}/show/{row['id']}",
        "clashes": [_clash(work, spec, c) for c in refused.clashes],
        "values": [{"code": code, "value": text} for code, value in mine.items() for text in _texts(spec, code, value)],
    }  # fmt: skip


def _clash(work: Work, spec: RegisterSpec, clash: Clash) -> dict[str, str]:
    f = spec.column(clash.field)
    if f is None:
        return {
            "code": clash.field,
            "label": clash.field,
            "base": str(clash.base),
            "mine": str(clash.mine),
            "theirs": str(clash.theirs),
        }
    sides = {side: {f.code: getattr(clash, side), "id": 0} for side in ("base", "mine", "theirs")}
    names = Names(work, [f], list(sides.values()))
    return {
        "code": f.code,
        "label": label(f.label),
        **{side: cell(names, spec, f, r).text for side, r in sides.items()},
    }


def _texts(spec: RegisterSpec, code: str, value: Any) -> list[str]:
    f = spec.column(code)
    held = input_text(f, value) if f is not None else str(value or "")
    return [str(t) for t in held] or [""] if isinstance(held, list) else [str(held)]
