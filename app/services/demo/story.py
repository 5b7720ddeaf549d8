"""The told cases of the demo: reading them from YAML, and letting each of them happen as often as it says."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from ruamel.yaml import YAML

from app.services.demo.case import Case, NothingYet
from app.services.demo.stage import Life, Stage

HERE = Path(__file__).parent
FILES = ("story", "office", "dealer", "property", "leasing", "maker", "trade")
#: The first day of the period that a day lies in.
FIRST_OF: dict[str, Callable[[date], date]] = {
    "month": lambda day: day.replace(day=1),
    "quarter": lambda day: day.replace(month=3 * ((day.month - 1) // 3) + 1, day=1),
}


def read(name: str) -> dict[str, Any]:
    """Return one of the demo's YAML files."""
    found: dict[str, Any] = YAML(typ="safe").load((HERE / f"{name}.yaml").read_text("utf-8"))
    return found


def told(stage: Stage, first: date) -> Iterator[Life]:
    """Yield every case of every file as often as it happens; one that needs a register which this site does not keep is left out."""
    for name in FILES:
        for case in read(name)["story"]:
            if not _registers(case["steps"]) <= stage.panel.catalog.registers.keys():
                continue
            times, several = case.get("times", 1), "each" in case and "times" in case
            for count, day in enumerate(_days(stage, case, first)):
                rng = Random(f"{case['about']} {count}")  # noqa: S311  # a demo must be the same every time
                n = case.get("from", 0) + (count % times if several else count)
                mine = Case(stage, rng, n, day, case.get("each") == "day", several, case.get("cast", {}))
                yield _steps(mine, case["steps"])


def _steps(case: Case, steps: Sequence[Mapping[str, Any]]) -> Generator[datetime, None, bool]:
    """Let steps happen; return whether the case ends with them: by its word, by its odds, or for want of what it is about."""
    for step in steps:
        if "end" in step or case.rng.random() >= step.get("odds", 1):
            return True
        if "either" in step:
            if (yield from _steps(case, case.rng.choice(step["either"]))):
                return True
            continue
        yield case.moment(step["day"])
        try:
            case.act(step)
        except NothingYet:
            return True
    return False


def _registers(steps: Sequence[Mapping[str, Any]]) -> set[str]:
    found = {s.get("create") or s["record"].split(":")[0] for s in steps if "as" in s}
    return found.union(*(_registers(branch) for s in steps for branch in s.get("either", ())))


def _days(stage: Stage, case: Mapping[str, Any], first: date) -> list[date | None]:
    """Return the day on which each occurrence of a case begins; None for one whose days are told from today."""
    times = case.get("times", 1)
    begin, end = case.get("within", (0 if "each" in case else 1, (stage.today - first).days))
    if each := case.get("each"):
        return [
            day for day in _periods(stage, each, first) for _ in range(times) if first + timedelta(days=begin) <= day
        ]
    if "times" not in case:
        return [None]
    return [stage.working_day(first + timedelta(days=begin + n * (end - begin) // times)) for n in range(times)]


def _periods(stage: Stage, each: str, first: date) -> list[date]:
    days = [first + timedelta(days=n) for n in range((stage.today - first).days + 1)]
    if each == "day":
        return days
    if each == "workday":
        return [day for day in days if stage.working_day(day) == day]
    if each == "week":
        return [stage.working_day(day) for day in days[::7]]
    return [stage.working_day(day) for day in days if day == first or FIRST_OF[each](day) == day]
