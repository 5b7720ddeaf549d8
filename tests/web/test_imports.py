"""Files come in through pages: go-live days, corrections beside the preview, what would follow."""

from __future__ import annotations

import io
import re

from app.services import sweep
from tests.web.site import NOW, Browser, Site, page_text

DAY = {"register": "complaint", "day": "2026-03-01", "reason": "旧台账补录"}
LATE = "事由,跟进人,接到时间\r\n补录的旧投诉,owner,2026-02-02 09:00\r\n"


def checked(browser: Browser, text: str | bytes, name: str = "台账.csv", more: str = "") -> tuple[str, str]:
    """Bring a file; return the address of its preview and the preview."""
    file = text.encode() if isinstance(text, str) else text
    where = browser.post("/imports/complaint", {"file": (io.BytesIO(file), name)}).headers["Location"]
    return where, page_text(browser.get(where + more))


def act(page: str, mode: str) -> str:
    """Return the address at which a preview's file is imported."""
    found = re.search(rf'action="(/imports/complaint/check/[^"]+/{mode}[^"]*)"', page)
    assert found is not None
    return found[1].replace("&amp;", "&")


def test_an_administrator_sets_a_go_live_day_after_seeing_what_it_makes_history(site: Site) -> None:
    for person in ("owner", "colleague", "stranger"):
        browser = site.browser(person)
        assert browser.get("/go-live").status_code == 403
        assert browser.post("/go-live", DAY).status_code == 403
    admin = site.browser("admin")
    seen = page_text(admin.get("/go-live?register=complaint&day=2026-03-01"))
    assert "按时答复" in seen
    assert "请写明理由" in page_text(admin.get(admin.post("/go-live", DAY | {"reason": ""}).headers["Location"]))
    page = page_text(admin.get(admin.post("/go-live", DAY).headers["Location"]))
    assert "旧台账补录" in page
    assert "现行" in page
    owner = site.browser("owner")
    _, preview = checked(owner, LATE)
    owner.post(act(preview, "all"))
    sweep.run(site.panel, NOW)
    assert "补录的旧投诉" not in page_text(owner.get("/work"))


def test_a_refused_cell_is_corrected_beside_the_preview_and_goes_in_corrected(site: Site) -> None:
    owner = site.browser("owner")
    where, page = checked(owner, "事由,评分,类别\r\n好的,5,服务\r\n坏的,99,红色\r\n")
    assert 'name="c.3.1"' in page
    assert 'name="c.3.2"' in page
    assert "全部导入" not in page
    fixed = owner.post(where.replace("?", "/corrections?"), {"c.3.1": "9", "c.3.2": "质量", "c.x.1": "x", "other": "y"})
    again = page_text(owner.get(fixed.headers["Location"]))
    assert "全部导入" in again
    done = owner.post(act(again, "all")).headers["Location"]
    assert "新增 2 条" in page_text(owner.get(done))
    kept = {r["subject"]: (r["score"], r["kind"]) for r in owner.get("/api/v1/complaint/").get_json()["result"]}
    assert (kept["好的"], kept["坏的"]) == ((5, "服务"), (9, "质量"))
    for person in ("chief", "outsider"):
        assert site.browser(person).post(where.replace("?", "/corrections?"), {"c.3.1": "9"}).status_code == 403
    assert owner.get(f"{where}&fix={'0' * 64}").status_code == 404
    assert owner.get(f"{where}&fix=../x").status_code == 404


def test_a_preview_says_what_would_follow_and_what_history_would_have_owed(site: Site) -> None:
    owner = site.browser("owner")
    _, page = checked(owner, LATE)
    follows = page[page.index("导入后随之产生的") :]
    assert re.search(r"按时答复</b> 1 ", follows)
    assert "¥50.00" in follows
    assert "补录的旧投诉，owner" in follows
    assert owner.get("/counts").get_json()["overdue"] == 0, "nothing was written"
    site.browser("admin").post("/go-live", DAY)
    _, page = checked(owner, LATE)
    first, second = page[page.index("导入后随之产生的") :].split("若不设上线日，会产生的")[:2]
    assert "没有待办，也没有违规。" in first
    assert "¥50.00" in second
    run = owner.post(act(page, "all")).headers["Location"]
    assert "¥50.00" not in page_text(owner.get(run))
    assert "¥50.00" in page_text(owner.get(f"{run}?would=1"))
    assert owner.get("/counts").get_json()["overdue"] == 0


