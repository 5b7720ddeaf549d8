"""Forms: one input for each field type, messages at their field, and two people in one record."""

from __future__ import annotations

import io
import re

import pytest

from app.services import records
from app.web.cells import text_of
from tests.web.site import SECRET, Site, page_text

FULL = {
    "subject": "全部字段", "case_no": "A-1", "detail": "第一行\r\n第二行", "kind": "服务", "tags": ["首保", "媒体"], "amount": "￥1,234.5",
    "score": "7", "rate": "12.5%", "urgent": "true", "happened_on": "2026年3月1日", "received_at": "2026-03-02 09:30", "post": "chief",
}  # fmt: skip


def edit(site: Site) -> str:
    return f"/registers/complaint/edit/{site.complaint}"


def result(site: Site, number: int) -> dict[str, object]:
    return dict(site.browser("chief").get(f"/api/v1/complaint/{number}").get_json()["result"])


def test_every_field_type_takes_what_people_type(site: Site) -> None:
    owner = site.browser("owner")
    sent = FULL | {
        "customer": str(site.customer),
        "handler": "colleague",
        "helpers": [str(site.ids["owner"]), str(site.ids["chief"])],
    }
    answer = owner.post("/registers/complaint/add", sent | {"scan": (io.BytesIO(b"%PDF-1.7"), "a.pdf")})
    assert answer.status_code == 302, page_text(answer)
    row = result(site, int(answer.headers["Location"].rsplit("/", 1)[1]))
    assert row | {"scan": None} | {
        "subject": "全部字段", "case_no": "A-1", "detail": "第一行\n第二行",
        "kind": "服务", "tags": ["首保", "媒体"], "amount": "1234.50", "score": 7,
        "rate": "12.50", "urgent": True, "happened_on": "2026-03-01", "received_at": "2026-03-02T01:30:00Z", "post": "chief",
        "customer": site.customer, "handler": site.ids["colleague"], "helpers": [site.ids["owner"], site.ids["chief"]],
    } == row | {"scan": None}  # fmt: skip
    assert isinstance(row["scan"], int)


def test_a_form_shows_the_record_as_its_inputs_understand_it(site: Site) -> None:
    number = site.enter(
        "complaint",
        {"subject": "有值", "kind": "服务", "tags": ("返修",), "handler": site.ids["chief"], "customer": site.customer},
    )
    site.browser("owner").send(
        "PUT",
        f"/api/v1/complaint/{number}",
        {"received_at": "2026-03-02T09:30:00+08:00", "happened_on": "2026-03-01", "urgent": False},
    )
    text = page_text(site.browser("owner").get(f"/registers/complaint/edit/{number}"))
    for shown in (
        'value="2026-03-02 09:30"',
        'value="2026-03-01"',
        '<option value="服务" selected>',
        'value="返修" checked',
        "王女士",
        ">chief<input",
    ):
        assert shown in text, shown
    assert '<option value="0" selected>否' in text
    assert 'name="version" value="2"' in text


def test_every_wrong_value_is_told_at_its_own_field_at_once(site: Site) -> None:
    wrong = {
        "subject": "",
        "amount": "很多",
        "score": "99",
        "happened_on": "2026-02-30",
        "handler": "无此人",
        "rate": "200",
    }
    answer = site.browser("owner").post("/registers/complaint/add", wrong)
    text = page_text(answer)
    assert answer.status_code == 422
    for code, message in (
        ("amount", "不是有效的金额"),
        ("happened_on", "日历上没有这一天"),
        ("handler", "找不到“无此人”"),
    ):
        assert re.search(rf'id="f-{code}-says">\s*<div class="invalid-feedback">[^<]*{message}', text), code
    assert "很多" in text


@pytest.mark.parametrize(("name", "content", "why"), [
    ("virus.exe", b"MZ", "只接受"), ("fake.pdf", b"<html>", "与它的扩展名不符"),
    ("big.pdf", b"%PDF-" + b"0" * 1_048_600, "超过 1 MB"), ("empty.txt", b"", "空文件"),
])  # fmt: skip
def test_a_file_of_a_wrong_kind_or_size_is_refused_at_its_field(
    site: Site, name: str, content: bytes, why: str
) -> None:
    owner = site.browser("owner")
    form = owner.post("/registers/complaint/add", {"subject": "带文件", "scan": (io.BytesIO(content), name)})
    assert form.status_code == 422
    assert why in page_text(form)
    alone = owner.post("/upload/complaint/scan", {"file": (io.BytesIO(content), name)})
    assert alone.status_code == 422
    assert owner.get("/api/v1/complaint/").get_json()["count"] == 1


