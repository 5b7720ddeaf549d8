"""Playing one line of limits.yaml: a record owes something, which is done at the last moment or one second later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.catalog.condition import Condition
from app.catalog.duty import Duty
from app.catalog.register import RegisterSpec
from app.fields.links import Person, Reference, Signature
from app.fields.numbers import YesNo
from app.fields.times import Date, Moment
from app.models.ledger import breach, obligation
from app.services import consequences, periods, rows
from app.services.panel import Work
from tests.site import at

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
PERSON, NEWCOMER = 1, 3
"""Who owes everything; who has no staff file yet, to be entered with one."""


class Undone(Exception):
    """Takes back what a line wrote."""


@dataclass(frozen=True)
class Line:
    """What limits.yaml says of one duty: what the record holds, when it begins, and the last moment that is in time.

    Of a periodic duty ``period`` is its first day, ``needs`` how many records it takes, ``of`` how many there are to take a share of.
    """

    rows: tuple[str, ...]
    duty: str
    last: datetime
    given: Mapping[str, Any]
    begins: datetime | None = None
    period: date | None = None
    needs: int = 1
    of: int = 0


@dataclass(frozen=True)
class Outcome:
    """How an obligation stands at the end: its limit, whether it was met in time, how many breaches there are."""

    too_late: datetime
    in_time: bool
    breaches: int


def find(work_or_catalog: Any, duty: str) -> tuple[RegisterSpec, Duty]:
    """Return a duty by the labels of its register and its own: ``用户档案：新车档案移交``."""
    register, _, label = duty.partition("：")
    catalog = getattr(work_or_catalog, "catalog", work_or_catalog)
    spec = next(r for r in catalog.registers.values() if r.label.zh == register)
    return spec, next(d for d in spec.duties if d.label.zh == label)


def play(work: Work, unit: int, line: Line, done_at: datetime, count: int = 0) -> Outcome:
    """Let a record begin to owe, do at a moment what is owed (``count`` times, else as needed) and return the outcome; nothing stays."""
    spec, duty = find(work, line.duty)
    game = _Game(work, unit, spec, duty, line)
    with suppress(Undone), work.apart():
        row = game.recurring() if duty.every is not None else game.begun(done_at)
        game.fulfil(row, done_at, count or line.needs)
        outcome = game.outcome(row["id"])
        raise Undone
    return outcome


@dataclass
class _Game:
    work: Work
    unit: int
    spec: RegisterSpec
    duty: Duty
    line: Line

    def begun(self, done_at: datetime) -> Mapping[str, Any]:
        """Enter the record of a duty after an event, and let the event happen."""
        starts, began = self.duty.starts, self.line.begins
        assert began is not None, self.line.duty
        values = self.values()
        if starts.field and starts.field not in values:
            values |= self.held(self.spec, starts.field, began)
        entered = done_at if self.duty.done.field == "created_at" else began
        row = self.enter(self.spec, values, entered or began, self.state())
        return self.change(self.spec, row, {"state": starts.state[0]}, began) if starts.state else row

    def recurring(self) -> Mapping[str, Any]:
        """Enter the record of a periodic duty before its period, and let the period begin."""
        line, every, done = self.line, self.duty.every, self.duty.done
        assert line.period is not None, line.duty
        assert every is not None
        first = at(str(line.period))
        raised = first if line.last > first else line.last - 10 * DAY
        before = min(first - DAY, raised - 45 * DAY) if raised < first else first - DAY
        values = self.values()
        if every.since and every.since not in values:
            values |= self.held(self.spec, every.since, before if every.months is None else first)
        key = done.matches
        if key and key not in values and key != "unit":
            values |= self.pointing(self.spec, key, before)
        row = self.enter(self.spec, values, before, self.state())
        if done.share is not None:
            population = self.work.spec(done.share.of)
            whose = {done.share.through: row[key] if key else row["id"], **wanted(done.share.where)}
            state = whose.pop("state", "")
            for _ in range(line.of):
                self.enter(population, whose, before, state)
        self.work.now = raised + timedelta(minutes=5)
        periods.raise_begun(self.work, self.spec, self.duty)
        return row

    def fulfil(self, row: Mapping[str, Any], moment: datetime, count: int) -> None:
        """Do what is owed, at a moment."""
        done = self.duty.done
        if not done.register_code:
            if done.field != "created_at":
                new = {"state": done.state[0]} if done.state else self.held(self.spec, done.field, moment)
                self.change(self.spec, row, new, moment)
            return
        other = self.work.spec(done.register_code)
        values = {done.through: row[done.matches] if done.matches else row["id"], **wanted(done.where)}
        if done.field:
            values |= self.held(other, done.field, moment)
        if done.dated:
            values |= self.held(other, done.dated, at(str(self.line.period)) + timedelta(hours=9))
        state = done.state[0] if done.state else values.pop("state", None)
        for _ in range(count):
            apart = self.pointing(other, done.each, moment) if done.each else {}
            self.enter(other, values | apart, moment, state or "")

    def outcome(self, record: int) -> Outcome:
        o = obligation.c
        mine = select(obligation).where(o.register == self.spec.code, o.record_id == record, o.duty == self.duty.code)
        found = [x for x in self.work.connection.execute(mine).mappings() if x["state"] != "void"]
        if self.line.period is not None:
            found = [x for x in found if x["started_on"] == self.line.period]
        assert len(found) == 1, (self.line.duty, found)
        kept = found[0]
        late = self.work.connection.execute(select(breach.c.id).where(breach.c.obligation == kept["id"])).all()
        return Outcome(kept["due_at"], kept["state"] == "done" and kept["done_at"] < kept["due_at"], len(late))

    def values(self) -> dict[str, Any]:
        """Return what the record holds: what the line gives, and who owes it."""
        found = {}
        for label, given in self.line.given.items():
            if label == "状态":
                continue
            code = next(f.code for f in self.spec.fields if label in (f.label.zh, f.code))
            column = self.spec.column(code)
            assert column is not None
            if isinstance(column, Reference):
                target = self.work.spec(column.target)
                inner = {next(f.code for f in target.fields if f.label.zh == k): v for k, v in given.items()}
                found[code] = self.enter(target, inner, at("2025-01-06 09:00"))["id"]
            elif isinstance(column, Person):
                found[code] = PERSON
            elif isinstance(given, bool | list):
                found[code] = tuple(given) if isinstance(given, list) else given
            else:
                found[code] = column.parse(str(given))
        self.owner(found)
        return found

    def owner(self, found: dict[str, Any]) -> None:
        """Let the record name who owes it."""
        owner = self.duty.owed_by.field or self.duty.owed_by.superior_of or self.duty.owed_by.word
        field = self.spec.field(owner) or self.spec.field(self.duty.done.matches)
        if isinstance(field, Person):
            found[field.code] = NEWCOMER if field.unique else PERSON

    def held(self, spec: RegisterSpec, code: str, moment: datetime) -> dict[str, Any]:
        """Return what a field holds that was filled at a moment: the moment, its day, a signature, a record, or something."""
        field = spec.column(code)
        match field:
            case Signature():
                return {code: PERSON, f"{code}_at": moment}
            case Date():
                return {code: self.work.local_day(moment)}
            case Moment():
                return {code: moment}
            case Reference() | Person():
                return self.pointing(spec, code, moment)
            case YesNo():
                return {code: True}
        return {code: "已办"}

    def pointing(self, spec: RegisterSpec, code: str, when: datetime) -> dict[str, Any]:
        """Return a new record, or a person or number of its own, for a field to point to."""
        field = spec.field(code)
        if isinstance(field, Reference):
            return {code: self.enter(self.work.spec(field.target), {}, when)["id"]}
        if isinstance(field, Person):
            return {code: PERSON}
        self.work.memo["turn"] = self.work.memo.get("turn", 0) + 1
        return {
            code: field.options[self.work.memo["turn"] - 1] if hasattr(field, "options") else self.work.memo["turn"]
        }

    def state(self) -> str:
        """Return the state that the line gives the record."""
        label = self.line.given.get("状态")
        states = self.spec.workflow.states if self.spec.workflow else ()
        return next(s.code for s in states if s.label.zh == label) if label else ""

    def enter(self, spec: RegisterSpec, values: Mapping[str, Any], when: datetime, state: str = "") -> dict[str, Any]:
        """Enter a record, and bring it into a state."""
        self.work.now = when
        whole = {**values} if spec.code == "unit" else {"unit": self.unit, **values}
        (row,) = rows.insert(self.work, spec, [whole])
        consequences.of_rows(self.work, spec, [row], fresh=True)
        return self.change(spec, row, {"state": state}, when) if state not in ("", row["state"]) else row

    def change(
        self, spec: RegisterSpec, row: Mapping[str, Any], new: Mapping[str, Any], when: datetime
    ) -> dict[str, Any]:
        self.work.now = when
        changed = rows.change(self.work, spec, rows.one(self.work, spec, row["id"]), new)
        consequences.of_rows(self.work, spec, [changed], before=[row])
        return changed


def wanted(condition: Condition | None) -> dict[str, Any]:
    """Return values under which a plain condition holds."""
    return dict(_wanted(condition.model_dump(exclude_defaults=True, by_alias=True))) if condition is not None else {}


def _wanted(said: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for part in said.get("all", ()):
        yield from _wanted(part)
    match said:
        case {"field": code, "is": value}:
            yield code, value
        case {"field": code, "in": values}:
            yield code, values[0]
        case {"field": code, "has": value}:
            yield code, (value,)


def lines(said: Sequence[Mapping[str, Any]]) -> list[Line]:
    """Return the lines of limits.yaml."""
    found = []
    for x in said:
        begins = at(str(x["begins"])) if "begins" in x else None
        period = date.fromisoformat(str(x["period"])) if "period" in x else None
        found.append(
            Line(tuple(x["rows"]), x["duty"], at(str(x["last"])), x.get("given", {}), begins, period, x.get("needs", 1), x.get("of", 0))
        )  # fmt: skip
    return found
