"""Pages of what is in force: adoptions, the working calendar, recalculations; who may look and who may change."""

from __future__ import annotations

import pytest

from app import clock
from app.models.fixed import adoption
from app.services import calendars, recalculation
from app.services.panel import Actor
from tests.web.site import Site, page_text


@pytest.fixture(autouse=True)
def _no_worker(site: Site) -> None:
    site.app.extensions["start_recalculation"] = lambda: recalculation.resume(site.panel, clock.now())


def today(site: Site) -> str:
    with site.panel.reading(Actor.system()) as work:
        return f"{work.today}"


def test_everybody_reads_the_calendar_and_administrators_change_it(site: Site) -> None:
    for who in ("owner", "stranger", "admin"):
        text = page_text(site.browser(who).get("/calendar?year=2026"))
        assert "国庆节" in text and "工作日历 2026" in text
        assert ("登记本单位休息或上班日" in text) == (who == "admin")
    day = {"day": "2026-12-24", "kind": "closed", "reason": "盘点"}
    assert site.browser("owner").post("/calendar/day?year=2026", day).status_code == 403
    admin = site.browser("admin")
    assert admin.post("/calendar/day?year=2026", day).status_code == 302
    assert "盘点" in page_text(admin.get("/calendar?year=2026"))
    admin.post("/calendar/closing?year=2026", {"closing": "17:30", "reason": "冬令"})
    notice = {
        "year": "2027",
        "notice": "国办发明电〔2026〕1号",
        "holidays": "元旦 2027-01-01 2027-01-03 补班 2027-01-09\n春节 2027-02-05 2027-02-11",
    }
    admin.post("/calendar/announce?year=2027", notice)
    text = page_text(admin.get("/calendar?year=2027"))
    assert "国办发明电〔2026〕1号" in text and "下班时间 17:30" in text and "已公布" in text
    with site.panel.reading(Actor.system()) as work:
        assert [r.note for r in calendars.revisions(work)][::-1] == [
            "随程序附带的年历",
            "盘点",
            "冬令",
            "国办发明电〔2026〕1号",
        ]


def test_what_is_wrong_with_a_notice_is_said_and_nothing_is_kept(site: Site) -> None:
    admin = site.browser("admin")
    admin.post("/calendar/announce?year=2027", {"year": "2027", "notice": "", "holidays": "元旦 那天"})
    text = page_text(admin.get("/calendar?year=2027"))
    assert "请写明通知的名称和文号" in text and "名称 首日 末日" in text
    with site.panel.reading(Actor.system()) as work:
        assert calendars.revisions(work) == []


def test_an_administrator_sees_what_a_policy_switches_adopts_it_and_ends_it(site: Site) -> None:
    for who in ("owner", "chief", "stranger"):
        assert site.browser(who).get("/adoptions").status_code == 403
        begun = site.browser(who).post("/adoptions/begin", {"policy": "P9", "day": today(site), "reason": "x"})
        assert begun.status_code == 403
    admin = site.browser("admin")
    assert "P1" in page_text(admin.get("/adoptions"))
    assert "施行 P9" in page_text(admin.get("/adoptions?policy=P9"))
    admin.post("/adoptions/begin", {"policy": "P9", "day": today(site), "unit": "", "reason": "集团决定"})
    text = page_text(admin.get("/adoptions"))
    assert "集团决定" in text and "施行中" in text
    with site.panel.reading(Actor.system()) as work:
        number = work.connection.execute(adoption.select().where(adoption.c.policy == "P9")).mappings().one()["id"]
    admin.post(f"/adoptions/{number}/end", {"day": today(site), "reason": "停用"})
    assert "停用" in page_text(admin.get("/adoptions"))


def test_policies_are_chosen_on_one_page_that_warns_where_they_meet_before_anything_begins(site: Site) -> None:
    for who in ("owner", "chief", "stranger"):
        assert site.browser(who).get("/adoptions/choose").status_code == 403
        assert site.browser(who).post("/adoptions/choose", {"policies": "P9", "reason": "x"}).status_code == 403
    admin = site.browser("admin")
    page = page_text(admin.get("/adoptions/choose"))
    assert "P9" in page and "无人施行的登记簿" in page and "施行中" in page
    assert "请至少选择一项制度" in page_text(admin.post("/adoptions/choose", {"reason": "x"}))
    chosen = admin.post("/adoptions/choose", {"policies": "P9", "day": today(site), "unit": "", "reason": "集团决定"})
    assert chosen.status_code == 302
    assert "集团决定" in page_text(admin.get("/adoptions"))


def test_a_site_without_policies_asks_its_administrator_and_tells_the_others_whom_to_wait_for(site: Site) -> None:
    with site.panel.work(Actor.system()) as work:
        work.connection.execute(adoption.delete())
    admin = site.browser("admin")
    asked = admin.get("/")
    assert asked.status_code == 302 and asked.location.endswith("/adoptions/choose")
    assert "还没有施行任何制度" in page_text(admin.get("/adoptions/choose"))
    assert "选用制度" in page_text(admin.get("/?later=1"))
    told = page_text(site.browser("owner").get("/"))
    assert "系统管理员选用制度之后" in told and "/adoptions/choose" not in told


def test_a_recalculation_goes_from_draft_to_report_to_approval_on_its_pages(site: Site) -> None:
    form = {
        "name": "全年核对",
        "reason": "核对",
        "registers": "complaint",
        "from_day": "2026-01-01",
        "to_day": today(site),
        "revision": "1",
    }
    assert site.browser("outsider").post("/recalculations", form).status_code == 403
    admin = site.browser("admin")
    assert admin.post("/recalculations", form).headers["Location"].endswith("/recalculations/1")
    text = page_text(admin.get("/recalculations/1"))
    assert "待审批" in text and "批准并入账" not in text
    assert site.browser("outsider").get("/recalculations/1").status_code == 404
    assert site.browser("outsider").get("/recalculations/1/report.csv").status_code == 404
    chief = site.browser("chief")
    assert "全年核对" in page_text(chief.get("/recalculations"))
    for page in ("/", "/waiting"):
        assert "全年核对" in page_text(chief.get(page)), page
        for other in ("admin", "owner", "outsider"):
            assert "全年核对" not in page_text(site.browser(other).get(page)), other
    assert chief.get("/counts").get_json()["waiting"] == 1
    assert "批准并入账" in page_text(chief.get("/recalculations/1"))
    assert chief.get("/recalculations/1/report.csv").data.startswith(b"\xef\xbb\xbf")
    assert admin.post("/recalculations/1/approve", {"reason": "x"}).status_code == 403
    assert chief.post("/recalculations/1/approve", {"reason": "同意"}).status_code == 302
    assert "已入账" in page_text(chief.get("/recalculations/1"))
    assert "全年核对" not in page_text(chief.get("/waiting"))


def test_a_draft_without_what_it_needs_is_said(site: Site) -> None:
    admin = site.browser("admin")
    admin.post("/recalculations", {"name": "", "reason": "", "from_day": "", "to_day": ""})
    text = page_text(admin.get("/recalculations"))
    assert "必填" in text and "没有重算" in text
