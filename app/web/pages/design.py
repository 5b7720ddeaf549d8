"""Definitions in a draft as JSON: what the pages read and write in which registers, policies and roles are designed.

All addresses ask for a signed-in administrator (403 otherwise; who approves drafts may read) and, where they change something, for the
page's token in ``X-CSRFToken``. Errors answer ``{"message": sentence, "errors": [{field, message}]}`` with 403, 404, 409, 422.

A draft is the difference from the files in force; nothing is in force before it is published. ``group`` is one of ``registers``,
``policies``, ``indicators``, ``roles``, ``domains``; ``code`` is what the definition is called there.

``POST /design/drafts`` ``{name}``
    → 201 ``{draft}``: begins a draft.
``GET /design/drafts/<n>``
    → ``{draft, name, state, changeable, url, definitions: [{group, code, label: {zh, en}, shipped, changed, path}]}``
``GET /design/drafts/<n>/<group>/<code>``
    → a definition ``{group, code, path, shipped, changed, document, text, findings, locks, others}``.
    ``document`` is what the YAML says, with days as ``"2026-01-31"`` and decimals as numbers; short forms stay short (a label may be a
    text or ``{zh, en}``; see ``GET /design/schema``). Of what was shipped it is what the site's adjustment makes of it. ``text`` is
    the YAML of the site's file ``path``, empty before the first change of something shipped. ``findings`` are
    ``{check, level: "error"|"warning", sentence, at, path, file, line}``: ``at`` is a list of keys and indexes that leads to the
    place in ``document`` (``["fields", 3, "type"]``; a key that is missing is named too). ``others`` counts the errors elsewhere.
    ``locks`` are what of a shipped definition an adjustment may not change: ``{at, articles: ["P05-C1"], anew, more, tighter}``, where a
    member of a list is named by its code in ``at``, and the last three are the keys there that may be said anew, added to and tightened
    all the same. ``original`` is the document as it was shipped, null for the site's own.
``PUT /design/drafts/<n>/<group>/<code>`` ``{document, seen?}``
    → the same, after the change. Send back the whole ``document``: what did not change keeps its text byte for byte. ``seen`` is the
    ``text`` that the page started from: 409 where somebody else changed it meanwhile. Errors do not keep a document from being kept,
    only from being published. Of what was shipped, what is added, tightened or renamed becomes an extension under ``site/``, and what may
    not be is a finding that names the article. The code of what is in force stays.
``POST /design/drafts/<n>/<group>`` ``{document}``
    → 201 with the new definition, as above.
``DELETE /design/drafts/<n>/<group>/<code>``
    → 200 ``{}``: takes away a definition of the site's own, or its adjustment of a shipped one.
``GET /design/drafts/<n>/plan``
    → ``{sentences, findings: [{…, group, code}], publishable}``: what publishing would change.
``GET /design/schema``
    → the JSON Schema of the language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, jsonify, request

from app.catalog import wire
from app.catalog.findings import errors
from app.catalog.schema import json_schema
from app.errors import Refused, say
from app.services import drafted, drafting, enacting
from app.services.drafted import Definition, Remark
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.language import sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("design", __name__)


def _given() -> dict[str, Any]:
    """Return the JSON object that was sent, with exact decimals."""
    try:
        body = json.loads(request.get_data(), parse_float=Decimal)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise Refused(say("请求须为 JSON 对象"))
    return body


def _document(body: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(document := body.get("document"), dict):
        raise Refused(say("请求须为 JSON 对象"))
    found: dict[str, Any] = wire.from_json(document)
    return found


@pages.get("/design/schema")
@signed_in
def schema() -> Response:
    """Give the JSON Schema of definitions."""
    return jsonify(json_schema())


@pages.post("/design/drafts")
@signed_in
def begin() -> tuple[Response, int]:
    """Begin a draft. Raises Forbidden, Invalid."""
    name = str(_given().get("name") or "")
    with writing() as work:
        number = drafting.begin(work, name)
    return jsonify({"draft": number}), 201


@pages.get("/design/drafts/<int:number>")
@signed_in
def show(number: int) -> Response:
    """List the definitions of a draft. Raises Forbidden, Missing."""
    work = reading()
    d = drafting.get(work, number)
    return jsonify(
        {
            "draft": number, "name": d["name"], "state": d["state"], "url": f"{request.script_root}/drafts/{number}",
            "changeable": d["state"] in drafting.CHANGEABLE and drafting.may(work),
            "definitions": [_listed(x) for x in drafted.listed(work, number)],
        }
    )  # fmt: skip


def _listed(x: Definition) -> dict[str, Any]:
    name = x.document.get("label", x.code)
    named = name if isinstance(name, dict) else {"zh": str(name)}
    return {
        "group": x.group, "code": x.code, "label": wire.to_json(named), "shipped": x.shipped, "changed": x.changed, "path": x.path,
    }  # fmt: skip


@pages.get("/design/drafts/<int:number>/plan")
@signed_in
def plan(number: int) -> Response:
    """Say what publishing a draft would change. Raises Forbidden, Missing."""
    work = reading()
    drafting.get(work, number)
    planned = enacting.plan(work, number)
    return jsonify(
        {
            "sentences": [sentence(s) for s in planned.sentences],
            "findings": [_finding(r) | {"group": r.group, "code": r.code} for r in drafted.remarks(work, number, planned.findings)],
            "publishable": planned.catalog is not None and bool(drafting.changes(work, number)),
        }
    )  # fmt: skip


def _finding(remark: Remark) -> dict[str, Any]:
    f = remark.finding
    return {
        "check": f.check, "level": f.level, "sentence": sentence(f.sentence), "at": list(remark.at),
        "path": f.path, "file": f.file, "line": f.line,
    }  # fmt: skip


def _answer(work: Work, number: int, group: str, code: str) -> dict[str, Any]:
    x = drafted.get(work, number, group, code)
    found = drafted.remarks(work, number, drafting.catalog(work, number)[1])
    mine = [r for r in found if (r.group, r.code) == (group, code)]
    elsewhere = errors([r.finding for r in found if r not in mine])
    return {
        "group": group, "code": code, "path": x.path, "shipped": x.shipped, "changed": x.changed,
        "document": wire.to_json(x.document), "text": x.text, "findings": [_finding(r) for r in mine], "others": len(elsewhere),
        "locks": [asdict(lock) for lock in x.locks], "original": wire.to_json(x.original) if x.original is not None else None,
    }  # fmt: skip


@pages.get("/design/drafts/<int:number>/<group>/<code>")
@signed_in
def read(number: int, group: str, code: str) -> Response:
    """Give one definition. Raises Forbidden, Missing, Refused."""
    return jsonify(_answer(reading(), number, group, code))


@pages.put("/design/drafts/<int:number>/<group>/<code>")
@signed_in
def write(number: int, group: str, code: str) -> Response:
    """Change one definition. Raises Forbidden, Missing, Refused, Conflict, Invalid."""
    body = _given()
    document, seen = _document(body), body.get("seen")
    with writing() as work:
        called = drafted.write(work, number, group, code, document, seen if isinstance(seen, str) else None)
    return jsonify(_answer(reading(), number, group, called))


@pages.post("/design/drafts/<int:number>/<group>")
@signed_in
def create(number: int, group: str) -> tuple[Response, int]:
    """Add a definition. Raises Forbidden, Missing, Refused, Invalid."""
    document = _document(_given())
    with writing() as work:
        code = drafted.create(work, number, group, document)
    return jsonify(_answer(reading(), number, group, code)), 201


@pages.delete("/design/drafts/<int:number>/<group>/<code>")
@signed_in
def remove(number: int, group: str, code: str) -> Response:
    """Take away a definition of the site's own. Raises Forbidden, Missing, Refused."""
    with writing() as work:
        drafted.remove(work, number, group, code)
    return jsonify({})
