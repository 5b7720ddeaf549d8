"""What the designer's page asks for, and who may open it."""

from __future__ import annotations

import pytest

from tests.web.site import Browser, Site, page_text

FORM = {
    "name": "设备借用", "english": "Equipment loan", "domain": "service", "keeper": "chief", "article": "", "policy_name": "设备借用规定",
    "policy_text": "五个工作日内归还。", "field": ["借用人", "类别", ""], "type": ["person", "choice", "text"], "options": ["", "普通、精密", ""],
    "required": ["0"],
}  # fmt: skip


@pytest.fixture
def admin(site: Site) -> Browser:
    return site.browser("admin")


def begun(admin: Browser) -> str:
    """Begin a register with the first form and return the address of its page."""
    answer = admin.post("/drafts/new-register", FORM)
    assert answer.status_code == 303, page_text(answer)
    return str(answer.headers["Location"])


def test_a_register_begins_with_a_name_a_policy_and_a_few_fields(admin: Browser) -> None:
    url = begun(admin)
    assert url == "/drafts/1/registers/equipment_loan#fields"
    made = admin.get("/design/drafts/1/registers/equipment_loan").get_json()
    assert (made["findings"], made["others"]) == ([], 0)
    assert made["document"]["cite"] == {"policy": "S01", "article": "1"}
    assert made["document"]["fields"] == [
        {"code": "jie_yong_ren", "label": "借用人", "type": "person", "required": True},
        {"code": "lei_bie", "label": "类别", "type": "choice", "choices": ["普通", "精密"]},
    ]
    assert made["document"]["access"][1]["role"] == "chief"
    page = admin.text("/drafts/1")
    assert '/drafts/1/registers/equipment_loan"' in page
    assert '/drafts/1/policies/S01"' in page


def test_a_form_without_a_name_keeps_what_was_typed(admin: Browser) -> None:
    page = page_text(admin.post("/drafts/new-register", FORM | {"name": " "}))
    assert "必填" in page
    assert 'value="普通、精密"' in page
    assert "五个工作日内归还。" in page
    assert admin.get("/design/drafts/1").status_code == 404


def test_the_page_opens_for_administrators_alone(site: Site, admin: Browser) -> None:
    url = begun(admin).partition("#")[0]
    assert 'data-base="/design/drafts/1/registers"' in admin.text(url)
    for address in (url, "/drafts/new-register", "/design/drafts/1/names", "/design/drafts/1/preview/equipment_loan"):
        for who in ("owner", "outsider"):
            assert site.browser(who).get(address).status_code == 403, (who, address)
        assert site.browser().get(address).status_code in (302, 401)
    assert site.browser("owner").post("/drafts/new-register", FORM).status_code == 403
    assert admin.get("/drafts/1/registers/nothing").status_code == 404


def test_names_are_those_in_force_and_the_documents_of_the_draft(admin: Browser) -> None:
    begun(admin)
    names = admin.get("/design/drafts/1/names?of=complaint").get_json()
    assert {"complaint", "customer", "equipment_loan"} - {r["code"] for r in names["registers"]} == {"equipment_loan"}
    assert {d["document"].get("code") or d["document"]["policy"] for d in names["drafted"]} == {"equipment_loan", "S01"}
    assert [s["code"] for s in names["in_force"]["states"]] == ["open", "closed"]
    assert admin.get("/design/drafts/1/names?of=equipment_loan").get_json()["in_force"] is None


def test_sentences_come_in_the_readers_language(admin: Browser) -> None:
    chinese = admin.get("/design/grammar").get_json()["parts"]["Counter"]["say"]
    assert chinese[:2] == ["以 ", {"blank": "window"}]
    admin.get("/?lang=en")
    assert admin.get("/design/grammar").get_json()["parts"]["Counter"]["say"][:2] == ["in each ", {"blank": "window"}]


