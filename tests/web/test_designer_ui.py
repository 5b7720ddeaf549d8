"""An equipment-loan register built by clicking alone, published, and used by three people."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.sheets import Desk
from tests.web.workshop import Workshop

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
    shop.begin("续借申请", ("延长工作日", "整数", "*"), draft=draft, english="Renewal", domain="service", article="S01-1")
    shop.press("添加字段")
    shop.fill("名称", "借用", nth=1)
    shop.choose("类型", "引用", nth=1)
    shop.choose("登记簿", "设备借用")
    shop.section("流程")
    shop.press("添加审批流程")
    approved_by_chief(shop, "登记人的上级")
    shop.section("权限")
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
    shop.section("权限")
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


def test_an_equipment_loan_register_is_built_by_clicking_and_used_by_three_people(desk: Desk) -> None:
    page: Page = desk.window("admin", width=1280)
    shop = Workshop(page)
    draft = equipment(shop)
    loan(shop, draft)
    rules(shop)
    renewal(shop, draft)
    extension(shop, draft)
    expect(page.locator("[data-count-found]")).to_have_text("没有问题")
