"""Deadlines and fines carry the figures and citations of requirements 03 and 04."""

from __future__ import annotations

from decimal import Decimal

import pytest

from app.catalog.breach import Breach
from app.catalog.catalog import Catalog
from app.catalog.duty import Duty
from app.catalog.loader import load
from tests.site import everything

ARCHIVE = "vehicle_archive"

LIMITS = {
    "D-01": (ARCHIVE, "hand_over_new_car", {"working_days": 3}, {"P05-C1", "P05-D1"}),
    "D-02": (ARCHIVE, "hand_over_after_sales", {"working_days": 1}, {"P05-C2", "P05-D4"}),
    "D-03": ("archive_rectification", "correct_violation", {"working_days": 1}, {"P05-D10"}),
    "D-04": ("archive_signoff", "register_same_day", {"days": 0, "on_rest_day": "stay"}, {"P05-A5"}),
    "D-05": ("complaint", "close_in_seven_days", {"days": 7}, {"P03-26"}),
    "D-07": ("archive_borrow_log", "give_back", {"days": 3}, {"P08-19.5"}),
    "D-12": ("complaint", "propose_solution", {"working_days": 1}, {"P13-D3"}),
    "D-13": ("complaint", "feed_back_to_group", {"hours": 24}, {"P15-2.4"}),
    "D-15 general": ("complaint", "revisit_general", {"days": 3}, {"P16-1.3"}),
    "D-15 important": ("complaint", "revisit_important", {"days": 3}, {"P16-1.3"}),
    "D-15 major": ("complaint", "revisit_major", {"days": 3}, {"P16-1.3"}),
    "D-16": ("repair_order", "revisit", {"months": 1}, {"P16-1.4"}),
    "D-17": ("customer_event", "revisit_participants", {"months": 1}, {"P16-1.5"}),
    "D-22": ("customer", "grade_new_customer", {"months": 6}, {"P18-5.1.2d"}),
    "D-49": ("revisit_record", "reply_as_promised", {"field": "promised_reply_at"}, {"P16-1.9", "P16-2.3"}),
    "C-11 response": ("complaint", "respond_first", {"hours": 24}, {"P01-四(一)4", "P02-四(三)2"}),
    "C-11 investigation": ("complaint", "begin_investigation", {"working_days": 1}, {"P01-七(二)1", "P02-四(三)3"}),
    "C-11 result": ("complaint", "feed_back_result", {"days": 7}, {"P01-四(二)3", "P02-四(三)4"}),
    "C-19 ruling": ("complaint", "rule_on_acceptance", {"hours": 4}, {"P03-7"}),
    "C-19 assignment": ("complaint", "assign_department", {"working_days": 1}, {"P03-9"}),
    "C-19 report": ("complaint", "report_investigation", {"working_days": 2}, {"P03-11"}),
    "C-20 notice": ("complaint", "notify_customer", {"hours": 24}, {"P13-D4"}),
    "C-20 satisfaction": ("complaint", "ask_satisfaction", {"days": 3}, {"P13-D5"}),
    "C-27": ("customer", "open_archive", {"working_days": 1}, {"P08-4"}),
    "C-30": ("archive_borrow_log", "cancel_entry", {"days": 0, "on_rest_day": "stay"}, {"P08-20"}),
    "C-46 move-in": ("space_handover", "revisit_after_move_in", {"days": 3}, {"P16-1.6"}),
    "C-46": ("revisit_record", "revisit_again", {"days": 7}, {"P16-2.3"}),
}

