"""Who may see, sign and decide is what requirements 06 says."""

from __future__ import annotations

import pytest

from app.catalog.catalog import Catalog
from app.catalog.loader import load
from app.catalog.register import Transition
from tests.site import everything


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """The shipped catalog."""
    found, _ = load(everything())
    assert found is not None
    return found


def move(catalog: Catalog, register: str, code: str) -> Transition:
    flow = catalog.registers[register].workflow
    assert flow is not None
    found = flow.transition(code)
    assert found is not None, f"{register}.{code}"
    return found


def test_the_person_complained_about_sees_nothing_of_the_complaint(catalog: Catalog) -> None:
    assert catalog.registers["complaint"].excluded == ("complained_person",)
    for child in ("complaint_progress", "complaint_investigation", "complaint_reply"):
        assert catalog.registers[child].follows == "complaint"


def test_a_fined_person_sees_only_own_tickets(catalog: Catalog) -> None:
    everyone = [a for a in catalog.registers["archive_violation"].access if a.role == "everyone"]
    assert [(a.can, a.rows, a.named_in) for a in everyone] == [(("read",), "own", ("person",))]
    flow = catalog.registers["archive_violation"].workflow
    assert flow is not None
    assert flow.transitions == ()


def test_advisors_reach_only_the_archives_they_are_named_in(catalog: Catalog) -> None:
    for role in ("sales_advisor", "service_advisor"):
        rules = [a for a in catalog.registers["vehicle_archive"].access if a.role == role]
        assert rules
        assert all(a.rows == "own" for a in rules)


@pytest.mark.parametrize("role", ["customer_service", "info_specialist", "info_supervisor", "archive_admin"])
def test_classified_files_are_closed_to_ordinary_staff(catalog: Catalog, role: str) -> None:
    for rule in (a for a in catalog.registers["archive_file"].access if a.role == role):
        assert rule.when is not None
        row = {"secrecy_level": "普通", "archive_kind": "用户车辆档案"}
        assert rule.when.holds(row)
        assert not rule.when.holds(row | {"secrecy_level": "机密"})
        assert not rule.when.holds(row | {"secrecy_level": "绝密"})


def test_an_approved_application_opens_files_and_customers_until_it_ends(catalog: Catalog) -> None:
    for register, target in (("archive_file", "target"), ("customer", "customers")):
        grant = next(a.grant for a in catalog.registers[register].access if a.rows == "granted")
        assert grant is not None
        assert (grant.register_code, grant.person, grant.target, grant.until) == (
            "archive_view_application",
            "applicant",
            target,
            "valid_until",
        )
        assert grant.state == ("approved", "viewed")


def test_performance_pay_is_shown_to_those_who_decide_and_pay_it(catalog: Catalog) -> None:
    pay = catalog.registers["employee"].field("performance_pay")
    assert pay is not None
    assert set(pay.seen_by) == {"hr", "finance", "customer_director", "gm"}


@pytest.mark.parametrize(
    ("register", "code", "apart"),
    [
        ("vehicle_archive", "check", {"responsible_advisor"}),
        ("archive_signoff", "receive", {"handed_by"}),
        ("archive_rectification", "order", {"person"}),
        ("archive_view_application", "review", {"applicant"}),
        ("archive_view_application", "approve_classified", {"applicant", "cs_review"}),
        ("archive_borrow_application", "approve", {"borrower", "head_sign"}),
        ("archive_borrow_log", "cancel", {"borrower"}),
        ("complaint", "approve_by_gm", {"handler", "responsible_person"}),
        ("complaint", "record_revisit", {"handler", "responsible_person"}),
        ("complaint_investigation", "review", {"investigator", "responsible_person"}),
        ("revisit_record", "review", {"revisitor"}),
        ("customer", "confirm", {"owner_user", "keeper"}),
    ],
)
def test_duties_are_separated(catalog: Catalog, register: str, code: str, apart: set[str]) -> None:
    assert apart <= set(move(catalog, register, code).not_by)


def test_each_complaint_procedure_shows_only_where_its_policy_is_adopted(catalog: Catalog) -> None:
    flow = catalog.registers["complaint"].workflow
    assert flow is not None
    assert all(t.cite for t in flow.transitions)
    by_policy = {p: {t.code for t in flow.transitions if p in t.policies} for p in ("P03", "P13", "P16")}
    assert {"check_reason", "accept", "assign", "close"} <= by_policy["P03"] - by_policy["P13"]
    assert {"rule_nature", "propose_solution", "approve_by_gm"} <= by_policy["P13"] - by_policy["P03"]
    assert {"record_settled", "close_after_revisit", "merge"} <= by_policy["P16"] - by_policy["P03"]


def test_every_reader_role_is_one_that_we_ship(catalog: Catalog) -> None:
    named = {a.role for r in catalog.registers.values() for a in r.access} - {"everyone"}
    assert named <= set(catalog.roles)


def test_whoever_owes_something_on_every_record_may_read_the_records(catalog: Catalog) -> None:
    blind = []
    for register in catalog.registers.values():
        for duty in register.duties:
            role = duty.owed_by.role or ("" if register.field(duty.owed_by.word) else duty.owed_by.word)
            readers = {a.role for a in register.access if "read" in a.can and a.rows != "own"}
            if role and not {role, "everyone"} & readers:
                blind.append(f"{register.code}.{duty.code}: {role}")
    assert blind == []