def test_an_upload_that_is_too_large_for_the_site_is_answered_with_a_page(site: Site) -> None:
    owner = site.browser("owner")
    answer = owner.post(
        "/registers/complaint/add", {"subject": "大", "scan": (io.BytesIO(b"%PDF-" + b"0" * 3_000_000), "a.pdf")}
    )
    assert answer.status_code == 413
    assert "上传的内容过大" in page_text(answer)


def test_what_was_uploaded_survives_a_refused_form(site: Site) -> None:
    owner = site.browser("owner")
    refused = owner.post("/registers/complaint/add", {"subject": "", "scan": (io.BytesIO(b"%PDF-1.7"), "合同.pdf")})
    text = page_text(refused)
    assert "合同.pdf" in text
    number = re.search(r'name="scan" value="(\d+)"', text)
    assert number is not None
    assert owner.post("/registers/complaint/add", {"subject": "好了", "scan": number[1]}).status_code == 302


def test_only_what_a_form_showed_is_emptied(site: Site) -> None:
    number = site.enter(
        "complaint", {"subject": "原", "detail": "原详情", "tags": ("返修",), "handler": site.ids["chief"]}
    )
    owner, address = site.browser("owner"), f"/registers/complaint/edit/{number}"
    owner.post(address, {"subject": "新", "version": "1"})
    assert (result(site, number)["tags"], result(site, number)["detail"]) == (["返修"], "原详情")
    owner.post(
        address, {"subject": "新", "detail": "", "version": "2", "shown": ["subject", "detail", "tags", "handler"]}
    )
    row = result(site, number)
    assert (row["tags"], row["detail"], row["handler"]) == (None, None, None)


def test_two_people_changing_different_fields_are_merged(site: Site) -> None:
    owner = site.browser("owner")
    form = {"subject": SECRET, "detail": "", "score": "", "version": "1"}
    assert owner.post(edit(site), form | {"detail": "第一人"}).status_code == 302
    assert owner.post(edit(site), form | {"score": "5"}).status_code == 302
    row = result(site, site.complaint)
    assert (row["detail"], row["score"]) == ("第一人", 5)


def test_two_people_changing_the_same_field_choose_and_lose_nothing(site: Site) -> None:
    owner = site.browser("owner")
    form = {"subject": SECRET, "detail": "", "score": "", "tags": "", "version": "1"}
    owner.post(edit(site), form | {"subject": "第一人的事由", "detail": "第一人的详情"})
    answer = owner.post(edit(site), form | {"subject": "第二人的事由", "score": "5", "tags": ["首保", "媒体"]})
    text = page_text(answer)
    assert answer.status_code == 409
    for shown in (
        SECRET,
        "第一人的事由",
        "第二人的事由",
        'name="pick.subject" value="mine"',
        'name="pick.subject" value="theirs"',
        "owner",
    ):
        assert shown in text, shown
    assert "第一人的详情" not in text
    kept = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', text)
    again: dict[str, list[str]] = {}
    for name, value in kept:
        again.setdefault(name, []).append(value)
    again.pop("csrf_token")
    assert again["tags"] == ["首保", "媒体"]
    mine = owner.post(edit(site), {**again, "pick.subject": "mine"})
    assert mine.status_code == 302
    row = result(site, site.complaint)
    assert (row["subject"], row["detail"], row["score"], row["tags"]) == (
        "第二人的事由",
        "第一人的详情",
        5,
        ["首保", "媒体"],
    )


def test_choosing_theirs_keeps_the_rest_of_mine(site: Site) -> None:
    owner = site.browser("owner")
    owner.post(edit(site), {"subject": "第一人的事由", "version": "1"})
    again = {"subject": "第二人的事由", "score": "5", "version": "2", "pick.subject": "theirs"}
    assert owner.post(edit(site), again).status_code == 302
    row = result(site, site.complaint)
    assert (row["subject"], row["score"]) == ("第一人的事由", 5)


