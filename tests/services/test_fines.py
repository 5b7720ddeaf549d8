"""The worked fines of requirements 04 §4.3 come out to the yuan through the doors: files, signatures, sweeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.errors import Invalid, Refused
from app.exchange import importing
from app.services import ledger, listing, records, sweep
from app.services.panel import Actor
from tests.site import CAR_OWNER, Site, at

NEW_CAR, MAINTENANCE = "新车档案", "售后-保养"
CAR = "车架号,车型,来源,用户"


def car(vin: str) -> str:
    """Return the line of a car in a file."""
    return f"{vin},明锐,它店用户到店维修,{CAR_OWNER}"


def bring(
    site: Site, tmp_path: Path, who: str, register: str, when: str, header: str, rows: Sequence[str]
) -> list[int]:
    """Import rows as a CSV file and return the ids of the register's records in the order entered."""
    file = tmp_path / f"{register}-{when[:10]}-{abs(hash(tuple(rows)))}.csv"
    file.write_text("\n".join([header, *rows]), encoding="utf-8-sig")
    report = importing.run(site.panel, site.actor(who), register, file, now=at(when))
    assert report.state == "done", (report.message, report.errors)
    with site.panel.reading(Actor.system()) as work:
        return [r["id"] for r in listing.select_rows(work, register, order="id")]


def archives(site: Site, tmp_path: Path, advisor: str, kind: str, deliveries: Sequence[str]) -> list[int]:
    """Bring one car and archive for each delivery day, all entered on the first, and return the archives."""
    first = f"{min(deliveries)} 09:00"
    cars = [car(f"LSV{site.ids[advisor]:02}{d.replace('-', '')}{n:04}") for n, d in enumerate(deliveries)]
    bring(site, tmp_path, "archive", "vehicle", first, CAR, cars)
    rows = [f"{row[:17]},{kind},{d},{advisor}" for row, d in zip(cars, deliveries, strict=True)]
    return bring(site, tmp_path, "archive", "vehicle_archive", first, "车辆,档案类别,交车日期,责任顾问", rows)[
        -len(rows) :
    ]


def papers(site: Site, tmp_path: Path, archive: int, when: str, rows: Sequence[str]) -> None:
    """Bring the checklist of an archive: paper, original or copy, inspection sheet, present, user and internal signature, defects."""
    number = site.read("vehicle_archive", archive)["record_no"]
    header = "档案,资料名称,原件/复印件,检查类,齐,用户签名,内部人员签名,缺陷,移交时已注明缺件"
    bring(site, tmp_path, "archive", "vehicle_archive_item", when, header, [f"{number},{r}" for r in rows])


def hand_over(site: Site, advisor: str, archive: int, when: str, missing: str = "") -> int:
    """Sign an archive over: advisor, then administrator."""
    values = {"entry_date": at(when).date(), "archive": archive, "item_count": 12, "missing_note": missing or None}
    signoff = site.create(
        advisor,
        "archive_signoff",
        when,
        from_department="销售部" if advisor.startswith("sales") else "服务部",
        **values,
    )
    site.move(advisor, "archive_signoff", signoff, "hand_over", when)
    if missing:
        expected = at(when).date() + timedelta(days=1)
        site.move("archive", "archive_signoff", signoff, "receive_incomplete", when, expected_completion_on=expected)
    else:
        site.move("archive", "archive_signoff", signoff, "receive", when)
    return signoff


def check(site: Site, archive: int, when: str) -> None:
    """Let the administrator take an archive over and check it."""
    site.move("archive", "vehicle_archive", archive, "take_over", when)
    site.move("archive", "vehicle_archive", archive, "check", when)


def sweep_days(site: Site, first: str, last: str) -> None:
    """Run the sweep once each day, shortly after midnight, as a site that only wakes at night would."""
    day = at(f"{first} 00:05")
    while day <= at(f"{last} 00:05"):
        sweep.run(site.panel, day)
        day += timedelta(days=1)


