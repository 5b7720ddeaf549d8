"""Blocks of changes in the grid: many cells, new rows and deleted rows as one change, taken back and made again as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import CompoundSelect, bindparam, delete, func, select, union_all, update

from app.catalog.register import RegisterSpec
from app.errors import CellError, Forbidden, Invalid, Missing, Refused, Sentence, say
from app.models.among import among
from app.models.bulk import insert_one
from app.models.fixed import change_set, record_version
from app.services import people, records, rows, scope
from app.services.panel import Work
from app.services.reversing import Reversal, blank

MOST = 5_000
"""Cells, new rows and deletions in one block."""

Ids = tuple[int, ...]


@dataclass(frozen=True)
class Block:
    """What one person changes at once: fields by record, with the versions the person saw; new rows; records to archive."""

    changes: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    base_versions: Mapping[int, int] = field(default_factory=dict)
    adds: Sequence[Mapping[str, Any]] = ()
    deletes: Sequence[int] = ()


@dataclass(frozen=True)
class Step:
    """A change that one may take back or make again."""

    id: int
    label: str
    at: datetime
    size: int


@dataclass(frozen=True)
class Done:
    """What a block came to: its change set (None: nothing was different), records changed, entered and archived."""

    id: int | None
    label: str
    changed: Ids = ()
    added: Ids = ()
    deleted: Ids = ()
    last: Step | None = None
    """A new change as the one to be taken back next, with nothing to make again; of all else ``steps`` tells."""


@dataclass(frozen=True)
class Spot:
    """What is wrong with one cell of a block (or a whole row: empty field): of a record, or of the n-th new row from 0."""

    record: int | None
    added: int | None
    error: CellError


class Unacceptable(Refused):
    """A block cannot be written; carries every error, and nothing was written."""

    def __init__(self, spots: Sequence[Spot]) -> None:
        several = say("有 {n} 处需要更正，全部未保存", n=len(spots))
        super().__init__(spots[0].error.reason if len(spots) == 1 else several)
        self.spots = tuple(spots)


@dataclass(frozen=True)
class Since:
    """A cell that somebody has changed after the change that is to be taken back."""

    record: int
    field: str
    now: Any
    expected: Any
    by: str
    at: datetime | None


class ChangedSince(Refused):
    """A change cannot be taken back or made again, because others have changed the same cells."""

    status = 409

    def __init__(self, cells: Sequence[Since]) -> None:
        who = "、".join(dict.fromkeys(c.by for c in cells if c.by)) or "系统"
        super().__init__(say("{who}之后又改过其中 {n} 处，不能撤销或重做", who=who, n=len(cells)))
        self.cells = tuple(cells)


def change(work: Work, register: str, block: Block, label: str = "") -> Done:
    """Write a block, all or nothing, as one change that can be taken back.

    Raises Unacceptable with every error, Conflicts with both values of cells that others changed meanwhile, Forbidden, Missing, and Refused
    beyond ``MOST`` cells and rows.
    """
    spec = work.spec(register)
    size = sum(map(len, block.changes.values())) + len(block.adds) + len(block.deletes)
    if size > MOST:
        raise Refused(say("一次最多改动 {n} 处", n=MOST))
    label = label.strip()[:200] or "修改"
    with_set = _begin(work, register, label, size)
    done, spots, written = _write(work, spec, block)
    if spots:
        raise Unacceptable(spots)
    if not written:
        work.connection.execute(delete(change_set).where(change_set.c.id == with_set))
        return Done(None, label)
    return Done(with_set, label, *done, last=Step(with_set, label, work.now, size))


def change_all(work: Work, register: str, changes: Iterable[Mapping[int, Mapping[str, Any]]], label: str) -> Done:
    """Write changes of any number of records, given in parts, all or nothing, as one change that can be taken back.

    Raises Invalid with the errors of the first part that has any, Forbidden, Missing.
    """
    made = _begin(work, register, label.strip()[:200], 0)
    ids: list[int] = []
    for part in changes:
        records.update_many(work, register, part)
        ids += part
    c = change_set.c
    if not ids:
        work.connection.execute(delete(change_set).where(c.id == made))
        return Done(None, label)
    work.connection.execute(update(change_set).where(c.id == made).values(size=len(ids)))
    return Done(made, label, tuple(ids))


def _write(work: Work, spec: RegisterSpec, block: Block) -> tuple[tuple[Ids, Ids, Ids], list[Spot], int]:
    """Write what can be written; return what was changed, added and archived, what was wrong, and how many rows are different now."""
    spots: list[Spot] = []
    added: list[int] = []
    moved = 0
    gone = [i for i in block.deletes if i not in block.changes]
    for record in gone:
        try:
            records.remove(work, spec.code, record)
        except Invalid as invalid:
            spots += [Spot(record, None, e) for e in invalid.errors]
        except Refused as refused:
            spots.append(Spot(record, None, CellError("", refused.reason)))
    if block.changes:
        ids = list(block.changes)
        try:
            moved = records.update_many(work, spec.code, block.changes, base_versions=block.base_versions)
        except Invalid as invalid:
            spots += [Spot(ids[(e.row or 1) - 1], None, e) for e in invalid.errors]
    if block.adds:
        try:
            added = records.create_many(work, spec.code, block.adds)
        except Invalid as invalid:
            spots += [Spot(None, (e.row or 1) - 1, e) for e in invalid.errors]
    return (tuple(block.changes), tuple(added), tuple(gone)), spots, moved + len(added) + len(gone)


def _begin(work: Work, register: str, label: str, size: int, reverts: int | None = None) -> int:
    row = {
        "register": register, "person": work.actor.person_id or 0, "at": work.now, "label": label, "size": size,
        "reverts": reverts, "state": "done" if reverts is None else "step",
    }  # fmt: skip
    work.change_set = insert_one(work.connection, change_set, row)
    return work.change_set


def steps(work: Work, register: str) -> tuple[Step | None, Step | None]:
    """Return the actor's last change of a register that has not been taken back, and the one taken back last.

    What was taken back before the last new change cannot be made again: each taking back has a number, and so has each change.
    """
    asked = {"whose": work.actor.person_id or 0, "register": register}
    found = {r[0]: Step(*r[1:]) for r in work.connection.execute(_STEPS, asked)}
    return found.get("done"), found.get("undone")


def _steps() -> CompoundSelect[Any]:
    c = change_set.c
    mine = select(c.state, c.id, c.label, c.at, c.size)
    mine = mine.where(c.person == bindparam("whose"), c.register == bindparam("register"))
    last = mine.where(c.state == "done").order_by(c.id.desc()).limit(1).subquery()
    # what is taken back goes from the newest to the oldest, so the oldest of those was taken back last
    changed = change_set.alias().c
    since = select(func.max(changed.id)).where(
        changed.person == bindparam("whose"),
        changed.register == bindparam("register"),
        changed.state.in_(("done", "undone")),
    )
    next_ = mine.where(c.state == "undone", c.newest > since.scalar_subquery()).order_by(c.id).limit(1).subquery()
    return union_all(select(last), select(next_))


_STEPS = _steps()


def undo(work: Work, register: str, expected: int | None = None) -> Done:
    """Take back the actor's last change of a register; what it brought about is settled anew.

    Raises Missing where there is none (or not ``expected``), ChangedSince with the cells that others have changed,
    Unacceptable and Forbidden where the records no longer allow it.
    """
    scope.demand(work, register, "read")
    return _revert(work, register, steps(work, register)[0], expected, "undone", say("没有可以撤销的改动"))


def redo(work: Work, register: str, expected: int | None = None) -> Done:
    """Make the change that was taken back last again; raises like ``undo``."""
    scope.demand(work, register, "read")
    return _revert(work, register, steps(work, register)[1], expected, "done", say("没有可以重做的改动"))


def _revert(work: Work, register: str, step: Step | None, expected: int | None, state: str, nothing: Sentence) -> Done:
    if step is None or expected not in (None, step.id):
        raise Missing(nothing)
    spec, c = work.spec(register), change_set.c
    newest = work.connection.execute(select(c.newest).where(c.id == step.id)).scalar() or step.id
    plan = Reversal.of(work, spec, record_version.c.change_set == newest)
    _refuse_if_touched(work, spec, plan)
    made = _begin(work, register, step.label, step.size, reverts=newest)
    work.reason = work.reason or ("撤销" if state == "undone" else "重做")
    spots = _apply(work, spec, plan)
    if spots:
        raise Unacceptable(spots)
    work.connection.execute(update(change_set).where(c.id == step.id).values(state=state, newest=made))
    return Done(made, step.label, tuple(plan.fields), tuple(plan.restore), tuple(plan.archive))


def _refuse_if_touched(work: Work, spec: RegisterSpec, plan: Reversal) -> None:
    """Raise Missing for records that went out of sight, ChangedSince for cells that hold something else by now."""
    ids = [*plan.fields, *plan.archive]
    table = work.tables[spec.code]
    seen = select(table.c.id).where(among(table.c.id, ids), scope.visible(work, spec.code))
    visible = set(work.connection.execute(seen).scalars())
    if not visible.issuperset(ids):
        raise Missing(say("其中有记录已被删除，或您已无权查看"))
    now = rows.read(work, spec, [*ids, *plan.restore])
    labels = {f.code for f in scope.fields_for(work, spec.code)} | records.WRITABLE
    touched: list[Since] = []
    for record, held in plan.fields.items():
        changed = {c for c, (_, new) in held.items() if blank(now[record].get(c)) != blank(new)}
        if not changed <= labels:
            raise Forbidden(say("其中有您已无权填写的内容"))
        touched += _since(work, spec, record, plan, changed, now[record], {c: held[c][1] for c in changed})
    for record in (*plan.archive, *plan.restore):
        if now[record]["version"] != plan.versions[record]:
            touched += _since(work, spec, record, plan, None, now[record], {})
    if touched:
        raise ChangedSince(touched)


def _since(
    work: Work,
    spec: RegisterSpec,
    record: int,
    plan: Reversal,
    changed: Iterable[str] | None,
    now: Mapping[str, Any],
    expected: Mapping[str, Any],
) -> list[Since]:
    """Return who changed fields of a record after the change: those named, or any that the actor may see."""
    if changed is not None and not changed:
        return []
    v = record_version.c
    query = select(v.person, v.at, v.changes).where(
        v.register == spec.code, v.record_id == record, v.version > plan.versions[record]
    )
    seen = {f.code for f in scope.fields_for(work, spec.code)} | records.WRITABLE | {"state"}
    latest: dict[str, tuple[int | None, datetime]] = {}
    for person, at, text in work.connection.execute(query.order_by(v.version)):
        for code in orjson.loads(text):
            if code in (seen if changed is None else changed):
                latest[code] = person, at
    codes = list(latest) if changed is None else sorted(changed)
    names = people.names(work, [p for p, _ in latest.values() if p is not None])
    found = []
    for code in codes:
        person, at = latest.get(code, (None, None))
        found.append(Since(record, code, now.get(code), expected.get(code), names.get(person or 0, "系统"), at))
    return found or [Since(record, "", None, None, "系统", None)]


def _apply(work: Work, spec: RegisterSpec, plan: Reversal) -> list[Spot]:
    spots: list[Spot] = []
    for ids, act in ((plan.archive, records.remove), (plan.restore, records.restore)):
        for record in ids:
            try:
                act(work, spec.code, record, own=True)
            except Invalid as invalid:
                spots += [Spot(record, None, e) for e in invalid.errors]
            except Refused as refused:
                spots.append(Spot(record, None, CellError("", refused.reason)))
    if plan.fields:
        back = {i: {c: old for c, (old, _) in held.items()} for i, held in plan.fields.items()}
        for part in _parts(list(back)):
            try:
                records.update_many(work, spec.code, {i: back[i] for i in part})
            except Invalid as invalid:
                spots += [Spot(part[(e.row or 1) - 1], None, e) for e in invalid.errors]
    return spots


def _parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + MOST] for start in range(0, len(ids), MOST))
