"""A whole site for tests: the shipped definitions in force, a small company, and moments as Shanghai's clocks show them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, insert, select

from app.catalog.loader import read_folder
from app.models.engine import open_engine
from app.models.fixed import person, person_role, role
from app.models.migrate import upgrade
from app.rules.calendar import calendar_from
from app.rules.yearbook import read_yearbook
from app.services import adoption, people, publishing, records
from app.services.panel import Actor, Panel

SHANGHAI = ZoneInfo("Asia/Shanghai")
CALENDAR = calendar_from(read_yearbook(), SHANGHAI)
DEFINITIONS = Path(__file__).resolve().parents[1] / "app" / "definitions"
ADOPTED = ("P02", "P03", "P05", "P07", "P08", "P13", "P15", "P16", "P17")


def at(text: str) -> datetime:
    """Return the instant at which clocks in Shanghai show ``2025-03-03 15:20``; a day alone is its first second."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


BEGIN = at("2025-01-01 08:00")

UNITS: tuple[tuple[str, str | None], ...] = (
    ("集团", None),
    ("销售部", "集团"),
    ("售后服务部", "集团"),
    ("客户关爱部", "集团"),
    ("门店", "集团"),
)

PEOPLE: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("sales1", "销售部", ("sales_advisor",)),
    ("sales2", "销售部", ("sales_advisor",)),
    ("saleshead", "销售部", ("sales_director", "dept_manager")),
    ("service1", "售后服务部", ("service_advisor",)), ("service2", "售后服务部", ("service_advisor",)),
    ("archive", "客户关爱部", ("archive_admin",)), ("director", "客户关爱部", ("customer_director",)),
    ("specialist", "客户关爱部", ("info_specialist",)), ("csmanager", "客户关爱部", ("cs_manager",)),
    ("clerk", "门店", ("complaint_officer", "store_staff")), ("gm", "集团", ("gm",)),
    ("hr", "集团", ("hr", "admin_hr")), ("crm", "集团", ("cr_manager",)),
    ("supervisor", "门店", ("cs_supervisor",)), ("assistant", "门店", ("property_assistant",)), ("stranger", "门店", ()),
    ("admin", "集团", ("system_admin",)),
)  # fmt: skip


CAR_OWNER = "车主甲"


@dataclass
class Site:
    """A panel with its people by user name."""

    panel: Panel
    ids: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)

    def actor(self, username: str) -> Actor:
        """Return one of the people as who acts."""
        found = people.actor_named(self.panel, username)
        assert found is not None, username
        return found

    def create(self, who: str, register: str, when: str, **values: Any) -> int:
        """Enter a record as somebody, at a moment."""
        with self.panel.work(self.actor(who), now=at(when)) as work:
            return records.create(work, register, values)

    def move(
        self, who: str, register: str, record: int, transition: str, when: str, reason: str = "", **values: Any
    ) -> None:
        """Make a transition as somebody, at a moment."""
        with self.panel.work(self.actor(who), now=at(when)) as work:
            records.move(work, register, record, transition, values, reason=reason)

    def read(self, register: str, record: int) -> Mapping[str, Any]:
        """Return a record as the panel itself sees it."""
        with self.panel.reading(Actor.system()) as work:
            return records.get(work, register, record)


def publish(engine: Engine, files: Mapping[str, str], now: datetime = BEGIN) -> Panel:
    """Bring definitions into force on a database and return its panel."""
    published = publishing.publish(engine, files, actor=Actor.system(), reason="test", now=now, zone=SHANGHAI)
    return publishing.open_panel(engine, published, CALENDAR, SHANGHAI, Path("/nonexistent"))


REGISTERS = {
    "unit", "employee", "delegation", "customer", "customer_contact", "vehicle", "vehicle_archive", "vehicle_archive_item", "archive_signoff",
    "archive_rectification", "archive_violation", "service_reception_check", "archive_file", "archive_storage",
    "archive_view_application", "archive_borrow_application", "archive_borrow_log", "complaint", "complaint_progress",
    "complaint_investigation", "complaint_reply", "revisit_plan", "revisit_record",
    "complaint_statistics", "revisit_summary",
}  # fmt: skip
"""What the small company keeps: the fewer tables a test has, the sooner it has a database of its own."""


