"""Saved views of a register's grid: mine, or shared with everybody who holds a role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.catalog import rights
from app.catalog.register import SYSTEM, RegisterSpec
from app.errors import CellError, Forbidden, Invalid, Missing, Refused, say
from app.models.bulk import insert_one, insert_rows
from app.models.fixed import saved_view, saved_view_role
from app.services import people, scope
from app.services.filtering import DUE
from app.services.panel import Work

KEYS = frozenset({"columns", "frozen", "filter", "sort", "group", "colour", "search", "mode"})
"""What a view may say; what each means is the grid's business."""
LONGEST = 20_000
"""Bytes of one view."""


@dataclass(frozen=True)
class View:
    """A saved view as one reader gets it: without what names a field that this reader may not see (then ``reduced``)."""

    id: int
    name: str
    person: int
    owner: str
    roles: tuple[str, ...]
    config: Mapping[str, Any]
    reduced: bool


def all_of(work: Work, register: str) -> list[View]:
    """Return the views of a register that are the actor's own or shared with a role of the actor's, own ones first.

    Raises Forbidden, Missing.
    """
    spec = scope.demand(work, register, "read")
    v, r = saved_view.c, saved_view_role.c
    shared = select(r.view).where(r.role.in_(sorted(work.actor.roles | {rights.EVERYONE})))
    query = select(saved_view).where(v.register == register, or_(v.person == work.actor.person_id, v.id.in_(shared)))
    rows = work.rows(query.order_by(v.name, v.id)).all()
    held: dict[int, list[str]] = {}
    for view, role in work.connection.execute(select(r.view, r.role).where(r.view.in_([x["id"] for x in rows]))):
        held.setdefault(view, []).append(role)
    names = people.names(work, [x["person"] for x in rows])
    found = [
        View(x["id"], x["name"], x["person"], names.get(x["person"], ""), tuple(sorted(held.get(x["id"], ()))),
             *_for_reader(work, spec, orjson.loads(x["config"])))
        for x in rows
    ]  # fmt: skip
    return sorted(found, key=lambda x: x.person != work.actor.person_id)


def one(work: Work, register: str, view: int) -> View:
    """Return a view that the actor may use. Raises Missing, Forbidden."""
    found = next((x for x in all_of(work, register) if x.id == view), None)
    if found is None:
        raise Missing
    return found


def create(work: Work, register: str, name: str, config: Mapping[str, Any], roles: Iterable[str] = ()) -> int:
    """Keep a view and return its number. Raises Invalid for a name that is blank or taken, Refused, Forbidden, Missing."""
    spec = scope.demand(work, register, "read")
    row = {
        "register": register, "person": work.actor.person_id or 0, "name": _name(work, register, name, None),
        "config": _text(work, spec, config), "created_at": work.now, "updated_at": work.now,
    }  # fmt: skip
    try:
        view = insert_one(work.connection, saved_view, row)
    except IntegrityError:
        raise _taken(name) from None
    _share(work, view, roles, ())
    return view


def change(
    work: Work,
    register: str,
    view: int,
    *,
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    roles: Iterable[str] | None = None,
) -> None:
    """Change one's own view. Raises Forbidden for somebody else's, Missing, Invalid, Refused."""
    found = _own(work, register, view)
    values: dict[str, Any] = {"updated_at": work.now}
    if name is not None:
        values["name"] = _name(work, register, name, view)
    if config is not None:
        values["config"] = _text(work, work.spec(register), config)
    work.connection.execute(update(saved_view).where(saved_view.c.id == view).values(**values))
    if roles is not None:
        work.connection.execute(delete(saved_view_role).where(saved_view_role.c.view == view))
        _share(work, view, roles, found.roles)


def remove(work: Work, register: str, view: int) -> None:
    """Forget one's own view. Raises Forbidden for somebody else's, Missing."""
    _own(work, register, view)
    work.connection.execute(delete(saved_view_role).where(saved_view_role.c.view == view))
    work.connection.execute(delete(saved_view).where(saved_view.c.id == view))


def _own(work: Work, register: str, view: int) -> View:
    found = one(work, register, view)
    if found.person != work.actor.person_id:
        raise Forbidden(say("这是{who}的视图，可以另存为自己的", who=found.owner))
    return found


def _name(work: Work, register: str, name: str, view: int | None) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Invalid([CellError("name", say("请填写视图名称，最多 80 个字"), name[:100])])
    v = saved_view.c
    taken = select(v.id).where(v.register == register, v.person == work.actor.person_id, v.name == name)
    there = work.connection.execute(taken).scalar()
    if there is not None and there != view:
        raise _taken(name)
    return name


def _taken(name: str) -> Invalid:
    return Invalid([CellError("name", say("您已有同名的视图"), name)])


def _share(work: Work, view: int, roles: Iterable[str], before: Sequence[str]) -> None:
    wanted = sorted(set(roles))
    mine = work.actor.roles | {rights.EVERYONE} | set(before)
    if strange := [r for r in wanted if r not in mine]:
        raise Forbidden(say("只能与自己所在的岗位共享：{role}", role=strange[0]))
    insert_rows(work.connection, saved_view_role, [{"view": view, "role": r} for r in wanted])


def _text(work: Work, spec: RegisterSpec, config: Mapping[str, Any]) -> str:
    """Return a view's content as it is kept. Raises Refused for what is no view, or names a field the actor may not see."""
    if strange := sorted(set(config) - KEYS):
        raise Refused(say("视图里没有“{key}”这一项", key=strange[0][:40]))
    text = orjson.dumps(config)
    if len(text) > LONGEST:
        raise Refused(say("视图的内容太多"))
    seen = _seen(work, spec)
    if hidden := sorted(f for f in _named(config) if f not in seen):
        raise Refused(say("没有名为“{field}”的列", field=hidden[0][:40]))
    return text.decode()


def _for_reader(work: Work, spec: RegisterSpec, config: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    seen = _seen(work, spec)
    if all(f in seen for f in _named(config)):
        return config, False
    kept = dict(config)
    for key in ("columns", "sort", "group"):
        if key in kept:
            kept[key] = [one for one in kept[key] if all(f in seen for f in _named(one))]
    if any(f not in seen for f in _named(kept.get("filter"))):
        kept["filter"] = _without(kept["filter"], seen)
    return kept, True


def _seen(work: Work, spec: RegisterSpec) -> set[str]:
    return {f.code for f in scope.fields_for(work, spec.code)} | set(SYSTEM) | {"id", DUE}


def _named(given: Any) -> set[str]:
    """Return every field that a part of a view names."""
    if isinstance(given, Mapping):
        own = {str(given[k]) for k in ("code", "field") if k in given}
        return own.union(*(_named(v) for k, v in given.items() if k != "value"))
    if isinstance(given, list | tuple):
        return set().union(*map(_named, given))
    return set()


def _without(tree: Any, seen: set[str]) -> Any:
    """Return a filter without comparisons on fields that are not seen; None where nothing is left."""
    if not isinstance(tree, Mapping):
        return None
    if "field" in tree:
        return dict(tree) if tree["field"] in seen else None
    if "not" in tree:
        kept = _without(tree["not"], seen)
        return {"not": kept} if kept is not None else None
    for how in ("all", "any"):
        if how in tree and isinstance(tree[how], list):
            parts = [p for one in tree[how] if (p := _without(one, seen)) is not None]
            return {how: parts} if parts else None
    return None
