"""One told case: what its words stand for, and who does what in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from app.fields.base import Field
from app.fields.label import Label
from app.fields.links import File, Link, Person, Reference, Unit
from app.fields.times import Date, Moment
from app.services.demo import names
from app.services.demo.stage import Stage

_RELATIVE = re.compile(r"(?P<days>[+-]?\d+)(?: (?P<clock>\d{2}:\d{2}))?")
UNIT = Unit(code="unit", label=Label(zh="部门"))
HURRY = 25
"""So many minutes, at most, something happens after the time that is told, in what happens more than once."""


class NothingYet(Exception):
    """A case is about something that another case has not made yet."""


@dataclass
class Case:
    """One occurrence of a told case: ``n`` counts them from 0; ``begin`` is its day, None where days are told from today."""

    stage: Stage
    rng: Random
    n: int
    begin: date | None
    every_day: bool = False
    each_once: bool = False
    """One of several occurrences in one period, each about another record."""
    cast: Mapping[str, list[str]] = field(default_factory=dict)
    """Words that stand for one of several people, or texts, by turns, for a whole occurrence."""
    refs: dict[str, int] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def moment(self, told: Any) -> datetime:
        """Return when a step happens: days and time from today, or working days from the beginning of the occurrence."""
        said = _relative(self._chosen(told))
        if said is None:
            raise ValueError(f"not a relative moment: {told!r}")
        days, clock = said
        if self.begin is None:
            return self.stage.at(self.stage.today + timedelta(days=days), clock)
        day = self.begin + timedelta(days=days) if self.every_day else self.stage.working_day(self.begin, days)
        return self.stage.at(day, clock) + timedelta(minutes=self.rng.randrange(HURRY))

    def act(self, step: Mapping[str, Any]) -> None:
        """Enter, change or move a record as the person of a step."""
        who = self.person(step["as"])
        if register := step.get("create"):
            values = self._values(who, register, step.get("values", {}))
            record = self.stage.create(who, register, **values)
            if name := step.get("ref"):
                self._remember(f"{register}:{name}", record)
            return
        register, name = step["record"].split(":")
        record = self._record(register, name)
        values = self._values(who, register, step.get("values", {}))
        if "move" in step:
            self.stage.move(who, register, record, step["move"], step.get("reason", ""), **values)
        else:
            self.stage.update(who, register, record, **values)

    def person(self, word: str) -> str:
        """Return the user name that a word stands for."""
        if word in self.cast:
            return self.cast[word][self.n % len(self.cast[word])]
        return word

    def _remember(self, name: str, record: int) -> None:
        self.refs[name] = record
        if self.begin is None:
            self.stage.refs[name] = record
        else:
            self.stage.pools.setdefault(name, []).append(record)

    def _record(self, register: str, name: str) -> int:
        """Return a record by its name: of this occurrence, told once, or, by turns, one of those that another case made so often."""
        key = f"{register}:{name}"
        if key not in self.refs and key not in self.stage.refs:
            pool = self.stage.pools.get(key)
            if not pool or (self.each_once and self.n >= len(pool)):
                raise NothingYet(key)
            self.refs[key] = pool[self.n % len(pool)]
        return self.refs.get(key) or self.stage.refs[key]

    def _followed(self, path: str) -> int:
        """Return the record that one reaches from a named record through its references: ``vehicle_archive:first.vehicle.customer``."""
        start, *fields = path.split(".")
        register, name = start.split(":")
        record = self._record(register, name)
        for code in fields:
            record = self.stage.row(register, record)[code]
            link = self.stage.panel.catalog.registers[register].by_code[code]
            if not isinstance(link, Link):
                raise TypeError(path)
            register = link.target
        return record

    def _values(self, who: str, register: str, given: Mapping[str, Any]) -> dict[str, Any]:
        spec = self.stage.panel.catalog.registers[register]
        found = {}
        for code, value in given.items():
            known = UNIT if code == "unit" else spec.column(code)
            if known is None:
                raise KeyError(f"{register}.{code}")
            found[code] = self._value(who, register, known, value)
        return found

    def _value(self, who: str, register: str, known: Field, told: Any) -> Any:
        """Return what a value stands for: names become ids, relative days become days, words in braces what they name."""
        value = self._chosen(told)
        if isinstance(known, Link) and known.several:
            several = value if isinstance(value, list) else [value]
            return tuple(self._link(who, register, known, v) for v in several)
        if isinstance(known, Link):
            return self._link(who, register, known, value)
        if isinstance(value, bool):
            return value
        if isinstance(known, Moment | Date):
            return self._when(who, known, value)
        return known.from_json(value)

    def _when(self, who: str, known: Field, value: Any) -> Any:
        now = self.stage.acting(who).now
        zone = self.stage.panel.zone
        if value == "now":
            return now if isinstance(known, Moment) else now.astimezone(zone).date()
        said = _relative(value)
        if said is None:
            return known.from_json(value)
        day = (self.stage.today if self.begin is None else now.astimezone(zone).date()) + timedelta(days=said[0])
        return self.stage.at(day, said[1]) if isinstance(known, Moment) else day

    def _link(self, who: str, register: str, known: Link, value: Any) -> int:
        match known:
            case Person():
                return self.stage.people[self.person(value)]
            case Unit():
                return self.stage.units[value]
            case File():
                return self.stage.file(who, register, known.code, value)
            case Reference() if isinstance(value, dict):
                return self._followed(value["its"])
            case Reference():
                return self._record(known.target, value)
        raise TypeError(f"{known.code} cannot be told")

    def _chosen(self, value: Any) -> Any:
        match value:
            case {"any": several}:
                return self._chosen(self.rng.choice(several))
            case {"turn": several}:
                return self._chosen(several[self.n % len(several)])
            case {"between": [low, high]}:
                return self.rng.randrange(low, high)
            case str() if "{" in value:
                return value.format_map(_Words(self))
        return value


class _Words(dict[str, str]):
    """The words that a told text may hold in braces; each says the same throughout an occurrence."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self._case = case

    def __missing__(self, word: str) -> str:
        case = self._case
        if word in case.cast:
            return case.person(word)
        if word in names.MADE:
            return case.words.setdefault(word, names.MADE[word](case.rng))
        day = case.begin or case.stage.today
        last = day.replace(day=1) - timedelta(days=1)
        quarter = (day.month - 1) // 3 + 1
        said = {
            "n": f"{case.n + 1:02}", "day": f"{day}", "year": f"{day.year}", "month": f"{day:%Y-%m}", "first": f"{day:%Y-%m}-01",
            "last_month": f"{last:%Y-%m}", "last_first": f"{last:%Y-%m}-01", "last_end": f"{last}", "q": f"{quarter}",
            "quarter_first": f"{day.year}-{3 * quarter - 2:02}-01", "half": f"{day.year}-H{1 if day.month < 7 else 2}",
            "quarter_end": f"{date(day.year + quarter // 4, 3 * quarter % 12 + 1, 1) - timedelta(days=1)}",
            "half_end": f"{day.year}-06-30" if day.month < 7 else f"{day.year}-12-31",
        }  # fmt: skip
        return said[word]


def _relative(told: Any) -> tuple[int, str] | None:
    """Return days and time of ``-45 10:30`` or ``+3``, None for what is not so written."""
    found = _RELATIVE.fullmatch(str(told))
    if found is None:
        return None
    clock = found["clock"] or "00:00"
    time.fromisoformat(clock)
    return int(found["days"]), clock
