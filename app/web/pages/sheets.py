"""A register from a spreadsheet: drop a file, look at what it would make, adjust, publish; its rows are imported at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, jsonify, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app import clock
from app.catalog.findings import errors
from app.catalog.loader import SITE
from app.catalog.rights import EVERYONE
from app.catalog.words import TYPES as TYPE_NAMES
from app.errors import CellError, Invalid, Missing, Refused, say
from app.exchange import importing, runs
from app.exchange.proposal.proposing import Proposal, Proposed, propose, taken
from app.exchange.proposal.register import TYPES, UNIQUE, Made, Wanted, WantedColumn, make
from app.models.registers import build_models
from app.services import administration, drafting, enacting, lookup, publishing
from app.services.panel import Panel
from app.services.publishing import Published
from app.web.actor import current_actor, current_panel, reading, writing
from app.web.import_settings import OUT, address, asked, keep, settings, unopened
from app.web.language import label, sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("sheets", __name__)

STALE = 3
"""Seconds after which every worker has seen a publication."""
_READING = ("sheet", "encoding", "delimiter", "header_line")


@pages.get("/sheets")
@signed_in
def choose() -> str:
    """Ask for a file. Raises Forbidden."""
    administration.demand(reading())
    return render_template("sheet.html", step="file", upload_url=_files())


@pages.post("/sheets")
@signed_in
def upload() -> Response:
    """Keep a file and go on to what it would make. Raises Forbidden, Refused without a file."""
    administration.demand(reading())
    return keep(_url)


def _files() -> str:
    return f"{request.script_root}/sheets"


def _url(digest: str) -> str:
    return f"{_files()}/{digest}"


def _options() -> dict[str, Any]:
    return {k: v for k, v in asked().items() if k in _READING}


def _proposal(digest: str) -> Proposal:
    administration.demand(reading())
    return propose(reading(), runs.kept(current_panel(), digest), request.args.get("name", ""), **_options())


@pages.get("/sheets/<digest>")
@signed_in
def look(digest: str) -> str:
    """Show the register that a file would make, every guess with its reason. Raises Missing."""
    try:
        return _page(digest, _proposal(digest), None)
    except Invalid as invalid:
        wrong = "；".join(sentence(e.reason) for e in invalid.errors)
        return render_template(
            "sheet.html", step="look", error=wrong, settings=unopened(digest), given=_given(), upload_url=_files()
        )


def _given() -> list[tuple[str, str]]:
    return [("name", request.args.get("name", ""))]


def _page(digest: str, proposal: Proposal, wanted: Wanted | None, wrong: list[str] | None = None) -> str:
    work = reading()
    catalog, mine = work.catalog, _mine()
    typed = {c.place: c for c in wanted.columns} if wanted is not None else {}
    roles = [(code, label(r.label)) for code, r in catalog.roles.items()]
    registers = [
        (s.code, label(s.label))
        for s in catalog.registers.values()
        if not s.tickets_of and lookup.may_find(work, s.code)
    ]
    return render_template(
        "sheet.html", step="look", errors=wrong or [], settings=settings(proposal), given=_given(), url=address(_url(digest)),
        rows=f"{proposal.rows:,}", faulty=proposal.faulty, label=wanted.label if wanted is not None else proposal.label,
        domain=wanted.domain if wanted is not None else "", domains=[(d.code, label(d.label)) for d in catalog.domains.values()],
        keeper=(wanted.keepers if wanted is not None else mine)[:1], too="too" in request.form or wanted is None,
        own="、".join(label(catalog.roles[r].label) for r in mine), reader=(wanted.readers if wanted is not None else [])[:1],
        roles=roles, everyone=gettext("所有人"), registers=registers, reason=request.form.get("reason", ""),
        types=[(t, sentence(TYPE_NAMES[t])) for t in TYPES], unique_types=sorted(UNIQUE),
        columns=[_column(n, c, typed.get(n), wanted is not None) for n, c in enumerate(proposal.columns)],
    )  # fmt: skip


def _column(place: int, proposed: Proposed, typed: WantedColumn | None, sent: bool) -> dict[str, Any]:
    g = proposed.guess
    shown = typed or WantedColumn(
        place,
        proposed.label,
        g.type,
        g.required,
        g.unique,
        "\n".join(c["code"] for c in g.choices),
        g.options.get("register", ""),
    )
    return {
        "place": place, "header": proposed.header, "samples": [s[:60] for s in proposed.samples], "label": shown.label, "type": shown.type,
        "required": shown.required, "unique": shown.unique, "choices": shown.choices, "register": shown.register,
        "wanted": typed is not None if sent else g.wanted,
        "why": [sentence(w) for w in g.why], "doubtful": g.refused > 0, "system": bool(proposed.system),
    }  # fmt: skip


def _mine() -> list[str]:
    """Return the role in which whoever publishes may import as well."""
    work = reading()
    return sorted(work.actor.roles & work.catalog.roles.keys())[:1]


def _wanted() -> Wanted:
    form = request.form
    columns = [
        WantedColumn(
            n, form.get(f"label.{n}", "").strip(), kind if (kind := form.get(f"type.{n}", "text")) in TYPES else "text",
            f"required.{n}" in form, f"unique.{n}" in form, form.get(f"choices.{n}", ""), form.get(f"register.{n}", ""),
        )
        for n in sorted({int(n) for n in form.getlist("wanted") if n.isdecimal() and len(n) < 5})
    ]  # fmt: skip
    keepers, readers = ([form[k]] if form.get(k) else [] for k in ("keeper", "reader"))
    if "too" in form and keepers and keepers != [EVERYONE]:
        keepers = list(dict.fromkeys([*keepers, *_mine()]))
    return Wanted(form.get("label", "").strip(), form.get("domain", ""), keepers, readers, columns)


@pages.post("/sheets/<digest>")
@signed_in
def publish(digest: str) -> Response | str | tuple[str, int]:
    """Publish the register as it was adjusted and import the file's rows, or ask whoever must approve it. Raises Missing, Forbidden."""
    proposal, wanted = _proposal(digest), _wanted()
    wanted = replace(wanted, columns=[c for c in wanted.columns if c.place < len(proposal.columns)])
    reason = request.form.get("reason", "").strip()
    try:
        if not reason:
            raise Refused(say("请写明理由"))
        made = make(proposal, wanted, taken(reading()))
        number, done = _enact(made, wanted.label, reason)
    except Invalid as invalid:
        return _page(digest, proposal, wanted, [sentence(e.reason) for e in invalid.errors]), 422
    except Refused as refused:
        return _page(digest, proposal, wanted, [sentence(refused.reason)]), 422
    if done is None:
        flash(gettext("已提交审批"), "success")
        chosen = {f"m.{n}": code or OUT for n, code in enumerate(made.mapping)}
        return redirect(address(f"{_url(digest)}/after/{number}/{made.code}", **chosen), 303)
    flash(gettext("已发布第 %(n)s 号，几秒后全部页面生效", n=done.revision), "success")
    if not {EVERYONE, *current_actor().roles}.intersection(wanted.keepers):
        flash(gettext("行还没有导入：请由登记的人把这个文件导入新登记簿"), "warning")
        return redirect(f"{request.script_root}/publications", 303)
    panel = current_panel()
    fresh = replace(panel, catalog=done.catalog, models=build_models(done.catalog))
    run = _import(fresh, made, runs.kept(panel, digest), proposal.rows)
    return redirect(f"{request.script_root}/sheets/{made.code}/{run}", 303)


