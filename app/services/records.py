"""The one writer: forms, grid cells, files, the API and the panel itself change records only here.

Each call checks permission and values, writes the rows with their history, and lets obligations, breaches, tickets and
notices follow, all in the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.catalog.register import RegisterSpec
from app.catalog.words import VERB_NAMES
from app.errors import CellError, Forbidden, Invalid, Missing, Refused, say
from app.models import behind
from app.models.ledger import breach
from app.services import (
    breaches,
    clashing,
    consequences,
    duties,
    files,
    listing,
    refusing,
    retention,
    rows,
    scope,
    workflow,
)
from app.services.checking import check_rows
from app.services.panel import Work
from app.services.workflow import Awaited, Move

WRITABLE = frozenset({"unit", "remark"})
GRACE = timedelta(hours=1)
"""So long may one take back what one has entered oneself by mistake."""


def create(work: Work, register: str, values: Mapping[str, Any]) -> int:
    """Enter one record (field code → Python value) and return its id.

    Raises Forbidden, Invalid.
    """
    return create_many(work, register, [values])[0]


def create_many(
    work: Work,
    register: str,
    new: Sequence[Mapping[str, Any]],
    *,
    lines: Sequence[int] | None = None,
    import_run: int | None = None,
) -> list[int]:
    """Enter records and return their ids in the same order; all or none.

    ``lines`` are the lines of a file the rows came from, for errors. Raises Forbidden, and Invalid with every error of every row.
    """
    spec = _writable(work, register, "import" if import_run is not None else "add")
    whole: Sequence[Mapping[str, Any]] = _with_defaults(work, spec, new)
    if errors := _wrong(work, spec, new, whole, importing=import_run is not None):
        raise Invalid([_at_line(e, lines) for e in errors] if lines is not None else errors)
    if behind.of(work.connection) is not None:  # whatever is asked later waits until the records are written
        whole = duties.ask_ahead(work, spec, whole)
    entered = rows.insert(work, spec, whole, import_run)
    consequences.of_rows(work, spec, entered, fresh=True)
    return [r["id"] for r in entered]


def check_many(
    work: Work, register: str, new: Sequence[Mapping[str, Any]], *, importing: bool = False
) -> list[CellError]:
    """Return everything that keeps records from being entered; writes nothing."""
    spec = work.spec(register)
    return _wrong(work, spec, new, _with_defaults(work, spec, new), importing=importing)


def _wrong(
    work: Work,
    spec: RegisterSpec,
    new: Sequence[Mapping[str, Any]],
    whole: Sequence[Mapping[str, Any]],
    *,
    importing: bool,
) -> list[CellError]:
    """Return everything that keeps records from being entered: as they are given, and ``whole``, with their defaults."""
    verb = "import" if importing else "add"
    errors = check_rows(work, spec, whole)
    errors += _unwritable(
        work, spec, new, "add", WRITABLE | {"record_no"} if importing or work.actor.is_system else WRITABLE
    )
    errors += refusing.entering(work, spec, whole)
    errors += files.foreign(work, spec, new)
    strange = scope.uncovered(work, spec, whole, verb)
    return errors + [CellError("", say("这条记录不在您可以登记的范围内"), row=i + 1) for i in strange]


def update(
    work: Work,
    register: str,
    record_id: int,
    changes: Mapping[str, Any],
    *,
    base_version: int | None = None,
    reason: str = "",
) -> int:
    """Change fields of one record and return its new version.

    With ``base_version``, the version the person was looking at: fields that others changed since are merged; where both changed
    the same field to different values Conflict carries both. Raises Forbidden, Missing, Invalid, Conflict.
    """
    spec = _writable(work, register, "edit")
    old = _mine(work, spec, record_id, "edit")
    if workflow.locked(spec, old) and not work.actor.is_system:
        raise Forbidden(say("记录在当前状态下已锁定，只能通过流转办理"))
    if errors := _unwritable(work, spec, [changes], "edit", WRITABLE):
        raise Invalid(errors)
    wanted = {k: v for k, v in changes.items() if _blank(old.get(k)) != _blank(v)}
    if base_version is not None and base_version != old["version"]:
        clashing.refuse(work, spec, old, wanted, base_version)
    if not wanted:
        return int(old["version"])
    errors = check_rows(work, spec, [{**old, **wanted}], [record_id], changed=wanted.keys())
    errors = _worth_telling(errors, spec, wanted)
    errors += refusing.entering(work, spec, [{**old, **wanted}], wanted.keys())
    if errors := errors or files.foreign(work, spec, [wanted], [old]):
        raise Invalid(errors)
    new = rows.change(work, spec, old, wanted, reason=reason or None)
    if consequences.hang_on(work, spec, wanted):
        consequences.of_rows(work, spec, [new], before=[old])
    return int(new["version"])


def update_many(
    work: Work,
    register: str,
    changes: Mapping[int, Mapping[str, Any]],
    *,
    import_run: int | None = None,
    base_versions: Mapping[int, int] | None = None,
) -> int:
    """Change several records, all or none, and return how many really changed.

    ``base_versions`` are the versions the person was looking at, by record, with the meaning they have in ``update``.
    Raises Forbidden, Missing, Conflicts, and Invalid with ``CellError.row`` counting the given records from 1.
    """
    spec = _writable(work, register, "import" if import_run is not None else "edit")
    ids = list(changes)
    old = rows.read(work, spec, ids, ("read", "edit"))
    errors = _not_mine(work, spec, ids, old.keys())
    errors += [
        CellError("", say("记录已锁定"), row=n)
        for n, i in enumerate(ids, 1)
        if i in old and workflow.locked(spec, old[i]) and not work.actor.is_system
    ]
    errors += _unwritable(work, spec, list(changes.values()), "edit", WRITABLE)
    if errors:
        raise Invalid(errors)
    wanted = {i: {k: v for k, v in changes[i].items() if _blank(old[i].get(k)) != _blank(v)} for i in ids}
    clashing.refuse_all(work, spec, old, wanted, base_versions or {})
    moved = [i for i in ids if wanted[i]]
    fields = set().union(*wanted.values())
    errors = check_rows(work, spec, [{**old[i], **wanted[i]} for i in moved], moved, changed=fields)
    errors += refusing.entering(work, spec, [{**old[i], **wanted[i]} for i in moved], fields)
    if import_run is None:
        errors = [e for e in errors if _worth_telling([e], spec, wanted[moved[(e.row or 1) - 1]])]
        errors += files.foreign(work, spec, [wanted[i] for i in moved], [old[i] for i in moved])
    if errors:
        places = {n: ids.index(i) + 1 for n, i in enumerate(moved, 1)}
        raise Invalid([CellError(e.field, e.reason, e.text, places[e.row or 1], e.line, e.label) for e in errors])
    now = rows.change_many(work, spec, [old[i] for i in moved], {i: wanted[i] for i in moved}, import_run=import_run)
    if now and consequences.hang_on(work, spec, fields):
        consequences.of_rows(work, spec, now, before=[old[i] for i in moved])
    return len(now)


def _not_mine(work: Work, spec: RegisterSpec, ids: Sequence[int], mine: Collection[int]) -> list[CellError]:
    """Return an error for each record that the actor may not change; one that may not even be seen looks like none."""
    if all(i in mine for i in ids):
        return []
    seen = {r["id"] for r in listing.select_rows(work, spec.code, ids=[i for i in ids if i not in mine], columns=())}
    forbidden = say("您没有{verb}这条记录的权限", verb=VERB_NAMES["edit"])
    return [
        CellError("", forbidden if i in seen else Missing().reason, row=n)
        for n, i in enumerate(ids, 1)
        if i not in mine
    ]


def remove(work: Work, register: str, record_id: int, reason: str = "", *, own: bool = False) -> None:
    """Archive one record: it is hidden, owes nothing any more, and is kept with its history.

    ``own``: whoever entered it takes it back, which needs no right to delete for an hour and while nothing has been missed.
    Raises Forbidden, Missing, and Refused where another record still points to it or it must be kept.
    """
    own = own and not scope.may(work, register, "delete")
    spec = _writable(work, register, "add" if own else "delete", archiving=True)
    old = _mine(work, spec, record_id, "read" if own else "delete")
    if own:
        _refuse_unless_fresh(work, spec, old, old["created_at"])
    if workflow.locked(spec, old) and not work.actor.is_system:
        raise Forbidden(say("记录在当前状态下已锁定，不能删除"))
    if not own:
        retention.refuse_if_kept(work, spec, old)
    _refuse_if_pointed_at(work, spec, record_id)
    new = rows.change(work, spec, old, {"archived_at": work.now}, reason=reason or None)
    consequences.of_rows(work, spec, [new], before=[old])


def restore(work: Work, register: str, record_id: int, reason: str = "", *, own: bool = False) -> None:
    """Bring an archived record back, with what it owes; ``own`` as in ``remove``.

    Raises Forbidden, Missing where the actor could not have archived it, Invalid where its values are not acceptable any more.
    """
    own = own and not scope.may(work, register, "delete")
    spec = _writable(work, register, "add" if own else "delete", archiving=True)
    table = work.tables[register]
    mine = scope.visible(work, register, archived=True)
    if not own:
        mine = mine & scope.visible(work, register, "delete", archived=True)
    if work.connection.execute(select(table.c.id).where(table.c.id == record_id, mine)).scalar() is None:
        raise Missing
    old = rows.read(work, spec, [record_id])[record_id]
    if own:
        _refuse_unless_fresh(work, spec, old, old["archived_at"])
    if errors := check_rows(work, spec, [{**old, "archived_at": None}], [record_id]):
        raise Invalid(errors)
    new = rows.change(work, spec, old, {"archived_at": None}, reason=reason or None)
    consequences.of_rows(work, spec, [new], before=[old])


def _refuse_unless_fresh(work: Work, spec: RegisterSpec, row: Mapping[str, Any], since: datetime) -> None:
    """Raise Forbidden unless the actor entered a record, did the last thing to it just now, and nothing about it was missed."""
    me = work.actor.person_id
    missed = select(breach.c.id).where(breach.c.register == spec.code, breach.c.record_id == row["id"]).limit(1)
    if (
        row["created_by"] != me
        or row["updated_by"] != me
        or work.now - since > GRACE
        or work.connection.execute(missed).scalar() is not None
    ):
        raise Forbidden(say("您没有{verb}“{register}”的权限", verb=VERB_NAMES["delete"], register=spec.label))


def move(
    work: Work,
    register: str,
    record_id: int,
    transition: str,
    values: Mapping[str, Any] | None = None,
    *,
    reason: str = "",
) -> None:
    """Make a transition of one record, with the fields it asks for.

    Raises Missing, Forbidden with the reason why not now, Refused where another register stands in the way, Invalid with every field
    that is missing or wrong.
    """
    spec = work.spec(register)
    if spec.tickets_of:
        raise Forbidden(say("处罚单请在“处罚”页面办理"))
    old = _mine(work, spec, record_id, "read")
    t = workflow.find(spec, transition)
    signer = workflow.demand(work, spec, old, t)
    on_behalf = signer if signer.lent is not None else None
    if (why := refusing.moving(work, spec, {**old, **(values or {})}, t.code)) is not None:
        raise Refused(why)
    if errors := files.foreign(work, spec, [values or {}], [old]):
        raise Invalid(errors)
    new = workflow.apply(work, spec, old, t, values or {}, reason, on_behalf.person_id if on_behalf else None)
    found = breaches.on_transition(work, spec, new, t.code)
    consequences.of_rows(work, spec, [new], before=[old], found=found)
    consequences.of_transition(work, spec, new, t, on_behalf)


def moves(work: Work, register: str, record_id: int) -> list[Move]:
    """Return the transitions that the actor may make with a record now."""
    spec = work.spec(register)
    return [] if spec.tickets_of else workflow.moves(work, spec, _mine(work, spec, record_id, "read"))


def awaited(work: Work, register: str, record_id: int) -> list[Awaited]:
    """Return what a record waits for now, and for whom."""
    spec = work.spec(register)
    return workflow.awaited(work, spec, _mine(work, spec, record_id, "read"))


def get(work: Work, register: str, record_id: int) -> dict[str, Any]:
    """Return one record as the actor may see it: field code → value, with the system fields.

    Raises Missing, alike for what is not there and for what the actor may not see.
    """
    return listing.row(work, register, record_id)


def _writable(work: Work, register: str, verb: str, *, archiving: bool = False) -> RegisterSpec:
    spec = scope.demand(work, register, verb)
    if spec.tickets_of:
        raise Forbidden(say("处罚单由系统生成，不能直接填写"))
    if spec.append_only and (archiving or verb in {"edit", "delete"}) and not work.actor.is_system:
        raise Forbidden(say("“{register}”只能新增，不能修改或删除", register=spec.label.zh))
    return spec


def _mine(work: Work, spec: RegisterSpec, record_id: int, verb: str) -> dict[str, Any]:
    """Return a whole row with which the actor may do ``verb``.

    Raises Missing where the actor may not even see it, Forbidden where only the verb is refused.
    """
    table = work.tables[spec.code]
    seen = select(table.c.id).where(table.c.id == record_id, scope.visible(work, spec.code, "read"))
    if work.connection.execute(seen).scalar() is None:
        raise Missing
    if verb != "read":
        allowed = select(table.c.id).where(table.c.id == record_id, scope.visible(work, spec.code, verb))
        if work.connection.execute(allowed).scalar() is None:
            raise Forbidden(say("您没有{verb}这条记录的权限", verb=VERB_NAMES[verb]))
    return rows.one(work, spec, record_id)


def _with_defaults(work: Work, spec: RegisterSpec, new: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return new rows as they will be entered: of the actor's unit, empty fields with their default, in the first state."""
    first = {"state": spec.workflow.initial} if spec.workflow else {}
    mine = {"unit": work.actor.unit_id}
    whole: list[dict[str, Any]] = [{**mine, **row, **first} for row in new]
    for f in spec.fields:
        if f.default is not None:
            value = rows.default(work, f)
            for row in whole:
                if row.get(f.code) is None:
                    row[f.code] = value
    return whole


