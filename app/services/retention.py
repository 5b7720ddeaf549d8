"""Retention: a record that must still be kept cannot be deleted, whoever asks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.catalog.catalog import adopted
from app.catalog.register import RegisterSpec
from app.errors import Refused, say
from app.rules.deadlines import due, limit_in_force
from app.services import adoption
from app.services.conditions import with_references
from app.services.panel import Work


def refuse_if_kept(work: Work, spec: RegisterSpec, row: Mapping[str, Any]) -> None:
    """Raise Refused, naming the day and the article, where a record may not be deleted yet or not without its destruction approved."""
    rule = spec.retention
    bound = adoption.policies(work, row.get("unit"), work.today)
    if rule is None or not any(adopted(x, bound) for x in rule.keep):
        return
    whole = with_references(work, spec, [row], [*rule.keep, *(x.when for x in rule.keep)])[0]
    started: date | datetime | None = (
        whole.get(f"{rule.starts}_at", whole.get(rule.starts)) if rule.starts else work.today
    )
    day = work.local_day(started) if isinstance(started, datetime) else started
    live = [x for x in rule.keep if adopted(x, bound)]
    limit = limit_in_force(live, day, whole) if day is not None else None
    if day is None or (limit is None and any(x.when is None for x in live)):
        cites = "、".join(map(str, live[0].cite))
        raise Refused(say("保管期限尚未起算，不能删除（依据 {cite}）", cite=cites))
    if limit is None:
        return
    end = due(limit.model_copy(update={"on_rest_day": "stay"}), day, work.panel.calendar, whole)
    cites = "、".join(map(str, limit.cite))
    if work.now < end.late_at:
        raise Refused(say("须保存至 {day}，不能删除（依据 {cite}）", day=end.day, cite=cites))
    if rule.destroyed_by is not None and destruction_of(work, spec, row["id"]) is None:
        register = work.catalog.registers[rule.destroyed_by.register_code].label.zh
        raise Refused(say("保管期已满，须凭批准的《{register}》销毁（依据 {cite}）", register=register, cite=cites))


def destruction_of(work: Work, spec: RegisterSpec, record_id: int) -> str | None:
    """Return the number of the approved record by which a record may be destroyed."""
    by = spec.retention.destroyed_by if spec.retention else None
    if by is None:
        return None
    table, field = work.tables[by.register_code], work.catalog.registers[by.register_code].field(by.through)
    query = select(table.c.record_no).where(table.c.archived_at.is_(None), table.c.state.in_(by.state))
    if field is not None and field.many:
        link = work.links[by.register_code, by.through]
        query = query.join(link, link.c.record_id == table.c.id).where(link.c.target == record_id)
    else:
        query = query.where(table.c[by.through] == record_id)
    return work.connection.execute(query.limit(1)).scalar()
