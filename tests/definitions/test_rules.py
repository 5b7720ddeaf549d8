"""Each rule of access holds at every door: list, page, search, interface for programs, export; with all shipped registers in force."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from sqlalchemy import insert, select

from app.catalog.register import RegisterSpec
from app.fields.links import Person, Signature
from app.models.fixed import person, person_role, role
from app.services import rows
from app.services.panel import Actor, Panel, Work
from config import ROOT
from tests.servers import Databases
from tests.site import everything
from tests.web.site import NOW, PASSWORD, PASSWORD_HASH, Browser, page_text, published, served

TABLE: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "access.yaml").read_text("utf-8"))
OF_LETTERS = {"AR-26"}
"""What speaks of notices, not of records: tests/services/test_letters.py reads what leaves the house."""
ELSEWHERE = {"stranger": "乙部", "boss": "公司"}
"""Who is not of the department of the record."""


@dataclass
class Whole:
    """The site with every register; each rule's record, and its people by user name."""

    panel: Panel
    app: Flask
    ids: dict[str, int] = field(default_factory=dict)
    records: list[int] = field(default_factory=list)

    def browser(self, username: str) -> Browser:
        browser = Browser(self.app.test_client())
        answer = browser.post("/login/", {"username": username, "password": PASSWORD}, page="/login/")
        assert answer.status_code == 302
        return browser


def number(n: int) -> str:
    """Return the number of a rule's record: whoever may not see it must not meet this text."""
    return f"{sought(n)}甲"


def sought(n: int) -> str:
    """Return what one searches for to find it; pages repeat this, and not the whole number."""
    return f"机{n:03}"


@pytest.fixture(scope="module")
def whole(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """All shipped registers in force for everybody, on SQLite."""
    policies = [f"P{n:02}" for n in range(1, 22)]
    panel, settings = published(fresh_database("sqlite"), tmp_path_factory.mktemp("whole"), everything(), policies)
    made = Whole(panel, served(panel, settings))
    with panel.work(Actor.system(), now=NOW, source="demo") as work:
        units = rows.insert(work, work.spec("unit"), [{"name": "公司", "kind": "公司"}])
        above = units[0]["id"]
        units += rows.insert(
            work, work.spec("unit"), [{"name": n, "kind": "部门", "parent": above} for n in ("甲部", "乙部")]
        )
        named = {u["name"]: u["id"] for u in units}
        _enter_people(work, made.ids, named)
    with panel.work(Actor.system(), now=NOW, source="demo") as work:
        for n, case in enumerate(TABLE):
            made.records.append(_enter(work, made.ids, n, case, named["甲部"]))
    yield made
    panel.engine.dispose()


def _enter_people(work: Work, ids: dict[str, int], units: dict[str, int]) -> None:
    roles = {r.name: r.id for r in work.connection.execute(select(role.c.name, role.c.id))}
    accounts, held, staff = [], [], []
    for n, case in enumerate(TABLE):
        for name, given in {"blamed": [], **case["people"]}.items():
            username = f"{name}{n}"
            ids[username] = len(ids) + 1
            more = {"first_name": username, "last_name": "", "active": True, "email": f"{username}@example.com"}
            accounts.append({"id": ids[username], "username": username, "password": PASSWORD_HASH, **more})
            codes = [given] if isinstance(given, str) else given or []
            held += [{"user_id": ids[username], "role_id": roles[code]} for code in codes]
            unit = units[ELSEWHERE.get(name, "甲部")]
            staff.append({"person": ids[username], "staff_no": username, "unit": unit})
    work.connection.execute(insert(person), accounts)
    work.connection.execute(insert(person_role), held)
    rows.insert(work, work.spec("employee"), staff)


def _enter(work: Work, ids: dict[str, int], n: int, case: dict[str, Any], unit: int) -> int:
    spec = work.spec(case["register"])
    values = {code: _value(spec, code, given, ids, n) for code, given in case["record"].items() if code != "state"}
    by = work.acting(Actor(ids[f"owner{n}"], "owner")) if f"owner{n}" in ids and case.get("entered", True) else work
    made = rows.insert(by, spec, [{**values, "record_no": number(n), "unit": unit}])[0]
    if "state" in case["record"]:
        rows.change(work, spec, made, {"state": case["record"]["state"]})
    return int(made["id"])


def _value(spec: RegisterSpec, code: str, given: Any, ids: dict[str, int], n: int) -> Any:
    column = spec.column(code)
    assert column is not None, f"{spec.code}.{code}"
    return ids[f"{given}{n}"] if isinstance(column, Person | Signature) else column.parse(str(given))


CASES = [
    pytest.param(n, name, id=f"{case['rule']}-{case['register']}-{name}")
    for n, case in enumerate(TABLE)
    for name in case["people"]
]


@pytest.mark.parametrize(("n", "name"), CASES)
def test_whoever_may_meets_the_record_at_every_door_and_nobody_else_at_any(whole: Whole, n: int, name: str) -> None:
    case, record = TABLE[n], whole.records[n]
    code, browser = case["register"], whole.browser(f"{name}{n}")
    reads, may = name in case["read"], {verb for verb in ("edit", "export", "find") if name in case.get(verb, ())}
    doors = {
        "list": (f"/registers/{code}/list/?page_size=100", reads),
        "page": (f"/registers/{code}/show/{record}", reads),
        "search": (f"/registers/{code}/list/?q={sought(n)}", reads),
        "api": (f"/api/v1/{code}/?q=(page_size:100)", reads),
        "api record": (f"/api/v1/{code}/{record}", reads),
        "api search": (f"/api/v1/{code}/?q=(search:'{sought(n)}')", reads),
        "export": (f"/exports/{code}.csv", "export" in may),
        "form": (f"/registers/{code}/edit/{record}", "edit" in may),
    }
    met = {door: number(n) in page_text(browser.get(address)) for door, (address, _) in doors.items()}
    assert met == {door: expected for door, (_, expected) in doors.items()}
    found = browser.get(f"/pick/{code}?q={sought(n)}").get_json(silent=True)
    assert (record in [f["id"] for f in found] if isinstance(found, list) else False) == (reads or "find" in may)
    assert reads or number(n) not in page_text(browser.get(f"/palette?q={sought(n)}"))
    if "edit" in may:
        form = page_text(browser.get(doors["form"][0]))
        assert [field for field in case.get("fixed", ()) if f'name="{field}"' in form] == []


def test_prices_and_terms_are_shown_to_the_sales_line_finance_and_management_alone(whole: Whole) -> None:
    n = next(i for i, c in enumerate(TABLE) if c["rule"] == "AR-47")
    shown = {}
    for name in ("owner", "minister", "money"):
        shown[name] = whole.browser(f"{name}{n}").get(f"/api/v1/customer_order/{whole.records[n]}").get_json()["result"]
    assert all(r["payment_terms"] == "月结" for r in shown.values())
    hidden = {f.code for f in whole.panel.catalog.registers["customer_order"].fields if f.seen_by}
    assert {"amount", "unit_price", "payment_terms"} <= hidden


def test_every_rule_of_access_has_a_record_and_the_people_around_it() -> None:
    rules = {
        name for name in yaml.safe_load((ROOT / "docs/requirements.yaml").read_text("utf-8")) if name.startswith("AR-")
    }
    assert rules - {case["rule"] for case in TABLE} == OF_LETTERS
    assert [case["rule"] for case in TABLE if len(case["people"]) < 3] == []
