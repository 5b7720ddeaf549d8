"""What people of the demo do every working day: sign orders, confirm corrections, decide fines."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from app.services import ledger, notices
from app.services.demo.dealer import ADMIN
from app.services.demo.stage import Life, Stage

DIRECTOR = "linfang"
JUDGE = "wangjianguo"
APPEALS = ("当日客户未到店，资料无法取得", "已按时送交，签收簿漏登", "系统故障无法登记")


def orders(stage: Stage, rng: Random, first: date) -> Life:
    """Each morning the archive administrator signs the drafted orders and confirms what has been put right."""
    patience: dict[int, int] = defaultdict(lambda: rng.choice((0, 0, 0, 0, 1, 2)))
    day = first
    while True:
        day = stage.working_day(day + timedelta(days=1))
        yield stage.at(day, "09:20")
        for order in stage.find(ADMIN, "archive_rectification", state="ordered"):
            patience[order["id"]] -= 1
            if patience[order["id"]] < 0:
                _put_right(stage, order)
        for order in stage.find(ADMIN, "archive_rectification", state="drafted"):
            stage.move(ADMIN, "archive_rectification", order["id"], "order")


def _put_right(stage: Stage, order: dict[str, int]) -> None:
    """Correct the papers that an order is about, unless it waits for a handover that the panel will see itself."""
    t = stage.ticket(ADMIN, order["ticket"])
    if t["clause"] in {"D1", "D4"}:
        return
    if t["register"] == "vehicle_archive":
        for item in stage.find(ADMIN, "vehicle_archive_item", archive=t["record_id"]):
            wrong = {item["user_signature"], item["internal_signature"]} & {"无", "错误"} or item["present"] is False
            if wrong and item["corrected_at"] is None:
                stage.update(ADMIN, "vehicle_archive_item", item["id"], corrected_at=stage.acting(ADMIN).now)
    stage.move(ADMIN, "archive_rectification", order["id"], "correct")


def fines(stage: Stage, rng: Random, first: date) -> Life:
    """The customer director confirms what is a few days old, and in the new month executes the last one's fines; some appeal."""
    day, names = first, {number: username for username, number in stage.people.items()}
    wronged: list[dict[str, Any]] = []
    while True:
        day = stage.working_day(day + timedelta(days=1))
        yield stage.at(day, "16:40")
        work = stage.acting(DIRECTOR)
        for t in wronged:
            fined = stage.acting(names[t["person"]])
            if "appeal" in ledger.possible(fined, ledger.get(fined, t["id"])):
                ledger.appeal(fined, t["id"], rng.choice(APPEALS))
        wronged.clear()
        for t in ledger.tickets(work, states=("proposed",)):
            if (day - t["day"]).days >= 6:
                if rng.random() < 0.06:
                    ledger.waive(work, t["id"], "首次且主动说明，免予处罚")
                else:
                    ledger.confirm(work, t["id"], "核实无误")
                    if t["person"] is not None and rng.random() < 0.35:
                        wronged.append(t)
        _decide(stage, rng)
        if day.day >= 8:
            for t in ledger.tickets(work, states=("confirmed",)):
                if t["month"] < f"{day:%Y-%m}":
                    ledger.execute(work, t["id"], "已报财务")
            _take_share(stage, f"{day.replace(day=1) - timedelta(days=1):%Y-%m}")


def _decide(stage: Stage, rng: Random) -> None:
    """Decide, as the general manager, on appeals that have lain for some days."""
    work = stage.acting(JUDGE)
    for t in ledger.to_judge(work):
        if work.now - t["state_at"] > timedelta(days=9):
            upheld = rng.random() < 0.7
            ledger.act(
                work,
                t["id"],
                "uphold" if upheld else "cancel",
                "签收簿记载清楚，维持" if upheld else "系系统故障所致，撤销",
            )


def _take_share(stage: Stage, month: str) -> None:
    """Decide on the share of performance pay of one person; the others stay open."""
    work = stage.acting(DIRECTOR)
    offers = ledger.offers(work, month)
    if not offers or any(o.decision for o in offers):
        return
    o = max(offers, key=lambda o: o.count)
    pay = next(r["performance_pay"] for r in stage.find(DIRECTOR, "employee", person=o.person))
    ledger.decide(
        work, o.counter, o.offer.code, o.person, month, pay=pay, rate=Decimal(10), reason="当月多次违规，按下限执行"
    )


SIGNERS = {
    "OMS周报": ("chenjing", "submit_oms", 1),
    "OMS月报": ("chenjing", "submit_oms", 3),
    "月投诉统计表": ("jiangnan", "submit", 7),
}
"""Who signs which statistics, by which step, and how many days after the period."""
UNSIGNED = timedelta(days=7)
REVIEWERS = {"chenjing": "wangjianguo", "jiangnan": "pengli"}


def statistics(stage: Stage, first: date) -> Life:
    """The statistics that the panel has made are checked and signed by those whose they are, and reviewed the next morning.

    Those of the last days wait for whoever looks at the demo.
    """
    day = first
    while stage.today - day > UNSIGNED:
        day = stage.working_day(day + timedelta(days=1))
        yield stage.at(day, "10:10")
        for signer, reviewer in REVIEWERS.items():
            for report in stage.find(reviewer, "complaint_statistics", state="submitted"):
                if report["submitted_by"] == stage.people[signer]:
                    stage.move(reviewer, "complaint_statistics", report["id"], "review")
        for kind, (signer, step, days) in SIGNERS.items():
            for report in stage.find(signer, "complaint_statistics", state="generated", report_kind=kind):
                if (day - report["period_to"]).days >= days:
                    stage.move(signer, "complaint_statistics", report["id"], step)
        for report in stage.find("tangyu", "revisit_summary", state="generated"):
            if (day - report["period_to"]).days >= 4:
                basis = "对未满三天即结案的投诉，提前安排回访；不满意的由主管复访。"
                stage.move("tangyu", "revisit_summary", report["id"], "submit", improvement_basis=basis)


def reading(stage: Stage) -> Life:
    """Everybody has read what he was told until some days ago."""
    yield stage.at(-4, "18:30")
    for username in stage.people:
        notices.mark_read(stage.acting(username))
