"""What stands above one register: the ways to look at it, and what may be done with it as a whole."""

from __future__ import annotations

from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.register import RegisterSpec
from app.fields.label import Label
from app.services import scope
from app.services.panel import Work
from app.web.language import label
from app.web.shapes import Action

WAYS = {
    "grid": Label(zh="表格", en="Grid"),
    "list": Label(zh="列表", en="List"),
    "board": Label(zh="看板", en="Board"),
    "calendar": Label(zh="日历", en="Calendar"),
}


def tabs(spec: RegisterSpec, current: str) -> list[dict[str, Any]]:
    """Return the tabs above a register as {label, icon, url, active}; ``current`` is grid, list, board or calendar.

    Only a register with a workflow has a board, only one with duties a calendar.
    """
    grid = f"{request.script_root}/grid/{spec.code}"
    ways = [("grid", "table", grid), ("list", "list", f"{request.script_root}/registers/{spec.code}/list/")]
    if spec.workflow and not spec.tickets_of:
        ways.append(("board", "layout-kanban", f"{grid}?mode=board"))
    if spec.duties:
        ways.append(("calendar", "calendar", f"{grid}?mode=calendar"))
    return [
        {"label": label(WAYS[code]), "icon": icon, "url": url, "active": code == current} for code, icon, url in ways
    ]


def list_actions(work: Work, spec: RegisterSpec) -> list[Action]:
    """Return what this person may do with the register: add, import, export what the address asks for."""
    found = []
    if scope.may(work, spec.code, "add") and not spec.tickets_of:
        found.append(
            Action(
                gettext("新增"),
                f"{request.script_root}/registers/{spec.code}/add",
                "get",
                "plus",
                "primary",
                code="add",
            )
        )
    if scope.may(work, spec.code, "import") and not spec.tickets_of:
        found.append(
            Action(gettext("导入"), f"{request.script_root}/imports/{spec.code}", "get", "upload", code="import")
        )
    if scope.may(work, spec.code, "export"):
        query = f"?{request.query_string.decode()}" if request.query_string else ""
        for form, text in (("xlsx", gettext("导出 Excel")), ("csv", gettext("导出 CSV"))):
            url = f"{request.script_root}/exports/{spec.code}.{form}{query}"
            found.append(Action(text, url, "get", "download", code="export"))
    return found
