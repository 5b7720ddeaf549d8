"""Drafts of definitions in the browser: written, uploaded, looked at, approved, published, compared."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import insert

from app.models.fixed import person_role, role
from app.services import drafting, publishing
from tests.servers import Databases, Dialect
from tests.web.site import FILES, NOW, Browser, Site, build, page_text

VISIT = (
    "code: visit # 拜访\nlabel: 拜访\ndomain: service\nfields:\n  - {code: what, label: 内容, type: text, basis: impl}\n"
    "access: [{role: everyone, can: [read]}]\n"
)


def opened(browser: Browser, **files: str) -> str:
    """Return the address of a new draft into which files were uploaded."""
    uploads = {"files": (io.BytesIO(next(iter(files.values())).encode()), f"{next(iter(files))}.yaml")}
    answer = browser.post("/drafts/upload", uploads)
    assert answer.status_code == 302, page_text(answer)
    return str(answer.location)


def with_role(site: Site, name: str, held: str) -> None:
    with site.panel.engine.begin() as connection:
        number = connection.execute(role.select().with_only_columns(role.c.id).where(role.c.name == held)).scalar_one()
        connection.execute(insert(person_role).values(user_id=site.ids[name], role_id=number))


def test_a_definition_is_looked_at_before_it_is_published_and_brought_back_by_a_draft(site: Site) -> None:
    admin = site.browser("admin")
    draft = opened(admin, visit=VISIT)
    shown = page_text(admin.get(draft))
    assert "新增登记簿《拜访》" in shown
    assert "site/visit.yaml" in shown
    assert publishing.revision(site.panel.engine) == 1
    without = admin.post(f"{draft}/publish", {"reason": "", "in_force_from": ""})
    assert "请写明理由" in page_text(admin.get(str(without.location)))
    done = admin.post(f"{draft}/publish", {"reason": "试行拜访登记", "in_force_from": ""})
    assert done.location == "/publications/2"
    told = page_text(admin.get(done.location))
    assert "试行拜访登记" in told
    assert "新增登记簿《拜访》" in told
    assert re.search(r"Add [Rr]egisters? 拜访", page_text(admin.get(f"{done.location}?lang=en")))
    admin.get("/?lang=zh")
    assert "+ code: visit # 拜访" in told
    assert "已发布为第 2 号" in page_text(admin.get(draft))
    back = admin.post("/publications/1/back")
    assert "停用登记簿《拜访》" in page_text(admin.get(str(back.location)))
    admin.post(f"{back.location}/publish", {"reason": "撤回"})
    assert publishing.current(site.panel.engine).files == FILES
    assert "− code: visit # 拜访" in page_text(admin.get("/publications/3"))


def test_everything_wrong_with_a_definition_is_told_with_its_line_and_stays_in_the_draft(site: Site) -> None:
    admin = site.browser("admin")
    draft = opened(admin, visit=VISIT.replace("type: text", "type: nonsense"))
    assert "site/visit.yaml:5" in page_text(admin.get(draft))
    assert admin.post(f"{draft}/publish", {"reason": "x"}).status_code == 422
    editor = admin.text(f"{draft}/files/site/visit.yaml")
    assert "type: nonsense" in editor
    assert 'data-line="5"' in editor
    assert publishing.revision(site.panel.engine) == 1


def test_a_text_is_written_by_hand_and_what_others_wrote_meanwhile_is_not_overwritten_unseen(site: Site) -> None:
    admin = site.browser("admin")
    draft = str(admin.post("/drafts", {"name": "手写"}).location)
    file = f"{draft}/files/site/visit.yaml"
    assert admin.post(f"{draft}/files", {"path": "site/visit.yaml"}).location == file
    seen = re.search(r'name="seen" value="(\w+)"', admin.text(file))
    assert seen
    typed = {"text": VISIT.replace("\n", "\r\n"), "seen": seen[1]}
    assert admin.post(file, typed).status_code == 302
    assert admin.get(f"{draft}/yaml/site/visit.yaml").data == VISIT.encode()
    late = admin.post(file, {"text": "code: mine", "seen": seen[1]})
    assert late.status_code == 409
    assert "code: mine" in page_text(late)
    assert "别人改了这个文件" in page_text(late)
    assert admin.get(f"{draft}/yaml/site/visit.yaml").data == VISIT.encode()
    admin.post(f"{draft}/take-away/site/visit.yaml")
    assert "草稿还没有改动" in page_text(admin.get(draft))
    assert admin.post(f"{draft}/files", {"path": "../x.yaml"}).status_code == 422


def test_what_is_downloaded_comes_back_identical(site: Site) -> None:
    admin = site.browser("admin")
    draft = opened(admin, visit="\ufeff" + VISIT.replace("\n", "\r\n"))
    zipped = admin.get(f"{draft}/definitions.zip").data
    with zipfile.ZipFile(io.BytesIO(zipped)) as inside:
        assert inside.namelist() == ["site/visit.yaml"]
    one = admin.get(f"{draft}/yaml/site/visit.yaml").data
    for name, content in (("all.zip", zipped), ("visit.yaml", one)):
        admin.post(f"{draft}/upload", {"files": (io.BytesIO(content), name)})
        assert admin.get(f"{draft}/definitions.zip").data == zipped
    for name, content in (("x.zip", b"no zip"), ("x.txt", b"x"), ("x.yaml", b"\xff\xfe")):
        assert admin.post(f"{draft}/upload", {"files": (io.BytesIO(content), name)}).status_code == 422
    assert admin.get(f"{draft}/definitions.zip").data == zipped


def test_where_there_is_a_second_administrator_that_one_approves(site: Site) -> None:
    with_role(site, "auditor", "system_admin")
    admin, other = site.browser("admin"), site.browser("auditor")
    draft = opened(admin, visit=VISIT)
    assert "提交审批" in (shown := page_text(admin.get(draft)))
    assert "由以下任一人批准后才能发布：auditor" in shown
    assert admin.post(f"{draft}/publish", {"reason": "x"}).status_code == 422
    admin.post(f"{draft}/ask", {"reason": "试行", "in_force_from": ""})
    assert admin.post(f"{draft}/approve", {"reason": "同意"}).status_code == 403
    assert f'href="{draft}"' in (letters := page_text(other.get("/inbox")))
    assert "待审批，提请人 admin" in letters
    assert other.get("/inbox/1").location == site.browser("owner").get("/inbox/1").location == draft
    assert site.browser("owner").get(draft).status_code == 403
    assert "批准" in page_text(other.get(draft))
    other.post(f"{draft}/refuse", {"reason": "再想想"})
    assert "已退回" in page_text(admin.get(draft))
    assert "已退回，审批人 auditor" in page_text(admin.get("/inbox"))
    admin.post(f"{draft}/ask", {"reason": "试行", "in_force_from": ""})
    other.post(f"{draft}/approve", {"reason": "同意"})
    assert admin.post(f"{draft}/publish").location == "/publications/2"


def test_who_was_overtaken_sees_what_changed_and_chooses(site: Site) -> None:
    admin = site.browser("admin")
    draft = opened(admin, visit=VISIT)
    theirs = FILES | {"site/visit.yaml": VISIT.replace("label: 拜访", "label: 走访")}
    publishing.publish(
        site.panel.engine, theirs, actor=site.actor("admin"), reason="先到", now=NOW, zone=site.settings.zone
    )
    assert "起草期间别人改了同样的文件" in (shown := page_text(admin.get(draft)))
    assert "新增登记簿《走访》" in shown
    assert admin.post(f"{draft}/publish", {"reason": "x"}).status_code == 409
    admin.post(f"{draft}/keep/mine/site/visit.yaml")
    assert "名称 走访 → 拜访" in page_text(admin.get(draft))
    assert admin.post(f"{draft}/publish", {"reason": "x"}).location == "/publications/3"


@pytest.fixture
def anywhere(
    dialect: Dialect, request: pytest.FixtureRequest, fresh_database: Databases, tmp_path: Path
) -> Iterator[Site]:
    """The site on SQLite, and one on PostgreSQL."""
    if dialect == "sqlite":
        yield request.getfixturevalue("site")
        return
    made = build(fresh_database(dialect), tmp_path)
    yield made
    made.panel.engine.dispose()
    fresh_database.drop(made.settings.DATABASE_URL)


def test_of_two_administrators_who_publish_at_once_one_wins_and_the_other_is_shown_why(
    anywhere: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_role(anywhere, "auditor", "system_admin")
    both = [anywhere.browser(name) for name in ("admin", "auditor")]
    labels = ("拜访", "走访")
    drafts = [
        opened(b, visit=VISIT.replace("label: 拜访", f"label: {name}")) for b, name in zip(both, labels, strict=True)
    ]
    for mine, other, draft in zip(both, reversed(both), drafts, strict=True):
        mine.post(f"{draft}/ask", {"reason": "试行", "in_force_from": ""})
        other.post(f"{draft}/approve", {"reason": "同意"})
    together, checked = Barrier(2, timeout=60), publishing.refuse_in_the_way

    def check(*given: Any, **named: Any) -> None:
        checked(*given, **named)
        together.wait()

    monkeypatch.setattr(publishing, "refuse_in_the_way", check)
    tokens = [b.token() for b in both]
    with ThreadPoolExecutor(2) as threads:
        sent = [
            threads.submit(b.client.post, f"{d}/publish", data={"csrf_token": token})
            for b, d, token in zip(both, drafts, tokens, strict=True)
        ]
        answers = [s.result() for s in sent]
    assert sorted(a.status_code for a in answers) == [302, 409]
    won, lost = sorted((0, 1), key=lambda n: answers[n].status_code)
    assert answers[won].location == "/publications/2"
    page = page_text(answers[lost])
    assert "起草期间，site/visit.yaml 已被他人发布为新版，请先核对" in page
    assert "起草期间别人改了同样的文件" in page and f"新增登记簿《{labels[won]}》" in page
    assert f"label: {labels[lost]}" in both[lost].text(f"{drafts[lost]}/files/site/visit.yaml")
    both[lost].post(f"{drafts[lost]}/keep/mine/site/visit.yaml")
    assert f"名称 {labels[won]} → {labels[lost]}" in page_text(both[lost].get(drafts[lost]))


@pytest.mark.parametrize("name", ["owner", "colleague", "stranger"])
def test_drafts_and_publications_are_for_administrators_and_approvers(site: Site, name: str) -> None:
    draft = opened(site.browser("admin"), visit=VISIT)
    browser = site.browser(name)
    file = "site/visit.yaml"
    read = ("", f"/files/{file}", f"/yaml/{file}", "/definitions.zip")
    for url in ("/drafts", "/publications", "/publications/1", *(draft + more for more in read)):
        assert browser.get(url).status_code == 403, url
    acts = (
        "files",
        f"files/{file}",
        f"take-away/{file}",
        "upload",
        "ask",
        "approve",
        "publish",
        "drop",
        f"keep/mine/{file}",
    )
    for url in ("/drafts", "/drafts/upload", "/publications/1/back", *(f"{draft}/{act}" for act in acts)):
        sent = {"name": "x", "reason": "x", "path": "site/x.yaml", "text": ""}
        assert browser.post(url, sent).status_code == 403, url
    assert site.browser().get("/drafts").status_code == 302
    with site.panel.reading(site.actor("admin")) as work:
        assert [(d["state"], list(drafting.changes(work, d["id"]))) for d in drafting.listed(work)] == [
            ("open", ["site/visit.yaml"])
        ]
