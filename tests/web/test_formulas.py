"""Help with formulas: names to complete, what is wrong and where, what one gives of records; for whoever looks after the site."""

from __future__ import annotations

import pytest

from tests.web.site import Site, page_text


def test_the_names_that_a_formula_may_use_are_offered_with_their_types(site: Site) -> None:
    answer = site.browser("admin").get("/formulas/complaint/names").get_json()
    texts = {f["text"]: f["kind"] for f in answer["fields"]}
    assert texts["[编号]"] == "文字"
    assert any(text.startswith("[客户].[") for text in texts)
    sums = next(f for f in answer["functions"] if f["name"] == "SUM")
    assert sums["usage"] == "SUM(数字, …)"
    assert sums["help"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [("LEN([编号])", "数字"), ('"第 " & [编号]', "文字"), ("TODAY()", "日期"), ("ISBLANK([备注])", "是/否")],
)
def test_a_formula_is_checked_as_it_is_typed(site: Site, text: str, kind: str) -> None:
    answer = site.browser("admin").post(
        "/formulas/customer/check", {"formula": text}, page="/formulas?register=customer"
    )
    assert answer.get_json()["ok"] is True
    assert answer.get_json()["kind"] == kind


def test_a_mistake_is_answered_with_its_place(site: Site) -> None:
    admin = site.browser("admin")
    answer = admin.post(
        "/formulas/customer/check", {"formula": "1 + [无]"}, page="/formulas?register=customer"
    ).get_json()
    assert (answer["ok"], answer["start"], answer["end"]) == (False, 4, 7)
    assert "没有字段“无”" in answer["sentence"]
    english = site.browser("admin")
    english.get("/formulas?lang=en")
    answer = english.post("/formulas/customer/check", {"formula": "SUMM(1)"}, page="/formulas?register=customer")
    assert "there is no function" in answer.get_json()["sentence"]


def test_only_whoever_looks_after_the_site_writes_formulas(site: Site) -> None:
    for name in ("owner", "colleague", "stranger"):
        browser = site.browser(name)
        assert browser.get("/formulas").status_code == 403
        assert browser.get("/formulas/customer/names").status_code == 403
        assert browser.post("/formulas/customer/check", {"formula": "1"}).status_code == 403
    page = page_text(site.browser("admin").get("/formulas"))
    assert "WORKDAY" in page
    assert site.browser("admin").get("/formulas/nothing/names").status_code == 404
