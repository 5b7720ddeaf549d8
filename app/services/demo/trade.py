"""The retail and the property company of the demo: complaints, and revisits of residents."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from app.services.demo import names
from app.services.demo.stage import Life, Stage


def store_complaint(stage: Stage, rng: Random, day: date) -> Life:
    """A customer of the store complains: checked, ruled, investigated by a department or settled by the store."""
    category, content, demand = rng.choice(names.STORE_COMPLAINTS)
    yield stage.at(day, f"{rng.randrange(10, 17)}:{rng.randrange(10, 59)}")
    by = rng.choice(("weiqi", "weiqi", "dongxue"))
    case = stage.create(
        by, "complaint", received_at=stage.acting(by).now, receptionist=stage.people[by], complainant_name=names.person(rng),
        customer_party=rng.choice(("终端消费者", "终端消费者", "加盟商", "代理商")), complainant_phone=names.mobile(rng), content=content,
        channel=rng.choice(("到店/来访", "来电", "来信")), customer_demand=(demand,), category=category,
    )  # fmt: skip
    superior = "yuhang" if by == "weiqi" else "fanbing"
    own_cause = rng.random() < 0.15
    stage.move(by, "complaint", case, "check_reason", reason_valid="不成立" if own_cause else "成立")
    yield stage.acting(by).now + timedelta(minutes=rng.choice((35, 50, 90, 130, 330)))
    if own_cause:
        stage.move(superior, "complaint", case, "refuse", reason="未按说明书使用")
        yield stage.at(stage.working_day(day, 1), "10:40")
        told: dict[str, Any] = {"reply_form": "口头", "customer_notified_at": stage.acting(by).now}
        stage.move(by, "complaint", case, "explain_and_close", **told)
        return
    one = rng.random() < 0.7
    stage.move(
        superior, "complaint", case, "accept", situation_type="情形一-需公司调查" if one else "情形二-门店自行处理"
    )
    yield from (investigated(stage, rng, case, day) if one else settled_in_store(stage, rng, case, by, day))


def settled_in_store(stage: Stage, rng: Random, case: int, by: str, day: date) -> Life:
    """The store settles the case itself."""
    yield stage.at(stage.working_day(day, 2), f"11:{rng.randrange(10, 59)}")
    done: dict[str, Any] = {
        "solution": "当场更换并致歉",
        "reply_form": "口头",
        "customer_notified_at": stage.acting(by).now,
    }
    stage.move(by, "complaint", case, "settle_in_store", **done)
    yield stage.at(day + timedelta(days=rng.choice((4, 6, 9))), "15:30")
    stage.move("dongxue", "complaint", case, "close")


def investigated(stage: Stage, rng: Random, case: int, day: date) -> Life:
    """A department investigates; its report passes supervisor, administration and general manager; the customer is answered."""
    yield stage.at(stage.working_day(day, 1), f"10:{rng.randrange(10, 59)}")
    to: dict[str, Any] = {
        "accepting_dept": stage.units["营运部"],
        "handler": stage.people["ligang"],
        "supervisor": stage.people["fanbing"],
    }
    stage.move("jiangnan", "complaint", case, "assign", **to)
    yield stage.at(stage.working_day(day, 1), "14:30")
    stage.move("ligang", "complaint", case, "investigate")
    yield stage.at(stage.working_day(day, rng.choice((2, 3, 3, 5))), f"16:{rng.randrange(10, 59)}")
    report = stage.create(
        "ligang", "complaint_investigation", complaint=case, investigator=stage.people["ligang"], cause="到货检验漏检",
        course="商品到店后未逐件开箱检查即上架", responsible_person=stage.people["weiqi"], conclusion="投诉成立",
        countermeasure="更换商品并补偿", prevention="到货逐件检验，店长签字", original_document_attached=True,
    )  # fmt: skip
    stage.move("fanbing", "complaint_investigation", report, "review")
    yield stage.at(stage.working_day(day, 3), "17:00")
    stage.move("jiangnan", "complaint_investigation", report, "add_opinion", admin_hr_opinion="同意，请营运部落实检验")
    yield stage.at(stage.working_day(day, 4), "09:40")
    stage.move("pengli", "complaint_investigation", report, "read", gm_opinion="照办，三日内答复客户")
    stage.move("jiangnan", "complaint_investigation", report, "return_to_dept")
    yield stage.at(stage.working_day(day, 4), "11:00")
    stage.move("ligang", "complaint_investigation", report, "state_opinion", dept_final_opinion="换货并致歉")
    stage.move("ligang", "complaint", case, "give_opinion", accepting_dept_opinion="换货并致歉，加强检验")
    stage.move("ligang", "complaint", case, "submit")
    yield stage.at(stage.working_day(day, 4), "15:00")
    stage.move("fanbing", "complaint_investigation", report, "approve")
    stage.move("ligang", "complaint_investigation", report, "hand_to_service")
    stage.move("fanbing", "complaint", case, "approve_by_superior")
    yield stage.at(day + timedelta(days=rng.choice((6, 7, 7, 10))), f"10:{rng.randrange(10, 59)}")
    stage.move(
        "dongxue", "complaint", case, "reply", reply_form="书面", customer_notified_at=stage.acting("dongxue").now
    )
    answer = stage.create(
        "dongxue", "complaint_reply", complaint=case, reply_kind="处理结果答复", form="书面", addressee="投诉人",
        content="经调查属到货漏检，现为您换货，谨致歉意。", replied_by=stage.people["dongxue"],
    )  # fmt: skip
    stage.move("dongxue", "complaint_reply", answer, "send")
    yield stage.at(day + timedelta(days=11), "16:10")
    stage.move("dongxue", "complaint", case, "close")


def resident(stage: Stage, rng: Random, keeper: str) -> int:
    """Enter a resident and return the customer."""
    customer = stage.create(
        keeper, "customer", customer_name=names.person(rng), customer_kind="个人", channel_kind="业主/住户", address=names.address(rng),
        phone=names.mobile(rng), owner_user=stage.people[keeper], has_electronic_archive=False,
    )  # fmt: skip
    stage.move(keeper, "customer", customer, "activate")
    return customer


def resident_complaint(stage: Stage, rng: Random, day: date) -> Life:
    """A resident complains; the matter is settled and revisited by whom its severity demands."""
    category, content, demand = rng.choice(names.PROPERTY_COMPLAINTS)
    keeper = rng.choice(("xiewen", "songjie"))
    yield stage.at(day, f"{rng.randrange(9, 17):02}:{rng.randrange(10, 59)}")
    customer = resident(stage, rng, keeper)
    severity = rng.choice(("一般", "一般", "一般", "重要", "重大"))
    case = stage.create(
        keeper, "complaint", received_at=stage.acting(keeper).now, receptionist=stage.people[keeper], customer_party="租户/业主",
        channel=rng.choice(("来电", "24小时热线", "到店/来访")), complainant_name=names.person(rng), complainant_phone=names.mobile(rng),
        customer=customer, content=content, customer_demand=(demand,), category=category, severity=severity,
    )  # fmt: skip
    yield stage.at(stage.working_day(day, rng.choice((1, 2, 3))), f"16:{rng.randrange(10, 59)}")
    settled: dict[str, Any] = {
        "severity": severity,
        "handler": stage.people["caoming"],
        "solution": "已派工修复并清理现场",
    }
    stage.move(keeper, "complaint", case, "record_settled", **settled)
    if rng.random() < 0.2:
        return  # nobody revisits it in time
    revisitor = {"一般": keeper, "重要": "tangyu", "重大": "huangzhiqiang"}[severity]
    yield stage.at(stage.working_day(day, 3) + timedelta(days=rng.choice((1, 2, 2, 4))), f"14:{rng.randrange(10, 59)}")
    yield from revisited(stage, rng, case, customer, revisitor, severity)


def revisited(stage: Stage, rng: Random, case: int, customer: int, revisitor: str, severity: str) -> Life:
    """A revisit is made, dissatisfaction gets a promised date, the supervisor signs."""
    visit = stage.create(
        revisitor,
        "revisit_record",
        revisit_kind="投诉",
        complaint=case,
        customer=customer,
        revisitor=stage.people[revisitor],
    )
    work = stage.acting(revisitor)
    on_site = severity != "一般"
    unhappy = rng.random() < 0.25
    told: dict[str, Any] = {
        "revisited_at": work.now, "method": "上门回访" if on_site else "电话回访", "content": "询问处理结果和现状",
        "satisfaction": "不满意" if unhappy else rng.choice(("很满意", "满意", "满意", "一般")),
    }  # fmt: skip
    if on_site:
        told["customer_signature"] = stage.file(revisitor, "revisit_record", "customer_signature", "客户签名.png")
    if unhappy:
        told |= {"dissatisfaction": "问题再次出现", "resolved_on_spot": False, "reason_explained": "配件已订，周内更换"}
        told["promised_reply_at"] = work.now + timedelta(days=rng.choice((2, 4)))
    stage.move(revisitor, "revisit_record", visit, "record", **told)
    if revisitor != "tangyu":
        stage.move(revisitor, "complaint", case, "record_revisit", satisfaction=told["satisfaction"])
    today = work.today
    if unhappy:
        stage.move(revisitor, "revisit_record", visit, "need_next", rectification_person=stage.people["caoming"])
        if rng.random() < 0.6:
            yield stage.at(today + timedelta(days=2), "10:15")
            stage.update(revisitor, "revisit_record", visit, replied_at=stage.acting(revisitor).now)
    yield stage.at(stage.working_day(today, 2), "17:20")
    if revisitor == "tangyu":
        return  # her own revisits are signed by nobody below her
    stage.move("tangyu", "revisit_record", visit, "review", supervisor_opinion="回访到位，继续跟进")
    if not unhappy:
        stage.move("tangyu", "revisit_record", visit, "close")
        stage.move("tangyu", "complaint", case, "close_after_revisit")
