"""The designer: a register or a policy of a draft as a page, and what that page asks for beside the definition itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, abort, jsonify, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog import wire
from app.catalog.catalog import Catalog
from app.catalog.codes import code_from
from app.catalog.policy import Policy
from app.catalog.register import RegisterSpec
from app.catalog.words import TYPES
from app.errors import Invalid, Missing
from app.services import administration, beginning, drafted, drafting
from app.services.beginning import Rule, Wanted
from app.services.panel import Work
from app.web import designing, previewing, rights
from app.web.actor import reading, writing
from app.web.language import label, language, sentence
from app.web.pages import formulas
from app.web.pages.signed_in import signed_in

pages = Blueprint("designer", __name__)

KINDS = {"registers": "登记簿", "policies": "制度", "indicators": "指标", "roles": "角色", "domains": "菜单分组"}
"""What the groups of definitions are called that have a page of their own."""
BEGUN = ("policies", "indicators", "roles", "domains")
"""Groups of which a new one begins with a name alone."""


@pages.get("/drafts/<int:number>/<any(registers, policies, indicators, roles, domains):group>/<code>")
@signed_in
def design(number: int, group: str, code: str) -> str:
    """Show a definition of a draft to whoever may change it. Raises Forbidden, Missing, Refused."""
    work = reading()
    found = drafting.get(work, number)
    document = drafted.get(work, number, group, code).document
    named = document.get("label") or code
    title = (named.get(language()) or named.get("zh") or code) if isinstance(named, dict) else str(named)
    root = request.script_root
    base = f"{root}/design/drafts/{number}"
    return render_template(
        "designer.html", title=title, code=code, kind=gettext(KINDS[group]), draft={"name": found["name"], "url": f"{root}/drafts/{number}"},
        group=group, changeable=found["state"] in drafting.CHANGEABLE and drafting.may(work),
        urls={
            "base": f"{base}/{group}", "grammar": f"{root}/design/grammar", "names": f"{base}/names?group={group}&of={code}",
            "preview": f"{base}/preview/{code}", "grants": f"{base}/grants/{code}",
            "formulas": f"{base}/formulas/{code}", "propose": f"{root}/design/code",
        },
    )  # fmt: skip


@pages.get("/design/grammar")
@signed_in
def grammar() -> Response:
    """Give the sentences and blanks of every part of the language, in the reader's language."""
    return jsonify(designing.grammar())


@pages.get("/design/drafts/<int:number>/names")
@signed_in
def names(number: int) -> Response:
    """Give what a definition may name: what is in force, the documents that the draft changes, and what is in force as ``of`` in ``group``.

    Raises Forbidden, Missing.
    """
    work = reading()
    drafting.get(work, number)
    changed = [d for d in drafted.listed(work, number, changed=True) if d.changed]
    of, group = request.args.get("of", ""), request.args.get("group", "registers")
    spec = work.catalog.registers.get(of) if group == "registers" else None
    there = {"code": of} if group in KINDS and of in getattr(work.catalog, group) else None
    found: dict[str, Any] = designing.names(work.catalog) | {
        "drafted": [{"group": d.group, "document": wire.to_json(d.document)} for d in changed],
        "in_force": designing.register(spec) if spec is not None else there,
    }  # fmt: skip
    return jsonify(found)


@pages.get("/design/drafts/<int:number>/preview/<code>")
@signed_in
def preview(number: int, code: str) -> str:
    """Show how a register of a draft will look and what it will demand. Raises Forbidden, Missing; 422 while the draft has errors."""
    work = reading()
    drafting.get(work, number)
    catalog, _ = drafting.catalog(work, number)
    if catalog is None:
        abort(422)
    if (spec := catalog.registers.get(code)) is None:
        raise Missing
    return render_template("parts/preview.html", **previewing.preview(work, catalog, spec))


@pages.get("/design/drafts/<int:number>/grants/<code>")
@signed_in
def grants(number: int, code: str) -> str:
    """Show what the definitions of a draft, as far as they can be read, give to a role. Raises Forbidden, Missing."""
    work = reading()
    drafting.get(work, number)
    catalog = drafting.legible(work, number)
    if code not in catalog.roles:
        raise Missing
    base = f"{request.script_root}/drafts/{number}/registers"
    within = previewing.replace_catalog(work, catalog)
    return render_template(
        "parts/grants.html", **rights.of_role(within, code, lambda register: f"{base}/{register}#access")
    )


@pages.get("/design/drafts/<int:number>/formulas/<code>/names")
@signed_in
def formula_names(number: int, code: str) -> Response:
    """Give what formulas of a draft's register may name, as ``/formulas/<register>/names`` does. Raises Forbidden, Missing."""
    _, catalog, spec = _read(number, code)
    return jsonify(formulas.named(catalog, spec))


