"""The groups that are told by their robot, for who looks after the site: which notices each gets, and a trial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request
from flask_babel import gettext
from werkzeug.wrappers import Response

from app.errors import Invalid
from app.services import connecting, lookup, notices
from app.services.channels import ROBOTS
from app.services.connecting import Wish
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.language import label, language_comma, sentence
from app.web.pages.signed_in import signed_in
from app.web.shapes import Action, Control

pages = Blueprint("channels", __name__)

LANGUAGES = {"zh": "中文", "en": "English"}


def tabs(active: str) -> list[dict[str, Any]]:
    """Return the two pages of what leaves the panel."""
    root = request.script_root
    return [
        {"label": gettext("群机器人"), "url": f"{root}/channels", "active": active == "channels"},
        {"label": gettext("发件箱"), "url": f"{root}/channels/outbox", "active": active == "outbox"},
    ]


@pages.get("/channels")
@signed_in
def channels() -> str:
    """List the groups. Raises Forbidden."""
    work = reading()
    found = connecting.listed(work)
    units = lookup.titles(work, "unit", {u for c in found for u in c["units"]})
    return render_template(
        "channels.html", title=gettext("通知渠道"), tabs=tabs("channels"), new_url=f"{request.script_root}/channels/new",
        channels=[_row(work, c, units) for c in found], mail=bool(current_app.config["SETTINGS"].SMTP_URL),
    )  # fmt: skip


def _row(work: Work, c: Mapping[str, Any], units: Mapping[int, str]) -> dict[str, Any]:
    url = f"{request.script_root}/channels/{c['id']}"
    roles = [label(work.catalog.roles[r].label) for r in c["roles"] if r in work.catalog.roles]
    return {
        "name": c["name"], "kind": sentence(ROBOTS[c["kind"]][0]), "url": url, "active": c["active"],
        "kinds": language_comma().join(sentence(notices.NAMES[k]) for k in c["kinds"] if k in notices.NAMES),
        "whom": language_comma().join([*roles, *(units[u] for u in c["units"] if u in units)]) or gettext("所有人的通知"),
        "trial": Action(gettext("发送测试"), f"{url}/trial", icon="send") if c["active"] else None,
    }  # fmt: skip


@pages.get("/channels/new")
@signed_in
def new() -> str:
    """Show the form of a new group. Raises Forbidden."""
    connecting.listed(reading())
    return _form(None, Wish("", ()), {})


@pages.get("/channels/<int:number>")
@signed_in
def edit(number: int) -> str:
    """Show the form of a group; its address stays hidden. Raises Forbidden, Missing."""
    c = connecting.get(reading(), number)
    return _form(
        number, Wish(c["name"], tuple(c["kinds"]), tuple(c["roles"]), tuple(c["units"]), c["language"], c["active"]), {}
    )


@pages.post("/channels/new", defaults={"number": None})
@pages.post("/channels/<int:number>")
@signed_in
def save(number: int | None) -> Response | tuple[str, int]:
    """Keep a group; a refused form comes back as it was typed. Raises Forbidden, Missing."""
    f = request.form
    wish = Wish(
        f.get("name", ""), tuple(f.getlist("kinds")), tuple(f.getlist("roles")),
        tuple(int(u) for u in f.getlist("units") if u.isdecimal() and len(u) < 19),
        f.get("language", ""), f.get("active") == "1", f.get("address", ""), f.get("secret", ""),
    )  # fmt: skip
    try:
        with writing() as work:
            connecting.save(work, number, wish)
    except Invalid as invalid:
        return _form(number, wish, {e.field: sentence(e.reason) for e in invalid.errors}), 422
    flash(gettext("已保存"), "success")
    return redirect(f"{request.script_root}/channels")


@pages.post("/channels/<int:number>/trial")
@signed_in
def trial(number: int) -> Response:
    """Lay a trial message into the outbox. Raises Forbidden, Missing."""
    with writing() as work:
        connecting.try_out(work, number)
    flash(gettext("测试消息半分钟内发出，结果见下方"), "success")
    return redirect(f"{request.script_root}/channels/outbox")


def _form(number: int | None, wish: Wish, errors: Mapping[str, str]) -> str:
    work = reading()
    names = lookup.titles(work, "unit", wish.units)
    kept = gettext("已保存，不再显示；要更换请粘贴新的") if number is not None else ""
    controls = [
        Control("name", gettext("名称"), "text", wish.name, required=True, help=gettext("如：客户关爱部群")),
        Control(
            "address", gettext("机器人地址"), "text", wish.address if errors else "", required=number is None,
            help=kept or gettext("在群里添加自定义机器人后得到的地址，企业微信、钉钉、飞书均可；关键词请填“规簿”"),
        ),
        Control("secret", gettext("加签密钥"), "text", help=gettext("只有钉钉机器人选了“加签”才需要")),
        Control("kinds", gettext("发哪些通知"), "choices", wish.kinds, required=True,
                options=[{"code": k, "label": sentence(n)} for k, n in notices.NAMES.items()]),
        Control("roles", gettext("只发给这些角色的通知"), "choices", wish.roles, help=gettext("不选则不限"),
                options=[{"code": r.code, "label": label(r.label)} for r in work.catalog.roles.values()]),
        Control("units", gettext("只发给这些部门的通知"), "unit", help=gettext("含下级部门；不选则不限"), several=True,
                url=f"{request.script_root}/pick/unit", picked=[{"id": u, "text": names.get(u, "")} for u in wish.units]),
        Control("language", gettext("语言"), "choice", wish.language, required=True,
                options=[{"code": c, "label": n} for c, n in LANGUAGES.items()]),
        Control("active", gettext("启用"), "yesno", "1" if wish.active else "0", required=True,
                options=[{"code": "1", "label": gettext("是")}, {"code": "0", "label": gettext("否")}]),
    ]  # fmt: skip
    for c in controls:
        c.error = errors.get(c.code, "")
    return render_template(
        "channel.html", title=gettext("新增群机器人") if number is None else wish.name or gettext("群机器人"), asked=controls,
        back_url=f"{request.script_root}/channels",
    )  # fmt: skip
