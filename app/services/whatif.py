"""What if: a draft of definitions or of the calendar tried on history in the background, and kept as differences; the ledger is not touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from pathlib import PurePath
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, Select, and_, case, false, func, or_, select, update

from app import clock
from app.catalog.catalog import Catalog
from app.errors import CellError, Forbidden, Invalid, Missing, Refused, say
from app.fields.label import Label
from app.models.bulk import insert_one, insert_rows
from app.models.engine import streamed
from app.models.fixed import whatif_line, whatif_run
from app.models.registers import columns_of
from app.rules.calendar import changed
from app.services import comparing, drafting, lookup, people, publishing, replay, scope
from app.services.panel import Actor, Panel, Work
from app.services.replay import Draft
from app.services.shadow import Replayed

OPEN = ("waiting", "running")
GROUPS = ("person", "unit", "month", "citation")
"""What differences are summed by."""
PART = 500
T = TypeVar("T")


class Stopped(Refused):
    """Somebody asked for a trial to stop."""

    def __init__(self) -> None:
        super().__init__(say("已取消"))


@dataclass(frozen=True)
class Trial:
    """What is tried: definition files (path → YAML) laid over those in force, or days that the calendar closes and opens."""

    files: Mapping[str, str]
    closed: tuple[date, ...] = ()
    opened: tuple[date, ...] = ()

    def to_text(self) -> str:
        """Return the trial as a run keeps it, in JSON."""
        return orjson.dumps({"files": dict(self.files), "closed": self.closed, "opened": self.opened}).decode()

    @classmethod
    def from_text(cls, text: str) -> Trial:
        """Return the trial that ``to_text`` wrote."""
        read = orjson.loads(text)
        days = {n: tuple(date.fromisoformat(d) for d in read[n]) for n in ("closed", "opened")}
        return cls(read["files"], **days)


@dataclass(frozen=True)
class Sum:
    """The differences of one person, unit, month or article: how many breaches and how much money, now and by the draft."""

    key: Any
    was_count: int
    would_count: int
    was: Decimal
    would: Decimal

    @property
    def difference(self) -> Decimal:
        return self.would - self.was


def may(work: Work) -> bool:
    """Return whether the actor may try drafts: administrators, and whoever decides on tickets."""
    deciding = {b.confirmed_by for b in work.catalog.breaches.values() if b.confirmed_by}
    return work.actor.is_system or bool(work.actor.roles & (deciding | {"system_admin"}))


def demand(work: Work) -> None:
    """Raise Forbidden unless the actor may try drafts."""
    if not may(work):
        raise Forbidden(say("只有管理员和决定处罚的人可以试算"))


def begin(work: Work, name: str, trial: Trial, first: date, last: date) -> int:
    """Note a new trial, waiting, and return its number.

    Raises Forbidden, Invalid with everything that is wrong with it, and Unsound for definitions that cannot be published.
    """
    demand(work)
    errors = [] if name.strip() else [CellError("name", say("请写明试算的名称"))]
    errors += [] if first <= last else [CellError("last", say("止日不能早于起日"))]
    if not (trial.files or trial.closed or trial.opened):
        errors.append(CellError("files", say("请给出定义文件，或休息日、上班日")))
    if errors:
        raise Invalid(errors)
    _draft(work.panel, trial, first, last)
    row = {
        "name": name.strip()[:200], "draft": trial.to_text(), "first_day": first, "last_day": last,
        "person": work.actor.person_id, "started_at": work.now, "state": "waiting", "done": 0,
    }  # fmt: skip
    return insert_one(work.connection, whatif_run, row)


def run(panel: Panel, run_id: int, now: datetime) -> None:
    """Try a draft that waits and keep what differs; a trial that is over, or that another worker has, is left alone."""
    r = whatif_run.c
    with panel.work(Actor.system(), source="system") as work:
        waiting = update(whatif_run).where(r.id == run_id, r.state == "waiting").values(state="running")
        if work.connection.execute(waiting).rowcount != 1:
            return
        row = _row(work, run_id)
    try:
        draft = _draft(panel, Trial.from_text(row["draft"]), row["first_day"], row["last_day"])
        with panel.reading(Actor.system(), now=now) as work:
            until = replay.swept_until(work)
        with replay.replayed(panel, until, lambda done, of: _progress(panel, run_id, done, of), draft) as found:
            for n, part in enumerate(_parts(comparing.both(found))):
                lines = _lines(found, run_id, n * PART + 1, part)
                with panel.work(Actor.system(), source="system") as work:
                    insert_rows(work.connection, whatif_line, lines)
            moved = comparing.moved(found)
    except Stopped:
        _finish(panel, run_id, "cancelled")
    except Refused as why:
        _finish(panel, run_id, "failed", str(why.reason))
    else:
        _finish(panel, run_id, "done", moved=moved)


def cancel(work: Work, run_id: int) -> None:
    """Ask a trial to stop after the records it is at. Raises Missing, Forbidden, and Refused when it is over."""
    get(work, run_id)
    r = whatif_run.c
    stopped = case((r.state == "waiting", "cancelled"), else_="cancelling")
    asked = update(whatif_run).where(r.id == run_id, r.state.in_(OPEN)).values(state=stopped)
    if work.connection.execute(asked).rowcount != 1:
        raise Refused(say("试算已经结束，不能取消"))


def listed(work: Work, limit: int = 50) -> Sequence[Mapping[str, Any]]:
    """Return the latest trials. Raises Forbidden."""
    demand(work)
    return work.rows(select(whatif_run).order_by(whatif_run.c.id.desc()).limit(limit)).all()


def get(work: Work, run_id: int) -> Mapping[str, Any]:
    """Return a trial. Raises Forbidden, Missing."""
    demand(work)
    return _row(work, run_id)


def sums(work: Work, run_id: int, by: str) -> list[Sum]:
    """Return the differences that the actor may see, summed by person, unit, month or citation."""
    c = whatif_line.c
    key = c[by]
    counts = [func.sum(case((x.is_not(None), 1), else_=0)) for x in (c.was, c.would)]
    query: Select[Any] = select(key, *counts, func.sum(c.was_fen), func.sum(c.would_fen)).where(
        c.run == run_id, _visible(work)
    )
    found = work.connection.execute(query.group_by(key).order_by(key))
    return [Sum(k, int(a), int(b), Decimal(x).scaleb(-2), Decimal(y).scaleb(-2)) for k, a, b, x, y in found]


def lines(work: Work, run_id: int, limit: int | None = None) -> Iterator[dict[str, Any]]:
    """Yield the differences that the actor may see, with people's names, in order."""
    query = (
        select(whatif_line).where(whatif_line.c.run == run_id, _visible(work)).order_by(whatif_line.c.seq).limit(limit)
    )
    found = work.rows(query.execution_options(**streamed(work.connection)))
    for part in _parts(found):
        names = people.names(work, [r["person"] for r in part if r["person"] is not None])
        yield from (_read(r) | {"person_name": names.get(r["person"] or 0, "")} for r in part)


