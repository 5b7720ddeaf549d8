"""A believable demo company: its people act through the same door as everybody, in the three months before now."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import select
from werkzeug.security import generate_password_hash

from app.errors import Refused, say
from app.models.bulk import insert_one
from app.models.fixed import person, person_role, role
from app.services import adoption, records
from app.services.demo import dealer, habits, rounds, story, trade
from app.services.demo.stage import Life, Stage
from app.services.panel import Actor, Panel, Work

WEEKS = 13
CARS, VISITS, CAR_CASES, STORE_CASES, RESIDENT_CASES = 24, 18, 14, 18, 28
SEED = 7


def load(panel: Panel, now: datetime, *, password: str = "") -> list[str]:
    """Found the demo company and let it live through the three months before ``now``; return who may sign in, line by line.

    Everybody has the same password, made up where none is given. Raises Refused where there are units already.
    """
    company = story.read("company")
    password = password or secrets.token_urlsafe(9)
    first = now.astimezone(panel.zone).date() - timedelta(weeks=WEEKS)
    founded = panel.calendar.start_of(first)
    with panel.work(Actor.system(), now=founded, source="demo") as work:
        if work.connection.execute(select(work.tables["unit"].c.id).limit(1)).first() is not None:
            raise Refused(say("站点里已有部门，示例公司只能装入空站点"))
        everybody = _people(work, company["people"], password)
        units = _units(work, company["units"], everybody)
        _employ(work, company["people"], everybody, units)
        for u in company["units"]:
            if u.get("adopts"):
                adoption.adopt(work, units[u["name"]], u["adopts"], date.fromisoformat(str(company["adopted_from"])))
    stage = Stage(panel, now, everybody, units)
    for life in _lives(stage, first):
        stage.begin(life)
    stage.play(first)
    return _lines(company["people"], password)


def _lives(stage: Stage, first: date) -> Iterator[Life]:
    """Yield everything that goes its way in the demo; the same for the same day."""
    rng = Random(SEED)  # noqa: S311  # a demo must be the same every time
    yield dealer.cabinets(stage, first)
    yield from story.told(stage, first)
    kinds = (
        (dealer.sold_car, CARS), (dealer.service_visit, VISITS), (dealer.complaint, CAR_CASES), (trade.store_complaint, STORE_CASES),
        (trade.resident_complaint, RESIDENT_CASES),
    )  # fmt: skip
    span = (stage.today - first).days
    for begin, count in kinds:
        for n in range(count):
            day = stage.working_day(first + timedelta(days=1 + (n * (span - 1)) // count + rng.randrange(2)))
            yield begin(stage, Random(rng.random()), day)  # noqa: S311
    yield habits.orders(stage, Random(rng.random()), first)  # noqa: S311
    yield habits.fines(stage, Random(rng.random()), first)  # noqa: S311
    yield habits.statistics(stage, first)
    yield rounds.made(stage, Random(rng.random()), first)  # noqa: S311
    yield habits.reading(stage)


def _people(work: Work, people: Sequence[Mapping[str, Any]], password: str) -> dict[str, int]:
    """Open the accounts with their roles and return them: user name → id."""
    hashed = generate_password_hash(password)
    roles = {r.name: r.id for r in work.connection.execute(select(role.c.name, role.c.id))}
    found = {}
    for p in people:
        account = {
            "username": p["username"], "first_name": p["name"][1:], "last_name": p["name"][:1], "active": True,
            "email": f"{p['username']}@example.com", "password": hashed,
        }  # fmt: skip
        found[p["username"]] = insert_one(work.connection, person, account)
        for code in p["roles"]:
            insert_one(work.connection, person_role, {"user_id": found[p["username"]], "role_id": roles[code]})
    return found


def _units(work: Work, units: Sequence[Mapping[str, Any]], people: Mapping[str, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for u in units:
        values = {
            "name": u["name"],
            "kind": u["kind"],
            "parent": found.get(u.get("parent", "")),
            "head": people.get(u.get("head", "")),
        }
        found[u["name"]] = records.create(work, "unit", values)
    return found


def _employ(work: Work, people: Sequence[Mapping[str, Any]], ids: Mapping[str, int], units: Mapping[str, int]) -> None:
    rows = [
        {
            "person": ids[p["username"]], "staff_no": f"{n:04}", "unit": units[p["unit"]], "position": p["position"], "rank": p["rank"],
            "superior": ids.get(p.get("superior", "")), "performance_pay": Decimal(p["pay"]) if p.get("pay") else None,
        }
        for n, p in enumerate(people, 1)
    ]  # fmt: skip
    records.create_many(work, "employee", rows)
    work.memo.clear()


def _lines(people: Sequence[Mapping[str, Any]], password: str) -> list[str]:
    """Return what is told at the first start: one password, some people of each company with what to try, where the others are."""
    shown = [p for p in people if p.get("try")]
    width = max(len(p["username"]) for p in shown)
    return [
        f"密码 / password: {password}",
        *(f"{p['username']:<{width}}  {p['name']}  {p['unit']} · {p['try']}" for p in shown),
        f"另有 {len(people) - len(shown)} 人，密码相同，见“系统 › 用户” / {len(people) - len(shown)} more, same password: see 系统 › 用户 as admin",
    ]
