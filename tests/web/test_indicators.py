"""Indicators on the screen: whom they concern sees them with their records, corrects them with a reason, takes them away as CSV."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

from app.services import indicators, records
from app.services.panel import Actor
from tests.web.site import NOW, SECRET, Site, page_text

MARCH = "?month=2026-03"


def test_who_receives_an_indicator_sees_all_its_figures(site: Site) -> None:
    site.enter("complaint", {"subject": "甲", "result": "已处理", "amount": Decimal("12.50")})
    auditor = site.browser("auditor")
    text = page_text(auditor.get(f"/indicators{MARCH}"))
    assert all(
        t in text for t in ("答复率", "50.0%", "达标", "≥ 50%", "1 / 2", "未定数", "索赔金额", "12.50 元", "P1-A1")
    )
    text = page_text(auditor.get(f"/indicators/answered{MARCH}"))
    assert "全部" in text and "客户部" in text


def test_the_head_of_a_unit_sees_its_figure_and_no_other(site: Site) -> None:
    site.enter("complaint", {"subject": "库房", "result": "已处理"}, by="stranger")
    text = page_text(site.browser("chief").get(f"/indicators/answered{MARCH}"))
    assert "客户部" in text and "仓库" not in text and "全部" not in text


def test_a_month_without_figures_says_so_and_offers_the_others(site: Site) -> None:
    answer = site.browser("auditor").get("/indicators/answered?month=2199-12")
    assert answer.status_code == 200 and "这一期没有您可以查看的数字" in page_text(answer)
    assert "/indicators/answered?month=2199-11" in answer.text
    assert site.browser("auditor").get("/indicators/nothing?month=2199-12").status_code == 404


def test_owner_colleague_and_stranger_who_read_only_their_own_rows_see_no_figure(site: Site) -> None:
    for name in ("owner", "colleague", "stranger", "outsider"):
        browser = site.browser(name)
        assert "这个月没有您可以查看的指标" in page_text(browser.get(f"/indicators{MARCH}"))
        assert "答复率" not in page_text(browser.get(f"/indicators.csv{MARCH}"))
        for url in (f"/indicators/answered{MARCH}", f"/indicators/answered/records{MARCH}&part=denominator&subject="):
            assert browser.get(url).status_code == 404
        assert browser.post(f"/indicators/answered/correct{MARCH}", {"reason": "x"}).status_code == 404
    assert site.browser().get("/indicators").status_code == 302


def test_the_records_behind_a_number_are_listed_as_far_as_one_may_read_them(site: Site) -> None:
    at = f"/indicators/answered/records{MARCH}&part=denominator&subject=unit:{site.units['客户部']}"
    listed = site.browser("chief").get(at)
    assert SECRET in page_text(listed)
    link = f"/registers/complaint/show/{site.complaint}"
    assert f'href="{link}"' in listed.text and site.browser("chief").get(link).status_code == 200
    auditor = page_text(site.browser("auditor").get(at))  # receives the figure, reads no complaint
    assert SECRET not in auditor and "没有您可以查看的记录" in auditor
    assert site.browser("auditor").get(at.replace("denominator", "nothing")).status_code == 404
    other = at.replace(f"unit:{site.units['客户部']}", f"unit:{site.units['仓库']}")
    assert site.browser("chief").get(other).status_code == 404


def test_a_kept_figure_is_corrected_with_a_reason_and_the_old_one_stays(site: Site) -> None:
    indicators.keep_due(site.panel, NOW + timedelta(days=40))
    auditor = site.browser("auditor")
    page = f"/indicators/answered{MARCH}"
    assert "0.0%" in page_text(auditor.get(page)) and "/correct" not in page_text(auditor.get(page))
    with site.panel.work(Actor.system(), now=NOW) as work:
        records.update(work, "complaint", site.complaint, {"result": "已处理"})
    assert "2 个数字会不同" in page_text(auditor.get(page))
    assert "/correct" not in page_text(site.browser("chief").get(page))
    assert site.browser("chief").post(f"/indicators/answered/correct{MARCH}", {"reason": "我要改"}).status_code == 403
    assert auditor.post(f"/indicators/answered/correct{MARCH}", {"reason": " "}).status_code == 422
    assert auditor.post(f"/indicators/answered/correct{MARCH}", {"reason": "补录结果"}).status_code == 302
    text = page_text(auditor.get(page))
    assert all(t in text for t in ("100.0%", "0.0%", "补录结果", "第 2 版", "已更正"))


def test_the_csv_holds_every_figure_one_may_see(site: Site) -> None:
    answer = site.browser("auditor").get(f"/indicators.csv{MARCH}")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"))))
    assert rows[0][:6] == ["指标", "期间", "对象", "分子", "分母", "数值"]
    assert [r[0::2][:4] for r in rows[1:]] == [
        ["答复率", "全部", "1", "≥ 50%"],
        ["答复率", "客户部", "1", "≥ 50%"],
        ["索赔金额", "全部", "", ""],
    ]


def test_the_page_speaks_english(site: Site) -> None:
    text = page_text(site.browser("auditor").get(f"/indicators{MARCH}&lang=en"))
    assert all(t in text for t in ("Indicators", "Share answered", "Missed", "Claimed", "not final"))


def test_a_month_that_is_none_shows_the_last_one_that_has_ended(site: Site) -> None:
    for month in ("2026-13", "x", "0001-01", "9999-12", ""):
        assert site.browser("auditor").get(f"/indicators?month={month}").status_code == 200
    assert "这个月没有您可以查看的指标" in page_text(site.browser("auditor").get("/indicators?month=2199-12"))
