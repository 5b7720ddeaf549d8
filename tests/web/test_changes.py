"""Changes of a register that holds records, on the page of a draft: what each value becomes, and which rows stand in the way."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from app.services import drafting, publishing, records, versions
from app.services.panel import Actor
from tests.web.site import FILES, NOW, Site, page_text, served

LOAN = """\
code: loan
label: {zh: 借用, en: Loan}
domain: service
columns: [what, price, kind]
fields:
  - {code: what, label: {zh: 物品, en: Thing}, type: text, required: true}
  - {code: price, label: {zh: 押金, en: Deposit}, type: text}
  - {code: kind, label: {zh: 类别, en: Kind}, type: choice, choices: [相机, 照相机]}
access:
  - {role: clerk, can: [read, add, edit], rows: own}
  - {role: system_admin, can: [read, edit]}
"""
MONEY = LOAN.replace("en: Deposit}, type: text", "en: Deposit}, type: money")


def with_loans(site: Site, loan: str = LOAN) -> Site:
    """Return the site with loans in force, and a few of them entered by the owner."""
    files = {f"{p}": t for p, t in FILES.items()} | {"site/registers/loan.yaml": loan}
    fresh = reopened(site, files)
    rows = [("相机", "1,200.50", "相机"), ("投影仪", "面议", "照相机"), ("笔记本", None, "照相机")]
    with fresh.panel.work(fresh.actor("owner"), now=NOW) as work:
        records.create_many(work, "loan", [{"what": w, "price": p, "kind": k} for w, p, k in rows])
    return fresh


def reopened(site: Site, files: dict[str, str] | None = None) -> Site:
    """Return the site on what is in force now, or on files that are published first."""
    engine, zone = site.panel.engine, site.settings.zone
    if files is not None:
        publishing.publish(engine, files, actor=Actor.system(), reason="test", now=NOW, zone=zone)
    now = publishing.current(engine)
    panel = publishing.open_panel(engine, now, site.panel.calendar, zone, site.panel.files)
    return replace(site, panel=panel, app=served(panel, site.settings))


def draft(site: Site, loan: str) -> str:
    """Begin a draft of another definition of loans and return its address."""
    with site.panel.work(site.actor("admin")) as work:
        return f"/drafts/{drafting.begin(work, '改借用', {'site/registers/loan.yaml': loan})}"


@pytest.fixture
def loans(site: Site) -> Site:
    return with_loans(site)


def test_a_draft_shows_what_each_value_becomes_and_keeps_what_does_not_fit(loans: Site) -> None:
    url, admin = draft(loans, MONEY), loans.browser("admin")
    page = page_text(admin.get(url))
    assert "《借用》的“押金”由文字改为金额：2 个值中 1 个可以转换，1 个不符合，保留原值待更正" in page
    assert "<td>1,200.50</td><td>1200.50</td>" in page
    assert "/registers/loan/show/2" in page and "面议" in page
    assert admin.post(f"{url}/publish", {"reason": "规定", "in_force_from": "2099-01-01"}, page=url).status_code == 302
    now = reopened(loans)
    shown = now.browser("owner").text("/registers/loan/show/2")
    assert "押金（原值）" in shown and "押金 面议" in " ".join(re.sub("<[^>]+>", " ", shown).split())
    assert "押金（原值）" not in now.browser("owner").text("/registers/loan/add")
    with now.panel.work(now.actor("owner"), now=NOW) as work:
        records.update(work, "loan", 2, {"price": 500})
    with now.panel.reading(now.actor("owner")) as work:
        assert (records.get(work, "loan", 2)["price"], records.get(work, "loan", 2)["price_was"]) == (500, None)


def test_rows_in_the_way_of_a_required_field_keep_a_draft_back_unless_it_is_for_new_ones(loans: Site) -> None:
    url, admin = (
        draft(loans, LOAN.replace("en: Deposit}, type: text", "en: Deposit}, type: text, required: true")),
        loans.browser("admin"),
    )
    page = page_text(admin.get(url))
    assert "《借用》的“押金”改为必填，1 条记录还空着" in page and "/registers/loan/show/3" in page
    sent = {"reason": "规定", "in_force_from": "2099-01-01"}
    assert admin.post(f"{url}/publish", sent, page=url).status_code == 422
    assert publishing.revision(loans.panel.engine) == 2
    assert admin.post(f"{url}/publish", sent | {"new_rows_only": "on"}, page=url).status_code == 302
    assert publishing.revision(loans.panel.engine) == 3


def test_records_of_a_merged_option_are_rewritten_from_the_draft_with_a_reason(loans: Site) -> None:
    url, admin = (
        draft(loans, LOAN.replace("照相机]", "{code: 照相机, retired: true, into: 相机}]")),
        loans.browser("admin"),
    )
    assert "“照相机”并入“相机”：2 条记录仍是“照相机”" in page_text(admin.get(url))
    act = f"{url}/merge?register=loan&field=kind&source=照相机&target=相机"
    assert loans.browser("owner").post(act, {"reason": "同"}).status_code == 403
    admin.post(act, {"reason": ""}, page=url)
    assert "2 条记录仍是“照相机”" in page_text(admin.get(url))
    admin.post(act, {"reason": "同一样东西"}, page=url)
    page = page_text(admin.get(url))
    assert "已改写 2 条，0 条保持原样" in page and "条记录仍是" not in page
    with loans.panel.reading(Actor.system()) as work:
        assert [records.get(work, "loan", n)["kind"] for n in (1, 2, 3)] == ["相机"] * 3
        assert versions.of_record(work, "loan", 2)[0].reason == "同一样东西"


def test_new_names_break_no_address_no_api_and_no_view(loans: Site) -> None:
    renamed = LOAN.replace("zh: 借用, en: Loan", "zh: 出借, en: Lending").replace(
        "zh: 押金, en: Deposit", "zh: 保证金, en: Security"
    )
    owner = loans.browser("owner")
    address = "/api/v1/loan/?q=(columns:!(price),filters:!((col:what,opr:eq,value:相机)))"
    before = owner.get(address).get_json()
    now = reopened(loans, {f"{p}": t for p, t in FILES.items()} | {"site/registers/loan.yaml": renamed})
    again = now.browser("owner")
    assert again.get(address).get_json()["result"] == before["result"] and before["result"]
    assert again.get("/registers/loan/show/1").status_code == again.get("/grid/loan").status_code == 200
    assert "保证金" in again.text("/registers/loan/show/1")


def test_a_retired_field_is_listed_with_what_it_keeps_and_brought_back_by_who_may_change_drafts(loans: Site) -> None:
    without = re.sub(r"  - \{code: price.*\n", "", LOAN).replace("price, ", "")
    now = reopened(loans, FILES | {"site/registers/loan.yaml": without})
    admin, owner = now.browser("admin"), now.browser("owner")
    url = str(admin.post("/drafts", {"name": "恢复押金"}).location)
    page = page_text(admin.get(f"{url}/retired?register=loan"))
    assert "押金" in page and "（第 3 号发布）" in page and "保留 2 条记录的值" in page
    assert "没有停用的字段" in page_text(admin.get(f"{url}/retired?register=complaint"))
    back = f"{url}/retired/loan/price"
    assert owner.get(f"{url}/retired").status_code == owner.post(back).status_code == 403
    assert admin.post(f"{url}/retired/loan/what").status_code == 404
    assert admin.post(back, page=url).location == f"{url}/registers/loan#fields"
    assert "《借用》新增字段“押金”（文字）" in page_text(admin.get(url))
    page = page_text(admin.get(f"{url}/retired"))
    assert "已恢复到草稿" in page and back not in page
    admin.post(f"{url}/publish", {"reason": "仍要押金", "in_force_from": "2099-01-01"}, page=url)
    assert "面议" in reopened(now).browser("owner").text("/registers/loan/show/2")
