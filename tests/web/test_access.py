"""Owner, colleague, chief, stranger and outsider: what one door does not show, no other does."""

from __future__ import annotations

import io
import re

import pytest
from sqlalchemy import select, update

from app.models.fixed import person, role
from app.services import adoption
from app.services.panel import Actor
from tests.web.site import NOW, PASSWORD, SECRET, Site, page_text

PLACES = [
    "/registers/complaint/list/",
    "/registers/complaint/list/?q=发动机",
    "/registers/complaint/show/{id}",
    "/registers/complaint/edit/{id}",
    "/api/v1/complaint/",
    "/api/v1/complaint/{id}",
    "/api/v1/complaint/?q=(search:发动机)",
    "/api/v1/complaint/?q=(filters:!((col:id,opr:eq,value:{id})))",
    "/exports/complaint.csv",
    "/exports/complaint.csv?q=发动机",
    "/pick/complaint?q=发动机",
    "/palette?q=发动机",
    "/registers/reply/list/?f.complaint={id}",
    "/api/v1/reply/?q=(keys:!(titles))",
    "/work",
    "/fines?tab=all",
    "/",
]


@pytest.mark.parametrize("person", ["colleague", "stranger", "outsider", "auditor", "admin"])
def test_whoever_may_not_see_a_record_meets_it_nowhere(site: Site, person: str) -> None:
    site.enter("reply", {"complaint": site.complaint, "said": "稍后回复"})
    browser = site.browser(person)
    for place in PLACES:
        answer = browser.get(place.format(id=site.complaint))
        assert SECRET not in page_text(answer), (person, place)
        assert answer.status_code in (200, 403, 404), (person, place)


@pytest.mark.parametrize("person", ["owner", "chief"])
def test_whoever_may_see_a_record_finds_it_by_every_way(site: Site, person: str) -> None:
    browser = site.browser(person)
    for place in (
        p
        for p in PLACES
        if "reply" not in p and "/work" not in p and "/fines" not in p and p != "/" and "edit" not in p
    ):
        answer = browser.get(place.format(id=site.complaint))
        assert answer.status_code == 200, place
        assert SECRET in page_text(answer), (person, place)


@pytest.mark.parametrize("person", ["colleague", "stranger"])
def test_a_hidden_record_answers_like_one_that_does_not_exist(site: Site, person: str) -> None:
    browser = site.browser(person)
    for pattern in ("/registers/complaint/show/{}", "/registers/complaint/edit/{}", "/api/v1/complaint/{}"):
        hidden, absent = browser.get(pattern.format(site.complaint)), browser.get(pattern.format(98765))
        assert (hidden.status_code, absent.status_code) == (404, 404)
        said = [re.sub(r'nonce="[^"]*"|csrf[^>]*>|href="[^"]*"', "", page_text(a)) for a in (hidden, absent)]
        assert said[0] == said[1]


@pytest.mark.parametrize(
    ("person", "expected"), [("colleague", 404), ("stranger", 404), ("outsider", 403), ("chief", 403)]
)
def test_nobody_changes_what_is_not_theirs_to_change(site: Site, person: str, expected: int) -> None:
    browser, number = site.browser(person), site.complaint
    answers = [
        browser.post(f"/registers/complaint/edit/{number}", {"subject": "改", "version": "1"}),
        browser.post(f"/registers/complaint/delete/{number}"),
        browser.send("PUT", f"/api/v1/complaint/{number}", {"subject": "改"}),
        browser.send("DELETE", f"/api/v1/complaint/{number}"),
    ]
    assert [a.status_code for a in answers] == [expected] * 4
    assert SECRET in page_text(site.browser("owner").get(f"/registers/complaint/show/{number}"))


