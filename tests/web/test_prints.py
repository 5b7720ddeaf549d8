"""Records on paper: which sheets one may print, what stands on them, the page, and the PDF."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from app.errors import Missing, Refused
from app.exchange import pdf
from app.services import printing, records
from app.services.printing import Printed
from tests.web.sheets import Desk
from tests.web.site import NOW, SECRET, Site, page_text
from tests.web.test_pages import ticket


def printed(site: Site, who: str, code: str = "slip", *ids: int) -> Printed:
    """Return what somebody prints of the owner's complaint, or of others."""
    with site.panel.reading(site.actor(who), now=NOW) as work:
        return printing.sheets(work, "complaint", code, ids or [site.complaint])


def offered(site: Site, who: str) -> list[str]:
    """Return the sheets that somebody is offered for the owner's complaint."""
    with site.panel.reading(site.actor(who), now=NOW) as work:
        return [p.code for p in printing.offered(work, "complaint", [site.complaint])]


def set_verdict(site: Site) -> None:
    with site.panel.work(site.actor("chief"), now=NOW) as work:
        table = work.tables["complaint"]
        work.connection.execute(table.update().where(table.c.id == site.complaint).values(verdict="责任在我"))


@pytest.mark.parametrize("who", ["colleague", "stranger", "outsider"])
def test_who_may_not_read_a_record_is_told_that_there_is_nothing_to_print(site: Site, who: str) -> None:
    with pytest.raises(Missing):
        printed(site, who)
    for form in ("", ".pdf"):
        answer = site.browser(who).get(f"/prints/complaint/slip{form}?ids={site.complaint}")
        assert answer.status_code == 404 and SECRET not in page_text(answer)


def test_nobody_prints_without_signing_in(site: Site) -> None:
    assert site.browser().get(f"/prints/complaint/slip?ids={site.complaint}").status_code == 302


def test_a_hidden_field_is_on_no_sheet_of_its_owner_but_on_that_of_the_chief(site: Site) -> None:
    set_verdict(site)
    assert "verdict" not in printed(site, "owner").sheets[0].values
    assert [f.code for f in printed(site, "owner", "book").sheets[0].tables[0].columns] == ["record_no", "subject", "kind", "amount"]  # fmt: skip
    assert "verdict" in printed(site, "chief").sheets[0].values
    for form in ("", ".pdf"):
        for code in ("slip", "book"):
            url = f"/prints/complaint/{code}{form}?ids={site.complaint}"
            mine, theirs = (site.browser(who).get(url) for who in ("owner", "chief"))
            texts = [text_of(a.data) if form else page_text(a) for a in (mine, theirs)]
            assert ["责任在我" in t for t in texts] == [False, True], url


def test_what_stands_behind_a_reference_is_printed_for_whom_may_read_that_record_too(site: Site) -> None:
    assert {"customer", "customer.phone"} <= set(printed(site, "owner").sheets[0].values)
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        table = work.tables["customer"]
        work.connection.execute(table.update().where(table.c.id == site.customer).values(archived_at=NOW))
    values = printed(site, "owner").sheets[0].values
    assert "customer" in values and "customer.phone" not in values


def test_each_sheet_holds_its_own_lines_and_those_alone_that_one_may_read(site: Site) -> None:
    other = site.enter("complaint", {"subject": "另一件"})
    for complaint, said in ((site.complaint, "已致电"), (other, "已上门"), (site.complaint, "已复函")):
        site.enter("reply", {"complaint": complaint, "said": said, "hours": Decimal("1.5")})
    sheets = printed(site, "owner", "slip", other, site.complaint).sheets
    assert [[r["said"] for r in s.tables[1].rows] for s in sheets] == [["已上门"], ["已致电", "已复函"]]


