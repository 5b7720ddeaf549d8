"""An equipment-loan register built by clicking alone, published, and used by three people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import insert, select

from app import clock, factory
from app.catalog import wire
from app.catalog.blanks import DOCUMENTS
from app.catalog.editing import documents
from app.catalog.loader import read_folder
from app.models.fixed import person_role, role
from app.models.ledger import ticket
from app.services import sweep
from config import ROOT
from tests.site import everything
from tests.web.keys import defined, keys, language
from tests.web.sheets import Desk, listen
from tests.web.site import Site, served
from tests.web.workshop import Workshop

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULE = "普通设备五个工作日内归还，精密设备三个；逾期每次五十元，同月第二次起加倍；可以续借一次；逾期未还的不再借。"


def equipment(shop: Workshop) -> int:
    """Design the register of things that are lent."""
    draft = shop.begin(
        "设备", ("名称", "文字", "*"), ("类别", "单选", "*普通、精密"),
        english="Equipment", domain="service", keeper="clerk", policy_name="设备借用规定", policy_text=RULE,
    )  # fmt: skip
    shop.sound()
    return draft


def renewal(shop: Workshop, draft: int) -> None:
    """Design the register in which a longer loan is asked for."""
    shop.begin(
        "续借申请", ("延长工作日", "整数", "*"), draft=draft, english="Renewal", domain="service", article="S01-1"
    )
    shop.press("添加字段")
    shop.fill("名称", "借用", nth=1)
    shop.choose("类型", "引用", nth=1)
    shop.choose("登记簿", "设备借用")
    shop.section("流程")
    shop.press("添加审批流程")
    approved_by_chief(shop, "登记人的上级")
    shop.section("访问权限")
    shop.choose("添加角色", "主管")
    shop.sound()


def approved_by_chief(shop: Workshop, superior: str) -> None:
    """Let the chief decide instead of the superior that the usual path of approval names."""
    for step in ("批准", "不批准", "退回"):
        shop.choose("执行人 +", "主管", shop.card(step))
        shop.press(f"移除 {superior}", shop.card(step))


def loan(shop: Workshop, draft: int) -> None:
    """Design the register of loans with its approval."""
    shop.begin(
        "设备借用", ("借用人", "人员", "*"), ("借出日期", "日期", "*"), ("归还日期", "日期", ""),
        draft=draft, english="Equipment loan", domain="service", article="S01-1",
    )  # fmt: skip
    shop.press("添加字段")
    shop.fill("名称", "设备", nth=3)
    shop.choose("类型", "引用", nth=3)
    shop.choose("登记簿", "设备")
    shop.section("流程")
    shop.press("添加审批流程")
    approved_by_chief(shop, "借用人的上级")
    shop.section("访问权限")
    shop.choose("添加角色", "主管")
    shop.sound()


def rules(shop: Workshop) -> None:
    """Set its deadline by class, the fine, and the refusal."""
    shop.section("时限与处罚")
    shop.choose("添加时限责任", "限期办理，逾期罚款，同月第二次起加倍")
    duty = shop.card("按期办理")
    shop.choose("责任人", "借用人", duty)
    shop.press("添加 期限", duty)
    for nth, kind in enumerate(("普通", "精密")):
        limit = duty.locator(f'[data-path="duties[0].within[{nth}]"]')
        shop.add("条件", limit)
        shop.choose("字段", "设备 › 类别", limit)
        shop.choose("数值", kind, limit)
    breach = shop.card("逾期")
    shop.add("确认的角色", breach)
    shop.choose("确认的角色", "主管", breach)
    shop.choose("添加拒绝办理", "有逾期未办的不受理新增")
    shop.sound()


def extension(shop: Workshop, draft: int) -> None:
    """Let an approved renewal prolong the loan, once, by ten working days at most."""
    shop.page.goto(f"/drafts/{draft}/registers/equipment_loan#rules")
    shop.ready()
    duty = shop.card("按期办理")
    shop.add("延期", duty)
    shop.choose("登记簿", "续借申请", duty)
    shop.choose("关联字段", "借用", duty)
    shop.choose("状态", "已批准", duty)
    shop.choose("延长多少", "延长工作日", duty)
    shop.sound()


def publish(site: Site, admin: Page, other: Page, draft: int) -> None:
    """Ask for approval with a reason, have it approved by somebody else, and publish."""
    admin.get_by_role("link", name="查看变化并发布").click()
    expect(admin.get_by_text("新增登记簿《设备借用》").first).to_be_visible()
    admin.locator("#why").fill("新规定自今日起施行")
    admin.get_by_role("button", name="提交审批").click()
    other.goto(f"/drafts/{draft}")
    move(other, "批准", "已核对规定")
    admin.reload()
    admin.get_by_role("button", name="发布", exact=True).click()
    admin.get_by_role("button", name="确定").click()
    admin.wait_for_url("**/publications/*")


def move(page: Page, name: str, reason: str = "") -> None:
    """Press a button that may open a dialog of its own, and go through it."""
    page.get_by_role("button", name=name, exact=True).first.click()
    dialog = page.locator("dialog[open]")
    if reason:
        dialog.locator("textarea").first.fill(reason)
    if dialog.count():
        dialog.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def enter(page: Page, register: str, texts: Mapping[str, str], picks: Mapping[str, str]) -> None:
    """Enter a record in a register's form."""
    page.goto(f"/registers/{register}/add")
    for label, text in texts.items():
        field = page.get_by_label(label, exact=False).first
        field.select_option(label=text) if field.evaluate("e => e.tagName") == "SELECT" else field.fill(text)
    for label, text in picks.items():
        page.get_by_role("combobox", name=label, exact=False).first.fill(text)
        page.locator("[role=option]", has_text=text).first.click()
    page.get_by_role("button", name="保存").click()
    page.wait_for_load_state()


