"""What somebody owes as pages show it, soonest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from app.services import lookup, obligations
from app.services.panel import Work
from app.web import record_story, remedies, tickets
from app.web.language import label


def mine(work: Work) -> list[dict[str, Any]]:
    """Return what one owes oneself and what those owe for whom one stands, with their name as ``absent``; soonest first."""
    own = obligations.owed(work, person=work.actor.person_id, roles=work.actor.roles)
    known = {o["id"] for o in own}
    lent = [o | {"absent": name} for name, o in obligations.owed_by_absent(work) if o["id"] not in known]
    return sorted([*own, *lent], key=lambda o: (o["due_at"], o["id"])) if lent else own


def groups(work: Work, owed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return obligations in three groups: overdue, within two days, later; each with the title of its record."""
    titles = lookup.titles_of(work, ((o["register"], o["record_id"]) for o in owed))
    open_to, elsewhere = tickets.record_addresses(work, owed), remedies.forms(work, owed)
    found: dict[str, list[dict[str, Any]]] = {"late": [], "soon": [], "later": []}
    for o, shown in zip(owed, record_story.obligations(work, owed), strict=True):
        spec = work.catalog.registers.get(o["register"])
        days = shown["days_left"] if shown["days_left"] is not None else 0
        address = open_to.get((o["register"], o["record_id"]), "")
        entry = shown | {
            "title": titles.get((o["register"], o["record_id"]), f"#{o['record_id']}"), "duty": shown["label"],
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
