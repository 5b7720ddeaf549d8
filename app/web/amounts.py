"""How the amount of a ticket comes about, as its page shows it: whoever reckons with these amounts gets what is stored."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from app.rules.charge import plain
from app.services.composition import Composition
from app.web import tickets

DAYS = re.compile(r"([\d.]+)×([\d.]+)%×(\d+) 天")
"""One span of days of interest in a formula: balance, percent a day, days."""


def of(t: Mapping[str, Any], made: Composition) -> dict[str, Any]:
    """Return the figures of a ticket: its lines, what they are multiplied by, the limit, and what they come to."""
    limit = made.limit
    return {
        "lines": [_line(x) for x in made.lines], "base": tickets.yuan(t["base_amount"]),
        "factor": plain(made.factor), "ordinal": t["ordinal"], "dropped": made.dropped,
        "limit_money": _text(limit.money if limit else None), "limit_points": _text(limit.points if limit else None),
        "earlier_money": plain(made.earlier[0]), "earlier_points": plain(made.earlier[1]),
        "amount": plain(t["amount"]), "points": plain(t["points"]), "said": t["arithmetic"],
        "shown": tickets.yuan(t["amount"]), "beside": tickets.beside(t["points"], t["sanction"]),
        "root": made.root["record_no"] if made.root is not None else "",
    }  # fmt: skip


def _line(x: Mapping[str, Any]) -> dict[str, Any]:
    formula = x["formula"] or ""
    return {
        "label": x["label"] or gettext("本次违规"), "from_nth": x["from_nth"], "unit": plain(x["unit_amount"]), "quantity": x["quantity"],
        "points": plain(x["unit_points"]), "sanction": x["sanction"] or "", "formula": formula, "interest": _interest(formula),
        "money": tickets.yuan(x["unit_amount"] * x["quantity"]),
        "corrected": x["corrected_at"] is not None,
    }  # fmt: skip


def _interest(formula: str) -> list[dict[str, str]]:
    """Return the spans of days that interest was reckoned for; none where the formula is no interest."""
    return [
        {"balance": tickets.yuan(Decimal(balance)), "rate": f"{rate}%", "days": days,
         "sum": f"{plain(Decimal(balance) * Decimal(rate) / 100 * int(days))}"}
        for balance, rate, days in DAYS.findall(formula)
    ]  # fmt: skip


def _text(number: Decimal | None) -> str:
    return "" if number is None else plain(number)