def fines(site: Site, person: str, month: str) -> list[Decimal]:
    """Return the amounts of a person's tickets of a month, in order of violation, dropped ones left out."""
    with site.panel.reading(Actor.system()) as work:
        found = ledger.tickets(work, person=site.ids[person], month=month)
    return [
        t["amount"]
        for t in sorted(found, key=lambda t: (t["occurred_at"], t["ordinal"]))
        if t["state"] in {"proposed", "confirmed", "executed"}
    ]


def yuan(*amounts: int) -> list[Decimal]:
    return [Decimal(a) for a in amounts]


def order_of(site: Site, person: str, place: int = 0) -> int:
    """Return the id of a person's order to correct."""
    with site.panel.reading(Actor.system()) as work:
        mine = [listing.Filter("person", "eq", site.ids[person])]
        return int(listing.select_rows(work, "archive_rectification", filters=mine, order="id")[place]["id"])


def test_a_sales_advisor_pays_50_80_and_100_in_march_and_50_again_in_april(site: Site, tmp_path: Path) -> None:
    late_a, sheets_b, late_c, late_d = archives(
        site, tmp_path, "sales1", NEW_CAR, ["2025-03-03", "2025-03-12", "2025-03-19", "2025-03-26"]
    )
    sweep_days(site, "2025-03-04", "2025-03-07")
    hand_over(site, "sales1", late_a, "2025-03-07 09:00")
    hand_over(site, "sales1", sheets_b, "2025-03-14 09:00")
    papers(
        site,
        tmp_path,
        sheets_b,
        "2025-03-14 09:30",
        [f"{n},原件,是,是,无,有效,," for n in ("交车检查表", "新车PDI检查表")],
    )
    check(site, sheets_b, "2025-03-14 10:00")
    sweep_days(site, "2025-03-15", "2025-03-25")
    hand_over(site, "sales1", late_c, "2025-03-25 09:00")
    sweep_days(site, "2025-03-26", "2025-04-01")
    hand_over(site, "sales1", late_d, "2025-04-01 09:00")
    assert fines(site, "sales1", "2025-03") == yuan(50, 80, 100)
    assert fines(site, "sales1", "2025-04") == yuan(50)


def test_an_archive_both_late_and_unsigned_costs_50_and_80(site: Site, tmp_path: Path) -> None:
    (car,) = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03"])
    sweep_days(site, "2025-03-04", "2025-03-07")
    papers(
        site, tmp_path, car, "2025-03-07 09:30", [f"{n},原件,是,是,无,有效,," for n in ("交车检查表", "新车PDI检查表")]
    )
    hand_over(site, "sales1", car, "2025-03-07 09:40")
    check(site, car, "2025-03-07 10:00")
    assert fines(site, "sales1", "2025-03") == yuan(50, 80)


def test_cancelling_the_first_ticket_makes_the_second_the_first(site: Site, tmp_path: Path) -> None:
    late, sheets = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03", "2025-03-12"])
    sweep_days(site, "2025-03-04", "2025-03-07")
    hand_over(site, "sales1", late, "2025-03-07 09:00")
    hand_over(site, "sales1", sheets, "2025-03-14 09:00")
    papers(
        site,
        tmp_path,
        sheets,
        "2025-03-14 09:30",
        [f"{n},原件,是,是,无,有效,," for n in ("交车检查表", "新车PDI检查表")],
    )
    check(site, sheets, "2025-03-14 10:00")
    assert fines(site, "sales1", "2025-03") == yuan(50, 80)
    with site.panel.work(site.actor("director"), now=at("2025-03-20 09:00")) as work:
        second, first = ledger.tickets(work, person=site.ids["sales1"])
        ledger.confirm(work, second["id"])
        ledger.execute(work, second["id"])
        ledger.cancel(work, first["id"], "交车日期录错")
    assert fines(site, "sales1", "2025-03") == yuan(40)
    with site.panel.reading(site.actor("director")) as work:
        entries = ledger.why(work, second["id"]).entries
    assert [(e["kind"], e["amount"]) for e in entries] == [
        ("assessed", 80), ("confirmed", 0), ("executed", 0), ("corrected", -40),
    ]  # fmt: skip


