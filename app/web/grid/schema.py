"""What the grid is told of a register: columns, states, transitions, and what this person may do."""

from __future__ import annotations

import re
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.base import Citation
from app.catalog.register import RegisterSpec, Transition
from app.catalog.words import VERB_NAMES
from app.fields.base import Field, Storage
from app.fields.links import File, Link, Role, Signature
from app.fields.numbers import Integer, Number, YesNo
from app.fields.texts import Choices, LongText, Text
from app.services import adoption, blocks, printing, rows, scope, searching, watching
from app.services.filtering import DUE
from app.services.panel import Work
from app.services.totals import summable
from app.web import listing as lists
from app.web import prints, record_story
from app.web.cells import MOMENT
from app.web.grid import cells
from app.web.grid.views import shown
from app.web.language import label, language, language_comma

WIDTHS = {
    "long_text": 320, "text": 180, "date": 110, "moment": 150, "integer": 90, "decimal": 110, "money": 120, "percent": 90,
    "yes_no": 70, "choice": 120, "choices": 180, "person": 110, "unit": 130, "reference": 180, "file": 140, "signature": 190,
}  # fmt: skip
CITED = re.compile(r"[A-Z][A-Z0-9_]{0,19}")
_EXACT = ["eq", "ne", "in", "empty", "filled"]
_RANGE = [*_EXACT, "lt", "le", "gt", "ge"]
_TEXT = ["contains", "starts", *_EXACT]


def schema(work: Work, spec: RegisterSpec) -> dict[str, Any]:
    """Return everything that does not depend on rows. Raises Missing, Forbidden."""
    scope.demand(work, spec.code, "read")
    verbs = {v: scope.may(work, spec.code, v) for v in VERB_NAMES}
    fixed = _fixed(spec)
    if fixed:
        verbs |= {"edit": False, "delete": False} | ({"add": False, "import": False} if spec.tickets_of else {})
    workflow = spec.workflow
    return {
        "register": heading(spec), "language": language(), "zone": work.panel.zone.key, "now": MOMENT.format(work.now),
        "row_height_max": 32, "verbs": verbs, "read_only": fixed or None,
        "columns": [_column(work, spec, code, f, verbs["edit"] or verbs["add"]) for code, f in cells.columns_of(work, spec).items()],
        "states": [{"code": s.code, "label": label(s.label), "tone": s.tone, "locked": s.locked} for s in workflow.states] if workflow else [],
        "initial": workflow.initial if workflow else None,
        "transitions": [transition(work, spec, t) for t in _transitions(work, spec)],
        "order": [{"field": spec.order.lstrip("-"), "desc": spec.order.startswith("-")}],
        "views": shown(work, spec),
        "prints": [{"label": label(p.label), "url": prints.url(spec.code, p.code, ())} for p in printing.offered(work, spec.code)],
        "roles": [{"code": c, "label": label(r.label)} for c, r in work.catalog.roles.items() if c in work.actor.roles]
        + [{"code": "everyone", "label": gettext("所有人")}],
        **steps(work, spec.code), "since": str(watching.now(work, spec.code)),
    }  # fmt: skip


def heading(spec: RegisterSpec) -> dict[str, Any]:
    """Return a register as the head of the grid names it."""
    return {
        "code": spec.code, "label": label(spec.label), "help": label(spec.help) if spec.help else "",
        "title": list(spec.title), "cites": [str(c) for c in spec.cite],
    }  # fmt: skip


def steps(work: Work, register: str) -> dict[str, Any]:
    """Return what one may undo and redo."""
    return told_steps(*blocks.steps(work, register))


def told_steps(undo: blocks.Step | None, redo: blocks.Step | None) -> dict[str, Any]:
    """Return these two as an answer carries them."""
    return {
        k: None if s is None else {"id": s.id, "label": s.label, "at": MOMENT.format(s.at), "size": s.size}
        for k, s in (("undo", undo), ("redo", redo))
    }


def transition(work: Work, spec: RegisterSpec, t: Transition) -> dict[str, Any]:
    """Return a transition as the grid offers it, without fields that this person may not see."""
    seen = {f.code: f for f in scope.fields_for(work, spec.code)}
    return {
        "code": t.code, "label": label(t.label), "from": list(t.source), "to": t.target,
        "needs": [c for c in t.needs if c in seen], "asks": [c for c in t.asks if c in seen],
        "sign": label(seen[t.sign].label) if t.sign in seen else "", "reason": t.reason,
    }  # fmt: skip


def _transitions(work: Work, spec: RegisterSpec) -> list[Transition]:
    every = spec.workflow.transitions if spec.workflow else ()
    return [t for t in every if not t.auto and adoption.live(work, t, None, work.today)]


def _fixed(spec: RegisterSpec) -> str:
    if spec.tickets_of:
        return gettext("处罚单由系统生成，不能直接填写")
    return gettext("本登记簿只能新增，不能修改或删除") if spec.append_only else ""