def test_an_equipment_loan_register_is_built_by_clicking_and_used_by_three_people(
    desk: Desk, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(day: str) -> None:
        monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat(f"{day}T02:00:00+00:00"))

    at("2026-03-05")
    site = desk.site
    with site.panel.engine.begin() as connection:  # a second administrator, who approves
        second = select(role.c.id).where(role.c.name == "system_admin").scalar_subquery()
        connection.execute(insert(person_role).values(user_id=site.ids["auditor"], role_id=second))
    page = desk.window("admin", width=1280)
    shop = Workshop(page)
    draft = equipment(shop)
    loan(shop, draft)
    rules(shop)
    renewal(shop, draft)
    extension(shop, draft)
    expect(page.locator("[data-count-found]")).to_have_text("没有问题")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for section in ("登记字段", "流程", "时限与处罚", "访问权限"):
        shop.section(section)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == []
    publish(site, page, desk.window("auditor", width=1280), draft)

    panel = factory.open_panel(site.settings, site.panel.engine)
    fresh = replace(site, panel=panel, app=served(panel, site.settings))
    used = listen(fresh, browser, desk.streams)
    try:
        borrow(used, at)
    finally:
        used.close()


def borrow(desk: Desk, at: Callable[[str], None]) -> None:
    """The owner borrows twice and is late twice, the chief approves, the outsider sees nothing."""
    panel = desk.site.panel
    owner, chief, outsider = (desk.window(who, width=1280) for who in ("owner", "chief", "outsider"))
    for name, kind in (("相机", "普通"), ("测距仪", "精密")):
        enter(owner, "equipment", {"名称": name, "类别": kind}, {})
    at("2026-03-09")
    enter(owner, "equipment_loan", {"借出日期": "2026-03-09"}, {"借用人": "owner", "设备": "相机"})
    expect(owner.get_by_text("2026-03-16").first).to_be_visible()  # five working days
    move(owner, "提交")
    first = owner.url
    expect(owner.get_by_role("button", name="批准", exact=True)).to_have_count(0)
    chief.goto(first)
    move(chief, "批准")
    expect(chief.get_by_text("已批准").first).to_be_visible()
    assert outsider.goto(first).status == 404  # type: ignore[union-attr]

    sweep.run(panel, datetime(2026, 3, 18, 2, tzinfo=UTC))
    at("2026-03-18")
    enter(owner, "equipment_loan", {"借出日期": "2026-03-18"}, {"借用人": "owner", "设备": "测距仪"})
    expect(owner.get_by_text("有逾期未办的事项，暂不受理").first).to_be_visible()
    owner.goto(first)
    owner.get_by_role("link", name="修改").first.click()
    owner.get_by_label("归还日期").first.fill("2026-03-18")
    owner.get_by_role("button", name="保存").click()
    owner.wait_for_url("**/show/*")
    enter(owner, "equipment_loan", {"借出日期": "2026-03-18"}, {"借用人": "owner", "设备": "测距仪"})
    expect(owner.get_by_text("2026-03-23").first).to_be_visible()  # three, for what is precise
    second = owner.url
    enter(owner, "renewal", {"延长工作日": "2"}, {"借用": ""})
    move(owner, "提交")
    chief.goto(owner.url)
    move(chief, "批准")
    owner.goto(second)
    expect(owner.get_by_text("2026-03-25").first).to_be_visible()
    sweep.run(panel, datetime(2026, 3, 27, 2, tzinfo=UTC))
    with panel.engine.connect() as connection:
        fines = connection.execute(select(ticket.c.amount, ticket.c.person).order_by(ticket.c.id)).all()
    assert fines == [(50, desk.site.ids["owner"]), (100, desk.site.ids["owner"])]


