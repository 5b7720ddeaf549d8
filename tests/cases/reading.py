"""Case files: what may stand in one, and where a mistake in it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from app.catalog.marked import MarkedList, MarkedMap, plain, read_documents
from tests.site import at

HERE = Path(__file__).resolve().parent
DOINGS = (
    "enter", "find", "import", "change", "move", "remove", "restore", "report", "confirm", "waive", "cancel", "execute",
    "appeal", "uphold", "withdraw", "reinstate", "share", "sweep", "nights", "wake",
    "release", "publish", "adopt", "calendar", "recalculate", "approve", "close", "expect",
)  # fmt: skip
MARK = re.compile(r"\{(\w+)\}")


class BadCase(Exception):
    """A case file that cannot be played: every mistake in it, each with file and line."""


class Shape(BaseModel):
    """A part of a case file; what it does not know is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Expect(Shape):
    """What must be so at this point; see README.md for how each is written."""

    due: dict[str, dict[str, Any]] = Field(default_factory=dict)
    duties: dict[str, dict[str, str]] = Field(default_factory=dict)
    tickets: list[str] | None = None
    fines: dict[str, dict[str, list[Any]]] = Field(default_factory=dict)
    lines: dict[str, list[str]] = Field(default_factory=dict)
    breaches: list[str] | None = None
    told: dict[str, list[str]] = Field(default_factory=dict)
    fields: dict[str, dict[str, Any]] = Field(default_factory=dict)
    records: dict[str, int] = Field(default_factory=dict)
    offered: dict[str, bool] = Field(default_factory=dict)
    figures: dict[str, dict[str, str]] = Field(default_factory=dict)
    taken: dict[str, dict[str, Any]] = Field(default_factory=dict)
    held: bool | None = None
    month: str = ""


class Publish(Shape):
    """New definitions: words of files replaced by others, in force from a day."""

    replace: dict[str, list[tuple[str, str]]]
    in_force_from: date | None = None


class Days(Shape):
    """The site's own days: day → reason."""

    closed: dict[str, str] = Field(default_factory=dict)
    opened: dict[str, str] = Field(default_factory=dict)
    unit: str | None = None
    year: int | None = None
    """The year that is announced, with the lines of its notice (``name first last 补班 days``) and its number."""
    holidays: list[str] = Field(default_factory=list)
    notice: str = ""


class Anew(Shape):
    """What is judged anew: registers, from a day to a day, by the newest definitions (制度) or calendar (日历)."""

    registers: list[str]
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    by: Literal["制度", "日历"]


class Nights(Shape):
    """A sweep at 00:05 of each day."""

    first: date = Field(alias="from")
    last: date = Field(alias="to")


class Step(Shape):
    """One thing that happens, or one thing that must be so."""

    at: Any = None
    who: str = "系统"
    enter: str | None = None
    find: str | None = None
    import_: str | None = Field(default=None, alias="import")
    change: str | None = None
    move: str | None = None
    remove: str | None = None
    restore: str | None = None
    report: str | None = None
    confirm: str | None = None
    waive: str | None = None
    cancel: str | None = None
    execute: str | None = None
    appeal: str | None = None
    uphold: str | None = None
    withdraw: str | None = None
    reinstate: str | None = None
    share: str | None = None
    sweep: Any = None
    nights: Nights | None = None
    publish: Publish | None = None
    adopt: list[str] | None = None
    calendar: Days | None = None
    recalculate: Anew | None = None
    approve: str | None = None
    close: str | None = None
    wake: Any = None
    release: str | None = None
    expect: Expect | None = None
    name: str = ""
    names: list[str] = Field(default_factory=list)
    fields: dict[str, Any] = Field(default_factory=dict)
    rows: str = ""
    step: str = ""
    reason: str = ""
    breach: str = ""
    person: str = ""
    items: int = 1
    nth: int = 1
    unit: str | None = None
    from_: date | None = Field(default=None, alias="from")
    month: str = ""
    rate: Any = None
    pay: Any = None
    amount: Any = None
    refused: str | None = None
    jump: bool = False
    """The clock ran ahead of the stopwatch."""
    back: bool = False
    """The clock stepped back before this step."""

    @model_validator(mode="after")
    def _one_doing(self) -> Step:
        if len(self.doings) != 1:
            raise ValueError(f"一步只做一件事，可写：{'、'.join(DOINGS)}、do；这里写了 {self.doings or '零件'}")
        return self

    @property
    def doings(self) -> list[str]:
        return [d for d in DOINGS if getattr(self, "import_" if d == "import" else d) is not None]

    @property
    def doing(self) -> str:
        return self.doings[0]

    @property
    def when(self) -> Any:
        """When it happens; None: at the same moment as what was before."""
        return next((x for x in (self.sweep, self.wake, self.at) if x is not None), None)


@dataclass(frozen=True)
class Placed:
    """A step and where it was written."""

    step: Step
    place: str


@dataclass(frozen=True)
class Case:
    """One case: a title, what it proves, special names of people, and its steps in order."""

    title: str
    source: str
    place: str
    people: Mapping[str, str] = field(default_factory=dict)
    steps: tuple[Placed, ...] = ()


