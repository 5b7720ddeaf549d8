"""The story of a record: what it owes, how it changed, on which articles it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.base import Citation
from app.catalog.register import RegisterSpec
from app.fields.base import Field, Unreadable
from app.fields.links import Signature
from app.fields.texts import Choice
from app.services import adoption, editions, people, versions
from app.services.panel import Work
from app.services.versions import RecordVersion
from app.web.cells import MOMENT, Names, cell, in_place, moment, record_url, until
from app.web.language import label

SOURCES = {
    "form": "表单", "grid": "表格", "api": "接口", "import": "导入", "cli": "命令行", "demo": "演示数据", "sweep": "系统巡检",
    "recalc": "重算", "system": "系统",
}  # fmt: skip


def obligations(work: Work, owed: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return obligations as people read them: what, who, until when, how many days are left."""
    names = people.names(work, [o["person"] for o in owed if o["person"] is not None])
    found = []
    for o in owed:
        duty = editions.catalog_of(work, o["revision"]).duties.get((o["register"], o["duty"]))
        role = work.catalog.roles.get(o["role"] or "")
        days = (o["due_on"] - work.today).days
        late, stands = _late(work, o), standing(work, o)
        found.append({
            "label": label(duty.label) if duty else o["duty"], "person": names.get(o["person"]) or (label(role.label) if role else ""),
            "due_at": until(o["due_at"]), "days_left": days if o["state"] == "open" else None,
            "state": stands["label"], "tone": stands["tone"], "cite": o["citation"],
            "url": record_url(o["register"], o["record_id"]), "why_url": f"{request.script_root}/obligations/{o['id']}",
            "provisional": o["provisional"], "late": late,
        })  # fmt: skip
    return found


def _late(work: Work, o: Mapping[str, Any]) -> bool:
    return bool(o["due_at"] <= (o["done_at"] or work.now))


def standing(work: Work, o: Mapping[str, Any]) -> dict[str, str]:
    """Return how an obligation stands: in words, and their tone."""
    late = _late(work, o)
    if o["state"] == "void":
        return {"label": gettext("已不适用"), "tone": "plain"}
    if o["done_at"] is not None:
        return {"label": gettext("逾期完成") if late else gettext("已完成"), "tone": "danger" if late else "success"}
    if late:
        return {"label": gettext("已逾期"), "tone": "danger"}
    return {"label": gettext("待办"), "tone": "warning" if (o["due_on"] - work.today).days <= 2 else "plain"}


def history(work: Work, spec: RegisterSpec, number: int) -> list[dict[str, Any]]:
    """Return the changes of a record as people read them, latest first."""
    revisions = versions.of_record(work, spec.code, number)
    sides = [
        {code: _value(spec, code, pair[side]) for code, pair in r.changes.items()} | {"id": number}
        for r in revisions
        for side in (0, 1)
    ]
    fields = {c: f for r in sides for c in r if (f := spec.column(c)) is not None}
    names = Names(work, fields.values(), sides)
    found = []
    for at, r in enumerate(revisions):
        old, new = sides[2 * at], sides[2 * at + 1]
        move = spec.workflow.transition(r.transition) if spec.workflow and r.transition else None
        found.append({
            "at": moment(r.at), "who": in_place(r.name, r.on_behalf), "source": gettext(SOURCES.get(r.source, r.source)), "reason": r.reason or "",
            "what": label(move.label) if move else _what(r),
            "changes": [
                {
                    "label": label(fields[c].label), "old": _told(names, spec, fields[c], old, pair[0]),
                    "new": _told(names, spec, fields[c], new, pair[1]),
                }
                for c, pair in r.changes.items() if c in fields
            ],
        })  # fmt: skip
    return found


def _told(names: Names, spec: RegisterSpec, field: Field, side: dict[str, Any], kept: Any) -> str:
    """Return a value as it reads now; what the field can no longer read, as it was written then."""
    return cell(names, spec, field, side).text if kept is None or side[field.code] is not None else str(kept)


def _what(revision: RecordVersion) -> str:
    if "archived_at" in revision.changes:
        return gettext("归档") if revision.changes["archived_at"][1] else gettext("恢复")
    return gettext("登记") if revision.version == 1 else gettext("修改")


def _value(spec: RegisterSpec, code: str, kept: Any) -> Any:
    f = (
        MOMENT
        if isinstance(spec.column(code.removesuffix("_at")), Signature) and code.endswith("_at")
        else spec.column(code)
    )
    if isinstance(f, Choice) and f.option(kept):
        return kept  # also one that was merged into another since
    try:
        return f.from_json(kept) if f is not None else kept
    except (Unreadable, ValueError, TypeError):  # what an older definition of the field allowed
        return None


def cites(work: Work, spec: RegisterSpec, unit: int | None) -> list[Citation]:
    """Return what a register and its duties and breaches cite of the policies that a unit applies; all of it where it applies none."""
    bound = adoption.policies(work, unit, work.today)
    every = list(_cites(spec))
    return [c for c in every if c.policy in bound] or every


def _cites(spec: RegisterSpec) -> Iterable[Citation]:
    yield from spec.cite
    for duty in spec.duties:
        for limit in duty.within:
            yield from limit.cite
    for breach in spec.breaches:
        yield from breach.cite
        for amount in breach.amount:
            yield from amount.cite


def citations(work: Work, cited: Iterable[Citation]) -> list[dict[str, str]]:
    """Return the articles behind citations, each once, with their text where we have it."""
    found = []
    for c in dict.fromkeys(cited):
        policy = work.catalog.policies.get(c.policy)
        article = next((a for a in policy.articles if a.no == c.article), None) if policy else None
        found.append({
            "code": str(c), "policy": label(policy.label) if policy else c.policy, "article": c.article,
            "text": label(article.text) if article else "",
        })  # fmt: skip
    return found