def _column(work: Work, spec: RegisterSpec, code: str, f: Field | None, writes: bool) -> dict[str, Any]:
    if f is None:
        return _due()
    locked = _locked(work, spec, f) if writes else gettext("您只能查看这个登记簿")
    kind = "state" if code == "state" else f.type
    grouped = not f.many and f.storage is not Storage.WORDS and not isinstance(f, LongText | File)
    basis = f.basis if f.basis != "impl" else ""
    return {
        "code": code, "label": label(f.label), "help": label(f.help) if f.help else "", "type": kind, "basis": basis,
        "cites": record_story.citations(work, _cites(basis)),
        "editable": not locked, "locked": locked or None, "required": f.required, "unique": f.unique,
        "several": f.many, "names": cells.names_kind(f), "choices": _choices(work, spec, f),
        "picker": _picker(f), "upload": f"{request.script_root}/upload/{spec.code}/{code}" if isinstance(f, File) else None,
        "max_length": getattr(f, "max_length", None), "places": getattr(f, "places", None),
        "min": _limit(f, "min"), "max": _limit(f, "max"),
        "width": WIDTHS.get(kind, 120), "align": "right" if isinstance(f, Number) else "center" if isinstance(f, YesNo) else "left",
        "sortable": not f.many and not isinstance(f, LongText | File), "filterable": not isinstance(f, File), "groupable": grouped,
        "summable": summable(f), "searchable": f.searchable and code in searching.indexed(spec), "shown": code in _listed(work, spec),
        "ops": _operations(f, code), "default": cells.cell(f, rows.default(work, f)) if f.default is not None else None,
    }  # fmt: skip


def _limit(f: Field, name: str) -> Any:
    """Return the least or the largest number that a field takes, as a cell; None where there is none."""
    value = getattr(f, name, None) if isinstance(f, Number) else None
    return value if value is None else int(value) if isinstance(f, Integer) else f.to_json(value)


def _cites(basis: str) -> list[Citation]:
    """Return the citations in a field's basis, written ``P03-26; P13-D1``."""
    parts = [part.strip().partition("-") for part in basis.split(";") if part.strip()]
    return [Citation(policy=policy, article=article) for policy, _, article in parts if CITED.fullmatch(policy)]


def _due() -> dict[str, Any]:
    blank = dict.fromkeys(("choices", "picker", "upload", "max_length", "places", "min", "max", "default"))
    no = dict.fromkeys(
        ("editable", "required", "unique", "several", "sortable", "groupable", "summable", "searchable"), False
    )
    return {
        "code": DUE, "label": gettext("办理期限"), "help": gettext("最早一项待办的期限和剩余天数"), "type": DUE, "basis": "", "cites": [],
        "locked": gettext("由系统计算"), "names": "", "width": 150, "align": "left", "filterable": True, "shown": True,
        "ops": ["lt", "le", "gt", "ge", "within", "overdue", "empty", "filled"], **blank, **no,
    }  # fmt: skip


def _locked(work: Work, spec: RegisterSpec, f: Field) -> str:
    """Return why nobody, or not this person, types a field here; empty where one may."""
    if fixed := _fixed(spec):
        return fixed
    if isinstance(f, Signature):
        return gettext("签字由流转办理时产生，不能直接填写")
    if f.code == "state":
        return gettext("状态只能通过流转改变")
    if f.code in ("unit", "remark"):
        return ""
    if not f.typed or spec.field(f.code) is None or f.code in spec.filled:
        return gettext("由系统填写")
    if f.edited_by and not work.actor.roles.intersection(f.edited_by):
        held = [work.catalog.roles[r] for r in f.edited_by if r in work.catalog.roles]
        return gettext("只由%(roles)s填写", roles=language_comma().join(label(r.label) for r in held))
    return ""


def _choices(work: Work, spec: RegisterSpec, f: Field) -> list[dict[str, Any]] | None:
    def one(code: Any, name: str, tone: str = "plain", retired: bool = False) -> dict[str, Any]:
        return {"code": code, "label": name, "tone": tone, "retired": retired}

    if f.code == "state" and spec.workflow:
        return [one(s.code, label(s.label), s.tone) for s in spec.workflow.states]
    if isinstance(f, Choices):
        return [one(o.code, o.text(language()), retired=o.retired) for o in f.choices]
    if isinstance(f, YesNo):
        return [one(True, gettext("是")), one(False, gettext("否"))]
    if isinstance(f, Role):
        return [one(c, label(r.label)) for c, r in work.catalog.roles.items()]
    return None


def _picker(f: Field) -> str | None:
    if isinstance(f, File) or not isinstance(f, Link):
        return None
    return f"{request.script_root}/pick/{cells.names_kind(f)}?q="


def _listed(work: Work, spec: RegisterSpec) -> set[str]:
    return {f.code for f in lists.shown_fields(spec, scope.fields_for(work, spec.code))}


def _operations(f: Field, code: str) -> list[str]:
    if isinstance(f, File):
        return ["empty", "filled"]
    if code == "state" or isinstance(f, Role | YesNo):
        return _EXACT
    if isinstance(f, Link):
        return _EXACT
    if f.storage is Storage.WORDS:
        return ["has", "in", "ne", "empty", "filled"]
    if f.storage in (Storage.DATE, Storage.MOMENT):
        return [*_RANGE, "within"]
    if isinstance(f, Number):
        return _RANGE
    return _TEXT if isinstance(f, Text | LongText) or f.searchable else _EXACT
