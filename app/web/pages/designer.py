"""The designer: a register or a policy of a draft as a page, and what that page asks for beside the definition itself."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, abort, jsonify, render_template, request
from flask_babel import gettext

from app.catalog import wire
from app.catalog.codes import code_from
from app.catalog.loader import load
from app.errors import Missing
from app.services import drafted, drafting
from app.web import designing, previewing
from app.web.actor import reading
from app.web.pages.signed_in import signed_in

pages = Blueprint("designer", __name__)

KINDS = {"registers": "登记簿", "policies": "制度"}


@pages.get("/drafts/<int:number>/<any(registers, policies):group>/<code>")
@signed_in
def design(number: int, group: str, code: str) -> str:
    """Show a definition of a draft to whoever may change it. Raises Forbidden, Missing, Refused."""
    work = reading()
    found = drafting.get(work, number)
    drafted.get(work, number, group, code)
    root = request.script_root
    base = f"{root}/design/drafts/{number}"
    return render_template(
        "designer.html", title=code, code=code, kind=gettext(KINDS[group]), draft={"name": found["name"], "url": f"{root}/drafts/{number}"},
        urls={
            "base": f"{base}/{group}", "grammar": f"{root}/design/grammar", "names": f"{base}/names?of={code}",
            "preview": f"{base}/preview/{code}", "propose": f"{root}/design/code",
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
    """Give what a definition may name: what is in force, the documents that the draft changes, and the register ``of`` as it is in force.

    Raises Forbidden, Missing.
    """
    work = reading()
    drafting.get(work, number)
    changed = [d for d in drafted.listed(work, number) if d.changed]
    spec = work.catalog.registers.get(request.args.get("of", ""))
    found: dict[str, Any] = designing.names(work.catalog) | {
        "drafted": [{"group": d.group, "document": wire.to_json(d.document)} for d in changed],
        "in_force": designing.register(spec) if spec is not None else None,
    }  # fmt: skip
    return jsonify(found)


@pages.get("/design/drafts/<int:number>/preview/<code>")
@signed_in
def preview(number: int, code: str) -> str:
    """Show how a register of a draft will look and what it will demand. Raises Forbidden, Missing; 422 while the draft has errors."""
    work = reading()
    drafting.get(work, number)
    catalog, _ = load(drafting.files(work, number))
    if catalog is None:
        abort(422)
    if (spec := catalog.registers.get(code)) is None:
        raise Missing
    return render_template("parts/preview.html", **previewing.preview(work, catalog, spec))


@pages.get("/design/code")
@signed_in
def propose() -> Response:
    """Give a code for a name: pinyin of Chinese, other letters as they are."""
    return jsonify(code=code_from(request.args.get("text", "")))