def test_two_violations_on_either_side_of_a_month_are_not_doubled(site: Site, tmp_path: Path) -> None:
    march, april = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-25", "2025-03-26"])
    sweep_days(site, "2025-03-26", "2025-04-01")
    hand_over(site, "sales1", march, "2025-04-01 09:00")
    hand_over(site, "sales1", april, "2025-04-01 09:10")
    assert fines(site, "sales1", "2025-03") == yuan(50)
    assert fines(site, "sales1", "2025-04") == yuan(50)


def service_march(site: Site, tmp_path: Path) -> None:
    """Bring about the four violations of a service advisor's March: D3, D5 of two papers, D4, D5b of one."""
    vehicle = bring(site, tmp_path, "archive", "vehicle", "2025-03-03 09:00", CAR, [car("LSV00000000000001")])[-1]
    reception = site.create(
        "service1", "service_reception_check", "2025-03-03 10:00",
        vehicle=vehicle, service_advisor=site.ids["service1"], received_at=at("2025-03-03 10:00"), service_kind="保养",
    )  # fmt: skip
    site.move("archive", "service_reception_check", reception, "not_verified", "2025-03-03 11:00")
    wrong, late, unsigned = archives(
        site, tmp_path, "service1", MAINTENANCE, ["2025-03-05", "2025-03-10", "2025-03-17"]
    )
    papers(site, tmp_path, wrong, "2025-03-06 09:00", [f"{n},原件,否,是,有效,有效,错误," for n in ("接车单", "结算单")])
    hand_over(site, "service1", wrong, "2025-03-06 09:10")
    check(site, wrong, "2025-03-06 10:00")
    sweep_days(site, "2025-03-07", "2025-03-12")
    hand_over(site, "service1", late, "2025-03-12 09:00")
    papers(site, tmp_path, unsigned, "2025-03-18 09:00", ["任务委托书,原件,否,是,无,有效,,"])
    hand_over(site, "service1", unsigned, "2025-03-18 09:10")
    check(site, unsigned, "2025-03-18 10:00")
    sweep_days(site, "2025-03-19", "2025-03-31")


def test_a_service_advisor_pays_290_in_march(site: Site, tmp_path: Path) -> None:
    service_march(site, tmp_path)
    assert fines(site, "service1", "2025-03") == yuan(50, 40, 100, 100)


def test_performance_pay_is_open_from_three_confirmed_violations_within_10_to_30_percent(
    site: Site, tmp_path: Path
) -> None:
    service_march(site, tmp_path)
    director = site.actor("director")
    pay = {"pay": Decimal(3000), "reason": "屡次"}
    with site.panel.work(director, now=at("2025-04-01 09:00")) as work:
        found = ledger.tickets(work, person=site.ids["service1"])
        for t in found[:2]:
            ledger.confirm(work, t["id"])
        assert ledger.offers(work, "2025-03") == []
        with pytest.raises(Refused, match="不足 3 次"):
            ledger.decide(
                work, "archive_month", "performance_pay", site.ids["service1"], "2025-03", rate=Decimal(20), **pay
            )
        ledger.confirm(work, found[2]["id"])
        for rate in ("5", "35"):
            with pytest.raises(Invalid):
                ledger.decide(
                    work, "archive_month", "performance_pay", site.ids["service1"], "2025-03", rate=Decimal(rate), **pay
                )
        taken = ledger.decide(
            work, "archive_month", "performance_pay", site.ids["service1"], "2025-03", rate=Decimal(20), **pay
        )
        assert taken == Decimal(600)
        with pytest.raises(Refused, match="已决定"):
            ledger.decide(
                work, "archive_month", "performance_pay", site.ids["service1"], "2025-03", rate=Decimal(10), **pay
            )