def test_steps_are_undone_and_nothing_typed_is_lost_when_the_connection_is(desk: Desk) -> None:
    page = desk.window("admin", width=1280)
    shop = Workshop(page)
    shop.begin("借阅", ("书名", "文字", "*"), ("页数", "整数", ""), english="Lending", domain="service", keeper="chief")
    names = page.locator(".d-fields .d-zh")
    page.get_by_role("button", name="拖动或按上下方向键移动：页数").press("ArrowUp")
    expect(names.first).to_have_value("页数")
    shop.fill("名称", "页码", nth=0)
    shop.saved()
    page.get_by_role("button", name="撤销").click()
    expect(names.first).to_have_value("页数")
    page.get_by_role("button", name="撤销").click()
    expect(names.first).to_have_value("书名")
    page.get_by_role("button", name="重做").click()
    page.get_by_role("button", name="重做").click()
    expect(names.first).to_have_value("页码")
    shop.saved()

    page.route("**/design/drafts/*/registers/*", lambda route: route.abort())
    shop.fill("名称", "书目", nth=1)
    expect(page.locator("[data-failure]")).to_contain_text("连接中断")
    page.unroute("**/design/drafts/*/registers/*")
    page.once("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_role("button", name="恢复").click()
    expect(names.nth(1)).to_have_value("书目")
    shop.saved()

    shop.choose("类型", "引用", nth=0)
    shop.choose("登记簿", "客户")
    shop.fill("名称", "", nth=1)
    expect(page.locator("[data-count-found]")).to_contain_text("1 处错误")
    shop.section("基本")
    page.locator("[data-count-found] summary").click()
    page.locator(".d-found button").first.click()
    expect(page.locator(".d-section h2")).to_have_text("登记字段")
    expect(names.nth(1)).to_be_focused()


def test_what_an_article_demands_is_locked_named_and_kept_from_being_typed_over(desk: Desk) -> None:
    page = desk.window("admin", width=1280)
    shop = Workshop(page)
    shop.begin("空", ("名称", "文字", ""), english="Empty", domain="service", keeper="chief")
    page.goto("/drafts/1/registers/complaint#rules")
    shop.ready()
    limit = page.locator('[data-path="duties[0].within[0]"]')
    lock = limit.locator(".d-lock")
    lock.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(lock.locator("summary")).to_have_accessible_name("依据 P1-D1，不能放宽或去掉")
    expect(lock.locator(".d-lock-text")).to_contain_text("P1-D1 逾期未办结每件罚款五十元。")
    page.keyboard.press("Escape")
    expect(lock.locator(".d-lock-text")).to_be_hidden()
    length = limit.get_by_label("时长", exact=True)
    expect(length).to_have_attribute("readonly", "")
    expect(length).to_have_accessible_description("依据 P1-D1，不能放宽或去掉")
    expect(limit.get_by_label("单位", exact=True)).to_be_disabled()
    duty = shop.card("按时答复")
    expect(duty.get_by_role("button", name="移除 按时答复")).to_be_disabled()
    expect(duty.get_by_label("名称", exact=True)).to_be_editable()
    shop.section("登记字段")
    named = page.locator('[data-path="fields[0]"]')
    expect(named.get_by_label("必填")).to_be_disabled()
    expect(named.get_by_label("类型", exact=True)).to_have_accessible_description("依据 P1-A1，不能放宽或去掉")
    shop.fill("名称", "来文编号")
    shop.section("访问权限")
    expect(page.get_by_label("主管 查看", exact=True).locator("option")).to_have_text(
        ["本部门", "含下级", "本公司", "全部"]
    )
    expect(page.get_by_role("button", name="移除 主管")).to_have_accessible_description(re.compile("P1-A1"))
    shop.choose("主管 导出", "全部")
    shop.sound()
    expect(page.locator("[data-text]")).to_contain_text("{role: chief, can: [export]}")


def test_a_shipped_policy_indicator_role_and_menu_group_are_adjusted_on_their_pages(desk: Desk) -> None:
    page = desk.window("admin", width=1280)
    shop = Workshop(page)
    shop.begin("空", ("名称", "文字", ""), english="Empty", domain="service", keeper="chief")
    written = page.locator("[data-text]")
    page.goto("/drafts/1/policies/P1#articles")
    shop.ready()
    first = page.locator('[data-path="articles[0]"]')
    expect(first.get_by_label("内容", exact=True)).to_have_attribute("readonly", "")
    expect(first.get_by_label("内容", exact=True)).to_have_accessible_description("依据 P1-A1，不能放宽或去掉")
    expect(first.get_by_role("button", name="移除 A1")).to_be_disabled()
    shop.press("添加条款")
    shop.fill("内容", "加急投诉当日答复。", nth=2)
    shop.sound()
    expect(written).to_have_text("extend: P1\nkind: policy\narticles: [{article: '1', text: 加急投诉当日答复。}]\n")

    page.goto("/drafts/1/indicators/answered")
    shop.ready()
    expect(page.get_by_label("周期", exact=True)).to_be_disabled()
    page.get_by_label("下限", exact=True).fill("20")
    expect(page.locator(".d-section .d-finding")).to_contain_text("依据 P1-A1，“下限”只能加严，原为 50")
    page.get_by_label("下限", exact=True).fill("80")
    shop.choose("接收的角色 +", "主管")
    shop.sound()
    expect(written).to_have_text("extend: answered\nkind: indicator\ntarget: {ge: 80}\nreceives: [chief]\n")
    page.get_by_role("button", name="恢复附带的内容").click()
    shop.saved()
    expect(written).to_have_text("")
    page.get_by_role("button", name="撤销").click()
    shop.saved()
    expect(written).to_contain_text("target: {ge: 80}")

    page.goto("/drafts/1/roles/payroll")
    shop.ready()
    power = page.locator('[data-path="may[0]"]')
    expect(power.locator("summary")).to_have_accessible_name("随程序附带，不能放宽或去掉")
    expect(power.locator(":scope > button")).to_be_disabled()
    page.get_by_label("不得代理", exact=True).check()
    shop.sound()
    page.goto("/drafts/1/domains/service")
    shop.ready()
    page.get_by_label("菜单中的位置", exact=True).fill("1")
    shop.sound()
    page.goto("/drafts/1")
    expect(page.get_by_text("角色“薪资”：不得代理 否 → 是")).to_be_visible()
    expect(page.get_by_text("领域“服务”：菜单中的位置 无 → 1")).to_be_visible()


def test_a_new_indicator_cites_an_article(desk: Desk) -> None:
    page = desk.window("admin", width=1280)
    shop = Workshop(page)
    shop.begin("空", ("名称", "文字", ""), english="Empty", domain="service", keeper="chief")
    page.goto("/drafts/1")
    page.get_by_label("新建什么").select_option(label="指标")
    page.get_by_label("名称", exact=True).fill("结案率")
    page.get_by_role("button", name="新建", exact=True).click()
    shop.ready()
    expect(page.locator(".d-section .d-finding")).to_contain_text("指标必须写明依据")
    shop.choose("依据", "P1-D1 逾期未办结每件罚款五十元。")
    shop.choose("登记簿", "投诉")
    shop.press("添加 目标")
    shop.sound()
    expect(page.locator("[data-text]")).to_contain_text("target: {ge: 90, cite: {policy: P1, article: D1}}")


DRAWN = """async ([documents, all]) => {
  const files = ["names", "slots", "sections"];
  const modules = await Promise.all(files.map((m) => import(`/static/js/designer/${m}.js`)));
  const known = Object.assign({}, ...modules);
  const [grammar, served] = await Promise.all(["/design/grammar", "/design/drafts/1/names"].map(async (url) => (await fetch(url)).json()));
  const wrong = [], unseen = [];
  let blanks = 0;
  for (const { group, document, places } of documents) {
    const called = document.code ?? document.policy ?? document.indicator;
    const put = () => wrong.push(`${called} was changed`);
    const page = {
      store: { document, put }, grammar, urls: {}, opened: { has: (what) => all || what.endsWith(" more") },
      names: known.knowing(served, () => document), root: known.root(() => document, put), fixed: () => true, kept: () => false,
      move: put, choicesInForce: () => [],
      titled: () => "", draw: put, reach: put, settled: () => {},
    };
    const shown = new Set(), held = [];
    for (const section of known.sectionsOf(group).filter((s) => !["preview", "grants"].includes(s.code))) {
      try {
        const box = window.document.createElement("div");
        box.append(...section.draw(page));
        blanks += box.querySelectorAll("input, select, textarea").length;
        const changed = "input, select, textarea, button";
        for (const one of box.querySelectorAll("[data-path]")) if (one.matches(changed) || one.querySelector(changed)) shown.add(one.dataset.path);
        for (const one of box.querySelectorAll("[data-holds]")) held.push(...one.dataset.holds.split(" "));
      } catch (error) { wrong.push(`${called} ${section.code}: ${error}`); }
    }
    unseen.push(places.filter((path) => !shown.has(path) && !held.some((one) => path === one || path.startsWith(`${one}.`))));
  }
  return { wrong, unseen, blanks };
}"""


def drawn(page: Page, read: list[dict[str, Any]], *, everything: bool) -> dict[str, Any]:
    """Draw definitions and return what went wrong and, for each, which of its places cannot be seen and changed.

    Fields are unfolded. ``everything``: with every blank that its parts could have, else with those that are filled.
    """
    listed = [
        {"group": group, "document": wire.to_json(d), "places": [p for p, _ in keys(d, DOCUMENTS[group].__name__, everything)]}
        for d in read for group, d in defined(d)
    ]  # fmt: skip
    found: dict[str, Any] = page.evaluate(DRAWN, [listed, everything])
    return found | {"documents": listed}


def test_every_shipped_definition_is_drawn_to_its_last_word_and_drawing_changes_nothing(desk: Desk) -> None:
    page = desk.window("admin", width=1280)
    Workshop(page).begin("空", ("名称", "文字", ""), english="Empty", domain="service", keeper="chief")
    shipped = drawn(page, [d for text in everything().values() for d in documents(text)], everything=False)
    assert len(shipped["documents"]) > 280
    assert shipped["wrong"] == []
    assert {p for paths in shipped["unseen"] for p in paths} == set()
    assert shipped["blanks"] > 10_000

    examples = [d for text in read_folder(ROOT / "docs/examples").values() for d in documents(text)]
    taught = drawn(page, examples, everything=True)
    assert taught["wrong"] == []
    every = [keys(d["document"], DOCUMENTS[d["group"]].__name__, True) for d in taught["documents"]]
    seen = {k for ks, lost in zip(every, taught["unseen"], strict=True) for path, k in ks if path not in lost}
    assert {(m, k) for m, ks in language().items() for k in ks} - seen == set()