def line(work: Work, run_id: int, seq: int) -> dict[str, Any]:
    """Return one difference: how a breach is judged now, and how by the draft. Raises Missing, alike for one that the actor may not see."""
    demand(work)
    mine = and_(whatif_line.c.run == run_id, whatif_line.c.seq == seq, _visible(work))
    found = work.rows(select(whatif_line).where(mine)).first()
    if found is None:
        raise Missing
    names = people.names(work, [found["person"]] if found["person"] is not None else [])
    return _read(found) | {"person_name": names.get(found["person"] or 0, "")}


def promote(work: Work, run_id: int, since: date, reason: str) -> int:
    """Begin a draft of the definitions of a trial, to be in force from a day on, and return its number.

    What begins then is judged as the trial says. Raises Forbidden, Missing, Refused for a trial of the calendar.
    """
    row = get(work, run_id)
    trial = Trial.from_text(row["draft"])
    if not trial.files:
        raise Refused(say("日历在“工作日历”中发布"))
    now = drafting.in_force(work)
    changed = {path: text for path, text in merged(work.panel, trial.files).items() if now.get(path) != text}
    return drafting.begin(work, row["name"], changed, since, reason)


def _parts(rows: Iterable[T]) -> Iterator[list[T]]:
    left = iter(rows)
    while part := list(islice(left, PART)):
        yield part


def _draft(panel: Panel, trial: Trial, first: date, last: date) -> Draft:
    calendar, catalog = None, None
    if trial.closed or trial.opened:
        named = Label(zh="试算", en="Draft")
        calendar = changed(panel.calendar, dict.fromkeys(trial.closed, named), dict.fromkeys(trial.opened, named))
    if trial.files:
        planned = publishing.plan(panel.engine, merged(panel, trial.files))
        if planned.catalog is None:
            raise publishing.Unsound(planned.findings)
        catalog = planned.catalog
        if new := _without_history(panel, catalog):
            raise Refused(say("草稿新增了{codes}，历史中没有它们的内容，不能试算", codes="、".join(new)))
    return Draft(first, last, catalog, calendar)


