"""What every page looks like: one face, nothing of the old one, usable by everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from threading import Thread
from typing import Any

import flask_appbuilder
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from werkzeug.serving import make_server

from app.services import records, sweep
from app.services.panel import Actor
from tests.servers import Databases
from tests.web.site import NOW, PASSWORD, Site, build

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "app" / "templates"
FAB_TEMPLATES = Path(flask_appbuilder.__file__).parent / "templates"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

#: What is made up anew for each page and may hold any letters.
RANDOM = re.compile(r'(?:nonce|value|content)="[\w.-]{20,}"')
#: Classes, attributes and files that only Bootstrap 3, jQuery and its plugins know.
OLD = re.compile(
    r"bootstrap(\.min)?\.(css|js)|jquery|select2|datepicker|glyphicon|fontawesome|\bfa-|data-toggle|data-dismiss=\"|panel-(heading|body|primary)"
    r"|btn-(default|xs)\b|help-block|control-label|input-group-addon|col-(md|lg|sm)-offset|well-sm|img-rounded|google",
    re.IGNORECASE,
)

OWNER_PAGES = (
    "/", "/work", "/work?of=role", "/fines?tab=all&month=2026-03", "/fines/1", "/inbox", "/imports/complaint",
    "/registers/complaint/list/", "/registers/complaint/list/?q=zzz", "/registers/complaint/list/?order=-subject&f.kind=质量",
    "/registers/complaint/show/1", "/registers/complaint/add", "/registers/complaint/edit/1", "/prints/complaint/slip?ids=1",
    "/users/userinfo/", "/resetmypassword/form", "/userinfoeditview/form", "/swagger/v1", "/no-such-page", "/publications",
    "/coverage", "/coverage/P1",
)  # fmt: skip
ADMIN_PAGES = (
    "/users/list/", "/users/list/?_flt_0_username=o&_flt_0_active=y", "/users/add", "/users/edit/1", "/users/show/1",
    "/users/list/?_oc_UserDBModelView=username&_od_UserDBModelView=asc", "/resetpassword/form?pk=1",
    "/roles/list/", "/roles/add", "/roles/edit/1", "/roles/show/1", "/groups/list/", "/groups/add", "/publications", "/operations",
)  # fmt: skip
#: Pages that say no; they look like all others.
REFUSED = {("owner", "/no-such-page"): 404, ("owner", "/publications"): 403}


class Tags(HTMLParser):
    """Every start tag of a page with its attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@dataclass
class Served:
    """A site that listens on a port; ``signed_in`` keeps the cookies of each person who came in."""

    site: Site
    url: str
    signed_in: dict[str, Any]


