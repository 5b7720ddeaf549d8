"""What a publication means for the records that are there, as a page shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from flask_babel import gettext

from app.services import scope
from app.services.impact import SHOWN, Impact, Row
from app.services.panel import Work
from app.web.cells import record_url
from app.web.language import sentence
from app.web.shapes import Action


def shown(work: Work, impacts: Sequence[Impact], url: str) -> list[dict[str, Any]]:
    """Return effects on records with links to the first of them; those that keep a publication back are ``danger``.

    ``url`` takes the order to rewrite the records of a merged option.
    """
    tones = {"converts": "warning", "required": "danger", "unique": "danger", "merges": "warning"}
    return [
        {
            "says": sentence(i.says), "tone": "success" if not i.count else tones[i.kind], "samples": i.samples,
            "rows": [_row(i, r) for r in i.rows], "more": max(0, i.count - SHOWN), "act": _rewrite(work, i, url) if i.merge else None,
        }
        for i in impacts
    ]  # fmt: skip


def may_be_for_new_rows(impacts: Sequence[Impact]) -> bool:
    """Return whether records stand in the way of a rule that may be for new ones alone."""
    return any(i.kind == "required" for i in impacts) and all(i.kind != "unique" for i in impacts)


def _row(impact: Impact, row: Row) -> dict[str, str]:
    why = sentence(row.why) if row.why else ""
    return {"number": row.number, "url": record_url(impact.register, row.id), "text": row.text, "why": why}


def _rewrite(work: Work, impact: Impact, url: str) -> Action | None:
    """Return the way to rewrite the records of a merged option, for who may change records of the register."""
    if (
        not impact.merge
        or impact.register not in work.catalog.registers
        or not scope.may(work, impact.register, "edit")
    ):
        return None
    names = ("field", "source", "target")
    query = urlencode({"register": impact.register} | dict(zip(names, impact.merge, strict=True)))
    return Action(gettext("改写这些记录"), f"{url}?{query}", icon="arrow-merge", reason=True)
