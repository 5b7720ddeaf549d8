"""How a person wants to be told: each kind of notice at once, in the digest or in the inbox alone; quiet hours; language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.rules.quiet import Hours
from app.services import choices, notices
from app.services.choices import Choice
from app.web.actor import reading, writing
from app.web.language import sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("notice_settings", __name__)

TIMES = ("quiet_from", "quiet_to", "digest_at")


@pages.get("/inbox/settings")
@signed_in
def settings() -> str:
    """Show what the person has chosen."""
    return _page(choices.mine(reading()), {}, {})


@pages.post("/inbox/settings")
@signed_in
def save() -> Response | tuple[str, int]:
    """Keep what the person chooses; a refused form comes back as it was typed. Raises Invalid for a forged one."""
    typed = {name: request.form.get(name, "") for name in TIMES}
    times = {name: choices.clock_time(text) for name, text in typed.items()}
    how = {kind: request.form[kind] for kind in notices.NAMES if kind in request.form}
    language, rest_days = request.form.get("language", ""), "rest_days" in request.form
    errors = {name: gettext("时间应写作 08:30") for name, at in times.items() if at is None}
    read = {name: at for name, at in times.items() if at is not None}
    hours = Hours(**read, rest_days=rest_days)
    if errors:
        return _page(Choice(hours, language, how), typed, errors), 422
    with writing() as work:
        choices.save(work, hours, language, how)
    flash(gettext("已保存"), "success")
    return redirect(f"{request.script_root}/inbox/settings")


def _page(choice: Choice, typed: Mapping[str, str], errors: Mapping[str, str]) -> str:
    offered = [
        {
            "code": kind, "label": sentence(name), "chosen": choice.way(kind),
            "ways": [{"code": w, "label": sentence(said), "offered": w in choices.ways(kind)} for w, said in choices.WAYS.items()],
        }
        for kind, name in notices.NAMES.items()
    ]  # fmt: skip
    hours: dict[str, Any] = {name: typed.get(name) or f"{_of(choice.hours, name):%H:%M}" for name in TIMES}
    return render_template(
        "notice_settings.html", title=gettext("通知设置"), kinds=offered, ways=[sentence(w) for w in choices.WAYS.values()],
        hours=hours, rest_days=choice.hours.rest_days, chosen_language=choice.language, errors=errors,
        mail=bool(current_app.config["SETTINGS"].SMTP_URL), inbox_url=f"{request.script_root}/inbox",
    )  # fmt: skip


def _of(hours: Hours, name: str) -> time:
    found: time = getattr(hours, name)
    return found