@pages.post("/design/drafts/<int:number>/formulas/<code>/check")
@signed_in
def check_formula(number: int, code: str) -> Response:
    """Say what a formula gives, or what is wrong with it, as ``/formulas/<register>/check`` does. Raises Forbidden, Missing."""
    return jsonify(formulas.checked(*_read(number, code)))


def _read(number: int, code: str) -> tuple[Work, Catalog, RegisterSpec]:
    """Return a register of a draft as far as the draft can be read, with its catalog."""
    work = reading()
    drafting.get(work, number)
    catalog = drafting.legible(work, number)
    if (spec := catalog.registers.get(code)) is None:
        raise Missing
    return work, catalog, spec


@pages.get("/design/code")
@signed_in
def propose() -> Response:
    """Give a code for a name: pinyin of Chinese, other letters as they are."""
    return jsonify(code=code_from(request.args.get("text", "")))


ROWS = 6
"""Lines for fields that the first form of a register offers."""
SIMPLE = ("text", "long_text", "integer", "money", "date", "moment", "choice", "yes_no", "person", "unit", "file")
"""Field types that a first form offers; the designer knows them all."""


@pages.get("/drafts/new-register")
@signed_in
def new_register() -> str:
    """Offer the form in which a register begins; ``?draft`` names the draft that it goes into. Raises Forbidden."""
    work = reading()
    administration.demand(work)
    return _first_form({}, "", request.args.get("draft", type=int))


def _first_form(typed: Mapping[str, Any], wrong: str, number: int | None) -> str:
    work = reading()
    catalog = work.catalog
    policies = dict(catalog.policies)
    if number is not None:
        mine = (d for d in drafted.listed(work, number) if d.group == "policies" and d.changed)
        policies |= {d.code: Policy.model_validate(d.document) for d in mine}
    rows = [
        {k: (typed.get(k) or [""] * ROWS)[n] for k in ("field", "type", "options")} | {"required": str(n) in typed.get("required", ())}
        for n in range(len(typed.get("field") or [""] * ROWS))
    ]  # fmt: skip
    return render_template(
        "new_register.html", title=gettext("新建登记簿"), wrong=wrong, typed=typed, rows=rows, draft=number,
        types=[{"code": t, "label": sentence(TYPES[t])} for t in SIMPLE],
        domains=[{"code": d.code, "label": label(d.label)} for d in catalog.domains.values()],
        roles=[{"code": r.code, "label": label(r.label)} for r in catalog.roles.values()],
        policies=[
            {"label": f"{p.code} {label(p.label)}", "articles": [{"code": f"{p.code}-{a.no}", "text": label(a.text)[:40]} for a in p.articles]}
            for p in reversed(policies.values())
        ],
    )  # fmt: skip


@pages.post("/drafts/new-register")
@signed_in
def begin_register() -> Response | str:
    """Put a register into a draft and go on in the designer; what is wrong is said on the form, with all that was typed. Raises Forbidden."""
    form = request.form
    number = form.get("draft", type=int)
    lists = zip(form.getlist("field"), form.getlist("type"), form.getlist("options"), strict=False)
    fields = [
        Wanted(name, kind, str(n) in form.getlist("required"), tuple(o for o in re.split(r"[,，、;；\s]+", options) if o))
        for n, (name, kind, options) in enumerate(lists)
    ]  # fmt: skip
    policy, _, article = form.get("article", "").partition("-")
    rule = Rule(policy, article, form.get("policy_name", ""), form.get("policy_text", ""))
    try:
        with writing() as work:
            number, code = beginning.register(
                work,
                number,
                form.get("name", ""),
                form.get("english", ""),
                form.get("domain", ""),
                rule,
                fields,
                form.get("keeper", ""),
                work.today,
            )
    except Invalid as invalid:
        typed = form.to_dict() | {k: form.getlist(k) for k in ("field", "type", "options", "required")}
        return _first_form(typed, sentence(invalid.errors[0].reason), number)
    return redirect(f"{request.script_root}/drafts/{number}/registers/{code}#fields", 303)


@pages.get("/drafts/<int:number>/design")
@signed_in
def open_design(number: int) -> Response:
    """Open the definition that ``?what=group/code`` names; without one, the draft."""
    return redirect(f"{request.script_root}/drafts/{number}/{request.args.get('what', '')}".rstrip("/"))


@pages.post("/drafts/<int:number>/new")
@signed_in
def begin_definition(number: int) -> Response:
    """Put a new policy, indicator, role or group of the menu into a draft and open it. Raises Forbidden, Missing, Refused, Invalid."""
    group, name = request.form.get("group", ""), request.form.get("name", "")
    if group not in BEGUN:
        raise Missing
    with writing() as work:
        code = beginning.definition(work, number, group, name, work.today)
    return redirect(f"{request.script_root}/drafts/{number}/{group}/{code}", 303)