def merged(panel: Panel, files: Mapping[str, str]) -> dict[str, str]:
    """Return all files: those in force, edited copies in the place of what they copy (found by path, or by name), the others among the site's own."""
    now = dict(publishing.current(panel.engine).files)
    named = {PurePath(path).name: path for path in now}
    return now | {path if path in now else named.get(path, f"site/{path}"): text for path, text in files.items()}


def _without_history(panel: Panel, catalog: Catalog) -> list[str]:
    """Return the registers and fields of a draft that the database does not have yet."""
    new: list[str] = []
    for spec in catalog.tables():
        table = panel.models.tables.get(spec.code)
        if table is None:
            new.append(spec.code)
            continue
        new += [f"{spec.code}.{f.code}" for f in spec.fields if any(c not in table.c for c in columns_of(f))]
    return new


def _lines(
    found: Replayed, run_id: int, first: int, part: Iterable[tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]]
) -> list[dict[str, Any]]:
    work = found.work
    rows = []
    titles: dict[tuple[str, int], str] = {}
    pairs = [(was, would, would or was or {}) for was, would in part]
    for register in {now["register"] for _, _, now in pairs}:
        ids = [now["record_id"] for _, _, now in pairs if now["register"] == register]
        titles |= {(register, i): text for i, text in lookup.titles(work, register, ids).items()}
    for seq, (was, would, now) in enumerate(pairs, first):
        rule = work.catalog.breaches.get((now["register"], now["rule"]))
        rows.append({
            "run": run_id, "seq": seq, "register": now["register"], "record_id": now["record_id"],
            "record_title": titles.get((now["register"], now["record_id"]), ""), "rule": now["rule"],
            "rule_label": rule.label.zh if rule is not None else now["rule"], "occurrence": now["occurrence"],
            "person": now["person"], "unit": now["unit"], "month": f"{now['day']:%Y-%m}", "citation": now["citation"],
            "was_fen": _fen(was), "would_fen": _fen(would), "was": _text(was), "would": _text(would),
        })  # fmt: skip
    return rows


def _fen(side: Mapping[str, Any] | None) -> int:
    return int((side["amount"] or 0) * 100) if side is not None else 0


def _text(side: Mapping[str, Any] | None) -> str | None:
    return None if side is None else orjson.dumps({str(k): v for k, v in side.items()}, default=str).decode()


def _read(row: Mapping[str, Any]) -> dict[str, Any]:
    sides = {n: orjson.loads(row[n]) if row[n] else None for n in ("was", "would")}
    money = {n: Decimal(row[f"{n}_fen"]).scaleb(-2) for n in ("was", "would")}
    return {**row, **sides, "was_amount": money["was"], "would_amount": money["would"]}


def _visible(work: Work) -> ColumnElement[bool]:
    """Return the WHERE clause on differences for those of records that the actor may read."""
    if work.actor.is_system:
        return whatif_line.c.run.is_not(None)
    c = whatif_line.c
    seen = []
    for spec in work.catalog.tables():
        if spec.breaches and scope.may(work, spec.code, "read"):
            mine = select(work.tables[spec.code].c.id).where(scope.visible(work, spec.code))
            seen.append(and_(c.register == spec.code, c.record_id.in_(mine)))
    return or_(false(), *seen)


def _row(work: Work, run_id: int) -> Mapping[str, Any]:
    found = work.rows(select(whatif_run).where(whatif_run.c.id == run_id)).first()
    if found is None:
        raise Missing
    return found


def _progress(panel: Panel, run_id: int, done: int, of: int) -> None:
    r = whatif_run.c
    with panel.work(Actor.system(), source="system") as work:
        going = update(whatif_run).where(r.id == run_id, r.state == "running").values(done=done, total=of)
        if work.connection.execute(going).rowcount != 1:
            raise Stopped


def _finish(panel: Panel, run_id: int, state: str, message: str | None = None, moved: int | None = None) -> None:
    values = {"state": state, "message": message, "moved": moved, "finished_at": clock.now()}
    with panel.work(Actor.system(), source="system") as work:
        if state != "done":
            work.connection.execute(whatif_line.delete().where(whatif_line.c.run == run_id))
        work.connection.execute(update(whatif_run).where(whatif_run.c.id == run_id).values(**values))
