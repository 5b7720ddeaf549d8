"""What a person owes, soonest first; and the page one lands on."""

from __future__ import annotations

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import IndexView, expose
from flask_babel import gettext
from flask_login import current_user
from werkzeug.wrappers import Response

from app.services import administration, choosing, obligations, people, scope
from app.services import waiting as records_waiting
from app.web import menu, owing, waiting
from app.web.actor import reading
from app.web.pages import inbox
from app.web.pages.signed_in import signed_in

pages = Blueprint("work", __name__)

TOP = 6
"""What waits for one, shown on the page one lands on."""


@pages.get("/work")
@signed_in
def work() -> str:
    """Show what the person owes: all of it, by name alone, or only as a holder of a role."""
    unit = reading()
    whose = request.args.get("of", "")
    me, roles = unit.actor.person_id, unit.actor.roles
    mine = obligations.owed(unit, person=None if whose == "role" else me, roles=() if whose == "me" else roles)
    root = f"{request.script_root}/work"
    tabs = [
        {"label": text, "url": root + (f"?of={of}" if of else ""), "active": whose == of, "count": None}
        for of, text in (("", gettext("全部")), ("me", gettext("我名下的")), ("role", gettext("本岗位共有的")))
    ]
    return render_template("work.html", title=gettext("我的工作"), groups=owing.groups(unit, mine), tabs=tabs)


@pages.get("/counts")
@signed_in
def counts() -> Response:
    """Answer the numbers at the top of the page and in the menu."""
    return jsonify(menu.counted())


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
        owed = owing.mine(work)
        (found, many), root = records_waiting.records(work, TOP), request.script_root
        decided = [d for kind in waiting.decisions(work) for d in kind["entries"]][: TOP // 2 if found else TOP]
        found = found[: TOP - len(decided)]
        others = waiting.owed(found, owed)
        counted = menu.counted(many)
        late = counted["overdue"]
        figures = [
            {
                "label": gettext("待我办理"),
                "value": counted["waiting"],
                "url": f"{root}/waiting",
                "tone": "warning" if counted["waiting"] else "plain",
            },
            {"label": gettext("已逾期"), "value": late, "url": f"{root}/work", "tone": "danger" if late else "plain"},
            {"label": gettext("我的待办"), "value": len(owed), "url": f"{root}/work", "tone": "plain"},
            {"label": gettext("未读通知"), "value": counted["unread"], "url": f"{root}/inbox", "tone": "plain"},
        ]
        greeting = gettext(
            "%(name)s，您好", name=people.names(work, [work.actor.person_id or 0]).get(work.actor.person_id or 0, "")
        )
        return str(self.render_template(
            "index.html", title=gettext("首页"), greeting=greeting, figures=figures, groups=owing.groups(work, others[:8]),
            notices=inbox.shown(work, 5), decisions=decided, waiting=waiting.entries(work, found, "home"),
            empty=nothing or not scope.used(work), nothing=nothing,
            chooses=administration.may(work),
        ))  # fmt: skip
