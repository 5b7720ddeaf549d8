"""The page of an obligation: for whoever may see its record, and for nobody else."""

from __future__ import annotations

from datetime import date, timedelta

import orjson
from sqlalchemy import select, update

from app.models.ledger import obligation
from app.services.limits import PARKED
from tests.rules.site import at
from tests.web.site import Site, page_text
from tests.web.test_pages import LATE, ticket


def owed(site: Site, record: int) -> int:
    with site.panel.engine.connect() as connection:
        query = select(obligation.c.id).where(obligation.c.register == "complaint", obligation.c.record_id == record)
        return int(connection.execute(query).scalar_one())


def test_it_tells_article_edition_days_and_who_owes(site: Site) -> None:
    record = site.enter("complaint", LATE | {"handler": site.ids["owner"]})
    number = owed(site, record)
    owner = site.browser("owner")
    text = page_text(owner.get(f"/obligations/{number}"))
    for shown in (
        "逾期未办结每件罚款五十元。", "P1-D1", "3 个工作日", "2026-03-02 09:00（接到时间）", "截止 2026-03-05 24:00",
        'data-day="2026-03-05" data-kind="working" data-n="3"', "owner（跟进人）", "填写“处理结果”", "第 1 号目录",
        "已逾期", "尚未完成",
    ):  # fmt: skip
        assert shown in text, shown
    assert f"/obligations/{number}" in page_text(owner.get(f"/registers/complaint/show/{record}"))
    assert f"/obligations/{number}" in page_text(owner.get("/work"))
    assert "3 working days" in page_text(owner.get(f"/obligations/{number}?lang=en"))


def test_only_who_may_see_the_record_sees_it_and_others_learn_nothing(site: Site) -> None:
    number = owed(site, site.enter("complaint", LATE | {"handler": site.ids["owner"]}))
    for who, status in (("owner", 200), ("chief", 200), ("colleague", 404), ("stranger", 404), ("outsider", 404)):
        browser = site.browser(who)
        answer = browser.get(f"/obligations/{number}")
        assert answer.status_code == status, who
        if status == 404:
            there, nowhere = (page_text(a).partition("<main")[2] for a in (answer, browser.get("/obligations/999")))
            assert there.partition("</main>")[0] == nowhere.partition("</main>")[0] != ""
    assert site.browser().get(f"/obligations/{number}").status_code == 302


def test_what_was_missed_leads_to_its_ticket_and_back(site: Site) -> None:
    ticket(site)
    owner = site.browser("owner")
    assert 'href="/obligations/1"' in page_text(owner.get("/fines/1"))
    text = page_text(owner.get("/obligations/1"))
    assert "已逾期" in text
    assert 'href="/fines/1"' in text


def test_what_postponed_the_limit_is_listed_and_a_clock_that_stands_is_said_to(site: Site) -> None:
    number = owed(site, site.enter("complaint", LATE | {"handler": site.ids["owner"]}))
    begin = at("2026-03-04 09:00")
    steps = [
        {"by": (2,), "begin": None, "end": None, "day": date(2026, 3, 7)},
        {"by": (), "begin": begin, "end": begin + timedelta(days=1), "day": date(2026, 3, 8)},
        {"by": (), "begin": begin + timedelta(days=2), "end": None, "day": None},
    ]
    with site.panel.engine.begin() as connection:
        kept = {"postponed": orjson.dumps(steps).decode(), "due_at": PARKED, "due_on": PARKED.date()}
        connection.execute(update(obligation).where(obligation.c.id == number).values(**kept))
    text = page_text(site.browser("owner").get(f"/obligations/{number}"))
    for shown in ("暂停计时，恢复后重新计算截止时间", "批准延期 2", "2026-03-07", "2026-03-04 09:00", "2026-03-08"):
        assert shown in text, shown
    assert "9999" not in text
