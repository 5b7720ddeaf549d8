"""What a batch of rows would do to a register: new, changed, unchanged or refused; nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.catalog.register import RegisterSpec
from app.errors import CellError, Invalid, Sentence, say
from app.exchange.cells import unguarded
from app.exchange.links import cell_text, link_texts
from app.exchange.parsing import Parsed, shown
from app.exchange.survey import Key
from app.fields.base import Field, Storage, Unreadable
from app.fields.links import File, Link
from app.fields.texts import LongText
from app.services import scope, workflow
from app.services.listing import Filter, select_rows
from app.services.panel import Work

_CHUNK = 500


@dataclass(slots=True)
class Changed:
    """A row that changes a record: ``before`` is the record as it is, ``changes`` the fields that differ."""

    parsed: Parsed
    before: Mapping[str, Any]
    changes: dict[str, Any]


@dataclass(slots=True)
class Sorted:
    """One batch, in the order of the file; refused rows carry their errors."""

    new: list[Parsed] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    unchanged: list[Parsed] = field(default_factory=list)
    refused: list[Parsed] = field(default_factory=list)


def may_be_key(f: Field) -> bool:
    """Return whether a field's values can tell records apart."""
    return not (f.many or f.storage is Storage.WORDS or isinstance(f, LongText | File) or f.code == "state")


def check_keys(spec: RegisterSpec, keys: Key, filled: Sequence[str]) -> None:
    """Refuse keys that cannot tell records apart. Raises Invalid."""
    for code in keys:
        f = spec.column(code)
        if f is None or not may_be_key(f):
            reason = say("“{key}”不能用来识别记录", key=f.label if f else code)
        elif code not in filled:
            reason = say("文件里没有用来识别记录的“{key}”这一列", key=f.label)
        else:
            continue
        raise Invalid([CellError(code, reason, label=f.label.zh if f else code)])


def sort_out(
    work: Work,
    spec: RegisterSpec,
    parsed: Sequence[Parsed],
    columns: Sequence[Field | None],
    keys: Key,
    writes: str = "both",
) -> Sorted:
    """Compare rows with the register by ``keys`` (none: every row is new); rows that carry errors already are refused.

    ``columns`` are the fields that the rows' cells fill.
    ``writes`` is what the file may do: ``insert`` refuses rows that would change a record, ``update`` those that find none.

    A row without record number where that is the key is new; a blank part of any other key is an error.
    """
    found = Sorted()
    if keys:
        _keep_names(work, spec, [one for one in parsed if one.errors], keys)
    defaults = [f.code for f in spec.fields if f.default is not None]
    places = {f.code: n for n, f in enumerate(columns) if f is not None}
    there = _existing(work, spec, [one for one in parsed if not one.errors], keys) if keys else {}
    for one in parsed:
        key = tuple([one.values.get(c) for c in keys])
        if not one.errors and None in key and keys != ("record_no",):
            blank = next(c for c, v in zip(keys, key, strict=True) if v is None)
            _refuse(spec, one, blank, say("用来识别记录的列不能空着"))
        matches = there.get(key, []) if None not in key else []
        if not one.errors and len(matches) > 1:
            _refuse(spec, one, keys[0], say("对应 {n} 条已有记录，无法确定改哪一条", n=len(matches)))
        if one.errors:
            found.refused.append(one)
        elif keys and matches:
            _compare(spec, one, places, matches[0], keys, found, insert_only=writes == "insert")
        elif writes == "update":
            _refuse(spec, one, keys[0], say("没有对应的记录；按您的选择只更新，不新增"))
            found.refused.append(one)
        else:
            _prepare(spec, one, defaults, found)
    _refuse_not_editable(work, spec, found)
    return found


def _refuse(spec: RegisterSpec, one: Parsed, code: str, reason: Sentence) -> None:
    f = spec.column(code) if code else None
    text = shown(f, one.values.get(code))
    one.errors.append(CellError(code, reason, text, one.row, one.line, f.label.zh if f else ""))


def _prepare(spec: RegisterSpec, one: Parsed, defaults: Sequence[str], found: Sorted) -> None:
    """Make a new row ready: a blank takes its field's default, a state may only be the first one."""
    values = one.values
    state = values.pop("state", None)
    if state is not None and (spec.workflow is None or _state(spec, state) != spec.workflow.initial):
        _refuse(spec, one, "", say("新记录不能直接处于“{state}”，请导入后办理流转", state=state))
        found.refused.append(one)
        return
    for code in (*defaults, "record_no", "unit"):
        if code in values and values[code] is None:
            del values[code]
    found.new.append(one)