def test_rows_are_found_by_several_columns_and_only_inserted_or_only_updated_as_chosen(site: Site) -> None:
    owner = site.browser("owner")
    _, page = checked(owner, "事由,外部编号,评分\r\n甲,W1,1\r\n乙,W2,2\r\n")
    owner.post(act(page, "all"))
    file = "事由,外部编号,评分\r\n甲,W1,5\r\n乙,W3,3\r\n"
    keys = "&keys=subject&keys=case_no"
    _, both = checked(owner, file, more=keys)
    _, insert = checked(owner, file, more=f"{keys}&writes=insert")
    _, update = checked(owner, file, more=f"{keys}&writes=update")
    facts = [re.findall(r"<b>(\d+)</b>", p[p.index("key-facts") :])[:5] for p in (both, insert, update)]
    assert facts == [["2", "2", "0", "1", "1"], ["2", "1", "1", "1", "0"], ["2", "1", "1", "0", "1"]]
    assert "只新增，不更新" in insert
    assert "没有对应的记录" in update
    run = owner.post(act(update, "good")).headers["Location"]
    assert "更新 1 条" in page_text(owner.get(run))


def test_beside_a_file_that_cannot_be_opened_stands_the_door_for_another_and_an_encoding_only_of_text(
    site: Site,
) -> None:
    owner = site.browser("owner")
    _, damaged = checked(owner, b"PK\x03\x04 half of a workbook", "台账.xlsx")
    assert "文件已损坏" in damaged
    assert 'type="file"' in damaged
    assert "文字编码" not in damaged
    _, empty = checked(owner, b"", "台账.csv")
    assert 'type="file"' in empty
    assert "文字编码" in empty


def test_a_day_without_a_year_is_asked_about_and_read_with_the_year_that_was_chosen(site: Site) -> None:
    owner = site.browser("owner")
    where, page = checked(owner, "事由,发生日期,接到时间\r\n甲,3月5日,3/6 9:30\r\n")
    assert "没有写年份的日期算作" in page
    assert "全部导入" not in page
    chosen = page_text(owner.get(f"{where}&year=2025"))
    owner.post(act(chosen, "all"))
    (kept,) = [r for r in owner.get("/api/v1/complaint/").get_json()["result"] if r["subject"] == "甲"]
    assert (kept["happened_on"], kept["received_at"]) == ("2025-03-05", "2025-03-06T01:30:00Z")


def test_a_column_is_taken_for_what_this_person_took_it_for_last_time_and_nobody_else(site: Site) -> None:
    owner = site.browser("owner")
    file = "事由,客诉分\r\n甲,3\r\n"
    where, page = checked(owner, file)
    assert "登记簿没有“客诉分”这一列" in page
    owner.post(act(page_text(owner.get(f"{where}&m.1=score")), "all"))
    where, page = checked(owner, file.replace("甲", "乙"))
    assert "按您上次的选择" in page
    assert "m.1=score" in act(page, "all"), "what is imported is what was shown"
    assert "登记簿没有“客诉分”这一列" in checked(site.browser("colleague"), file.replace("甲", "丙"))[1]


def test_choices_of_columns_hold_for_the_headers_of_which_they_were_made(site: Site) -> None:
    owner = site.browser("owner")
    where, page = checked(owner, "客诉分,事由\r\n3,甲\r\n")
    mark = re.search(r'name="of" value="(\w+)"', page)
    assert mark is not None
    stale = owner.get(f"{where}&of={mark[1]}&m.0=score&header_line=2")
    assert stale.status_code == 302
    assert "m.0" not in stale.headers["Location"]
    assert owner.get(f"{where}&of={mark[1]}&m.0=score").status_code == 200


def test_refused_rows_are_looked_at_by_themselves_however_far_down_they_stand(site: Site) -> None:
    owner = site.browser("owner")
    rows = [f"第 {n} 件,{99 if n % 60 == 0 else 5}" for n in range(1, 181)]
    where, page = checked(owner, "\r\n".join(["事由,评分", *rows]))
    assert "第 60 件" not in page
    assert "再看后面的行" in page
    refused = page_text(owner.get(f"{where}&show=refused"))
    assert all(f"第 {n} 件" in refused for n in (60, 120, 180))
    assert "第 59 件" not in refused
    assert "第 51 件" in page_text(owner.get(f"{where}&after=51"))


def test_an_administrator_takes_a_register_as_one_file_and_nobody_else(site: Site) -> None:
    for person in ("owner", "colleague", "stranger"):
        browser = site.browser(person)
        assert browser.get("/archives").status_code == 403
        assert browser.get("/archives/download?register=complaint").status_code == 403
        assert browser.post("/archives", {"file": (io.BytesIO(b"PK"), "a.zip")}).status_code == 403
    admin = site.browser("admin")
    assert "下载存档" in page_text(admin.get("/archives"))
    taken = admin.get("/archives/download?register=complaint", buffered=True)
    assert taken.data.startswith(b"PK")
    assert "complaint_" in taken.headers["Content-Disposition"]
    assert "ZIP" in page_text(admin.get("/exports"))
    refused = admin.post("/archives", {"file": (io.BytesIO(taken.data), "complaint.zip")})
    assert refused.status_code == 422
    assert "已有记录" in page_text(refused)
    assert admin.get("/archives/download?register=nothing").status_code == 404