def _enact(made: Made, name: str, reason: str) -> tuple[int, Published | None]:
    """Publish a new register through a draft of its own and return both; None where somebody must approve it first.

    Raises Invalid with what is wrong with the definition, Refused.
    """
    panel, path = current_panel(), f"{SITE}{made.path}"
    findings = publishing.plan(
        panel.engine, publishing.merged(panel.engine, {made.path: made.text}, shipped=False)
    ).findings
    if wrong := errors(list(findings)):
        raise Invalid([CellError("", f.sentence) for f in wrong])
    with writing() as work:
        number = drafting.begin(work, name, {path: made.text})
        if enacting.approvers(work, number):
            enacting.ask(work, number, reason)
            return number, None
    return number, enacting.publish(panel, current_actor(), number, now=clock.now(), reason=reason)


@pages.get("/sheets/<digest>/after/<int:number>/<register>")
@signed_in
def after(digest: str, number: int, register: str) -> Response | str:
    """Wait until a register is approved and published, then go on to importing its file. Raises Missing, Forbidden."""
    work = reading()
    draft = drafting.get(work, number)
    if register in work.catalog.registers:
        return redirect(address(f"{request.script_root}/imports/{register}/check/{digest}"))
    return render_template(
        "sheet.html", step="publish", draft={"name": draft["name"], "url": f"{request.script_root}/drafts/{number}"}
    )


def _import(fresh: Panel, made: Made, path: Path, rows: int) -> int:
    """Bring the rows that can be taken into a register just published; long files by a worker, where there is one."""
    name = request.args.get("name", "")[:255]
    run = importing.prepare(
        fresh,
        current_actor(),
        made.code,
        path,
        now=clock.now(),
        name=name,
        mode="good",
        mapping=made.mapping,
        **_options(),
    )
    by_worker = current_app.extensions.get("start_import")
    if rows > importing.BACKGROUND and by_worker is not None:
        by_worker(run, after=STALE)
    else:
        importing.carry_on(fresh, run, now=clock.now())
    return run


@pages.get("/sheets/<register>/<int:run>")
@signed_in
def going(register: str, run: int) -> Response | str:
    """Wait until this process serves the new register, then show what came of the import."""
    if register in current_panel().catalog.registers:
        return redirect(f"{request.script_root}/imports/{register}/{run}")
    return render_template(
        "sheet.html", step="publish", progress_url=f"{request.script_root}/sheets/{register}/{run}/progress"
    )


@pages.get("/sheets/<register>/<int:run>/progress")
@signed_in
def progress(register: str, run: int) -> Response:
    """Answer whether this process serves the new register. Raises Missing for a run there is not."""
    if runs.row_of(reading().connection, run)["register"] != register:
        raise Missing
    says = gettext("新登记簿正在启用，几秒就好")
    return jsonify(done=0, total=0, says=says, finished=register in current_panel().catalog.registers)
