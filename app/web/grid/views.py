"""Saved views of a grid, each with an address of its own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from app.catalog.register import RegisterSpec
from app.services import views
from app.services.panel import Work
from app.services.views import View
from app.web.actor import current_actor, reading, writing
from app.web.grid import asked
from app.web.pages.signed_in import signed_in

pages = Blueprint("grid_views", __name__, url_prefix="/grid/<register>/views")


def shown(work: Work, spec: RegisterSpec) -> list[dict[str, Any]]:
    """Return the views that this person may use."""
    return [_view(spec.code, v) for v in views.all_of(work, spec.code)]


def _view(register: str, v: View) -> dict[str, Any]:
    mine = v.person == current_actor().person_id
    return {
        "id": v.id, "name": v.name, "mine": mine, "owner": v.owner, "roles": list(v.roles) if mine else [],
        "url": f"{request.script_root}/grid/{register}?view={v.id}", "config": v.config, "reduced": v.reduced,
    }  # fmt: skip


@pages.get("")
@signed_in
def every(register: str) -> Response:
    """Answer the views that this person may use. Raises Missing, Forbidden."""
    return asked.answer({"views": shown(reading(), reading().spec(register))})


@pages.post("")
@signed_in
def add(register: str) -> Response:
    """Keep a view. Raises Missing, Forbidden, Invalid, Refused."""
    body = asked.body()
    config = asked.mapping(body.get("config") or {})
    asked.filters(reading(), register, config.get("filter"))
    roles = asked.words(body.get("roles"), "roles") or []
    with writing("grid") as work:
        number = views.create(work, register, asked.text(body.get("name")), config, roles)
    return asked.answer(_view(register, views.one(reading(), register, number)), 201)


@pages.put("/<int:number>")
@signed_in
def change(register: str, number: int) -> Response:
    """Change one's own view. Raises Missing, Forbidden, Invalid, Refused."""
    body = asked.body()
    config = asked.mapping(body["config"]) if body.get("config") is not None else None
    if config is not None:
        asked.filters(reading(), register, config.get("filter"))
    name = asked.text(body["name"]) if body.get("name") is not None else None
    with writing("grid") as work:
        views.change(work, register, number, name=name, config=config, roles=asked.words(body.get("roles"), "roles"))
    return asked.answer(_view(register, views.one(reading(), register, number)))


@pages.delete("/<int:number>")
@signed_in
def remove(register: str, number: int) -> Response:
    """Forget one's own view. Raises Missing, Forbidden."""
    with writing("grid") as work:
        views.remove(work, register, number)
    return asked.answer({"ok": True})