ROUNDS = {
    "D-08": ("unit", "check_archives", "half_year", "P08-14"),
    "D-24": ("unit", "state_repairs", "month", "P19-3.8"),
    "D-29": ("property_project", "visit_tenants", "year", "P21-4.13"),
    "D-30": ("unit", "survey_satisfaction", "year", "P07-6a"),
    "D-38": ("property_project", "consult_opinions", "year", "P09-B12"),
    "D-43": ("customer", "agree_on_supply", "month", "P06-10客户"),
    "C-02": ("unit", "analyse_customers", "quarter", "P01-二(三)3"),
    "C-09": ("customer", "assess_credit", "half_year", "P01-六(一)1"),
    "C-14": ("customer", "revisit_regularly", "quarter", "P17-1.7-2"),
    "C-16": ("unit", "research_market", "half_year", "P02-二(一)1"),
    "C-28": ("archive_storage", "check_environment", "month", "P08-16"),
    "C-61": ("unit", "check_information_security", "quarter", "P02-三(四)5"),
    "T-02": ("employee", "open_sheet", "working_day", "P12-3.1.1"),
    "T-13": ("unit", "state_archive_rates", "month", "P05-D8"),
}


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped catalog."""
    found, _ = load(everything())
    assert found is not None
    return found


def duty(catalog: Catalog, rule: str) -> Duty:
    register, code, _, _ = LIMITS[rule]
    return catalog.duties[register, code]


def breach(catalog: Catalog, register: str, code: str) -> Breach:
    return catalog.breaches[register, code]


@pytest.mark.parametrize("rule", LIMITS)
def test_a_deadline_has_the_length_and_article_of_the_requirements(catalog: Catalog, rule: str) -> None:
    _, _, length, cites = LIMITS[rule]
    (limit,) = duty(catalog, rule).within
    assert limit.model_dump(exclude_defaults=True, exclude={"cite"}) == length
    assert {str(c) for c in limit.cite} == cites


@pytest.mark.parametrize("rule", [r for r in LIMITS if r not in {"D-04", "C-30"}])
def test_people_are_reminded_before_the_time_ends(catalog: Catalog, rule: str) -> None:
    """C-63: one working day before a limit of days, at 50 and 80 percent of one of hours."""
    reminded = duty(catalog, rule).remind
    (limit,) = duty(catalog, rule).within
    if limit.hours is not None or limit.field:
        assert [r.at_percent for r in reminded] == [50, 80]
    else:
        assert [r.before.working_days for r in reminded if r.before] == [1]


@pytest.mark.parametrize("rule", LIMITS)
def test_somebody_is_told_when_the_time_has_ended(catalog: Catalog, rule: str) -> None:
    assert duty(catalog, rule).escalate


@pytest.mark.parametrize("rule", ROUNDS)
def test_what_recurs_is_owed_by_a_record_that_is_there_before_anybody_has_begun_it(catalog: Catalog, rule: str) -> None:
    register, code, period, cite = ROUNDS[rule]
    recurring = catalog.duties[register, code]
    assert recurring.every is not None
    assert recurring.every.period == period
    assert cite in {str(c) for limit in recurring.within for c in limit.cite}
    assert recurring.done.register_code not in {"", register}


def test_a_new_car_archive_is_handed_over_when_both_have_signed_the_book(catalog: Catalog) -> None:
    done = duty(catalog, "D-01").done
    assert (done.register_code, done.through, done.field) == ("archive_signoff", "archive", "received_by")
    book = catalog.registers["archive_signoff"].workflow
    assert book is not None
    for receipt in (t for t in book.transitions if t.sign == "received_by"):
        assert receipt.source == ("handed",)
        assert "handed_by" in receipt.not_by
    assert [t.sign for t in book.transitions if t.target == "handed"] == ["handed_by"]


def test_an_after_sales_archive_must_be_complete_as_well(catalog: Catalog) -> None:
    done = duty(catalog, "D-02").done
    assert (done.register_code, done.through, done.state) == ("archive_signoff", "archive", ("complete",))


def test_an_uncorrected_violation_comes_again_every_working_day(catalog: Catalog) -> None:
    repeated = duty(catalog, "D-03")
    assert repeated.repeat is not None
    assert repeated.repeat.working_days == 1
    assert repeated.starts.field == "ordered_by"
    again = breach(catalog, "archive_rectification", "not_corrected")
    assert (again.clause, again.multiplied, again.amount[0].same_as, again.amount[0].basis) == (
        "D10",
        False,
        "ticket",
        "remaining",
    )


@pytest.mark.parametrize(
    ("register", "code", "clause", "yuan", "per"),
    [
        (ARCHIVE, "late_handover", "D1", 50, "case"),
        ("service_reception_check", "contact_not_verified", "D3", 50, "case"),
        (ARCHIVE, "late_or_incomplete", "D4", 50, "case"),
        (ARCHIVE, "lost_documents", "D7", 20, "item"),
        ("archive_borrow_log", "lost_in_loan", "D7", 20, "item"),
    ],
)
def test_a_fine_has_the_amount_of_its_clause(
    catalog: Catalog, register: str, code: str, clause: str, yuan: int, per: str
) -> None:
    rule = breach(catalog, register, code)
    assert (rule.clause, rule.amount[0].money, rule.amount[0].per) == (clause, Decimal(yuan), per)
    assert [str(c) for c in rule.amount[0].cite] == [f"P05-{clause}"]
    assert (rule.counter, rule.confirmed_by) == ("archive_month", "customer_director")


def lines(catalog: Catalog, code: str, item: dict[str, object]) -> dict[str, Decimal | None]:
    """Return the lines that a paper brings about, kind → yuan."""
    found = breach(catalog, ARCHIVE, code).lines
    assert found is not None
    empty = {"required": True, "present": True, "defect": (), "corrected_at": None, "is_inspection_kind": False}
    return {k.code: k.amount[0].money for k in found.kinds if k.when.holds(empty | item)}


def test_only_inspection_sheets_without_a_valid_user_signature_cost_a_sales_advisor(catalog: Catalog) -> None:
    sheet = {"is_inspection_kind": True}
    assert lines(catalog, "unsigned_inspection", sheet | {"user_signature": "无"}) == {"user_signature": Decimal(20)}
    assert lines(catalog, "unsigned_inspection", sheet | {"user_signature": "错误"}) == {"user_signature": Decimal(20)}
    assert lines(catalog, "unsigned_inspection", sheet | {"user_signature": "有效"}) == {}
    assert lines(catalog, "unsigned_inspection", {"user_signature": "无"}) == {}


@pytest.mark.parametrize(
    ("item", "yuan"),
    [
        ({"defect": ("错误",)}, 20),
        ({"defect": ("不完整", "不符合要求")}, 20),
        ({"user_signature": "无"}, 50),
        ({"user_signature": "错误", "defect": ("错误", "用户签名错误")}, 50),
        ({"internal_signature": "无"}, 20),
        ({"user_signature": "无", "internal_signature": "无"}, 70),
        ({"present": False}, 20),
        ({"present": False, "required": False}, 0),
        ({"present": False, "missing_noted": True}, 0),
        ({"user_signature": "有效", "internal_signature": "不需要", "defect": ("无",)}, 0),
    ],
)
def test_a_defective_paper_costs_a_service_advisor_by_its_kind(
    catalog: Catalog, item: dict[str, object], yuan: int
) -> None:
    """Requirements 4.2: b replaces a, c is added, what the book notes as missing waits for the limit."""
    assert sum((v or Decimal(0) for v in lines(catalog, "defective_items", item).values()), Decimal(0)) == yuan


def test_a_noted_paper_costs_once_the_limit_has_passed_unless_it_came_before(catalog: Catalog) -> None:
    noted = {"present": False, "missing_noted": True}
    assert lines(catalog, "missing_items", noted) == {"missing": Decimal(20)}
    assert lines(catalog, "missing_items", noted | {"corrected_at": "2025-03-10"}) == {}
    late = breach(catalog, ARCHIVE, "missing_items")
    assert late.clause == "D5"
    assert late.trigger is not None
    assert late.trigger.breach == "late_or_incomplete"


def test_fines_double_from_the_second_for_sales_and_from_the_third_for_service(catalog: Catalog) -> None:
    counter = catalog.counters["archive_month"]
    assert (counter.window, counter.waived_counts, counter.order) == (
        "calendar_month",
        False,
        ("D1", "D2", "D3", "D4", "D5", "D7"),
    )
    multiplied = {m.role: (m.from_nth, m.by, [str(c) for c in m.cite]) for m in counter.multiply}
    assert multiplied == {"sales_advisor": (2, Decimal(2), ["P05-D6"]), "service_advisor": (3, Decimal(2), ["P05-D6"])}


def test_performance_pay_is_offered_for_service_advisors_alone(catalog: Catalog) -> None:
    (offer,) = catalog.counters["archive_month"].offers
    assert (offer.role, offer.from_nth, offer.decided_by) == ("service_advisor", 3, "customer_director")
    assert (offer.share_of_pay.min, offer.share_of_pay.max) == (Decimal(10), Decimal(30))


def test_every_archive_fine_but_loss_and_repetition_brings_an_order_to_correct(catalog: Catalog) -> None:
    rules = {(r, b.code): b for (r, _), b in catalog.breaches.items() if b.counter == "archive_month"}
    without = {code for (_, code), b in rules.items() if b.correct is None}
    assert without == {"lost_documents", "lost_in_loan", "not_corrected"}
    missed = {d.breach for d in catalog.registers[ARCHIVE].duties}
    assert all(b.correct and b.correct.closed_by == "fulfil" for (_, code), b in rules.items() if code in missed)


def test_an_overdue_loan_costs_nothing_but_is_told_up_the_line(catalog: Catalog) -> None:
    """PN-25: the policy names no sanction."""
    rule = breach(catalog, "archive_borrow_log", "overdue_loan")
    assert (rule.amount, rule.counter) == ((), "")
    told = [{p.word or p.role for p in e.tell} for e in duty(catalog, "D-07").escalate]
    assert "info_specialist" in told[0]
    assert "cs_manager" in told[-1]