def _unwritable(
    work: Work, spec: RegisterSpec, given: Sequence[Mapping[str, Any]], verb: str, system: Iterable[str]
) -> list[CellError]:
    """Return an error for every value of a field that the actor may not write, or that nobody types."""
    if work.actor.is_system:
        allowed = {f.code for f in spec.fields} | set(system) | {f"{f.code}_at" for f in spec.fields}
    else:
        allowed = {f.code for f in scope.fields_for(work, spec.code, verb)} | set(system)
    errors: list[CellError] = []
    if allowed.issuperset(set().union(*given)):
        return errors
    for i, row in enumerate(given):
        for code in row.keys() - allowed:
            if row[code] is not None or spec.column(code) is None:
                field = spec.column(code)
                reason = (
                    say("此项由系统或流转填写，不能直接录入") if field else say("没有名为“{field}”的字段", field=code)
                )
                errors.append(
                    CellError(code, reason, str(row[code]), row=i + 1, label=field.label.zh if field else code)
                )
    return errors


def _blank(value: Any) -> Any:
    return None if value in ("", ()) else value


def _worth_telling(errors: Sequence[CellError], spec: RegisterSpec, wanted: Mapping[str, Any]) -> list[CellError]:
    """Leave out what was wrong before and is not touched: an old row must not become uneditable when a rule is tightened."""
    tied = {f for c in spec.checks for f in c.require.fields() if set(c.require.fields()) & wanted.keys()}
    return [e for e in errors if e.field in wanted or e.field in tied]


def _refuse_if_pointed_at(work: Work, spec: RegisterSpec, record_id: int) -> None:
    by = spec.retention.destroyed_by if spec.retention else None
    for other, field in work.catalog.pointing_at.get(spec.code, ()):
        if by is not None and (other.code, field.code) == (by.register_code, by.through):
            continue  # the order to destroy it names it
        table = work.tables[other.code]
        if field.many:
            link = work.links[other.code, field.code]
            query = (
                select(table.c.record_no).join(link, link.c.record_id == table.c.id).where(link.c.target == record_id)
            )
        else:
            query = select(table.c.record_no).where(table.c[field.code] == record_id)
        if work.connection.execute(query.where(table.c.archived_at.is_(None)).limit(1)).scalar() is not None:
            raise Refused(say("“{register}”中还有记录引用它，不能删除", register=other.label.zh))


def _at_line(e: CellError, lines: Sequence[int] | None) -> CellError:
    return CellError(e.field, e.reason, e.text, e.row, lines[e.row - 1] if lines and e.row else None, e.label)
