"""Where somebody goes to do what is owed: the record itself, or the form for the record elsewhere that fulfils it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import request
from sqlalchemy import select

from app.catalog.duty import Done
from app.catalog.register import RegisterSpec
from app.fields.links import Reference
from app.models.among import among
from app.services import scope
from app.services.panel import Work


def forms(work: Work, owed: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """Return the address of the form for each obligation (by id) that a new record elsewhere fulfils, with what is known filled in.

    Left out are those for which a record is there already, to be carried on from the record, and registers in which the actor
    enters nothing.
    """
    found: dict[int, str] = {}
    for (register, code), some in _alike(owed):
        duty = work.catalog.duties.get((register, code))
        if duty is None or duty.done.matches or duty.done.register_code not in work.catalog.registers:
            continue
        done, other = duty.done, work.spec(duty.done.register_code)
        if not isinstance(other.field(done.through), Reference) or other.tickets_of or other.reports:
            continue
        if not scope.may(work, other.code, "add"):
            continue
        begun = _begun(work, other, done, [o["record_id"] for o in some]) if duty.every is None else frozenset()
        for o in some:
            if o["record_id"] not in begun:
                known = {done.through: o["record_id"], **_plain(done)}
                found[o["id"]] = f"{request.script_root}/registers/{other.code}/add?{urlencode(known)}"
    return found


def _alike(owed: Sequence[Mapping[str, Any]]) -> Iterator[tuple[tuple[str, str], list[Mapping[str, Any]]]]:
    alike: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for o in owed:
        alike.setdefault((o["register"], o["duty"]), []).append(o)
    yield from alike.items()


def _begun(work: Work, other: RegisterSpec, done: Done, ids: Sequence[int]) -> frozenset[int]:
    """Return those records that one elsewhere points to already, as far as the actor may see it."""
    table = work.tables[other.code]
    query = select(table.c[done.through]).where(among(table.c[done.through], ids), scope.visible(work, other.code))
    return frozenset(work.connection.execute(query.distinct()).scalars())


def _plain(done: Done) -> dict[str, Any]:
    """Return what the record elsewhere must hold, where that is one word: ``{field: kind, is: 定期}``."""
    said = done.where
    return {said.field: said.is_} if said is not None and said.field and isinstance(said.is_, str) else {}
