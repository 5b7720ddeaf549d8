"""Editions: which publication's definitions bind what began, or was committed, on which day."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import select

from app.catalog.catalog import Catalog
from app.catalog.register import RegisterSpec
from app.errors import Missing, say
from app.fields.links import Link
from app.models.among import among
from app.models.dating import recalculation
from app.models.fixed import publication
from app.models.registers import Models, alike, build_models, columns_of
from app.rules.calendar import WorkCalendar
from app.services import publishing
from app.services.panel import Work

ONE_DAY = timedelta(days=1)
KEPT = 512
"""Catalogs; each adds to those before it little but what it says anew. What asks for the eras of a register goes through all."""
_catalogs: OrderedDict[str, tuple[Catalog, Models | None]] = OrderedDict()
"""Catalogs by digest, the latest used last; a digest is the SHA-256 of the definitions, so it holds for every database of this process."""


@dataclass(frozen=True)
class Edition:
    """A publication and the first day for which it speaks; a later publication speaks for its own days in its stead."""

    revision: int
    digest: str
    since: date
    at: datetime
    until: date = date.max
    """The first day for which it does not speak any more."""
    calendar: WorkCalendar | None = None
    """Of a draft: what its days are counted with; otherwise that of the panel."""


@dataclass(frozen=True)
class Era:
    """Days through which what is said of a register does not change: by ``revision``, the newest that says so.

    ``spans`` are its days, each from the first to before the second; what is bound by any of ``revisions`` is judged alike.
    """

    revision: int
    revisions: frozenset[int]
    spec: RegisterSpec
    spans: tuple[tuple[date, date], ...]

    def covers(self, day: date) -> bool:
        """Return whether what begins on a day is bound by this era."""
        return any(first <= day < end for first, end in self.spans)


def listed(work: Work) -> Sequence[Edition]:
    """Return all editions, oldest first; of a panel whose catalog was never published, that catalog alone."""
    if "editions" not in work.memo:
        p = publication.c
        query = select(p.revision, p.digest, p.in_force_from, p.at).order_by(p.revision)
        found = tuple(Edition(*r) for r in work.connection.execute(query))
        work.memo["editions"] = found or (
            Edition(work.catalog.revision, work.catalog.digest, publishing.EVER, work.now),
        )
    return work.memo["editions"]


def newest(work: Work) -> int:
    """Return the number of the newest edition."""
    known: int | None = work.memo.get("newest edition") if "editions" not in work.memo else None
    return listed(work)[-1].revision if known is None else known


def worked_by_since(work: Work, edition: Edition) -> date:
    """Return the first day on which people worked by an edition: the first speaks for all days, but was not there before its own."""
    return max(edition.since, work.local_day(edition.at))


def beginning(work: Work) -> date:
    """Return the day on which the panel began."""
    return worked_by_since(work, listed(work)[0])


def draft(work: Work, catalog: Catalog | None, calendar: WorkCalendar | None, since: date, until: date) -> None:
    """Let a draft speak, in this unit of work alone, for the days from ``since`` to before ``until``.

    Without a catalog the newest definitions, counted with another calendar. The panel of ``work`` must be its own: what it remembers is
    not true of others. The draft's registers and fields must be there.
    """
    said = tuple(listed(work))
    revision = max(e.revision for e in said) + 1
    drafted = replace(catalog or work.catalog, revision=revision)
    _catalogs[drafted.digest] = drafted, work.panel.models
    work.memo["editions"] = (
        *said,
        Edition(revision, drafted.digest, since, datetime.max.replace(tzinfo=UTC), until, calendar),
    )
    panel = replace(work.panel, catalog=drafted)
    memo: dict[Any, Any] = {k: work.memo[k] for k in ("editions", "counted_by") if k in work.memo}
    if calendar is not None:
        memo["calendar"] = calendar
        for own in (work.panel, panel):
            own.memory["calendar", calendar.revision] = calendar
    work.panel.memory["bound", revision] = panel
    work.memo["bound", revision] = replace(work, panel=panel, memo=memo)


def edition_on(work: Work, day: date, register: str = "") -> int:
    """Return the revision that binds what begins, or is committed, on a day (in a register)."""
    for since, until, revision in spans(work, register):
        if since <= day < until:
            return revision
    return listed(work)[0].revision


def spans(work: Work, register: str = "") -> list[tuple[date, date, int]]:
    """Return the days of each revision (first day, day after the last, revision), which together are all days.

    In the order of what was decided: a publication speaks for its own day and all after it, a recalculation that was approved for its
    registers and period, so that what is filed late is judged like everything else of then.
    """
    key = ("spans", register)
    if key not in work.memo:
        said = [(e.at, e.since if n else publishing.EVER, e.until, e.revision) for n, e in enumerate(listed(work))]
        said += [(at, first, last + ONE_DAY, r) for at, first, last, r, where in _moved(work) if register in where]
        painted: list[tuple[date, date, int]] = []
        for _, first, end, revision in sorted(said, key=lambda s: s[0]):
            painted = over(painted, first, end, revision)
        work.memo[key] = painted
    return work.memo[key]


def _moved(work: Work) -> Sequence[tuple[datetime, date, date, int, tuple[str, ...]]]:
    """Return the approved recalculations that bind days to another revision: when, first and last day, revision, registers."""
    if "recalculations" not in work.memo:
        c = recalculation.c
        query = select(c.decided_at, c.from_day, c.to_day, c.revision, c.registers)
        query = query.where(c.state.in_(("approved", "posted")), c.revision.is_not(None))
        rows = work.connection.execute(query.order_by(c.id))
        work.memo["recalculations"] = [(*r[:4], tuple(orjson.loads(r.registers))) for r in rows]
    return work.memo["recalculations"]


def over(
    painted: Iterable[tuple[date, date, int]], first: date, end: date, revision: int
) -> list[tuple[date, date, int]]:
    """Return spans of days with those from ``first`` to before ``end`` given to ``revision``, in order."""
    found = [(first, end, revision)]
    for a, b, was in painted:
        found += [(x, y, was) for x, y in ((a, min(b, first)), (max(a, end), b)) if x < y]
    return sorted(found)


def catalog_of(work: Work, revision: int) -> Catalog:
    """Return the catalog of a revision, which never changes. Raises Missing."""
    if revision == work.catalog.revision:
        return work.catalog
    catalog, _ = _kept(work, revision, tables=False)
    return catalog if catalog.revision == revision else replace(catalog, revision=revision)


def bound(work: Work, revision: int) -> Work:
    """Return the same unit of work under the definitions of a revision: registers and fields that have retired since are there."""
    if revision == work.catalog.revision:
        return work
    key = ("bound", revision)
    if key not in work.memo:
        panel = work.panel.memory.get(key)
        if panel is None:
            catalog, models = _kept(work, revision, tables=True)
            panel = replace(work.panel, catalog=replace(catalog, revision=revision), models=models)
            work.panel.memory[key] = panel
        there = {
            k: work.memo[k]
            for k in (
                "editions",
                "adoptions",
                "go_live",
                "units",
                "companies",
                "profiles",
                "roles",
                "calendar",
                "calendars",
                "recalculations",
                "counted_by",
            )
            if k in work.memo
        }
        work.memo[key] = replace(work, panel=panel, memo=there)
    then: Work = work.memo[key]
    if then.actor == work.actor and then.now == work.now:
        return then
    return replace(then, actor=work.actor, source=work.source, now=work.now)


def on(work: Work, day: date, register: str) -> Work:
    """Return the unit of work under the definitions that bind what happens in a register on a day."""
    return bound(work, edition_on(work, day, register))


def catalogs(work: Work) -> Sequence[Catalog]:
    """Return every catalog that binds anything, newest first, each once."""
    editions = {e.digest: e for e in listed(work)}
    newest = sorted(editions.values(), key=lambda e: -e.revision)
    return [catalog_of(work, e.revision) for e in newest]


def eras(work: Work, register: str) -> Sequence[Era]:
    """Return the eras of a register, the newest first; those before it was, or after it ceased to be, are not among them."""
    mine = spans(work, register)
    key = ("eras", register, tuple(mine), listed(work)[-1].revision)
    memory = work.panel.memory
    if key not in memory:
        found: list[Era] = []
        said: Any = None
        for edition in reversed(listed(work)):
            catalog = catalog_of(work, edition.revision)
            spec = catalog.registers.get(register)
            days = tuple((a, b) for a, b, revision in mine if revision == edition.revision)
            now = None if spec is None else (spec, _around(catalog, spec), edition.calendar)
            if spec is None:
                said = None
            elif now == said:
                last = found.pop()
                found.append(replace(last, revisions=last.revisions | {edition.revision}, spans=last.spans + days))
            else:
                found.append(Era(edition.revision, frozenset({edition.revision}), spec, days))
                said = now
        memory[key] = tuple(found)
    return memory[key]


def newest_with(work: Work, register: str) -> Work:
    """Return the unit of work under the newest definitions that still have a register. Raises Missing."""
    if register in work.catalog.registers:
        return work
    for era in eras(work, register):
        return bound(work, era.revision)
    raise Missing


def whole(work: Work, spec: RegisterSpec, rows: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return rows with what fields of ``spec`` hold that have retired since: forms and files no longer bring it."""
    if not rows:
        return rows
    gone = [c for f in spec.fields for c in columns_of(f) if c not in rows[0]]
    if not gone:
        return rows
    table = work.tables[spec.code]
    query = select(table.c.id, *(table.c[c] for c in gone)).where(among(table.c.id, [r["id"] for r in rows]))
    kept = {r["id"]: r for r in work.rows(query)}
    return [{**kept.get(r["id"], {}), **r} for r in rows]


