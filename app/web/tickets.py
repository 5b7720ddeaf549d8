"""Tickets as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.words import consequence
from app.fields.label import Label
from app.fields.links import File
from app.services import ledger, moving, related
from app.services.panel import Work
from app.web.cells import moment, record_url, until
from app.web.language import headed, label, sentence
from app.web.shapes import Action, Control

TONES = {
    "proposed": "warning",
    "confirmed": "danger",
    "executed": "plain",
    "waived": "success",
    "cancelled": "plain",
    "void": "plain",
    "appealed": "warning",
    "upheld": "danger",
}
FILE = File(code="file", label=Label(zh="证明材料", en="Evidence"))
"""What a person fined may give with an appeal."""


def yuan(amount: Decimal | None) -> str:
    """Return an amount of money as people read it."""
    return "" if amount is None else f"{'-' if amount < 0 else ''}¥{abs(amount):,.2f}"


def beside(points: Decimal, sanction: str | None) -> str:
    """Return what a ticket brings beside money, points and what follows in words; empty where that is nothing."""
    return sentence(consequence(Decimal(0), points, sanction or "")) if points or sanction else ""


def rule(work: Work, t: Mapping[str, Any]) -> str:
    """Return what a ticket is for, in the reader's language."""
    found = ledger.rule(work, t)
    return label(found.label) if found is not None else str(t["rule"])


def factor(times: Decimal) -> str:
    """Return a multiplier as people read it: ×2, ×1.5."""
    return f"×{times.normalize():f}"


def state(code: str) -> dict[str, str]:
    """Return a ticket's state by its name and tone."""
    said = moving.STATES.get(code)
    return {"label": sentence(said) if said else code, "tone": TONES.get(code, "plain")}


def url(ticket_id: int) -> str:
    """Return the address of a ticket's Why page."""
    return f"{request.script_root}/fines/{ticket_id}"


def rows(work: Work, tickets: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return tickets as a table shows them, each with what this person may do with it."""
    open_to = record_addresses(work, tickets)
    return [
        {
            "id": t["id"], "number": t["record_no"], "label": headed(rule(work, t), t['record_title']), "person": t["person_name"],
            "breached_at": moment(t["occurred_at"]), "base": yuan(t["base_amount"]), "factor": factor(t["factor"]),
            "amount": yuan(t["amount"]) if t["amount"] or not also else "", "beside": also,
            "balance": balance(t), "state": state(t["state"]), "cite": t["citation"], "why_url": url(t["id"]), "url": url(t["id"]),
            "record_url": open_to.get((t["register"], t["record_id"]), ""),
            "actions": actions(work, t),
        }
        for t in tickets
        for also in [beside(t["points"], t["sanction"])]
    ]  # fmt: skip


def record_addresses(work: Work, about: Iterable[Mapping[str, Any]]) -> dict[tuple[str, int], str]:
    """Return the addresses of the records that tickets, notices or obligations are about, for those this person may see."""
    wanted: dict[str, set[int]] = {}
    for row in about:
        if row["record_id"] is not None:
            wanted.setdefault(row["register"], set()).add(row["record_id"])
    return {(register, number): record_url(register, number) for register, number in related.seen(work, wanted)}


def actions(work: Work, t: Mapping[str, Any], refused: tuple[str, str, str] = ("", "", "")) -> list[Action]:
    """Return what this person may do with a ticket now; ``refused``: the step just refused, the reason typed with it, and why."""
    looks = {
        "confirm": (gettext("确认"), "check", "primary"), "waive": (gettext("免罚"), "heart-handshake", "plain"),
        "cancel": (gettext("撤销"), "ban", "plain"), "execute": (gettext("已执行"), "cash", "plain"),
        "appeal": (gettext("申诉"), "message-report", "plain"), "withdraw": (gettext("撤回申诉"), "arrow-back-up", "plain"),
        "uphold": (gettext("维持处罚"), "gavel", "primary"), "reinstate": (gettext("恢复处罚"), "arrow-back-up", "plain"),
    }  # fmt: skip
    found = []
    for move in ledger.possible(work, t):
        name, icon, tone = looks[move]
        typed, error = refused[1:] if refused[0] == move else ("", "")
        controls = []
        if moving.MOVES[move].reason:
            controls = [Control("reason", gettext("理由"), "long_text", value=typed, required=True, error=error)]
        if move == "appeal":
            controls.append(Control("file", gettext("证明材料"), "file", max_mb=FILE.max_mb, accept=_accepted()))
        found.append(
            Action(
                name, f"{url(t['id'])}/{move}", "post", icon, tone, _limit(work, t, move), False, controls, code=move
            )
        )
    return found


def _accepted() -> str:
    return ",".join(f".{e}" for e in FILE.extensions)


def _limit(work: Work, t: Mapping[str, Any], move: str) -> str:
    ends = moving.appeal_until(work, t) if move == "appeal" else None
    return gettext("申诉期限至 %(day)s", day=until(ends)) if ends is not None else ""


def balance(t: Mapping[str, Any]) -> str:
    """Return in words what is still to be taken for a ticket or given back; empty where there is nothing."""
    left = t["amount"] - t["paid"]
    if not t["paid"] or not left:
        return ""
    if left > 0:
        return gettext("已扣 %(paid)s，应补扣 %(left)s", paid=yuan(t["paid"]), left=yuan(left))
    return gettext("已扣 %(paid)s，应退还 %(left)s", paid=yuan(t["paid"]), left=yuan(-left))
