"""The access log: who saw which of the records that are logged, and who looked at the panel as whom; nothing ever changes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, literal, or_, select, true

from app.errors import Forbidden, say
from app.fields.base import Field
from app.models.fixed import access_log
from app.services import administration, people, scope
from app.services.conditions import where
from app.services.panel import Work

_LOGGED, _APPROVAL = "_logged", "_approval"


def columns(work: Work, register: str, fields: Sequence[Field]) -> list[Any]:
    """Return what to read of each row to know whether that is logged; nothing where no row is, or only names are shown."""
    spec = work.spec(register)
    if work.actor.is_system or not {f.code for f in fields}.difference(spec.title):
        return []
    grant = scope.granting(work, spec)
    if spec.logged is None and grant is None:
        return []
    secret = where(work.tables[register], spec, spec.logged) if spec.logged is not None else literal(False)
    opened = scope.approval_of(work, spec, grant) if grant else literal(None)
    return [secret.label(_LOGGED), opened.label(_APPROVAL)]


def note(work: Work, register: str, rows: Sequence[dict[str, Any]], verb: str = "read") -> None:
    """Take ``columns`` out of rows that are going to be shown, and log those that are to be; once in a unit of work."""
    if not rows or _LOGGED not in rows[0]:
        return
    grant = scope.granting(work, work.spec(register))
    by = work.actor.behind or work.actor
    for row in rows:
        opened = row.pop(_APPROVAL)
        if row.pop(_LOGGED) or opened is not None:
            work.seen.setdefault((register, row["id"], verb), {
                "at": work.now, "person": by.person_id, "action": verb, "register": register, "record_id": row["id"],
                "approved_in": grant.register_code if grant and opened is not None else None, "approval": opened,
            })  # fmt: skip


def may(work: Work) -> bool:
    """Return whether the actor reads the log."""
    return administration.may(work) or people.may(work, "read_access_log")


def lines(
    work: Work, *, person: int | None = None, register: str = "", before: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """Return lines of the log, latest first: all, or those about one person (who looked, or whom one looked as) or one register.

    Raises Forbidden.
    """
    if not may(work):
        raise Forbidden(say("您没有查看查阅日志的权限"))
    a = access_log.c
    about = or_(a.person == person, a.subject == person) if person is not None else true()
    wanted = and_(
        about, a.register == register if register else true(), a.id < before if before is not None else true()
    )
    query = select(access_log).where(wanted).order_by(a.id.desc()).limit(limit)
    return [dict(r) for r in work.rows(query)]


def numbers(work: Work, found: Sequence[dict[str, Any]]) -> dict[tuple[str, int], str]:
    """Return the numbers of the records and approvals that lines name, by (register, id): numbers tell nobody's name."""
    wanted: dict[str, set[int]] = {}
    for line in found:
        for code, number in ((line["register"], line["record_id"]), (line["approved_in"], line["approval"])):
            if code in work.tables and number is not None:
                wanted.setdefault(code, set()).add(number)
    named: dict[tuple[str, int], str] = {}
    for code, ids in wanted.items():
        table = work.tables[code]
        query = select(table.c.id, table.c.record_no).where(table.c.id.in_(ids))
        named |= {(code, i): n for i, n in work.connection.execute(query)}
    return named
