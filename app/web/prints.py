"""Sheets of paper as people read them: every value worded, in the reader's language, for the page and the PDF alike."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import request
from flask_babel import gettext

from app.catalog.print import PLACE, Block, Print, Sign
from app.catalog.register import RegisterSpec
from app.fields.base import Field
from app.fields.links import Link, Signature
from app.fields.numbers import Number
from app.fields.texts import LongText, SeveralChoices, Text
from app.services import people
from app.services.panel import Work
from app.services.printing import Lines, Printed, Sheet, Value
from app.web.cells import Names, cell, moment
from app.web.language import label, language, language_comma

BLANK = "＿＿＿＿＿＿"
"""Stands in a text for a value that is not there: a line to write on."""


def url(register: str, code: str, ids: Iterable[int], form: str = "") -> str:
    """Return the address of a print of some records; ``form`` ``.pdf`` for the file."""
    return f"{request.script_root}/prints/{register}/{code}{form}?ids={','.join(map(str, ids))}"


def document(work: Work, printed: Printed) -> dict[str, Any]:
    """Return what ``print.html`` and ``print.typ`` set on paper: titles, copies and blocks of finished texts."""
    p, spec = printed.print, printed.spec
    words = _Words(work, printed)
    papers = [
        _paper(words, spec, p, sheet, label(copy) if copy else "") for sheet in printed.sheets for copy in p.copies or (None,)
    ]  # fmt: skip
    me = work.actor.person_id or 0
    printed_by = {"who": people.names(work, [me]).get(me, ""), "at": moment(work.now.replace(second=0, microsecond=0))}
    return {
        "title": label(p.title or p.label), "wide": p.wide, "language": language(), "papers": papers,
        "words": {"signed": gettext("签名"), "date": gettext("签署日期")},
        "printed": gettext("打印：%(who)s　%(at)s", **printed_by), "cites": language_comma().join(map(str, p.cite or spec.cite)),
    }  # fmt: skip


class _Words:
    """The words for every value of a printing; names are looked up once for each register."""

    def __init__(self, work: Work, printed: Printed) -> None:
        self.work = work
        met: dict[str, tuple[dict[str, Field], dict[int, Any]]] = {}

        def meet(spec: RegisterSpec, fields: Iterable[Field], rows: Iterable[Any]) -> None:
            known, held = met.setdefault(spec.code, ({}, {}))
            known.update({f.code: f for f in fields})
            for r in rows:
                held[r["id"]] = {**held.get(r["id"], {}), **r}

        for sheet in printed.sheets:
            for v in sheet.values.values():
                meet(v.spec, [v.field], [v.row])
            for t in sheet.tables.values():
                meet(t.spec, t.columns, t.rows)
        self._names = {code: Names(work, fields.values(), rows.values()) for code, (fields, rows) in met.items()}

    def text(self, spec: RegisterSpec, f: Field, row: Any) -> str:
        return cell(self._names[spec.code], spec, f, row).text

    def of(self, value: Value | None) -> str:
        return self.text(value.spec, value.field, value.row) if value is not None else ""


def _paper(words: _Words, spec: RegisterSpec, p: Print, sheet: Sheet, copy: str) -> dict[str, Any]:
    blocks = [_block(words, b, i, sheet) for i, b in enumerate(p.layout)]
    return {
        "copy": copy, "register": label(spec.label), "number": gettext("编号 %(no)s", no=sheet.row["record_no"]) if sheet.row is not None else "",
        "blocks": [b for b in blocks if b is not None], "foot": label(p.foot) if p.foot else "",
    }  # fmt: skip


def _block(words: _Words, b: Block, place: int, sheet: Sheet) -> dict[str, Any] | None:
    """Return one block as it is set, or None where the reader may see nothing of it."""
    head = {"label": label(b.label) if b.label else "", "room": b.room}
    if b.fields:
        cells = _cells(words, b, (sheet.values[path] for path in b.fields if path in sheet.values))
        return head | {"kind": "fields", "columns": b.columns, "cells": cells} if cells else None
    if b.text is not None:
        said = PLACE.sub(lambda m: words.of(sheet.values.get(m[1])) or BLANK, label(b.text))
        return head | {"kind": "text", "text": said}
    if b.signs:
        signs = [made for s in b.signs if (made := _sign(words, s, sheet)) is not None]
        return head | {"kind": "signs", "signs": signs} if signs else None
    table = sheet.tables.get(place)
    return head | _table(words, table) if table is not None and table.columns else None


def _cells(words: _Words, b: Block, values: Iterable[Value]) -> list[dict[str, Any]]:
    """Return the cells of a grid: a long text takes a whole line, and so much of one as is left goes to the cell before it."""
    cells: list[dict[str, Any]] = []
    taken = 0
    for value in values:
        text, long = words.of(value), isinstance(value.field, LongText)
        if taken and long:
            cells[-1]["span"] += b.columns - taken
        taken = 0 if long else (taken + 1) % b.columns
        room = b.room if long and not text else 0
        cells.append({"label": label(value.field.label), "text": text, "room": room, "span": b.columns if long else 1})
    if taken:
        cells[-1]["span"] += b.columns - taken
    return cells


def _table(words: _Words, t: Lines) -> dict[str, Any]:
    growing = [f for f in t.columns if isinstance(f, Text | LongText | Link | SeveralChoices)] or t.columns
    return {
        "kind": "table", "heads": [{"label": label(f.label), "number": isinstance(f, Number), "grows": f in growing} for f in t.columns],
        "rows": [[words.text(t.spec, f, r) for f in t.columns] for r in t.rows],
    }  # fmt: skip


def _sign(words: _Words, s: Sign, sheet: Sheet) -> dict[str, Any] | None:
    if not s.field:
        return {"label": label(s.label) if s.label else "", "name": "", "at": "", "seal": s.seal}
    value = sheet.values.get(s.field)
    if value is None:
        return None
    signed = isinstance(value.field, Signature)
    text = words.of(value)
    at = moment(value.row.get(f"{s.field}_at")) if signed else ""
    return {
        "label": label(s.label or value.field.label),
        "name": text.removesuffix(f" {at}") if at else text,
        "at": at,
        "seal": False,
    }