def everything() -> dict[str, str]:
    """Return all shipped definitions, path → YAML."""
    return {p: t for p, t in read_folder(DEFINITIONS).items() if p.split("/")[0] not in {"demo", "calendars"}}


def shipped() -> dict[str, str]:
    """Return the shipped definitions that the small company works by, path → YAML."""
    files = everything()
    mine = {p: without_others(t) for p, t in files.items() if p.startswith("registers/") and Path(p).stem in REGISTERS}
    return mine | {
        p: t
        for p, t in files.items()
        if not p.startswith("registers/") and not (p.startswith("indicators/") and _strange(t))
    }


def _strange(text: str) -> bool:
    """Return whether a definition rests on a register that the small company does not keep."""
    return not REGISTERS.issuperset(re.findall(r"\bregister: (\w+)", text))


def without_others(text: str) -> str:
    """Return a register's definition without what rests on registers that the small company does not keep."""
    entries = re.split(r"(?m)^(?=  - |\w)", text)
    kept = [e for e in entries if not _strange(e)]
    return re.sub(r"(?m)^\w+:\n(?=\w|\Z)", "", "".join(kept))  # a heading that nothing is left of


def found_company(panel: Panel, adopted: Sequence[str] = ADOPTED, day: date = date(2025, 1, 1)) -> None:
    """Enter units and people with their roles, and let everybody adopt policies."""
    with panel.work(Actor.system(), now=BEGIN, source="demo") as work:
        units: dict[str, int] = {}
        for name, parent in UNITS:
            kind = {"kind": "公司" if parent is None else "部门"}
            units[name] = records.create(work, "unit", {"name": name, "parent": units.get(parent or ""), **kind})
        roles = {r.name: r.id for r in work.connection.execute(select(role.c.id, role.c.name))}
        for n, (username, _unit, held) in enumerate(PEOPLE, 1):
            row = {
                "id": n,
                "username": username,
                "first_name": username,
                "last_name": "",
                "active": True,
                "email": f"{username}@example.com",
            }
            work.connection.execute(insert(person).values(**row))
            for code in held:
                work.connection.execute(insert(person_role).values(user_id=n, role_id=roles[code]))
        heads = {
            unit: n for n, (username, unit, _) in enumerate(PEOPLE, 1) if username in {"saleshead", "director", "gm"}
        }
        for n, (username, unit, _held) in enumerate(PEOPLE, 1):
            superior = heads.get(unit, heads["集团"])
            staff = {
                "person": n,
                "unit": units[unit],
                "staff_no": f"N{n:03}",
                "superior": superior if superior != n else heads["集团"],
            }
            records.create(work, "employee", staff | {"rank": 3, "position": username, "performance_pay": 3000})
        adoption.adopt(work, None, adopted, day)
        owner = {
            "customer_name": CAR_OWNER, "customer_kind": "个人", "relation_kind": "一般客户", "channel_kind": "车主", "secrecy_level": "普通",
            "address": "上海", "phone": "021-55550000", "owner_user": 1,
        }  # fmt: skip
        records.create(work, "customer", owner)


def open_site(url: str, files: Path) -> Site:
    """Return the site in a database that ``prepare`` filled."""
    engine = open_engine(url)
    panel = publishing.open_panel(engine, publishing.current(engine), CALENDAR, SHANGHAI, files)
    with panel.reading(Actor.system()) as work:
        units = {r["name"]: r["id"] for r in work.connection.execute(select(work.tables["unit"])).mappings()}
    return Site(panel, {u: n for n, (u, _, _) in enumerate(PEOPLE, 1)}, units)


def prepare(url: str) -> None:
    """Fill an empty database with the shipped definitions and the company."""
    engine = open_engine(url)
    upgrade(engine)
    found_company(publish(engine, shipped()))
    settle(engine)


def settle(engine: Engine) -> None:
    """Put everything written so far into the one file that tests copy, and let go of the database."""
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:  # all into the file that tests copy
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    engine.dispose()