def test_performance_pay_is_closed_again_where_one_of_three_is_waived(site: Site, tmp_path: Path) -> None:
    service_march(site, tmp_path)
    with site.panel.work(site.actor("director"), now=at("2025-04-01 09:00")) as work:
        found = ledger.tickets(work, person=site.ids["service1"])
        for t in found[:3]:
            ledger.confirm(work, t["id"])
        assert [(o.person, o.count) for o in ledger.offers(work, "2025-03")] == [(site.ids["service1"], 3)]
        ledger.waive(work, found[0]["id"], "情有可原")
        assert ledger.offers(work, "2025-03") == []


def test_performance_pay_is_never_taken_from_a_sales_advisor(site: Site, tmp_path: Path) -> None:
    archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06", "2025-03-07"])
    sweep_days(site, "2025-03-04", "2025-03-20")
    with site.panel.work(site.actor("director"), now=at("2025-04-01 09:00")) as work:
        found = ledger.tickets(work, person=site.ids["sales1"])
        for t in found:
            ledger.confirm(work, t["id"])
        assert len(found) == 5
        assert ledger.offers(work, "2025-03") == []


def test_one_archive_with_four_defective_papers_is_one_ticket_of_140(site: Site, tmp_path: Path) -> None:
    (car,) = archives(site, tmp_path, "service1", MAINTENANCE, ["2025-03-03"])
    rows = [
        "接车单,原件,否,是,有效,有效,不完整,",
        "结算单,原件,否,是,无,有效,,",
        "任务委托书,原件,否,是,错误,有效,,",
        "12项免费检查表,原件,否,是,有效,无,,",
    ]
    papers(site, tmp_path, car, "2025-03-04 09:00", rows)
    hand_over(site, "service1", car, "2025-03-04 09:10")
    check(site, car, "2025-03-04 10:00")
    assert fines(site, "service1", "2025-03") == yuan(140)


def test_a_noted_paper_brought_in_time_costs_nothing_and_one_not_brought_50_and_20(site: Site, tmp_path: Path) -> None:
    brought, not_brought = archives(site, tmp_path, "service1", MAINTENANCE, ["2025-03-03", "2025-03-10"])
    for archive, day in ((brought, "2025-03-03"), (not_brought, "2025-03-10")):
        papers(
            site,
            tmp_path,
            archive,
            f"{day} 15:00",
            ["结算单,原件,否,否,有效,有效,,是", "接车单,原件,否,是,有效,有效,,"],
        )
    signed = hand_over(site, "service1", brought, "2025-03-03 16:00", missing="缺结算单")
    check(site, brought, "2025-03-03 16:30")
    site.move("archive", "archive_signoff", signed, "close_items", "2025-03-04 15:00")
    hand_over(site, "service1", not_brought, "2025-03-10 16:00", missing="缺结算单")
    check(site, not_brought, "2025-03-10 16:30")
    sweep_days(site, "2025-03-04", "2025-03-12")
    assert fines(site, "service1", "2025-03") == yuan(50, 20)


def test_a_noted_paper_joins_the_ticket_of_what_the_check_found(site: Site, tmp_path: Path) -> None:
    (archive,) = archives(site, tmp_path, "service1", MAINTENANCE, ["2025-03-10"])
    papers(
        site, tmp_path, archive, "2025-03-10 15:00", ["结算单,原件,否,否,有效,有效,,是", "接车单,原件,否,是,无,有效,,"]
    )
    hand_over(site, "service1", archive, "2025-03-10 16:00", missing="缺结算单")
    check(site, archive, "2025-03-10 16:30")
    assert fines(site, "service1", "2025-03") == yuan(50)
    sweep_days(site, "2025-03-11", "2025-03-12")
    assert sorted(fines(site, "service1", "2025-03")) == yuan(50, 70)


