"""The page of rights: each for oneself, a head for those below, the administrator for everybody."""

from __future__ import annotations

import pytest

from tests.web.site import Site, page_text


def test_each_reads_what_he_may_do_by_which_role_and_article(site: Site) -> None:
    text = page_text(site.browser("owner").get("/rights"))
    assert "投诉" in text
    assert "本人登记的，或在“跟进人”" in text
    assert "文员" in text
    assert "看不到的字段：“内部意见”" in text
    assert "结案" in text
    assert "重开" not in text


def test_the_page_tells_of_powers_over_fines(site: Site) -> None:
    text = page_text(site.browser("chief").get("/rights"))
    assert "确认或免除处罚单" in text
    assert "逾期答复" in text


@pytest.mark.parametrize(
    ("person", "expected"), [("owner", 200), ("colleague", 403), ("stranger", 403), ("admin", 200), ("chief", 200)]
)
def test_only_oneself_who_stands_above_and_the_administrator_read_it(site: Site, person: str, expected: int) -> None:
    with site.panel.engine.begin() as connection:
        staff = site.panel.models.tables["employee"]
        connection.execute(staff.update().where(staff.c.person == site.ids["owner"]).values(superior=site.ids["chief"]))
    answer = site.browser(person).get(f"/rights?person={site.ids['owner']}")
    assert answer.status_code == expected
    assert ("看不到的字段：“内部意见”" in page_text(answer)) == (expected == 200)


def test_nobody_is_asked_about_who_is_nobody(site: Site) -> None:
    assert site.browser("admin").get("/rights?person=999").status_code == 404


def test_the_administrator_has_no_right_to_content(site: Site) -> None:
    text = page_text(site.browser("admin").get("/rights"))
    assert "不因此看到任何登记内容" in text
    assert "内部意见" not in text