def test_a_transition_asks_the_workflow_and_not_the_edit_right(site: Site) -> None:
    by_chief = site.browser("chief").post(f"/registers/complaint/move/{site.complaint}/close", {"result": "已修好"})
    by_stranger = site.browser("stranger").post(
        f"/registers/complaint/move/{site.complaint}/close", {"result": "已修好"}
    )
    by_owner = site.browser("owner").post(f"/registers/complaint/move/{site.complaint}/close", {"result": "已修好"})
    assert [by_chief.status_code, by_stranger.status_code, by_owner.status_code] == [403, 404, 302]


def test_a_field_for_chiefs_is_seen_and_written_by_chiefs_alone(site: Site) -> None:
    owner, chief = site.browser("owner"), site.browser("chief")
    assert "内部意见" not in page_text(owner.get(f"/registers/complaint/show/{site.complaint}"))
    assert "内部意见" in page_text(chief.get(f"/registers/complaint/show/{site.complaint}"))
    assert "verdict" not in owner.get(f"/api/v1/complaint/{site.complaint}").get_json()["result"]
    assert owner.send("PUT", f"/api/v1/complaint/{site.complaint}", {"verdict": "从轻"}).status_code == 422
    assert owner.get("/api/v1/complaint/?q=(filters:!((col:verdict,opr:eq,value:x)))").status_code == 422
    assert owner.get("/api/v1/complaint/?q=(order_column:verdict)").status_code == 422


def test_a_register_that_nobody_adopted_has_no_address(site: Site) -> None:
    owner = site.browser("owner")
    assert owner.get("/registers/idle/list/").status_code == 404
    assert owner.get("/api/v1/idle/").status_code == 404
    assert owner.get("/pick/idle").status_code in (403, 404)
    assert "无人施行的登记簿" not in page_text(owner.get("/"))
    assert "idle" not in owner.get("/api/v1/_openapi").get_data(as_text=True)


def test_a_register_has_its_address_as_soon_as_somebody_adopts_what_it_is_for(site: Site) -> None:
    owner = site.browser("owner")
    assert owner.get("/api/v1/idle/").status_code == 404
    with site.panel.work(Actor.system(), now=NOW) as work:
        adoption.adopt(work, None, ["P9"], NOW.date())
    assert owner.get("/registers/idle/list/").status_code == 200
    assert owner.get("/api/v1/idle/").status_code == 200
    assert "idle" in owner.get("/api/v1/_openapi").get_data(as_text=True)
    assert "register:idle" in owner.get("/api/v1/menu/").get_data(as_text=True)


def test_the_menu_for_machines_names_each_entry_once(site: Site) -> None:
    with site.app.test_request_context("/"):
        names = site.app.extensions["appbuilder"].menu.get_flat_name_list()
    assert "register:complaint" in names
    assert len(names) == len(set(names))


def test_the_menu_shows_a_person_what_that_person_may_read(site: Site) -> None:
    assert "/grid/complaint" in page_text(site.browser("owner").get("/"))
    assert "/grid/complaint" not in page_text(site.browser("outsider").get("/"))
    menus = {
        name: site.browser(name).get("/api/v1/menu/").get_data(as_text=True) for name in ("owner", "outsider", "admin")
    }
    assert "register:complaint" in menus["owner"]
    assert "register:complaint" not in menus["outsider"] + menus["admin"]
    assert "List Users" in menus["admin"]
    assert "List Users" not in menus["owner"]


def test_the_administrator_looks_after_accounts_and_reads_no_register(site: Site) -> None:
    admin = site.browser("admin")
    assert [admin.get(u).status_code for u in ("/users/list/", "/roles/list/", "/publications")] == [200, 200, 200]
    assert "文员 (clerk)" in page_text(admin.get("/roles/list/"))
    assert [
        admin.get(u).status_code for u in ("/registers/complaint/list/", "/api/v1/complaint/", "/exports/complaint.csv")
    ] == [403, 403, 403]
    assert [site.browser("owner").get(u).status_code for u in ("/users/list/", "/roles/list/", "/publications")] == [
        403,
        403,
        403,
    ]


