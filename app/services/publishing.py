"""Bringing definitions into force: load, check, plan, tables, roles, adoption; one transaction, a new revision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import IntegrityError

from app.catalog.catalog import Catalog
from app.catalog.findings import Finding, errors
from app.catalog.loader import digest, load
from app.catalog.plan import plan as plan_of
from app.catalog.plan import refusals
from app.catalog.stored import from_json, sentences_from_json, sentences_to_json, to_json
from app.catalog.upgrade import conflicts
from app.errors import Missing, Refused, Sentence, say
from app.fields.times import Moment
from app.models.bulk import insert_rows
from app.models.ddl import add_missing
from app.models.fixed import publication, publication_file, role
from app.models.registers import build_models
from app.rules.calendar import WorkCalendar
from app.services import adoption, converting, renewing
from app.services.converting import Conversion
from app.services.impact import Impact, impacts
from app.services.panel import Actor, Panel

EVER = date.min
"""The day from which the first publication is in force: what is older than the panel is judged by it."""


class Unsound(Refused):
    """Definitions cannot be published; carries every finding, each with its file and line."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        wrong = [f for f in findings if f.level == "error"]
        super().__init__(say("定义中有 {n} 处错误，未作任何更改", n=len(wrong)))
        self.findings = tuple(findings)


class Overtaken(Refused):
    """Somebody else brought another revision into force meanwhile."""

    status = 409

    def __init__(self, revision: int) -> None:
        super().__init__(say("定义刚被他人发布为第 {n} 版，请重新核对后再发布", n=revision))
        self.revision = revision


@dataclass(frozen=True)
class Published:
    """Definitions in force: their revision, catalog and files (path → YAML)."""

    revision: int
    catalog: Catalog
    files: Mapping[str, str]


@dataclass(frozen=True)
class Planned:
    """What publishing files would change, in sentences, and everything found in them."""

    catalog: Catalog | None
    sentences: Sequence[Sentence]
    findings: Sequence[Finding]
    impacts: Sequence[Impact] = ()
    """What it means for the records that are there."""
    files: Mapping[str, str] = field(default_factory=dict)
    """The files as they would be in force: the site's own say where the values of a field lie that changes its type."""
    conversions: Sequence[Conversion] = ()


def revision(engine: Engine) -> int:
    """Return the number of the newest publication; 0 before the first."""
    with engine.connect() as connection:
        return newest(connection)


def newest(connection: Connection) -> int:
    """Return the number of the newest publication; 0 before the first."""
    return connection.execute(select(func.max(publication.c.revision))).scalar() or 0


def current(engine: Engine) -> Published:
    """Return the definitions in force; an empty catalog of revision 0 before the first publication.

    Raises Unsound where this version of the program cannot read what was published with another.
    """
    with engine.connect() as connection:
        return _current(connection)


def _current(connection: Connection) -> Published:
    number = newest(connection)
    if not number:
        return Published(0, Catalog(), {})
    return Published(number, stored(connection, number), files_in(connection, number))


def stored(connection: Connection, number: int) -> Catalog:
    """Return the catalog that a publication brought into force.

    Raises Missing, and Unsound where this version of the program cannot read what was published with another.
    """
    p = publication.c
    row = connection.execute(select(p.revision, p.digest, p.catalog).where(p.revision == number)).first()
    if row is None:
        raise Missing(say("没有第 {n} 号发布", n=number))
    try:
        return from_json(row.catalog, row.revision, row.digest)
    except ValidationError:  # published by another version of the program; its files are what counts
        read, findings = load(files_in(connection, number))
        if read is None:
            raise Unsound(findings) from None
        return replace(read, revision=number)


def files_in(connection: Connection, number: int) -> dict[str, str]:
    """Return the files of a publication; none where it is not there."""
    f = publication_file.c
    return {path: text for path, text in connection.execute(select(f.path, f.text).where(f.revision == number))}


def plan(engine: Engine, files: Mapping[str, str], zone: ZoneInfo = Moment.zone) -> Planned:
    """Return what bringing ``files`` (path → YAML, all of them) into force would change; changes nothing."""
    before = current(engine)
    clashes = conflicts(before.files, files)
    old = before.catalog if before.revision else None
    with engine.connect() as connection:
        # a statement that is remembered keeps its tables, and those of a plan are made for it alone
        connection = connection.execution_options(compiled_cache=None)
        earlier = (stored(connection, n) for n in range(before.revision - 1, 0, -1))
        known = converting.known_fields(connection, before.catalog, earlier, files)
        files = converting.settled(connection, known, before.catalog, zone, files)
        catalog, found_in = load(files)
        findings = [*clashes, *found_in]
        if catalog is None or errors(findings):
            return Planned(None, (), findings, files=files)
        refused = refusals(old, catalog, files)
        if refused:
            return Planned(None, plan_of(old, catalog), [*findings, *refused], files=files)
        found = impacts(connection, before.catalog, catalog, known, zone)
    return Planned(catalog, plan_of(old, catalog), findings, found, files, converting.conversions(known, catalog))


