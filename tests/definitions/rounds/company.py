"""A company in which every role has people: two side by side, one in another unit, and somebody without any role."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from app.models.engine import open_engine
from app.models.fixed import person, person_role, role
from app.models.migrate import upgrade
from app.services import adoption, people, publishing, records
from app.services.panel import Actor, Panel
from tests.site import CALENDAR, SHANGHAI, at, everything, publish, settle

BEGIN = at("2025-01-02 09:00")
NOW = at("2025-03-03 09:00")
UNITS = (("集团", "集团", None), ("公司", "公司", "集团"), ("一部", "部门", "公司"), ("二部", "部门", "公司"))
OWN_UNIT, OTHER_UNIT = "一部", "二部"
STRANGER = "stranger"
HEADS = ("exec_chairman", "gm", "dept_manager")
"""Who stands above whom, from the top; everybody else stands below the last of these in the same unit."""


@dataclass
class Company:
    """A panel with its people by user name; each act takes a minute of the company's own time."""

    panel: Panel
    actors: dict[str, Actor]
    units: dict[str, int]
    now: datetime = NOW
    spare: list[int] = field(default_factory=list)
    """People without staff file, for registers in which nobody may stand twice."""

    def __post_init__(self) -> None:
        self.by_id = {a.person_id: a for a in self.actors.values()}

    def tick(self) -> datetime:
        """Return the moment of the next act."""
        self.now += timedelta(minutes=1)
        return self.now

    def holders(self, role_code: str) -> list[Actor]:
        """Return who holds a role in the unit where everything happens, in a fixed order."""
        if role_code == "everyone":
            return [self.actors["service_staff"], self.actors["service_staff_too"]]
        return [self.actors[role_code], self.actors[f"{role_code}_too"]]

    def colleague(self, actor: Actor) -> Actor:
        """Return who holds the same role in the other unit."""
        name = next(n for n, a in self.actors.items() if a.person_id == actor.person_id)
        return self.actors[f"{name.removesuffix('_too')}_far"]


def found(url: str) -> None:
    """Fill an empty database: all definitions in force, all policies adopted by everybody, the people."""
    engine = open_engine(url)
    upgrade(engine)
    panel = publish(engine, everything(), BEGIN)
    with panel.work(Actor.system(), now=BEGIN, source="demo") as work:
        units: dict[str, int] = {}
        for name, kind, parent in UNITS:
            units[name] = records.create(work, "unit", {"name": name, "kind": kind, "parent": units.get(parent or "")})
        roles = {r.name: r.id for r in work.connection.execute(select(role.c.id, role.c.name))}
        ids: dict[str, int] = {}
        held: list[dict[str, int]] = []
        rows: list[dict[str, object]] = []
        unit_of: dict[str, str] = {}
        for code in panel.catalog.roles:
            for suffix, unit in (("", OWN_UNIT), ("_too", OWN_UNIT), ("_far", OTHER_UNIT)):
                unit_of[f"{code}{suffix}"] = unit
                held.append({"user_id": len(unit_of), "role_id": roles[code]})
        unit_of[STRANGER] = OTHER_UNIT
        for n, name in enumerate([*unit_of, *(f"spare{i}" for i in range(40))], 1):
            ids[name] = n
            rows.append({"id": n, "username": name, "first_name": name, "last_name": "", "active": True, "email": f"{name}@example.com"})  # fmt: skip
        work.connection.execute(insert(person), rows)
        work.connection.execute(insert(person_role), held)
        staff = [
            {"person": ids[name], "unit": units[unit], "staff_no": f"N{ids[name]:04}", "position": name, "superior": ids.get(_above(name))}
            for name, unit in unit_of.items()
        ]  # fmt: skip
        records.create_many(work, "employee", staff)
        adoption.adopt(work, None, list(panel.catalog.policies), date(2025, 1, 1))
    settle(engine)


def _above(name: str) -> str:
    far = "_far" if name.endswith("_far") else ""
    base = name.removesuffix("_far").removesuffix("_too")
    if base not in HEADS:
        return f"{HEADS[-1]}{far}"
    place = HEADS.index(base)
    return f"{HEADS[place - 1]}{far}" if place else ""


def open_company(url: str, files: Path) -> Company:
    """Return the company in a database that ``found`` filled."""
    engine = open_engine(url)
    panel = publishing.open_panel(engine, publishing.current(engine), CALENDAR, SHANGHAI, files)
    with panel.reading(Actor.system(), now=NOW) as work:
        units = {r.name: r.id for r in work.connection.execute(select(work.tables["unit"]))}
        query = select(person.c.id, person.c.username).order_by(person.c.id)
        everybody = {r.username: people.actor(work, r.id) for r in work.connection.execute(query)}
    spare = [a.person_id for n, a in everybody.items() if n.startswith("spare") and a.person_id is not None]
    actors = {n: a for n, a in everybody.items() if not n.startswith("spare")}
    return Company(panel, actors, units, spare=spare)
