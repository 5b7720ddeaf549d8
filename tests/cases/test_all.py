"""The cases of the folder ``all``: on all shipped registers, with some more people, on SQLite."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from app.models.engine import open_engine
from app.models.fixed import person, person_role, role
from app.models.migrate import upgrade
from app.services import records
from app.services.panel import Actor
from tests.cases import expecting
from tests.cases.reading import Case, read
from tests.servers import Databases
from tests.site import BEGIN, PEOPLE, Site, everything, found_company, open_site, publish, settle

MORE = {
    "财务": ("finance", ["finance"]), "业务员甲": ("business1", ["business_staff"]), "业务员乙": ("business2", ["business_staff"]),
    "业务经理": ("chief", ["dept_manager"]), "招商经理": ("leasing", ["leasing_manager"]), "综合服务部": ("sheets", ["sheet_keeper"]),
    "市场推广": ("promotion", ["market_promotion"]), "法务": ("lawyer", ["legal"]), "维修工": ("repairer", ["repairer"]),
    "工程主任": ("engineer", ["engineering_supervisor"]), "销售科长": ("section", ["section_chief", "sales"]),
    "促销科": ("sales_promotion", ["promotion_section"]), "销售部长": ("minister", ["sales_minister"]),
}  # fmt: skip
"""Who works with the registers of these cases, under the names that they use: user name, roles; all of the store."""
CASES = [
    replace(c, people={**{name: user for name, (user, _) in MORE.items()}, **c.people})
    for c in read(Path(__file__).parent / "all").cases
]


@pytest.fixture(scope="module")
def whole(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The company under all shipped registers, before anything happened; what the cases copy."""
    url = fresh_database("sqlite")
    engine = open_engine(url)
    upgrade(engine)
    panel = publish(engine, everything())
    found_company(panel, list(panel.catalog.policies))
    first = len(PEOPLE) + 1
    with panel.work(Actor.system(), now=BEGIN, source="demo") as work:
        roles = {r.name: r.id for r in work.connection.execute(select(role.c.id, role.c.name))}
        unit = work.connection.execute(
            select(work.tables["unit"].c.id).where(work.tables["unit"].c.name == "门店")
        ).scalar()
        for n, (user, held) in enumerate(MORE.values(), first):
            row = {
                "id": n,
                "username": user,
                "first_name": user,
                "last_name": "",
                "active": True,
                "email": f"{user}@example.com",
            }
            work.connection.execute(insert(person), [row])
            work.connection.execute(insert(person_role), [{"user_id": n, "role_id": roles[code]} for code in held])
        for n, (user, _) in enumerate(MORE.values(), first):
            chief = first + list(MORE).index("业务经理")
            superior = next(i for i, (u, *_) in enumerate(PEOPLE, 1) if u == "gm") if n == chief else chief
            records.create(
                work,
                "employee",
                {"person": n, "unit": unit, "staff_no": f"M{n}", "position": user, "superior": superior},
            )
    settle(engine)
    site = open_site(url, tmp_path_factory.mktemp("whole"))
    site.ids |= {user: n for n, (user, _) in enumerate(MORE.values(), first)}
    site.panel.engine.dispose()
    yield site


@pytest.fixture
def ground(whole: Site, fresh_database: Databases, tmp_path: Path) -> Iterator[Site]:
    """A copy of the company for one case."""
    url = fresh_database("sqlite", like=str(whole.panel.engine.url))
    yield replace(whole, panel=(panel := replace(whole.panel, engine=open_engine(url), files=tmp_path)))
    panel.engine.dispose()
    fresh_database.drop(url)


@pytest.mark.parametrize("case", CASES, ids=[c.title for c in CASES])
def test_case(ground: Site, case: Case, tmp_path: Path) -> None:
    expecting.hold(ground, case, tmp_path)
