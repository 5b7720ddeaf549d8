"""The REST interface of registers: FAB's arguments, lean rows, errors with sentences, tokens for machines."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from app.services import records
from tests.web.site import NOW, PASSWORD, SECRET, Site

API = "/api/v1/complaint/"


def asked(site: Site, query: dict[str, Any], person: str = "owner") -> Any:
    return site.browser(person).get(f"{API}?q={quote(json.dumps(query, ensure_ascii=False))}")


def fill(site: Site) -> list[int]:
    rows = [
        {"subject": f"事由{n}", "score": n, "kind": "服务" if n % 2 else "质量", "tags": ("首保",) if n < 3 else None}
        for n in range(6)
    ]
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        return records.create_many(work, "complaint", [*rows, {"subject": "100%_满意"}])


def test_a_list_answers_page_count_and_ids_in_the_order_asked(site: Site) -> None:
    ids = fill(site)
    body = asked(
        site,
        {
            "order_column": "score",
            "order_direction": "desc",
            "page": 0,
            "page_size": 2,
            "columns": ["subject", "score"],
        },
    ).get_json()
    assert body["count"] == 8
    assert body["ids"] == [ids[5], ids[4]]
    assert body["result"] == [
        {"id": ids[5], "subject": "事由5", "score": 5},
        {"id": ids[4], "subject": "事由4", "score": 4},
    ]
    second = asked(site, {"order_column": "score", "order_direction": "desc", "page": 1, "page_size": 2}).get_json()
    assert second["ids"] == [ids[3], ids[2]]


def test_rison_and_json_ask_the_same(site: Site) -> None:
    fill(site)
    by_rison = site.browser("owner").get(f"{API}?q=(filters:!((col:score,opr:gt,value:3)),keys:!(none))").get_json()
    by_json = asked(site, {"filters": [{"col": "score", "opr": "gt", "value": 3}], "keys": ["none"]}).get_json()
    assert by_rison == by_json
    assert sorted(by_json) == ["count", "ids", "result"]


@pytest.mark.parametrize(("filters", "found"), [
    ([("score", "eq", 2)], {"事由2"}),
    ([("score", "gt", 3)], {"事由4", "事由5"}),
    ([("score", "ge", 2), ("score", "le", 3)], {"事由2", "事由3"}),
    ([("score", "in", [1, 5])], {"事由1", "事由5"}),
    ([("subject", "ct", "由4")], {"事由4"}),
    ([("subject", "sw", "事由5")], {"事由5"}),
    ([("subject", "ct", "%_")], {"100%_满意"}),
    ([("kind", "eq", "服务"), ("score", "lt", 3)], {"事由1"}),
    ([("tags", "has", "首保")], {"事由0", "事由1", "事由2"}),
    ([("score", "empty", True), ("kind", "empty", True)], {"100%_满意"}),
    ([("created_at", "gt", "2026-03-05T01:00:00Z"), ("score", "eq", "1")], {"事由1"}),
])  # fmt: skip
def test_filters_compare_values_of_their_type(site: Site, filters: list[tuple[str, str, Any]], found: set[str]) -> None:
    fill(site)
    body = asked(site, {"filters": [{"col": c, "opr": o, "value": v} for c, o, v in filters]}).get_json()
    assert {r["subject"] for r in body["result"]} == found


@pytest.mark.parametrize("query", [
    {"filters": [{"col": "score", "opr": "ct", "value": 1}]}, {"filters": [{"col": "nonsense", "opr": "eq", "value": 1}]},
    {"filters": [{"col": "score", "opr": "eq", "value": "viel"}]}, {"filters": [{"col": "score"}]}, {"filters": "x"}, {"filters": [1]},
    {"filters": [{"col": "subject", "opr": "eq", "value": {"a": 1}}], "page": "x"},
    {"order_column": "nonsense"}, {"order_column": "detail; DROP TABLE"},
    {"page": "x"}, {"page_size": [1]}, {"page": 10**30}, {"filters": [{"col": "customer", "opr": "eq", "value": 10**30}]}, {"page": True},
])  # fmt: skip
def test_what_cannot_be_asked_is_refused_with_a_sentence(site: Site, query: dict[str, Any]) -> None:
    answer = asked(site, query)
    assert answer.status_code in (400, 422)
    assert answer.get_json()["message"]


@pytest.mark.parametrize("text", ["(", "!!!", "(a:", "%00", "[1]", "'", "(filters:!((col:!n,opr:!n,value:!n)))"])
def test_broken_arguments_are_the_askers_mistake(site: Site, text: str) -> None:
    assert site.browser("owner").get(f"{API}?q={text}").status_code in (400, 422)


def test_titles_of_what_a_row_points_to_come_when_asked_for(site: Site) -> None:
    body = asked(site, {"keys": ["titles"]}).get_json()
    assert body["titles"]["customer"] == {str(site.customer): "王女士"}


def test_a_record_is_entered_read_changed_and_archived(site: Site) -> None:
    owner = site.browser("owner")
    made = owner.send(
        "POST", API, {"subject": "接口登记", "amount": "12.30", "helpers": [1, 2], "tags": ["首保"], "urgent": True}
    )
    assert made.status_code == 201
    number = made.get_json()["id"]
    read = owner.get(f"{API}{number}").get_json()
    assert (read["result"]["amount"], read["result"]["helpers"], read["result"]["tags"], read["version"]) == (
        "12.30",
        [1, 2],
        ["首保"],
        1,
    )
    changed = owner.send("PUT", f"{API}{number}", {"amount": 99.5, "version": 1}).get_json()
    assert (changed["result"]["amount"], changed["result"]["subject"], changed["version"]) == ("99.50", "接口登记", 2)
    assert owner.send("DELETE", f"{API}{number}").status_code == 200
    assert owner.get(f"{API}{number}").status_code == 404


def test_a_stale_version_answers_409_with_both_values(site: Site) -> None:
    owner = site.browser("owner")
    owner.send("PUT", f"{API}{site.complaint}", {"subject": "甲", "version": 1})
    answer = owner.send("PUT", f"{API}{site.complaint}", {"subject": "乙", "version": 1})
    assert answer.status_code == 409
    assert answer.get_json()["clashes"] == [{"field": "subject", "base": SECRET, "mine": "乙", "theirs": "甲"}]
    assert answer.get_json()["version"] == 2


@pytest.mark.parametrize("body", [
    {"subject": ""}, {}, {"subject": "x", "nonsense": 1}, {"subject": "x",
    "state": "closed"}, {"subject": "x", "created_by": 3}, {"subject": "x", "id": 5},
    {"subject": "x", "closed_by": 1}, {"subject": "x", "amount": "viel"}, {"subject": "x", "customer": 98765}, {"subject": "x", "customer": "abc"},
    {"subject": "x", "handler": {}}, {"subject": "x", "helpers": 5}, {"subject": "x",
    "helpers": ["a"]}, {"subject": "x" * 300}, {"subject": "x", "score": 1e300},
    {"subject": "x", "tags": [["a"]]}, {"subject": "x", "happened_on": 5},
    {"subject": "x", "received_at": "gestern"}, {"subject": "x", "record_no": "TS-1"},
])  # fmt: skip
def test_values_that_cannot_be_are_all_named(site: Site, body: dict[str, Any]) -> None:
    answer = site.browser("owner").send("POST", API, body)
    assert answer.status_code == 422, answer.get_json()
    assert all(e["message"] for e in answer.get_json()["errors"])


@pytest.mark.parametrize("body", [[1], "x", 5, None])
def test_a_body_that_is_no_object_is_refused(site: Site, body: Any) -> None:
    owner = site.browser("owner")
    answer = owner.client.post(
        API, data=json.dumps(body), content_type="application/json", headers={"X-CSRFToken": owner.token()}
    )
    assert answer.status_code in (400, 422)
    broken = owner.client.post(API, data="{", content_type="application/json", headers={"X-CSRFToken": owner.token()})
    assert broken.status_code == 400


def test_a_transition_is_made_signed_and_refused_when_it_cannot_be(site: Site) -> None:
    owner = site.browser("owner")
    empty = owner.send("POST", f"{API}{site.complaint}/transitions/close", {})
    assert [e["field"] for e in empty.get_json()["errors"]] == ["result"]
    done = owner.send("POST", f"{API}{site.complaint}/transitions/close", {"values": {"result": "已修好"}}).get_json()
    assert (done["result"]["state"], done["result"]["closed_by"]) == ("closed", site.ids["owner"])
    assert done["result"]["closed_by_at"].endswith("Z")
    assert (
        owner.send("POST", f"{API}{site.complaint}/transitions/close", {"values": {"result": "x"}}).status_code == 403
    )
    assert owner.send("POST", f"{API}{site.complaint}/transitions/nonsense", {}).status_code == 422


def test_a_machine_with_a_bearer_token_needs_no_token_of_our_pages(site: Site) -> None:
    client = site.app.test_client()
    token = client.post(
        "/api/v1/security/login", json={"username": "owner", "password": PASSWORD, "provider": "db"}
    ).get_json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get(API, headers=bearer).get_json()["result"][0]["subject"] == SECRET
    made = client.post(API, json={"subject": "机器登记"}, headers=bearer)
    assert made.status_code == 201
    assert (
        client.get(f"{API}{made.get_json()['id']}", headers=bearer).get_json()["result"]["created_by"]
        == site.ids["owner"]
    )
    assert client.get("/api/v1/unit/", headers=bearer).status_code == 200
    assert client.get("/api/v1/fine/", headers=bearer).status_code == 403


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", ""])
def test_a_false_bearer_token_opens_nothing(site: Site, token: str) -> None:
    answer = site.app.test_client().get(API, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.get_json()["message"]) == (401, "请先登录")


def test_info_tells_columns_filters_and_permissions(site: Site) -> None:
    info = site.browser("owner").get(f"{API}_info").get_json()
    assert info["permissions"] == ["can_read", "can_write", "can_import", "can_export"]
    columns = {c["name"]: c for c in info["add_columns"]}
    assert (columns["subject"]["required"], columns["kind"]["schema"]["enum"]) == (True, ["质量", "服务"])
    assert "verdict" not in columns
    assert {"name": "等于", "operator": "eq"}["operator"] in {o["operator"] for o in info["filters"]["score"]}
    assert site.browser("chief").get(f"{API}_info").get_json()["permissions"] == ["can_read", "can_export"]


def test_openapi_describes_each_register_that_one_may_read(site: Site) -> None:
    spec = site.browser("owner").get("/api/v1/_openapi").get_json()
    assert set(spec["paths"]["/api/v1/complaint/{pk}"]) == {"get", "put", "delete"}
    assert spec["components"]["schemas"]["ComplaintApi.post"]["required"] == ["subject"]
    assert spec["paths"]["/api/v1/complaint/{pk}/transitions/{name}"]["post"]["parameters"][1]["schema"]["enum"] == [
        "close",
        "reopen",
    ]
    assert not any(
        "/complaint/" in path for path in site.browser("outsider").get("/api/v1/_openapi").get_json()["paths"]
    )
    assert site.browser("owner").get("/swagger/v1").status_code == 200


def test_english_is_answered_to_whoever_reads_english(site: Site) -> None:
    owner = site.browser("owner")
    owner.get("/?lang=en")
    body = owner.get(API).get_json()
    assert (body["list_title"], body["label_columns"]["subject"]) == ("Complaint", "Subject")
    owner.get("/?lang=zh")
    assert owner.get(API).get_json()["list_title"] == "投诉"