@pytest.fixture(scope="module")
def served(fresh_database: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A site with late complaints and a ticket, listening: built once; what these tests change is each one's own record."""
    site = build(fresh_database("sqlite"), tmp_path_factory.mktemp("face"))
    for n in range(30):
        at = NOW - timedelta(days=n % 7)
        values = {
            "subject": f"第 {n} 件",
            "handler": site.ids["owner"],
            "customer": site.customer,
            "received_at": at,
            "tags": ("首保",),
        }
        site.enter("complaint", values, now=at)
    with site.panel.work(site.actor("owner"), now=NOW) as work:
        records.create(work, "reply", {"complaint": site.complaint, "said": "已答复"})
    sweep.run(site.panel, NOW + timedelta(days=3))
    server = make_server("127.0.0.1", 0, site.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield Served(site, f"http://127.0.0.1:{server.port}", {})
    server.shutdown()
    thread.join()
    server.server_close()
    site.panel.engine.dispose()


class Windows:
    """Opens pages in fresh windows; people sign in once."""

    def __init__(self, served: Served, browser: Browser) -> None:
        self._served = served
        self._browser = browser
        self._open: list[BrowserContext] = []

    def __call__(self, who: str, url: str = "/", width: int = 1440) -> Page:
        """Return the page at `url`, in a window of `width` pixels, signed in as `who` where a name is given."""
        cookies = self._served.signed_in
        context = self._browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="light",
            reduced_motion="reduce",
            base_url=self._served.url,
            storage_state=cookies.get(who),
        )
        self._open.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        if who and who not in cookies:
            page.goto("/login/")
            page.fill("#username", who)
            page.fill("#password", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(self._served.url + "/")
            cookies[who] = context.storage_state()
        page.goto(url)
        return page

    def close(self) -> None:
        """Close every window, after it has received what it asked for."""
        for context in self._open:
            for page in context.pages:
                page.wait_for_load_state("networkidle")
            context.close()


@pytest.fixture
def visit(served: Served, browser: Browser) -> Iterator[Windows]:
    """`visit(who, url)` opens a page; all are closed at the end."""
    windows = Windows(served, browser)
    yield windows
    windows.close()


def test_every_template_compiles(site: Site) -> None:
    names = [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")]
    assert len(names) > 50
    for name in names:
        site.app.jinja_env.get_template(name)


def test_every_template_of_the_framework_is_replaced_by_ours() -> None:
    theirs = {path.relative_to(FAB_TEMPLATES).as_posix() for path in FAB_TEMPLATES.rglob("*.html")}
    assert "appbuilder/general/widgets/list.html" in theirs
    # Its base is one line that extends whatever page the site names.
    assert sorted(name for name in theirs - {"appbuilder/base.html"} if not (TEMPLATES / name).is_file()) == []


def test_nothing_of_ours_mentions_the_old_face() -> None:
    files = [
        *TEMPLATES.rglob("*.html"),
        *(ROOT / "app/static/js").glob("*.js"),
        *(ROOT / "app/static/css").glob("*.css"),
    ]
    # Names that FAB gives its icons and widgets, which ours are told apart by.
    told_apart = {"parts/bits.html", "appbuilder/general/lib.html"}
    wrong = [
        str(f)
        for f in files
        if OLD.search(f.read_text("utf-8")) and not any(str(f).endswith(name) for name in told_apart)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("who", "url"), [*(("owner", u) for u in OWNER_PAGES), *(("admin", u) for u in ADMIN_PAGES), ("", "/login/")]
)
def test_no_page_has_old_classes_inline_handlers_or_foreign_addresses(served: Served, who: str, url: str) -> None:
    with served.site.browser(who).get(url) as answer:
        assert answer.status_code == REFUSED.get((who, url), 200)
        text = answer.get_data(as_text=True)
    assert 'lang="zh-CN"' in text, text[:400]
    assert (old := OLD.search(RANDOM.sub("", text))) is None, old
    for tag, attributes in Tags(text).found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        for name in ("src", "href", "action", "formaction"):
            address = attributes.get(name) or ""
            assert not re.match(r"(?!http://localhost)(https?:)?//|javascript:", address), (tag, address)
        if tag == "script":
            assert attributes.get("nonce"), attributes


def test_every_style_and_script_that_pages_name_is_there(served: Served) -> None:
    browser = served.site.browser("owner")
    pages = browser.text("/") + browser.text("/swagger/v1")
    files = {a.get("href") or a.get("src") or "" for tag, a in Tags(pages).found if tag in ("link", "script")} - {""}
    modules = {f"/static/js/{path.name}" for path in (ROOT / "app/static/js").glob("*.js")}
    assert files
    for file in files | modules:
        with browser.get(file) as answer:
            assert answer.status_code == 200, file


def test_every_icon_that_is_named_exists() -> None:
    known = set(
        re.findall(
            r"\.ti-([\w-]+):",
            (ROOT / "app/static/vendor/@tabler/icons-webfont/tabler-icons.min.css").read_text("utf-8"),
        )
    )
    texts = "".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.html"))
    scripts = "".join(path.read_text("utf-8") for path in (ROOT / "app/static/js").glob("*.js"))
    named = set(re.findall(r"\bti ti-([\w-]+)[ \"]", texts + scripts)) | set(re.findall(r"icon\(\"([\w-]+)\"", texts))
    named |= set(re.findall(r'"fa-[\w-]+": "([\w-]+)"', texts))
    named |= set(re.findall(r"icon: ([\w-]+)", (ROOT / "app/definitions/domains.yaml").read_text("utf-8")))
    assert len(named) > 30
    assert sorted(named - known) == []


ACCESSIBLE = (
    ("", "/login/"), ("owner", "/"), ("owner", "/work"), ("owner", "/inbox"), ("owner", "/fines/1"), ("owner", "/fines?tab=all&month=2026-03"),
    ("owner", "/registers/complaint/list/"), ("owner", "/registers/complaint/add"), ("owner", "/registers/complaint/edit/1"),
    ("owner", "/registers/complaint/show/2"), ("owner", "/prints/complaint/slip?ids=1"),
    ("owner", "/imports/complaint"), ("owner", "/users/userinfo/"), ("owner", "/no-such-page"),
    ("admin", "/users/list/?_flt_0_username=o"), ("admin", "/users/add"), ("admin", "/roles/list/"),
    ("admin", "/publications"), ("chief", "/fines?tab=confirm"), ("auditor", "/indicators?month=2026-03"), ("owner", "/indicators?month=2026-03"),
    ("admin", "/adoptions"), ("admin", "/adoptions/choose"),
    ("admin", "/operations"), ("admin", "/recalculations"), ("admin", "/whatif"), ("admin", "/formulas"), ("owner", "/calendar"),
    ("owner", "/coverage"), ("owner", "/coverage/P1"),
    ("admin", "/roles/edit/1"), ("owner", "/registers/complaint/show/1"), ("owner", "/work?of=role"),
    ("auditor", "/indicators/answered?month=2026-03"), ("chief", "/indicators/answered/records?month=2026-03&part=denominator&subject=unit:2"),
)  # fmt: skip


def barriers(page: Page) -> list[tuple[str, str, list[str]]]:
    """Return the serious findings of axe on a page, in both themes: theme, rule, elements."""
    page.evaluate(AXE.read_text("utf-8"))
    serious = []
    for theme in ("light", "dark"):
        page.evaluate("theme => { document.documentElement.dataset.bsTheme = theme; }", theme)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        serious += [(theme, v) for v in found if v["impact"] in ("serious", "critical")]
    return [(theme, v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for theme, v in serious]


@pytest.mark.parametrize(("who", "url"), ACCESSIBLE)
def test_pages_have_no_serious_barrier_in_either_theme(visit: Windows, who: str, url: str) -> None:
    page = visit(who, url)
    assert barriers(page) == []


@pytest.mark.parametrize(("who", "url"), ACCESSIBLE)
def test_pages_fit_a_telephone_and_keep_to_the_content_policy(visit: Windows, who: str, url: str) -> None:
    page = visit(who, "/login/", width=375)
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: (
            complaints.append(message.text) if message.type == "error" and "404" not in message.text else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(url)
    page.wait_for_load_state("networkidle")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert complaints == []
    assert width <= 375
    assert barriers(page) == []


def test_the_menu_opens_over_a_narrow_page_and_closes_again(visit: Windows) -> None:
    page = visit("owner", width=375)
    menu = page.locator("#side")
    expect(menu).to_be_hidden()
    page.click(".top-menu")
    expect(menu).to_be_visible()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()


def test_the_menu_can_be_filtered(visit: Windows) -> None:
    page = visit("owner")
    page.fill("[data-menu-filter]", "投诉")
    expect(page.locator("#side a", has_text="投诉")).to_be_visible()
    expect(page.locator("#side a", has_text="我的工作")).to_be_hidden()
    page.fill("[data-menu-filter]", "zzz")
    expect(page.locator(".side-none")).to_be_visible()


def test_the_chosen_theme_stands_before_the_first_paint_of_the_next_page(visit: Windows) -> None:
    page = visit("owner")
    page.click("[data-theme-switch]")
    page.goto("/work", wait_until="commit")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    first = page.locator("head > :is(script, link[rel=stylesheet])").first
    assert "theme.js" in (first.get_attribute("src") or "")


def test_the_language_switch_stays_on_the_page_and_its_search(visit: Windows) -> None:
    page = visit("owner", "/registers/complaint/list/?q=第")
    page.click("text=English")
    expect(page.locator("h1")).to_contain_text("Complaint")
    expect(page.locator("input[name=q]")).to_have_value("第")


def test_ctrl_k_finds_a_register_and_goes_there(visit: Windows) -> None:
    page = visit("owner")
    page.keyboard.press("Control+k")
    page.locator("#palette input").fill("投诉")
    expect(page.locator("#palette [role=option]").first).to_have_text("投诉")
    page.keyboard.press("Enter")
    page.wait_for_url("**/registers/complaint/list/")


def test_a_picker_is_worked_by_keyboard_alone(served: Served, visit: Windows) -> None:
    page = visit("owner", "/registers/complaint/add")
    field = page.locator("#f-helpers")
    field.press_sequentially("owner")
    expect(page.locator("[data-name=helpers] [role=option]")).to_have_count(1)
    field.press("Enter")
    field.press_sequentially("chief")
    field.press("Enter")  # before the server has answered
    expect(page.locator("[data-name=helpers] .chip")).to_have_count(2)
    assert page.locator("[data-name=helpers] .chip input").evaluate_all("all => all.map(i => Number(i.value))") == [
        served.site.ids["owner"],
        served.site.ids["chief"],
    ]
    field.press("Backspace")
    expect(page.locator("[data-name=helpers] .chip")).to_have_count(1)


def test_a_half_typed_form_is_not_left_without_a_question(visit: Windows) -> None:
    page = visit("owner")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.goto("/registers/complaint/add")
    page.click(".save a")
    page.wait_for_url("**/list/")
    assert asked == []
    page.goto("/registers/complaint/add")
    page.fill("#f-subject", "半句")
    expect(page.locator("[data-changed]")).to_be_visible()
    page.click(".save a")
    page.wait_for_url("**/list/")
    assert asked == ["beforeunload"]


def test_archiving_asks_first_and_no_means_no(visit: Windows) -> None:
    page = visit("owner", "/registers/complaint/show/2")
    page.click("main button[data-confirm]")
    expect(page.locator("#confirm")).to_be_visible()
    page.click("#confirm button[value=no]")
    expect(page.locator("#confirm")).to_be_hidden()
    assert page.url.endswith("/show/2")


def test_a_refused_form_shows_the_reason_at_the_field_and_keeps_what_was_typed(visit: Windows) -> None:
    page = visit("owner", "/registers/complaint/add")
    page.fill("#f-subject", "新的一件")
    page.fill("#f-amount", "很多")
    page.click(".save button")
    expect(page.locator("#f-amount")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#f-amount-says .invalid-feedback")).to_contain_text("很多")
    expect(page.locator("#f-subject")).to_have_value("新的一件")
    expect(page.locator("[role=alert]")).to_contain_text("金额")


def test_conditions_above_a_list_of_users_are_added_and_taken_away(visit: Windows) -> None:
    page = visit("admin", "/users/list/")
    page.click("details.sheet summary")
    page.select_option("[data-filter-add]", "username")
    page.fill("[data-filter-list] [data-value]", "own")
    page.click("form[data-filters] button[type=submit]")
    page.wait_for_url("**_flt_0_username=own**")
    expect(page.locator("table.lines tbody tr")).to_have_count(1)
    page.click("[data-remove]")
    page.click("form[data-filters] button[type=submit]")
    expect(page.locator("table.lines tbody tr")).not_to_have_count(1)


def test_the_notice_of_penalty_prints_without_the_frame(visit: Windows) -> None:
    page = visit("owner", "/fines/1")
    page.emulate_media(media="print")
    for chrome in ("#side", ".top", ".head-acts"):
        expect(page.locator(chrome).first).to_be_hidden()
    expect(page.locator(".sign").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_file_dropped_into_a_form_is_kept_with_the_record(visit: Windows) -> None:
    page = visit("owner", "/registers/complaint/add")
    page.fill("#f-subject", "带附件的一件")
    page.set_input_files("#f-scan", {"name": "照片.exe", "mimeType": "text/plain", "buffer": b"no"})
    expect(page.locator("#f-scan-files")).to_contain_text("照片.exe")
    expect(page.locator("#f-scan-files input")).to_have_count(0)
    page.set_input_files("#f-scan", {"name": "说明.txt", "mimeType": "text/plain", "buffer": "异响".encode()})
    expect(page.locator("#f-scan-files input[type=hidden]")).to_have_count(1)
    page.click(".save button")
    page.wait_for_url("**/show/*")
    expect(page.locator("main a", has_text="说明.txt")).to_be_visible()


def test_a_transition_asks_and_signs_in_its_dialog(served: Served, visit: Windows) -> None:
    number = served.site.enter("complaint", {"subject": "要结案的一件"})
    page = visit("owner", f"/registers/complaint/show/{number}")
    page.get_by_role("button", name="结案").first.click()
    dialog = page.locator("dialog[open]")
    expect(dialog).to_contain_text("签字")
    assert barriers(page) == []
    dialog.locator("#move-1-result").fill("已更换垫片")
    dialog.get_by_role("button", name="结案").click()
    expect(page.locator("h1 .word")).to_have_text("已结案")
    expect(page.locator("main aside")).to_contain_text("owner")


def test_two_people_who_changed_the_same_are_asked_which_to_keep(served: Served, visit: Windows) -> None:
    number = served.site.enter("complaint", {"subject": "两人同改的一件"})
    page = visit("owner", f"/registers/complaint/edit/{number}")
    with served.site.panel.work(Actor.system(), now=NOW) as work:
        records.update(work, "complaint", number, {"subject": "别人的写法"})
    page.fill("#f-subject", "我的写法")
    page.click(".save button")
    expect(page.locator(".clash")).to_contain_text("别人的写法")
    assert barriers(page) == []
    page.get_by_text("我的写法").click()
    page.click(".save button")
    page.wait_for_url(f"**/show/{number}")
    expect(page.locator("h1")).to_contain_text("我的写法")


def test_a_file_is_checked_before_it_is_imported(visit: Windows) -> None:
    page = visit("owner", "/imports/complaint")
    rows = "事由,发生日期\n漏油,2026-02-30\n抖动,2026-02-03\n".encode()
    page.set_input_files("input[type=file]", {"name": "台账.csv", "mimeType": "text/csv", "buffer": rows})
    page.wait_for_url("**/check/**")
    expect(page.locator("td.bad")).to_have_count(1)
    expect(page.locator("td.bad")).to_contain_text("日历上没有这一天")
    assert barriers(page) == []
    page.get_by_role("button", name="只导入没有错误的 1 行").click()
    expect(page.locator(".note").last).to_contain_text("新增 1 条")
