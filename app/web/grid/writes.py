"""What the grid writes: blocks of cells and rows, undo and redo, transitions of many records."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

from app.catalog.register import RegisterSpec
from app.errors import CellError, Conflicts, Invalid, Refused, Sentence, say
from app.exchange.parsing import read_texts
from app.fields.base import Field
from app.services import blocks, records, scope, workflow
from app.services.blocks import Block, ChangedSince, Done, Unacceptable
from app.services.panel import Work
from app.web.actor import reading, writing
from app.web.cells import MOMENT
from app.web.grid import asked
from app.web.grid.cells import NOTHING, Names, Seen, Sheet, cell
from app.web.grid.schema import steps, told_steps
from app.web.language import sentence
from app.web.pages.signed_in import signed_in

pages = Blueprint("grid_writes", __name__, url_prefix="/grid/<register>")


@dataclass
class _Typed:
    """Cells of a body, each with where it stands: a record's number, or the place of a new row behind ``+``."""

    places: list[tuple[int | str, str]] = field(default_factory=list)
    values: dict[tuple[int | str, str], Any] = field(default_factory=dict)
    texts: dict[tuple[int | str, str], str] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)


def _read(work: Work, spec: RegisterSpec, given: Sequence[tuple[int | str, str, Mapping[str, Any]]]) -> _Typed:
    """Return the values of cells (where, field, {text} or {value}); texts are read as an import reads them."""
    typed, columns = _Typed(), {f.code: f for f in (*scope.fields_for(work, spec.code), *_system(spec))}
    waiting: dict[str, list[tuple[int | str, str]]] = {}
    for where, code, one in given:
        f = columns.get(code)
        if f is None:
            typed.errors.append(_error(where, code, say("没有名为“{field}”的字段", field=code[:60]), ""))
        elif "text" in one:
            typed.texts[where, code] = text = asked.text(one["text"], 100_000)
            waiting.setdefault(code, []).append((where, text))
        else:
            try:
                typed.values[where, code] = asked.read(f, one.get("value"))
            except Refused as refused:
                typed.errors.append(_error(where, code, refused.reason, str(one.get("value"))[:200]))
    for code, cells in waiting.items():
        for (where, text), value in zip(cells, read_texts(work, columns[code], [t for _, t in cells]), strict=True):
            if isinstance(value, Sentence):
                typed.errors.append(_error(where, code, value, text))
            else:
                typed.values[where, code] = value
    return typed


def _system(spec: RegisterSpec) -> list[Field]:
    return [f for code in ("record_no", "state", *records.WRITABLE) if (f := spec.column(code)) is not None]


def _error(where: int | str, code: str, reason: Sentence, text: str = "") -> dict[str, Any]:
    place = {"id": where} if isinstance(where, int) else {"key": where[1:]}
    return {**place, "field": code, "message": sentence(reason), "text": text}


class _Unread(Refused):
    """Some cells cannot be read at all; leaves the transaction in which the others were tried."""

    def __init__(self, spots: Sequence[blocks.Spot]) -> None:
        super().__init__(say("有 {n} 处需要更正，全部未保存", n=len(spots)))
        self.spots = spots


@pages.post("/change")
@signed_in
def change(register: str) -> Response:
    """Write a block, all or nothing. Raises Missing, Forbidden, Refused.

    With ``known`` the page has the names in the rows as they were at ``base_version``, and is told the new ones alone.
    """
    body, work = asked.body(), reading()
    spec = scope.demand(work, register, "read")
    cells = [asked.mapping(c) for c in asked.items(body.get("cells"), "cells")]
    adds = [asked.mapping(a) for a in asked.items(body.get("adds"), "adds")]
    given: list[tuple[int | str, str, Mapping[str, Any]]] = [
        (asked.ids([c.get("id")])[0], str(c.get("field")), c) for c in cells
    ]
    keys = [f"+{a.get('key', n)}" for n, a in enumerate(adds)]
    for key, a in zip(keys, adds, strict=True):
        given += [(key, str(code), {"text": text}) for code, text in asked.mapping(a.get("cells") or {}).items()]
        given += [(key, str(code), {"value": value}) for code, value in asked.mapping(a.get("values") or {}).items()]
    typed = _read(work, spec, given)
    changes: dict[int, dict[str, Any]] = {}
    rows: dict[str, dict[str, Any]] = {key: {} for key in keys}
    for (where, code), value in typed.values.items():
        (changes.setdefault(where, {}) if isinstance(where, int) else rows[where])[code] = value
    base: dict[int, int] = {}
    for (record, _, _), c in zip(given, cells, strict=False):
        if isinstance(record, int) and c.get("base_version") is not None:
            version = asked.number(c["base_version"], "base_version", 0)
            base[record] = min(base.get(record, version), version)
    block = Block(changes, base, list(rows.values()), asked.ids(body.get("deletes"), blocks.MOST))

    def act(own: Work) -> Done:
        if not typed.errors:
            return blocks.change(own, register, block, asked.text(body.get("label")))
        try:  # what could be read is tried as well, so that every error is told at once; nothing of it stays
            blocks.change(own, register, block)
        except Unacceptable as wrong:
            raise _Unread(wrong.spots) from None
        raise _Unread(())

    seen = Seen(base, {code for _, code, _ in given}) if body.get("known") is True else NOTHING
    return _done(spec, act, keys, typed, body, seen)


@pages.post("/undo")
@signed_in
def undo(register: str) -> Response:
    """Take back this person's last change. Raises Missing, Forbidden, Refused."""
    return _step(register, blocks.undo)


@pages.post("/redo")
@signed_in
def redo(register: str) -> Response:
    """Make the change taken back last again. Raises Missing, Forbidden, Refused."""
    return _step(register, blocks.redo)


