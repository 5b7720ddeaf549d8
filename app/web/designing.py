"""What the designer's pages know of the language of definitions, and of the names that a draft may use; in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext

from app.catalog.blank_words import KEYS, OPTIONS, OTHERWISE
from app.catalog.blanks import Blank, Part, field_parts, parts, pieces, sentence_of
from app.catalog.breach import Breach
from app.catalog.catalog import Catalog
from app.catalog.duty import Duty
from app.catalog.register import SYSTEM, VERBS, RegisterSpec, State, Transition
from app.catalog.sentences import IMPOSED
from app.catalog.words import TYPES, VERB_NAMES
from app.errors import Sentence
from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import Link
from app.fields.texts import Choices
from app.services import drafted
from app.services.panel import Work
from app.web.language import label, language, sentence


def grammar() -> dict[str, Any]:
    """Return every part with its sentence and blanks, the field types with theirs, and the verbs."""
    return {
        "parts": {p.name: _part(p) for p in parts()},
        "types": [{"code": p.name, "label": sentence(TYPES[p.name]), **_part(p)} for p in field_parts()],
        "verbs": [{"code": v, "label": sentence(VERB_NAMES[v])} for v in VERBS],
        "keys": {key: sentence(name) for key, name in KEYS.items()},
    }


def _part(part: Part) -> dict[str, Any]:
    said = sentence_of(part.model)
    return {
        "say": pieces(gettext(said), gettext(IMPOSED.template)) if said else [],
        "blanks": {b.key: _blank(part, b) for b in part.blanks},
        "units": [_word(part, u) for u in part.units],
    }


def _blank(part: Part, b: Blank) -> dict[str, Any]:
    found = {
        "kind": b.kind, "of": b.of, "label": _called(part, b.key), "required": b.required, "holds": b.holds, "preset": b.preset,
        "options": [_word(part, o) for o in b.options],
    }  # fmt: skip
    return {k: v for k, v in found.items() if v}


def _word(part: Part, word: str) -> dict[str, str]:
    return {"code": word, "label": _called(part, word, OPTIONS)}


def _called(part: Part, word: str, names: Mapping[str, Sentence] = KEYS) -> str:
    name = OTHERWISE.get((part.name, word)) or names.get(word)
    return sentence(name) if name is not None else word


def names(catalog: Catalog) -> dict[str, Any]:
    """Return all that a definition may name: registers with their fields, states and duties, roles, domains, indicators, policies with articles."""
    return {
        "registers": [register(r) for r in catalog.registers.values()],
        "roles": [{"code": "everyone", "label": gettext("每个人")}, *_named(catalog.roles)],
        "domains": _named(catalog.domains),
        "counters": _named(catalog.counters),
        "indicators": _named(catalog.indicators),
        "icons": list(dict.fromkeys(d.icon for d in catalog.domains.values())),
        "policies": [
            {"code": p.code, "label": label(p.label), "articles": [{"no": a.no, "text": label(a.text)} for a in p.articles]}
            for p in catalog.policies.values()
        ],
        "system": [_field(f) for f in SYSTEM.values()],
    }  # fmt: skip


def _named(group: Any) -> list[dict[str, str]]:
    return [{"code": d.code, "label": label(d.label)} for d in group.values()]


def register(spec: RegisterSpec) -> dict[str, Any]:
    """Return a register with the names of its parts."""
    flow = spec.workflow
    listed: dict[str, Sequence[State | Transition | Duty | Breach]] = {
        "states": flow.states if flow else (), "transitions": flow.transitions if flow else (), "duties": spec.duties,
        "breaches": spec.breaches,
    }  # fmt: skip
    found: dict[str, Any] = {k: [{"code": d.code, "label": label(d.label)} for d in v] for k, v in listed.items() if v}
    return {"code": spec.code, "label": label(spec.label), "fields": [_field(f) for f in spec.fields], **found}


def _field(f: Field) -> dict[str, Any]:
    found: dict[str, Any] = {"code": f.code, "label": label(f.label), "type": f.type}
    if isinstance(f, Choices):
        found["choices"] = [{"code": o.code, "label": o.text(language())} for o in f.choices]
    if isinstance(f, Link) and f.target:
        found["register"] = f.target
    return found


def links(work: Work, number: int, base: str) -> dict[str, Any]:
    """Return the definitions of a draft with their addresses under ``base``: those that it changes, and all others to open."""
    found = drafted.listed(work, number)
    shown = [
        {
            "group": d.group, "label": label(Label.model_validate(d.document.get("label") or d.code)), "code": d.code,
            "url": f"{base}/{d.group}/{d.code}", "changed": d.changed,
        }
        for d in found
    ]  # fmt: skip
    return {"mine": [s for s in shown if s["changed"]], "others": [s for s in shown if not s["changed"]]}