def publish(
    engine: Engine,
    files: Mapping[str, str],
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    zone: ZoneInfo,
    in_force_from: date | None = None,
    upon: int | None = None,
    beside: Callable[[Connection, int], None] | None = None,
    new_rows_only: bool = False,
) -> Published:
    """Bring ``files`` into force and return them; the same definitions as now change nothing.

    Raises Refused where records stand in the way of a field that becomes unique, or required unless ``new_rows_only``.

    ``upon``: the revision they were made from; raises Overtaken where another is in force by now. ``beside`` is called with the new
    revision in the same transaction.

    What begins on ``in_force_from`` (by default the day of ``now``) or later is judged by them; the first publication also judges what
    began before it. Screens follow at once. Raises Refused for a day that has passed: what is owed already only a recalculation moves.

    In one transaction where the database can: tables and columns are added, never dropped; new roles appear; a policy with
    ``adopt_from`` is adopted by the whole site; the revision goes up by one. Raises Unsound.
    """
    now_in_force = current(engine)
    if upon is not None and upon != now_in_force.revision:
        raise Overtaken(now_in_force.revision)
    if now_in_force.revision and now_in_force.catalog.digest == digest(files):
        return now_in_force
    planned = plan(engine, files, zone)
    if planned.catalog is None:
        raise Unsound(planned.findings)
    if now_in_force.revision and now_in_force.catalog.digest == planned.catalog.digest:
        return now_in_force
    refuse_in_the_way(planned, new_rows_only=new_rows_only)
    today = now.astimezone(zone).date()
    if in_force_from is not None and in_force_from < today:
        raise Refused(too_early(today))
    since = (in_force_from or today) if now_in_force.revision else EVER
    with engine.connect() as connection:
        connection = connection.execution_options(immediate=True, compiled_cache=None)
        with connection.begin():
            _wait_for_others(connection)
            before = newest(connection)
            if before != now_in_force.revision:
                raise Overtaken(before)
            done = _publish(connection, planned, before + 1, actor, reason, now, since, now_in_force.catalog, zone)
            if beside is not None:
                beside(connection, done.revision)
            return done


def _wait_for_others(connection: Connection) -> None:
    """Let publications happen one after another; on SQLite the write lock, which is held already, sees to it."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("LOCK TABLE publication IN SHARE ROW EXCLUSIVE MODE")


def too_early(today: date) -> Sentence:
    """Return why definitions are not in force from a day that has passed."""
    return say("生效日不能早于今天（{day}）；已经产生的待办与处罚只能通过重算更正", day=today)


def _publish(
    connection: Connection,
    planned: Planned,
    number: int,
    actor: Actor,
    reason: str,
    now: datetime,
    since: date,
    old: Catalog,
    zone: ZoneInfo,
) -> Published:
    files = dict(planned.files)
    catalog = replace(planned.catalog or Catalog(), revision=number)
    models = build_models(catalog)
    add_missing(connection, catalog)
    _convert(connection, planned, old, zone)
    row = {
        "revision": number,
        "digest": catalog.digest,
        "at": now,
        "person": actor.person_id,
        "in_force_from": since,
        "reason": reason,
        "plan": sentences_to_json((*planned.sentences, *(i.says for i in planned.impacts))),
        "catalog": to_json(catalog),
    }
    connection.execute(insert(publication).values(**row))
    insert_rows(
        connection, publication_file, [{"revision": number, "path": p, "text": t} for p, t in sorted(files.items())]
    )
    there = set(connection.execute(select(role.c.name)).scalars())
    for code in catalog.roles:
        if code not in there:
            connection.execute(insert(role).values(name=code))
    _adopt(connection, catalog, actor, now)
    renewing.at_publication(connection, catalog, models, now, zone)
    return Published(number, catalog, files)


def _convert(connection: Connection, planned: Planned, old: Catalog, zone: ZoneInfo) -> None:
    for conversion in planned.conversions:
        try:
            converting.convert(connection, old, zone, conversion)
        except IntegrityError:
            raise Refused(say("“{label}”转换之后有重复的值，不能同时设为唯一", label=conversion.now.label)) from None


def refuse_in_the_way(planned: Planned, *, new_rows_only: bool) -> None:
    """Raise Refused where records stand in the way of a stricter rule; what becomes required may be asked of new records alone."""
    for impact in planned.impacts:
        if impact.kind == "unique" or (impact.kind == "required" and not new_rows_only):
            raise Refused(say("{impact}；请先更正这些记录", impact=impact.says))


def _adopt(connection: Connection, catalog: Catalog, actor: Actor, now: datetime) -> None:
    for policy in catalog.policies.values():
        if policy.adopt_from is not None:
            adoption.adopt_for_all(connection, policy.code, policy.adopt_from, actor.person_id, now)


def merged(engine: Engine, added: Mapping[str, str], *, shipped: bool) -> dict[str, str]:
    """Return all files that would be in force: the shipped ones replaced whole, or the site's own added to what is in force.

    The site's own files lie under ``site/``.
    """
    now = dict(current(engine).files)
    if shipped:
        return {p: t for p, t in now.items() if p.startswith("site/")} | dict(added)
    return now | {f"site/{path}": text for path, text in added.items()}


def open_panel(
    engine: Engine, published: Published, calendar: WorkCalendar, zone: ZoneInfo, files: Path, appeal_days: int = 5
) -> Panel:
    """Return a panel over definitions in force; also sets the zone in which moments are typed and shown."""
    Moment.zone = zone
    return Panel(published.catalog, build_models(published.catalog), engine, calendar, zone, files, appeal_days)


def history(engine: Engine) -> list[tuple[int, datetime, int | None, str, list[Sentence], date]]:
    """Return all publications, latest first: revision, moment, person, reason, plan, the day from which it is in force."""
    p = publication.c
    with engine.connect() as connection:
        query = select(p.revision, p.at, p.person, p.reason, p.plan, p.in_force_from).order_by(p.revision.desc())
        return [(*r[:4], sentences_from_json(r.plan), r.in_force_from) for r in connection.execute(query)]
