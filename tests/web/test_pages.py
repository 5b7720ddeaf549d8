"""Pages beside the registers: record, work, tickets, notices, files in and out, publications."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import Workbook, load_workbook

from app.services import notices, records, sweep
from tests.web.site import NOW, SECRET, Site, page_text

LATE = {"subject": "逾期的投诉", "received_at": datetime(2026, 3, 2, 1, 0, tzinfo=UTC)}


def ticket(site: Site) -> int:
    """Let the owner miss a deadline and return the number of the ticket."""
    site.enter("complaint", LATE | {"handler": site.ids["owner"]})
    sweep.run(site.panel, datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    return 1


def test_a_record_page_tells_the_whole_story(site: Site) -> None:
    number = site.enter("complaint", LATE | {"handler": site.ids["owner"], "customer": site.customer, "kind": "质量"})
    site.enter("reply", {"complaint": number, "said": "我们正在处理"})
    owner = site.browser("owner")
    owner.post(f"/registers/complaint/edit/{number}", {"kind": "服务", "version": "1"})
    text = page_text(owner.get(f"/registers/complaint/show/{number}"))
    for shown in (
        "逾期的投诉",
        "王女士",
        "按时答复",
        "2026-03-05 24:00",
        "P1-D1",
        "我们正在处理",
        "逾期未办结每件罚款五十元。",
        "<del>质量</del>",
        "<ins>服务</ins>",
        "处理中",
    ):
        assert shown in text, shown
    assert f"/registers/reply/add?complaint={number}" in text


@pytest.mark.parametrize("many", [0, 1, 130])
def test_every_page_holds_none_one_and_many(site: Site, many: int) -> None:
    with site.panel.work(site.actor("stranger"), now=NOW) as work:
        records.create_many(
            work, "complaint", [LATE | {"handler": site.ids["stranger"], "subject": f"第 {n} 件"} for n in range(many)]
        )
    sweep.run(site.panel, datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    stranger = site.browser("stranger")
    for address, words in {
        "/": "通知",
        "/work": "期限",
        "/work?of=role": "期限",
        "/fines?tab=mine&month=2026-03": "处罚单",
        "/fines?tab=confirm": "处罚单",
        "/inbox": "通知",
        "/registers/complaint/list/": "投诉",
        "/registers/complaint/list/?q=第": "投诉",
        "/registers/complaint/list/?page=3": "投诉",
        "/registers/reply/list/": "答复",
        "/imports/complaint": "导入",
        "/grid/complaint": "表格",
        "/grid/complaint?mode=board": "看板",
        "/grid/complaint?mode=calendar": "日历",
    }.items():
        answer = stranger.get(address)
        assert answer.status_code == 200, address
        assert words in page_text(answer), address
    assert ("第 0 件" in page_text(stranger.get("/work"))) is (many > 0)
    assert ("没有处罚单" in page_text(stranger.get("/fines?tab=mine&month=2026-03"))) is (many == 0)


def test_a_due_day_is_said_as_its_last_moment_and_not_as_the_first_late_one(site: Site) -> None:
    number = site.enter("complaint", LATE | {"handler": site.ids["owner"]})
    text = page_text(site.browser("owner").get(f"/registers/complaint/show/{number}"))
    assert "截止 2026-03-05 24:00" in text
    assert "2026-03-06 00:00" not in text


def test_my_work_lists_what_i_owe_and_nobody_elses(site: Site) -> None:
    site.enter("complaint", LATE | {"handler": site.ids["owner"]})
    assert "逾期的投诉" in page_text(site.browser("owner").get("/work"))
    assert "逾期的投诉" in page_text(site.browser("owner").get("/"))
    for other in ("colleague", "stranger", "outsider"):
        assert "逾期的投诉" not in page_text(site.browser(other).get("/work"))
    assert site.browser("owner").get("/counts").get_json()["overdue"] == 1
    assert site.browser("colleague").get("/counts").get_json()["overdue"] == 0


def test_a_ticket_waits_for_the_chief_and_explains_itself_to_whoever_is_fined(site: Site) -> None:
    number = ticket(site)
    chief, owner = site.browser("chief"), site.browser("owner")
    waiting = page_text(chief.get("/fines"))
    assert "¥50.00" in waiting
    assert f"/fines/{number}/confirm" in waiting
    why = page_text(owner.get(f"/fines/{number}"))
    for shown in (
        "逾期答复",
        "¥50.00",
        "3 个工作日",
        "2026-03-05 24:00",
        "P1-D1",
        "逾期未办结每件罚款五十元。",
        "第几次",
    ):
        assert shown in why, shown
    assert f"/fines/{number}/confirm" not in why
    assert {site.browser(p).get(f"/fines/{number}").status_code for p in ("colleague", "stranger", "outsider")} == {404}
    assert site.browser("auditor").get(f"/fines/{number}").status_code == 200


def test_a_ticket_is_confirmed_by_the_chief_alone_and_waived_with_a_reason(site: Site) -> None:
    number = ticket(site)
    assert site.browser("owner").post(f"/fines/{number}/confirm").status_code == 403
    assert site.browser("stranger").post(f"/fines/{number}/waive", {"reason": "朋友"}).status_code == 404
    chief = site.browser("chief")
    assert chief.post(f"/fines/{number}/waive", {"reason": " "}).status_code == 422
    assert chief.post(f"/fines/{number}/confirm").status_code == 302
    assert chief.post(f"/fines/{number}/confirm").status_code == 403
    assert chief.post(f"/fines/{number}/nonsense").status_code == 404
    assert "已确认" in page_text(site.browser("owner").get(f"/fines/{number}"))
    assert "已确认" in page_text(site.browser("owner").get("/inbox"))


def test_a_breach_is_reported_by_hand_by_those_whose_post_it_is(site: Site) -> None:
    chief, page = site.browser("chief"), f"/registers/complaint/show/{site.complaint}"
    assert "登记违规：态度恶劣" in page_text(chief.get(page))
    assert "登记违规" not in page_text(site.browser("owner").get(page))
    address = f"/registers/complaint/report/{site.complaint}/rude"
    facts = {"person": "colleague", "quantity": "1", "note": "当众争吵"}
    assert chief.post(address, {"note": "无人"}).status_code == 422
    assert chief.post(address, facts | {"at": "2099-01-01 10:00"}).status_code == 422
    assert site.browser("owner").post(address, facts).status_code == 403
    assert site.browser("stranger").post(address, facts).status_code == 404
    assert chief.post(address, facts).status_code == 302
    assert "¥20.00" in page_text(site.browser("auditor").get("/fines?tab=confirm"))
    assert "当众争吵" in page_text(site.browser("auditor").get("/fines/1"))


def test_notices_are_read_by_their_receiver_alone(site: Site) -> None:
    ticket(site)
    chief = site.browser("chief")
    assert chief.get("/counts").get_json()["unread"] == 1
    assert "待确认" in page_text(chief.get("/inbox"))
    assert "逾期答复" in page_text(chief.get("/inbox"))
    assert "逾期答复" not in page_text(site.browser("stranger").get("/inbox"))
    with site.panel.reading(site.actor("chief")) as work:
        number = notices.inbox(work)[0]["id"]
    site.browser("stranger").post("/inbox/read", {"ids": str(number)})
    assert chief.get("/counts").get_json()["unread"] == 1
    chief.post("/inbox/read", {"ids": str(number)})
    assert chief.get("/counts").get_json()["unread"] == 0


def test_an_export_holds_what_the_list_shows_filtered_alike(site: Site) -> None:
    site.enter("complaint", {"subject": "另一件", "kind": "服务"})
    owner = site.browser("owner")
    whole = owner.get("/exports/complaint.csv").data.decode("utf-8-sig")
    assert SECRET in whole
    assert "另一件" in whole
    assert "内部意见" not in whole
    part = owner.get("/exports/complaint.csv?f.kind=服务").data.decode("utf-8-sig")
    assert SECRET not in part
    assert "另一件" in part
    assert SECRET not in site.browser("colleague").get("/exports/complaint.csv").data.decode("utf-8-sig")
    assert site.browser("owner").get("/exports/customer.csv").status_code == 403


def test_every_export_is_noted_for_the_administrator_and_for_whoever_took_it(site: Site) -> None:
    site.browser("owner").get("/exports/complaint.csv?f.kind=服务&q=发动机", buffered=True)
    site.browser("chief").get("/exports/complaint.xlsx", buffered=True)
    said = {who: page_text(site.browser(who).get("/exports")) for who in ("owner", "colleague", "chief", "admin")}
    assert ["类别 = 服务" in said[who] for who in said] == [True, False, False, True]
    assert ["Excel" in said[who] for who in said] == [False, False, True, True]
    assert "/exports" in page_text(site.browser("admin").get("/"))
    assert '"/exports"' not in page_text(site.browser("owner").get("/"))
    taken = site.browser("chief").get("/exports/complaint.xlsx")
    book = load_workbook(io.BytesIO(taken.data))
    assert book.sheetnames[:2] == ["投诉", "导出说明"]
    assert {str(c.value) for row in book["导出说明"].iter_rows() for c in row} >= {"导出人", "导出编号", "3"}
    assert "_3.xlsx" in taken.headers["Content-Disposition"]


def test_a_file_is_looked_at_before_it_is_imported_and_goes_in_once(site: Site) -> None:
    owner = site.browser("owner")
    file = "事由,类别,金额\r\n导入一,服务,12\r\n导入二,质量,13.5\r\n".encode()
    kept = owner.post("/imports/complaint", {"file": (io.BytesIO(file), "台账.csv")})
    assert kept.status_code == 303
    preview = page_text(owner.get(kept.headers["Location"]))
    assert "导入一" in preview
    assert owner.get("/api/v1/complaint/").get_json()["count"] == 1
    action = re.search(r'action="(/imports/complaint/check/[^"]+/all[^"]*)"', preview)
    assert action is not None
    done = owner.post(action[1])
    assert done.status_code == 303
    assert "新增 2 条" in page_text(owner.get(done.headers["Location"]))
    assert owner.get("/api/v1/complaint/").get_json()["count"] == 3
    again = owner.post(action[1])
    assert again.status_code == 409
    assert "已于" in page_text(again)
    assert owner.get("/api/v1/complaint/").get_json()["count"] == 3


def test_a_file_with_errors_tells_each_and_imports_the_good_rows_when_asked(site: Site) -> None:
    owner = site.browser("owner")
    file = "事由,评分\r\n好的,5\r\n坏的,99\r\n".encode()
    preview = page_text(
        owner.get(owner.post("/imports/complaint", {"file": (io.BytesIO(file), "a.csv")}).headers["Location"])
    )
    assert "不能大于 9" in preview
    assert not re.search(r'action="/imports/complaint/check/[^"]+/all', preview)
    action = re.search(r'action="(/imports/complaint/check/[^"]+/good[^"]*)"', preview)
    assert action is not None
    run = owner.post(action[1]).headers["Location"]
    assert "新增 1 条" in page_text(owner.get(run))
    refused = load_workbook(io.BytesIO(owner.get(f"{run}/errors.xlsx", buffered=True).data)).worksheets[0]
    assert [c.value for c in refused[2]] == ["坏的", "99", "评分：不能大于 9"]
    assert owner.get(f"{run}/progress").get_json()["finished"] is True


def test_a_workbook_is_read_as_chosen_its_sheet_its_headers_and_each_column(site: Site) -> None:
    book, out = Workbook(), io.BytesIO()
    book.active.append(["填表说明"])
    sheet = book.create_sheet("台账")
    for row in (["二〇二六年"], ["事由", "类型", "多余的"], ["工作簿里的", "服务", "x"]):
        sheet.append(row)
    book.save(out)
    owner = site.browser("owner")
    asked = {"file": (io.BytesIO(out.getvalue()), "台账 一.xlsx")}
    where = owner.post("/imports/complaint", asked).headers["Location"]
    preview = page_text(owner.get(where))
    assert "登记簿没有“多余的”这一列" in preview
    assert re.search(r'<option value="台账" selected>', preview)
    chosen = page_text(owner.get(f"{where}&m.1=kind&m.2=-"))
    assert "不导入“多余的”" in chosen
    action = re.search(r'action="(/imports/complaint/check/[^"]+/all[^"]*)"', chosen)
    assert action is not None
    assert "新增 1 条" in page_text(owner.get(owner.post(action[1].replace("&amp;", "&")).headers["Location"]))
    (kept,) = [r for r in owner.get("/api/v1/complaint/").get_json()["result"] if r["subject"] == "工作簿里的"]
    assert kept["kind"] == "服务"


def test_an_import_is_taken_back_and_made_again_from_its_page_by_those_who_may(site: Site) -> None:
    owner = site.browser("owner")
    file = "事由,类别\r\n导入一,服务\r\n导入二,质量\r\n".encode()
    where = owner.post("/imports/complaint", {"file": (io.BytesIO(file), "台账.csv")}).headers["Location"]
    run = owner.post(where.replace("?", "/all?")).headers["Location"]
    for person in ("chief", "outsider", "admin"):
        assert site.browser(person).post(f"{run}/undo").status_code == 403
    others = page_text(site.browser("colleague").get(site.browser("colleague").post(f"{run}/undo").headers["Location"]))
    assert "2 条保留不动" in others  # a clerk brings in, and takes back, only what is his own
    assert "撤销这次导入" in page_text(owner.get(run))
    undone = owner.post(f"{run}/undo")
    assert undone.status_code == 303
    assert "已收回新增的 2 条" in page_text(owner.get(undone.headers["Location"]))
    assert owner.get("/api/v1/complaint/").get_json()["count"] == 1
    assert owner.post(f"{run}/undo").status_code == 422
    page = page_text(owner.get(run))
    assert "这次导入已撤销" in page
    assert "重做这次导入" in page
    owner.post(f"{run}/redo")
    assert owner.get("/api/v1/complaint/").get_json()["count"] == 3


def test_an_import_is_for_those_who_may_import(site: Site) -> None:
    for person in ("chief", "outsider", "admin"):
        browser = site.browser(person)
        assert browser.get("/imports/complaint").status_code == 403
        assert browser.post("/imports/complaint", {"file": (io.BytesIO(b"x"), "a.csv")}).status_code == 403
    assert site.browser("owner").get("/imports/complaint/98765").status_code == 404
    assert site.browser("owner").get("/imports/complaint/check/" + "0" * 64).status_code == 404
    assert site.browser("owner").get("/imports/complaint/check/..%2f..%2fx").status_code == 404


def test_every_page_carries_a_content_policy_with_a_nonce_of_its_own(site: Site) -> None:
    nonces, others = set(), 0
    for person, pages in {
        "": ("/login/", "/nosuch", "/static/js/app.js"),
        "owner": ("/", "/work", "/fines", "/inbox", "/registers/complaint/list/",
        f"/registers/complaint/show/{site.complaint}", "/registers/complaint/add",
                  "/imports/complaint", "/exports/complaint.csv", "/api/v1/complaint/", "/registers/idle/list/", "/swagger/v1", "/users/userinfo/"),
        "admin": ("/users/list/", "/users/add", "/roles/list/", "/publications"),
    }.items():  # fmt: skip
        browser = site.browser(person)
        for page in pages:
            answer = browser.get(page, buffered=True)
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy, page
            assert "unsafe" not in policy, page
            assert answer.headers["X-Content-Type-Options"] == "nosniff", page
            nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
            if answer.mimetype != "text/html":  # nothing in it could carry one
                assert "script-src 'self';" in policy, page
                others += 1
                continue
            assert nonce is not None, page
            nonces.add(nonce[1])
            for tag in re.findall(r"<script[^>]*>", page_text(answer)):
                assert f'nonce="{nonce[1]}"' in tag, (page, tag)
            assert not re.search(r"<[^>]+\son(click|load|change|submit)=", page_text(answer)), page
    assert (len(nonces), others) == (17, 3)  # the others: a script, a file, and an answer to a machine


def test_an_unknown_address_or_method_is_answered_with_a_page_or_json_as_asked(site: Site) -> None:
    owner = site.browser("owner")
    assert "没有找到" in page_text(owner.get("/nosuch"))
    assert owner.get("/api/v1/nosuch/").get_json()["message"]
    assert owner.get("/nosuch", headers={"Accept": "application/json"}).get_json()["message"]
    assert owner.client.put("/work", headers={"X-CSRFToken": owner.token()}).status_code == 405


def test_accounts_offer_roles_by_their_names(site: Site) -> None:
    admin = site.browser("admin")
    text = page_text(admin.get("/users/add"))
    assert re.search(r"<option[^>]*>主管</option>", text)
    assert "文员" in page_text(admin.get("/users/list/"))


def test_a_session_ends_and_a_page_is_kept_by_nobody(site: Site) -> None:
    owner = site.browser("owner")
    assert owner.get("/work").headers["Cache-Control"] == "no-store"
    owner.get("/logout/")
    assert owner.get("/work").status_code == 302
    assert timedelta(hours=1) < site.app.config["PERMANENT_SESSION_LIFETIME"] <= timedelta(days=1)
