"""The page of what waits for one: the step right there, back to the list after it, the number in the menu, nobody else's."""

from __future__ import annotations

import re

import pytest

from app.errors import Forbidden
from app.services import scope
from app.services.panel import Actor
from tests.web.site import SECRET, Site, page_text
from tests.web.test_fab_traps import statements
from tests.web.test_pages import ticket

MOVE = "/registers/complaint/move/{}/close?from={}"


def test_a_record_waits_for_its_owner_and_for_nobody_else(site: Site) -> None:
    page = page_text(site.browser("owner").get("/waiting"))
    assert SECRET in page
    assert "结案…" in page, "it asks for a result, so it is done on the record's page"
    assert SECRET in page_text(site.browser("owner").get("/"))
    for other in ("colleague", "stranger", "outsider", "chief"):
        assert SECRET not in page_text(site.browser(other).get("/waiting")), other
    assert "没有等您办理的事" in page_text(site.browser("outsider").get("/waiting"))
    assert site.browser("outsider").get("/waiting?lang=en").status_code == 200


@pytest.mark.parametrize(("here", "then"), [("waiting", "/waiting"), ("home", "/"), ("//evil.example", "/show/")])
def test_after_a_step_one_comes_back_to_where_one_was(site: Site, here: str, then: str) -> None:
    owner = site.browser("owner")
    answer = owner.post(MOVE.format(site.complaint, here), {"result": "已修复"})
    assert answer.status_code == 302
    assert answer.headers["Location"].endswith(then) or then in answer.headers["Location"]
    assert "evil" not in answer.headers["Location"]
    assert SECRET not in page_text(owner.get("/waiting"))


def test_the_number_is_asked_for_once_and_then_stands_in_the_menu(site: Site) -> None:
    owner = site.browser("owner")
    first = page_text(owner.get("/inbox"))
    assert "data-counts-now" in first
    assert owner.get("/counts").get_json()["waiting"] == 1
    later = page_text(owner.get("/inbox"))
    assert "data-counts-now" not in later
    assert 'data-count="waiting">1<' in later
    owner.post(MOVE.format(site.complaint, "waiting"), {"result": "已修复"})
    assert owner.get("/counts").get_json()["waiting"] == 0
    assert site.browser("stranger").get("/counts").get_json()["waiting"] == 0


def test_a_fine_waits_for_whoever_confirms_it(site: Site) -> None:
    number = ticket(site)
    chief = site.browser("chief")
    page = page_text(chief.get("/waiting"))
    assert "待我确认的处罚单" in page
    assert f"/fines/{number}/confirm" in page
    assert f"/fines/{number}/confirm" in page_text(chief.get("/"))
    assert chief.get("/counts").get_json()["waiting"] == 1
    assert "待我确认的处罚单" not in page_text(site.browser("owner").get("/waiting"))
    chief.post(f"/fines/{number}/confirm")
    assert chief.get("/counts").get_json()["waiting"] == 0


def test_the_page_costs_as_many_statements_for_many_records_as_for_few(site: Site) -> None:
    costs = []
    owner = site.browser("owner")
    for more in (1, 12):
        for n in range(more):
            site.enter("complaint", {"subject": f"第 {more}-{n} 件"})
        owner.get("/waiting")
        with statements(site.panel.engine) as seen:
            assert "第 1-0 件" in page_text(owner.get("/waiting"))
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 25


def test_in_english_nothing_of_the_definitions_stays_chinese(site: Site) -> None:
    ticket(site)
    with site.panel.reading(Actor(0, "nobody")) as work, pytest.raises(Forbidden) as refused:
        scope.demand(work, "complaint", "add")
    assert refused.value.reason.text() == "您没有新增“投诉”的权限"
    told = refused.value.reason.text(str, "en")
    assert told == "您没有新增“Complaint”的权限", "its own words are translated by the pages"
    assert "Late answer: " in page_text(site.browser("chief").get("/waiting?lang=en"))


def test_a_record_says_to_who_may_not_move_it_on_for_whom_it_waits(site: Site) -> None:
    page = f"/registers/complaint/show/{site.complaint}"
    told = re.search(r"等待办理 (.+?)</p>", page_text(site.browser("chief").get(page)))
    assert told is not None
    assert "结案：owner" in told[1]
    assert "等待办理" not in page_text(site.browser("owner").get(page)), "who may, has the button"
