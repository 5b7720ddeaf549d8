"""Pages of registers."""

from __future__ import annotations

from tests.web.site import SECRET, Site, page_text


def test_the_owner_finds_the_record_in_the_list(site: Site) -> None:
    answer = site.browser("owner").get("/registers/complaint/list/")
    assert answer.status_code == 200
    assert SECRET in page_text(answer)
