"""The administrator looks as somebody else: screens and forms as that person has them, no row more, nothing written, every time logged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.models.fixed import access_log, person, person_role, role
from app.services import viewing
from tests.web.site import NOW, SECRET, Browser, Site, page_text
from tests.web.test_access import PLACES


def looking(site: Site, whom: str = "owner", reason: str = "报障：看不到按钮") -> Browser:
    admin = site.browser("admin")
    answer = admin.post(f"/viewing/{site.ids[whom]}/begin", {"reason": reason})
    assert answer.status_code == 302
    return admin


def logged(site: Site) -> list[tuple[str, int, int | None, str | None]]:
    a = access_log.c
    with site.panel.engine.connect() as connection:
        found = connection.execute(select(a.action, a.person, a.subject, a.reason).order_by(a.id))
        return [(r.action, r.person, r.subject, r.reason) for r in found]


def test_menu_screens_and_forms_are_those_of_the_person(site: Site) -> None:
    admin = looking(site)
    text = page_text(admin.get("/registers/complaint/list/"))
    assert "您正以 owner 的身份查看" in text
    assert "/grid/complaint" in text
    assert "/users/list/" not in text
    form = page_text(admin.get("/registers/complaint/add"))
    assert "事由" in form
    assert "内部意见" not in form  # only chiefs write it


def test_no_row_is_shown_that_the_administrator_may_not_read(site: Site) -> None:
    admin = looking(site)
    for place in PLACES:
        assert SECRET not in page_text(admin.get(place.format(id=site.complaint))), place
    assert admin.get(f"/registers/complaint/show/{site.complaint}").status_code == 404
    found = admin.send("POST", "/grid/complaint/window", {"offset": 0, "limit": 50})
    assert (found.status_code, found.get_json()["rows"]) == (200, [])


def test_nothing_can_be_written_and_what_is_personal_stays_closed(site: Site) -> None:
    admin = looking(site)
    writes = [
        admin.post("/registers/complaint/add", {"subject": "代填"}),
        admin.send("POST", "/api/v1/complaint/", {"subject": "代填"}),
        admin.post("/users/add", {"username": "x"}),
    ]
    assert [a.status_code for a in writes] == [403, 403, 403]
    for page in ("/", "/work", "/inbox", "/fines", "/indicators", "/users/list/"):
        assert "这一页属于 owner 本人" in page_text(admin.get(page)), page


def test_one_click_leads_back_and_both_ends_are_logged(site: Site) -> None:
    admin = looking(site)
    assert admin.post("/viewing/end", page="/rights").status_code == 302
    text = page_text(admin.get("/rights"))
    assert "您正以" not in text
    me, owner = site.ids["admin"], site.ids["owner"]
    assert logged(site) == [("begin", me, owner, "报障：看不到按钮"), ("end", me, owner, None)]
    assert "报障：看不到按钮" in page_text(admin.get("/access-log"))


@pytest.mark.parametrize("name", ["owner", "chief", "stranger"])
def test_nobody_else_looks_as_anybody(site: Site, name: str) -> None:
    answer = site.browser(name).post(f"/viewing/{site.ids['outsider']}/begin", {"reason": "好奇"})
    assert answer.status_code == 403
    assert site.browser(name).get("/access-log").status_code == 403
    assert logged(site) == []


def test_a_reason_is_needed_and_no_other_administrator_is_looked_as(site: Site) -> None:
    looking(site, reason=" ")
    with site.panel.engine.begin() as connection:
        number = connection.execute(select(role.c.id).where(role.c.name == "system_admin")).scalar_one()
        connection.execute(person_role.insert().values(user_id=site.ids["auditor"], role_id=number))
    admin = site.browser("admin")
    for whom in ("auditor", "admin"):
        assert admin.post(f"/viewing/{site.ids[whom]}/begin", {"reason": "试"}).status_code == 422, whom
    assert admin.post("/viewing/999/begin", {"reason": "试"}).status_code == 404
    with site.panel.engine.begin() as connection:
        connection.execute(person.update().where(person.c.id == site.ids["owner"]).values(active=False))
    assert admin.post(f"/viewing/{site.ids['owner']}/begin", {"reason": "试"}).status_code == 404
    assert logged(site) == []


def test_it_ends_by_itself_and_is_worth_nothing_to_others(site: Site) -> None:
    admin, other = site.actor("admin"), site.actor("chief")
    with site.panel.work(admin, now=NOW) as work:
        number = viewing.begin(work, site.ids["owner"], "报障")
    for later, whom in ((timedelta(minutes=59), "owner"), (timedelta(minutes=61), "admin")):
        with site.panel.reading(admin, now=NOW + later) as work:
            assert viewing.through(work, admin, number).person_id == site.ids[whom]
    with site.panel.reading(other, now=NOW) as work:
        assert viewing.through(work, other, number) == other