def test_a_third_change_while_one_chooses_is_asked_again(site: Site) -> None:
    owner = site.browser("owner")
    owner.post(edit(site), {"subject": "第一", "version": "1"})
    assert owner.post(edit(site), {"subject": "我的", "version": "1"}).status_code == 409
    owner.post(edit(site), {"subject": "第三", "version": "2"})
    answer = owner.post(edit(site), {"subject": "我的", "version": "2", "pick.subject": "mine"})
    assert answer.status_code == 409
    assert "第三" in page_text(answer)


@pytest.mark.parametrize(
    ("code", "text", "value"), [("score", "0", 0), ("amount", "0", "0.00"), ("urgent", "0", False)]
)
def test_nothing_and_zero_are_different(site: Site, code: str, text: str, value: object) -> None:
    owner = site.browser("owner")
    assert owner.post(edit(site), {code: text, "version": "1"}).status_code == 302
    assert result(site, site.complaint)[code] == value
    assert owner.post(edit(site), {code: "", "version": "2"}).status_code == 302
    assert result(site, site.complaint)[code] is None


@pytest.mark.parametrize("typed", ["5", "5%"])
def test_a_share_is_typed_with_or_without_its_sign_and_read_with_it(site: Site, typed: str) -> None:
    owner = site.browser("owner")
    assert owner.post(edit(site), {"rate": typed, "version": "1"}).status_code == 302
    assert "5.00%" in page_text(owner.get(f"/registers/complaint/show/{site.complaint}"))
    with site.panel.reading(site.actor("owner")) as work:
        field = work.spec("complaint").by_code["rate"]
        assert text_of(work, field, records.get(work, "complaint", site.complaint)["rate"]) == "5.00%"
    text = page_text(owner.get(edit(site)))
    assert re.search(r'name="rate"[^>]* value="5.00"', text), "to be typed over without the sign"


def test_a_new_record_is_of_ones_own_unit_and_says_so(site: Site) -> None:
    text = page_text(site.browser("owner").get("/registers/complaint/add"))
    assert f'name="unit" value="{site.actor("owner").unit_id}"' in text


def test_a_new_record_of_a_parent_comes_with_the_parent_filled_in(site: Site) -> None:
    text = page_text(site.browser("owner").get(f"/registers/reply/add?complaint={site.complaint}"))
    assert SECRET in text
    assert f'name="complaint" value="{site.complaint}"' in text


def test_a_transition_asks_for_what_it_needs_and_keeps_what_was_typed(site: Site) -> None:
    owner = site.browser("owner")
    page = page_text(owner.get(f"/registers/complaint/show/{site.complaint}"))
    assert f"/registers/complaint/move/{site.complaint}/close" in page
    assert "提交即以您的姓名和此刻的时间签字：结案人" in page
    refused = owner.post(f"/registers/complaint/move/{site.complaint}/close", {"result": ""})
    assert refused.status_code == 422
    assert "前必须填写处理结果" in page_text(refused)
    assert owner.post(f"/registers/complaint/move/{site.complaint}/close", {"result": "已修好"}).status_code == 302
    done = page_text(owner.get(f"/registers/complaint/show/{site.complaint}"))
    assert "已结案" in done
    assert re.search(r"结案人</span><div><b>owner</b>", done)
    assert f"/registers/complaint/edit/{site.complaint}" not in done


def test_a_transition_with_a_reason_wants_one_and_keeps_it_in_the_history(site: Site) -> None:
    owner, chief = site.browser("owner"), site.browser("chief")
    owner.post(f"/registers/complaint/move/{site.complaint}/close", {"result": "已修好"})
    assert chief.post(f"/registers/complaint/move/{site.complaint}/reopen", {"reason": " "}).status_code == 422
    assert chief.post(f"/registers/complaint/move/{site.complaint}/reopen", {"reason": "客户又来电"}).status_code == 302
    assert "客户又来电" in page_text(chief.get(f"/registers/complaint/show/{site.complaint}"))
