"""What a draft would demand, worked out on the site's calendar and on real records."""

from __future__ import annotations

from datetime import date

from app.catalog.duty import Start
from app.catalog.loader import load
from app.catalog.register import RegisterSpec
from app.services import previewing
from tests.site import CAR_OWNER, Site, at, shipped

LOAN = """
code: vehicle_loan
label: 车辆借用
domain: archive_custody
fields:
  - {code: borrower, label: 借用人, type: person, required: true}
  - {code: lent_on, label: 借出日期, type: date}
  - {code: returned_on, label: 归还日期, type: date}
duties:
  - code: give_back
    label: 归还
    owed_by: borrower
    starts: lent_on
    done: returned_on
    within: [{working_days: 3, cite: {policy: P05, article: C1}}]
    breach: late
  - code: monthly
    label: 每月清点
    owed_by: archive_admin
    every: {period: month}
    done: {register: vehicle_loan_count, through: loan, field: counted_on}
    within: [{working_days: 2, cite: {policy: P05, article: C1}}]
breaches:
  - code: late
    label: 逾期
    counter: vehicle_loan_month
    cite: {policy: P05, article: D1}
    amount: [{money: "50", cite: {policy: P05, article: D1}}]
counters:
  - {code: vehicle_loan_month, label: 当月次数, multiply: [{from_nth: 2, by: 2, cite: {policy: P05, article: D1}}]}
access: [{role: archive_admin, can: [read, add]}]
---
code: vehicle_loan_count
label: 清点
domain: archive_custody
fields:
  - {code: loan, label: 借用, type: reference, register: vehicle_loan}
  - {code: counted_on, label: 清点日期, type: date}
access: [{role: archive_admin, can: [read, add]}]
"""


def test_an_example_begins_before_the_next_holiday_and_ends_on_a_make_up_day(site: Site) -> None:
    spec = register(LOAN)
    with site.panel.reading(site.actor("archive"), now=at("2026-09-28 09:00")) as work:
        first, monthly = previewing.worked(work, spec)
    assert (first.started, first.due.day, first.record) == (date(2026, 9, 30), date(2026, 10, 10), "")
    assert (monthly.started, monthly.due.day) == (date(2026, 9, 30), date(2026, 10, 9))


def test_what_must_be_done_before_a_day_is_counted_back_from_one_in_the_example(site: Site) -> None:
    before = LOAN.replace("starts: lent_on", "starts: created").replace("working_days: 3", "days: 30, before: lent_on")
    with site.panel.reading(site.actor("archive"), now=at("2026-07-01 09:00")) as work:
        first, _ = previewing.worked(work, register(before))
    assert (first.started, first.due.day) == (date(2026, 9, 29), date(2026, 8, 28))


def test_an_example_is_a_real_record_where_the_reader_may_see_one(site: Site) -> None:
    duty = register(LOAN).duties[0].model_copy(update={"starts": Start(created=True)})
    draft = site.panel.catalog.registers["customer"].model_copy(update={"duties": (duty,)})
    told = {}
    for who in ("sales1", "stranger"):
        with site.panel.reading(site.actor(who), now=at("2026-09-28 09:00")) as work:
            (worked,) = previewing.worked(work, draft)
        told[who] = (worked.record, work.local_day(worked.started))  # type: ignore[arg-type]
    assert told["stranger"] == ("", date(2026, 9, 30))
    assert CAR_OWNER in told["sales1"][0]
    assert told["sales1"][1] == date(2025, 1, 1)


def test_the_first_three_fines_follow_the_counter(site: Site) -> None:
    catalog, found = load(shipped() | {"site/loan.yaml": LOAN})
    assert catalog is not None, found
    with site.panel.reading(site.actor("archive"), now=at("2026-09-28 09:00")) as work:
        fines = previewing.ladder(work, catalog, catalog.registers["vehicle_loan"].breaches[0])
    assert [f.amount_fen for f in fines] == [5000, 10000, 10000]


def register(text: str) -> RegisterSpec:
    catalog, found = load(shipped() | {"site/loan.yaml": text})
    assert catalog is not None, [str(f) for f in found]
    return catalog.registers["vehicle_loan"]
