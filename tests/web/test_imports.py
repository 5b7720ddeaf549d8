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