def test_a_role_that_policies_use_keeps_its_code_and_is_not_deleted(site: Site) -> None:
    admin = site.browser("admin")
    with site.panel.engine.connect() as connection:
        number = connection.execute(select(role.c.id).where(role.c.name == "clerk")).scalar_one()
    page = f"/roles/edit/{number}"
    assert "不能改名" in page_text(admin.post(page, {"name": "scribe"}, page=page, follow_redirects=True))
    assert "不能删除" in page_text(admin.post(f"/roles/delete/{number}", follow_redirects=True))
    admin.post("/roles/add", {"name": "visitor"}, page="/roles/add")
    assert ">visitor<" in page_text(admin.get("/roles/list/"))  # a role of the site's own has no other name
    with site.panel.engine.connect() as connection:
        assert connection.execute(select(role.c.name).where(role.c.id == number)).scalar_one() == "clerk"


def test_an_attachment_is_handed_out_through_its_record_alone(site: Site) -> None:
    owner = site.browser("owner")
    upload = {"file": (io.BytesIO(b"%PDF-1.7 secret"), "合同.pdf")}
    kept = owner.post("/upload/complaint/scan", upload)
    number = kept.get_json()["id"]
    assert owner.send("PUT", f"/api/v1/complaint/{site.complaint}", {"scan": number}).status_code == 200
    address = f"/registers/complaint/file/{site.complaint}/{number}"
    got = owner.get(address, buffered=True)
    assert (got.status_code, got.data) == (200, b"%PDF-1.7 secret")
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert got.headers["Content-Security-Policy"].startswith("sandbox")
    assert {site.browser(p).get(address).status_code for p in ("colleague", "stranger", "outsider")} == {404}


def test_nobody_takes_the_attachment_of_another_by_guessing_its_number(site: Site) -> None:
    owner, stranger = site.browser("owner"), site.browser("stranger")
    upload = {"file": (io.BytesIO(b"%PDF-1.7 secret"), "合同.pdf")}
    number = owner.post("/upload/complaint/scan", upload).get_json()["id"]
    assert stranger.send("POST", "/api/v1/complaint/", {"subject": "我的", "scan": number}).status_code == 422
    form = stranger.post("/registers/complaint/add", {"subject": "我的", "scan": str(number)})
    assert form.status_code == 422
    assert "没有这个附件" in page_text(form)


def test_whoever_has_not_signed_in_is_asked_to(site: Site) -> None:
    browser = site.browser()
    for page in (
        "/",
        "/work",
        "/registers/complaint/list/",
        f"/registers/complaint/show/{site.complaint}",
        "/fines",
        "/inbox",
        "/exports/complaint.csv",
    ):
        answer = browser.get(page)
        assert answer.status_code == 302, page
        assert "/login/" in answer.headers["Location"], page
    for address in ("/api/v1/complaint/", f"/api/v1/complaint/{site.complaint}", "/api/v1/_openapi"):
        answer = browser.get(address)
        assert (answer.status_code, answer.get_json()["message"]) == (401, "请先登录"), address


def test_whoever_is_deactivated_is_out_with_the_next_request_by_session_and_by_token(site: Site) -> None:
    browser, machine = site.browser("colleague"), site.app.test_client()
    login = {"username": "colleague", "password": PASSWORD, "provider": "db"}
    token = machine.post("/api/v1/security/login", json=login).get_json()["access_token"]

    def doors() -> list[int]:
        page = browser.get("/grid/complaint/schema", headers={"Accept": "application/json"})
        api = machine.get("/api/v1/complaint/", headers={"Authorization": f"Bearer {token}"})
        return [page.status_code, api.status_code]

    assert doors() == [200, 200]
    with site.panel.engine.begin() as connection:
        connection.execute(update(person).where(person.c.username == "colleague").values(active=False))
    assert doors() == [401, 401]
