"""What people of the demo do once a week for all their customers: greetings before holidays, calls, the month's supply."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from app.services import obligations
from app.services.demo.stage import Life, Stage

GREETERS = {"tangyu": "kangyi", "kongming": "kongming", "caiwen": "caiwen"}
SELLERS = {"tanbo": "tanbo", "shangwen": "shangwen"}
TOLD = {"supply_info_given": True, "visit_effect": "接受建议"}
ROUNDS: tuple[tuple[str, dict[str, str], str, dict[str, Any], str], ...] = (
    ("greet_on_holiday", GREETERS, "customer_care", {"care_kind": "节日问候", "content": "致电问候"}, ""),
    ("call_regularly", SELLERS, "relation_maintenance_record", {"mode": "电话跟踪", "content": "询问库存和送货"}, ""),
    ("agree_on_supply", SELLERS, "supply_agreement", {"agreed_volume": Decimal(30), **TOLD}, "agree"),
)
"""What is done in one go for all customers to whom it is owed: the duty, who owes it and who does it, what is entered, the step that follows."""
AHEAD = timedelta(days=8)


def made(stage: Stage, rng: Random, first: date) -> Life:
    """Once a week people do what they owe all their customers before the next time; now and then one is forgotten."""
    day = first
    while True:
        day = stage.working_day(day + timedelta(days=7))
        yield stage.at(day, "15:20")
        for duty, people, register, values, step in ROUNDS:
            if register in stage.panel.catalog.registers:
                for owing, doing in people.items():
                    rows = [_entry(stage, o, register, values) for o in _due(stage, owing, duty) if rng.random() < 0.92]
                    for record in stage.create_many(doing, register, rows):
                        if step:
                            stage.move(doing, register, record, step)


def _due(stage: Stage, owing: str, duty: str) -> list[dict[str, Any]]:
    work = stage.acting(owing)
    owed = obligations.owed(work, person=work.actor.person_id, roles=work.actor.roles)
    return [o for o in owed if o["duty"] == duty and o["register"] == "customer" and o["due_at"] < work.now + AHEAD]


def _entry(stage: Stage, o: Mapping[str, Any], register: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that fulfils an obligation; its day lies in the period for which it counts."""
    work = stage.acting("tangyu")
    holiday = o["due_on"] + timedelta(days=o["citation"].startswith("P21"))  # there it is due the day before
    dated: dict[str, Any] = {
        "customer_care": {"planned_on": holiday, "done_on": work.today},
        "relation_maintenance_record": {"occurred_at": work.now},
        "supply_agreement": {"month": o["due_on"].replace(day=1)},
    }[register]
    return {"customer": o["record_id"], **values, **dated}