def _around(catalog: Catalog, spec: RegisterSpec) -> list[RegisterSpec | None]:
    """Return the registers that the judgement of ``spec`` looks into: those it points to and those that its rules name."""
    codes = {f.target for f in spec.fields if isinstance(f, Link) and f.target}
    codes |= {d.done.share.of for d in spec.duties if d.done.share}
    codes |= {d.done.register_code for d in spec.duties} | {b.lines.register_code for b in spec.breaches if b.lines}
    interests = (a.interest for b in spec.breaches for a in b.amount)
    codes |= {i.paid.register_code for i in interests if i is not None and i.paid is not None}
    return [catalog.registers.get(c) for c in sorted(codes - {"", spec.code})]


def _digest(work: Work, revision: int) -> str:
    found = next((e.digest for e in listed(work) if e.revision == revision), None)
    if found is None:
        raise Missing(say("没有第 {n} 号发布", n=revision))
    return found


def _kept(work: Work, revision: int, *, tables: bool) -> tuple[Catalog, Any]:
    digest = _digest(work, revision)
    catalog, models = _catalogs.get(digest) or (publishing.stored(work.connection, revision), None)
    if tables and models is None:
        models = work.panel.models if alike(catalog, work.catalog) else build_models(catalog)
    _catalogs[digest] = catalog, models
    _catalogs.move_to_end(digest)
    while len(_catalogs) > KEPT:
        _catalogs.popitem(last=False)
    return catalog, models
