"""Channels, the outbox and everybody's own notice settings, as their pages show them and to whom."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import update

from app import clock
from app.models.channels import channel, letter
from app.services import letters, notices
from app.services.letters import Letter, Office
from app.services.panel import Actor
from tests.web.site import NOW, SECRET, Site, page_text

TOKEN = "k9-secret-token"
HOOK = f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={TOKEN}"
FORM = {
    "name": "客户部群", "address": HOOK, "kinds": ["moved", "overdue"], "roles": "clerk", "units": "2", "language": "zh", "active": "1",
}  # fmt: skip
HOURS = {"quiet_from": "21:00", "quiet_to": "7:30", "digest_at": "17：00", "language": "en"}
OTHERS = ("owner", "colleague", "stranger", "chief")


def tell(site: Site, kind: str = "moved", *who: str) -> None:
    """Tell people of the owner's complaint."""
    words = {
        "register": "投诉",
        "number": "TS-2026-0001",
        "move": "结案",
        "who": "owner",
        "duty": "答复",
        "due": "2026-03-06 18:00",
    }
    about = {"register": "complaint", "record_id": site.complaint}
    with site.panel.work(Actor.system(), now=NOW) as work:
        ids = [site.ids[w] for w in who or ("owner",)]
        notices.send(work, notices.tell(work, ids, kind, f"test:{kind}", words, about))


def deliver(site: Site, now: datetime = NOW) -> list[Letter]:
    sent: list[Letter] = []
    letters.deliver(site.panel, now, Office(sent.append, sent.append))
    return sent


def test_an_administrator_connects_a_group_and_its_address_is_shown_no_more(site: Site) -> None:
    admin = site.browser("admin")
    assert "还没有群机器人" in page_text(admin.get("/channels"))
    assert "/channels" in page_text(admin.get("/"))
    refused = admin.post("/channels/new", FORM | {"address": "http://localhost/", "name": "客户部群"})
    assert refused.status_code == 422
    assert "请粘贴企业微信、钉钉或飞书群机器人的完整地址" in page_text(refused)
    assert 'value="客户部群"' in refused.get_data(as_text=True), "what was typed is kept"
    assert admin.post("/channels/new", FORM).status_code == 302
    listed = page_text(admin.get("/channels"))
    for shown in ("客户部群", "企业微信", "流程办理", "文员"):
        assert shown in listed
    assert TOKEN not in listed + page_text(admin.get("/channels/1"))
    changed = FORM | {"address": "", "name": "新群名"}
    assert admin.post("/channels/1", changed).status_code == 302
    with site.panel.engine.connect() as connection:
        (kept,) = connection.execute(channel.select()).mappings()
    assert (kept["name"], kept["token"], kept["kind"]) == ("新群名", TOKEN, "wecom")


def test_a_trial_is_laid_into_the_outbox_and_its_end_is_seen_there(site: Site) -> None:
    admin = site.browser("admin")
    admin.post("/channels/new", FORM)
    assert admin.post("/channels/1/trial", page="/channels").status_code == 302
    assert "客户部群" in page_text(admin.get("/channels/outbox?view=waiting"))
    assert [m.text for m in deliver(site, clock.now())] == ["测试消息：收到即表示机器人已接通。"]
    assert "客户部群" in page_text(admin.get("/channels/outbox?view=sent"))
    assert TOKEN not in page_text(admin.get("/channels/outbox?view=sent"))


def test_the_outbox_says_why_a_letter_failed_and_sends_it_again(site: Site) -> None:
    tell(site)

    def broken(_letter: Letter) -> None:
        raise ConnectionRefusedError("refused")

    letters.deliver(site.panel, NOW, Office(broken))
    admin = site.browser("admin")
    assert "连不上邮件服务器：refused" in page_text(admin.get("/channels/outbox"))
    with site.panel.engine.begin() as connection:
        connection.execute(update(letter).values(state="failed"))
    failed = page_text(admin.get("/channels/outbox"))
    assert "owner" in failed
    assert "TS-2026-0001" not in failed, "who may look after the post need not know what it says"
    assert admin.post("/channels/outbox/retry?letter=1").status_code == 302
    assert admin.post("/channels/outbox/retry?letter=1").status_code == 422
    assert admin.post("/channels/outbox/retry").status_code == 302
    assert "连不上邮件服务器" in page_text(admin.get("/channels/outbox?view=waiting"))


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_finds_these_pages(site: Site, who: str) -> None:
    site.browser("admin").post("/channels/new", FORM)
    browser = site.browser(who)
    for page in ("/channels", "/channels/new", "/channels/1", "/channels/outbox"):
        assert browser.get(page).status_code == 403
    for action in ("/channels/new", "/channels/1", "/channels/1/trial", "/channels/outbox/retry"):
        assert browser.post(action, FORM).status_code == 403
    assert "/channels" not in page_text(browser.get("/"))
    assert site.browser().get("/channels").status_code == 302


def test_everybody_chooses_for_himself_alone(site: Site) -> None:
    owner, colleague = site.browser("owner"), site.browser("colleague")
    assert owner.post("/inbox/settings", HOURS | {"moved": "inbox", "overdue": "digest"}).status_code == 302
    mine = owner.get("/inbox/settings").get_data(as_text=True)
    for kept in ('value="21:00"', 'value="07:30"', 'value="17:00"'):
        assert kept in mine
    assert 'name="moved" value="inbox" aria-label="流程办理 仅站内" checked' in mine
    assert 'name="overdue" value="inbox"' not in mine, "it cannot be switched off"
    theirs = colleague.get("/inbox/settings").get_data(as_text=True)
    assert 'value="20:00"' in theirs
    assert 'name="moved" value="at_once" aria-label="流程办理 立即" checked' in theirs
    tell(site, "moved", "owner", "colleague")
    assert [m.to for m in deliver(site)] == ["colleague@example.com"]


def test_a_form_with_a_mistake_comes_back_as_it_was_typed(site: Site) -> None:
    owner = site.browser("owner")
    refused = owner.post("/inbox/settings", HOURS | {"quiet_from": "25:99", "moved": "digest"})
    assert refused.status_code == 422
    text = refused.get_data(as_text=True)
    assert 'value="25:99"' in text
    assert "时间应写作 08:30" in text
    assert 'name="moved" value="digest" aria-label="流程办理 每日汇总" checked' in text
    assert owner.post("/inbox/settings", HOURS | {"overdue": "inbox"}).status_code == 422
    assert site.browser().get("/inbox/settings").status_code == 302


def test_a_letter_leads_to_its_record_for_those_who_may_see_it(site: Site) -> None:
    tell(site)
    assert SECRET in site.browser("owner").text("/inbox/1")
    assert SECRET in site.browser("chief").text("/inbox/1"), "a colleague who read it in the group"
    for who in ("stranger", "outsider"):
        assert site.browser(who).get("/inbox/1").status_code == 404
    assert site.browser("owner").get("/inbox/99").status_code == 404
    assert site.browser().get("/inbox/1").status_code == 302


def test_the_inbox_is_filtered_by_the_kind_that_a_letter_names(site: Site) -> None:
    tell(site, "moved")
    tell(site, "remind")
    page = page_text(site.browser("owner").get("/inbox?kind=remind"))
    assert "请于 2026-03-06 18:00 前办理" in page
    assert "结案" not in page