def test_a_preview_shows_form_grid_deadline_and_fines(admin: Browser) -> None:
    begun(admin)
    url = "/design/drafts/1/registers/equipment_loan"
    document = admin.get(url).get_json()["document"]
    cite = document["cite"]
    wanted = document | {
        "fields": [*document["fields"], {"code": "lent_on", "label": "借出日期", "type": "date"}],
        "duties": [{"code": "back", "label": "归还", "owed_by": "jie_yong_ren", "starts": "lent_on", "done": {"field": "lei_bie"},
                    "within": [{"working_days": 5, "cite": cite}], "breach": "late"}],
        "breaches": [{"code": "late", "label": "逾期未还", "cite": cite, "counter": "loans", "amount": [{"money": "50", "cite": cite}]}],
        "counters": [{"code": "loans", "label": "次数", "multiply": [{"from_nth": 2, "by": 2, "cite": cite}]}],
    }  # fmt: skip
    assert admin.send("PUT", url, {"document": wanted}).get_json()["findings"] == []
    page = page_text(admin.get("/design/drafts/1/preview/equipment_loan"))
    for told in ("借用人", "归还", "5 个工作日", "起算 → ", "逾期未还", "50 元", "100 元", "× 2"):
        assert told in page
    admin.send("PUT", url, {"document": wanted | {"domain": "nowhere"}})
    assert admin.get("/design/drafts/1/preview/equipment_loan").status_code == 422


def test_a_policy_begins_empty_and_a_code_is_proposed_from_chinese(admin: Browser) -> None:
    begun(admin)
    answer = admin.post("/drafts/1/new", {"group": "policies", "name": "车辆规定"})
    assert answer.headers["Location"].endswith("/drafts/1/policies/S02")
    assert admin.get("/design/code?text=设备 A1").get_json() == {"code": "she_bei_a1"}


def test_formulas_of_a_draft_are_helped_with_though_nothing_is_in_force(admin: Browser) -> None:
    begun(admin)
    url = "/design/drafts/1/formulas/equipment_loan"
    assert "借用人" in {f["label"] for f in admin.get(f"{url}/names").get_json()["fields"]}
    token = {"X-CSRFToken": admin.token("/")}
    right, wrong = (
        admin.client.post(f"{url}/check", data={"formula": text}, headers=token).get_json()
        for text in ("1 + 2", "[没有] + 1")
    )
    assert (right["ok"], right["sample"]) == (True, [])
    assert (wrong["ok"], wrong["start"]) == (False, 0)


def test_an_indicator_a_role_and_a_menu_group_begin_with_a_name_and_hold_as_they_are(
    site: Site, admin: Browser
) -> None:
    begun(admin)
    for group, name, code in (
        ("indicators", "回访量", "hui_fang_liang"),
        ("roles", "设备员", "she_bei_yuan"),
        ("domains", "设备", "she_bei"),
    ):
        assert "必填" in page_text(admin.post("/drafts/1/new", {"group": group, "name": " "}))
        url = admin.post("/drafts/1/new", {"group": group, "name": name}).headers["Location"]
        assert url == f"/drafts/1/{group}/{code}"
        assert f'data-code="{code}"' in admin.text(url)
        assert url in admin.text("/drafts/1")
        made = admin.get(f"/design{url}").get_json()
        wrong = [(f["check"], f["at"]) for f in made["findings"] if f["level"] == "error"]
        assert wrong == ([("D410", [])] if group == "indicators" else [])
        assert admin.get(f"/design/drafts/1/names?group={group}&of={code}").get_json()["in_force"] is None
    assert admin.get("/design/drafts/1/names?group=roles&of=chief").get_json()["in_force"] == {"code": "chief"}
    assert admin.post("/drafts/1/new", {"group": "registers", "name": "甲"}).status_code == 404
    for who in ("owner", "outsider"):
        assert site.browser(who).post("/drafts/1/new", {"group": "roles", "name": "甲"}).status_code == 403


def test_what_registers_give_to_a_role_is_told_with_a_way_to_each(site: Site, admin: Browser) -> None:
    begun(admin)
    page = admin.text("/design/drafts/1/grants/chief")
    assert 'href="/drafts/1/registers/equipment_loan#access"' in page
    assert "查看、新增、修改、导入、导出" in page
    assert "月结处罚" in admin.text("/design/drafts/1/grants/payroll")
    admin.post("/drafts/1/new", {"group": "roles", "name": "设备员"})
    assert "还没有登记簿用到这个角色" in admin.text("/design/drafts/1/grants/she_bei_yuan")
    assert admin.get("/design/drafts/1/grants/nobody").status_code == 404
    for who in ("owner", "outsider"):
        assert site.browser(who).get("/design/drafts/1/grants/chief").status_code == 403