@dataclass
class Files:
    """Everything that the case files of a folder hold: cases, and definitions (path → YAML) to be published with the shipped ones."""

    cases: list[Case] = field(default_factory=list)
    definitions: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


def moment(value: Any) -> datetime:
    """Return the instant that ``2025-03-05 10:00``, ``2025-03-05 24:00`` or a day alone (its first second) stands for."""
    day, _, clock = str(value).partition(" ")
    if clock == "24:00":
        return at(f"{date.fromisoformat(day) + timedelta(days=1)}")
    return at(str(value))


def read(folder: Path = HERE) -> Files:
    """Read every case file of a folder. Raises BadCase with all mistakes of all of them."""
    found = Files()
    documents = [(path.stem, d) for path in sorted(folder.glob("*.yaml")) for d in _documents(path, found)]
    procedures = {n: p for _, d in documents if "procedures" in d for n, p in d["procedures"].items()}
    for stem, d in documents:
        if "definitions" in d:
            found.definitions[f"registers/cases/{stem}.yaml"] = str(d["definitions"])
        elif "procedures" not in d:
            _read_case(d, procedures, found)
    titles: dict[str, str] = {}
    for case in found.cases:
        if case.title in titles:
            found.wrong.append(f"{case.place}: 题目“{case.title}”与 {titles[case.title]} 重复")
        titles[case.title] = case.place
    if found.wrong:
        raise BadCase("\n" + "\n".join(found.wrong))
    return found


def _documents(path: Path, found: Files) -> Iterator[MarkedMap]:
    for document, findings in read_documents(path.name, path.read_text(encoding="utf-8")):
        found.wrong += [f"{f.file}:{f.line}: {f.path}: {f.sentence}" for f in findings]
        if isinstance(document, MarkedMap):
            yield document
        elif document is not None:
            found.wrong.append(f"{path.name}: 每份文档应写 title 与 steps，或 procedures，或 definitions")


def _read_case(d: MarkedMap, procedures: Mapping[str, Any], found: Files) -> None:
    place = f"{d.at.file}:{d.at.line}"
    before = len(found.wrong)
    if unknown := d.keys() - {"title", "source", "people", "steps"}:
        found.wrong.append(f"{place}: 不认识 {'、'.join(sorted(unknown))}")
    if missing := {"title", "source", "steps"} - d.keys():
        found.wrong.append(f"{place}: 缺少 {'、'.join(sorted(missing))}")
        return
    steps = list(_steps(d["steps"], procedures, found, {}))
    last: datetime | None = None
    for placed in steps:
        try:
            here = moment(placed.step.when) if placed.step.when is not None else last
        except ValueError:
            found.wrong.append(f"{placed.place}: 时间写作 2025-03-05 10:00，这里是“{placed.step.when}”")
            continue
        if here is not None and last is not None and here < last and not placed.step.back:
            found.wrong.append(f"{placed.place}: 这一步早于上一步")
        last = here
    if len(found.wrong) == before:
        people = plain(d.get("people") or {})
        found.cases.append(Case(str(d["title"]), str(d["source"]), place, people, tuple(steps)))


def _steps(written: Any, procedures: Mapping[str, Any], found: Files, given: Mapping[str, Any]) -> Iterator[Placed]:
    if not isinstance(written, MarkedList):
        found.wrong.append("steps 应是一列步骤")
        return
    for n, one in enumerate(written):
        where = written.places[n]
        place = f"{where.file}:{where.line}"
        if not isinstance(one, MarkedMap):
            found.wrong.append(f"{place}: 每一步写作 {{键: 值}}")
            continue
        filled = _filled(plain(one), given)
        if "do" in filled:
            name, args = filled.pop("do"), filled
            procedure = procedures.get(name)
            if procedure is None or set(procedure["with"]) != args.keys():
                want = "、".join(procedure["with"]) if procedure else "没有这个做法"
                found.wrong.append(f"{place}: {name}：{want}")
                continue
            for inner in _steps(procedure["steps"], procedures, found, args):
                yield Placed(inner.step, f"{place} ({inner.place})")
            continue
        try:
            yield Placed(Step.model_validate(filled), place)
        except ValidationError as error:
            for e in error.errors():
                key = e["loc"][0] if e["loc"] else ""
                line = one.places[key].line if key in one.places else where.line
                at_key = ".".join(str(x) for x in e["loc"])
                found.wrong.append(f"{where.file}:{line}: {at_key}: {e['msg']}")


def _filled(value: Any, given: Mapping[str, Any]) -> Any:
    """Return a step of a procedure with the words of its call in the places of ``{word}``."""
    if isinstance(value, dict):
        return {_filled(k, given): _filled(v, given) for k, v in value.items()}
    if isinstance(value, list):
        return [_filled(v, given) for v in value]
    if not isinstance(value, str):
        return value
    if (whole := MARK.fullmatch(value)) and whole[1] in given:
        return given[whole[1]]
    return MARK.sub(lambda m: str(given.get(m[1], m[0])), value)