def test_a_sheet_is_printed_by_its_roles_in_its_states_and_of_its_kind_of_records(site: Site) -> None:
    assert (offered(site, "owner"), offered(site, "chief")) == (["slip", "book"], ["slip", "review", "book"])
    with pytest.raises(Missing):
        printed(site, "owner", "review")
    with pytest.raises(Refused, match="不能打印“结案单”"):
        printed(site, "owner", "closing")
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        records.move(work, "complaint", site.complaint, "close", {"result": "已换件"})
    assert offered(site, "owner") == ["slip", "closing", "book"]
    bare = site.enter("complaint", {"subject": "没有客户"})
    both = printed(site, "chief", "review", bare, site.complaint)
    assert ([s.row["id"] for s in both.sheets if s.row], both.left_out) == ([site.complaint], 1)


def test_a_register_without_prints_has_a_sheet_with_all_its_fields(site: Site) -> None:
    text = text_of(site.browser("owner").get(f"/prints/customer/record.pdf?ids={site.customer}").data)
    assert "客户名称" in text and "王女士" in text and "13800000000" in text and "登记人" in text


def test_a_ticket_has_a_sheet_of_its_own_for_those_who_read_its_register(site: Site) -> None:
    number = ticket(site)
    auditor = site.browser("auditor")
    assert f"/prints/fine/ticket?ids={number}" in page_text(auditor.get(f"/fines/{number}"))
    text = text_of(auditor.get(f"/prints/fine/ticket.pdf?ids={number}").data)
    assert "罚款单" in text and "50.00" in text and "owner" in text
    assert "/prints/" not in page_text(site.browser("owner").get(f"/fines/{number}"))
    assert site.browser("owner").get(f"/prints/fine/ticket?ids={number}").status_code == 404


def test_no_more_than_so_many_records_are_printed_at_once(site: Site) -> None:
    with pytest.raises(Refused, match="一次最多打印 400 条记录"):
        printed(site, "owner", "slip", *range(1, 402))
    assert site.browser("owner").get("/prints/complaint/slip?ids=x,,9999999999999999999999").status_code == 404


def test_the_page_shows_each_copy_with_number_signatures_seal_and_who_printed_it(site: Site) -> None:
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        records.move(work, "complaint", site.complaint, "close", {"result": "已换件"})
    text = page_text(site.browser("owner").get(f"/prints/complaint/slip?ids={site.complaint}"))
    assert text.count('<article class="paper">') == 2
    assert text.index("第一联 客户") < text.index("第二联 存根")
    assert text.count("编号 TS-2026-0001") == 2 and text.count("2026-03-05 10:00") == 2
    assert f"王女士：您反映的“{SECRET}”已受理，意见：＿＿＿＿＿＿。" in text
    assert "盖章" in text and "请妥善保存。" in text and "打印：owner" in text and "P1-A1" in text


def test_the_same_sheet_in_english(site: Site) -> None:
    browser = site.browser("owner")
    text = page_text(browser.get(f"/prints/complaint/slip?ids={site.complaint}&lang=en"))
    for said in ("Complaint slip", "Copy 1 customer", "No. TS-2026-0001", "Quality", "Signature", "Printed by owner"):
        assert said in text
    assert "Complaint slip" in text_of(browser.get(f"/prints/complaint/slip.pdf?ids={site.complaint}").data)


def text_of(file: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(file)).pages)


def test_the_pdf_is_a4_with_its_fonts_in_the_file_and_text_that_can_be_selected(site: Site) -> None:
    site.enter("reply", {"complaint": site.complaint, "said": "回访王㐂（原名王𠮷）", "hours": Decimal("1.5")})
    answer = site.browser("owner").get(f"/prints/complaint/slip.pdf?ids={site.complaint}")
    assert answer.mimetype == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.data))
    assert len(reader.pages) == 2
    for page, copy in zip(reader.pages, ("第一联 客户", "第二联 存根"), strict=True):
        assert [round(float(side)) for side in page.mediabox[2:]] == [595, 842]
        text = page.extract_text()
        assert copy in text and SECRET in text and "编号 TS-2026-0001" in text and "1 / 1" in text
        assert "王㐂" in text and "□U+20BB7" in text, "a character that the font lacks is named"
        for font in page["/Resources"]["/Font"].values():
            inner = font["/DescendantFonts"][0]["/FontDescriptor"]
            assert inner["/FontName"].split("+")[1].startswith("NotoSansSC") and "/FontFile2" in inner
    assert len(answer.data) < 200_000, "only the characters used are in the file"


