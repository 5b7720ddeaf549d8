"""Inputs of a form from the fields of a register, and back from what was typed to values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as member
from typing import Any

from flask import request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage, MultiDict

from app.catalog.register import RegisterSpec
from app.errors import CellError, Sentence
from app.fields.base import Field, Unreadable
from app.fields.links import File, Link, Person, Role
from app.fields.numbers import YesNo
from app.fields.texts import Choices
from app.services import files, lookup
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.cells import Names, ids_of, kind_of, text_of
from app.web.language import label, language, language_comma, sentence
from app.web.shapes import Control


@dataclass
class Typed:
    """What a person sent: readable values, what was wrong, and every text as typed so that nothing is lost."""

    values: dict[str, Any] = member(default_factory=dict)
    errors: list[CellError] = member(default_factory=list)
    texts: dict[str, Any] = member(default_factory=dict)


def controls(
    work: Work, spec: RegisterSpec, fields: Sequence[Field], values: Mapping[str, Any], typed: Typed | None = None
) -> list[Control]:
    """Return one input for each field, holding what was typed, else ``values``; each error stands at its field."""
    typed = typed or Typed()
    shown = {**values, **{c: v for c, v in typed.values.items() if c in values or v is not None}}
    names = Names(work, fields, [shown])
    errors = {e.field: sentence(e.reason) for e in reversed(typed.errors)}
    return [
        _control(work, spec, f, shown.get(f.code), names, typed.texts.get(f.code), errors.get(f.code, ""))
        for f in fields
    ]


def _control(work: Work, spec: RegisterSpec, f: Field, value: Any, names: Names, text: Any, error: str) -> Control:
    made = Control(
        f.code,
        label(f.label),
        kind_of(f),
        required=f.required,
        help=label(f.help) if f.help else "",
        error=error,
        readonly=not f.typed,
    )
    made.value = text if text is not None else input_text(f, value)
    made.several = f.many or (isinstance(f, Choices) and f.type == "choices")
    match f:
        case Choices():
            made.options = [
                {"code": o.code, "label": o.text(language())}
                for o in f.choices
                if not o.retired or o.code in (value or ())
            ]
        case YesNo():
            made.options = [{"code": "1", "label": gettext("是")}, {"code": "0", "label": gettext("否")}]
        case Role():
            made.options = [{"code": r.code, "label": label(r.label)} for r in work.catalog.roles.values()]
        case File():
            made.accept, made.max_mb = ",".join(f".{e}" for e in f.extensions), f.max_mb
            made.url = f"{request.script_root}/upload/{spec.code}/{f.code}"
        case Link():
            made.url = f"{request.script_root}/pick/{'person' if isinstance(f, Person) else f.target}"
    if f.type == "money":
        made.unit = gettext("元")
    elif f.type == "percent" and f.typed:  # what is only read says so itself
        made.unit = "%"
    if isinstance(f, Link):
        made.picked = [{"id": i, "text": names.of(f, i)} for i in ids_of(value)]
    if not f.typed:
        made.value = language_comma().join(p["text"] for p in made.picked) or text_of(work, f, value)
    return made


def input_text(f: Field, value: Any) -> Any:
    """Return a value as its input holds it: choices and links by their codes and numbers."""
    if value is None:
        return [] if f.many or f.type == "choices" else ""
    if isinstance(f, YesNo):
        return "1" if value else "0"
    if isinstance(f, Link):
        return [str(i) for i in value] if isinstance(value, tuple) else str(value)
    if isinstance(f, Choices):
        return list(value) if isinstance(value, tuple) else value
    return f.format(value)


def keep_uploads(fields: Iterable[Field], uploads: Mapping[str, Sequence[FileStorage]]) -> Typed:
    """Store the files that a form brought and return their numbers by field, or why one was not taken."""
    kept = Typed()
    for f in fields:
        if not isinstance(f, File):
            continue
        for upload in (u for u in uploads.get(f.code, ()) if u.filename):
            try:
                with writing() as work:
                    kept.values.setdefault(f.code, []).append(
                        files.store(work, f, upload.filename or "", upload.stream)
                    )
            except Unreadable as unreadable:
                kept.errors.append(CellError(f.code, unreadable.reason, upload.filename or "", label=f.label.zh))
            finally:
                upload.close()
    return kept


def read(
    fields: Iterable[Field],
    form: MultiDict[str, str],
    uploads: MultiDict[str, FileStorage],
    held: Mapping[str, Any] | None = None,
) -> Typed:
    """Return what a form sent for ``fields``; one that the page neither sent nor had ``shown`` stays as it is.

    A pointing field takes a row's number, or its name as typed. ``held`` are the values of the record as it stands: an attachment
    may be named again only where it was, or by whoever uploaded it.
    """
    there = {*form, *uploads, *form.getlist("shown")}  # ticks and pickers that were emptied send nothing by themselves
    fields = [f for f in fields if f.typed and f.code in there]
    stored = keep_uploads(fields, dict(uploads.lists()))
    typed = Typed(errors=stored.errors)
    work = reading()
    for f in fields:
        texts = [t for t in form.getlist(f.code) if t.strip()]
        if not isinstance(f, Link):
            typed.texts[f.code] = texts if f.type == "choices" else (texts[0] if texts else "")
        try:
            typed.values[f.code] = _value(work, f, texts, stored.values.get(f.code, []), (held or {}).get(f.code))
        except Unreadable as unreadable:
            typed.texts[f.code] = "；".join(texts)
            typed.errors.append(CellError(f.code, unreadable.reason, "；".join(texts), label=f.label.zh))
    return typed


def _value(work: Work, f: Field, texts: list[str], stored: list[int], held: Any) -> Any:
    if isinstance(f, File):
        named = [int(t) for t in texts if _is_number(t)]
        if (why := files.unusable(work, named, ids_of(held))) is not None:
            raise Unreadable(why)
        return _one_or_several(f, [*named, *stored] if f.many else (stored or named)[-1:])
    if isinstance(f, Link):
        return _one_or_several(f, _ids(work, f, texts))
    if f.type == "choices":
        return f.from_json(texts) if texts else None
    return f.parse(texts[0]) if texts else None


def _ids(work: Work, f: Link, texts: list[str]) -> list[int]:
    named = [t for t in texts if not _is_number(t)]
    found: dict[str, int | Sentence] = lookup.resolve(work, f, named) if named else {}
    for answer in found.values():
        if isinstance(answer, Sentence):
            raise Unreadable(answer)
    return [int(t) if _is_number(t) else found[t] for t in texts]  # type: ignore[misc]


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _one_or_several(f: Field, ids: list[int]) -> Any:
    if f.many:
        return tuple(dict.fromkeys(ids)) or None
    return ids[0] if ids else None
