"""Definitions in a draft, read and written as JSON by the pages in which they are designed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from app.services import drafting, publishing
from tests.web.site import FILES, Browser, Site

VISIT = {
    "code": "visit", "label": {"zh": "拜访", "en": "Visit"}, "domain": "service",
    "fields": [{"code": "what", "label": "内容", "type": "text", "basis": "impl"}],
    "access": [{"role": "everyone", "can": ["read"]}],
}  # fmt: skip


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.browser("admin")


@pytest.fixture
def address(admin: Browser) -> str:
    begun = admin.send("POST", "/design/drafts", {"name": "新登记"})
    assert begun.status_code == 201
    return f"/design/drafts/{begun.get_json()['draft']}"


def of(browser: Browser, url: str) -> dict[str, Any]:
    found: dict[str, Any] = browser.get(url).get_json()
    return found


def test_a_new_register_is_made_changed_and_taken_away_again(admin: Browser, address: str) -> None:
    made = admin.send("POST", f"{address}/registers", {"document": VISIT})
    assert made.status_code == 201, made.get_data(as_text=True)
    first = made.get_json()
    assert (first["path"], first["document"], first["findings"], first["others"]) == (
        "site/registers/visit.yaml", VISIT, [], 0,
    )  # fmt: skip
    wanted = first["document"] | {"label": "客户拜访"}
    wanted["fields"] = [*wanted["fields"], {"code": "on_day", "label": "日期", "type": "date", "basis": "impl"}]
    after = admin.send("PUT", f"{address}/registers/visit", {"document": wanted, "seen": first["text"]}).get_json()
    assert after["document"] == wanted
    assert after["text"].startswith("code: visit\nlabel: 客户拜访\ndomain: service\n")
    assert "新增登记簿《客户拜访》" in "".join(of(admin, f"{address}/plan")["sentences"])
    again = admin.send("POST", f"{address}/registers", {"document": VISIT})
    assert (again.status_code, again.get_json()["errors"][0]["field"]) == (422, "code")
    assert admin.send("DELETE", f"{address}/registers/visit").status_code == 200
    assert admin.get(f"{address}/registers/visit").status_code == 404
    assert of(admin, f"{address}/plan")["publishable"] is False


def test_a_finding_stands_at_its_place_in_the_document_in_the_readers_language(admin: Browser, address: str) -> None:
    broken = VISIT | {"fields": [{"code": "what", "label": "内容", "type": "nonsense", "basis": "impl"}]}
    made = admin.send("POST", f"{address}/registers", {"document": broken}).get_json()
    (finding,) = made["findings"]
    assert (finding["at"], finding["check"], finding["level"]) == (["fields", 0, "type"], "D203", "error")
    assert "没有“nonsense”这种字段类型" in finding["sentence"]
    admin.get("/?lang=en")
    assert "nonsense" in (said := of(admin, f"{address}/registers/visit")["findings"][0]["sentence"])
    assert "没有" not in said
    assert of(admin, f"{address}/registers/complaint")["others"] == 1


def test_a_shipped_register_opens_and_saves_unchanged_to_nothing(admin: Browser, address: str) -> None:
    for group, code in (("registers", "complaint"), ("policies", "P1"), ("roles", "clerk"), ("indicators", "claimed")):
        read = of(admin, f"{address}/{group}/{code}")
        after = admin.send("PUT", f"{address}/{group}/{code}", {"document": read["document"], "seen": read["text"]})
        assert after.get_json() == read
    listed = of(admin, address)["definitions"]
    assert {d["group"] for d in listed} == {"registers", "policies", "indicators", "roles", "domains"}
    assert not [d for d in listed if d["changed"] or not d["shipped"]]


def test_a_shipped_register_is_extended_and_what_may_not_be_names_its_article(
    site: Site, admin: Browser, address: str
) -> None:
    url = f"{address}/registers/complaint"
    wanted = of(admin, url)["document"]
    wanted["fields"].append({"code": "room", "label": "房间", "type": "text", "basis": "impl"})
    wanted["fields"][1]["label"] = "来文编号"
    after = admin.send("PUT", url, {"document": wanted}).get_json()
    assert (after["path"], after["document"]) == ("site/registers/complaint.yaml", wanted)
    assert after["text"] == (
        "extend: complaint\n"
        "fields: [{code: case_no, label: 来文编号}, {code: room, label: 房间, type: text, basis: impl}]\n"
    )
    assert {f["level"] for f in after["findings"]} == {"warning"}
    wanted["duties"][0]["within"][0]["working_days"] = 30
    del wanted["fields"][0]["required"]
    refused = {
        tuple(f["at"]): f["sentence"] for f in admin.send("PUT", url, {"document": wanted}).get_json()["findings"]
    }
    assert "P1-D1" in refused["duties", 0, "within"]
    assert "P1-A1" in refused["fields", 0, "required"]
    assert of(admin, f"{address}/plan")["publishable"] is False
    with site.panel.reading(site.actor("admin")) as work:
        assert set(drafting.changes(work, int(address.rpartition("/")[2]))) == {"site/registers/complaint.yaml"}
    assert publishing.current(site.panel.engine).files == FILES
    assert admin.send("PUT", url, {"document": of(admin, url)["document"]}).get_json()["document"] == wanted


@pytest.mark.parametrize(
    ("group", "code", "change", "text", "refused"),
    [
        (
            "policies", "P1", lambda d: (d.update(label="办法", effective="2026-05-01"), d["articles"].append({"article": "H1", "text": "加急"})),
            "extend: P1\nkind: policy\nlabel: 办法\narticles: [{article: H1, text: 加急}]\neffective: 2026-05-01\n",
            (lambda d: d["articles"][0].update(text="不必登记"), ("articles", 0, "text"), "P1-A1"),
        ),
        (
            "policies", "P1", lambda d: d["articles"].append({"article": "H1", "text": "加急"}),
            "extend: P1\nkind: policy\narticles: [{article: H1, text: 加急}]\n",
            (lambda d: d["articles"].pop(1), ("articles",), "扩展不能删除条款“D1”（依据 P1-D1）"),
        ),
        (
            "indicators", "claimed", lambda d: (d["receives"].append("chief"), d.update(places=0)),
            "extend: claimed\nkind: indicator\nplaces: 0\nreceives: [chief]\n",
            (lambda d: d["receives"].pop(0), ("receives",), "扩展不能删除“接收的角色”（依据 P1-A1）"),
        ),
        (
            "indicators", "answered", lambda d: d["target"].update(ge=80),
            "extend: answered\nkind: indicator\ntarget: {ge: 80}\n",
            (lambda d: d["target"].update(ge=10), ("target", "ge"), "依据 P1-A1，“下限”只能加严，原为 50"),
        ),
        (
            "roles", "payroll", lambda d: d.update(label="薪酬", in_person=True),
            "extend: payroll\nkind: role\nlabel: 薪酬\nin_person: true\n",
            (lambda d: d.pop("may"), ("may",), "扩展不能删除“全站权限”"),
        ),
        (
            "domains", "service", lambda d: d.update(position=1),
            "extend: service\nkind: domain\nposition: 1\n",
            (lambda d: d.update(label=3), ("label",), "应为文字"),
        ),
    ],
)  # fmt: skip
def test_a_shipped_definition_of_any_kind_is_adjusted_in_a_file_of_its_own_and_goes_back(
    admin: Browser, address: str, group: str, code: str, change: Any, text: str, refused: tuple[Any, Any, str]
) -> None:
    url = f"{address}/{group}/{code}"
    first = of(admin, url)
    wanted = deepcopy(first["document"])
    change(wanted)
    after = admin.send("PUT", url, {"document": wanted, "seen": ""}).get_json()
    assert (after["path"], after["text"], after["document"]) == (f"site/{group}/{code}.yaml", text, wanted)
    assert (after["findings"], after["original"]) == ([], first["document"])
    assert of(admin, f"{address}/plan")["sentences"]
    spoilt, at, said = refused
    spoilt(wanted)
    findings = admin.send("PUT", url, {"document": wanted}).get_json()["findings"]
    assert [f["sentence"] for f in findings if f["at"] == list(at) and said in f["sentence"]]
    assert of(admin, f"{address}/plan")["publishable"] is False
    back = admin.send("PUT", url, {"document": after["original"]}).get_json()
    assert (back["text"], back["changed"], back["document"]) == ("", False, first["document"])
    admin.send("PUT", url, {"document": after["document"]})
    assert admin.send("DELETE", url).status_code == 200
    assert of(admin, url) == first


def test_roles_of_ones_own_are_added_changed_and_taken_away_and_shipped_ones_stay(admin: Browser, address: str) -> None:
    for code in ("guard", "cook"):
        made = admin.send("POST", f"{address}/roles", {"document": {"code": code, "label": "岗位"}}).get_json()
        assert (made["path"], made["findings"]) == ("site/roles.yaml", [])
    changed = admin.send("PUT", f"{address}/roles/cook", {"document": {"code": "cook", "label": "厨师"}}).get_json()
    assert "{code: cook, label: 厨师}" in changed["text"]
    assert admin.send("DELETE", f"{address}/roles/guard").status_code == 200
    assert admin.send("DELETE", f"{address}/roles/cook").status_code == 200
    assert admin.send("DELETE", f"{address}/roles/clerk").status_code == 422


def test_days_and_decimals_cross_and_stay_what_they_were(admin: Browser, address: str) -> None:
    policy = {
        "policy": "S1",
        "label": "本地制度",
        "adopt_from": "2026-04-01",
        "articles": [{"article": "1", "text": "一"}],
    }
    made = admin.send("POST", f"{address}/policies", {"document": policy}).get_json()
    assert (made["document"], made["findings"]) == (policy, [])
    assert "adopt_from: 2026-04-01\n" in made["text"]


def test_who_changed_a_text_meanwhile_is_not_overwritten(admin: Browser, address: str) -> None:
    made = admin.send("POST", f"{address}/registers", {"document": VISIT}).get_json()
    url = f"{address}/registers/visit"
    admin.send("PUT", url, {"document": VISIT | {"label": "甲"}})
    late = admin.send("PUT", url, {"document": VISIT | {"label": "乙"}, "seen": made["text"]})
    assert late.status_code == 409
    assert of(admin, url)["document"]["label"] == "甲"


@pytest.mark.parametrize("person", ["owner", "colleague", "stranger"])
def test_whoever_may_not_publish_meets_no_definition(site: Site, admin: Browser, address: str, person: str) -> None:
    admin.send("POST", f"{address}/registers", {"document": VISIT})
    browser = site.browser(person)
    for method, url, body in (
        ("POST", "/design/drafts", {"name": "x"}), ("GET", address, None), ("GET", f"{address}/plan", None),
        ("GET", f"{address}/registers/complaint", None), ("PUT", f"{address}/registers/visit", {"document": VISIT}),
        ("POST", f"{address}/registers", {"document": VISIT | {"code": "other"}}), ("DELETE", f"{address}/registers/visit", None),
    ):  # fmt: skip
        assert browser.send(method, url, body).status_code == 403, (method, url)
    assert site.browser().get(address, headers={"Accept": "application/json"}).status_code == 401
    assert (
        admin.client.put(f"{address}/registers/visit", json={"document": VISIT}).status_code == 400
    )  # without the token


@pytest.mark.parametrize("document", [None, [], {}, {"code": "../../x"}, {"code": 3}, {"code": "x"}])
def test_what_is_no_document_is_refused_with_a_sentence(admin: Browser, address: str, document: Any) -> None:
    answer = admin.send("POST", f"{address}/registers", {"document": document})
    assert answer.status_code in (422, 201)
    if answer.status_code == 201:
        assert answer.get_json()["findings"]
    else:
        assert answer.get_json()["message"]
