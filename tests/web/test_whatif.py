"""The page of trials: a draft is chosen, tried, compared, explained and sent as a file; who may not, sees nothing."""

from __future__ import annotations

import io
from datetime import UTC, datetime

from app.services import publishing, sweep
from tests.web.site import Site, page_text

LATE = {"subject": "逾期的投诉", "received_at": datetime(2026, 3, 2, 1, 0, tzinfo=UTC)}
FORM = {"name": "一天答复", "first": "2026-03-01", "last": "2026-03-31", "closed": "", "opened": ""}


def draft(site: Site) -> tuple[str, str]:
    """Return the path and the text of the complaints with one working day in the place of three."""
    files = publishing.current(site.panel.engine).files
    path = next(p for p, text in files.items() if "{working_days: 3," in text)
    return path, files[path].replace("{working_days: 3,", "{working_days: 1,", 1)


def test_a_draft_is_tried_compared_explained_and_sent_as_a_file(site: Site) -> None:
    site.enter("complaint", LATE | {"handler": site.ids["owner"]})
    sweep.run(site.panel, datetime(2026, 3, 10, 1, 0, tzinfo=UTC))
    admin, chief = site.browser("admin"), site.browser("chief")
    path, text = draft(site)
    page = page_text(admin.get(f"/whatif?copy={path}"))
    assert "{working_days: 3," in page
    site.app.extensions["start_whatif"] = None  # no worker: this process tries it
    answer = admin.post(
        "/whatif", FORM | {"files": (io.BytesIO(text.encode()), path.rsplit("/", 1)[-1])}, page="/whatif"
    )
    assert answer.status_code == 303, page_text(answer)
    found = answer.headers["Location"]
    for by in ("person", "unit", "month", "citation"):
        assert "期限改变" in page_text(chief.get(f"{found}?by={by}&sort=name"))
    assert "<svg" in page_text(chief.get(found))
    assert "<svg" not in page_text(admin.get(found))  # who keeps the accounts does not see complaints
    explained = page_text(chief.get(f"{found}/1"))
    assert "现行制度" in explained
    assert "2026-03-04" in explained
    lines = chief.get(f"{found}/differences.csv").get_data().decode("utf-8-sig").splitlines()
    assert len(lines) == 2
    assert lines[0].startswith("人员,月份,条款")
    assert chief.get(f"{found}/progress").get_json()["finished"] is True
    assert chief.get(f"{found}/99").status_code == 404


def test_whoever_may_not_try_drafts_is_told_so(site: Site) -> None:
    owner = site.browser("stranger")
    assert owner.get("/whatif").status_code == 403
    assert owner.post("/whatif", data=FORM | {"closed": "2026-03-04"}).status_code == 403
