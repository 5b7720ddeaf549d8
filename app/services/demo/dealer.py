"""The car dealer of the demo: cars sold and serviced with their archives, and complaints of car owners."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from typing import Any

from app.services import records
from app.services.demo import names
from app.services.demo.stage import Life, Stage

ADMIN = "hexiaoyu"
SALES = ("liming", "liming", "xuting", "gaofei", "gaofei")
SERVICE = ("malin", "malin", "dengchao")
NEW_CAR = (
    ("绿卡", "原件"), ("购车发票复印件", "复印件"), ("销售合同原件", "原件"), ("身份证复印件(两面)", "复印件"), ("交车检查表", "原件"),
    ("行驶证复印件", "复印件"), ("保险单复印件", "复印件"), ("衍生服务清单", "原件"), ("车辆合格证复印件", "复印件"), ("交车照片", "照片"),
    ("新车PDI检查表", "原件"),
)  # fmt: skip
MAINTENANCE = (("接车单", "原件"), ("任务委托书", "原件"), ("结算单", "原件"), ("12项免费检查表", "原件"))
INSPECTION = frozenset({"交车检查表", "新车PDI检查表"})


def cabinets(stage: Stage, day: date) -> Life:
    """The archive administrator labels the cabinets that the archives will stand in."""
    yield stage.at(day, "08:50")
    for n in range(1, 5):
        slot = stage.create(
            ADMIN, "archive_storage", cabinet_no=f"A{n:02}", row_col="一层/左", key_holder=stage.people[ADMIN]
        )
        stage.refs[f"cabinet{n}"] = slot


def car_owner(stage: Stage, rng: Random, advisor: str) -> int:
    """Enter a car owner with a contact person and return the customer."""
    name, phone = names.person(rng), names.mobile(rng)
    customer = stage.create(
        advisor, "customer", customer_name=name, customer_kind="个人", channel_kind="车主", address=names.address(rng), phone=phone,
        owner_user=stage.people[advisor], has_electronic_archive=True, source_channel=rng.choice(("来电", "来访", "老客户介绍")),
    )  # fmt: skip
    stage.create(
        advisor, "customer_contact", customer=customer, contact_name=name, mobile=phone, is_primary_unique=True
    )
    return customer


def vehicle(stage: Stage, rng: Random, advisor: str, customer: int, sold: date | None) -> int:
    """Enter a car, sold by us on a day or elsewhere, and return it."""
    ours = {"origin": "本公司销售", "sale_on": sold, "delivered_on": sold, "sales_advisor": stage.people[advisor]}
    return stage.create(
        advisor, "vehicle", vin=names.vin(rng), plate_no=names.plate(rng), model=rng.choice(names.MODELS), customer=customer,
        **(ours if sold else {"origin": "它店用户到店维修"}),
    )  # fmt: skip


def sold_car(stage: Stage, rng: Random, day: date) -> Life:
    """A car is sold and delivered, its archive compiled, handed over, checked, shelved; now and then late or unsigned."""
    advisor = rng.choice(SALES)
    yield stage.at(day, f"{rng.randrange(10, 12)}:{rng.randrange(10, 59)}")
    customer = car_owner(stage, rng, advisor)
    if rng.random() < 0.9:
        stage.move(advisor, "customer", customer, "activate")
    car = vehicle(stage, rng, advisor, customer, day)
    yield stage.at(day, f"17:{rng.randrange(10, 59)}")
    archive = compile_archive(stage, advisor, car, "新车档案", day, NEW_CAR)
    days = rng.choice((1, 2, 2, 3, 3, 3, 5, 6)) if advisor == "liming" else rng.choice((1, 2, 2, 3, 3, 4))
    yield from handed_over(stage, rng, advisor, archive, len(NEW_CAR), stage.working_day(day, days), "销售部")


def service_visit(stage: Stage, rng: Random, day: date) -> Life:
    """A car comes to the workshop, its contact is verified or not, and its maintenance archive follows."""
    advisor = rng.choice(SERVICE)
    yield stage.at(day, f"09:{rng.randrange(10, 59)}")
    customer = car_owner(stage, rng, advisor)
    stage.move(advisor, "customer", customer, "activate")
    car = vehicle(stage, rng, advisor, customer, None)
    visit = stage.create(
        advisor, "service_reception_check", vehicle=car, service_advisor=stage.people[advisor], service_kind="保养",
        received_at=stage.at(day, "09:05"),
    )  # fmt: skip
    careful = rng.random() < (0.75 if advisor == "malin" else 0.95)
    if careful:
        verified: dict[str, Any] = {"contact_person": names.person(rng), "unique_contact_method": names.mobile(rng)}
        stage.move(advisor, "service_reception_check", visit, "verify", **verified)
    yield stage.at(day, f"16:{rng.randrange(10, 59)}")
    leave = "deliver" if careful else "deliver_unverified"
    stage.move(advisor, "service_reception_check", visit, leave, delivered_on=day)
    archive = compile_archive(stage, advisor, car, "售后-保养", day, MAINTENANCE)
    yield from handed_over(
        stage, rng, advisor, archive, len(MAINTENANCE), stage.working_day(day, rng.choice((1, 1, 1, 2))), "服务部"
    )


def compile_archive(
    stage: Stage, advisor: str, car: int, kind: str, day: date, papers: tuple[tuple[str, str], ...]
) -> int:
    """Open an archive with its list of papers and return it."""
    archive = stage.create(
        advisor,
        "vehicle_archive",
        vehicle=car,
        archive_kind=kind,
        trigger_date=day,
        responsible_advisor=stage.people[advisor],
    )
    rows = [{"archive": archive, "item_kind": p, "form": f, "is_inspection_kind": p in INSPECTION} for p, f in papers]
    stage.create_many(advisor, "vehicle_archive_item", rows)
    return archive


def handed_over(stage: Stage, rng: Random, advisor: str, archive: int, count: int, day: date, department: str) -> Life:
    """Both sides sign the book; the administrator checks, copies, shelves and completes the archive."""
    yield stage.at(day, f"{rng.randrange(10, 15)}:{rng.randrange(10, 59)}")
    missing = rng.random() < 0.2
    book: dict[str, Any] = (
        {"missing_note": "缺一份，正在补办", "expected_completion_on": stage.working_day(day, 2)} if missing else {}
    )
    line = stage.create(
        advisor,
        "archive_signoff",
        entry_date=day,
        archive=archive,
        from_department=department,
        item_count=count - missing,
        **book,
    )
    stage.move(advisor, "archive_signoff", line, "hand_over")
    items = [r["id"] for r in stage.find(ADMIN, "vehicle_archive_item", archive=archive)]
    lacking = items[-1]
    if missing:
        stage.update(advisor, "vehicle_archive_item", lacking, present=False, missing_noted=True)
    yield stage.at(day, f"15:{rng.randrange(10, 59)}")
    stage.move(ADMIN, "archive_signoff", line, "receive_incomplete" if missing else "receive")
    stage.move(ADMIN, "vehicle_archive", archive, "take_over")
    if rng.random() < 0.93:
        yield stage.at(day, f"17:{rng.randrange(10, 50)}")
        stage.update(ADMIN, "archive_signoff", line, placed_in_bag=True, electronic_created=True)
    yield from checked(stage, rng, archive, items, lacking if missing else None, line, stage.working_day(day, 1))


def checked(
    stage: Stage, rng: Random, archive: int, items: list[int], lacking: int | None, line: int, day: date
) -> Life:
    """The administrator checks paper by paper, then puts the archive where it belongs."""
    yield stage.at(day, f"10:{rng.randrange(10, 59)}")
    found: dict[int, dict[str, Any]] = {}
    care = 0.85 if len(items) == len(MAINTENANCE) else 0.96
    for item in items:
        if item == lacking:
            continue
        signed = rng.random() < care
        found[item] = {
            "content_ok": signed, "user_signature": "有效" if signed else "无", "defect": ("无",) if signed else ("无用户签名",),
            "internal_signature": "有效" if rng.random() < 0.98 else "无",
        }  # fmt: skip
    found[items[0]]["scan"] = (stage.file(ADMIN, "vehicle_archive_item", "scan", "扫描件.png"),)
    records.update_many(stage.acting(ADMIN), "vehicle_archive_item", found)
    stage.move(ADMIN, "vehicle_archive", archive, "check")
    yield stage.at(stage.working_day(day, 1), f"11:{rng.randrange(10, 59)}")
    stage.move(ADMIN, "vehicle_archive", archive, "scan")
    place: dict[str, Any] = {"bag_no": f"D{archive:05}", "cabinet_slot": stage.refs[f"cabinet{rng.randrange(1, 5)}"]}
    stage.move(ADMIN, "vehicle_archive", archive, "shelve", **place)
    stage.move(ADMIN, "vehicle_archive", archive, "fill_electronic")
    stage.pools.setdefault("vehicle_archive:shelved", []).append(archive)
    if lacking is not None:
        stage.move(ADMIN, "vehicle_archive", archive, "note_incomplete", reason="缺件待补")
        yield stage.at(stage.working_day(day, rng.choice((2, 3, 6))), "14:20")
        stage.update(ADMIN, "vehicle_archive_item", lacking, corrected_at=stage.acting(ADMIN).now)
        stage.move(ADMIN, "archive_signoff", line, "close_items")
    yield stage.at(stage.working_day(day, 8), "16:40")
    stage.move(ADMIN, "vehicle_archive", archive, "complete")


def complaint(stage: Stage, rng: Random, day: date) -> Life:
    """A car owner complains: ruled and assigned, a solution, consent, notice, satisfaction, summary."""
    category, content, demand = rng.choice(names.CAR_COMPLAINTS)
    through_group = rng.random() < 0.3
    clock = rng.randrange(9, 16)
    yield stage.at(day, f"{clock:02}:{rng.randrange(10, 59)}")
    by = "qianwen" if through_group else "yangyang"
    customer = car_owner(stage, rng, "yangyang")
    stage.move("yangyang", "customer", customer, "activate")
    case = stage.create(
        by, "complaint", customer=customer, received_at=stage.acting(by).now, receptionist=stage.people[by], customer_party="车主",
        channel="集团呼叫中心" if through_group else rng.choice(("来电", "到店/来访", "销售顾问转")), complainant_name=names.person(rng),
        complainant_phone=names.mobile(rng), car_model=rng.choice(names.MODELS), plate_no=names.plate(rng), content=content,
        customer_demand=(demand,), category=category, severity=rng.choice(("一般", "一般", "重要")), unit=stage.units["客户关系部"],
        identity_verified=True,
    )  # fmt: skip
    handler, unit = ("luoyong", "售后服务部") if category == "维修质量" else ("zhangwei", "销售部")
    yield stage.at(stage.working_day(day, 1), f"09:{rng.randrange(10, 59)}")
    ruled: dict[str, Any] = {
        "category": category, "reason_valid": "成立", "demand_reasonable": rng.choice(("合理", "部分")),
        "accepting_dept": stage.units[unit], "handler": stage.people[handler], "supervisor": stage.people["wangjianguo"],
    }  # fmt: skip
    stage.move("chenjing", "complaint", case, "rule_nature", **ruled)
    yield stage.at(stage.working_day(day, rng.choice((1, 2, 2, 4))), f"17:{rng.randrange(10, 59)}")
    solution: dict[str, Any] = {"cause_found": "操作未按作业指导书执行", "solution": "重新检查并免收工时费，向客户说明"}
    stage.move(handler, "complaint", case, "propose_solution", **solution)
    stage.move(handler, "complaint", case, "submit")
    yield from settled(
        stage, rng, case, customer, handler, stage.working_day(day, rng.choice((5, 5, 6))), through_group
    )


def settled(stage: Stage, rng: Random, case: int, customer: int, handler: str, day: date, through_group: bool) -> Life:
    """The general manager consents, the customer is told, the case is settled, asked about and summed up."""
    yield stage.at(day, f"10:{rng.randrange(10, 59)}")
    if rng.random() < 0.15:
        stage.move("wangjianguo", "complaint", case, "send_back", reason="请补充责任人和预防措施")
        yield stage.at(stage.working_day(day, 1), "09:30")
        stage.move(handler, "complaint", case, "submit")
        yield stage.at(stage.working_day(day, 1), "14:00")
    stage.move("wangjianguo", "complaint", case, "approve_by_gm")
    yield stage.at(
        stage.working_day(stage.acting(handler).today, rng.choice((0, 0, 0, 1))), f"16:{rng.randrange(10, 59)}"
    )
    told: dict[str, Any] = {"customer_notified_at": stage.acting("yangyang").now, "customer_reaction": "表示接受"}
    stage.move("yangyang", "complaint", case, "notify", **told)
    yield stage.at(stage.working_day(day, 2), f"11:{rng.randrange(10, 59)}")
    stage.move(handler, "complaint", case, "settle")
    if through_group and rng.random() < 0.8:
        yield stage.at(stage.working_day(day, 2), "16:30")
        stage.update("chenjing", "complaint", case, group_feedback_at=stage.acting("chenjing").now)
    yield stage.at(stage.working_day(day, 4), f"10:{rng.randrange(10, 59)}")
    mood = rng.choice(("很满意", "满意", "满意", "一般"))
    if through_group:
        group_revisit(stage, case, customer, mood)
    stage.move("yangyang", "complaint", case, "record_revisit", satisfaction=mood)
    yield stage.at(stage.working_day(day, 4) + timedelta(days=3), "16:00")
    stage.update(
        "chenjing",
        "complaint",
        case,
        summary_evaluation="流程执行到位，沟通及时",
        improvement="班前会讲解本案，增加终检",
    )
    stage.move("chenjing", "complaint", case, "close_with_summary")


def group_revisit(stage: Stage, case: int, customer: int, mood: str) -> None:
    """Group customer service calls the customer of a case that came through it."""
    call = stage.create(
        "qianwen", "revisit_record", revisit_kind="集团客服", complaint=case, customer=customer, revisitor=stage.people["qianwen"],
        unit=stage.units["客户关系部"],
    )  # fmt: skip
    told: dict[str, Any] = {
        "revisited_at": stage.acting("qianwen").now,
        "method": "电话回访",
        "content": "处理结果满意度调查",
        "satisfaction": mood,
    }
    stage.move("qianwen", "revisit_record", call, "record", **told)
    stage.move("qianwen", "revisit_record", call, "close_group_revisit")