def _step(register: str, act: Callable[[Work, str, int | None], Done]) -> Response:
    body = asked.body()
    expected = asked.ids([body["id"]])[0] if body.get("id") is not None else None
    return _done(reading().spec(register), lambda own: act(own, register, expected), [], _Typed(), body)


def _done(
    spec: RegisterSpec,
    act: Callable[[Work], Done],
    keys: Sequence[str],
    typed: _Typed,
    body: Mapping[str, Any],
    seen: Seen = NOTHING,
) -> Response:
    """Write, and answer how the rows look now; or every reason why nothing was written."""
    texts = typed.texts
    try:
        with writing("grid") as work:
            done = act(work)
    except Unacceptable as wrong:
        return _refused([_spot(s, keys, texts) for s in wrong.spots])
    except _Unread as unread:
        return _refused(_joined(typed.errors, [_spot(s, keys, texts) for s in unread.spots]))
    except Conflicts as conflicts:
        return _clashed(spec, conflicts)
    except ChangedSince as since:
        return _changed_since(spec, since)
    work = reading()
    touched = [*done.changed, *done.added]
    found = Sheet(work, spec, asked.words(body.get("columns"), "columns")).answer(touched, seen)
    there = {row[0] for row in found["rows"]}
    added = [{"key": key[1:], "id": i} for key, i in zip(keys, done.added, strict=False)] or [
        {"key": None, "id": i} for i in done.added
    ]
    return asked.answer({
        "change_set": done.id, "label": done.label, **found, "added": added, "deleted": list(done.deleted),
        "gone": [i for i in touched if i not in there],
        **(steps(work, spec.code) if done.last is None else told_steps(done.last, None)),
    })  # fmt: skip


def _spot(s: blocks.Spot, keys: Sequence[str], texts: Mapping[tuple[int | str, str], str]) -> dict[str, Any]:
    where: int | str = s.record if s.record is not None else keys[s.added or 0] if keys else "+"
    return _error(where, s.error.field, s.error.reason, texts.get((where, s.error.field), s.error.text))


def _joined(unread: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return both kinds of errors; a cell that cannot be read is not told to be missing as well."""
    there = {(e.get("id"), e.get("key"), e["field"]) for e in unread}
    return [*unread, *(e for e in others if (e.get("id"), e.get("key"), e["field"]) not in there)]


def _refused(errors: Sequence[Mapping[str, Any]]) -> Response:
    said = errors[0]["message"] if len(errors) == 1 else sentence(say("有 {n} 处需要更正，全部未保存", n=len(errors)))
    return asked.answer({"message": said, "errors": errors}, 422)


def _clashed(spec: RegisterSpec, conflicts: Conflicts) -> Response:
    work = reading()
    names, told = Names(work), []
    for record, conflict in conflicts.by_record.items():
        for c in conflict.clashes:
            f = spec.column(c.field)
            names.want(f, (c.base, c.mine, c.theirs))
            sides = {
                k: v if f is None else cell(f, v) for k, v in (("base", c.base), ("mine", c.mine), ("theirs", c.theirs))
            }
            told.append({"id": record, "field": c.field, **sides, "by": conflict.by, "version": conflict.version})
    return asked.answer(
        {"message": sentence(conflicts.reason), "conflicts": told, "errors": [], "names": names.found()}, 409
    )


def _changed_since(spec: RegisterSpec, since: ChangedSince) -> Response:
    work = reading()
    names, told = Names(work), []
    for c in since.cells:
        f = spec.column(c.field)
        names.want(f, (c.now, c.expected))
        sides = {k: v if f is None else cell(f, v) for k, v in (("now", c.now), ("expected", c.expected))}
        told.append({"id": c.record, "field": c.field, **sides, "by": c.by, "at": MOMENT.format(c.at)})
    return asked.answer({"message": sentence(since.reason), "changed": told, "names": names.found()}, 409)


@pages.post("/transition")
@signed_in
def transition(register: str) -> Response:
    """Make a transition of several records, each by itself. Raises Missing, Forbidden, Refused."""
    body, work = asked.body(), reading()
    spec = scope.demand(work, register, "read")
    wanted, code, reason = (
        asked.ids(body.get("ids")),
        asked.text(body.get("transition")),
        asked.text(body.get("reason"), 2_000).strip(),
    )
    workflow.find(spec, code)
    typed = _read(work, spec, [("+", str(c), {"text": t}) for c, t in asked.mapping(body.get("values") or {}).items()])
    if typed.errors:
        return _refused(typed.errors)
    values = {c: v for (_, c), v in typed.values.items()}
    with writing("grid", reason) as own:
        results = [_moved(own, register, i, code, values, reason) for i in wanted]
    work = reading()
    found = Sheet(work, spec, asked.words(body.get("columns"), "columns")).answer([r["id"] for r in results if r["ok"]])
    there = {row[0] for row in found["rows"]}
    gone = [r["id"] for r in results if r["ok"] and r["id"] not in there]
    return asked.answer({"results": results, **found, "gone": gone})


def _moved(work: Work, register: str, record: int, code: str, values: Mapping[str, Any], reason: str) -> dict[str, Any]:
    errors: Sequence[CellError] = ()
    try:
        with work.apart():
            records.move(work, register, record, code, values, reason=reason)
        return {"id": record, "ok": True, "message": "", "errors": []}
    except Invalid as invalid:
        why, errors = invalid.reason, invalid.errors
    except Refused as refused:
        why = refused.reason
    told = [{"field": e.field, "message": sentence(e.reason)} for e in errors]
    return {"id": record, "ok": False, "message": sentence(why), "errors": told}