def _compare(
    spec: RegisterSpec,
    one: Parsed,
    places: Mapping[str, int],
    before: Mapping[str, Any],
    keys: Key,
    found: Sorted,
    *,
    insert_only: bool,
) -> None:
    changes: dict[str, Any] = {}
    for code, value in one.values.items():
        old = before.get(code)
        if code == "state":
            if value is not None and _state(spec, value) != old:
                _refuse(spec, one, "state", say("状态不能通过导入修改，请办理流转"))
        elif old != value and code not in keys and not _same(spec.column(code), old, value, one.cells[places[code]]):
            changes[code] = value
    if "record_no" in changes:
        _refuse(spec, one, "record_no", say("已有记录的编号不能修改"))
    if changes and not one.errors:
        if insert_only:
            _refuse(spec, one, keys[0], say("已有这条记录，内容不同；按您的选择只新增，不更新"))
        elif spec.append_only:
            _refuse(spec, one, "", say("本登记簿只能新增，不能修改"))
        elif workflow.locked(spec, before):
            _refuse(spec, one, "", say("记录在当前状态下已锁定，不能修改"))
    if one.errors:
        found.refused.append(one)
    elif changes:
        found.changed.append(Changed(one, before, changes))
    else:
        found.unchanged.append(one)


def _same(f: Field | None, old: Any, value: Any, cell: str) -> bool:
    """Return whether a value only looks different: text cannot show it, such as blanks at the end, or the cell says it as it is.

    Other programs do not guard what begins with ``'=``, as our own file would.
    """
    if old is None or f is None or isinstance(f, Link):
        return False
    try:
        return bool(f.parse(f.format(old)) == value or f.parse(cell) == old)
    except Unreadable:
        return False


def _state(spec: RegisterSpec, text: str) -> str:
    """Return the code of a state from its code or its name in either language."""
    for s in spec.workflow.states if spec.workflow else ():
        if text in (s.code, s.label.zh, s.label.en):
            return s.code
    return text


def _existing(
    work: Work, spec: RegisterSpec, parsed: Sequence[Parsed], keys: Key
) -> dict[tuple[Any, ...], list[dict[str, Any]]]:
    """Return the visible records that the rows' keys name."""
    wanted = {tuple(one.values.get(c) for c in keys) for one in parsed}
    columns = {c for one in parsed for c in (*one.values, *(e.field for e in one.errors))} | set(keys)
    found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
    for part in _chunks(sorted((k for k in wanted if None not in k), key=repr)):
        filters = [Filter(c, "in", list({k[i] for k in part})) for i, c in enumerate(keys)]
        for row in select_rows(work, spec.code, filters=filters, columns=sorted(columns), order="id"):
            key = tuple(row.get(c) for c in keys)
            if key in wanted:
                rows = found.setdefault(key, [])
                if all(r["id"] != row["id"] for r in rows):
                    rows.append(row)
    return found


def _keep_names(work: Work, spec: RegisterSpec, parsed: Sequence[Parsed], keys: Key) -> None:
    """Accept what is refused where the record holds it already: somebody who has left since, a text that only looks spoilt, a blank."""
    suspects = [one for one in parsed if all(e.field and e.field not in keys for e in one.errors)]
    there = _existing(work, spec, suspects, keys) if suspects else {}
    for one in suspects:
        matches = there.get(tuple(one.values.get(c) for c in keys), [])
        if len(matches) != 1:
            continue
        for e in tuple(one.errors):
            f, old = spec.column(e.field), matches[0].get(e.field)
            same = (
                _reads(work, f, old) in (e.text, unguarded(e.text)) if f is not None and old is not None else not e.text
            )
            if same:
                one.errors.remove(e)
                one.values[e.field] = old


def _reads(work: Work, f: Field, value: Any) -> str:
    if not isinstance(f, Link):
        return f.format(value)
    return cell_text(f, value, link_texts(work, f, value if isinstance(value, tuple) else (value,)))


def _chunks(keys: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    return (keys[start : start + _CHUNK] for start in range(0, len(keys), _CHUNK))


def _refuse_not_editable(work: Work, spec: RegisterSpec, found: Sorted) -> None:
    if work.actor.is_system or not found.changed:
        return
    ids = [c.before["id"] for c in found.changed]
    may: set[int] = set()
    if scope.may(work, spec.code, "edit"):
        for start in range(0, len(ids), _CHUNK):
            part = ids[start : start + _CHUNK]
            may |= {r["id"] for r in select_rows(work, spec.code, columns=(), ids=part, verb="edit", order="id")}
    for c in found.changed:
        if c.before["id"] not in may:
            _refuse(spec, c.parsed, "", say("您无权修改这条记录"))
            found.refused.append(c.parsed)
    found.changed = [c for c in found.changed if not c.parsed.errors]
