"""What a person may do and why: each for oneself, a head for those below, the administrator for everybody."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext

from app.services import administration, lookup, people, rights, viewing
from app.services.panel import Actor, Work
from app.web import rights as words
from app.web.actor import reading
from app.web.language import language_comma
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("rights", __name__)


@pages.get("/rights")
@signed_in
def page() -> str:
    """Show what oneself, or ``person``, may do. Raises Missing, Forbidden."""
    work = reading()
    me = work.actor.person_id or 0
    whose = request.args.get("person", me, type=int)
    held = rights.of(work, whose)
    unit = lookup.titles(work, "unit", [held.actor.unit_id]) if held.actor.unit_id is not None else {}
    return render_template(
        "rights.html", title=gettext("权限"), name=held.actor.name, own=whose == me,
        unit=unit.get(held.actor.unit_id or 0, ""), roles=language_comma().join(words.role(work, r) for r in sorted(held.actor.roles)),
        groups=words.registers(work, held), absent=[
            {
                "title": gettext("代理 %(name)s（至 %(day)s）", name=a.name, day=a.lent),
                "roles": language_comma().join(words.role(work, r) for r in sorted(a.roles)),
                "groups": words.registers(work, rights.held(work, a)),
            }
            for a in held.actor.deputises
        ], powers=words.powers(work, held.powers),
        administration=gettext(words.POWERS["administration"]) if administration.ADMINISTRATOR in held.actor.roles else "",
        choice=_choice(work, whose), look=_look(work, held.actor),
    )  # fmt: skip


def _choice(work: Work, whose: int) -> Control | None:
    """Return the input that asks for somebody else; None for who may see nobody else's."""
    if administration.may(work):
        picked = [{"id": i, "text": n} for i, n in people.names(work, [whose]).items()]
        return Control("person", gettext("谁的权限"), "person", url=f"{request.script_root}/pick/person", picked=picked)
    led = people.led(work)
    if not led:
        return None
    named: dict[int, Any] = people.names(work, [work.actor.person_id or 0, *led])
    options = [{"code": str(i), "label": n} for i, n in sorted(named.items(), key=lambda p: p[1])]
    return Control("person", gettext("谁的权限"), "choice", str(whose), options=options)


def _look(work: Work, whom: Actor) -> Action | None:
    """Return the button to look as somebody, for who may."""
    if not viewing.may(work, whom):
        return None
    return Action(
        gettext("以此人身份查看"), f"{request.script_root}/viewing/{whom.person_id}/begin", icon="eye", reason=True,
        confirm=gettext("您会看到这个人的菜单、页面和表单；您本人无权查看的记录不显示，也不能办理任何事项。谁、何时、为何查看都会记入日志。"),
    )  # fmt: skip
