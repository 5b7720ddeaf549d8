"""Retired fields, as a page of a draft: since when each is not shown, what it keeps, and bringing it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.catalog.words import TYPES
from app.services import drafting, retired
from app.services.retired import Retired
from app.web.actor import reading, writing
from app.web.language import label, sentence
from app.web.pages.drafts import address
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action

pages = Blueprint("retired", __name__)


@pages.get("/drafts/<int:number>/retired")
@signed_in
def show(number: int) -> str:
    """List the retired fields, of one register where ``?register`` names it, and offer to bring them back. Raises Forbidden, Missing."""
    work = reading()
    d = drafting.get(work, number)
    only = work.catalog.registers.get(request.args.get("register", ""))
    found = [r for r in retired.listed(work) if only is None or r.register is only]
    with_draft = drafting.legible(work, number).registers if found else {}
    may = drafting.may(work) and d["state"] in drafting.CHANGEABLE
    rows = []
    for r in found:
        there = with_draft.get(r.register.code)
        back = there is not None and r.field.code in there.by_code
        rows.append(
            _row(r, number) | {"back": back, "action": _action(r, number) if may and there and not back else None}
        )
    return render_template(
        "retired.html", title=gettext("停用的字段"), name=d["name"], url=address(number), fields=rows,
        only=label(only.label) if only is not None else "",
    )  # fmt: skip


def _row(r: Retired, number: int) -> dict[str, Any]:
    return {
        "label": label(r.field.label), "code": r.field.code, "type": sentence(TYPES[r.field.type]), "register": label(r.register.label),
        "design": address(number, f"/registers/{r.register.code}"), "since": r.since, "revision": r.revision, "kept": r.kept,
    }  # fmt: skip


def _action(r: Retired, number: int) -> Action:
    return Action(gettext("恢复"), address(number, f"/retired/{r.register.code}/{r.field.code}"), icon="arrow-back-up")


@pages.post("/drafts/<int:number>/retired/<register>/<code>")
@signed_in
def bring_back(number: int, register: str, code: str) -> Response:
    """Put a retired field back into the draft and open it there. Raises Forbidden, Missing, Refused."""
    with writing() as work:
        retired.bring_back(work, number, register, code)
    flash(gettext("字段已恢复到草稿，发布后连同原有数据一起显示"), "success")
    return redirect(address(number, f"/registers/{register}#fields"))
