"""The side bar and the two numbers at the top."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import current_app, g, request
from flask_babel import gettext
from flask_login import current_user

from app.services import (
    access_log,
    administration,
    attention,
    closing,
    drafting,
    enacting,
    recalculation,
    scope,
    whatif,
)
from app.web.actor import reading
from app.web.language import label
from app.web.viewing import viewed_as


def counts() -> dict[str, int | None]:
    """Return how many notices are unread, how much is overdue and how much waits for one, None where that is not known yet.

    Asked once in a request.
    """
    if not current_user.is_authenticated:
        return {"unread": 0, "overdue": 0, "waiting": 0}
    if "counts" not in g:
        g.counts = {"unread": 0, "overdue": 0, "waiting": 0} if viewed_as() else asdict(attention.counts(reading()))
    found: dict[str, int | None] = g.counts
    return found


def counted(records: int | None = None) -> dict[str, int | None]:
    """Return the same, counted where they are not known; ``records`` are how many records wait, where that has just been read."""
    if current_user.is_authenticated and not viewed_as():
        g.counts = asdict(attention.counted(reading(), records))
    return counts()


def menu() -> list[dict[str, Any]]:
    """Return the groups of the side bar: one's own work, the registers one may read by domain, administration."""
    if not current_user.is_authenticated:
        return []
    return [{"label": "", "icon": "", "open": True, "entries": _own()}, *_registers(), *_administration()]


def _entry(
    text: str, url: str, icon: str = "", badge: int | None = 0, tone: str = "", count: str = ""
) -> dict[str, Any]:
    url = request.script_root + url
    active = request.path == url if url == "/" else request.path.startswith(url.removesuffix("list/"))
    return {"label": text, "url": url, "icon": icon, "active": active, "badge": badge, "tone": tone, "count": count}


def _register(text: str, code: str) -> dict[str, Any]:
    """Return the entry of a register: it opens the grid, and stands for every page of the register."""
    entry = _entry(text, f"/grid/{code}")
    pages = (
        f"{request.script_root}/grid/{code}",
        f"{request.script_root}/registers/{code}",
        f"{request.script_root}/imports/{code}",
    )
    return entry | {"active": any(request.path == page or request.path.startswith(f"{page}/") for page in pages)}


def _own() -> list[dict[str, Any]]:
    number = counts()
    closes = [_entry(gettext("月结"), "/closings", "lock")] if closing.concern(reading()) else []
    return [
        _entry(gettext("首页"), "/", "home"),
        _entry(gettext("待我办理"), "/waiting", "signature", number["waiting"], count="waiting"),
        _entry(gettext("我的工作"), "/work", "checklist", number["overdue"], "danger", "overdue"),
        _entry(gettext("处罚单"), "/fines", "receipt"),
        *closes,
        _entry(gettext("指标"), "/indicators", "chart-bar"),
        _entry(gettext("工作日历"), "/calendar", "calendar-month"),
        _entry(gettext("制度对照"), "/coverage", "list-check"),
        _entry(gettext("通知"), "/inbox", "bell", number["unread"]),
        _entry(gettext("权限"), "/rights", "shield-check"),
    ]


def _registers() -> list[dict[str, Any]]:
    work = reading()
    groups: dict[str, list[dict[str, Any]]] = {}
    for spec in scope.used(work):
        groups.setdefault(spec.domain, []).append(_register(label(spec.label), spec.code))
    domains = work.catalog.domains
    ordered = [*(d for d in domains if d in groups), *(d for d in groups if d not in domains)]
    return [
        {
            "label": label(domains[d].label) if d in domains else d,
            "icon": domains[d].icon if d in domains else "book",
            "open": any(e["active"] for e in groups[d]),
            "entries": groups[d],
        }
        for d in ordered
    ]


def _administration() -> list[dict[str, Any]]:
    security = current_app.extensions["appbuilder"].sm
    pages = [
        (gettext("用户"), "/users/list/", "users", ("can_list", "UserDBModelView")),
        (gettext("角色"), "/roles/list/", "shield-lock", ("can_list", "RoleModelView")),
        (gettext("运行状况"), "/operations", "heartbeat", ("can_watch", "operations")),
    ]
    entries = [
        _entry(text, url, icon)
        for text, url, icon, (permission, resource) in pages
        if security.has_access(permission, resource)
    ]
    work = reading()
    if drafting.sees(work):
        entries.append(_entry(gettext("定义草稿"), "/drafts", "pencil", len(enacting.to_decide(work))))
        entries.append(_entry(gettext("发布"), "/publications", "stack-2"))
    if administration.may(work):
        entries.append(_entry(gettext("制度施行"), "/adoptions", "gavel"))
        entries.append(_entry(gettext("上线日"), "/go-live", "calendar-check"))
        entries.append(_entry(gettext("通知渠道"), "/channels", "send"))
        entries.append(_entry(gettext("登记簿存档"), "/archives", "archive"))
        entries.append(_entry(gettext("导出记录"), "/exports", "file-export"))
        entries.append(_entry(gettext("公式"), "/formulas", "math-function"))
    if access_log.may(work):
        entries.append(_entry(gettext("查阅日志"), "/access-log", "eye"))
    if recalculation.concern(work):
        entries.append(_entry(gettext("重算"), "/recalculations", "refresh"))
    if whatif.may(work):
        entries.append(_entry(gettext("试算"), "/whatif", "flask"))
    return [{"label": gettext("系统"), "icon": "settings", "open": False, "entries": entries}] if entries else []
