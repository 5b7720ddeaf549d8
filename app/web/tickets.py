"""Tickets as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext

from app.services import ledger, related
from app.services.panel import Work
from app.web.cells import moment, record_url
from app.web.language import sentence
from app.web.shapes import Action

TONES = {
    "proposed": "warning",
    "confirmed": "danger",
    "executed": "plain",
    "waived": "success",
    "cancelled": "plain",
    "void": "plain",
}


def yuan(amount: Decimal | None) -> str:
    """Return an amount of money as people read it."""
    return "" if amount is None else f"¥{amount:,.2f}"


def factor(times: Decimal) -> str:
    """Return a multiplier as people read it: ×2, ×1.5."""
    return f"×{times.normalize():f}"


def state(code: str) -> dict[str, str]:
    """Return a ticket's state by its name and tone."""
    said = ledger.STATES.get(code)
    return {"label": sentence(said) if said else code, "tone": TONES.get(code, "plain")}


def url(ticket_id: int) -> str:
    """Return the address of a ticket's Why page."""
    return f"{request.script_root}/fines/{ticket_id}"


def rows(work: Work, tickets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return tickets as a table shows them, each with what this person may do with it."""
    open_to = record_addresses(work, tickets)
    return [
        {
            "id": t["id"], "number": t["record_no"], "label": f"{t['rule_label']}：{t['record_title']}", "person": t["person_name"],
            "breached_at": moment(t["occurred_at"]), "base": yuan(t["base_amount"]), "factor": factor(t["factor"]), "amount": yuan(t["amount"]),
            "state": state(t["state"]), "cite": t["citation"], "why_url": url(t["id"]), "url": url(t["id"]),
            "record_url": open_to.get((t["register"], t["record_id"]), ""),
            "actions": actions(work, t),
        }
        for t in tickets
    ]  # fmt: skip


def record_addresses(work: Work, about: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], str]:
    """Return the addresses of the records that tickets, notices or obligations are about, for those this person may see."""
    wanted: dict[str, set[int]] = {}
    for row in about:
        if row["record_id"] is not None:
            wanted.setdefault(row["register"], set()).add(row["record_id"])
    return {(register, number): record_url(register, number) for register, number in related.seen(work, wanted)}


def actions(work: Work, t: Mapping[str, Any]) -> list[Action]:
    """Return what this person may do with a ticket now."""
    looks = {
        "confirm": (gettext("确认"), "check", "primary", False), "waive": (gettext("免罚"), "heart-handshake", "plain", True),
        "cancel": (gettext("撤销"), "ban", "plain", True), "execute": (gettext("已执行"), "cash", "plain", False),
    }  # fmt: skip
    found = []
    for move in ledger.possible(work, t):
        name, icon, tone, reason = looks[move]
        found.append(Action(name, f"{url(t['id'])}/{move}", "post", icon, tone, "", reason, code=move))
    return found