def test_a_car_ordered_and_not_corrected_costs_150_and_the_counter_stands_at_3(site: Site, tmp_path: Path) -> None:
    late, sheet = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03", "2025-03-18"])
    sweep_days(site, "2025-03-04", "2025-03-07")
    site.move("archive", "archive_rectification", order_of(site, "sales1"), "order", "2025-03-07 10:00")
    sweep_days(site, "2025-03-08", "2025-03-12")
    hand_over(site, "sales1", late, "2025-03-12 10:00")
    sweep_days(site, "2025-03-13", "2025-03-20")
    assert fines(site, "sales1", "2025-03") == yuan(50, 50, 50)
    assert site.read("archive_rectification", order_of(site, "sales1"))["state"] == "corrected"
    papers(site, tmp_path, sheet, "2025-03-20 09:00", ["交车检查表,原件,是,是,无,有效,,"])
    hand_over(site, "sales1", sheet, "2025-03-20 09:10")
    check(site, sheet, "2025-03-20 10:00")
    assert fines(site, "sales1", "2025-03") == yuan(50, 50, 50, 40)


def test_a_doubled_fine_repeats_at_the_doubled_amount(site: Site, tmp_path: Path) -> None:
    first, second, third = archives(site, tmp_path, "service1", MAINTENANCE, ["2025-03-03", "2025-03-04", "2025-03-05"])
    for archive, day in ((first, "2025-03-04"), (second, "2025-03-05")):
        papers(site, tmp_path, archive, f"{day} 09:00", ["结算单,原件,否,是,有效,无,,"])
        hand_over(site, "service1", archive, f"{day} 09:10")
        check(site, archive, f"{day} 10:00")
    papers(site, tmp_path, third, "2025-03-06 09:00", [f"{n},原件,否,是,有效,有效,错误," for n in ("接车单", "结算单")])
    hand_over(site, "service1", third, "2025-03-06 09:10")
    check(site, third, "2025-03-06 10:00")
    order = order_of(site, "service1", 2)
    site.move("archive", "archive_rectification", order, "order", "2025-03-06 11:00")
    sweep_days(site, "2025-03-07", "2025-03-11")
    site.move("archive", "archive_rectification", order, "correct", "2025-03-11 10:00")
    sweep_days(site, "2025-03-12", "2025-03-14")
    assert fines(site, "service1", "2025-03") == yuan(20, 20, 80, 80, 80)


def test_a_repeat_costs_only_what_is_still_uncorrected(site: Site, tmp_path: Path) -> None:
    (car,) = archives(site, tmp_path, "service1", MAINTENANCE, ["2025-03-05"])
    papers(
        site,
        tmp_path,
        car,
        "2025-03-06 09:00",
        [f"{n},原件,否,是,有效,无,," for n in ("接车单", "结算单", "任务委托书")],
    )
    hand_over(site, "service1", car, "2025-03-06 09:10")
    check(site, car, "2025-03-06 10:00")
    order = order_of(site, "service1")
    site.move("archive", "archive_rectification", order, "order", "2025-03-06 11:00")
    with site.panel.work(site.actor("archive"), now=at("2025-03-07 15:00")) as work:
        lines = [r["id"] for r in listing.select_rows(work, "vehicle_archive_item", order="id")]
        for line in lines[:2]:
            records.update(work, "vehicle_archive_item", line, {"corrected_at": at("2025-03-07 15:00")})
    sweep_days(site, "2025-03-08", "2025-03-08")
    site.move("archive", "archive_rectification", order, "correct", "2025-03-10 10:00")
    sweep_days(site, "2025-03-09", "2025-03-12")
    assert fines(site, "service1", "2025-03") == yuan(60, 20)


