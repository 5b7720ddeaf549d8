"""The one writer: checks, versions, merging of two editors, locks, and what each of three people may do."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest

from app.errors import Conflict, Forbidden, Invalid, Missing, Refused
from app.fields.links import File
from app.fields.times import Moment
from app.services import files, listing, lookup, notices, obligations, people, records, versions
from app.services.listing import Filter
from app.services.panel import Actor
from tests.site import CAR_OWNER, Site, at, publish, shipped

COMPLAINT = {
    "received_at": at("2025-03-03 15:20"), "channel": "来电", "complainant_name": "客户某", "complainant_phone": "13800000000",
    "customer_party": "终端消费者", "content": "门店服务态度差", "customer_demand": ("道歉",), "category": "服务质量",
}  # fmt: skip


def complaint(site: Site, who: str = "clerk", when: str = "2025-03-03 15:30", **values: Any) -> int:
    """Take in a complaint."""
    return site.create(who, "complaint", when, **COMPLAINT, receptionist=site.ids["clerk"], **values)


def edit(
    site: Site, who: str, record: int, when: str = "2025-03-03 16:00", base: int | None = None, **changes: Any
) -> int:
    """Change fields of a complaint."""
    with site.panel.work(site.actor(who), now=at(when)) as work:
        return records.update(work, "complaint", record, changes, base_version=base)


def test_a_record_gets_number_state_stamps_and_a_first_version(site: Site) -> None:
    made = complaint(site)
    row = site.read("complaint", made)
    assert row["record_no"].endswith("2025-00001")
    assert (row["state"], row["version"], row["created_by"]) == ("received", 1, site.ids["clerk"])
    with site.panel.reading(site.actor("clerk")) as work:
        (first,) = versions.of_record(work, "complaint", made)
    assert (first.version, first.name, first.source) == (1, "clerk", "form")
    assert first.changes["content"] == (None, COMPLAINT["content"])


def test_every_error_of_a_record_is_told_at_once(site: Site) -> None:
    with pytest.raises(Invalid) as refused, site.panel.work(site.actor("clerk"), now=at("2025-03-03 16:00")) as work:
        records.create(
            work,
            "complaint",
            {**COMPLAINT, "content": None, "channel": "心灵感应", "loss_amount": -1, "customer": 999_999},
        )
    assert {e.field for e in refused.value.errors} >= {"content", "channel", "loss_amount", "customer"}


def test_two_editors_of_different_fields_both_survive(site: Site) -> None:
    made = complaint(site)
    edit(site, "clerk", made, base=1, content="改写的内容")
    edit(site, "hr", made, base=1, remark="已电话核实")
    row = site.read("complaint", made)
    assert (row["content"], row["remark"], row["version"]) == ("改写的内容", "已电话核实", 3)


def test_the_second_editor_of_a_field_gets_both_values_and_nothing_is_lost(site: Site) -> None:
    made = complaint(site)
    edit(site, "clerk", made, base=1, content="第一人的内容")
    with pytest.raises(Conflict) as conflict:
        edit(site, "hr", made, base=1, content="第二人的内容")
    (clash,) = conflict.value.clashes
    assert (clash.field, clash.base, clash.mine, clash.theirs) == (
        "content",
        COMPLAINT["content"],
        "第二人的内容",
        "第一人的内容",
    )
    assert conflict.value.by == "clerk"
    assert site.read("complaint", made)["content"] == "第一人的内容"
    edit(site, "hr", made, base=conflict.value.version, content="第二人的内容")
    assert site.read("complaint", made)["content"] == "第二人的内容"


def test_writing_the_same_value_as_the_other_editor_is_no_conflict(site: Site) -> None:
    made = complaint(site)
    edit(site, "clerk", made, base=1, content="同样的内容")
    assert edit(site, "hr", made, base=1, content="同样的内容") == 2


def test_fields_of_the_panel_and_of_other_roles_cannot_be_typed(site: Site) -> None:
    made = complaint(site)
    for field, value in (
        ("state", "closed"),
        ("acceptance_ruled_by", site.ids["clerk"]),
        ("record_no", "X-1"),
        ("version", 9),
    ):
        with pytest.raises(Invalid) as refused:
            edit(site, "clerk", made, **{field: value})
        assert [e.field for e in refused.value.errors] == [field]


def test_a_transition_needs_its_person_its_fields_and_its_signature(site: Site) -> None:
    made = complaint(site)
    with pytest.raises(Forbidden, match="不由您的岗位办理"):
        site.move("hr", "complaint", made, "check_reason", "2025-03-03 16:00", reason_valid="成立")
    with pytest.raises(Invalid) as refused:
        site.move("clerk", "complaint", made, "check_reason", "2025-03-03 16:00")
    assert [e.field for e in refused.value.errors] == ["reason_valid"]
    site.move("clerk", "complaint", made, "check_reason", "2025-03-03 16:00", reason_valid="成立")
    site.move("gm", "complaint", made, "accept", "2025-03-03 17:00", situation_type="情形一-需公司调查")
    row = site.read("complaint", made)
    assert (row["state"], row["acceptance_ruled_by"], row["acceptance_ruled_by_at"]) == (
        "accepted",
        site.ids["gm"],
        at("2025-03-03 17:00"),
    )
    assert (row["acceptance_ruling"], row["accepted_at"]) == ("受理", at("2025-03-03 17:00"))


def test_who_took_part_cannot_approve(site: Site) -> None:
    made = complaint(site)
    site.move("clerk", "complaint", made, "check_reason", "2025-03-03 16:00", reason_valid="成立")
    with pytest.raises(Forbidden):
        site.move("clerk", "complaint", made, "accept", "2025-03-03 17:00", situation_type="情形一-需公司调查")


def test_a_locked_record_changes_only_by_transition(site: Site) -> None:
    made = complaint(site)
    site.move("clerk", "complaint", made, "check_reason", "2025-03-03 16:00", reason_valid="不成立")
    site.move("gm", "complaint", made, "refuse", "2025-03-03 17:00", reason="属客户原因")
    site.move(
        "clerk",
        "complaint",
        made,
        "explain_and_close",
        "2025-03-03 18:00",
        reply_form="口头",
        customer_notified_at=at("2025-03-03 18:00"),
    )
    with pytest.raises(Forbidden, match="锁定"):
        edit(site, "clerk", made, content="事后改写")


def test_the_owner_the_colleague_and_the_stranger(site: Site) -> None:
    made = complaint(site)
    seen = {}
    for who in ("clerk", "hr", "sales1", "stranger"):
        with site.panel.reading(site.actor(who)) as work:
            try:
                seen[who] = records.get(work, "complaint", made)["id"]
            except Missing:
                seen[who] = None
    assert seen == {"clerk": made, "hr": made, "sales1": None, "stranger": None}


def test_the_person_complained_about_sees_nothing_by_any_way(site: Site) -> None:
    made = complaint(site, complained_person=site.ids["hr"])
    site.create(
        "clerk",
        "complaint_progress",
        "2025-03-03 16:00",
        complaint=made,
        step="核实",
        content="致电客户",
        actor=site.ids["clerk"],
        acted_at=at("2025-03-03 16:00"),
    )
    site.move("clerk", "complaint", made, "check_reason", "2025-03-03 16:00", reason_valid="成立")
    site.move("gm", "complaint", made, "accept", "2025-03-03 17:00", situation_type="情形一-需公司调查")
    with site.panel.work(site.actor("hr"), now=at("2025-03-12 09:00")) as work:
        assert listing.select_rows(work, "complaint") == []
        assert listing.select_rows(work, "complaint_progress") == []
        assert listing.count_rows(work, "complaint", search="服务态度") == 0
        assert listing.select_rows(work, "complaint", filters=[Filter("complained_person", "eq", site.ids["hr"])]) == []
        assert list(listing.stream_columns(work, "complaint")) in ([], [[]])
        assert lookup.search(work, "complaint", "TS") == []
        assert [
            o
            for o in obligations.owed(work, person=site.ids["hr"], roles=work.actor.roles)
            if o["register"] == "complaint"
        ] == []
        assert [n for n in notices.inbox(work) if n["register"] == "complaint"] == []
        for attempt in (
            lambda: records.get(work, "complaint", made),
            lambda: versions.of_record(work, "complaint", made),
            lambda: records.update(work, "complaint", made, {"remark": "x"}),
            lambda: records.move(work, "complaint", made, "assign"),
            lambda: records.remove(work, "complaint", made),
        ):
            with pytest.raises((Missing, Forbidden)) as refused:
                attempt()
            assert "服务态度" not in str(refused.value)
            assert site.read("complaint", made)["record_no"] not in str(refused.value)


def test_nobody_hands_a_record_about_himself_to_himself(site: Site) -> None:
    with pytest.raises(Invalid):
        complaint(site, who="clerk", complained_person=site.ids["clerk"])


def test_the_form_of_hidden_fields_is_hidden_too(site: Site) -> None:
    with site.panel.reading(site.actor("sales1")) as work:
        rows = listing.select_rows(work, "employee")
        assert rows and all("performance_pay" not in r for r in rows)
        with pytest.raises(Refused):
            listing.select_rows(work, "employee", order="performance_pay")
        with pytest.raises(Refused):
            listing.select_rows(work, "employee", filters=[Filter("performance_pay", "gt", 1)])
    with site.panel.reading(site.actor("hr")) as work:
        assert all(r["performance_pay"] == 3000 for r in listing.select_rows(work, "employee"))


def test_what_is_pointed_at_is_not_deleted_and_what_is_deleted_is_hidden_and_kept(site: Site) -> None:
    with site.panel.work(Actor.system(), now=at("2025-03-03 09:00")) as work:
        owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]["id"]
        car = {"vin": "LSV00000000000009", "model": "明锐", "origin": "它店用户到店维修", "customer": owner}
        vehicle = records.create(work, "vehicle", car)
        with pytest.raises(Refused, match="引用"):
            records.remove(work, "customer", owner)
        records.remove(work, "vehicle", vehicle)
        assert listing.select_rows(work, "vehicle") == []
        again = records.create(work, "vehicle", car)
        assert again != vehicle
        with pytest.raises(Missing):
            records.get(work, "vehicle", vehicle)


def test_a_value_used_twice_is_refused_in_the_table_and_in_one_file(site: Site) -> None:
    with site.panel.work(Actor.system(), now=at("2025-03-03 09:00")) as work:
        owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]["id"]
        car = {"vin": "LSV00000000000009", "model": "明锐", "origin": "它店用户到店维修", "customer": owner}
        with pytest.raises(Invalid) as refused:
            records.create_many(work, "vehicle", [car, {**car}, {**car, "vin": "LSV00000000000010"}])
        assert [(e.row, e.field) for e in refused.value.errors] == [(2, "vin")]
        records.create(work, "vehicle", car)
        with pytest.raises(Invalid):
            records.create(work, "vehicle", car)


def test_obligations_are_told_to_their_owner_soonest_first(site: Site) -> None:
    complaint(site)
    with site.panel.reading(site.actor("clerk"), now=at("2025-03-03 16:00")) as work:
        mine = obligations.owed(work, person=site.ids["clerk"], roles=work.actor.roles)
        names = people.names(work, [site.ids["clerk"]])
    assert "close_in_seven_days" in [o["duty"] for o in mine]
    assert mine == sorted(mine, key=lambda o: o["due_at"])
    assert names == {site.ids["clerk"]: "clerk"}


def test_pointing_at_a_row_one_may_not_see_shows_its_number_but_not_its_name(site: Site) -> None:
    with site.panel.reading(Actor.system()) as work:
        owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]
    made = complaint(site, customer=owner["id"])
    field = site.panel.catalog.registers["complaint"].field("customer")
    for who, name in (("stranger", owner["record_no"]), ("director", CAR_OWNER)):
        with site.panel.reading(site.actor(who)) as work:
            assert lookup.cell_texts(work, field, [owner["id"]]) == {owner["id"]: name}
    assert site.read("complaint", made)["customer"] == owner["id"]


def test_an_index_finds_ordinary_files_by_number_and_name_and_shows_nothing_else(site: Site) -> None:
    kept = {
        "archive_kind": "客户档案", "carrier": "纸张", "keeper": site.ids["specialist"], "copies": 1, "arrangement_no": 1,
        "retention_until": date(2035, 1, 1), "has_paper": True, "has_electronic": False,
    }  # fmt: skip
    with site.panel.work(Actor.system(), now=at("2025-03-03 09:00")) as work:
        place = {"cabinet_no": "1", "row_col": "1", "is_dedicated": True, "is_classified_store": True, "key_holder": 1}
        shelf = records.create(work, "archive_storage", place)
        for number, level in (("K1", "普通"), ("K2", "机密")):
            values = {"index_no": number, "title": f"{level}档案", "secrecy_level": level, "storage": shelf}
            records.create(work, "archive_file", kept | values)
    with site.panel.reading(site.actor("sales1")) as work:
        ((number, name),) = lookup.search(work, "archive_file", "档案")
        assert "普通档案" in name
        assert listing.select_rows(work, "archive_file") == []
        with pytest.raises(Missing):
            records.get(work, "archive_file", number)


def test_a_file_is_named_only_by_who_brought_it(site: Site) -> None:
    field = site.panel.catalog.registers["complaint"].field("original_document")
    assert isinstance(field, File)
    with site.panel.work(site.actor("hr"), now=at("2025-03-03 16:00")) as work:
        brought = files.store(work, field, "letter.pdf", BytesIO(b"%PDF-1.4 letter"))
    with pytest.raises(Invalid) as refused:
        complaint(site, original_document=brought)
    assert [e.field for e in refused.value.errors] == ["original_document"]


def test_what_a_role_owes_is_shown_to_its_holders_only(site: Site) -> None:
    complaint(site)
    with site.panel.reading(site.actor("hr"), now=at("2025-03-03 16:00")) as work:
        assert obligations.owed(work, roles=work.actor.roles) == []
        assert {o["role"] for o in obligations.owed(work, roles=["complaint_officer"])} == {"complaint_officer"}
        assert obligations.owed(work) == []
    late = {}
    for who in ("clerk", "hr", "stranger"):
        with site.panel.reading(site.actor(who), now=at("2025-03-20 16:00")) as work:
            late[who] = obligations.overdue(work)
            assert late[who] == len(obligations.owed(work, person=work.actor.person_id, roles=work.actor.roles))
    assert late["clerk"] > 0
    assert late["hr"] == late["stranger"] == 0


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2025-03-03 15:20", "2025-03-11 00:00"),  # requirements 3.1: seven days end Mon 10 Mar 24:00
        ("2026-09-24 09:00", "2026-10-09 00:00"),  # 1 Oct is a holiday: rolls to Thu 8 Oct
        ("2026-09-20 09:00", "2026-09-29 00:00"),  # 27 Sep is a holiday: Mon 28 Sep
    ],
)
def test_seven_days_of_a_complaint_end_as_the_calendar_says(site: Site, received: str, due: str) -> None:
    made = site.create(
        "clerk", "complaint", received, **(COMPLAINT | {"received_at": at(received)}), receptionist=site.ids["clerk"]
    )
    with site.panel.reading(Actor.system()) as work:
        (closing,) = [o for o in obligations.of_record(work, "complaint", made) if o["duty"] == "close_in_seven_days"]
    assert closing["due_at"] == at(due)
    assert closing["citation"] == "P03-26"


@pytest.mark.parametrize(
    ("kind", "delivered", "due"),
    [
        ("新车档案", "2025-03-03", "2025-03-07 00:00"),  # 3 working days: Thu 6 Mar 24:00
        ("售后-保养", "2025-03-07", "2025-03-11 00:00"),  # 1 working day: Mon 10 Mar 24:00
        ("新车档案", "2026-09-30", "2026-10-11 00:00"),  # 8, 9 and Sat 10 Oct, a make-up working day
        ("新车档案", "2026-02-14", "2026-02-27 00:00"),  # a make-up Saturday, then the Spring Festival: Thu 26 Feb
        ("售后-保养", "2026-09-30", "2026-10-09 00:00"),  # Thu 8 Oct, the first day after the holiday
    ],
)
def test_an_archive_is_due_after_working_days_with_make_up_saturdays(
    site: Site, kind: str, delivered: str, due: str
) -> None:
    with site.panel.work(Actor.system(), now=at(f"{delivered} 09:00")) as work:
        owner = listing.select_rows(work, "customer", search=CAR_OWNER)[0]["id"]
        vehicle = records.create(
            work,
            "vehicle",
            {"vin": "LSV00000000000009", "model": "明锐", "origin": "它店用户到店维修", "customer": owner},
        )
        values = {
            "vehicle": vehicle,
            "archive_kind": kind,
            "trigger_date": date.fromisoformat(delivered),
            "responsible_advisor": 1,
        }
        made = records.create(work, "vehicle_archive", values)
        (handover,) = obligations.of_record(work, "vehicle_archive", made)
    assert handover["due_at"] == at(due)


def test_three_days_of_a_loan_end_on_monday_and_of_a_settled_complaint_on_friday(site: Site) -> None:
    made = complaint(site)
    with site.panel.work(Actor.system(), now=at("2025-03-04 09:00")) as work:
        records.update(work, "complaint", made, {"handled_at": at("2025-03-04 09:00"), "severity": "一般"})
        revisit = [o for o in obligations.of_record(work, "complaint", made) if o["duty"] == "revisit_general"]
    assert [o["due_at"] for o in revisit] == [at("2025-03-08 00:00")]


def test_moments_are_typed_and_shown_in_shanghai_and_kept_in_utc(site: Site) -> None:
    field = site.panel.catalog.registers["complaint"].field("received_at")
    assert isinstance(field, Moment)
    assert field.parse("2025-03-03 15:20") == at("2025-03-03 15:20")
    assert field.format(site.read("complaint", complaint(site))["received_at"]) == "2025-03-03 15:20"


ERRAND = """\
code: errand
label: 差事
domain: customers
fields: [{code: what, label: 何事, type: text, required: true}]
workflow:
  states: [{code: open, label: 未办}, {code: done, label: 已办, locked: true}]
  transitions: [{code: finish, label: 办完, from: open, to: done, by: [created_by], tell: [created_by]}]
access: [{role: everyone, can: [read, add]}]
"""


def test_a_transition_may_be_left_to_whoever_entered_the_record(site: Site) -> None:
    panel = publish(site.panel.engine, shipped() | {"registers/customers/errand.yaml": ERRAND}, at("2025-01-02 08:00"))
    errands = Site(panel, site.ids, site.units)
    made = errands.create("clerk", "errand", "2025-03-03 09:00", what="取件")
    for other in ("supervisor", "stranger"):
        with pytest.raises(Forbidden):
            errands.move(other, "errand", made, "finish", "2025-03-03 10:00")
    errands.move("clerk", "errand", made, "finish", "2025-03-03 10:00")
    assert errands.read("errand", made)["state"] == "done"
