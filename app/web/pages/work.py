"""What a person owes, soonest first; and the page one lands on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.services import administration, choosing, duties, ledger, lookup, people, scope
from app.services.panel import Work
from app.web import menu, record_story, remedies, tickets
from app.web.actor import reading
from app.web.language import label
from app.web.pages import inbox
from app.web.pages.signed_in import signed_in

pages = Blueprint("work", __name__)


@pages.get("/work")
@signed_in
def work() -> str:
    """Show what the person owes: all of it, by name alone, or only as a holder of a role."""
    unit = reading()
    whose = request.args.get("of", "")
    me, roles = unit.actor.person_id, unit.actor.roles
    mine = duties.owed(unit, person=None if whose == "role" else me, roles=() if whose == "me" else roles)
    root = f"{request.script_root}/work"
    tabs = [
        {"label": text, "url": root + (f"?of={of}" if of else ""), "active": whose == of, "count": None}
        for of, text in (("", gettext("全部")), ("me", gettext("我名下的")), ("role", gettext("本岗位共有的")))
    ]
    return render_template("work.html", title=gettext("我的工作"), groups=groups(unit, mine), tabs=tabs)


@pages.get("/counts")
@signed_in
def counts() -> Response:
    """Answer the two numbers at the top of the page."""
    return jsonify(menu.counts())


def _mine(work: Work) -> list[dict[str, Any]]:
    """Return what one owes oneself and what those owe for whom one stands, with their name as ``absent``; soonest first."""
    own = duties.owed(work, person=work.actor.person_id, roles=work.actor.roles)
    known = {o["id"] for o in own}
    lent = [o | {"absent": name} for name, o in duties.owed_by_absent(work) if o["id"] not in known]
    return sorted([*own, *lent], key=lambda o: (o["due_at"], o["id"])) if lent else own


def groups(work: Work, owed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return obligations in three groups: overdue, within two days, later; each with the title of its record."""
    titles = {
        code: lookup.titles(work, code, [o["record_id"] for o in owed if o["register"] == code])
        for code in {o["register"] for o in owed}
    }
    open_to, elsewhere = tickets.record_addresses(work, owed), remedies.forms(work, owed)
    found: dict[str, list[dict[str, Any]]] = {"late": [], "soon": [], "later": []}
    for o, shown in zip(owed, record_story.obligations(work, owed), strict=True):
        spec = work.catalog.registers.get(o["register"])
        days = shown["days_left"] if shown["days_left"] is not None else 0
        address = open_to.get((o["register"], o["record_id"]), "")
        entry = shown | {
            "title": titles[o["register"]].get(o["record_id"], f"#{o['record_id']}"), "duty": shown["label"],
            "register": label(spec.label) if spec else o["register"], "url": address,
            "absent": gettext("代 %(name)s", name=o["absent"]) if o.get("absent") else "",
            "remedy": {"label": gettext("去办理"), "url": elsewhere.get(o["id"], address)} if address else None,
            "days_left": min(days, -1) if shown["late"] else days,
        }  # fmt: skip
        found["late" if shown["late"] else "soon" if days <= 2 else "later"].append(entry)
    heads = {
        "late": (gettext("已逾期"), "danger"),
        "soon": (gettext("两天内到期"), "warning"),
        "later": (gettext("以后"), "plain"),
    }
    return [{"label": heads[k][0], "tone": heads[k][1], "entries": entries} for k, entries in found.items() if entries]


class IndexPage(IndexView):
    """The page one lands on: what is most urgent, and how much of everything there is."""

    @expose("/")
    def index(self) -> Response | str:
        if not current_user.is_authenticated:
            return redirect(self.appbuilder.get_url_for_login)
        work = reading()
        nothing = choosing.nothing_yet(work)
        if nothing and administration.may(work) and "later" not in request.args:
            return redirect(url_for("choosing.choose"))
        owed = _mine(work)
        late = sum(o["due_at"] <= work.now for o in owed)
        waiting, root = len(ledger.to_confirm(work)), request.script_root
        figures = [
            {"label": gettext("已逾期"), "value": late, "url": f"{root}/work", "tone": "danger" if late else "plain"},
            {"label": gettext("我的待办"), "value": len(owed), "url": f"{root}/work", "tone": "plain"},
            {
                "label": gettext("待我确认的处罚单"),
                "value": waiting,
                "url": f"{root}/fines?tab=confirm",
                "tone": "warning" if waiting else "plain",
            },
            {"label": gettext("未读通知"), "value": menu.counts()["unread"], "url": f"{root}/inbox", "tone": "plain"},
        ]
        greeting = gettext(
            "%(name)s，您好", name=people.names(work, [work.actor.person_id or 0]).get(work.actor.person_id or 0, "")
        )
        return str(self.render_template(
            "index.html", title=gettext("首页"), greeting=greeting, figures=figures, groups=groups(work, owed[:8]),
            notices=inbox.shown(work, 5), empty=nothing or not scope.used(work), nothing=nothing,
            chooses=administration.may(work),
        ))  # fmt: skip