def test_a_repeat_in_april_keeps_marchs_amount_and_counts_in_april(site: Site, tmp_path: Path) -> None:
    early, late, fresh = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03", "2025-03-24", "2025-04-07"])
    sweep_days(site, "2025-03-04", "2025-03-07")
    hand_over(site, "sales1", early, "2025-03-07 09:00")
    sweep_days(site, "2025-03-08", "2025-03-28")
    site.move("archive", "archive_rectification", order_of(site, "sales1", 1), "order", "2025-03-28 10:00")
    sweep_days(site, "2025-03-29", "2025-04-01")
    hand_over(site, "sales1", late, "2025-04-01 09:00")
    papers(site, tmp_path, fresh, "2025-04-08 09:00", ["交车检查表,原件,是,是,无,有效,,"])
    hand_over(site, "sales1", fresh, "2025-04-08 09:10")
    check(site, fresh, "2025-04-08 10:00")
    assert fines(site, "sales1", "2025-03") == yuan(50, 100)
    assert fines(site, "sales1", "2025-04") == yuan(100, 40)


def test_what_is_corrected_on_the_day_of_the_order_does_not_repeat(site: Site, tmp_path: Path) -> None:
    (car,) = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03"])
    sweep_days(site, "2025-03-04", "2025-03-07")
    site.move("archive", "archive_rectification", order_of(site, "sales1"), "order", "2025-03-07 10:00")
    hand_over(site, "sales1", car, "2025-03-07 15:00")
    sweep_days(site, "2025-03-08", "2025-03-14")
    assert fines(site, "sales1", "2025-03") == yuan(50)


def lose(site: Site, who: str, archive: int, person: str, count: int, when: str) -> None:
    """Report lost papers of an archive."""
    with site.panel.work(site.actor(who), now=at(when)) as work:
        ledger.report(work, "vehicle_archive", archive, "lost_documents", site.ids[person], quantity=count)


def test_three_papers_lost_by_the_archive_administrator_cost_60(site: Site, tmp_path: Path) -> None:
    (car,) = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03"])
    lose(site, "archive", car, "archive", 3, "2025-03-05 09:00")
    assert fines(site, "archive", "2025-03") == yuan(60)


def test_a_service_advisors_third_violation_doubles_two_lost_papers_to_80(site: Site, tmp_path: Path) -> None:
    cars = archives(site, tmp_path, "service1", MAINTENANCE, ["2025-03-03", "2025-03-04"])
    sweep_days(site, "2025-03-04", "2025-03-06")
    for car in cars:
        hand_over(site, "service1", car, "2025-03-06 09:00")
    lose(site, "archive", cars[0], "service1", 2, "2025-03-07 09:00")
    assert fines(site, "service1", "2025-03") == yuan(50, 50, 80)


def test_a_borrower_who_damages_one_paper_pays_20(site: Site, tmp_path: Path) -> None:
    (car,) = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03"])
    lose(site, "archive", car, "stranger", 1, "2025-03-05 09:00")
    assert fines(site, "stranger", "2025-03") == yuan(20)


def test_the_sweep_done_again_changes_nothing(site: Site, tmp_path: Path) -> None:
    archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03", "2025-03-04"])
    first = sweep.run(site.panel, at("2025-03-12 00:05"))
    again = sweep.run(site.panel, at("2025-03-12 00:05"))
    assert first.tickets == 2
    assert vars(again) == {"timers": 0, "breaches": 0, "tickets": 0, "notices": 0, "batches": 0}
    assert fines(site, "sales1", "2025-03") == yuan(50, 100)


def test_one_late_sweep_finds_what_daily_sweeps_would_have(site: Site, tmp_path: Path) -> None:
    (late,) = archives(site, tmp_path, "sales1", NEW_CAR, ["2025-03-03"])
    sweep.run(site.panel, at("2025-03-07 00:05"))
    site.move("archive", "archive_rectification", order_of(site, "sales1"), "order", "2025-03-07 10:00")
    hand_over(site, "sales1", late, "2025-03-12 10:00")
    assert fines(site, "sales1", "2025-03") == yuan(50, 50, 50)
