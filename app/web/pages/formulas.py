"""Formulas: names and functions to complete, what is wrong with one that is typed, and a page on which to try one on records."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog.catalog import Catalog
from app.catalog.formula import help as helping
from app.catalog.formula.functions import OFFERED
from app.catalog.formula.functions.function import Function
from app.catalog.formula.kinds import NAMES
from app.catalog.formula.tokens import Fault
from app.catalog.register import RegisterSpec
from app.services import administration, formula_trial
from app.services.panel import Work
from app.web.actor import reading
from app.web.language import label, sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("formulas", __name__)


@pages.get("/formulas")
@signed_in
def bench() -> str:
    """Show a place to type a formula for a register and see what it gives. Raises Forbidden."""
    work = reading()
    administration.demand(work)
    registers = list(work.catalog.tables())
    chosen = next((s for s in registers if s.code == request.args.get("register")), None)
    kept = work.catalog.formulas.of.get(chosen.code, ()) if chosen else ()
    return render_template(
        "formulas.html", title=gettext("公式"), registers=[(s.code, label(s.label)) for s in registers],
        chosen=chosen and {"code": chosen.code, "label": label(chosen.label)},
        kept=[{"label": label(f.field.label), "text": f.field.formula} for f in kept],
        functions=[_function(f) for f in OFFERED],
    )  # fmt: skip


@pages.get("/formulas/<register>/names")
@signed_in
def names(register: str) -> Response:
    """Answer what formulas of a register may name: {fields: [{text, label, kind, words}], functions: [{name, usage, help}]}.

    Raises Forbidden, Missing.
    """
    work, spec = _asked(register)
    return jsonify(named(work.catalog, spec))


def named(catalog: Catalog, spec: RegisterSpec) -> dict[str, Any]:
    """Return what formulas of a register of a catalog may name."""
    fields = [
        {"text": o.written, "label": label(o.label), "kind": sentence(NAMES[o.kind]) if o.kind else gettext("多条记录"), "words": o.words}
        for o in helping.offers(catalog, spec)
    ]  # fmt: skip
    return {"fields": fields, "functions": [_function(f) for f in OFFERED]}


@pages.post("/formulas/<register>/check")
@signed_in
def check(register: str) -> Response:
    """Answer what a formula (``formula``, of ``field`` where that is given) gives or what is wrong with it.

    {ok, kind, sample: [{name, value}]}, or {ok, sentence, start, end} with the place counted in characters. Raises Forbidden, Missing.
    """
    work, spec = _asked(register)
    return jsonify(checked(work, work.catalog, spec))


def checked(work: Work, catalog: Catalog, spec: RegisterSpec) -> dict[str, Any]:
    """Return what the formula that was sent gives in a register of a catalog, or what is wrong with it; records where the register has its table."""
    text, field = request.form.get("formula", ""), spec.field(request.form.get("field", ""))
    found = helping.check(catalog, spec, text, field)
    if isinstance(found, Fault):
        return {"ok": False, "sentence": sentence(found.sentence), "start": found.start, "end": found.end}
    tried = formula_trial.try_out(work, spec, found, field) if work.catalog.registers.get(spec.code) == spec else []
    rows = [{"name": name, "value": value} for name, value in tried]
    return {"ok": True, "kind": sentence(NAMES[found.kind]), "sample": rows}


def _asked(register: str) -> tuple[Work, RegisterSpec]:
    work = reading()
    administration.demand(work)
    return work, work.spec(register)


def _function(f: Function) -> dict[str, str]:
    return {"name": f.name, "usage": label(f.usage), "help": label(f.help) if f.help else ""}
