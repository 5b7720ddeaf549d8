"""Taking back what one block or one run changed: values as they were, entered records archived, archived ones brought back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, select
from sqlalchemy.exc import IntegrityError

from app.catalog.register import RegisterSpec
from app.errors import Forbidden, Invalid, Sentence, say
from app.fields.base import Storage, Unreadable
from app.models.among import among
from app.models.fixed import record_version
from app.services import consequences, people, records, rows, scope, workflow
from app.services.checking import check_rows
from app.services.panel import Work


@dataclass
class Reversal:
    """What takes a change back: fields with the value to go back to and the one to be found; records to archive, to restore."""

    fields: dict[int, dict[str, tuple[Any, Any]]] = field(default_factory=dict)
    archive: list[int] = field(default_factory=list)
    restore: list[int] = field(default_factory=list)
    versions: dict[int, int] = field(default_factory=dict)
    """The version that the change made of each record."""

    @classmethod
    def of(cls, work: Work, spec: RegisterSpec, made: ColumnElement[bool]) -> Reversal:
        """Return what takes the versions that ``made`` names back."""
        v, plan = record_version.c, cls()
        query = select(v.record_id, v.version, v.changes).where(made, v.register == spec.code)
        for record, version, text in work.connection.execute(query.order_by(v.id)):
            changes: dict[str, list[Any]] = orjson.loads(text)
            plan.versions[record] = version
            if version == 1:
                plan.archive.append(record)
            elif "archived_at" in changes:
                (plan.archive if changes["archived_at"][1] is None else plan.restore).append(record)
            else:
                held = plan.fields.setdefault(record, {})
                for code, (old, new) in changes.items():
                    held[code] = (held[code][0] if code in held else _value(spec, code, old), _value(spec, code, new))
        return plan


@dataclass
class TakenBack:
    """What came of taking back a part of a run: records whose entry, and whose changes, were reversed; why others stay as they are."""

    entries: int = 0
    changes: int = 0
    kept: dict[int, Sentence] = field(default_factory=dict)


def take_back(work: Work, register: str, run: int, ids: Sequence[int], *, taking: int) -> TakenBack:
    """Reverse what run ``run`` did to some records; the versions this makes belong to run ``taking``.

    A record that somebody has changed since stays as it is; so does one that the actor may not bring in, that is locked,
    that others point to, or whose former values are not acceptable any more. Raises Forbidden, Missing.
    """
    spec = scope.demand(work, register, "import")
    if spec.append_only and not work.actor.is_system:
        raise Forbidden(say("“{register}”只能新增，不能修改或删除", register=spec.label.zh))
    v, done = record_version.c, TakenBack()
    plan = Reversal.of(work, spec, (v.import_run == run) & among(v.record_id, ids))
    now = rows.read(work, spec, list(plan.versions))
    done.kept |= _out_of_reach(work, spec, plan)
    done.kept |= _changed_since(work, spec, plan, now, [i for i in plan.versions if i not in done.kept])
    for i in (*plan.archive, *plan.fields):
        if i not in done.kept and workflow.locked(spec, now[i]) and not work.actor.is_system:
            done.kept[i] = say("记录在当前状态下已锁定")

    def left(wanted: Iterable[int]) -> list[int]:
        return [i for i in wanted if i not in done.kept]

    done.kept |= _pointed_at(work, spec, left(plan.archive))
    gone = _write(work, spec, [now[i] for i in left(plan.archive)], work.now, taking)
    done.kept |= _unacceptable(work, spec, [now[i] for i in left(plan.restore)])
    back = _write(work, spec, [now[i] for i in left(plan.restore)], None, taking)
    done.entries = gone + back
    changes = {i: {c: old for c, (old, _) in plan.fields[i].items()} for i in left(plan.fields)}
    done.changes, kept = _change(work, register, changes, taking)
    done.kept |= kept
    return done


def _out_of_reach(work: Work, spec: RegisterSpec, plan: Reversal) -> dict[int, Sentence]:
    """Return why records cannot be touched: gone since, or not of those that the actor may bring in or change."""
    table = work.tables[spec.code]

    def seen(ids: Sequence[int], verb: str, archived: bool) -> set[int]:
        query = select(table.c.id).where(
            among(table.c.id, ids), scope.visible(work, spec.code, verb, archived=archived)
        )
        return set(work.connection.execute(query).scalars())

    kept: dict[int, Sentence] = {}
    for ids, verb, archived in (
        (plan.archive, "import", False),
        (plan.fields, "edit", False),
        (plan.restore, "import", True),
    ):
        query = select(table.c.id).where(among(table.c.id, list(ids)), table.c.archived_at.is_not(None))
        there = set(work.connection.execute(query).scalars()) if ids else set()
        mine = seen(list(ids), verb, archived) if ids else set()
        for i in ids:
            if (i in there) != archived:
                kept[i] = say("之后已恢复") if archived else say("之后已删除")
            elif i not in mine:
                kept[i] = say("不在您可以导入或修改的范围内")
    return kept


def _changed_since(
    work: Work, spec: RegisterSpec, plan: Reversal, now: Mapping[int, Mapping[str, Any]], ids: Sequence[int]
) -> dict[int, Sentence]:
    """Return who changed records after the run: any field of one that was entered, a field that the run changed of another.

    What the panel itself did meanwhile follows from the record and goes with it.
    """
    v = record_version.c
    query = select(v.record_id, v.version, v.person, v.at, v.changes).where(
        v.register == spec.code, among(v.record_id, ids)
    )
    later: dict[int, tuple[int | None, datetime]] = {}
    for record, version, person, at, text in work.connection.execute(query.order_by(v.version)):
        if version <= plan.versions[record]:
            continue
        held = plan.fields.get(record)
        if person is not None if held is None else not held.keys().isdisjoint(orjson.loads(text)):
            later[record] = person, at
    names = people.names(work, [p for p, _ in later.values() if p is not None])
    kept = {}
    for record, (person, at) in later.items():
        held = plan.fields.get(record)
        if held is None or any(blank(now[record].get(c)) != blank(new) for c, (_, new) in held.items()):
            day = work.local_day(at).isoformat()
            kept[record] = say("{who}之后又改过（{day}）", who=names.get(person or 0, "系统"), day=day)
    return kept


def _pointed_at(work: Work, spec: RegisterSpec, ids: Sequence[int]) -> dict[int, Sentence]:
    kept: dict[int, Sentence] = {}
    by = spec.retention.destroyed_by if spec.retention else None
    for other, f in work.catalog.pointing_at.get(spec.code, ()):
        if not ids or (by is not None and (other.code, f.code) == (by.register_code, by.through)):
            continue
        table = work.tables[other.code]
        if f.many:
            link = work.links[other.code, f.code]
            target, query = link.c.target, select(link.c.target).join(table, table.c.id == link.c.record_id)
        else:
            target, query = table.c[f.code], select(table.c[f.code])
        query = query.where(among(target, ids), table.c.archived_at.is_(None))
        if other.code == spec.code:  # those that go together hold nothing back
            query = query.where(~among(table.c.id, ids))
        for i in work.connection.execute(query.distinct()).scalars():
            kept[i] = say("“{register}”中还有记录引用它", register=other.label.zh)
    return kept


def _unacceptable(work: Work, spec: RegisterSpec, old: Sequence[Mapping[str, Any]]) -> dict[int, Sentence]:
    errors = check_rows(work, spec, [{**r, "archived_at": None} for r in old], [r["id"] for r in old])
    return {old[(e.row or 1) - 1]["id"]: _told(e.label, e.reason) for e in errors}


def _write(
    work: Work, spec: RegisterSpec, old: Sequence[Mapping[str, Any]], archived_at: datetime | None, run: int
) -> int:
    if old:
        now = rows.change_many(work, spec, old, {r["id"]: {"archived_at": archived_at} for r in old}, import_run=run)
        consequences.of_rows(work, spec, now, before=old)
    return len(old)


def _change(
    work: Work, register: str, changes: Mapping[int, Mapping[str, Any]], run: int
) -> tuple[int, dict[int, Sentence]]:
    """Change as many records as the register accepts; return how many, and why not the others."""
    kept: dict[int, Sentence] = {}
    wanted = dict(changes)
    while wanted:
        ids = list(wanted)
        try:
            with work.apart():
                records.update_many(work, register, wanted, import_run=run)
            break
        except Invalid as invalid:
            kept |= {ids[(e.row or 1) - 1]: _told(e.label, e.reason) for e in invalid.errors}
        except IntegrityError:  # such as two records that had exchanged a value which only one may have
            if len(wanted) == 1:
                kept[ids[0]] = say("原来的值现在为别的记录所用")
            else:
                parts = [_change(work, register, {i: wanted[i]}, run) for i in ids]
                return sum(n for n, _ in parts), kept | {i: why for _, k in parts for i, why in k.items()}
        wanted = {i: c for i, c in wanted.items() if i not in kept}
    return len(wanted), kept


def _told(label: str, reason: Sentence) -> Sentence:
    return say("{label}：{reason}", label=label, reason=reason) if label else reason


def blank(value: Any) -> Any:
    """Return a value, None for what looks like nothing."""
    return None if value in ("", ()) else value


def _value(spec: RegisterSpec, code: str, kept: Any) -> Any:
    column = spec.column(code)
    if column is None or kept is None or column.storage is Storage.TEXT:
        return kept
    try:
        return column.from_json(kept)
    except Unreadable:
        return kept
