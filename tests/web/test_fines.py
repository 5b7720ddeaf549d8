"""Fines in the browser: the person fined sees, appeals and gives evidence; officers decide; nobody else sees anything."""

from __future__ import annotations

from io import BytesIO

import pytest

from app.services import ledger
from tests.web.site import Site, page_text
from tests.web.test_pages import ticket

PDF = b"%PDF-1.4 evidence"


@pytest.fixture
def confirmed(site: Site) -> int:
    """A ticket of the owner that the chief has just confirmed."""
    number = ticket(site)
    assert site.browser("chief").post(f"/fines/{number}/confirm").status_code == 302
    return number


def test_the_fined_appeals_with_evidence_that_only_those_involved_may_open(site: Site, confirmed: int) -> None:
    owner = site.browser("owner")
    assert f"/fines/{confirmed}/appeal" in page_text(owner.get(f"/fines/{confirmed}"))
    given = {"reason": "客户当日改期", "file": (BytesIO(PDF), "改期单.pdf")}
    assert owner.post(f"/fines/{confirmed}/appeal", given).status_code == 302
    page = page_text(owner.get(f"/fines/{confirmed}"))
    for shown in ("申诉中", "客户当日改期", "改期单.pdf", f"/fines/{confirmed}/withdraw"):
        assert shown in page, shown
    with site.panel.reading(site.actor("owner")) as work:
        (file,) = ledger.files(work, confirmed)
    address = f"/fines/{confirmed}/files/{file['id']}"
    assert owner.get(address, buffered=True).get_data() == PDF
    assert site.browser("chief").get(address, buffered=True).get_data() == PDF
    assert {site.browser(p).get(address).status_code for p in ("colleague", "stranger", "outsider")} == {404}
    assert owner.get(f"/fines/{confirmed}/files/{file['id'] + 1}").status_code == 404


def test_a_refused_appeal_says_why_and_keeps_what_was_typed(site: Site, confirmed: int) -> None:
    owner = site.browser("owner")
    wrong = {"reason": "我有证据", "file": (BytesIO(b"MZ"), "证据.exe")}
    refused = owner.post(f"/fines/{confirmed}/appeal", wrong)
    assert refused.status_code == 422
    assert "不能上传“证据.exe”" in page_text(refused)
    assert page_text(refused).count("我有证据") == 2, "in the dialog, and above"
    empty = owner.post(f"/fines/{confirmed}/appeal", {"reason": " "})
    assert empty.status_code == 422
    assert "请写明理由" in page_text(empty)
    assert "已确认" in page_text(owner.get(f"/fines/{confirmed}"))


def test_who_confirmed_is_refused_the_decision_in_a_sentence(site: Site, confirmed: int) -> None:
    assert site.browser("owner").post(f"/fines/{confirmed}/appeal", {"reason": "不服"}).status_code == 302
    refused = site.browser("chief").post(f"/fines/{confirmed}/uphold", {"reason": "维持原判"})
    assert refused.status_code == 403
    assert "您确认了这张处罚单，申诉须由他人裁定" in page_text(refused)
    assert "维持原判" in page_text(refused)


@pytest.mark.parametrize("move", ["appeal", "withdraw", "uphold", "cancel", "execute"])
def test_strangers_learn_nothing_of_a_ticket_by_trying(site: Site, confirmed: int, move: str) -> None:
    for who in ("colleague", "stranger", "outsider"):
        assert site.browser(who).post(f"/fines/{confirmed}/{move}", {"reason": "试试"}).status_code == 404


def test_lists_without_tickets_say_what_would_be_there(site: Site) -> None:
    owner = site.browser("owner")
    assert "您这个月没有处罚单" in page_text(owner.get("/fines?tab=mine&month=2020-01"))
    assert "没有待您裁定的申诉" in page_text(owner.get("/fines?tab=appeals"))
    assert "没有待您确认的处罚单" in page_text(owner.get("/fines?tab=confirm"))
