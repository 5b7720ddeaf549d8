"""Coverage: what the panel does for each article of a policy, what people do by hand and why, and what nobody has seen to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, render_template, request
from flask_babel import gettext

from app.catalog.coverage import NAMES, STATES, Covered, Implementer, State, counts, coverage
from app.services import scope
from app.services.panel import Work
from app.web.actor import reading
from app.web.language import label, sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("coverage", __name__)

_TONES: dict[State, str] = {"implemented": "success", "manual": "plain", "parts": "plain", "open": "danger"}


@pages.get("/coverage")
@signed_in
def overview() -> str:
    """Show each policy with how many of its articles are carried out, and how."""
    catalog = reading().catalog
    found = coverage(catalog)
    rows = [
        _totals(articles)
        | {"code": code, "label": label(catalog.policies[code].label), "url": f"{request.script_root}/coverage/{code}"}
        for code, articles in found.items()
    ]
    every = [c for articles in found.values() for c in articles]
    return render_template("coverage.html", title=gettext("制度对照"), policies=rows, total=_totals(every))


@pages.get("/coverage/<code>")
@signed_in
def policy(code: str) -> str:
    """Show the articles of a policy with whatever implements each; ``state`` picks some of them."""
    work = reading()
    articles = coverage(work.catalog).get(code)
    if articles is None:
        abort(404)
    spec, picked = work.catalog.policies[code], request.args.get("state", "")
    number = counts(articles)
    root = f"{request.script_root}/coverage"
    tabs = [
        {"label": gettext("全部"), "url": f"{root}/{code}", "active": picked not in number, "count": len(articles)},
        *(
            {"label": sentence(STATES[s]), "url": f"{root}/{code}?state={s}", "active": picked == s, "count": n}
            for s, n in number.items()
        ),
    ]
    readable = {s.code for s in scope.readable(work)}
    shown = [_article(work, readable, c) for c in articles if picked not in number or c.state == picked]
    return render_template(
        "coverage_policy.html", title=f"{code} {label(spec.label)}", back=root, whole=f"{root}/{code}", source=spec.source,
        lost=label(spec.lost) if spec.lost else "", effective=spec.effective, tabs=tabs, total=_totals(articles), articles=shown,
    )  # fmt: skip


def _totals(articles: Sequence[Covered]) -> dict[str, Any]:
    number = counts(articles)
    said = [(f"{sentence(STATES[s])} {n}", _TONES[s]) for s, n in number.items() if n]
    return {"all": len(articles), "done": len(articles) - number["open"], "open": number["open"], "said": said}


def _article(work: Work, readable: set[str], c: Covered) -> dict[str, Any]:
    groups: dict[tuple[str, str], list[Implementer]] = {}
    for one in c.by:
        groups.setdefault((one.kind, one.register), []).append(one)
    return {
        "no": c.article.no,
        "text": label(c.article.text),
        "state": (sentence(STATES[c.state]), _TONES[c.state]),
        "manual": label(c.article.manual) if c.article.manual is not None else "",
        "parts": c.parts if c.state == "parts" else (),
        "by": [_group(work, readable, register, ones) for (_, register), ones in groups.items()],
    }


def _group(work: Work, readable: set[str], register: str, ones: Sequence[Implementer]) -> dict[str, Any]:
    kind = ones[0].kind
    return {
        "kind": sentence(NAMES[kind]),
        "register": label(work.catalog.registers[register].label) if register else "",
        "url": f"{request.script_root}/grid/{register}" if register in readable else "",
        "names": () if kind in ("register", "retention") else [label(one.label) for one in ones],
    }
