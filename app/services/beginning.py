"""A first draft of a register: from its name, the policy behind it, and the fields one thinks of first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.catalog.codes import code_from
from app.catalog.rights import EVERYONE
from app.errors import CellError, Invalid, say
from app.services import drafted, drafting
from app.services.panel import Work


@dataclass(frozen=True)
class Wanted:
    """One field that a new register shall have; ``options`` are those of a choice."""

    label: str
    type: str
    required: bool = False
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """The policy behind a new register: one that is there, by code and article, or a new one by its name and first article."""

    policy: str = ""
    article: str = ""
    name: str = ""
    text: str = ""


def register(
    work: Work,
    number: int | None,
    name: str,
    english: str,
    domain: str,
    rule: Rule,
    fields: Sequence[Wanted],
    keeper: str,
    since: date,
) -> tuple[int, str]:
    """Put a new register into a draft, a new one by default, and return the draft's number and the register's code.

    Everybody enters and sees what concerns him, holders of the role ``keeper`` everything. A new policy is adopted by the whole site
    from ``since``. Raises Forbidden, Missing, Refused, Invalid.
    """
    if not name.strip():
        raise Invalid([CellError("name", say("必填"), label="名称")])
    if number is None:
        number = drafting.begin(work, name)
    cite = _cited(work, number, rule, since)
    taken = {d.code for d in drafted.listed(work, number) if d.group == "registers"}
    keeps = [{"role": keeper, "can": ["read", "add", "edit", "import", "export"]}] if keeper else []
    document: dict[str, Any] = {
        "code": code_from(english or name, taken), "label": {"zh": name.strip()} | ({"en": english.strip()} if english.strip() else {}),
        "domain": domain, **cite, "fields": _fields(fields),
        "access": [{"role": EVERYONE, "can": ["read", "add", "edit"], "rows": "own"}, *keeps],
    }  # fmt: skip
    return number, drafted.create(work, number, "registers", document)


def policy(work: Work, number: int, name: str, text: str, since: date) -> str:
    """Put a new policy with its first article into a draft and return its code. Raises as ``register``."""
    taken = {d.code for d in drafted.listed(work, number) if d.group == "policies"}
    code = next(c for c in (f"S{n:02}" for n in range(1, 1000)) if c not in taken)
    articles = [{"article": "1", "text": text.strip()}] if text.strip() else []
    document = {"policy": code, "label": name.strip(), "adopt_from": since, "articles": articles}
    return drafted.create(work, number, "policies", document)


def definition(work: Work, number: int, group: str, name: str, since: date) -> str:
    """Put a new policy, indicator, role or group of the menu into a draft and return its code.

    A policy is adopted by the whole site from ``since``; an indicator counts records until it is told more. ``group`` is one of
    ``policies``, ``indicators``, ``roles`` and ``domains``. Raises Invalid without a name, and as ``register``.
    """
    if not name.strip():
        raise Invalid([CellError("name", say("必填"), label="名称")])
    if group == "policies":
        return policy(work, number, name, "", since)
    code = code_from(name, {d.code for d in drafted.listed(work, number) if d.group == group})
    if group != "indicators":
        return drafted.create(work, number, group, {"code": code, "label": name.strip()})
    spec = next(r for d in work.catalog.domains for r in work.catalog.registers.values() if r.domain == d)
    counted = {"register": spec.code, "by": "created_at"}
    document = {
        "indicator": code,
        "label": name.strip(),
        "domain": spec.domain,
        "numerator": counted,
        "unit": "count",
        "places": 0,
    }
    return drafted.create(work, number, group, document)


def _cited(work: Work, number: int, rule: Rule, since: date) -> dict[str, Any]:
    code, article = rule.policy, rule.article
    if rule.name.strip():
        code, article = policy(work, number, rule.name, rule.text, since), "1" if rule.text.strip() else ""
    if not code:
        return {}
    return {"cite": {"policy": code} | ({"article": article} if article else {})}


def _fields(wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    for w in wanted:
        if not w.label.strip():
            continue
        made.append({"code": code_from(w.label, {m["code"] for m in made}), "label": w.label.strip(), "type": w.type})
        if w.required:
            made[-1]["required"] = True
        if w.type in ("choice", "choices"):
            made[-1]["choices"] = list(dict.fromkeys(w.options))
    return made