def test_what_people_typed_is_text_and_nothing_else(site: Site) -> None:
    odd = '*粗* #eval("1") $x$ <b>你</b> \\ "引" `码` @那 // 注'
    number = site.enter("complaint", {"subject": odd, "detail": f"{odd}\n第二行"})
    browser = site.browser("owner")
    assert odd in text_of(browser.get(f"/prints/complaint/slip.pdf?ids={number}").data).replace("\n", " ")
    assert "&lt;b&gt;你" in browser.get(f"/prints/complaint/slip?ids={number}").get_data(as_text=True)


def test_a_long_text_goes_on_over_pages_that_count_for_each_sheet(site: Site) -> None:
    long = site.enter("complaint", {"subject": "长", "detail": "发动机异响，反复维修未果。\n" * 120})
    file = site.browser("owner").get(f"/prints/complaint/slip.pdf?ids={site.complaint},{long}").data
    texts = [page.extract_text() for page in PdfReader(io.BytesIO(file)).pages]
    ends = [next(line for line in t.splitlines() if " / " in line)[-5:] for t in texts]
    assert ends[:2] == ["1 / 1", "1 / 1"] and ends[2] == f"1 / {(len(texts) - 2) // 2}" and ends[-1] != "1 / 1"
    assert sum(t.count("反复维修未果") for t in texts) == 240


def test_the_font_has_the_characters_that_the_law_allows_in_names_below_the_second_plane() -> None:
    assert [c for c in "㐂㑇䶮龥囍丶亾" if pdf.lacks(c)] == []
    assert pdf.lacks("𠮷") and pdf.lacks("😀")


def test_records_ticked_in_the_grid_are_printed_together(desk: Desk) -> None:
    desk.enter({"subject": "乙"}, {"subject": "丙"})
    sheet = desk.at("owner")
    for line in ("选择第 1 行", "选择第 2 行"):
        sheet.page.get_by_label(line, exact=True).locator("..").hover()  # the box shows where the mouse is
        sheet.page.get_by_label(line, exact=True).check()
    with sheet.page.context.expect_page() as opened:
        sheet.page.locator("[data-print-ticked]").click()
        sheet.page.get_by_role("menuitem", name="投诉单（两联）").click()
    page = opened.value
    expect(page.locator(".paper")).to_have_count(4)
    assert_a4(page)


def assert_a4(page: Page) -> None:
    """The sheet on the screen is as wide as A4, and what the browser prints is on A4 with one page for each sheet."""
    box = page.locator(".paper").first.bounding_box()
    assert box is not None and abs(box["width"] - 210 / 25.4 * 96) < 2
    reader = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert [round(float(side)) for side in reader.pages[0].mediabox[2:]] == [595, 842]
    assert len(reader.pages) == page.locator(".paper").count()
    assert "返回" not in reader.pages[0].extract_text(), "the bar is not printed"


def test_a_wide_sheet_lies_across_the_paper(desk: Desk) -> None:
    page = desk.window("owner")
    page.goto(f"/registers/complaint/show/{desk.site.complaint}")
    page.locator(".head-acts").get_by_role("link", name="打印").click()
    page.get_by_role("link", name="投诉登记册").click()
    page.wait_for_selector(".is-wide .paper")
    reader = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert [[round(float(side)) for side in p.mediabox[2:]] for p in reader.pages] == [[842, 595]]
    assert "编号" in reader.pages[0].extract_text()
