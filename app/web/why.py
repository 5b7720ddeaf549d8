"""Why a ticket is what it is: article, days counted one by one, counter, arithmetic, evidence, entries."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.catalog.duty import Limit
from app.rules.capitals import capitals
from app.rules.price import window
from app.services import assessing, composition, editions, ledger, lookup, people, printing
from app.services.ledger import Explanation
from app.services.panel import Work
from app.web import amounts, counted, obligations, prints, tickets
from app.web.cells import moment, until
from app.web.language import headed, label, language

KINDS = {
    "assessed": "提出", "corrected": "更正", "confirmed": "确认", "waived": "免罚",
    "cancelled": "撤销", "executed": "执行", "voided": "作废", "revived": "恢复", "appealed": "申诉", "withdrawn": "撤回申诉",
    "upheld": "申诉维持", "settled": "月结", "reopened": "月结重开",
}  # fmt: skip


def page(work: Work, number: int, refused: tuple[str, str, str] = ("", "", "")) -> dict[str, Any]:
    """Return what ``why.html`` shows; ``refused``: the step just refused, the reason typed with it, and why.

    Raises Missing.
    """
    e = ledger.why(work, number)
    t = e.ticket
    made = composition.of(work, t)
    address = tickets.record_addresses(work, [t]).get((t["register"], t["record_id"]), "")
    return {
        "title": t["record_no"], "actions": tickets.actions(work, t, refused), "refused": refused,
        "ticket": {
            "number": t["record_no"], "person": t["person_name"],
            "unit": lookup.titles(work, "unit", [t["unit"]]).get(t["unit"], "") if t["unit"] else "",
            "amount": tickets.yuan(t["amount"]), "state": tickets.state(t["state"]), "balance": tickets.balance(t),
            "breached_at": moment(t["occurred_at"]), "label": tickets.rule(work, t),
            "beside": tickets.beside(t["points"], t["sanction"]), "month": t["month"], "outside": bool(t["payer_register"]),
            "capitals": capitals(int(t["amount"] * 100)) if t["amount"] and language() == "zh" else "",
        },
        "edition": obligations.edition(work, t["revision"]), "figures": amounts.of(t, made),
        "joint": tickets.rows(work, made.joint),
        "record": {"number": t["record_title"], "title": "", "url": address},
        "citations": [_article(work, t["revision"], code, article) for code, article in e.articles],
        "due": _due(work, e), "counter": _counter(work, e), "evidence": _evidence(work, e),
        "entries": [
            {
                "at": moment(x["at"]), "who": x["name"], "kind": gettext(KINDS.get(x["kind"], x["kind"])),
                "amount": _signed(x["amount"]), "points": _points(x["points"]), "paid": _signed(x["paid"]),
                "arithmetic": x["arithmetic"], "reason": x["reason"] or "",
            }
            for x in e.entries
        ],
        "files": [{"name": f["name"], "url": f"{tickets.url(number)}/files/{f['id']}"} for f in ledger.files(work, number)],
        "signers": _signers(work, t), "print_url": _on_paper(work, t),
    }  # fmt: skip


def _on_paper(work: Work, t: Mapping[str, Any]) -> str:
    """Return the address of the ticket as its register prints it; empty where it defines no such sheet, or not for this reader."""
    spec = work.catalog.tickets_register(t["counter"]) if t["counter"] else None
    if spec is None or not spec.prints:
        return ""
    return next((prints.url(spec.code, p.code, [t["id"]]) for p in printing.offered(work, spec.code, [t["id"]])), "")


def _signed(amount: Decimal) -> str:
    """Return by how much something changes; nothing for nothing."""
    return f"{'-' if amount < 0 else '+'}{tickets.yuan(abs(amount))}" if amount else ""


def _points(points: Decimal) -> str:
    return f"{points.normalize():+f}" if points else ""


def _signers(work: Work, t: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return who signs the notice on paper: the person fined, and who confirmed it, with the moment of doing so."""
    names = people.names(work, [t["confirmed_person"]] if t["confirmed_person"] is not None else [])
    return [
        {"label": gettext("当事人"), "name": t["person_name"], "at": ""},
        {"label": gettext("确认人"), "name": names.get(t["confirmed_person"], ""), "at": moment(t["confirmed_at"])},
    ]


def _article(work: Work, revision: int, code: str, article: Any) -> dict[str, str]:
    policy = editions.catalog_of(work, revision).policies.get(code.partition("-")[0])
    return {
        "code": code,
        "policy": label(policy.label) if policy else "",
        "article": code,
        "text": label(article.text) if article else "",
    }


def _due(work: Work, e: Explanation) -> dict[str, Any] | None:
    if e.due is None or e.obligation is None:
        return None
    o = e.obligation
    note = gettext("其中有的年份日历尚未公布，期限可能变动。") if e.due.provisional else ""
    spec = editions.catalog_of(work, o["revision"]).registers.get(o["register"])
    allowed = counted.allowed(Limit.model_validate_json(o["limit"]), spec)
    return {
        "started_at": moment(o["started_at"]), "allowed": allowed, "due_at": until(o["due_at"]), "note": note,
        "days": counted.days(work, o, e.due),
        "url": tickets.record_addresses(work, [o]) and obligations.url(o["id"]),
    }  # fmt: skip


def _counter(work: Work, e: Explanation) -> dict[str, Any] | None:
    counter = assessing.counter_of(work, e.ticket["revision"], e.ticket["counter"])
    if counter is None:
        return None
    windows = {"calendar_month": gettext("自然月"), "week": gettext("自然周"), "quarter": gettext("自然季度"), "half_year": gettext("半年"),
               "year": gettext("自然年"), "ever": gettext("不限期"), "rolling": gettext("此前 %(n)s 天内", n=counter.days)}  # fmt: skip
    first, last = window(counter, e.ticket["day"])
    span = "" if counter.window == "ever" else f" {first} – {last}"
    return {
        "label": label(counter.label), "window": f"{windows[counter.window]}{span}",
        "members": [
            {
                "nth": m["ordinal"], "at": moment(m["occurred_at"]), "number": m["record_no"],
                "label": headed(tickets.rule(work, m), m["record_title"]),
                "state": tickets.state(m["state"]), "amount": tickets.yuan(m["amount"]),
                "beside": tickets.beside(m["points"], m["sanction"]), "self": m["id"] == e.ticket["id"],
            }
            for m in e.members
        ],
    }  # fmt: skip


def _evidence(work: Work, e: Explanation) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    o: Mapping[str, Any] | None = e.obligation
    if o is not None:
        duty = editions.catalog_of(work, o["revision"]).duties.get((o["register"], o["duty"]))
        names = people.names(work, [o["person"]] if o["person"] is not None else [])
        found.append({"label": gettext("应办事项"), "value": label(duty.label) if duty else o["duty"], "url": ""})
        found.append({"label": gettext("责任人"), "value": names.get(o["person"] or 0, ""), "url": ""})
        found.append({"label": gettext("完成时间"), "value": moment(o["done_at"]) or gettext("尚未完成"), "url": ""})
    if e.note:
        found.append({"label": gettext("说明"), "value": e.note, "url": ""})
    return found
