"""The page that sets each policy against what carries it out: for everybody, with none, one and many, linked only where one may read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.catalog.policy import Article, Policy
from app.fields.label import Label
from tests.web.site import Site, page_text


def with_policies(site: Site, *policies: Policy) -> Site:
    """Let a site serve other policies over the same registers."""
    catalog = replace(site.panel.catalog, policies={p.code: p for p in policies})
    site.app.extensions["panel"] = replace(site.panel, catalog=catalog)
    return site


def policy(code: str, *articles: Article) -> Policy:
    return Policy(code=code, label=Label(zh=f"制度{code}", en=f"Policy {code}"), articles=articles)


def article(no: str, manual: str = "") -> Article:
    reason = Label(zh=manual, en="An attitude") if manual else None
    return Article(no=no, text=Label(zh=f"第 {no} 条", en=f"Article {no}"), manual=reason)


def test_each_article_says_what_carries_it_out(site: Site) -> None:
    text = page_text(site.browser("owner").get("/coverage/P1"))
    assert "已落实 2 / 2 条" in text
    assert "每件投诉登记并编号。" in text
    assert '<span class="soft">字段</span> <a href="/grid/complaint">《投诉》</a>事由' in text
    assert '<span class="soft">时限责任</span> <a href="/grid/complaint">《投诉》</a>按时答复' in text
    assert "逾期答复、态度恶劣" in text


def test_everybody_may_compare_and_follows_links_only_to_what_he_may_read(site: Site) -> None:
    for who in ("owner", "colleague", "stranger"):
        assert '<a href="/grid/complaint">' in page_text(site.browser(who).get("/coverage/P1")), who
    answer = site.browser("outsider").get("/coverage/P1")
    assert answer.status_code == 200
    assert "《投诉》" in page_text(answer)
    assert "/grid/complaint" not in page_text(answer)
    assert "制度对照" in page_text(site.browser("outsider").get("/"))
    assert site.browser().get("/coverage").status_code == 302
    assert site.browser("owner").get("/coverage/P77").status_code == 404


@pytest.mark.parametrize("many", [0, 1, 130])
def test_the_overview_holds_none_one_and_many(site: Site, many: int) -> None:
    owner = with_policies(site, *(policy(f"Z{n}", article("1")) for n in range(many))).browser("owner")
    text = page_text(owner.get("/coverage"))
    assert text.count("<progress") == many
    assert ("还没有制度" in text) == (many == 0)
    assert (f"{many} 项制度，{many} 条" in text) == (many > 0)


@pytest.mark.parametrize("many", [0, 1, 130])
def test_a_policy_holds_no_article_one_and_many(site: Site, many: int) -> None:
    owner = with_policies(site, policy("Z1", *(article(f"{n}") for n in range(many)))).browser("owner")
    text = page_text(owner.get("/coverage/Z1"))
    assert text.count("<li id=") == many
    assert ("没有这样的条款" in text) == (many == 0)
    assert ("没有列出条款" in page_text(owner.get("/coverage"))) == (many == 0)


def test_manual_articles_give_their_reason_headings_their_parts_and_open_ones_stand_out(site: Site) -> None:
    shown = policy("P1", article("A1"), article("B"), article("B1", "态度"), article("C"))
    owner = with_policies(site, shown).browser("owner")
    text = page_text(owner.get("/coverage/P1"))
    assert "已落实 3 / 4 条" in text
    assert '<span class="word word-danger">尚未落实</span>' in text
    assert "态度" in text
    assert '<a href="/coverage/P1#B1">B1</a>' in text
    only = page_text(owner.get("/coverage/P1?state=open"))
    assert only.count("<li id=") == 1
    assert "第 C 条" in only
    english = page_text(owner.get("/coverage/P1?state=manual&lang=en"))
    assert all(said in english for said in ("Article B1", "An attitude", "Done by people", "3 of 4 articles seen to"))
