"""What tickets and notices say of money, points and what follows in words."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.models.ledger import notice
from app.services import notices
from app.services.panel import Actor
from tests.services.test_charges import daily, rules
from tests.site import Site

__all__ = ["rules"]


def test_a_notice_names_points_beside_money_and_no_money_where_there_is_none(rules: Site) -> None:
    rules.create("hr", "sheet", "2025-03-03 09:00", writer=rules.ids["sales1"], met_on=date(2025, 3, 3))
    daily(rules, "2025-03-05", "2025-03-05")
    with rules.panel.reading(Actor.system()) as work:
        (told,) = work.connection.execute(select(notice).where(notice.c.kind == "to_confirm")).mappings()
    said = str(notices.sentence(told))
    assert said.endswith("迟交登记表，sales1，扣 2 分"), said
