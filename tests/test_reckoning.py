"""Recomputing from what its page shows gives the stored amount of every ticket: of the demo company, and of each form of amount."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from flask import Flask, render_template
from sqlalchemy import select, text

from app import factory
from app.models.ledger import ticket
from app.services import ledger
from app.services.panel import Actor, Panel
from app.web import why
from config import Settings
from tests.reckoning import reckon
from tests.services.test_charges import customer, daily, found, rules
from tests.services.test_demo import NOW, company
from tests.site import DEFINITIONS, Site, at

__all__ = ["company", "rules"]


def app_of(panel: Panel) -> Flask:
    settings = Settings(
        INSTANCE=panel.files.parent, DATABASE_URL=str(panel.engine.url), REDIS_URL="redis://127.0.0.1:1/0", SECRET_KEY="t" * 40,
        TIME_ZONE="Asia/Shanghai", LOCALE="zh", HOST="127.0.0.1", PORT=8000, WEB_THREADS=8, SMTP_URL="", MAIL_FROM="panel@example.com", PUBLIC_URL="",
        DEMO=False, DEFINITIONS=DEFINITIONS, UPLOAD_LIMIT_MB=2, APPEAL_WORKING_DAYS=5, FORWARDED=0, SESSION_COOKIE_SECURE=False,
    )  # fmt: skip
    made = factory.create_app(panel, settings)
    made.config.update(RATELIMIT_STORAGE_URI="memory://")
    return made


def wrong(panel: Panel) -> tuple[int, list[str]]:
    """Return how many tickets there are, and those whose page does not lead to what is stored."""
    app, faults = app_of(panel), []
    with panel.engine.connect() as connection:
        stored = connection.execute(select(ticket.c.id, ticket.c.record_no, ticket.c.amount, ticket.c.points)).all()
    with panel.reading(Actor.system(), now=NOW) as work:
        for t in stored:
            with app.test_request_context("/fines"):
                page = render_template("why.html", **why.page(work, t.id))
            said, reckoned = reckon(page)
            if not said == reckoned == (t.amount, t.points):
                faults.append(f"{t.record_no}: {t.amount}/{t.points}, {said}, {reckoned}")
    return len(stored), faults


def test_every_ticket_of_the_demo_company_is_what_its_page_comes_to(company: tuple[Panel, list[str]]) -> None:
    number, faults = wrong(company[0])
    assert number > 0
    assert faults == []


def test_every_form_of_amount_is_what_its_page_comes_to(rules: Site) -> None:
    bill = rules.create(
        "hr", "rent_bill", "2025-02-20 09:00",
        lessee=customer(rules), due_on=date(2025, 3, 1), owed=Decimal(10000), rate=Decimal("0.05"),
    )  # fmt: skip
    rules.create(
        "hr", "rent_bill", "2025-02-20 09:00", lessee=customer(rules), due_on=date(2025, 3, 1), owed=Decimal(10000)
    )
    for _ in range(11):
        rules.create("hr", "sheet", "2025-03-03 09:00", writer=rules.ids["sales1"], met_on=date(2025, 3, 3))
    row = {"writer": rules.ids["sales1"], "met_on": date(2025, 3, 3), "loss": Decimal("5000.55")}
    sheet = rules.create("hr", "sheet", "2025-03-03 09:00", **row)
    for n, code in enumerate(("caused", "broken", "rude", "rude", "rude", "rude"), 4):
        with rules.panel.work(rules.actor("hr"), now=at(f"2025-03-{n:02} 09:00")) as work:
            ledger.report(work, "sheet", sheet, code, rules.ids["sales1"], quantity=2 if code == "broken" else 1)
    rules.create("hr", "rent_paid", "2025-03-06 10:00", bill=bill, sum=Decimal(4000), day=date(2025, 3, 6))
    daily(rules, "2025-03-13", "2025-03-13")
    with rules.panel.work(rules.actor("gm"), now=at("2025-03-14 09:00")) as work:
        ledger.cancel(work, found(rules, "rude")[0]["id"], "查无此事")
        ledger.waive(work, found(rules, "late_sheet")[0]["id"], "初犯")
    number, faults = wrong(rules.panel)
    assert number == 2 + 12 + 2 + 1 + 4
    assert faults == []
    assert {t["amount"] for t in found(rules, "rude")} == {0, 100}


def test_a_figure_that_was_tampered_with_is_found(rules: Site) -> None:
    rules.create("hr", "sheet", "2025-03-03 09:00", writer=rules.ids["sales1"], met_on=date(2025, 3, 3))
    daily(rules, "2025-03-05", "2025-03-05")
    with rules.panel.engine.begin() as connection:
        connection.execute(text("UPDATE ticket SET points = points + 100"))
    assert len(wrong(rules.panel)[1]) == 1
