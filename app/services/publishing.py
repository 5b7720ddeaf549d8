"""Bringing definitions into force: load, check, plan, tables, roles, adoption; one transaction, a new revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, func, insert, select

from app.catalog.catalog import Catalog
from app.catalog.findings import Finding
from app.catalog.loader import digest, load
from app.catalog.plan import plan as plan_of
from app.catalog.plan import refusals
from app.catalog.stored import from_json, to_json
from app.errors import Missing, Refused, Sentence, say
from app.fields.times import Moment
from app.models.bulk import insert_rows
from app.models.ddl import add_missing
from app.models.fixed import publication, publication_file, role
from app.models.registers import build_models
from app.rules.calendar import WorkCalendar
from app.services import adoption
from app.services.panel import Actor, Panel


class Unsound(Refused):
    """Definitions cannot be published; carries every finding, each with its file and line."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        wrong = [f for f in findings if f.level == "error"]
        super().__init__(say("定义中有 {n} 处错误，未作任何更改", n=len(wrong)))
        self.findings = tuple(findings)


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


def revision(engine: Engine) -> int:
    """Return the number of the newest publication; 0 before the first."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: Connection) -> int:
    return connection.execute(select(func.max(publication.c.revision))).scalar() or 0


def current(engine: Engine) -> Published:
    """Return the definitions in force; an empty catalog of revision 0 before the first publication.

    Raises Unsound where this version of the program cannot read what was published with another.
    """
    with engine.connect() as connection:
        return _current(connection)


def _current(connection: Connection) -> Published:
    p = publication.c
    newest = connection.execute(select(p.revision, p.digest, p.catalog).order_by(p.revision.desc()).limit(1)).first()
    if newest is None:
        return Published(0, Catalog(), {})
    files = _files(connection, newest.revision)
    try:
        catalog = from_json(newest.catalog, newest.revision, newest.digest)
    except ValidationError:  # published by another version of the program; its files are what counts
        read, findings = load(files)
        if read is None:
            raise Unsound(findings) from None
        catalog = replace(read, revision=newest.revision)
    return Published(newest.revision, catalog, files)


def files_of(engine: Engine, number: int) -> dict[str, str]:
    """Return the files (path → YAML) that an earlier publication brought into force, to be published anew.

    Raises Missing.
    """
    with engine.connect() as connection:
        files = _files(connection, number)
    if not files:
        raise Missing
    return files


def _files(connection: Connection, number: int) -> dict[str, str]:
    f = publication_file.c
    return {path: text for path, text in connection.execute(select(f.path, f.text).where(f.revision == number))}


def plan(engine: Engine, files: Mapping[str, str]) -> Planned:
    """Return what bringing ``files`` (path → YAML, all of them) into force would change; changes nothing."""
    catalog, findings = load(files)
    if catalog is None:
        return Planned(None, (), findings)
    before = current(engine)
    old = before.catalog if before.revision else None
    refused = refusals(old, catalog, files)
    return Planned(None if refused else catalog, plan_of(old, catalog), [*findings, *refused])


def publish(
    engine: Engine, files: Mapping[str, str], *, actor: Actor, reason: str, now: datetime, zone: ZoneInfo
) -> Published:
    """Bring ``files`` into force and return them; the same definitions as now change nothing.

    In one transaction where the database can: tables and columns are added, never dropped; new roles appear; a policy with
    ``adopt_from`` is adopted by the whole site; the revision goes up by one. Raises Unsound.
    """
    now_in_force = current(engine)
    if now_in_force.revision and now_in_force.catalog.digest == digest(files):
        return now_in_force
    planned = plan(engine, files)
    if planned.catalog is None:
        raise Unsound(planned.findings)
    with engine.connect() as connection:
        connection = connection.execution_options(immediate=True)
        with connection.begin():
            before = _revision(connection)
            if before != now_in_force.revision:
                raise Refused(say("定义刚被他人发布为第 {n} 版，请重新核对后再发布", n=before))
            return _publish(connection, planned, dict(files), before + 1, actor, reason, now, zone)


def _publish(
    connection: Connection,
    planned: Planned,
    files: dict[str, str],
    number: int,
    actor: Actor,
    reason: str,
    now: datetime,
    zone: ZoneInfo,
) -> Published:
    catalog = replace(planned.catalog or Catalog(), revision=number)
    models = build_models(catalog)
    add_missing(connection, models)
    said = "\n".join(map(str, planned.sentences))
    row = {
        "revision": number,
        "digest": catalog.digest,
        "at": now,
        "person": actor.person_id,
        "reason": reason,
        "plan": said,
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
    _adopt(connection, catalog, actor, now, zone)
    return Published(number, catalog, files)


def _adopt(connection: Connection, catalog: Catalog, actor: Actor, now: datetime, zone: ZoneInfo) -> None:
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


def open_panel(engine: Engine, published: Published, calendar: WorkCalendar, zone: ZoneInfo, files: Path) -> Panel:
    """Return a panel over definitions in force; also sets the zone in which moments are typed and shown."""
    Moment.zone = zone
    return Panel(published.catalog, build_models(published.catalog), engine, calendar, zone, files)


def history(engine: Engine) -> list[tuple[int, datetime, int | None, str, str]]:
    """Return all publications, latest first: revision, moment, person, reason, plan."""
    p = publication.c
    with engine.connect() as connection:
        query = select(p.revision, p.at, p.person, p.reason, p.plan).order_by(p.revision.desc())
        return [tuple(r) for r in connection.execute(query)]
