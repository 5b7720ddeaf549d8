"""Files into a register by REST: what is sent is tried or imported by the same service, and every answer says where it went wrong."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from werkzeug.test import TestResponse

from tests.web.site import PASSWORD, Site

API = "/api/v1/complaint/import"
CSV, NDJSON = "text/csv", "application/x-ndjson"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
GOOD = "事由,类别,评分\r\n甲,服务,5\r\n乙,质量,3\r\n"


def sent(site: Site, body: str | bytes, kind: str = CSV, query: str = "", person: str = "owner") -> TestResponse:
    browser = site.browser(person)
    data = body.encode() if isinstance(body, str) else body
    return browser.client.post(API + query, data=data, content_type=kind, headers={"X-CSRFToken": browser.token("/")})


def subjects(site: Site) -> set[str]:
    return {r["subject"] for r in site.browser("owner").get("/api/v1/complaint/").get_json()["result"]}


def lines(*objects: Any) -> str:
    return "\n".join(json.dumps(o, ensure_ascii=False) for o in objects)


def workbook(*rows: list[Any]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (CSV, GOOD),
        (
            NDJSON,
            lines({"subject": "甲", "kind": "服务", "score": 5}, {"subject": "乙", "kind": "质量", "score": None}),
        ),
        (XLSX, workbook(["事由", "类别", "评分"], ["甲", "服务", 5], ["乙", "质量", 3])),
    ],
)
def test_csv_lines_of_json_and_workbooks_come_in_at_one_door(site: Site, kind: str, body: str | bytes) -> None:
    tried = sent(site, body, kind, "?dry_run=1")
    assert tried.status_code == 200
    assert {k: tried.get_json()[k] for k in ("new", "changed", "refused", "errors")} == {
        "new": 2, "changed": 0, "refused": 0, "errors": [],
    }  # fmt: skip
    assert len(subjects(site)) == 1, "a trial writes nothing"
    done = sent(site, body, kind)
    report = done.get_json()
    assert (done.status_code, report["state"], report["created"]) == (200, "done", 2)
    assert subjects(site) >= {"甲", "乙"}
    assert site.browser("owner").get(report["url"]).get_json() == report
    again = sent(site, body, kind)
    assert (again.status_code, again.get_json()["run"]) == (409, report["run"])
    assert sent(site, body, kind, "?again=1").get_json()["created"] == 2


def test_errors_come_back_cell_by_cell_and_as_a_workbook(site: Site) -> None:
    bad = GOOD + "丙,红色,99\r\n"
    refused = sent(site, bad)
    report = refused.get_json()
    assert (refused.status_code, report["state"], report["created"], report["refused"]) == (422, "failed", 0, 1)
    assert [(e["line"], e["field"], e["text"]) for e in report["errors"]] == [(4, "kind", "红色"), (4, "score", "99")]
    assert subjects(site).isdisjoint({"甲", "乙", "丙"}), "all rows or none"
    good = sent(site, bad, query="?mode=good").get_json()
    assert (good["state"], good["created"], good["refused"]) == ("done", 2, 1)
    file = site.browser("owner").get(good["errors_url"], buffered=True).data
    assert load_workbook(io.BytesIO(file)).worksheets[0]["A2"].value == "丙"


def test_rows_change_what_their_keys_find_as_far_as_is_asked(site: Site) -> None:
    sent(site, "事由,外部编号\r\n甲,W1\r\n")
    body = lines({"case_no": "W1", "score": 7}, {"case_no": "W2", "score": 8})
    report = sent(site, body, NDJSON, "?key=case_no&writes=update&mode=good").get_json()
    assert (report["updated"], report["created"], report["refused"]) == (1, 0, 1)
    dry = sent(site, body, NDJSON, "?key=case_no&writes=insert&dry_run=1").get_json()
    assert (dry["new"], dry["changed"], dry["unchanged"], dry["refused"]) == (0, 0, 1, 1)


def test_a_trial_says_what_would_follow(site: Site) -> None:
    late = "事由,跟进人,接到时间\r\n旧投诉,owner,2026-02-02 09:00\r\n"
    follows = sent(site, late, query="?dry_run=1").get_json()["follows"]
    assert [(o["label"], o["count"]) for o in follows["obligations"]] == [("按时答复", 1)]
    assert follows["amount"] == "50.00"
    assert "旧投诉" not in subjects(site)


UNUSABLE = (
    ("application/json", "{}", "", 415, "text/csv"),
    (CSV, "", "", 422, "没有内容"),
    (CSV, "颜色\r\n红\r\n", "?dry_run=1", 422, "没有“颜色”这一列"),
    (CSV, GOOD, "?mode=some", 422, "all、good"),
    (CSV, GOOD, "?year=x", 422, "year"),
    (CSV, GOOD, "?encoding=martian", 422, "martian"),
    (CSV, GOOD, "?key=detail", 422, "不能用来识别"),
    (CSV, GOOD, "?writes=update", 422, "识别记录的列"),
    (NDJSON, '{"subject": "甲"}\n{"subject": "乙", "score": 1}', "?mode=good", 200, "各行的键须相同"),
    (NDJSON, '{"subject": "甲", "score": 1}\n{"subject": "乙"}', "?mode=good", 200, "没有“score”"),
    (NDJSON, '{"subject": "甲", "score": {"x": 1}}', "?mode=good", 200, "null"),
    (NDJSON, '{"subject": "甲"}\nx', "", 422, "JSON"),
    (NDJSON, '{"subject": "甲", "subject": "乙"}', "", 422, "两次"),
)


def test_what_cannot_be_taken_is_said_in_a_sentence(site: Site) -> None:
    owner = site.browser("owner")
    there = owner.get("/api/v1/complaint/").get_json()["count"]
    for kind, body, query, status, says in UNUSABLE:
        answer = sent(site, body, kind, query)
        assert answer.status_code == status, (kind, body, query)
        assert says in answer.get_data(as_text=True)
        there += answer.get_json().get("created") or 0
        assert owner.get("/api/v1/complaint/").get_json()["count"] == there


def test_the_door_is_for_those_who_may_import_and_runs_are_seen_by_those_who_may_know(site: Site) -> None:
    run = sent(site, GOOD).get_json()["run"]
    assert site.browser("colleague").get(f"{API}/{run}").status_code == 200
    for person in ("chief", "outsider", "auditor"):
        assert sent(site, GOOD, person=person).status_code == 403
        assert site.browser(person).get(f"{API}/{run}").status_code in (403, 404)
        assert site.browser(person).get(f"{API}/{run}/errors").status_code in (403, 404)
    assert site.browser().get(f"{API}/{run}").status_code == 401
    owner = site.browser("owner")
    assert owner.client.post(API, data=GOOD, content_type=CSV).status_code == 400, "a browser brings its page's token"
    assert owner.get(f"{API}/{10**30}").status_code == 404
    assert owner.client.delete(f"{API}/{run}", headers={"X-CSRFToken": owner.token("/")}).status_code == 422
    login = {"username": "owner", "password": PASSWORD, "provider": "db"}
    client = site.app.test_client()
    bearer = {"Authorization": f"Bearer {client.post('/api/v1/security/login', json=login).get_json()['access_token']}"}
    made = client.post(API, data="事由\r\n机器\r\n", content_type=CSV, headers=bearer)
    assert (made.status_code, made.get_json()["created"]) == (200, 1)


def test_the_description_holds_the_door_for_those_who_may_import(site: Site) -> None:
    paths = site.browser("owner").get("/api/v1/_openapi").get_json()["paths"]
    assert {API, f"{API}/{{run}}", f"{API}/{{run}}/errors"} <= paths.keys()
    assert API not in site.browser("chief").get("/api/v1/_openapi").get_json()["paths"]
