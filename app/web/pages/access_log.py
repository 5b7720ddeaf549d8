"""Who saw which of the records that are logged, by which approval, and who looked at the panel as whom."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask_babel import gettext

from app.services import access_log, people
from app.services.panel import Work
from app.web.actor import reading
from app.web.cells import moment
from app.web.language import label
from app.web.pages.signed_in import signed_in
from app.web.shapes import Control

pages = Blueprint("access_log", __name__)

ACTIONS = {"read": "查看", "export": "导出", "print": "打印", "begin": "以他人身份查看", "end": "回到本人"}
SHOWN = 100


@pages.get("/access-log")
@signed_in
def page() -> str:
    """Show the log, latest first; ``person``, ``register`` and ``before`` narrow it. Raises Forbidden."""
    work = reading()
    person, register = request.args.get("person", type=int), request.args.get("register", "")
    found = access_log.lines(
        work, person=person, register=register, before=request.args.get("before", type=int), limit=SHOWN + 1
    )
    shown = found[:SHOWN]
    names = people.names(work, [p for e in shown for p in (e["person"], e["subject"]) if p is not None])
    numbers = access_log.numbers(work, shown)
    older = (
        f"{request.script_root}/access-log?before={shown[-1]['id']}&register={register}" if len(found) > SHOWN else ""
    )
    return render_template(
        "access_log.html", title=gettext("查阅日志"), lines=[_line(work, e, names, numbers) for e in shown],
        older=older + (f"&person={person}" if older and person else ""), asked=_asked(work, person, register),
    )  # fmt: skip


def _line(work: Work, e: dict[str, Any], names: dict[int, str], numbers: dict[tuple[str, int], str]) -> dict[str, str]:
    return {
        "at": moment(e["at"]), "who": names.get(e["person"], ""), "what": gettext(ACTIONS[e["action"]]),
        "record": _named(work, e["register"], e["record_id"], numbers) or names.get(e["subject"] or 0, ""),
        "approval": _named(work, e["approved_in"], e["approval"], numbers), "reason": e["reason"] or "",
    }  # fmt: skip


def _named(work: Work, code: str | None, number: int | None, numbers: dict[tuple[str, int], str]) -> str:
    spec = work.catalog.registers.get(code or "")
    return f"{label(spec.label)} {numbers.get((spec.code, number or 0), '')}" if spec is not None else ""


def _asked(work: Work, person: int | None, register: str) -> list[Control]:
    picked = [{"id": i, "text": n} for i, n in people.names(work, [person] if person else []).items()]
    logged = [s for s in work.catalog.registers.values() if s.logged or any(a.grant for a in s.access)]
    return [
        Control("person", gettext("查阅人"), "person", url=f"{request.script_root}/pick/person", picked=picked),
        Control(
            "register", gettext("登记簿"), "choice", register, options=[{"code": s.code, "label": label(s.label)} for s in logged]
        ),
    ]  # fmt: skip
